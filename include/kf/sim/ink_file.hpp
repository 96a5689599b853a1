// SPDX-License-Identifier: MIT
#pragma once
/// Ink read back from the picture that sim/ink_image.hpp wrote: only its own SVG, nobody else's.

#include <kf/error.hpp>
#include <kf/io/decimal.hpp>
#include <kf/sim/pen_trace.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

namespace kf::sim {

/// `name` is what a person calls the text. errc::malformed when a line of ink is none.
[[nodiscard]] inline result<std::vector<ink_line>> read_ink(std::string_view text, std::string_view name) {
    const auto wrong = [&] { return kf::fail(errc::malformed, fmt::format("{} is no picture of ksim's ink", name)); };
    if (!text.starts_with("<svg ") || text.find("</svg>") == std::string_view::npos) return wrong();
    std::vector<ink_line> lines;
    constexpr std::string_view begins = "<polyline points=\"";
    for (std::size_t at; (at = text.find(begins)) != std::string_view::npos;) {
        text.remove_prefix(at + begins.size());
        std::string_view points = text.substr(0, text.find('"'));
        ink_line& line = lines.emplace_back();
        while (!points.empty()) {
            const std::string_view pair = points.substr(0, points.find(' '));
            points.remove_prefix(std::min(pair.size() + 1, points.size()));
            const auto comma = pair.find(',');
            if (comma == std::string_view::npos) return wrong();
            const auto x = io::parse_decimal(pair.substr(0, comma));
            const auto y = io::parse_decimal(pair.substr(comma + 1));
            if (!x || !y) return wrong();
            line.points.push_back({*x, *y});
        }
        // A dot was written twice, to be seen.
        if (line.points.size() == 2 && line.points[0] == line.points[1]) line.points.pop_back();
        if (line.points.empty()) return wrong();
    }
    return lines;
}

} // namespace kf::sim
