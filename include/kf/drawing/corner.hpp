// SPDX-License-Identifier: MIT
#pragma once
/// Where a line bends. At a corner the pen slows down to the square corner velocity; a bend of a curve is none.

#include <kf/drawing/drawing.hpp>
#include <kf/drawing/point.hpp>

#include <cmath>
#include <cstddef>

namespace kf::drawing {

/// The cosine of the angle between two ways: 1 straight on, -1 back. A way of no length bends nowhere.
[[nodiscard]] inline double straightness(point way, point next) noexcept {
    const double lengths = std::hypot(way.x, way.y) * std::hypot(next.x, next.y);
    return lengths > 0 ? (way.x * next.x + way.y * next.y) / lengths : 1;
}

/// A bend of more than 30 degrees.
[[nodiscard]] inline bool is_corner(point before, point at, point behind) noexcept {
    constexpr double cosine_30 = 0.8660254037844386;
    return straightness({at.x - before.x, at.y - before.y}, {behind.x - at.x, behind.y - at.y}) < cosine_30;
}

/// Of all lines, with the one where a closed line closes.
[[nodiscard]] inline std::size_t corner_count(const drawing& d) noexcept {
    std::size_t corners = 0;
    for (const layer& l : d.layers)
        for (const polyline& line : l.lines) {
            for (std::size_t i = 1; i + 1 < line.size(); ++i)
                if (is_corner(line[i - 1], line[i], line[i + 1])) ++corners;
            if (closed(line) && is_corner(line[line.size() - 2], line[0], line[1])) ++corners;
        }
    return corners;
}

} // namespace kf::drawing
