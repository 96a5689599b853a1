// SPDX-License-Identifier: MIT
#include <kf/cal/printer_cfg_check.hpp>
#include <kf/cal/printer_cfg_file.hpp>
#include <kf/cal/printer_cfg_settings.hpp>
#include <kf/klippy/cfg_text.hpp>
#include <kf/machine/machine_file.hpp>

#include <boost/test/unit_test.hpp>

#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace printer_cfg_of_machine_test {

using namespace kf;

using options = std::map<std::string, std::string>;

/// The sections of a text, each with its options, as Klipper's reader has them.
std::map<std::string, options> sections(const std::string& text) {
    const auto read = klippy::read_cfg_text(text, "printer.cfg");
    BOOST_REQUIRE(read);
    std::map<std::string, options> out;
    for (const auto& s : *read)
        for (const auto& o : s.options) out[s.name][o.key] = o.value;
    return out;
}

/// The machine of the template with a Z that is wired: pins in the slot's parentheses, a pin for its endstop told.
machine::machine wired() {
    machine::machine m = machine::sim_machine();
    m.steppers.z_rotation_distance = 8;
    m.axes.z.octopus_slot = "Motor 4 (PF9, PF10, PG2)";
    return m;
}
cal::printer_cfg_request with_pins(std::initializer_list<const char*> words) {
    cal::printer_cfg_request r;
    for (const char* word : words) BOOST_REQUIRE(cal::tell_pin(word, r.pins));
    return r;
}
cal::printer_cfg whole() { return cal::make_printer_cfg(wired(), with_pins({"stepper_z.endstop_pin=^PG10"})); }

cal::cfg_findings check(const machine::machine& m, const std::string& text) {
    const auto read = klippy::read_cfg_text(text, "printer.cfg");
    BOOST_REQUIRE(read);
    return cal::check_printer_cfg(m, *read);
}
bool names(const std::vector<std::string>& lines, const std::string& part) {
    return std::any_of(lines.begin(), lines.end(),
                       [&](const std::string& l) { return l.find(part) != std::string::npos; });
}

BOOST_AUTO_TEST_SUITE(printer_cfg_of_machine)

BOOST_AUTO_TEST_CASE(row_e_a_wired_machine_gets_the_gantry_of_the_plan) {
    const auto made = whole();
    BOOST_TEST(made.cartesian);
    BOOST_TEST(made.missing == std::vector<std::string>{"mcu.serial"}, boost::test_tools::per_element());
    auto s = sections(made.text);
    BOOST_TEST(s["printer"]["kinematics"] == "cartesian");
    BOOST_TEST(s["printer"]["max_velocity"] == "80");
    BOOST_TEST(s["printer"]["max_accel"] == "3000");
    // Section 13 of the plan, and what its text says of it: 400 steps a turn, the switch to ground.
    const std::map<std::string, options> motors{
        {"stepper_y", {{"step_pin", "PF13"}, {"dir_pin", "PF12"}, {"enable_pin", "PF14"}}},
        {"stepper_x", {{"step_pin", "PF11"}, {"dir_pin", "PG3"}, {"enable_pin", "PG5"}}},
        {"stepper_x1", {{"step_pin", "PG4"}, {"dir_pin", "PC1"}, {"enable_pin", "PA0"}}},
        {"stepper_z", {{"step_pin", "PF9"}, {"dir_pin", "PF10"}, {"enable_pin", "PG2"}}}};
    for (const auto& [name, pins] : motors) {
        for (const auto& [key, value] : pins) BOOST_TEST(s[name][key] == value, name << " " << key);
        BOOST_TEST(s[name]["microsteps"] == "4");
        BOOST_TEST(s[name]["full_steps_per_rotation"] == "400");
        BOOST_TEST(s[name]["step_pulse_duration"] == "0.000005");
        BOOST_TEST(s[name]["rotation_distance"] == (name == "stepper_z" ? "8" : "32"));
    }
    BOOST_TEST(s["stepper_x"]["endstop_pin"] == "^!PG9");
    BOOST_TEST(s["stepper_y"]["endstop_pin"] == "^!PG6");
    BOOST_TEST(!s["stepper_x1"].contains("endstop_pin"));
    BOOST_TEST(s["stepper_x"]["position_max"] == "250");
    BOOST_TEST(s["stepper_y"]["position_max"] == "350");
    BOOST_TEST(s["stepper_x"]["homing_positive_dir"] == "false");
    BOOST_TEST(s["stepper_x"]["homing_speed"] == "30");
    for (const char* section : {"virtual_sdcard", "pause_resume", "force_move", "gcode_arcs", "idle_timeout",
                                "gcode_macro PAUSE", "gcode_macro RESUME", "gcode_macro CANCEL_PRINT",
                                "gcode_macro KPLOT_BOUNDARY", "gcode_macro TOOL_PEN", "gcode_macro TOOL_AIRBRUSH"})
        BOOST_TEST(made.text.find(std::string("\n[") + section + "]\n") != std::string::npos, section);
    BOOST_TEST(names(made.notes, "one endstop"));
}

