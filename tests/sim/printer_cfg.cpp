// SPDX-License-Identifier: MIT
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
    BOOST_TEST(c.axes[0].microsteps == 16);
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

BOOST_AUTO_TEST_SUITE_END()

} // namespace printer_cfg_test
