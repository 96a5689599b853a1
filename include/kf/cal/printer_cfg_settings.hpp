// SPDX-License-Identifier: MIT
#pragma once
/// A printer.cfg on disk as a running Klipper would show it: the numbers and switches that a machine.yaml is compared
/// with are typed, and what a file may leave out has Klipper's default.

#include <kf/cal/printer_cfg_pins.hpp>
#include <kf/io/ascii.hpp>
#include <kf/io/decimal.hpp>
#include <kf/klippy/cfg_text.hpp>

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

namespace kf::cal {

namespace json = boost::json;

/// The sections of a file as Klipper's configfile.settings would show them: numbers and switches typed, and the
/// defaults that a plotter's machine.yaml is compared with.
[[nodiscard]] inline json::object settings_of(const std::vector<klippy::cfg_section>& sections);

namespace detail {

/// What Klipper reads as a number or a switch, of that which is compared; everything else stays text.
inline json::value typed_option(const klippy::cfg_option& o) {
    static constexpr std::array numbers{"position_min",
                                        "position_max",
                                        "position_endstop",
                                        "rotation_distance",
                                        "microsteps",
                                        "full_steps_per_rotation",
                                        "step_pulse_duration",
                                        "homing_speed",
                                        "max_velocity",
                                        "max_accel",
                                        "max_z_velocity",
                                        "max_z_accel",
                                        "square_corner_velocity",
                                        "minimum_cruise_ratio",
                                        "initial_duration",
                                        "timeout",
                                        "resolution"};
    static constexpr std::array switches{"homing_positive_dir", "enable_force_move", "pause_on_runout"};
    const auto in = [&](const auto& list) {
        return std::any_of(list.begin(), list.end(), [&](const char* n) { return o.key == n; });
    };
    if (in(numbers))
        if (const auto number = io::parse_decimal(o.value)) return *number;
    if (in(switches)) return o.is_yes();
    if (o.key == "gear_ratio") {
        json::array ratio;
        for (const std::string_view pair : words_of(o.value)) {
            const auto colon = std::min(pair.find(':'), pair.size());
            const auto a = io::parse_decimal(pair.substr(0, colon));
            const auto b = io::parse_decimal(pair.substr(std::min(colon + 1, pair.size())));
            if (a && b) ratio.push_back(json::array{*a, *b});
        }
        return ratio;
    }
    return json::value(o.value);
}

inline bool is_motor(std::string_view section) {
    return section.starts_with("stepper_") || section.starts_with("manual_stepper ");
}

/// Of an axis, its second motors' sections have a number at their end.
inline bool is_first_motor(std::string_view section) { return section.size() == 9 && section.starts_with("stepper_"); }

} // namespace detail

inline json::object settings_of(const std::vector<klippy::cfg_section>& sections) {
    json::object out;
    for (const klippy::cfg_section& s : sections) {
        json::value& at = out[io::to_lower(s.name)];
        if (!at.is_object()) at.emplace_object();
        for (const klippy::cfg_option& o : s.options) at.get_object()[o.key] = detail::typed_option(o);
    }
    const auto fill = [](json::object& section, const char* key, json::value value) {
        if (!section.contains(key)) section[key] = std::move(value);
    };
    for (auto& [name, value] : out) {
        json::object& section = value.get_object();
        if (detail::is_motor(name)) fill(section, "full_steps_per_rotation", 200);
        if (!detail::is_first_motor(name)) continue;
        fill(section, "position_min", 0.0);
        fill(section, "homing_speed", 5.0);
    }
    if (json::value* printer = out.if_contains("printer")) {
        fill(printer->get_object(), "square_corner_velocity", 5.0);
        for (const auto& [z, xy] : {std::pair("max_z_velocity", "max_velocity"), std::pair("max_z_accel", "max_accel")})
            if (const json::value* v = printer->get_object().if_contains(xy))
                fill(printer->get_object(), z, json::value(*v));
    }
    return out;
}

} // namespace kf::cal
