// SPDX-License-Identifier: MIT
#pragma once
/// The two combs of a cal/vernier, for X and for Y, and what is made of them: a vernier by itself, and the test of lost
/// motion. Routines draw the same teeth in their own way (cal/routine_combs). The main comb's teeth end at a line (Y 0
/// for X), those of the second one begin there: a tooth that meets another is one line with it. A comb's spine is drawn
/// first and ends beyond the teeth, on the side from which they are reached: each tooth is reached from that side, the
/// first one too.

#include <kf/cal/patterns/labels.hpp>
#include <kf/cal/vernier.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kf::cal {

inline constexpr mm tooth = 3, long_tooth = 4.5;

struct comb_strokes {
    enum class side { low, high }; ///< of the coordinate
    enum class part { main, second };

    vernier scale = {};
    side from = side::low;         ///< from which the teeth are reached
    mm run_up = 3;                 ///< by how much beyond them
    std::optional<int> spare = {}; ///< teeth of the main comb beyond a second one at 0: half a vernier
    mm zero_tooth = long_tooth;    ///< with labels the zero needs no length of its own

    /// Teeth of the main comb, counted from its zero.
    [[nodiscard]] int first_main() const noexcept { return -spare.value_or(scale.divisions / 2); }
    [[nodiscard]] int last_main() const noexcept { return scale.divisions - 1 - first_main(); }
    [[nodiscard]] mm place_main(int i) const noexcept { return i * scale.pitch; }
    [[nodiscard]] mm place_second(int i) const noexcept { return i * scale.second_pitch(); }
};

/// One line of a comb: where along the axis, and how far from the line on which the two combs meet.
struct comb_tooth {
    mm at = 0, length = 0;
};
/// Every fifth is a long one. In the order in which they are reached.
[[nodiscard]] inline std::vector<comb_tooth> teeth_of(const comb_strokes& c, comb_strokes::part which) {
    const bool main = which == comb_strokes::part::main;
    std::vector<comb_tooth> teeth;
    for (int i = main ? c.first_main() : 0; i <= (main ? c.last_main() : c.scale.divisions); ++i)
        teeth.push_back({main ? c.place_main(i) : c.place_second(i), i == 0       ? c.zero_tooth
                                                                     : i % 5 == 0 ? long_tooth
                                                                                  : tooth});
    if (c.from == comb_strokes::side::high) std::reverse(teeth.begin(), teeth.end());
    return teeth;
}

namespace detail {

/// From Y 0 by `way` (1: down, -1: up), the spine first.
inline strokes comb_lines(const comb_strokes& c, comb_strokes::part which, int way) {
    const auto teeth = teeth_of(c, which);
    const mm beyond = c.from == comb_strokes::side::low ? -c.run_up : c.run_up;
    strokes lines{{{teeth.back().at, way * tooth}, {teeth.front().at + beyond, way * tooth}}};
    for (const comb_tooth& t : teeth) lines.push_back({{t.at, 0}, {t.at, way * t.length}});
    return lines;
}

} // namespace detail

/// The main comb, below the line, its zero at 0.
[[nodiscard]] inline strokes main_comb(const comb_strokes& c) {
    return detail::comb_lines(c, comb_strokes::part::main, 1);
}
/// The second one, above it; its zero is at 0 as well, so that the two are displaced by nothing.
[[nodiscard]] inline strokes second_comb(const comb_strokes& c) {
    return detail::comb_lines(c, comb_strokes::part::second, -1);
}

struct comb_labels {
    strokes main, second;
};
enum class comb_axis { x, y };
/// Millimetres at the main comb, hundredths at the second one. Along Y the main comb lies to the right.
[[nodiscard]] inline comb_labels labels_of(const comb_strokes& c, comb_axis axis) {
    constexpr mm away = long_tooth + 1.2, height = 1.8;
    comb_labels all;
    const auto add = [&](strokes& to, const std::string& text, mm at, int way) {
        if (axis == comb_axis::x)
            append(to, label(text, {at, way * (away + height / 2)}, text_side::centre, height));
        else
            append(to, label(text, {way * away, at}, way > 0 ? text_side::left : text_side::right, height));
    };
    for (int i = c.first_main(); i <= c.last_main(); ++i)
        if (i % 5 == 0) add(all.main, fmt::format("{:g}", c.place_main(i)), c.place_main(i), 1);
    for (int i = 0; i <= c.scale.divisions; i += 5)
        add(all.second, fmt::format("{:g}", std::round(i * c.scale.least_count() * 100)), c.place_second(i), -1);
    return all;
}
[[nodiscard]] inline strokes all_labels(const comb_strokes& c, comb_axis axis) {
    comb_labels both = labels_of(c, axis);
    append(both.main, std::move(both.second));
    return std::move(both.main);
}

/// Both combs, drawn from the same side: "scale" and "vernier", each with its numbers, which may be drawn apart.
[[nodiscard]] inline figure vernier_pattern(const comb_strokes& c, comb_axis axis) {
    const auto along = [&](strokes lines) {
        return axis == comb_axis::x ? std::move(lines) : mirrored(std::move(lines));
    };
    comb_labels numbers = labels_of(c, axis);
    figure f = one_layer("scale", along(main_comb(c)));
    add_layer(f, {.name = "scale numbers", .lines = std::move(numbers.main)});
    add_layer(f, {.name = "vernier", .lines = along(second_comb(c))});
    add_layer(f, {.name = "vernier numbers", .lines = std::move(numbers.second)});
    return f;
}

/// Lost motion: the main comb is reached from the low side, the second one from the high side, so that what they are
/// displaced by is what an axis loses when it turns round. `repeats` pairs for X from the top down, as many for Y from
/// left to right below them; each layer is one comb.
[[nodiscard]] inline figure backlash_test(const vernier& v, mm run_up, int repeats) {
    using side = comb_strokes::side;
    const comb_strokes low{v, side::low, run_up}, high{v, side::high, run_up};
    constexpr mm apart = 20;
    figure f;
    strokes numbers;
    const strokes texts_x = all_labels(low, comb_axis::x), texts_y = all_labels(low, comb_axis::y);
    for (int k = 0; k < repeats; ++k) {
        const point at{0, k * apart};
        add_layer(f, {.name = fmt::format("X {} scale", k + 1), .lines = moved(main_comb(low), at)});
        add_layer(f, {.name = fmt::format("X {} vernier", k + 1), .lines = moved(second_comb(high), at)});
        append(numbers, moved(texts_x, at));
    }
    const mm top = repeats * apart - low.place_main(low.first_main()) + run_up;
    for (int k = 0; k < repeats; ++k) {
        const point at{low.place_main(low.first_main()) + 5 + k * apart, top};
        add_layer(f, {.name = fmt::format("Y {} scale", k + 1), .lines = moved(mirrored(main_comb(low)), at)});
        add_layer(f, {.name = fmt::format("Y {} vernier", k + 1), .lines = moved(mirrored(second_comb(high)), at)});
        append(numbers, moved(texts_y, at));
    }
    add_layer(f, {.name = "labels", .lines = std::move(numbers)});
    return f;
}

} // namespace kf::cal
