// SPDX-License-Identifier: MIT
#pragma once
/// Lines at different speeds: how fast the machine may go before it loses steps, and how fast a pen may before its line
/// gets thin. Each speed is a layer with its feed.

#include <kf/cal/patterns/labels.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace kf::cal {

/// A cross of which half is drawn before a test, half after it, slowly: whole when no step was lost between. `at` is
/// its middle.
struct witness {
    point at;
    mm arm = 5;
    mm_per_s feed = 10;

    [[nodiscard]] drawing::layer before() const {
        return {.name = "witness before", .lines = {{{at.x, at.y - arm}, at}, {{at.x - arm, at.y}, at}}, .feed = feed};
    }
    [[nodiscard]] drawing::layer after() const {
        return {.name = "witness after", .lines = {{at, {at.x, at.y + arm}}, {at, {at.x + arm, at.y}}}, .feed = feed};
    }
};

[[nodiscard]] inline std::string speed_name(mm_per_s speed) { return fmt::format("{:g} mm/s", speed); }

/// For each speed a row: a line of each length, one behind the other. A line reaches its speed only when it is longer
/// than speed squared / acceleration.
[[nodiscard]] inline figure speed_test(const std::vector<mm>& lengths, const std::vector<mm_per_s>& speeds,
                                       mm spacing) {
    constexpr mm gap = 4;
    figure f;
    const witness w{{-12, 0}};
    add_layer(f, w.before());
    strokes names;
    for (std::size_t k = 0; k < speeds.size(); ++k) {
        const mm y = static_cast<double>(k) * spacing;
        mm x = 0;
        strokes lines;
        for (const mm length : lengths) {
            lines.push_back({{x, y}, {x + length, y}});
            x += length + gap;
        }
        add_layer(f, {.name = "at " + speed_name(speeds[k]), .lines = std::move(lines), .feed = speeds[k]});
        append(names, label(speed_name(speeds[k]), {x, y}, text_side::left));
    }
    add_layer(f, w.after());
    add_layer(f, {.name = "labels", .lines = std::move(names)});
    return f;
}

/// Parallel lines, the slowest first: how wide a pen's line is at which speed.
[[nodiscard]] inline figure line_weight(mm length, const std::vector<mm_per_s>& speeds, mm spacing) {
    figure f;
    strokes names;
    for (std::size_t k = 0; k < speeds.size(); ++k) {
        const mm y = static_cast<double>(k) * spacing;
        add_layer(f, {.name = "at " + speed_name(speeds[k]), .lines = {{{0, y}, {length, y}}}, .feed = speeds[k]});
        append(names, label(speed_name(speeds[k]), {length + 4, y}, text_side::left));
    }
    add_layer(f, {.name = "labels", .lines = std::move(names)});
    return f;
}

/// Short moves against long ones, all at one speed: stairs, one within the other, from the upper left down to the
/// right; stair k has 2^k steps of `distance` / 2^k along X and along Y. At each corner one axis stops and the other
/// starts, and none turns back. What it proves belongs to the acceleration that the printer has set.
[[nodiscard]] inline figure acceleration_test(mm distance, mm_per_s speed) {
    constexpr mm apart = 6;
    constexpr std::size_t stairs = 6;
    figure f;
    const witness w{{distance + 12, distance / 2}};
    add_layer(f, w.before());
    strokes names;
    for (std::size_t k = 0; k < stairs; ++k) {
        const mm shift = static_cast<double>(k) * apart;
        const std::size_t steps = std::size_t{1} << k;
        const mm step = distance / static_cast<double>(steps);
        polyline line{{-shift, shift}};
        for (std::size_t i = 1; i <= steps; ++i) {
            const mm end = static_cast<double>(i) * step;
            line.push_back({end - shift, end - step + shift});
            line.push_back({end - shift, end + shift});
        }
        add_layer(f, {.name = fmt::format("{} steps", steps), .lines = {std::move(line)}, .feed = speed});
        append(names,
               label(fmt::format("{:g} mm", std::round(step * 100) / 100), {-shift - 2, shift}, text_side::right));
    }
    add_layer(f, w.after());
    add_layer(f, {.name = "labels", .lines = std::move(names)});
    return f;
}

/// `count` speeds up to `fastest`, in equal steps.
[[nodiscard]] inline std::vector<mm_per_s> speeds_up_to(mm_per_s fastest, std::size_t count) {
    std::vector<mm_per_s> speeds;
    for (std::size_t i = 1; i <= count; ++i)
        speeds.push_back(fastest * static_cast<double>(i) / static_cast<double>(count));
    return speeds;
}

} // namespace kf::cal
