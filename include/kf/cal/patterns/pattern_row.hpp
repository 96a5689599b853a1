// SPDX-License-Identifier: MIT
#pragma once
/// What a row of the table of patterns is: its name, what it measures, what a pen and paper do to that, the numbers
/// that it takes, and the pure function from them to a figure. Help, completion, the list and the sheet come from it.

#include <kf/cal/patterns/calm_turns.hpp>
#include <kf/cal/patterns/figure.hpp>
#include <kf/machine/machine.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace kf::cal {

/// What a pattern may be told; each takes some of it. Counts are whole numbers. 0, or an empty list: as the machine
/// has.
struct pattern_values {
    mm size = 0, width = 0, height = 0, diameter = 0, spacing = 0, length = 0, tick = 0, pitch = 0, run_up = 0,
       step = 0;
    double rows = 0, columns = 0, divisions = 0, repeats = 0;
    mm_per_s speed = 0;
    std::vector<double> lengths = {}, speeds = {}, angles = {}, gaps = {};
    std::string tool = {}, second = {}; ///< names of tools of the machine
    std::optional<mm_per_s> feed = {};  ///< of layers that have none; none: their tool's
};

using pattern_field = std::variant<double pattern_values::*, std::vector<double> pattern_values::*>;

struct pattern_option {
    const char* name;
    const char* value; ///< "MM", "MM,...", "N": a whole number
    const char* purpose;
    pattern_field field;
};

/// An option as one pattern takes it.
struct pattern_number {
    const char* option;
    std::vector<double> otherwise; ///< none: as the machine has it
    double min, max;
    std::vector<double> on_sheet = {}; ///< none: as otherwise
};

struct pattern_row {
    const char* name;
    const char* measures; ///< what to measure of it, and what it should be
    const char* disturbs; ///< what pen width and paper do to that
    std::vector<pattern_number> numbers;
    figure (*strokes_of)(const pattern_values&, const machine::machine&);
    bool on_sheet = true;

    /// As it is drawn: no faster than its turns allow.
    [[nodiscard]] figure make(const pattern_values& values, const machine::machine& m) const {
        return with_calm_turns(strokes_of(values, m), m, values.tool, values.feed);
    }
};

[[nodiscard]] inline const std::vector<pattern_option>& pattern_options() {
    using v = pattern_values;
    static const std::vector<pattern_option> options{
        {"size", "MM", "side of a square, length of a cross or a leg", &v::size},
        {"width", "MM", "along X", &v::width},
        {"height", "MM", "along Y", &v::height},
        {"diameter", "MM", "of a circle", &v::diameter},
        {"length", "MM", "of a ruler, or of the lines of a test", &v::length},
        {"tick", "MM", "from tick to tick of a ruler", &v::tick},
        {"rows", "N", "from top to bottom", &v::rows},
        {"columns", "N", "from left to right", &v::columns},
        {"spacing", "MM", "from line to line, or from mark to mark", &v::spacing},
        {"pitch", "MM", "from tooth to tooth of a vernier's main comb", &v::pitch},
        {"divisions", "N", "of a vernier: it reads to pitch / divisions", &v::divisions},
        {"run-up", "MM", "by how much a comb is reached from beyond its teeth", &v::run_up},
        {"repeats", "N", "pairs of combs for each axis", &v::repeats},
        {"step", "MM", "from height to height", &v::step},
        {"speed", "MM_S", "of an acceleration test (the machine's fastest)", &v::speed},
        {"lengths", "MM,...", "of the lines at each speed", &v::lengths},
        {"speeds", "MM_S,...", "one line or row for each", &v::speeds},
        {"angles", "DEGREES,...", "inner angles of corners", &v::angles},
        {"gaps", "MM,...", "from line to line, a group for each", &v::gaps},
    };
    return options;
}

[[nodiscard]] inline const pattern_option* find_pattern_option(std::string_view name) {
    const auto& all = pattern_options();
    const auto found = std::find_if(all.begin(), all.end(), [&](const pattern_option& o) { return name == o.name; });
    return found == all.end() ? nullptr : &*found;
}

/// Sets one of them.
inline void set(pattern_values& values, const pattern_option& o, std::vector<double> numbers) {
    if (const auto* one = std::get_if<double pattern_values::*>(&o.field))
        values.*(*one) = numbers.empty() ? 0 : numbers.front();
    else
        values.*std::get<std::vector<double> pattern_values::*>(o.field) = std::move(numbers);
}

/// As a pattern is when nothing is told; `on_sheet`: as the sheet has it.
enum class pattern_use { alone, on_sheet };
[[nodiscard]] inline pattern_values default_values(const pattern_row& row, pattern_use use) {
    pattern_values values;
    for (const pattern_number& n : row.numbers)
        set(values, *find_pattern_option(n.option),
            use == pattern_use::on_sheet && !n.on_sheet.empty() ? n.on_sheet : n.otherwise);
    return values;
}

} // namespace kf::cal
