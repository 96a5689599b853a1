// SPDX-License-Identifier: MIT
#pragma once
/// A printer.cfg, from its file or as a running Klipper has it, against machine.yaml: every number and pin that is not
/// the machine's, and every section that moves, bends or pauses by itself.

#include <kf/cal/printer_cfg_file.hpp>
#include <kf/cal/printer_cfg_pins.hpp>
#include <kf/cal/printer_cfg_settings.hpp>
#include <kf/cal/quiet_sections.hpp>
#include <kf/io/ascii.hpp>
#include <kf/io/decimal.hpp>
#include <kf/klippy/settings.hpp>
#include <kf/machine/machine.hpp>
#include <kf/run/macros.hpp>
#include <kf/run/preflight.hpp>

#include <boost/json.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kf::cal {

namespace json = boost::json;

struct cfg_findings {
    std::vector<std::string> differs = {}; ///< from machine.yaml
    std::vector<std::string> moves = {};   ///< "[safe_z_home]: moves inside of G28"
    std::vector<std::string> advice = {};  ///< what a plotter wants otherwise, though it can work with it

    [[nodiscard]] bool fits() const noexcept { return differs.empty() && moves.empty(); }
};

/// `sections` is configfile.settings. With kinematics none the motors of a bring-up file, [manual_stepper stepper_x],
/// stand for those of the axes.
[[nodiscard]] inline cfg_findings check_printer_cfg(const machine::machine& m, json::object sections);

/// The same of a file, and what Klipper would not load of it.
[[nodiscard]] inline cfg_findings check_printer_cfg(const machine::machine& m,
                                                    const std::vector<klippy::cfg_section>& sections) {
    cfg_findings found = check_printer_cfg(m, settings_of(sections));
    for (auto& faults : {unreadable_options(sections), pins_used_twice(sections)})
        found.differs.insert(found.differs.end(), faults.begin(), faults.end());
    return found;
}

namespace detail {

class cfg_check {
    const machine::machine& m_;
    const klippy::settings& s_;
    cfg_findings& found_;

