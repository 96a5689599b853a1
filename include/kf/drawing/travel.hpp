// SPDX-License-Identifier: MIT
#pragma once
/// The pen's way between the lines of a drawing, in their order: what drawing/order makes short.

#include <kf/drawing/drawing.hpp>
#include <kf/drawing/point.hpp>

#include <cmath>

namespace kf::drawing {

[[nodiscard]] inline mm distance(point a, point b) noexcept { return std::hypot(b.x - a.x, b.y - a.y); }

/// Straight from the end of each line to the start of the next, from layer to layer too.
[[nodiscard]] inline mm pen_up_mm(const drawing& d) noexcept {
    mm sum = 0;
    const polyline* last = nullptr;
    for (const layer& l : d.layers)
        for (const polyline& line : l.lines) {
            if (line.empty()) continue;
            if (last != nullptr) sum += distance(last->back(), line.front());
            last = &line;
        }
    return sum;
}

[[nodiscard]] inline mm length_of(const polyline& line) noexcept {
    mm sum = 0;
    for (std::size_t i = 1; i < line.size(); ++i) sum += distance(line[i - 1], line[i]);
    return sum;
}

} // namespace kf::drawing
