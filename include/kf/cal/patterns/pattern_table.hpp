// SPDX-License-Identifier: MIT
#pragma once
/// All patterns of `kcal pattern`, a row each: its name, what it measures, what a pen and paper do to that, the numbers
/// that it takes, and the pure function from them to a figure. Help, completion, the manual's check and the sheet come
/// from here.

#include <kf/cal/patterns/figure.hpp>
#include <kf/cal/patterns/shapes.hpp>
#include <kf/machine/machine.hpp>

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <variant>
#include <vector>

namespace kf::cal {

/// What a pattern may be told; each takes some of it. Counts are whole numbers.
struct pattern_values {
    mm size = 0, width = 0, height = 0, diameter = 0, spacing = 0;
    double rows = 0, columns = 0;
};

struct pattern_option {
    const char* name;
    const char* value; ///< "MM", "N": a whole number
    const char* purpose;
    std::variant<double pattern_values::*, std::vector<double> pattern_values::*> field;
};

/// An option as one pattern takes it: without it, and within what.
struct pattern_number {
    const char* option;
    std::vector<double> otherwise; ///< of a list none: they come from the machine
    double min, max;
};

struct pattern_row {
    const char* name;
    const char* measures; ///< what to measure of it, and what it should be
    const char* disturbs; ///< what pen width and paper do to that
    std::vector<pattern_number> numbers;
    figure (*make)(const pattern_values&, const machine::machine&);
};

[[nodiscard]] inline const std::vector<pattern_option>& pattern_options() {
    using v = pattern_values;
    static const std::vector<pattern_option> options{
        {"size", "MM", "side of a square, length of a leg or a line", &v::size},
        {"width", "MM", "of a rectangle", &v::width},
        {"height", "MM", "of a rectangle", &v::height},
        {"diameter", "MM", "of a circle", &v::diameter},
        {"rows", "N", "cells of a grid, from top to bottom", &v::rows},
        {"columns", "N", "cells of a grid, from left to right", &v::columns},
        {"spacing", "MM", "from line to line of a grid", &v::spacing},
    };
    return options;
}

[[nodiscard]] inline const pattern_option* find_pattern_option(std::string_view name) {
    const auto& all = pattern_options();
    const auto found = std::find_if(all.begin(), all.end(), [&](const pattern_option& o) { return name == o.name; });
    return found == all.end() ? nullptr : &*found;
}

[[nodiscard]] inline const std::vector<pattern_row>& patterns() {
    using v = pattern_values;
    using m = machine::machine;
    static const std::vector<pattern_row> rows{
        {"square",
         "both sides, middle of the line to middle of the line: the size",
         "outer edges are a pen's width more, inner edges less; paper grows 0.1-0.3 % when damp",
         {{"size", {50}, 1, 2000}},
         [](const v& n, const m&) { return one_layer("square", square(n.size)); }},
        {"rectangle",
         "both sides, middle of the line to middle of the line: X and Y by themselves",
         "outer edges are a pen's width more, inner edges less; paper grows 0.1-0.3 % when damp",
         {{"width", {80}, 1, 2000}, {"height", {50}, 1, 2000}},
         [](const v& n, const m&) { return one_layer("rectangle", rectangle(n.width, n.height)); }},
        {"cross",
         "the middle of the canvas; that X runs along the table's edge",
         "nothing: the middle of a line is the same for a fine and a wide pen",
         {{"size", {20}, 1, 2000}},
         [](const v& n, const m&) { return one_layer("cross", cross(n.size)); }},
        {"grid",
         "the same spacing everywhere, lines straight and parallel",
         "paper that is not flat bends lines by more than a good machine does",
         {{"rows", {5}, 1, 200}, {"columns", {5}, 1, 200}, {"spacing", {10}, 0.5, 500}},
         [](const v& n, const m&) {
             return one_layer("grid",
                              grid(static_cast<std::size_t>(n.rows), static_cast<std::size_t>(n.columns), n.spacing));
         }},
        {"diagonal",
         "both lines are equally long, 1.4142 times the size: X and Y are square",
         "measure between the ends' middles: a pen's width adds to both alike",
         {{"size", {50}, 1, 2000}},
         [](const v& n, const m&) { return one_layer("diagonal", diagonal(n.size)); }},
        {"circle",
         "the diameter along X, along Y and between: round, closed, without flats",
         "outer edge a pen's width more; a flat where an axis turns round is backlash",
         {{"diameter", {50}, 1, 2000}},
         [](const v& n, const m&) { return one_layer("circle", circle(n.diameter)); }},
    };
    return rows;
}

[[nodiscard]] inline const pattern_row* find_pattern(std::string_view name) {
    const auto& all = patterns();
    const auto found = std::find_if(all.begin(), all.end(), [&](const pattern_row& p) { return name == p.name; });
    return found == all.end() ? nullptr : &*found;
}

} // namespace kf::cal
