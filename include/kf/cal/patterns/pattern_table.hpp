// SPDX-License-Identifier: MIT
#pragma once
/// The patterns of `kcal pattern` but for the sheet, a row each.

#include <kf/cal/patterns/combs.hpp>
#include <kf/cal/patterns/crosshairs.hpp>
#include <kf/cal/patterns/pattern_row.hpp>
#include <kf/cal/patterns/pen_tests.hpp>
#include <kf/cal/patterns/rulers.hpp>
#include <kf/cal/patterns/shapes.hpp>
#include <kf/cal/patterns/speeds.hpp>
#include <kf/cal/patterns/squares.hpp>
#include <kf/cal/patterns/tool_offset.hpp>
#include <kf/machine/machine.hpp>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace kf::cal {

namespace detail {

inline std::size_t count(double n) noexcept { return static_cast<std::size_t>(n); }
inline int canvas_up(const machine::machine& m) noexcept { return m.canvas.flip_y ? -1 : 1; }
inline vernier vernier_of(const pattern_values& n) noexcept { return {n.pitch, static_cast<int>(n.divisions)}; }
/// Eight speeds, up to the machine's fastest.
inline std::vector<mm_per_s> test_speeds(const pattern_values& n, const machine::machine& m) {
    return n.speeds.empty() ? speeds_up_to(m.motion.max_velocity_mm_s, 8) : n.speeds;
}
/// Eight speeds, up to twice the tool's.
inline std::vector<mm_per_s> pen_speeds(const pattern_values& n, const machine::machine& m) {
    if (!n.speeds.empty()) return n.speeds;
    const machine::tool* tool = machine::find_tool(m, n.tool);
    const mm_per_s own = (tool != nullptr ? *tool : m.tools.front()).feed_mm_s;
    return speeds_up_to(std::min(2 * own, m.motion.max_velocity_mm_s), 8);
}

} // namespace detail

