// SPDX-License-Identifier: MIT
#pragma once
/// Plain shapes, whose sides and diagonals are measured with a caliper: squares, crosses, grids, circles. About 0, 0.

#include <kf/cal/patterns/figure.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>

namespace kf::cal {

/// From the upper left corner, clockwise, closed.
[[nodiscard]] inline strokes rectangle(mm width, mm height) {
    const mm x = width / 2, y = height / 2;
    return {{{-x, -y}, {x, -y}, {x, y}, {-x, y}, {-x, -y}}};
}
[[nodiscard]] inline strokes square(mm side) { return rectangle(side, side); }

/// Two lines that meet in their middles.
[[nodiscard]] inline strokes cross(mm size) {
    const mm r = size / 2;
    return {{{-r, 0}, {r, 0}}, {{0, -r}, {0, r}}};
}

/// Both diagonals of a square: as long as each other where X and Y are square.
[[nodiscard]] inline strokes diagonal(mm side) {
    const mm r = side / 2;
    return {{{-r, -r}, {r, r}}, {{-r, r}, {r, -r}}};
}

/// All lines of `rows` x `columns` cells; there and back, so that the pen travels little.
[[nodiscard]] inline strokes grid(std::size_t rows, std::size_t columns, mm spacing) {
    const mm x = static_cast<double>(columns) * spacing / 2, y = static_cast<double>(rows) * spacing / 2;
    strokes lines;
    const auto add = [&](std::size_t i, point from, point to) {
        if (i % 2 != 0) std::swap(from, to);
        lines.push_back({from, to});
    };
    for (std::size_t i = 0; i <= rows; ++i) {
        const mm at = -y + static_cast<double>(i) * spacing;
        add(i, {-x, at}, {x, at});
    }
    for (std::size_t i = 0; i <= columns; ++i) {
        const mm at = -x + static_cast<double>(i) * spacing;
        add(i, {at, -y}, {at, y});
    }
    return lines;
}

/// A circle in so many pieces that none is farther than `tolerance` from it; begins at its right, closed. The corners
/// lie on the circle.
[[nodiscard]] inline strokes circle(mm diameter, mm tolerance = 0.005) {
    const mm r = diameter / 2;
    const double most = 2 * std::acos(1 - std::min(tolerance / r, 1.0));
    const auto pieces = static_cast<std::size_t>(std::ceil(2 * std::numbers::pi / most / 4)) * 4;
    polyline line;
    for (std::size_t i = 0; i < pieces; ++i) {
        const double turn = 2 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(pieces);
        line.push_back({r * std::cos(turn), r * std::sin(turn)});
    }
    line.push_back(line.front());
    return {std::move(line)};
}

} // namespace kf::cal
