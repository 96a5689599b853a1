// SPDX-License-Identifier: MIT
#pragma once
/// Crosshairs, alone and as a grid: points that a loupe or a camera finds to a tenth of a line's width.

#include <kf/cal/patterns/shapes.hpp>

#include <cstddef>

namespace kf::cal {

inline constexpr mm crosshair_size = 8;

/// `rows` x `columns` of them about 0, 0; every second row runs back.
[[nodiscard]] inline strokes crosshair_grid(std::size_t rows, std::size_t columns, mm spacing) {
    strokes lines;
    for (std::size_t row = 0; row < rows; ++row)
        for (std::size_t i = 0; i < columns; ++i) {
            const std::size_t column = row % 2 == 0 ? i : columns - 1 - i;
            const auto place = [&](std::size_t at, std::size_t count) {
                return (static_cast<double>(at) - static_cast<double>(count - 1) / 2) * spacing;
            };
            append(lines, moved(cross(crosshair_size), {place(column, columns), place(row, rows)}));
        }
    return lines;
}

} // namespace kf::cal
