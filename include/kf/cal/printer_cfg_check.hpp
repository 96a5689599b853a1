// SPDX-License-Identifier: MIT
#pragma once
/// A printer.cfg, from its file or as a running Klipper has it, against machine.yaml: every number and pin that is not
/// the machine's, and every section that moves, bends or pauses by itself.

#include <kf/cal/printer_cfg_pins.hpp>
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
    static std::string_view bare(std::string_view pin) {
        return pin.substr(std::min(pin.find_first_not_of("^~! "), pin.size()));
    }

    /// How the driver of a motor is wired, and where.
    void motor(char axis, std::size_t nth, const std::string& section) const {
        if (const auto pin = s_.text(section, "enable_pin");
            pin && (pin->find('!') != std::string::npos) != m_.steppers.enable_pin_inverted)
            differs("steppers.enable_pin_inverted", m_.steppers.enable_pin_inverted ? "true" : "false", section,
                    "enable_pin", *pin, "The driver would never be switched on.");
        if (const auto pulse = s_.number(section, "step_pulse_duration"); m_.steppers.step_pulse_duration_s > 0) {
            const double ours = m_.steppers.step_pulse_duration_s;
            if (!pulse || std::fabs(*pulse - ours) > ours * 1e-6)
                differs("steppers.step_pulse_duration_s", io::to_decimal(ours, 9), section, "step_pulse_duration",
                        pulse ? io::to_decimal(*pulse, 9) : "not there",
                        pulse && *pulse > ours ? ""
                                               : "A shorter pulse is lost on the way to the driver: the motor hums.");
        }
        const motor_pins known = pins_of_motor(m_, axis, nth);
        const std::array<std::pair<const char*, const std::string*>, 3> pins{
            {{"step_pin", &known.step}, {"dir_pin", &known.dir}, {"enable_pin", &known.enable}}};
        for (const auto& [option, ours] : pins)
            if (const auto theirs = s_.text(section, option); theirs && !ours->empty() && bare(*theirs) != bare(*ours))
                differs(fmt::format("axes.{}.octopus_slot", axis), *ours, section, option, *theirs);
    }
    void endstop(char axis, std::size_t nth, const std::string& section) const {
        const auto theirs = s_.text(section, "endstop_pin");
        const auto ours = endstop_pin_of(m_, axis, nth);
        const std::string field = fmt::format("axes.{}.endstop_pin", axis);
        if (ours && !theirs) differs(field, *ours, section, "endstop_pin", "not there");
        if (nth > 0 && !ours && theirs) differs(field, "one endstop", section, "endstop_pin", *theirs);
        if (!ours || !theirs) return;
        if (bare(*ours) != bare(*theirs)) differs(field, *ours, section, "endstop_pin", *theirs);
        const auto& type = axis_of(m_, axis).endstop_type;
        const auto inverted = [](std::string_view pin) { return pin.find('!') != std::string_view::npos; };
        if (endstop_modifiers(type) && inverted(*ours) != inverted(*theirs))
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
            const auto speed = s_.number(wanted.front(), "homing_speed");
            if (axis != 'z' && speed && std::fabs(*speed - m_.motion.homing_speed_mm_s) > 1e-6)
                differs("motion.homing_speed_mm_s", io::to_decimal(m_.motion.homing_speed_mm_s), wanted.front(),
                        "homing_speed", io::to_decimal(*speed));
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
        for (const std::string& text : run::advice(m_, s_)) found_.advice.push_back(text);
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
                replaced_command(section, commands);
            else
                gcode_of(section, type);
        }
    }

  private:
    void replaced_command(const std::string& section, const run::job_commands& commands) const {
        const std::string renames = io::to_upper(s_.text(section, "rename_existing").value_or(""));
        if (renames.empty() || run::moves_nothing(s_.text(section, "gcode").value_or("?"), {renames})) return;
        const std::string shown = fmt::format("[gcode_macro {}]", io::to_upper(section.substr(12)));
        const auto told = [&](const std::vector<std::string>& list) {
            return std::find(list.begin(), list.end(), shown) != list.end();
        };
        const bool ours = commands.ours && s_.has_option(section, "variable_kplot");
        if (!ours && !told(commands.foreign) && !told(commands.outdated))
            found_.moves.push_back(
                fmt::format("{}: moves when Klipper's own {} is called", shown, io::to_upper(section.substr(12))));
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
            if (run::moves_nothing(*text, also)) continue;
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
