// SPDX-License-Identifier: MIT
#pragma once
/// printer.cfg out of machine.yaml: one whole file that Klipper and Kalico load, every number of it from the machine.
/// What is not known (a pin, the board's serial name) stands there as CHANGE_ME, which Klipper refuses by name. As long
/// as Z has no pins the file is one for bring-up: cartesian kinematics demands a Z, so `kinematics: none` and each
/// motor a manual_stepper. Spec: https://www.klipper3d.org/Config_Reference.html

#include <kf/cal/printer_cfg_pins.hpp>
#include <kf/io/ascii.hpp>
#include <kf/io/decimal.hpp>
#include <kf/machine/machine.hpp>
#include <kf/run/macros.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kf::cal {

inline constexpr std::string_view not_known = "CHANGE_ME";

struct printer_cfg_request {
    enum class kinematics { automatic, cartesian, none }; ///< automatic: cartesian as soon as all of Z is known
    kinematics which = kinematics::automatic;
    std::string serial = {}; ///< of [mcu]: /dev/serial/by-id/...
    told_pins pins = {};
};

struct printer_cfg {
    std::string text;
    bool cartesian = false;
    std::vector<std::string> missing = {}; ///< "stepper_z.step_pin": what stands there as CHANGE_ME
    std::vector<std::string> for_z = {};   ///< of a bring-up file: what cartesian would lack
    std::vector<std::string> notes = {};   ///< what a person should know of it
};

