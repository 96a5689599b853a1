// SPDX-License-Identifier: MIT
#pragma once
/// How many columns a text takes on a terminal, once it may be shown: what a terminal would obey takes one.

#include <kf/sink/scrub.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace kf::tui {

using kf::width_of; // of one character

/// Calls `each(bytes, width)` for every character as it may be shown: what a terminal would obey is a '?'.
template<class Each>
void each_shown(std::string_view text, Each&& each) {
    while (!text.empty()) {
        const auto c = first_character(text);
        const bool safe = c.valid && !is_control(c.code);
        each(safe ? text.substr(0, c.bytes) : std::string_view("?"), safe ? width_of(c.code) : 1);
        text.remove_prefix(c.bytes);
    }
}

[[nodiscard]] inline std::size_t width_of(std::string_view text) {
    std::size_t sum = 0;
    each_shown(text, [&](std::string_view, std::size_t width) { sum += width; });
    return sum;
}

/// The text, with its end replaced by an ellipsis where it is wider than `columns`.
[[nodiscard]] inline std::string cut(std::string_view text, std::size_t columns) {
    const bool whole = width_of(text) <= columns;
    const std::size_t room = whole ? columns : columns - std::min<std::size_t>(columns, 1);
    std::string out;
    std::size_t used = 0;
    bool full = false;
    each_shown(text, [&](std::string_view bytes, std::size_t width) {
        full = full || used + width > room;
        if (full) return;
        out += bytes;
        used += width;
    });
    if (!whole && columns > 0) out += "…";
    return out;
}

} // namespace kf::tui
