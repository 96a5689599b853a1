// SPDX-License-Identifier: MIT
#pragma once
/// A number that a command of Klipper takes, within the range that Klipper checks; what is wrong with it in Klipper's
/// own words. For planner/gcode_motion.

#include <kf/planner/gcode_line.hpp>

#include <fmt/format.h>

#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace kf::planner {

struct number_range {
    std::optional<double> least = {};
    std::optional<double> above = {};
    std::optional<double> below = {};
};

/// Nothing when the command does not give it.
using maybe_number = std::expected<std::optional<double>, std::string>;

[[nodiscard]] inline maybe_number checked_number(const gcode_line& line, std::string_view name, std::string_view text,
                                                 number_range r) {
    double value = 0;
    const auto error = [&](std::string_view problem) {
        return std::unexpected(fmt::format("Error on '{}': {}", line.text(), problem));
    };
    if (read_number(text, value) != word::number) return error(fmt::format("unable to parse {}", text));
    if (r.least && value < *r.least) return error(fmt::format("{} must have minimum of {:.1f}", name, *r.least));
    if (r.above && value <= *r.above) return error(fmt::format("{} must be above {:.1f}", name, *r.above));
    if (r.below && value >= *r.below) return error(fmt::format("{} must be below {:.1f}", name, *r.below));
    return value;
}

/// Of a word such as P100.
[[nodiscard]] inline maybe_number letter_value(const gcode_line& line, char name, number_range r = {}) {
    if (!line.has(name)) return std::optional<double>{};
    return checked_number(line, {&name, 1}, line.raw(name), r);
}

/// Of a parameter such as ACCEL=3000.
[[nodiscard]] inline maybe_number named_value(const gcode_line& line, const named_words& words, std::string_view name,
                                              number_range r = {}) {
    const auto text = words.find(name);
    if (!text) return std::optional<double>{};
    return checked_number(line, name, *text, r);
}

} // namespace kf::planner