    void differs(std::string_view ours, std::string_view our_value, const std::string& section, std::string_view option,
                 std::string_view value, std::string_view why = "") const {
        found_.differs.push_back(fmt::format("{}: machine.yaml has {}, [{}] {} is {}.{}{}", ours, our_value, section,
                                             option, value, why.empty() ? "" : " ", why));
    }
    /// How the driver of a motor is wired, and where.
    void motor(char axis, std::size_t nth, const std::string& section) const {
        const motor_pins known = pins_of_motor(m_, axis, nth);
        const std::string slot = fmt::format("axes.{}.octopus_slot", axis);
        const bool inverted = enable_is_inverted(m_, known);
        if (const auto pin = s_.text(section, "enable_pin"); pin && is_inverted(*pin) != inverted)
            differs("steppers.enable_pin_inverted", inverted ? "true" : "false", section, "enable_pin", *pin,
                    "The driver would never be switched on.");
        else if (!pin && !known.enable.empty())
            differs(slot, known.enable, section, "enable_pin", "not there", "Nothing would switch the driver.");
        if (const auto pulse = s_.number(section, "step_pulse_duration"); m_.steppers.step_pulse_duration_s > 0) {
            const double ours = m_.steppers.step_pulse_duration_s;
            if (!pulse || std::fabs(*pulse - ours) > ours * 1e-6)
                differs("steppers.step_pulse_duration_s", io::to_decimal(ours, 9), section, "step_pulse_duration",
                        pulse ? io::to_decimal(*pulse, 9) : "not there",
                        pulse && *pulse > ours ? ""
                                               : "A shorter pulse is lost on the way to the driver: the motor hums.");
        }
        const std::array<std::pair<const char*, const std::string*>, 3> pins{
            {{"step_pin", &known.step}, {"dir_pin", &known.dir}, {"enable_pin", &known.enable}}};
        for (const auto& [option, ours] : pins) {
            const auto theirs = s_.text(section, option);
            if (!theirs || ours->empty()) continue;
            if (bare_pin(*theirs) != bare_pin(*ours))
                differs(slot, *ours, section, option, *theirs);
            else if (ours != &known.enable && is_inverted(*theirs) != is_inverted(*ours))
                found_.advice.push_back(
                    fmt::format("[{}] {} is {}, {} of machine.yaml has {}: {}. If that is right, write the slot as "
                                "\"NAME (STEP, DIR, ENABLE)\" with its !",
                                section, option, *theirs, slot, *ours,
                                ours == &known.dir ? "the motor turns the other way" : "each pulse is turned over"));
        }
    }
    /// Where the machine is when it is homed, and how fast it goes there.
    void homing(char axis, const std::string& section) const {
        const auto low = s_.position_min(axis), high = s_.position_max(axis), at = s_.position_endstop(axis);
        const auto side = axis_of(m_, axis).homing_side;
        if (side && high && at) {
            const bool up = *side == machine::axis::side::max;
            const mm near = up ? *high : low.value_or(0), far = up ? low.value_or(0) : *high;
            if (std::fabs(*at - far) < std::fabs(*at - near))
                differs(fmt::format("axes.{}.homing_side", axis), up ? "max" : "min", section, "position_endstop",
                        io::to_decimal(*at), "That is at the other end.");
            else if (std::fabs(*at - near) > 1e-6)
                found_.advice.push_back(fmt::format("[{}] position_endstop is {}, {} mm from the end of the way at {}: "
                                                    "right when the switch is there",
                                                    section, io::to_decimal(*at), io::to_decimal(std::fabs(*at - near)),
                                                    io::to_decimal(near)));
        }
        const mm_per_s ours = homing_speed_of(m_, axis);
        const auto speed = s_.number(section, "homing_speed"), again = s_.number(section, "second_homing_speed");
        // Z may go as slowly as it likes towards the paper.
        if (speed && (axis == 'z' ? *speed > ours + 1e-6 : std::fabs(*speed - ours) > 1e-6))
            differs("motion.homing_speed_mm_s", io::to_decimal(ours), section, "homing_speed", io::to_decimal(*speed));
        if (again && *again > ours + 1e-6)
            differs("motion.homing_speed_mm_s", io::to_decimal(ours), section, "second_homing_speed",
                    io::to_decimal(*again));
    }
    void endstop(char axis, std::size_t nth, const std::string& section) const {
        const auto theirs = s_.text(section, "endstop_pin");
        const auto ours = endstop_pin_of(m_, axis, nth);
        const std::string field = fmt::format("axes.{}.endstop_pin", axis);
        if (ours && !theirs) differs(field, *ours, section, "endstop_pin", "not there");
        if (nth > 0 && !ours && theirs) differs(field, "one endstop", section, "endstop_pin", *theirs);
        if (!ours || !theirs) return;
        if (bare_pin(*ours) != bare_pin(*theirs)) differs(field, *ours, section, "endstop_pin", *theirs);
        const auto& type = axis_of(m_, axis).endstop_type;
        if (endstop_modifiers(type) && is_inverted(*ours) != is_inverted(*theirs))
            differs(fmt::format("axes.{}.endstop_type", axis), *type, section, "endstop_pin", *theirs,
                    fmt::format("Klipper takes a high pin for triggered: it should be {}.", *ours));
        if (endstop_modifiers(type) && theirs->find('^') == std::string::npos)
            found_.advice.push_back(fmt::format(
                "[{}] endstop_pin {} has no pull-up (^): an open switch to ground reads anything", section, *theirs));
    }

  public:
    cfg_check(const machine::machine& m, const klippy::settings& s, cfg_findings& found)
      : m_(m)
      , s_(s)
      , found_(found) {}