BOOST_AUTO_TEST_CASE(no_macro_moves_relatively_and_tools_go_to_the_one_height) {
    const auto made = whole();
    BOOST_TEST(made.text.find("G91") == std::string::npos);
    auto s = sections(made.text);
    BOOST_TEST(s["gcode_macro TOOL_PEN"]["gcode"] ==
               "\n{% if 'z' in printer.toolhead.homed_axes %}\nG90\n"
               "G1 Z{(10 - printer.gcode_move.position.z + printer.gcode_move.gcode_position.z)|round(4)} F2400\n"
               "{% endif %}");
    BOOST_TEST(s["gcode_macro TOOL_AIRBRUSH"]["gcode"] == s["gcode_macro TOOL_PEN"]["gcode"]);
}

BOOST_AUTO_TEST_CASE(while_z_is_not_wired_the_file_is_for_bring_up_and_says_what_lacks) {
    const auto made = cal::make_printer_cfg(machine::sim_machine(), {});
    BOOST_TEST(!made.cartesian);
    auto s = sections(made.text);
    BOOST_TEST(s["printer"]["kinematics"] == "none");
    BOOST_TEST(s["manual_stepper stepper_x1"]["step_pin"] == "PG4");
    BOOST_TEST(s["manual_stepper stepper_y"]["rotation_distance"] == "32");
    BOOST_TEST(!s.contains("stepper_x"));
    BOOST_TEST(!s.contains("manual_stepper stepper_z"));
    BOOST_TEST(
        (made.for_z == std::vector<std::string>{"stepper_z.step_pin", "stepper_z.dir_pin", "stepper_z.enable_pin",
                                                "stepper_z.rotation_distance", "stepper_z.endstop_pin"}));
}

BOOST_AUTO_TEST_CASE(a_pin_that_nobody_told_is_a_marker_and_never_a_guess) {
    machine::machine m = machine::sim_machine();
    m.axes.y.octopus_slot = "Motor 7";
    m.axes.y.endstop_pin = "DIAG3";
    cal::printer_cfg_request r;
    r.which = cal::printer_cfg_request::kinematics::cartesian;
    const auto made = cal::make_printer_cfg(m, r);
    auto s = sections(made.text);
    for (const char* pin : {"step_pin", "dir_pin", "enable_pin", "endstop_pin"})
        BOOST_TEST(s["stepper_y"][pin] == "CHANGE_ME", pin);
    BOOST_TEST(names(made.missing, "stepper_y.endstop_pin"));
    BOOST_TEST(s["stepper_z"]["rotation_distance"] == "CHANGE_ME");
    const auto told = cal::make_printer_cfg(m, with_pins({"stepper_y.step_pin=PE6", "STEPPER_Y.dir_pin=!PA14"}));
    auto t = sections(told.text);
    BOOST_TEST(t["manual_stepper stepper_y"]["step_pin"] == "PE6");
    BOOST_TEST(t["manual_stepper stepper_y"]["dir_pin"] == "!PA14");
}