/// The section of a tool's macro: "TOOL_PEN".
[[nodiscard]] inline std::string tool_macro_name(const machine::tool& t) {
    std::string out = "TOOL_";
    for (const char c : io::to_upper(t.name)) out += (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ? c : '_';
    return out;
}

[[nodiscard]] inline run::printed_macro tool_macro(const machine::machine& m, const machine::tool& t) {
    return {tool_macro_name(t), "", run::lift_template(m)};
}

/// The macros of the tools, for a person at a console: they lift and select nothing, since every drawing says its tool
/// itself.
[[nodiscard]] inline std::string tool_macros(const machine::machine& m) {
    std::string out;
    for (const machine::tool& t : m.tools)
        out += fmt::format("\n[gcode_macro {}]\n"
                           "description: The tools up, before the {} is used\n"
                           "variable_kplot: 1\n"
                           "gcode:\n{}\n",
                           tool_macro_name(t), t.name, run::indented(tool_macro(m, t).gcode));
    return out;
}

namespace detail {

/// Z moves no faster than the tools are lowered and lifted, unless machine.yaml has a limit.
inline mm_per_s z_speed(const machine::machine& m) {
    if (m.motion.max_z_velocity_mm_s) return *m.motion.max_z_velocity_mm_s;
    mm_per_s most = 0;
    for (const machine::tool& t : m.tools) most = std::max({most, t.plunge_feed_mm_s, t.lift()});
    return std::min(most, m.motion.max_velocity_mm_s);
}

} // namespace detail

/// Z is homed no faster than it moves.
[[nodiscard]] inline mm_per_s homing_speed_of(const machine::machine& m, char axis) {
    return axis == 'z' ? std::min(m.motion.homing_speed_mm_s, detail::z_speed(m)) : m.motion.homing_speed_mm_s;
}

namespace detail {

class cfg_writer {
    const machine::machine& m_;
    const printer_cfg_request& request_;
    printer_cfg out_;

    void line(std::string_view key, std::string_view value, std::string_view why = "") {
        const std::string text = fmt::format("{}: {}", key, value);
        out_.text += why.empty() ? text + "\n" : fmt::format("{:<32} # {}\n", text, why);
    }
    void number(std::string_view key, double value, std::string_view why = "") {
        line(key, io::to_decimal(value), why);
    }
    void section(std::string_view name) { out_.text += fmt::format("\n[{}]\n", name); }
    void comment(std::string_view text) { out_.text += fmt::format("# {}\n", text); }

    /// The pin of an option: a person's word, else `known`, else the marker.
    std::string pin(const std::string& stepper, const std::string& option, std::string known,
                    std::vector<std::string>& missing) const {
        const std::string name = stepper + "." + option;
        if (const auto told = request_.pins.find(name); told != request_.pins.end()) return told->second;
        if (!known.empty()) return known;
        missing.push_back(name);
        return std::string(not_known);
    }
    [[nodiscard]] mm rotation(char axis) const { return a_turn_of(m_, axis).value_or(0); }
    [[nodiscard]] std::pair<mm, mm> travel(char axis) const {
        const auto of = [axis](const machine::axis_lengths& l) { return axis == 'x' ? l.x : axis == 'y' ? l.y : l.z; };
        return {of(m_.work_area_min_mm), of(m_.work_area_mm)};
    }

    void motor(char axis, std::size_t nth, const std::string& stepper, std::vector<std::string>& missing) {
        const motor_pins pins = pins_of_motor(m_, axis, nth);
        line("step_pin", pin(stepper, "step_pin", pins.step, missing));
        line("dir_pin", pin(stepper, "dir_pin", pins.dir, missing), "! turns the motor the other way");
        const bool inverted = enable_is_inverted(m_, pins);
        line("enable_pin",
             pin(stepper, "enable_pin",
                 pins.enable.empty() ? "" : fmt::format("{}{}", inverted ? "!" : "", bare_pin(pins.enable)), missing),
             (inverted ? "inverted" : "not inverted") + (m_.steppers.wiring.empty() ? "" : ": " + m_.steppers.wiring));
        const int full = machine::full_steps_per_rev(m_.steppers.motor_type);
        line("microsteps", fmt::format("{}", m_.steppers.klipper_microsteps),
             fmt::format("{} x {} = {} pulses a turn, as the driver has it", full, m_.steppers.klipper_microsteps,
                         full * m_.steppers.klipper_microsteps));
        line("full_steps_per_rotation", fmt::format("{}", full), m_.steppers.motor_type);
        if (rotation(axis) > 0)
            number("rotation_distance", rotation(axis));
        else {
            line("rotation_distance", not_known, "steppers.z_rotation_distance of machine.yaml");
            missing.push_back(stepper + ".rotation_distance");
        }
        if (m_.steppers.step_pulse_duration_s > 0)
            line("step_pulse_duration", io::to_decimal(m_.steppers.step_pulse_duration_s, 9),
                 m_.steppers.driver.empty() ? "" : "wide enough for the " + m_.steppers.driver);
    }
    /// The endstop of a motor. Z gets one in any case: Klipper demands it, wired or not.
    void endstop(char axis, std::size_t nth, const std::string& stepper, std::vector<std::string>& missing) {
        const auto known = endstop_pin_of(m_, axis, nth);
        const bool told = request_.pins.contains(stepper + ".endstop_pin");
        if (nth > 0 && !known && !told) return;
        const auto& type = axis_of(m_, axis).endstop_type;
        std::string why;
        if (!told && !known && axis == 'z')
            why = "a free pin: Klipper demands one, wired or not";
        else if (!told && !endstop_modifiers(type))
            why = "machine.yaml does not say how it switches: look with QUERY_ENDSTOPS";
        else if (type)
            why = *type + ": QUERY_ENDSTOPS says open until it is pressed";
        line("endstop_pin", pin(stepper, "endstop_pin", known.value_or(""), missing), why);
    }
    void range(char axis) {
        const auto [low, high] = travel(axis);
        const bool up = axis_of(m_, axis).homing_side == machine::axis::side::max;
        number("position_min", low);
        number("position_max", high);
        number("position_endstop", up ? high : low);
        line("homing_positive_dir", up ? "true" : "false");
        number("homing_speed", homing_speed_of(m_, axis));
    }

    void head() {
        comment("printer.cfg, written by kcal printer-cfg out of machine.yaml. Change the");
        comment("machine there and write this file anew; --check FILE names what differs.");
        if (!out_.cartesian) {
            comment("For the bring-up of the motors: kinematics none, each motor a manual_stepper,");
            comment("nothing homes or draws. For a file that draws, Z lacks:");
            for (const std::string& lack : out_.for_z) comment("    " + lack);
        }
        section("mcu");
        if (request_.serial.empty()) {
            line("serial", not_known, "ls /dev/serial/by-id/");
            out_.missing.emplace_back("mcu.serial");
        } else
            line("serial", request_.serial);
        section("printer");
        line("kinematics", out_.cartesian ? "cartesian" : "none");
        number("max_velocity", m_.motion.max_velocity_mm_s, "mm/s");
        number("max_accel", m_.motion.max_accel_mm_s2, "mm/s2");
        if (out_.cartesian) {
            number("max_z_velocity", z_speed(m_),
                   m_.motion.max_z_velocity_mm_s ? "mm/s" : "mm/s, as fast as the tools are lowered and lifted");
            if (m_.motion.max_z_accel_mm_s2) number("max_z_accel", *m_.motion.max_z_accel_mm_s2, "mm/s2");
        }
        if (m_.motion.square_corner_velocity_mm_s)
            number("square_corner_velocity", *m_.motion.square_corner_velocity_mm_s, "mm/s");
    }
    void axis_of_cartesian(char axis) {
        const machine::axis& a = axis_of(m_, axis);
        out_.text += fmt::format("\n# {}: {}\n", io::to_upper(axis), a.octopus_slot.empty() ? "?" : a.octopus_slot);
        const auto steppers = stepper_sections(axis, a);
        bool each_homes = steppers.size() > 1;
        for (std::size_t i = 1; i < steppers.size(); ++i)
            each_homes =
                each_homes && (endstop_pin_of(m_, axis, i) || request_.pins.contains(steppers[i] + ".endstop_pin"));
        if (steppers.size() > 1 && !each_homes)
            out_.notes.push_back(
                fmt::format("{} has {} motors and one endstop: the gantry is not squared by homing, and what squares "
                            "it is lost when the motors go off. A second endstop makes Klipper home each motor by "
                            "itself: axes.{}.endstop_pin: \"DIAG1 (PG9) + NAME (PIN)\".",
                            io::to_upper(axis), steppers.size(), axis));
        if (axis == 'z' && !a.endstop_pin) free_endstop_of_z();
        for (std::size_t i = 0; i < steppers.size(); ++i) {
            if (i != 0) comment(each_homes ? "homed by itself, against its own endstop" : "goes with the first motor");
            out_.text += fmt::format("[{}]\n", steppers[i]);
            motor(axis, i, steppers[i], out_.missing);
            endstop(axis, i, steppers[i], out_.missing);
            if (i == 0) range(axis);
            if (i + 1 < steppers.size()) out_.text += '\n';
        }
    }
    /// Klipper wants a pin for it, and G28 Z or a button "home all" would believe that pin.
    void free_endstop_of_z() {
        comment("No switch is wired to Z: home X and Y alone, kplot touch-off tells where Z is.");
        comment("Open, the pin has to read as pressed (^ without !), so that G28 Z fails at once.");
        const auto told = request_.pins.find("stepper_z.endstop_pin");
        if (told == request_.pins.end() || told->second.find('!') == std::string::npos) return;
        out_.notes.push_back(
            fmt::format("stepper_z.endstop_pin {}: machine.yaml has no switch there. With the ! an open "
                        "pin reads as not pressed, and G28 Z drives Z to its end, into the paper. "
                        "Leave the ! out, or name the switch: axes.z.endstop_pin.",
                        told->second));
    }
    void manual_motors(char axis) {
        const auto steppers = stepper_sections(axis, axis_of(m_, axis));
        for (std::size_t i = 0; i < steppers.size(); ++i) {
            section("manual_stepper " + steppers[i]);
            motor(axis, i, steppers[i], out_.missing);
            if (axis != 'z' || endstop_pin_of(m_, axis, i) || request_.pins.contains(steppers[i] + ".endstop_pin"))
                endstop(axis, i, steppers[i], out_.missing);
            number("velocity", a_turn_of(m_, axis).value_or(m_.steppers.xy_rotation_distance) / 4,
                   "mm/s, a quarter of a turn a second");
            number("accel", 100, "mm/s2");
        }
    }
    [[nodiscard]] bool z_motor_known() const {
        std::vector<std::string> missing;
        cfg_writer probe(m_, request_);
        probe.motor('z', 0, "stepper_z", missing);
        return missing.empty();
    }
    /// All that a cartesian file would lack of Z.
    [[nodiscard]] std::vector<std::string> lacks_of_z() const {
        std::vector<std::string> missing;
        cfg_writer probe(m_, request_);
        const auto steppers = stepper_sections('z', m_.axes.z);
        for (std::size_t i = 0; i < steppers.size(); ++i) {
            probe.motor('z', i, steppers[i], missing);
            probe.endstop('z', i, steppers[i], missing);
        }
        return missing;
    }
    void modules() {
        out_.text += "\n# G2 and G3, fine enough for a pen.\n[gcode_arcs]\nresolution: 0.1\n";
        out_.text += "\n# Only the motors go off, nothing moves. With them go homing, the height of Z,\n"
                     "# and what squared the gantry.\n[idle_timeout]\ntimeout: 1800\ngcode:\n    M84\n";
        if (!out_.cartesian) {
            out_.text += "\n[force_move]\nenable_force_move: True\n";
            return;
        }
        out_.text += "\n" + run::macro_sections(m_);
        out_.text += "\n# No pump, no servo and no valve is configured here, so none can be left open:\n"
                     "# operations that spray are refused.\n";
        out_.text += tool_macros(m_).substr(1);
    }

  public:
    cfg_writer(const machine::machine& m, const printer_cfg_request& request)
      : m_(m)
      , request_(request) {}

    /// The motors of one axis alone.
    std::string manual_sections(char axis) {
        manual_motors(axis);
        return out_.text.substr(1);
    }
    printer_cfg write() {
        using kinematics = printer_cfg_request::kinematics;
        const auto lacks = lacks_of_z();
        out_.cartesian =
            request_.which == kinematics::cartesian || (request_.which == kinematics::automatic && lacks.empty());
        if (!out_.cartesian) out_.for_z = lacks;
        head();
        if (out_.cartesian)
            for (const char axis : {'x', 'y', 'z'}) axis_of_cartesian(axis);
        else
            for (const char axis : {'x', 'y', 'z'})
                if (axis != 'z' || z_motor_known()) manual_motors(axis);
        modules();
        if (const auto read = klippy::read_cfg_text(out_.text, "printer.cfg"))
            for (std::string& twice : pins_used_twice(*read)) out_.notes.push_back(std::move(twice));
        return std::move(out_);
    }
};

} // namespace detail

/// [manual_stepper] of each motor of an axis, for bring-up.
[[nodiscard]] inline std::string manual_stepper_sections(const machine::machine& m, char axis,
                                                         const printer_cfg_request& request) {
    return detail::cfg_writer(m, request).manual_sections(axis);
}

/// The machine has passed machine::validate().
[[nodiscard]] inline printer_cfg make_printer_cfg(const machine::machine& m, const printer_cfg_request& request) {
    return detail::cfg_writer(m, request).write();
}

} // namespace kf::cal
