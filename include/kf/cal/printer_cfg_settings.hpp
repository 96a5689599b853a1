// SPDX-License-Identifier: MIT
#pragma once
/// A printer.cfg on disk as a running Klipper would show it: the numbers and switches that a machine.yaml is compared
/// with are typed, and what a file may leave out has Klipper's default.

#include <kf/cal/printer_cfg_pins.hpp>
#include <kf/cal/quiet_sections.hpp>
#include <kf/io/ascii.hpp>
#include <kf/io/decimal.hpp>
#include <kf/io/printable.hpp>
#include <kf/klippy/cfg_text.hpp>

#include <boost/json.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kf::cal {

namespace json = boost::json;

/// The sections of a file as Klipper's configfile.settings would show them: numbers and switches typed, and the
/// defaults that a plotter's machine.yaml is compared with.
[[nodiscard]] inline json::object settings_of(const std::vector<klippy::cfg_section>& sections);

/// What of a file cannot be compared, since Klipper would not load it so: a section in capitals, a motor without what
/// it needs, a number that is none.
[[nodiscard]] std::vector<std::string> unreadable_options(const std::vector<klippy::cfg_section>& sections);

namespace detail {

inline bool is_number_option(std::string_view key) {
    static constexpr std::array numbers{"position_min",
                                        "position_max",
                                        "position_endstop",
                                        "rotation_distance",
                                        "microsteps",
                                        "full_steps_per_rotation",
                                        "step_pulse_duration",
                                        "homing_speed",
                                        "second_homing_speed",
                                        "max_velocity",
                                        "max_accel",
                                        "max_z_velocity",
                                        "max_z_accel",
                                        "square_corner_velocity",
                                        "minimum_cruise_ratio",
                                        "initial_duration",
                                        "timeout",
                                        "resolution"};
    return std::any_of(numbers.begin(), numbers.end(), [&](const char* n) { return key == n; });
}

/// What Klipper reads as a number or a switch, of that which is compared; everything else stays text.
inline json::value typed_option(const klippy::cfg_option& o) {
    static constexpr std::array switches{"homing_positive_dir", "enable_force_move", "pause_on_runout"};
    if (is_number_option(o.key))
        if (const auto number = io::parse_decimal(o.value)) return *number;
    if (std::any_of(switches.begin(), switches.end(), [&](const char* n) { return o.key == n; })) return o.is_yes();
    if (o.key == "gear_ratio") {
        json::array ratio;
        for (const std::string_view pair : words_of(o.value)) {
            const auto colon = std::min(pair.find(':'), pair.size());
            const auto a = io::parse_decimal(pair.substr(0, colon));
            const auto b = io::parse_decimal(pair.substr(std::min(colon + 1, pair.size())));
            if (!a || !b) return json::value(o.value);
            ratio.push_back(json::array{*a, *b});
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

inline std::vector<std::string> unreadable_options(const std::vector<klippy::cfg_section>& sections) {
    std::vector<std::string> out;
    std::map<std::string, std::set<std::string>> there;
    for (const klippy::cfg_section& s : sections) {
        const std::string type = s.name.substr(0, s.name.find(' ')), known = io::to_lower(type);
        if (type != known && (is_quiet(known) || moves(known)))
            out.push_back(fmt::format("[{}]: Klipper writes it in lower case, [{}], and loads no other.", s.name,
                                      known + s.name.substr(type.size())));
        for (const klippy::cfg_option& o : s.options) {
            there[s.name].insert(o.key);
            const bool compared = detail::is_motor(s.name) || s.name == "printer";
            if (compared && detail::is_number_option(o.key) && !io::parse_decimal(o.value))
                out.push_back(
                    fmt::format("[{}] {} is \"{}\", which is no number.", s.name, o.key, io::printable(o.value)));
        }
    }
    for (const auto& [section, options] : there) {
        if (!section.starts_with("stepper_")) continue;
        std::vector<const char*> needed{"step_pin", "dir_pin", "rotation_distance", "microsteps"};
        if (detail::is_first_motor(section)) needed.insert(needed.end(), {"endstop_pin", "position_max"});
        for (const char* option : needed)
            if (!options.contains(option)) out.push_back(fmt::format("[{}] has no {}.", section, option));
    }
    return out;
}

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
