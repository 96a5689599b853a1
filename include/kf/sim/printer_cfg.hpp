// SPDX-License-Identifier: MIT
#pragma once
/// A printer.cfg for the simulated printer. A file with [mcu] is a whole one, as `kcal printer-cfg` writes it: nothing
/// of the simulation's own is left, and what Klipper would refuse ends in Klipper's state "error". Any other goes over
/// what is there: what `kplot machine macros` prints can be given as it would be pasted. What the simulated machine
/// does not have is refused with its line. Spec: https://www.klipper3d.org/Config_Reference.html

#include <kf/error.hpp>
#include <kf/io/ascii.hpp>
#include <kf/io/decimal.hpp>
#include <kf/klippy/cfg_text.hpp>
#include <kf/sim/macro_template.hpp>
#include <kf/sim/printer_cfg_refusal.hpp>
#include <kf/sim/printer_config.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace kf::sim {

/// Puts what `text` says over `into`. `name` is for the errors.
[[nodiscard]] inline result<void> read_printer_cfg(std::string_view text, const std::string& name,
                                                   printer_config& into);

namespace detail {

using klippy::cfg_option;
using klippy::cfg_section;

class cfg_reader {
  public:
    cfg_reader(const std::string& file, printer_config& into)
      : file_(file)
      , into_(into) {}

    result<void> read(std::string_view text) {
        KF_TRY(const auto sections, klippy::read_cfg_text(text, file_));
        if (std::ranges::find(sections, "mcu", &cfg_section::name) != sections.end()) {
            printer_config whole = printer_config::whole();
            whole.program = into_.program;
            whole.carriage = into_.carriage;
            into_ = std::move(whole);
            into_.written = sections;
        } else if (!into_.written.empty()) {
            into_.written.insert(into_.written.end(), sections.begin(), sections.end());
        }
        for (const auto& s : sections) KF_CHECK(take(s));
        std::ranges::stable_sort(into_.motors, {}, [](const motor_config& m) { // axis by axis, as Klipper makes them
            return m.is_manual() ? std::size_t{9} : index_of(m.drives().value_or(motor::z));
        });
        if (!into_.written.empty() && into_.config_error.empty()) into_.config_error = refusal_of(into_);
        return {};
    }

  private:
    [[nodiscard]] std::unexpected<error> wrong(int line, std::string_view what) const {
        return kf::fail(errc::malformed, fmt::format("{}:{}: {}", file_, line, what));
    }

    /// What Klipper would refuse. Of a whole file it says so itself, in its state; of a part it is known before.
    result<void> refused(int line, std::string_view what) {
        if (into_.written.empty()) return wrong(line, what);
        if (into_.config_error.empty()) into_.config_error = what;
        return {};
    }
    /// "skew_correction" of "skew_correction kcal".
    static std::string_view kind_of(std::string_view section) {
        return section.substr(0, std::min(section.find(' '), section.size()));
    }

    result<void> take(const cfg_section& s) {
        const std::string_view kind = kind_of(s.name);
        if (kind == "gcode_macro") return macro(s);
        if (const bool manual = kind == "manual_stepper"; manual || s.name.starts_with("stepper_")) {
            if (!manual && !find_motor(s.name))
                return wrong(s.line, fmt::format("the simulated gantry has no {}", s.name));
            if (into_.motor_of(s.name) == nullptr) into_.motors.push_back({.section = s.name});
        } else if (s.name != "mcu" && s.name != "printer") {
            static constexpr std::array known{"virtual_sdcard", "pause_resume",    "idle_timeout",  "force_move",
                                              "respond",        "display_status",  "safe_z_home",   "homing_override",
                                              "delayed_gcode",  "skew_correction", "endstop_phase", "gcode_arcs"};
            if (std::ranges::find(known, kind) != known.end())
                into_.add(s.name);
            else if (s.options.empty() || !into_.written.empty())
                return wrong(s.line, fmt::format("the simulated printer has no [{}]", s.name));
        }
        if (kind == "delayed_gcode") into_.delayed.push_back({s.name.substr(14)});
        if (kind == "skew_correction" && s.name != kind) into_.skew_profiles[s.name.substr(16)] = {};
        if (s.name == "safe_z_home") into_.safe_z.emplace();
        if (s.name == "homing_override") into_.homing_override.emplace();
        if (s.name == "gcode_arcs") into_.limits.arc_resolution = 1;
        for (const auto& o : s.options) {
            KF_TRY(const bool known, option(s.name, o));
            if (!known) return wrong(o.line, fmt::format("Option '{}' is not valid in section '{}'", o.key, s.name));
        }
        return {};
    }

