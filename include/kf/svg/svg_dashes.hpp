// SPDX-License-Identifier: MIT
#pragma once
/// stroke-dasharray and stroke-dashoffset as lengths in user units. SVG 2, 13.5.6.

#include <kf/svg/svg_length.hpp>
#include <kf/svg/svg_scanner.hpp>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <vector>

namespace kf::svg {

/// `diagonal` is what 100 % stands for. Empty for a solid line: "none", and lengths that are all 0.
[[nodiscard]] inline result<std::vector<double>> read_svg_dashes(std::string_view text, double diagonal) {
    std::vector<double> lengths;
    if (trimmed(text) == "none") return lengths;
    svg_scanner in(text);
    while (!in.done()) {
        if (!lengths.empty()) in.skip_separator();
        KF_TRY(const svg_length length, scan_svg_length(in));
        if (length.number < 0) return fail(errc::malformed, "a dash is negative");
        lengths.push_back(in_px(length, diagonal));
    }
    if (std::all_of(lengths.begin(), lengths.end(), [](double l) { return l == 0; })) lengths.clear();
    return lengths;
}

[[nodiscard]] inline bool are_svg_dashes(std::string_view text) { return read_svg_dashes(text, 1).has_value(); }

} // namespace kf::svg
