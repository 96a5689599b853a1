// SPDX-License-Identifier: MIT
#pragma once
/// Whether Y stands square on X: by corners whose diagonals are measured, and by an L that is drawn again on the turned
/// sheet, without an instrument.

#include <kf/cal/patterns/combs.hpp>
#include <kf/cal/patterns/shapes.hpp>

#include <string>

namespace kf::cal {

/// An outline with a crosshair at each corner: A the lower left one, D the lower right, C the upper right, B the upper
/// left, as cal/squareness and Klipper have them. `up` is what the canvas has towards the machine's +Y: -1 where it
/// counts down.
[[nodiscard]] inline figure squareness(mm width, mm height, int up) {
    const mm x = width / 2, y = up * height / 2;
    constexpr mm size = 6, aside = 5;
    strokes lines{{{-x, -y}, {x, -y}, {x, y}, {-x, y}, {-x, -y}}};
    strokes letters;
    const auto corner = [&](const char* name, point at) {
        append(lines, moved(cross(size), at));
        append(letters, label(name, {at.x < 0 ? at.x - aside : at.x + aside, at.y < 0 ? at.y - aside : at.y + aside},
                              at.x < 0 ? text_side::right : text_side::left, 3));
    };
    corner("A", {-x, -y});
    corner("D", {x, -y});
    corner("C", {x, y});
    corner("B", {-x, y});
    figure f = one_layer("corners", std::move(lines));
    add_layer(f, {.name = "labels", .lines = std::move(letters)});
    return f;
}

/// An L with its corner at 0, 0. First its legs go right and up. Then the sheet is turned by a quarter to the right:
/// the leg that went up lies along +X, the one that went right goes down. The second L has its legs right and down. At
/// `near` and at the end of each leg the first L has a main comb and the second one a second comb, both across the leg:
/// what they are displaced by is how far the second leg lies beside the first one, towards +Y on the leg along X,
/// towards +X on the other. No sheet is laid back exactly: how far it is turned or shifted takes no part in lean().
struct reversal {
    mm leg = 120;
    vernier scale{1, 10};
    mm near = 25;

    /// The tangent of the lean, as the canvas has it: x' = x - y * tangent, from four displacements.
    [[nodiscard]] double lean(mm x_near, mm x_end, mm y_near, mm y_end) const noexcept {
        return -((x_end - x_near) + (y_end - y_near)) / (2 * (leg - near));
    }
};

[[nodiscard]] inline figure reversal_pattern(const reversal& r) {
    const comb_strokes c{.scale = r.scale};
    strokes first{{{r.leg, 0}, {0, 0}, {0, -r.leg}}}, second{{{r.leg, 0}, {0, 0}, {0, r.leg}}};
    // A comb along X with its zero at 0 comes to lie across a leg; teeth of the main one beyond the place of the
    // station, those of the second one before it.
    const auto across_down = [](strokes lines, mm at) { return moved(std::move(lines), {0, at}); };
    const auto across_right = [](strokes lines, mm at) { return moved(mirrored(std::move(lines)), {at, 0}); };
    const auto turned_left = [](strokes lines) {
        for (polyline& line : lines)
            for (point& p : line) p = {p.y, p.x == 0 ? 0 : -p.x};
        return lines;
    };
    for (const mm at : {r.near, r.leg}) {
        append(first, turned_left(across_right(main_comb(c), at)));
        append(first, turned_left(across_down(main_comb(c), at)));
        append(second, across_right(second_comb(c), at));
        append(second, across_down(second_comb(c), at));
    }
    figure f = one_layer("first", std::move(first));
    add_layer(f, {.name = "!turn the sheet a quarter to the right", .lines = std::move(second)});
    return f;
}

} // namespace kf::cal