    result<bool> option(const std::string& section, const cfg_option& o) {
        if (const auto number = number_of(section, o.key)) {
            const auto v = io::parse_decimal(o.value);
            if (!v) {
                KF_CHECK(refused(o.line, fmt::format("Unable to parse option '{}' in section '{}'", o.key, section)));
                return true;
            }
            static constexpr std::array above_zero{"max_velocity",      "max_accel",    "max_z_velocity", "max_z_accel",
                                                   "rotation_distance", "homing_speed", "timeout",        "velocity"};
            if (*v <= 0 && std::ranges::find(above_zero, o.key) != above_zero.end()) {
                KF_CHECK(refused(o.line, fmt::format("Option '{}' in section '{}' must be above 0.0", o.key, section)));
                return true;
            }
            number(*v);
            // Of the simulation's own gantry, the second motor of X is as the first.
            if (into_.written.empty() && section == "stepper_x")
                if (const auto second = number_of("stepper_x1", o.key)) second(*v);
            return true;
        }
        if (std::string* text = gcode_of(section, o.key)) {
            KF_CHECK(template_of(o));
            *text = o.value;
            return true;
        }
        if (motor_config* m = motor(section)) {
            if (o.key == "step_pin") return m->step_pin = o.value, true;
            if (o.key == "dir_pin") return m->dir_pin = o.value, true;
            if (o.key == "enable_pin") return m->enable_pin = o.value, true;
            if (o.key == "endstop_pin") return m->endstop_pin = o.value, true;
            if (o.key != "homing_positive_dir" || axis_of_section(section) == nullptr) return false;
            axis_of_section(section)->homes_upwards = o.is_yes();
        } else if (section == "mcu") {
            if (o.key == "serial") return into_.serial = o.value, true;
            if (o.key == "restart_method") return into_.restart_method = o.value, true;
            return o.key == "baud";
        } else if (section == "printer" && o.key == "kinematics") {
            into_.is_cartesian = o.value == "cartesian";
            if (!into_.is_cartesian && o.value != "none") return false;
        } else if (section == "safe_z_home" && o.key == "home_xy_position") {
            const std::size_t comma = std::min(o.value.find(','), o.value.size());
            const auto x = io::parse_decimal(io::trim(o.value.substr(0, comma)));
            const auto y = io::parse_decimal(io::trim(o.value.substr(std::min(comma + 1, o.value.size()))));
            if (!x || !y) {
                KF_CHECK(refused(o.line, "Unable to parse option 'home_xy_position' in section 'safe_z_home'"));
                return true;
            }
            into_.safe_z->at = {*x, *y};
        } else if (section == "safe_z_home" && o.key == "move_to_previous") {
            into_.safe_z->move_to_previous = o.is_yes();
        } else if (section == "homing_override" && o.key == "axes") {
            into_.homing_override->axes = io::to_lower(o.value);
        } else if (section == "virtual_sdcard" && o.key == "path") {
            into_.gcodes = o.value;
        } else if (section == "force_move" && o.key == "enable_force_move") {
            if (!o.is_yes()) std::erase(into_.modules, "force_move");
        } else {
            return false;
        }
        return true;
    }

    /// Nothing when it is no motor's section.
    motor_config* motor(const std::string& section) {
        const auto m = std::ranges::find(into_.motors, section, &motor_config::section);
        return m == into_.motors.end() ? nullptr : &*m;
    }
    /// Of the first motor of an axis; nothing when it is none.
    axis_config* axis_of_section(const std::string& section) {
        const auto which = section.starts_with("stepper_") ? find_motor(section) : std::nullopt;
        return which && *which != motor::x1 ? &into_.axes[axis_of(*which)] : nullptr;
    }

    /// Where an option's G-code goes; nothing when it is none.
    std::string* gcode_of(const std::string& section, const std::string& key) {
        if (section == "virtual_sdcard" && key == "on_error_gcode") return &into_.on_error_gcode;
        if (key != "gcode") return nullptr;
        if (section == "idle_timeout") return &into_.idle_gcode;
        if (section == "homing_override") return &into_.homing_override->gcode;
        return section.starts_with("delayed_gcode ") ? &into_.delayed.back().gcode : nullptr;
    }