BOOST_AUTO_TEST_CASE(with_a_second_endstop_each_motor_is_homed_by_itself) {
    machine::machine m = wired();
    m.axes.x.endstop_pin = "DIAG1 (PG9) + DIAG2 (PG10)";
    const auto made = cal::make_printer_cfg(m, with_pins({"stepper_z.endstop_pin=^PG11"}));
    auto s = sections(made.text);
    BOOST_TEST(s["stepper_x"]["endstop_pin"] == "^!PG9");
    BOOST_TEST(s["stepper_x1"]["endstop_pin"] == "^!PG10");
    BOOST_TEST(!s["stepper_x1"].contains("position_max"));
    BOOST_TEST(!names(made.notes, "one endstop"));
}

BOOST_AUTO_TEST_CASE(the_wiring_decides_over_polarities) {
    machine::machine m = wired();
    m.steppers.enable_pin_inverted = true;
    m.axes.x.endstop_type = "NC_to_GND";
    m.axes.y.endstop_pin = "DIAG0 (~PG6)";
    m.axes.y.homing_side = machine::axis::side::max;
    auto s = sections(cal::make_printer_cfg(m, with_pins({"stepper_z.endstop_pin=^PG10"})).text);
    BOOST_TEST(s["stepper_x1"]["enable_pin"] == "!PA0");
    BOOST_TEST(s["stepper_x"]["endstop_pin"] == "^PG9");
    BOOST_TEST(s["stepper_y"]["endstop_pin"] == "~PG6");
    BOOST_TEST(s["stepper_y"]["position_endstop"] == "350");
    BOOST_TEST(s["stepper_y"]["homing_positive_dir"] == "true");
}

BOOST_AUTO_TEST_CASE(a_word_that_is_no_pin_is_wrong_use) {
    cal::told_pins pins;
    for (const char* word : {"", "PF9", "step_pin=PF9", "stepper_z.step_pin=", "stepper_z.step_pin=NONE",
                             "stepper_z.=PF9", ".step_pin=PF9", "stepper_z.step_pin=PF9;M112"})
        BOOST_TEST(!cal::tell_pin(word, pins), word);
    BOOST_TEST(pins.empty());
}

BOOST_AUTO_TEST_CASE(a_pin_of_what_no_motor_has_is_wrong_use) {
    const machine::machine m = machine::sim_machine();
    const auto right = [&](const char* word, std::string_view axes) {
        return cal::check_told_pins(with_pins({word}).pins, m, axes).has_value();
    };
    BOOST_TEST(right("stepper_x1.step_pin=PG4", "xyz"));
    BOOST_TEST(right("STEPPER_Z.Endstop_Pin=^PG10", "xyz"));
    BOOST_TEST(!right("stepper_z.endstop=^PG10", "xyz"));
    BOOST_TEST(!right("stepper_z.rotation_distance=8", "xyz"));
    BOOST_TEST(!right("stepper_y1.step_pin=PF9", "xyz")); // Y has one motor
    BOOST_TEST(!right("stepper_x.step_pin=PF9", "y"));
}

BOOST_AUTO_TEST_CASE(a_free_pin_for_z_that_would_let_g28_drive_into_the_paper_is_told) {
    machine::machine without = wired();
    without.axes.z.endstop_pin.reset();
    const auto made = [](machine::machine m, const char* pin) { return cal::make_printer_cfg(m, with_pins({pin})); };
    BOOST_TEST(names(made(without, "stepper_z.endstop_pin=^!PG10").notes, "into the paper"));
    BOOST_TEST(!names(made(without, "stepper_z.endstop_pin=^PG10").notes, "into the paper"));
    machine::machine with_switch = wired();
    with_switch.axes.z.endstop_pin = "DIAG2 (PG10)";
    BOOST_TEST(!names(made(with_switch, "stepper_z.endstop_pin=^!PG10").notes, "into the paper"));
    // In a file for bring-up the pin that was told is looked at, too.
    cal::printer_cfg_request r = with_pins({"stepper_z.endstop_pin=^PG10"});
    r.which = cal::printer_cfg_request::kinematics::none;
    BOOST_TEST(sections(cal::make_printer_cfg(wired(), r).text)["manual_stepper stepper_z"]["endstop_pin"] == "^PG10");
}

