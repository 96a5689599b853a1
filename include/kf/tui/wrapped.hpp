// SPDX-License-Identifier: MIT
#pragma once
/// A text broken into lines at its blanks; a word that is wider than a line is broken where it has to be.

#include <kf/tui/text_width.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace kf::tui {

[[nodiscard]] inline std::vector<std::string> wrapped(std::string_view text, std::size_t columns) {
    std::vector<std::string> out;
    columns = std::max<std::size_t>(columns, 2); // the widest character
    while (!text.empty()) {
        std::size_t used = 0, end = 0, last_blank = 0;
        while (end < text.size() && text[end] != '\n') {
            const auto c = first_character(text.substr(end));
            const std::size_t width = width_of(text.substr(end, c.bytes));
            if (used + width > columns) break;
            if (text[end] == ' ') last_blank = end;
            used += width;
            end += c.bytes;
        }
        const bool whole = end == text.size() || text[end] == '\n' || text[end] == ' ';
        const std::size_t at = whole || last_blank == 0 ? end : last_blank;
        out.emplace_back(text.substr(0, at));
        text.remove_prefix(at);
        if (!text.empty() && (text[0] == ' ' || text[0] == '\n')) text.remove_prefix(1);
    }
    return out;
}

} // namespace kf::tui