    void numbers() const {
        const auto compared = run::compare_settings(m_, s_);
        if (compared) return;
        std::string_view lines = compared.error().cause;
        while (!lines.empty()) {
            const auto end = std::min(lines.find('\n'), lines.size());
            found_.differs.emplace_back(lines.substr(0, end));
            lines.remove_prefix(std::min(end + 1, lines.size()));
        }
    }
    void motors() const {
        for (const char axis : {'x', 'y', 'z'}) {
            const auto wanted = stepper_sections(axis, axis_of(m_, axis));
            std::size_t there = 0;
            for (std::string section = wanted.front(); s_.has_section(section);
                 section = fmt::format("stepper_{}{}", axis, there)) {
                if (axis != 'z' || m_.steppers.z_rotation_distance) motor(axis, there, section);
                endstop(axis, there, section);
                ++there;
            }
            if (there != 0 && there != wanted.size())
                found_.differs.push_back(fmt::format("axes.{}.motors: machine.yaml has {}, printer.cfg has {}.", axis,
                                                     wanted.size(), there));
            if (s_.has_section(wanted.front())) homing(axis, wanted.front());
        }
    }
    void files() const {
        const auto path = s_.gcode_directory();
        if (path && path->starts_with('/') && *path != m_.gcode_directory)
            differs("file_execution.gcode_directory", m_.gcode_directory, "virtual_sdcard", "path", *path);
        if (s_.kinematics() == "none") {
            found_.advice.emplace_back("kinematics is none: for the bring-up of motors; nothing homes, nothing draws");
            return;
        }
        if (const auto kind = s_.kinematics(); kind && *kind != "cartesian")
            differs("axes", "a motor for each axis, cartesian", "printer", "kinematics", *kind);
        for (const std::string& text : run::advice(m_, s_)) found_.advice.push_back(text);
        if (!s_.has_section("gcode_arcs"))
            found_.advice.emplace_back("there is no [gcode_arcs]: circles and arcs are drawn as lines");
        for (const machine::tool& t : m_.tools)
            if (const auto ours = tool_macro(m_, t); !s_.has_section(fmt::format("gcode_macro {}", ours.name)))
                found_.advice.push_back(
                    fmt::format("there is no {} macro: no drawing needs it, a person at a console may", ours.name));
    }
    /// Whatever is run by a button, by an error, by a timer or inside of another command.
    void movers() const {
        const auto commands = run::read_job_commands(m_, s_);
        for (const std::string& section : commands.foreign)
            found_.moves.push_back(section + ": moves with the pen on the paper when a button or an error runs it");
        for (const std::string& section : commands.outdated)
            found_.differs.push_back(section + ": kplot's, of another machine.yaml or another version.");
        for (const std::string& section : s_.sections()) {
            const std::string type = section.substr(0, section.find(' '));
            if (!is_quiet(type)) {
                found_.moves.push_back(fmt::format("[{}]: {}", section, what_it_does(type)));
                continue;
            }
            if (type == "gcode_macro")
                replaced_command(section);
            else
                gcode_of(section, type);
        }
    }

  private:
    void replaced_command(const std::string& section) const {
        const std::string name = io::to_upper(section.substr(std::string_view("gcode_macro ").size()));
        const std::string shown = fmt::format("[gcode_macro {}]", name);
        for (const machine::tool& t : m_.tools)
            if (const auto ours = tool_macro(m_, t);
                name == ours.name && run::owner_of(s_, ours) == run::macro_owner::outdated)
                found_.differs.push_back(shown + ": kplot's, of another machine.yaml or another version.");
        const std::string renames = io::to_upper(s_.text(section, "rename_existing").value_or(""));
        if (renames.empty() || run::judges(name)) return;
        const std::string gcode = s_.text(section, "gcode").value_or("?");
        if (!run::moves_nothing(s_, gcode, {renames}))
            found_.moves.push_back(fmt::format("{}: moves when Klipper's own {} is called", shown, name));
        else if (io::to_upper(gcode).find(renames) == std::string::npos)
            found_.advice.push_back(
                fmt::format("{} takes the place of Klipper's own {} and never calls it", shown, name));
    }
    /// The scripts of a section that is quiet but for them.
    void gcode_of(const std::string& section, const std::string& type) const {
        for (const char* option : {"gcode", "press_gcode", "release_gcode", "runout_gcode", "insert_gcode",
                                   "activate_gcode", "deactivate_gcode", "off_gcode", "wait_gcode"}) {
            const auto text = s_.text(section, option);
            if (!text) continue;
            // The motors go off: that is what idle_timeout is for.
            std::vector<std::string> also;
            if (type == "idle_timeout") also = {"M84", "M18"};
            if (run::moves_nothing(s_, *text, also)) continue;
            std::string when = fmt::format("{} moves", option);
            if (type == "delayed_gcode") {
                const double after = s_.number(section, "initial_duration").value_or(0);
                when = after > 0 ? fmt::format("moves {} s after every start of Klipper", io::to_decimal(after))
                                 : "moves when something calls UPDATE_DELAYED_GCODE";
            } else if (type == "idle_timeout")
                when = "moves when nothing has happened for a while";
            else if (type == "gcode_button")
                when = fmt::format("{} moves when its button is used", option);
            found_.moves.push_back(fmt::format("[{}]: {}", section, when));
        }
    }
};

} // namespace detail

inline cfg_findings check_printer_cfg(const machine::machine& m, json::object sections) {
    json::object axes;
    constexpr std::string_view manual = "manual_stepper ";
    const klippy::settings as_written(sections);
    for (auto& [name, value] : sections) {
        const bool stands_for_axis = as_written.kinematics() == "none" && name.starts_with("manual_stepper stepper_");
        const std::string_view own(name);
        axes[stands_for_axis ? own.substr(manual.size()) : own] = std::move(value);
    }
    const klippy::settings s(std::move(axes));
    cfg_findings found;
    const detail::cfg_check check(m, s, found);
    check.numbers();
    check.motors();
    check.files();
    check.movers();
    return found;
}

} // namespace kf::cal
