// SPDX-License-Identifier: MIT
#pragma once
/// What Klipper's configuration says about motion, and its values set by name, as a person gives them. For lookahead.

#include <kf/error.hpp>
#include <kf/io/near_name.hpp>
#include <kf/io/printable.hpp>
#include <kf/planner/gcode_line.hpp>
#include <kf/units.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kf::planner {

/// What [extruder] says about motion; pressure advance costs no time.
struct extruder_limits {
    mm nozzle_diameter = 0.4;
    mm filament_diameter = 1.75;
    mm_per_s instantaneous_corner_velocity = 1;
    // Of a move without X and Y, or of a retraction. Not given: [printer]'s, times the ratio of the widest line that
    // the nozzle may draw.
    std::optional<mm_per_s> max_extrude_only_velocity = {};
    std::optional<mm_per_s2> max_extrude_only_accel = {};

    [[nodiscard]] double widest_ratio() const noexcept {
        return 4 * nozzle_diameter * nozzle_diameter /
               (std::numbers::pi * filament_diameter * filament_diameter / 4); // mm of filament for a mm of way
    }
};

/// What [printer] of Klipper's configuration says about motion.
struct motion_limits {
    mm_per_s max_velocity = 200;
    mm_per_s2 max_accel = 3000;
    mm_per_s square_corner_velocity = 5;
    double minimum_cruise_ratio = 0.5;
    std::optional<mm_per_s> max_z_velocity = {}; ///< as in Klipper: the configured max_velocity when not given
    std::optional<mm_per_s2> max_z_accel = {};   ///< the configured max_accel when not given
    mm arc_resolution = 0;                       ///< of [gcode_arcs]; 0: the machine knows no G2 and G3
    std::optional<extruder_limits> extruder = {};
};

namespace detail {

/// What a value of a limit has to be, and where it goes.
enum class limit_range : std::uint8_t { positive, not_negative, below_one };

struct named_limit {
    std::string_view name;
    limit_range range;
    void (*set)(motion_limits&, double);
};

[[nodiscard]] inline extruder_limits& extruder_of(motion_limits& l) {
    return l.extruder ? *l.extruder : l.extruder.emplace();
}

/// Of [printer], [extruder] and, as arc_resolution, of [gcode_arcs].
inline constexpr std::array<named_limit, 12> named_limits{{
    {"max_velocity", limit_range::positive, [](motion_limits& l, double v) { l.max_velocity = v; }},
    {"max_accel", limit_range::positive, [](motion_limits& l, double v) { l.max_accel = v; }},
    {"max_z_velocity", limit_range::positive, [](motion_limits& l, double v) { l.max_z_velocity = v; }},
    {"max_z_accel", limit_range::positive, [](motion_limits& l, double v) { l.max_z_accel = v; }},
    {"square_corner_velocity", limit_range::not_negative,
     [](motion_limits& l, double v) { l.square_corner_velocity = v; }},
    {"minimum_cruise_ratio", limit_range::below_one, [](motion_limits& l, double v) { l.minimum_cruise_ratio = v; }},
    {"arc_resolution", limit_range::positive, [](motion_limits& l, double v) { l.arc_resolution = v; }},
    {"nozzle_diameter", limit_range::positive, [](motion_limits& l, double v) { extruder_of(l).nozzle_diameter = v; }},
    {"filament_diameter", limit_range::positive,
     [](motion_limits& l, double v) { extruder_of(l).filament_diameter = v; }},
    {"max_extrude_only_velocity", limit_range::positive,
     [](motion_limits& l, double v) { extruder_of(l).max_extrude_only_velocity = v; }},
    {"max_extrude_only_accel", limit_range::positive,
     [](motion_limits& l, double v) { extruder_of(l).max_extrude_only_accel = v; }},
    {"instantaneous_corner_velocity", limit_range::not_negative,
     [](motion_limits& l, double v) { extruder_of(l).instantaneous_corner_velocity = v; }},
}};

} // namespace detail

/// Sets one limit from "NAME=VALUE" (names as in Klipper's [printer]); errc::usage with the known names otherwise.
[[nodiscard]] inline result<void> set_limit(motion_limits& limits, std::string_view name_and_value) {
    std::vector<std::string> names;
    for (const auto& known : detail::named_limits) names.emplace_back(known.name);
    const auto refuse = [&](std::string cause) {
        return fail({errc::usage,
                     fmt::format("\"{}\" sets no limit", io::printable(name_and_value.substr(0, 50))),
                     std::move(cause),
                     {},
                     {fmt::format("write NAME=VALUE with one of these names: {}", fmt::join(names, ", "))}});
    };
    const std::size_t equals = name_and_value.find('=');
    if (equals == std::string_view::npos) return refuse("there is no = in it");
    const std::string_view name = name_and_value.substr(0, equals);
    double value = 0;
    if (read_number(name_and_value.substr(equals + 1), value) != word::number)
        return refuse("what follows the = is no number");
    for (const auto& known : detail::named_limits) {
        if (name != known.name) continue;
        using enum detail::limit_range;
        if (known.range == below_one && (value < 0 || value >= 1))
            return refuse(fmt::format("{} is at least 0 and below 1", name));
        if (known.range == not_negative && value < 0) return refuse(fmt::format("{} is 0 mm/s or more", name));
        if (known.range == positive && value <= 0) return refuse(fmt::format("{} is above 0", name));
        known.set(limits, value);
        return {};
    }
    const auto near = io::near_names(name, names);
    return refuse(fmt::format("Klipper has no limit of this name{}",
                              near.empty() ? "" : fmt::format("; is it {}?", near.front())));
}

} // namespace kf::planner
