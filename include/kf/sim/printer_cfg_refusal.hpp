// SPDX-License-Identifier: MIT
#pragma once
/// What Klipper refuses of a whole printer.cfg that can be read: options that have to be there, pins that are none or
/// are there twice, an endstop beyond the ends of its axis. Texts: a live klippy.

#include <kf/io/decimal.hpp>
#include <kf/sim/printer_config.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace kf::sim {

namespace detail {

/// "PG6", "gpio24", "mcu:PA0": the names that boards have.
[[nodiscard]] inline bool is_pin_name(std::string_view name) {
    name = name.substr(name.find(':') == std::string_view::npos ? 0 : name.find(':') + 1);
    if (name.starts_with("gpio"))
        name.remove_prefix(4);
    else if (name.size() > 2 && name[0] == 'P' && name[1] >= 'A' && name[1] <= 'K')
        name.remove_prefix(2);
    else
        return false;
    return !name.empty() && std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; });
}

[[nodiscard]] inline bool is_written(const printer_config& c, std::string_view section, std::string_view option) {
    return std::ranges::any_of(c.written, [&](const klippy::cfg_section& s) {
        return s.name == section && std::ranges::find(s.options, option, &klippy::cfg_option::key) != s.options.end();
    });
}

} // namespace detail

/// Empty: nothing.
[[nodiscard]] inline std::string refusal_of(const printer_config& c) {
    const auto lacks = [&](std::string_view section, std::initializer_list<const char*> options) -> std::string {
        for (const char* o : options)
            if (!detail::is_written(c, section, o))
                return fmt::format("Option '{}' in section '{}' must be specified", o, section);
        return {};
    };
    if (auto text = lacks("mcu", {"serial"}); !text.empty()) return text;
    if (c.has("virtual_sdcard"))
        if (auto text = lacks("virtual_sdcard", {"path"}); !text.empty()) return text;
    std::set<std::string> used, enables;
    for (const motor_config& m : c.motors) {
        if (auto text = lacks(m.section, {"step_pin", "dir_pin", "rotation_distance", "microsteps"}); !text.empty())
            return text;
        const motor_config* first = m.section == "stepper_x1" ? c.motor_of("stepper_x") : nullptr;
        const bool shares = first != nullptr && first->endstop_pin == m.endstop_pin;
        for (const auto& [text, shared] :
             {std::pair(shares ? "" : m.endstop_pin.value_or(""), false), std::pair(m.step_pin, false),
              std::pair(m.dir_pin, false), std::pair(m.enable_pin, true)}) {
            if (text.empty()) continue;
            const std::string name = pin::of(text).name;
            if (!detail::is_pin_name(name)) return fmt::format("Pin '{}' is not a valid pin name on mcu 'mcu'", name);
            const bool known = used.contains(name) || (!shared && enables.contains(name));
            if (known) return fmt::format("pin {} used multiple times in config", name);
            (shared ? enables : used).insert(name);
        }
        if (m.pulse.value_or(0) > 0.001)
            return fmt::format("Option 'step_pulse_duration' in section '{}' must have maximum of 0.001", m.section);
    }
    if (auto text = lacks("printer", {"kinematics", "max_velocity", "max_accel"}); !text.empty()) return text;
    if (!c.is_cartesian) return {};
    for (const char* section : {"stepper_x", "stepper_y", "stepper_z"}) {
        if (auto text = lacks(section, {"endstop_pin", "position_endstop", "position_max", "step_pin"}); !text.empty())
            return text;
        const axis_config& a = c.axes[axis_of(*find_motor(section))];
        if (a.max <= a.min)
            return fmt::format("Option 'position_max' in section '{}' must be above {:.1f}", section, a.min);
        if (a.endstop < a.min || a.endstop > a.max)
            return fmt::format("position_endstop in section '{}' must be between position_min and position_max",
                               section);
    }
    return {};
}

} // namespace kf::sim
