// SPDX-License-Identifier: MIT
#include "../simulated_klippy.hpp"

#include <kf/io/atomic_file.hpp>
#include <kf/sim/config_object.hpp>
#include <kf/sim/printer_cfg.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

namespace printer_cfg_test {

using namespace kf;

std::string refusal(std::string_view text) {
    sim::printer_config c;
    const auto r = sim::read_printer_cfg(text, "p.cfg", c);
    return r ? "" : r.error().what;
}

BOOST_AUTO_TEST_SUITE(printer_cfg)

BOOST_AUTO_TEST_CASE(takes_macros_as_they_are_pasted) {
    sim::printer_config c;
    const auto r = sim::read_printer_cfg("# For printer.cfg\n"
                                         "\n"
                                         "[force_move]\n"
                                         "enable_force_move: True      # for touch-off\n"
                                         "[virtual_sdcard]\n"
                                         "path: /srv/gcodes\n"
                                         "on_error_gcode:              # no pen on the paper\n"
                                         "    G90\n"
                                         "    G1 Z10 F300\n"
                                         "\n"
                                         "[gcode_macro KPLOT_BOUNDARY]\n"
                                         "variable_pause: 0\n"
                                         "gcode:\n"
                                         "    {% if pause %}\n"
                                         "    PAUSE ; here\n"
                                         "    {% endif %}\n"
                                         "[gcode_macro cancel_print]\n"
                                         "rename_existing: OLD_CANCEL\n"
                                         "description: lifts first\n"
                                         "gcode = G91\n"
                                         "\tG1 Z-10\n"
                                         "\tOLD_CANCEL",
                                         "p.cfg", c);
    BOOST_REQUIRE_MESSAGE(r, r.error().what);
    BOOST_TEST(c.gcodes == "/srv/gcodes");
    BOOST_TEST(c.on_error_gcode == "\nG90\nG1 Z10 F300");
    BOOST_REQUIRE_EQUAL(c.macros.size(), 2u); // the macro of its own is replaced
    const auto* boundary = c.macro("KPLOT_BOUNDARY");
    BOOST_REQUIRE(boundary != nullptr);
    BOOST_TEST(boundary->gcode == "\n{% if pause %}\nPAUSE\n{% endif %}");
    BOOST_TEST((boundary->variables == std::vector<std::pair<std::string, std::string>>{{"pause", "0"}}));
    const auto* cancel = c.macro("CANCEL_PRINT");
    BOOST_REQUIRE(cancel != nullptr);
    BOOST_TEST(cancel->gcode == "G91\nG1 Z-10\nOLD_CANCEL");
    BOOST_TEST(cancel->renames == "OLD_CANCEL");
}

BOOST_AUTO_TEST_CASE(takes_axes_and_limits) {
    sim::printer_config c;
    BOOST_REQUIRE(sim::read_printer_cfg("[printer]\nkinematics: cartesian\nmax_velocity: 300\nmax_z_velocity: 5.5\n"
                                        "[stepper_x]\nposition_max: 410\nrotation_distance: 40\nmicrosteps: 16\n"
                                        "[stepper_z]\nposition_min: -2\nhoming_speed: 4\n[idle_timeout]\ntimeout: 60\n",
                                        "p.cfg", c));
    BOOST_TEST(c.limits.max_velocity == 300.0);
    BOOST_TEST(c.limits.max_z_velocity.value() == 5.5);
    BOOST_TEST(c.axes[0].max == 410.0);
    BOOST_TEST(c.motor_of("stepper_x")->microsteps == 16);
    BOOST_TEST(c.axes[2].min == -2.0);
    BOOST_TEST(c.idle_timeout == 60.0);
    const auto settings = sim::config_settings(c);
    BOOST_TEST(settings.at("stepper_x").at("rotation_distance").as_double() == 40.0);
}

BOOST_AUTO_TEST_CASE(takes_what_moves_by_itself) {
    sim::printer_config c;
    const auto r = sim::read_printer_cfg("[safe_z_home]\nhome_xy_position: 125, 175.5\nz_hop: 10\nspeed: 80\n"
                                         "[homing_override]\naxes: Z\nset_position_z: 0\ngcode:\n    G28 Z\n"
                                         "[delayed_gcode stray]\ninitial_duration: 2\ngcode:\n    G1 X5\n"
                                         "[skew_correction]\n[gcode_arcs]\n[stepper_z]\nhoming_positive_dir: true\n"
                                         "homing_retract_dist: 0\nposition_endstop: 38\n",
                                         "p.cfg", c);
    BOOST_REQUIRE_MESSAGE(r, r.error().what);
    BOOST_TEST((c.safe_z.value().at == drawing::point{125, 175.5}));
    BOOST_TEST(c.safe_z->z_hop == 10.0);
    const auto settings = sim::config_settings(c);
    // As a real klippy tells them.
    BOOST_TEST(
        boost::json::serialize(settings.at("safe_z_home")) ==
        R"({"home_xy_position":[1.25E2,1.755E2],"z_hop":1E1,"z_hop_speed":1.5E1,"speed":8E1,"move_to_previous":false})");
    BOOST_TEST(boost::json::serialize(settings.at("homing_override")) ==
               R"({"axes":"z","gcode":"\nG28 Z","set_position_z":0E0})");
    BOOST_TEST(boost::json::serialize(settings.at("delayed_gcode stray")) ==
               R"({"gcode":"\nG1 X5","initial_duration":2E0})");
    BOOST_TEST(boost::json::serialize(settings.at("gcode_arcs")) == R"({"resolution":1E0})");
    BOOST_TEST(settings.at("stepper_z").at("homing_positive_dir").as_bool());
    BOOST_TEST(settings.at("stepper_z").at("homing_retract_dist").as_double() == 0.0);
    BOOST_TEST(sim::config_strings(c).contains("skew_correction"));
    BOOST_TEST(refusal("[safe_z_home]\nhome_xy_position: 125\n") ==
               "p.cfg:2: Unable to parse option 'home_xy_position' in section 'safe_z_home'");
}

BOOST_AUTO_TEST_CASE(a_second_section_of_a_macro_goes_over_the_first) {
    sim::printer_config c;
    BOOST_REQUIRE(sim::read_printer_cfg("[gcode_macro PAUSE]\nrename_existing: PAUSE_BASE\ngcode: PAUSE_BASE\n"
                                        "[gcode_macro PAUSE]\ngcode: M117 mine\n",
                                        "p.cfg", c));
    BOOST_TEST(c.macro("PAUSE")->gcode == "M117 mine");
    BOOST_TEST(c.macro("PAUSE")->renames == "PAUSE_BASE");
}

BOOST_AUTO_TEST_CASE(names_the_line_of_what_it_cannot_have) {
    BOOST_TEST(refusal("[extruder]\nnozzle_diameter: 0.4\n") ==
               "p.cfg:2: Option 'nozzle_diameter' is not valid in section 'extruder'");
    BOOST_TEST(refusal("\n[bed_mesh]\n") == "p.cfg:2: the simulated printer has no [bed_mesh]");
    BOOST_TEST(refusal("[printer]\nmax_velocity: fast\n") ==
               "p.cfg:2: Unable to parse option 'max_velocity' in section 'printer'");
    BOOST_TEST(refusal("[printer]\nkinematics: corexy\n") ==
               "p.cfg:2: Option 'kinematics' is not valid in section 'printer'");
    BOOST_TEST(refusal("[gcode_macro A]\n") == "p.cfg:1: Option 'gcode' in section 'gcode_macro A' must be specified");
    BOOST_TEST(refusal("[gcode_macro A]\ngcode:\n  {% for i in range(3) %}\n  G1\n") ==
               "p.cfg:2: the simulated printer cannot evaluate: {% for i in range(3) %}");
    BOOST_TEST(refusal("[gcode_macro A]\ngcode: G1 X{params.X|sort}\n") ==
               "p.cfg:2: the simulated printer cannot evaluate: {params.X|sort}");
    BOOST_TEST(refusal("G28\n") == "p.cfg:1: neither [section] nor option: value");
    BOOST_TEST(refusal("  G28\n") == "p.cfg:1: this line continues no option");
}

/// The printer.cfg that kcal writes for a machine with Z.
std::string drawing_cfg() {
    const auto text = io::read_file(KF_TESTS_DIR "/transcripts/printer_cfg/drawing.cfg");
    BOOST_REQUIRE(text);
    return *text;
}
/// With the line of an option another one, or gone.
std::string with(std::string text, const std::string& section, const std::string& option, const std::string& line) {
    const std::size_t at = text.find("\n" + option + ":", text.find("[" + section + "]"));
    BOOST_REQUIRE(at != std::string::npos);
    return text.replace(at + 1, text.find('\n', at + 1) - at, line.empty() ? "" : line + "\n");
}
/// What Klipper's state "error" says.
std::string error_of(const std::string& text) {
    sim::printer_config c;
    const auto r = sim::read_printer_cfg(text, "p.cfg", c);
    BOOST_REQUIRE_MESSAGE(r, r.error().what);
    return c.config_error;
}

BOOST_AUTO_TEST_CASE(a_whole_file_leaves_nothing_of_its_own) {
    sim::printer_config c;
    BOOST_REQUIRE(sim::read_printer_cfg(drawing_cfg(), "p.cfg", c));
    BOOST_TEST(c.config_error == "");
    BOOST_TEST(!c.has("display_status"));
    BOOST_TEST(c.idle_timeout == 1800.0);
    BOOST_REQUIRE_EQUAL(c.macros.size(), 6u);
    BOOST_TEST(c.macro("TOOL_PEN")->description == "The tools up, before the pen is used");
    // What stands behind it goes over it, and is written, too.
    BOOST_REQUIRE(sim::read_printer_cfg("[endstop_phase]\n[stepper_x]\nrotation_distance: 32.32\n", "more.cfg", c));
    BOOST_TEST(c.has("endstop_phase"));
    BOOST_TEST(sim::config_strings(c).at("stepper_x").at("rotation_distance").as_string() == "32.32");
    BOOST_TEST(sim::config_settings(c).at("stepper_x").at("rotation_distance").as_double() == 32.32);
    BOOST_TEST(sim::config_settings(c).at("stepper_x1").at("rotation_distance").as_double() == 32.0);
}

BOOST_AUTO_TEST_CASE(bring_up_has_motors_and_no_axes) {
    const auto text = io::read_file(KF_TESTS_DIR "/transcripts/printer_cfg/bring_up.cfg");
    BOOST_REQUIRE(text);
    sim::printer_config c;
    BOOST_REQUIRE(sim::read_printer_cfg(*text, "p.cfg", c));
    BOOST_TEST(c.config_error == "");
    BOOST_TEST(!c.is_cartesian);
    BOOST_REQUIRE_EQUAL(c.motors.size(), 4u);
    BOOST_TEST(c.motors[1].section == "manual_stepper stepper_x1");
    BOOST_TEST((c.motors[1].drives() == sim::motor::x1));
    BOOST_TEST(c.motors[1].velocity == 8.0);
    BOOST_TEST(c.motors[0].endstop_pin.value() == "^gpio3");
    BOOST_TEST(!c.motors[1].endstop_pin);
}

/// Each text is that of a real Klipper with this file.
BOOST_AUTO_TEST_CASE(what_klipper_refuses_of_a_whole_file_is_its_error) {
    const std::string good = drawing_cfg();
    for (const char* option :
         {"step_pin", "dir_pin", "endstop_pin", "rotation_distance", "microsteps", "position_max", "position_endstop"})
        BOOST_TEST(error_of(with(good, "stepper_x", option, "")) ==
                   fmt::format("Option '{}' in section 'stepper_x' must be specified", option));
    BOOST_TEST(error_of(good.substr(0, good.find("[stepper_z]")) + good.substr(good.find("[gcode_arcs]"))) ==
               "Option 'endstop_pin' in section 'stepper_z' must be specified");
    BOOST_TEST(error_of(with(good, "mcu", "serial", "")) == "Option 'serial' in section 'mcu' must be specified");
    BOOST_TEST(error_of(with(good, "printer", "max_velocity", "")) ==
               "Option 'max_velocity' in section 'printer' must be specified");
    BOOST_TEST(error_of(with(good, "virtual_sdcard", "path", "")) ==
               "Option 'path' in section 'virtual_sdcard' must be specified");
    BOOST_TEST(error_of(with(good, "stepper_x", "step_pin", "step_pin: CHANGE_ME")) ==
               "Pin 'CHANGE_ME' is not a valid pin name on mcu 'mcu'");
    BOOST_TEST(error_of(with(good, "stepper_z", "endstop_pin", "endstop_pin: CHANGE_ME")) ==
               "Pin 'CHANGE_ME' is not a valid pin name on mcu 'mcu'");
    BOOST_TEST(error_of(with(good, "stepper_z", "rotation_distance", "rotation_distance: CHANGE_ME")) ==
               "Unable to parse option 'rotation_distance' in section 'stepper_z'");
    BOOST_TEST(error_of(with(good, "stepper_y", "step_pin", "step_pin: gpio0")) ==
               "pin gpio0 used multiple times in config");
    BOOST_TEST(error_of(with(good, "stepper_x", "position_endstop", "position_endstop: 300")) ==
               "position_endstop in section 'stepper_x' must be between position_min and position_max");
    BOOST_TEST(error_of(with(good, "stepper_y", "position_min", "position_min: 400")) ==
               "Option 'position_max' in section 'stepper_y' must be above 400.0");
    BOOST_TEST(error_of(with(good, "printer", "max_velocity", "max_velocity: -5")) ==
               "Option 'max_velocity' in section 'printer' must be above 0.0");
    BOOST_TEST(error_of(with(good, "stepper_x", "step_pulse_duration", "step_pulse_duration: 0.01")) ==
               "Option 'step_pulse_duration' in section 'stepper_x' must have maximum of 0.001");
    BOOST_TEST(error_of(good + "\n[gcode_macro foo]\n") ==
               "Option 'gcode' in section 'gcode_macro foo' must be specified");
    // One switch for both motors is no pin that is there twice.
    BOOST_TEST(error_of(good + "\n[stepper_x1]\nendstop_pin: ^gpio3\n") == "");
}

BOOST_AUTO_TEST_CASE(a_renamed_command_that_is_not_there_ends_in_its_error) {
    sim::printer_config c;
    BOOST_REQUIRE(sim::read_printer_cfg(drawing_cfg() + "\n[gcode_macro FOO]\nrename_existing: BAR\ngcode:\n    M400\n",
                                        "p.cfg", c));
    test::simulated_klippy k(c);
    BOOST_TEST(k.klippy.state().name == "error");
    BOOST_TEST(k.klippy.state().message.starts_with("Existing command 'FOO' not found in gcode_macro rename\n\n"));
}

BOOST_AUTO_TEST_CASE(a_board_without_a_name_is_never_found) {
    sim::printer_config c;
    BOOST_REQUIRE(sim::read_printer_cfg(with(drawing_cfg(), "mcu", "serial", "serial: CHANGE_ME"), "p.cfg", c));
    test::simulated_klippy k(c);
    k.run_until(80);
    BOOST_TEST(k.klippy.state().name == "startup");
    k.run_until(100);
    BOOST_TEST(k.klippy.state().message.starts_with("mcu 'mcu': Unable to connect\n"));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace printer_cfg_test