[[nodiscard]] inline const std::vector<pattern_row>& single_patterns() {
    using v = pattern_values;
    using m = machine::machine;
    static const char* const edges = "outer edges are a pen's width more, inner ones less";
    static const char* const vernier_line = "a line of 0.3-0.5 mm reads to one division, not better";
    static const std::vector<pattern_row> rows{
        {"square",
         "both sides, middle to middle of the lines: the size",
         edges,
         {{"size", {50}, 1, 2000, {25}}},
         [](const v& n, const m&) { return one_layer("square", square(n.size)); }},
        {"rectangle",
         "both sides, middle to middle of the lines: X and Y by themselves",
         edges,
         {{"width", {80}, 1, 2000}, {"height", {50}, 1, 2000}},
         [](const v& n, const m&) { return one_layer("rectangle", rectangle(n.width, n.height)); },
         false},
        {"cross",
         "where the middle is; X runs along the table's edge",
         "nothing: a line's middle is the same for any pen",
         {{"size", {20}, 1, 2000, {16}}},
         [](const v& n, const m&) { return one_layer("cross", cross(n.size)); }},
        {"grid",
         "the same spacing everywhere, lines straight and parallel",
         "paper that is not flat bends lines",
         {{"rows", {5}, 1, 200}, {"columns", {5}, 1, 200}, {"spacing", {10}, 0.5, 500, {5}}},
         [](const v& n, const m&) {
             return one_layer("grid", grid(detail::count(n.rows), detail::count(n.columns), n.spacing));
         }},
        {"diagonal",
         "both lines alike, 1.4142 times the size: X and Y are square",
         "end to end: a pen's width adds to both alike",
         {{"size", {50}, 1, 2000, {25}}},
         [](const v& n, const m&) { return one_layer("diagonal", diagonal(n.size)); }},
        {"circle",
         "the diameter along X, along Y and between; closed, no flats",
         "outer edge a pen's width more; a flat is backlash",
         {{"diameter", {50}, 1, 2000, {25}}},
         [](const v& n, const m&) { return one_layer("circle", circle(n.diameter)); }},
        {"ruler-x",
         "from tick to tick as far apart as possible: as the numbers say",
         "measure left edge to left edge; damp paper grows 0.1-0.3 %",
         {{"length", {150}, 2, 2000, {80}}, {"tick", {5}, 0.5, 500}},
         [](const v& n, const m&) { return ruler_x({n.length, n.tick}); }},
        {"ruler-y",
         "from tick to tick as far apart as possible: as the numbers say",
         "measure upper edge to upper edge; paper grows across its fibres",
         {{"length", {150}, 2, 2000, {80}}, {"tick", {5}, 0.5, 500}},
         [](const v& n, const m&) { return ruler_y({n.length, n.tick}); }},
        {"crosshair-grid",
         "each crosshair where the others say; for a camera or a second tool",
         "find the middle of the lines, not their edges",
         {{"rows", {3}, 1, 100}, {"columns", {3}, 1, 100}, {"spacing", {25}, 1, 500, {10}}},
         [](const v& n, const m&) {
             return one_layer("crosshairs", crosshair_grid(detail::count(n.rows), detail::count(n.columns), n.spacing));
         }},
        {"speed-test",
         "the fastest row that is straight, while the cross beside it is whole",
         "a cross that is not whole: steps were lost, whatever the lines look like",
         {{"lengths", {100}, 1, 2000, {40}}, {"speeds", {}, 0.1, 2000}, {"spacing", {6}, 1, 100, {5}}},
         [](const v& n, const m& c) { return speed_test(n.lengths, detail::test_speeds(n, c), n.spacing); }},
        {"acceleration-test",
         "the smallest steps with sharp corners, while the cross beside them is whole",
         "it holds for the acceleration that the printer has set",
         {{"length", {60}, 4, 2000, {24}}, {"speed", {}, 0.1, 2000}},
         [](const v& n, const m& c) {
             return acceleration_test(n.length, n.speed > 0 ? n.speed : c.motion.max_velocity_mm_s);
         }},
        {"backlash-test",
         "which teeth meet: the upper number is lost motion in 1/100 mm",
         vernier_line,
         {{"pitch", {1}, 0.5, 10}, {"divisions", {20}, 5, 50}, {"run-up", {3}, 1, 50}, {"repeats", {1}, 1, 10}},
         [](const v& n, const m&) {
             return backlash_test(detail::vernier_of(n), n.run_up, static_cast<int>(n.repeats));
         }},
        {"z-touch",
         "the first row with all its dots: so far above the work height it touches",
         "rough paper and a soft tip touch early",
         {{"step", {0.1}, 0.01, 5}, {"rows", {8}, 2, 40}, {"columns", {5}, 1, 40}, {"spacing", {5}, 1, 100, {4}}},
         [](const v& n, const m&) {
             return z_touch(n.step, detail::count(n.rows), detail::count(n.columns), n.spacing);
         }},
        {"line-weight",
         "the fastest line that is as dark and wide as the slowest",
         "wet paper draws ink: wait until it is dry",
         {{"length", {60}, 1, 2000, {30}}, {"speeds", {}, 0.1, 2000}, {"spacing", {4}, 0.5, 100, {3.5}}},
         [](const v& n, const m& c) { return line_weight(n.length, detail::pen_speeds(n, c), n.spacing); }},
        {"corner-test",
         "corners sharp, legs straight up to them",
         "a wide pen rounds the outside of a corner by half its width",
         {{"angles", {15, 30, 45, 60, 90, 120, 150}, 5, 175}, {"size", {8}, 1, 100, {5}}},
         [](const v& n, const m&) { return corner_test(n.angles, n.size); }},
        {"fine-detail",
         "the smallest gap at which six lines are six",
         "gaps below the pen's width close; soft paper widens lines",
         {{"gaps", {0.2, 0.3, 0.4, 0.5, 0.7, 1, 1.5}, 0.02, 20}, {"length", {10}, 1, 500, {8}}},
         [](const v& n, const m&) { return fine_detail(n.gaps, n.length); }},
        {"squareness",
         "AC, BD and AD: AC = BD where X and Y are square",
         "crosshair to crosshair; keep the paper flat and dry",
         {{"width", {120}, 5, 2000, {32}}, {"height", {90}, 5, 2000, {24}}},
         [](const v& n, const m& c) { return squareness(n.width, n.height, detail::canvas_up(c)); }},
        {"vernier-x",
         "which teeth meet: 0 below 0; the upper number is in 1/100 mm",
         vernier_line,
         {{"pitch", {1}, 0.5, 10}, {"divisions", {20}, 5, 50}},
         [](const v& n, const m&) { return vernier_pattern({.scale = detail::vernier_of(n)}, comb_axis::x); }},
        {"vernier-y",
         "which teeth meet: 0 beside 0; the left number is in 1/100 mm",
         vernier_line,
         {{"pitch", {1}, 0.5, 10}, {"divisions", {20}, 5, 50}},
         [](const v& n, const m&) { return vernier_pattern({.scale = detail::vernier_of(n)}, comb_axis::y); }},
        {"offset",
         "which teeth meet, below and beside the crosshairs: 0 with 0",
         vernier_line,
         {{"pitch", {1}, 0.5, 10}, {"divisions", {20}, 5, 50}},
         [](const v& n, const m&) { return tool_offset(n.tool, n.second, detail::vernier_of(n)); },
         false},
        {"reversal",
         "four verniers on the turned sheet: equal near and far where Y is square on X",
         "no instrument and no exact laying back: only differences count",
         {{"size", {120}, 60, 2000}, {"pitch", {1}, 0.5, 2}, {"divisions", {10}, 5, 20}},
         [](const v& n, const m&) { return reversal_pattern({.leg = n.size, .scale = detail::vernier_of(n)}); },
         false},
    };
    return rows;
}

} // namespace kf::cal