    /// Where the number of an option goes; nothing when it is not one of these.
    std::function<void(double)> number_of(const std::string& section, const std::string& key) {
        const auto to = [](auto& field) { return [&field](double v) { field = v; }; };
        auto& l = into_.limits;
        if (section == "printer") {
            if (key == "max_velocity") return to(l.max_velocity);
            if (key == "max_accel") return to(l.max_accel);
            if (key == "max_z_velocity") return to(l.max_z_velocity);
            if (key == "max_z_accel") return to(l.max_z_accel);
            if (key == "minimum_cruise_ratio") return to(l.minimum_cruise_ratio);
            if (key == "square_corner_velocity") return to(l.square_corner_velocity);
        }
        if (motor_config* m = motor(section)) {
            if (key == "rotation_distance") return to(m->rotation_distance);
            if (key == "step_pulse_duration") return to(m->pulse);
            if (key == "microsteps") return [m](double v) { m->microsteps = static_cast<int>(v); };
            if (key == "full_steps_per_rotation") return [m](double v) { m->full_steps = static_cast<int>(v); };
            if (m->is_manual()) {
                if (key == "velocity") return to(m->velocity);
                if (key == "accel") return to(m->accel);
                if (key == "position_min") return to(m->min);
                if (key == "position_max") return to(m->max);
                if (key == "position_endstop") return to(m->endstop);
                if (key == "homing_speed") return to(m->homing_speed);
            }
        }
        if (axis_config* a = axis_of_section(section)) {
            if (key == "homing_retract_dist") return to(a->retract);
            if (key == "homing_retract_speed") return to(a->retract_speed);
            if (key == "second_homing_speed") return to(a->slower);
            if (key == "position_min") return to(a->min);
            if (key == "position_max") return to(a->max);
            if (key == "position_endstop") return to(a->endstop);
            if (key == "homing_speed") return to(a->homing_speed);
        }
        if (section == "safe_z_home") {
            if (key == "z_hop") return to(into_.safe_z->z_hop);
            if (key == "z_hop_speed") return to(into_.safe_z->z_hop_speed);
            if (key == "speed") return to(into_.safe_z->speed);
        }
        for (std::size_t i = 0; i < 3; ++i)
            if (section == "homing_override" && key == fmt::format("set_position_{}", "xyz"[i]))
                return to(into_.homing_override->position[i]);
        if (section.starts_with("delayed_gcode ") && key == "initial_duration")
            return to(into_.delayed.back().initial_duration);
        if (section.starts_with("skew_correction ")) {
            skew_profile& profile = into_.skew_profiles[section.substr(16)];
            if (key == "xy_skew") return to(profile.xy);
            if (key == "xz_skew") return to(profile.xz);
            if (key == "yz_skew") return to(profile.yz);
        }
        if (section == "gcode_arcs" && key == "resolution") return to(l.arc_resolution);
        if (section == "pause_resume" && key == "recover_velocity") return to(into_.recover_velocity);
        if (section == "idle_timeout" && key == "timeout") return to(into_.idle_timeout);
        return {};
    }

    result<void> macro(const cfg_section& s) {
        macro_config m{.name = s.name.substr(12), .gcode = {}};
        for (char& c : m.name)
            if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
        bool has_gcode = false;
        for (const auto& o : s.options) {
            if (o.key == "gcode") {
                KF_CHECK(template_of(o));
                m.gcode = o.value;
                has_gcode = true;
            } else if (o.key == "rename_existing") {
                m.renames = o.value;
            } else if (o.key.starts_with("variable_")) {
                m.variables.emplace_back(o.key.substr(9), o.value);
            } else if (o.key == "description") {
                m.description = o.value;
            } else {
                return wrong(o.line, fmt::format("Option '{}' is not valid in section '{}'", o.key, s.name));
            }
        }
        if (!has_gcode) return refused(s.line, fmt::format("Option 'gcode' in section '{}' must be specified", s.name));
        into_.add(s.name);
        if (const macro_config* before = into_.macro(m.name); before != nullptr && m.renames.empty())
            m.renames = before->renames; // a second section of a name goes over the first, option by option
        std::erase_if(into_.macros, [&](const macro_config& old) { return old.name == m.name; });
        into_.macros.push_back(std::move(m));
        return {};
    }

    /// What render() does not understand is found before the printer starts.
    result<void> template_of(const cfg_option& o) const {
        if (const auto text = render(o.value, {}); !text)
            return wrong(o.line, fmt::format("the simulated printer cannot evaluate: {}", text.error()));
        return {};
    }

    const std::string& file_;
    printer_config& into_;
};

} // namespace detail

inline result<void> read_printer_cfg(std::string_view text, const std::string& name, printer_config& into) {
    return detail::cfg_reader(name, into).read(text);
}

} // namespace kf::sim
