// SPDX-License-Identifier: MIT
#pragma once
/// What a pen can do: corners, fine detail, and the height at which it touches.

#include <kf/cal/patterns/labels.hpp>

#include <fmt/format.h>

#include <cmath>
#include <cstddef>
#include <numbers>
#include <utility>
#include <vector>

namespace kf::cal {

/// For each angle a zigzag of four legs, side by side: three corners of that inner angle, in degrees.
[[nodiscard]] inline figure corner_test(const std::vector<double>& angles, mm leg) {
    constexpr mm gap = 5;
    strokes lines, names;
    mm x = 0;
    for (const double angle : angles) {
        const double half = angle * std::numbers::pi / 360;
        const mm dx = leg * std::sin(half), dy = leg * std::cos(half);
        polyline line;
        for (int i = 0; i <= 4; ++i) line.push_back({x + i * dx, i % 2 == 0 ? 0 : -dy});
        append(names, label(fmt::format("{:g}°", angle), {x + 2 * dx, 3}, text_side::centre));
        x += 4 * dx + gap;
        lines.push_back(std::move(line));
    }
    figure f = one_layer("corners", std::move(lines));
    add_layer(f, {.name = "labels", .lines = std::move(names)});
    return f;
}

/// For each gap a group of six upright lines, that far apart, middle to middle; side by side.
[[nodiscard]] inline figure fine_detail(const std::vector<mm>& gaps, mm length) {
    constexpr mm between = 6;
    constexpr int lines_of_group = 6;
    strokes lines, names;
    mm x = 0;
    for (const mm gap : gaps) {
        for (int i = 0; i < lines_of_group; ++i) lines.push_back({{x + i * gap, 0}, {x + i * gap, length}});
        const mm width = (lines_of_group - 1) * gap;
        append(names, label(fmt::format("{:g}", gap), {x + width / 2, length + 3}, text_side::centre));
        x += width + between;
    }
    figure f = one_layer("detail", std::move(lines));
    add_layer(f, {.name = "labels", .lines = std::move(names)});
    return f;
}

/// Dots, a row for each height of the pen above the tool's work height: the highest first, `step` lower each, the last
/// one at the work height. Each height is a pen of the drawing, so that no dot is pressed deeper than a job's.
[[nodiscard]] inline figure z_touch(mm step, std::size_t rows, std::size_t columns, mm spacing) {
    figure f;
    strokes names;
    for (std::size_t row = 0; row < rows; ++row) {
        const mm above = static_cast<double>(rows - 1 - row) * step;
        const mm y = static_cast<double>(row) * spacing;
        strokes dots;
        for (std::size_t i = 0; i < columns; ++i) dots.push_back({{static_cast<double>(i) * spacing, y}});
        const auto name = fmt::format("{:.2f} above", above);
        add_layer(f, {.name = name, .lines = std::move(dots), .pen = name});
        f.pens.push_back({.name = name, .height = above, .change = {drawing::pen_change::way::nothing, {}}});
        append(names,
               label(fmt::format("{:.2f}", above), {static_cast<double>(columns) * spacing, y}, text_side::left));
    }
    add_layer(f, {.name = "labels", .lines = std::move(names)});
    return f;
}

} // namespace kf::cal
