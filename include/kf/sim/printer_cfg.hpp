// SPDX-License-Identifier: MIT
#pragma once
/// A printer.cfg for the simulated printer: what `kplot machine macros` prints can be given to it as it would be pasted
/// into the real one. It knows the sections and options that the simulated machine has and refuses every other with its
/// line. Spec: https://www.klipper3d.org/Config_Reference.html

#include <kf/error.hpp>
#include <kf/io/ascii.hpp>
#include <kf/io/decimal.hpp>
#include <kf/klippy/cfg_text.hpp>
#include <kf/sim/macro_template.hpp>
#include <kf/sim/printer_config.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>

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
        for (const auto& s : sections) KF_CHECK(take(s));
        return {};
    }

  private:
    [[nodiscard]] std::unexpected<error> wrong(int line, std::string_view what) const {
        return kf::fail(errc::malformed, fmt::format("{}:{}: {}", file_, line, what));
    }

    result<void> take(const cfg_section& s) {
        if (s.name.starts_with("gcode_macro ")) return macro(s);
        if (s.name.starts_with("delayed_gcode ")) into_.delayed.push_back({s.name.substr(14)});
        if (s.name == "safe_z_home") into_.safe_z.emplace();
        if (s.name == "homing_override") into_.homing_override.emplace();
        if (s.name == "skew_correction") into_.has_skew_correction = true;
        if (s.name == "endstop_phase") into_.has_endstop_phase = true;
        if (s.name == "gcode_arcs") into_.limits.arc_resolution = 1;
        for (const auto& o : s.options) {
            KF_TRY(const bool known, option(s.name, o));
            if (!known) return wrong(o.line, fmt::format("Option '{}' is not valid in section '{}'", o.key, s.name));
        }
        for (const char* bare : {"printer", "stepper_x", "stepper_y", "stepper_z", "virtual_sdcard", "pause_resume",
                                 "idle_timeout", "force_move", "respond", "display_status", "safe_z_home",
                                 "homing_override", "skew_correction", "endstop_phase", "gcode_arcs"})
            if (s.name == bare) return {};
        if (s.name.starts_with("delayed_gcode ") || s.name.starts_with("skew_correction ")) return {};
        return wrong(s.line, fmt::format("the simulated printer has no [{}]", s.name));
    }

    result<bool> option(const std::string& section, const cfg_option& o) {
        if (const auto number = number_of(section, o.key)) {
            const auto v = io::parse_decimal(o.value);
            if (!v) return wrong(o.line, fmt::format("Unable to parse option '{}' in section '{}'", o.key, section));
            number(*v);
            return true;
        }
        if (std::string* text = gcode_of(section, o.key)) {
            KF_CHECK(template_of(o));
            *text = o.value;
        } else if (section == "safe_z_home" && o.key == "home_xy_position") {
            const std::size_t comma = std::min(o.value.find(','), o.value.size());
            const auto x = io::parse_decimal(io::trim(o.value.substr(0, comma)));
            const auto y = io::parse_decimal(io::trim(o.value.substr(std::min(comma + 1, o.value.size()))));
            if (!x || !y) return wrong(o.line, "Unable to parse option 'home_xy_position' in section 'safe_z_home'");
            into_.safe_z->at = {*x, *y};
        } else if (section == "safe_z_home" && o.key == "move_to_previous") {
            into_.safe_z->move_to_previous = o.is_yes();
        } else if (section == "homing_override" && o.key == "axes") {
            into_.homing_override->axes = io::to_lower(o.value);
        } else if (o.key == "homing_positive_dir" && axis_of(section) < 3) {
            into_.axes[axis_of(section)].homes_upwards = o.is_yes();
        } else if (section == "virtual_sdcard" && o.key == "path") {
            into_.gcodes = o.value;
        } else if (section == "force_move" && o.key == "enable_force_move") {
            if (!o.is_yes()) return wrong(o.line, "the simulated printer always has force_move");
        } else if (section != "printer" || o.key != "kinematics" || o.value != "cartesian") {
            return false;
        }
        return true;
    }

    /// 3 when it is no stepper's section.
    static std::size_t axis_of(const std::string& section) {
        std::size_t i = 0;
        while (i < 3 && section != axis_steppers[i]) ++i;
        return i;
    }

    /// Where an option's G-code goes; nothing when it is none.
    std::string* gcode_of(const std::string& section, const std::string& key) {
        if (section == "virtual_sdcard" && key == "on_error_gcode") return &into_.on_error_gcode;
        if (key != "gcode") return nullptr;
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
        if (const std::size_t i = axis_of(section); i < 3) {
            axis_config& a = into_.axes[i];
            if (key == "homing_retract_dist") return to(a.retract);
            if (key == "position_min") return to(a.min);
            if (key == "position_max") return to(a.max);
            if (key == "position_endstop") return to(a.endstop);
            if (key == "homing_speed") return to(a.homing_speed);
            if (key == "rotation_distance") return to(a.rotation_distance);
            if (key == "microsteps") return [&a](double v) { a.microsteps = static_cast<int>(v); };
            if (key == "full_steps_per_rotation") return [&a](double v) { a.full_steps = static_cast<int>(v); };
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
            } else if (o.key != "description") {
                return wrong(o.line, fmt::format("Option '{}' is not valid in section '{}'", o.key, s.name));
            }
        }
        if (!has_gcode) return wrong(s.line, fmt::format("Option 'gcode' in section '{}' must be specified", s.name));
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
