// SPDX-License-Identifier: MIT
#pragma once
/// How far the tip of a second tool is from where machine.yaml has it, beside that of the first: both draw a crosshair
/// at one place, and each one comb of a vernier for X and for Y.

#include <kf/cal/patterns/combs.hpp>
#include <kf/cal/patterns/shapes.hpp>

#include <string>
#include <utility>

namespace kf::cal {

/// What the second tool draws lies to the right and below (towards the larger X and Y of the canvas) when its reading
/// is positive. Along X the combs are below the crosshairs, along Y to their right.
[[nodiscard]] inline figure tool_offset(const std::string& first, const std::string& second, const vernier& v) {
    const comb_strokes c{.scale = v};
    constexpr mm size = 20, away = 22;
    const mm start = -c.place_second(c.scale.divisions) / 2;
    const point x{start, away}, y{away, start};
    figure f;
    strokes one = cross(size), two = cross(size);
    append(one, moved(main_comb(c), x));
    append(one, moved(mirrored(main_comb(c)), y));
    append(two, moved(second_comb(c), x));
    append(two, moved(mirrored(second_comb(c)), y));
    // By the first tool: the second one may draw faster than figures can be drawn.
    strokes texts = moved(all_labels(c, comb_axis::x), x);
    append(texts, moved(all_labels(c, comb_axis::y), y));
    add_layer(f, {.name = "first: " + first, .lines = std::move(one), .tool = first});
    add_layer(f, {.name = "numbers", .lines = std::move(texts), .tool = first});
    add_layer(f, {.name = "second: " + second, .lines = std::move(two), .tool = second});
    f.notes.push_back({.text = "the second tool marks by contact: put a pen into its holder, its tip at the height at "
                               "which " +
                               second + " works",
                       .kind = drawing::note_kind::told});
    return f;
}

} // namespace kf::cal