BOOST_AUTO_TEST_CASE(row_e_what_is_written_fits_the_machine_it_was_written_for) {
    for (const cal::cfg_findings& found : {check(wired(), whole().text)}) {
        BOOST_TEST(found.differs.empty(), fmt::format("{}", found.differs));
        BOOST_TEST(found.moves.empty(), fmt::format("{}", found.moves));
        BOOST_TEST(found.advice.empty(), fmt::format("{}", found.advice));
    }
    const auto bring_up = check(machine::sim_machine(), cal::make_printer_cfg(machine::sim_machine(), {}).text);
    BOOST_TEST(bring_up.differs == std::vector<std::string>{"Klipper has no [stepper_z]."},
               boost::test_tools::per_element());
    BOOST_TEST(bring_up.moves.empty(), fmt::format("{}", bring_up.moves));
}

/// `text` with `from` replaced, in the section named.
std::string changed(const std::string& section, const std::string& from, const std::string& to) {
    std::string text = whole().text;
    const auto at = text.find(from, text.find("\n[" + section + "]"));
    BOOST_REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

BOOST_AUTO_TEST_CASE(a_pin_that_machine_yaml_inverts_fits_the_file_that_comes_of_it) {
    machine::machine m = wired();
    m.axes.y.octopus_slot = "Motor 0 (PF13, !PF12, PF14)";
    const auto made = cal::make_printer_cfg(m, with_pins({"stepper_z.endstop_pin=^PG10"}));
    BOOST_TEST(made.text.find("dir_pin: !PF12") != std::string::npos);
    BOOST_TEST(check(m, made.text).differs.empty());
}

BOOST_AUTO_TEST_CASE(row_e_every_disagreement_is_named) {
    const auto differs = [](const std::string& section, const std::string& from, const std::string& to,
                            const std::string& part) {
        const auto found = check(wired(), changed(section, from, to));
        BOOST_TEST(names(found.differs, part), part << " not in " << fmt::format("{}", found.differs));
    };
    differs("stepper_x1", "rotation_distance: 32", "rotation_distance: 40", "stepper_x1.rotation_distance is 40");
    differs("stepper_x", "microsteps: 4", "microsteps: 16", "stepper_x.microsteps is 16");
    differs("stepper_y", "full_steps_per_rotation: 400", "", "stepper_y.full_steps_per_rotation is 200");
    differs("stepper_y", "position_max: 350", "position_max: 300", "stepper_y.position_max is 300");
    differs("stepper_y", "enable_pin: PF14", "enable_pin: !PF14", "[stepper_y] enable_pin is !PF14");
    differs("stepper_x1", "step_pulse_duration: 0.000005", "", "step_pulse_duration is not there");
    differs("stepper_x1", "step_pin: PG4", "step_pin: PF9", "[stepper_x1] step_pin is PF9");
    differs("stepper_y", "endstop_pin: ^!PG6", "endstop_pin: ^PG6", "it should be ^!PG6");
    differs("stepper_y", "endstop_pin: ^!PG6", "endstop_pin: ^!PG9", "[stepper_y] endstop_pin is ^!PG9");
    differs("stepper_x", "homing_speed: 30", "homing_speed: 60", "homing_speed is 60");
    differs("printer", "max_velocity: 80", "max_velocity: 50", "max_velocity of 50");
    differs("virtual_sdcard", "path: /", "path: /srv/", "[virtual_sdcard] path is /srv/");
    differs("stepper_x1", "[stepper_x1]", "[manual_stepper spare]", "axes.x.motors: machine.yaml has 2");
}

BOOST_AUTO_TEST_CASE(every_section_that_moves_by_itself_is_named_and_the_quiet_ones_are_not) {
    const auto moves = [](const std::string& more) { return check(wired(), whole().text + "\n" + more).moves; };
    for (const char* section :
         {"[safe_z_home]\nhome_xy_position: 10, 10\n", "[homing_override]\ngcode:\n    G28 X\n", "[bed_mesh]\n",
          "[skew_correction]\n", "[delayed_gcode park]\ninitial_duration: 5\ngcode:\n    G1 X0\n",
          "[delayed_gcode later]\ngcode:\n    G1 X0\n", "[idle_timeout]\ngcode:\n    G1 Z0\n    M84\n",
          "[gcode_button b]\npin: PA1\npress_gcode:\n    G28\n", "[filament_switch_sensor f]\nswitch_pin: PA1\n",
          "[something_of_a_fork]\n", "[gcode_macro G28]\nrename_existing: G28.1\ngcode:\n    G1 Z5\n    G28.1\n",
          "[gcode_macro M300]\nrename_existing: M300.1\ngcode:\n    G1 X5\n",
          "[virtual_sdcard]\non_error_gcode:\n    G28\n"})
        BOOST_TEST(moves(section).size() == 1U, section << fmt::format("{}", moves(section)));
    for (const char* section :
         {"[delayed_gcode hello]\ninitial_duration: 1\ngcode:\n    M117 ready\n", "[fan]\npin: PA8\n",
          "[endstop_phase]\n", "[temperature_sensor board]\nsensor_type: temperature_mcu\n",
          "[tmc2209 stepper_x]\nuart_pin: PC4\n", "[gcode_macro PARK]\ngcode:\n    G1 X0\n",
          "[gcode_macro M117]\nrename_existing: M117.1\ngcode:\n    M117.1\n"})
        BOOST_TEST(moves(section).empty(), section << fmt::format("{}", moves(section)));
}

BOOST_AUTO_TEST_CASE(a_disagreement_that_hides_is_named_too) {
    const auto differs = [](const std::string& section, const std::string& from, const std::string& to,
                            const std::string& part) {
        const auto found = check(wired(), changed(section, from, to));
        BOOST_TEST(names(found.differs, part), part << " not in " << fmt::format("{}", found.differs));
    };
    differs("stepper_y", "rotation_distance: 32", "rotation_distance: 32\ngear_ratio: 80:20, 2:1",
            "stepper_y.rotation_distance is 32 behind gears, 4 a turn of the motor");
    differs("stepper_x1", "rotation_distance: 32", "rotation_distance: 32\ngear_ratio: 2:x",
            "behind gears that cannot");
    differs("stepper_x", "homing_speed: 30", "homing_speed: 30\nsecond_homing_speed: 300",
            "second_homing_speed is 300");
    differs("stepper_z", "homing_speed: 30", "homing_speed: 100", "[stepper_z] homing_speed is 100");
    differs("stepper_y", "position_endstop: 0", "position_endstop: 349", "position_endstop is 349");
    differs("stepper_x", "enable_pin: PG5", "", "[stepper_x] enable_pin is not there");
    differs("stepper_x", "rotation_distance: 32", "rotation_distance: thirty",
            "rotation_distance is \"thirty\", which");
    differs("stepper_x", "rotation_distance: 32", "", "[stepper_x] has no rotation_distance");
    differs("stepper_y", "position_max: 350", "", "[stepper_y] has no position_max");
    differs("stepper_x", "[stepper_x]", "[Stepper_X]", "lower case, [stepper_x]");
    differs("gcode_macro PAUSE", "[gcode_macro PAUSE]", "[Gcode_Macro PAUSE]",
            "[gcode_macro PAUSE], and loads no other");
    differs("printer", "kinematics: cartesian", "kinematics: corexy", "[printer] kinematics is corexy");
    differs("stepper_z", "endstop_pin: ^PG10", "endstop_pin: ^PG9",
            "PG9 is endstop_pin of [stepper_x] and endstop_pin");
    differs("gcode_macro TOOL_PEN", "G90", "G91", "[gcode_macro TOOL_PEN]: kplot's, of another");
    // What fits gear by gear fits.
    const auto geared =
        check(wired(), changed("stepper_y", "rotation_distance: 32", "rotation_distance: 64\ngear_ratio: 2:1"));
    BOOST_TEST(geared.differs.empty(), fmt::format("{}", geared.differs));
}

BOOST_AUTO_TEST_CASE(what_a_person_may_have_meant_is_told_all_the_same) {
    const auto advice = [](const std::string& section, const std::string& from, const std::string& to,
                           const std::string& part) {
        const auto found = check(wired(), changed(section, from, to));
        BOOST_TEST(names(found.advice, part), part << " not in " << fmt::format("{}", found.advice));
        BOOST_TEST(found.differs.empty(), fmt::format("{}", found.differs));
    };
    advice("stepper_x1", "dir_pin: PC1", "dir_pin: !PC1", "[stepper_x1] dir_pin is !PC1");
    advice("stepper_x", "step_pin: PF11", "step_pin: !PF11", "each pulse is turned over");
    advice("stepper_y", "position_endstop: 0", "position_endstop: 3.5", "3.5 mm from the end of the way");
    advice("gcode_arcs", "[gcode_arcs]", "[respond]", "there is no [gcode_arcs]");
    advice("gcode_macro TOOL_PEN", "[gcode_macro TOOL_PEN]", "[gcode_macro PARK]", "there is no TOOL_PEN macro");
    advice("gcode_macro KPLOT_BOUNDARY", "[gcode_macro KPLOT_BOUNDARY]", "[gcode_macro PARK]", "no KPLOT_BOUNDARY");
    advice("mcu", "[mcu]", "[gcode_macro M112]\nrename_existing: M112.1\ngcode:\n    M117 no\n[mcu]",
           "[gcode_macro M112] takes the place of Klipper's own M112 and never calls it");
}

BOOST_AUTO_TEST_CASE(one_macro_that_is_not_ours_makes_no_other_one_foreign) {
    const auto renamed = check(wired(), changed("gcode_macro PAUSE", "BASE_PAUSE", "OLD_PAUSE"));
    BOOST_TEST(renamed.moves.empty(), fmt::format("{}", renamed.moves));
    BOOST_TEST(renamed.advice.empty(), fmt::format("{}", renamed.advice));
    BOOST_TEST(
        renamed.differs ==
            std::vector<std::string>{"[gcode_macro PAUSE]: kplot's, of another machine.yaml or another version."},
        boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_macro_in_the_place_of_a_harmless_command_is_looked_into) {
    const auto moves = [](const std::string& macro) {
        return check(wired(),
                     whole().text + "\n[delayed_gcode hello]\ninitial_duration: 1\ngcode:\n    STATUS\n" + macro)
            .moves;
    };
    BOOST_TEST(names(moves("[gcode_macro STATUS]\ngcode:\n    G28\n"), "[delayed_gcode hello]: moves 1 s after"));
    BOOST_TEST(names(moves("[gcode_macro Status]\nrename_existing: S\ngcode:\n    M117 a\n    S\n"
                           "[gcode_macro M117]\nrename_existing: M117.1\ngcode:\n    G1 X0\n"),
                     "[delayed_gcode hello]"));
    BOOST_TEST(names(moves("[gcode_macro STATUS]\ngcode:\n    STATUS\n"), "[delayed_gcode hello]")); // for ever
    BOOST_TEST(moves("[gcode_macro STATUS]\ngcode:\n    M117 ready\n").empty());
}

BOOST_AUTO_TEST_CASE(a_slot_keeps_its_polarities) {
    machine::machine m = wired();
    m.axes.z.octopus_slot = "Motor 4 (!PF9, !PF10, !PG2)";
    for (const bool inverted : {false, true}) {
        m.steppers.enable_pin_inverted = inverted;
        const auto made = cal::make_printer_cfg(m, with_pins({"stepper_z.endstop_pin=^PG10"}));
        auto s = sections(made.text);
        BOOST_TEST(s["stepper_z"]["step_pin"] == "!PF9");
        BOOST_TEST(s["stepper_z"]["dir_pin"] == "!PF10");
        BOOST_TEST(s["stepper_z"]["enable_pin"] == "!PG2");
        const auto found = check(m, made.text);
        BOOST_TEST(found.differs.empty(), fmt::format("{}", found.differs));
        BOOST_TEST(found.advice.empty(), fmt::format("{}", found.advice));
    }
}

BOOST_AUTO_TEST_CASE(a_pin_that_is_given_twice_is_told_when_the_file_is_written) {
    machine::machine m = wired();
    m.axes.z.octopus_slot = "Motor 4 (PF13, PF10, PF14)"; // the step pin of Y, and what enables it
    const auto made = cal::make_printer_cfg(m, with_pins({"stepper_z.endstop_pin=^PG10"}));
    BOOST_TEST(names(made.notes, "PF13 is step_pin of [stepper_y] and step_pin of [stepper_z]"));
    BOOST_TEST(!names(made.notes, "PF14")); // motors may share that
}

BOOST_AUTO_TEST_CASE(motors_of_one_axis_share_an_endstop_and_the_last_word_for_a_pin_counts) {
    const auto twice = [](const std::string& text) {
        return cal::pins_used_twice(klippy::read_cfg_text(text, "printer.cfg").value());
    };
    const std::string x = "[stepper_x]\nstep_pin: PA1\nendstop_pin: ^PG6\n", x1 = "[stepper_x1]\nendstop_pin: ";
    BOOST_TEST(twice(x + x1 + "^PG6\n").empty());
    BOOST_TEST(names(twice(x + x1 + "^!PG6\n"), "wants the same ^, ~ and ! before both"));
    BOOST_TEST(names(twice(x + "[stepper_y]\nendstop_pin: ^PG6\n"), "refuses a pin that is used twice"));
    BOOST_TEST(names(twice(x + "[manual_stepper a]\nendstop_pin: ^PG6\n"), "refuses a pin that is used twice"));
    const std::string y = "[stepper_y]\nstep_pin: PA1\n";
    BOOST_TEST(names(twice(x + y), "PA1 is step_pin of [stepper_x] and step_pin of [stepper_y]"));
    BOOST_TEST(twice(x + y + "[stepper_x]\nstep_pin: PA2\n").empty());
    BOOST_TEST(twice(x + y + "[stepper_y]\nstep_pin: PA3\n").empty());
    BOOST_TEST(twice(x + y + "[duplicate_pin_override]\npins: PA1\n").empty());
}

BOOST_AUTO_TEST_CASE(what_save_config_wrote_yields_to_what_a_person_wrote) {
    const std::string saved = "\n#*# <---------------------- SAVE_CONFIG ---------------------->\n"
                              "#*# DO NOT EDIT THIS BLOCK OR BELOW. The contents are auto-generated.\n#*#\n";
    const auto twice = check(wired(), whole().text + saved + "#*# [stepper_y]\n#*# rotation_distance = 33\n");
    BOOST_TEST(twice.differs.empty(), fmt::format("{}", twice.differs));
    const auto once = check(wired(), changed("stepper_y", "rotation_distance: 32", "") + saved +
                                         "#*# [stepper_y]\n#*# rotation_distance = 33\n#*#\n#*# [bed_mesh default]\n");
    BOOST_TEST(names(once.differs, "stepper_y.rotation_distance is 33"), fmt::format("{}", once.differs));
    BOOST_TEST(names(once.moves, "[bed_mesh default]"));
    // Without the line with which SAVE_CONFIG begins it is a comment.
    BOOST_TEST(check(wired(), whole().text + "\n#*# [bed_mesh default]\n").moves.empty());
}

BOOST_AUTO_TEST_CASE(what_save_config_wrote_at_the_end_counts) {
    const auto found =
        check(wired(), whole().text + "\n#*# <---------------------- SAVE_CONFIG ---------------------->\n"
                                      "#*# DO NOT EDIT THIS BLOCK OR BELOW. The contents are auto-generated.\n"
                                      "#*#\n#*# [stepper_y]\n#*# position_endstop = 349\n");
    BOOST_TEST(names(found.differs, "axes.y.homing_side") == false);
    const auto read =
        klippy::read_cfg_text("#*# <--- SAVE_CONFIG --->\n#*#\n#*# [stepper_y]\n#*# position_endstop = 349\n", "p");
    BOOST_REQUIRE(read);
    BOOST_TEST(read->front().options.front().value == "349");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace printer_cfg_of_machine_test
