// SPDX-License-Identifier: MIT
#pragma once
/// Rulers: what a scale is measured on. One long line with ticks, each tick at a place that is known exactly and
/// reached from the same side, so that lost motion shifts all of them alike.

#include <kf/cal/patterns/labels.hpp>

#include <fmt/format.h>

#include <cmath>
#include <cstddef>
#include <string>

namespace kf::cal {

struct ruler {
    mm length = 100, tick = 5;

    [[nodiscard]] std::size_t last() const noexcept { return static_cast<std::size_t>(length / tick + 1e-9); }
    /// Of a tick, from the middle of the ruler.
    [[nodiscard]] mm place(std::size_t i) const noexcept { return -length / 2 + static_cast<double>(i) * tick; }
    /// Every tenth is a long one with its distance, every fifth a middling one.
    [[nodiscard]] static mm reach(std::size_t i) noexcept { return i % 10 == 0 ? 6 : i % 5 == 0 ? 4.5 : 3; }
};

/// Ticks go up from the line, which is drawn from left to right, as the ticks are.
[[nodiscard]] inline strokes ruler_along_x(const ruler& r) {
    strokes lines{{{-r.length / 2, 0}, {r.length / 2, 0}}};
    for (std::size_t i = 0; i <= r.last(); ++i) lines.push_back({{r.place(i), 0}, {r.place(i), -ruler::reach(i)}});
    return lines;
}

[[nodiscard]] inline figure ruler_x(const ruler& r) {
    figure f = one_layer("ruler", ruler_along_x(r));
    strokes numbers;
    for (std::size_t i = 0; i <= r.last(); i += 10)
        append(numbers,
               label(fmt::format("{:g}", static_cast<double>(i) * r.tick), {r.place(i), 2.5}, text_side::centre));
    add_layer(f, {.name = "labels", .lines = std::move(numbers)});
    return f;
}

/// From the top down, as the canvas counts; ticks go to the left.
[[nodiscard]] inline figure ruler_y(const ruler& r) {
    figure f = one_layer("ruler", mirrored(ruler_along_x(r)));
    strokes numbers;
    for (std::size_t i = 0; i <= r.last(); i += 10)
        append(numbers,
               label(fmt::format("{:g}", static_cast<double>(i) * r.tick), {1.5, r.place(i)}, text_side::left));
    add_layer(f, {.name = "labels", .lines = std::move(numbers)});
    return f;
}

} // namespace kf::cal
