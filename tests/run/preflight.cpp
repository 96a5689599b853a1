// SPDX-License-Identifier: MIT
#include "fake_printer.hpp"

#include <kf/run/preflight.hpp>

#include <boost/test/unit_test.hpp>

#include <fmt/ranges.h>

namespace preflight_test {

using namespace kf;
using namespace kf::test;

const char* const buttons =
    "the Pause and Cancel buttons of a web interface leave the pen on the paper. Macros that lift "
    "it: kplot machine macros";

json::object& settings(json::object& status) { return status["configfile"].as_object()["settings"].as_object(); }

result<run::printer_facts> facts_in(const json::object& status) {
    return run::read_facts(machine::sim_machine(), live_objects, status);
}

/// The error's code, and `part` in what it says.
void refused(const json::object& status, errc code, const std::string& part) {
    const auto facts = facts_in(status);
    BOOST_REQUIRE(!facts);
    BOOST_TEST(name(facts.error().code) == name(code));
    const std::string text = facts.error().what + "\n" + facts.error().cause;
    BOOST_TEST(text.find(part) != std::string::npos, text << " lacks " << part);
}

BOOST_AUTO_TEST_CASE(takes_the_printer_that_the_machine_file_describes) {
    const auto facts = facts_in(ready_status());
    BOOST_REQUIRE(facts);
    BOOST_TEST(facts->limits.max_velocity == 200);
    BOOST_TEST(facts->limits.max_z_velocity.value() == 50);
    BOOST_TEST(facts->homed("xyz"));
    BOOST_TEST(facts->files);
    BOOST_TEST(facts->force_move);
    BOOST_TEST(!facts->z_endstop);
    BOOST_TEST(!facts->arcs);
    BOOST_TEST(!facts->commands.boundary);
    BOOST_TEST(facts->commands.cancel == "BASE_CANCEL_PRINT");
    BOOST_TEST(facts->gcode_directory == "/home/pi/gcodes");
    BOOST_TEST(facts->inside_g28.empty());
    BOOST_TEST(facts->warnings == std::vector<std::string>{buttons}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(row_c_refuses_another_rotation_distance_on_any_motor_of_an_axis) {
    auto status = ready_status();
    settings(status)["stepper_x1"].as_object()["rotation_distance"] = 40.0;
    refused(status, errc::mismatch, "stepper_x1.rotation_distance is 40");
}

BOOST_AUTO_TEST_CASE(refuses_a_homing_that_ends_somewhere_else_before_it_moves) {
    auto status = ready_status();
    settings(status)["stepper_y"].as_object()["position_endstop"] = 350.0;
    refused(
        status, errc::mismatch,
        "axes.y.homing_side: machine.yaml has min, Klipper homes stepper_y towards its max (position_endstop 350).");
    // What Klipper says itself counts more than where the endstop is.
    settings(status)["stepper_y"].as_object()["homing_positive_dir"] = false;
    BOOST_TEST(facts_in(status).has_value());
}

BOOST_AUTO_TEST_CASE(b7_an_endstop_may_sit_anywhere_between_the_ends) {
    auto m = machine::sim_machine();
    m.work_area_min_mm.x = -10;
    m.axes.y.homing_side = machine::axis::side::max;
    auto status = ready_status();
    settings(status)["stepper_x"].as_object()["position_min"] = -10.0; // and the endstop at 0
    settings(status)["stepper_y"].as_object()["position_endstop"] = 340.0;
    settings(status)["stepper_y"].as_object()["homing_positive_dir"] = true;
    const auto facts = run::read_facts(m, live_objects, status);
    BOOST_REQUIRE_MESSAGE(facts, facts.error().cause);
}

BOOST_AUTO_TEST_CASE(settings_are_compared_whatever_the_printer_does) {
    // machine check asks a printer that draws, or has stopped, as well.
    const auto s = klippy::settings::from_status(ready_status());
    BOOST_REQUIRE(s);
    BOOST_TEST(run::compare_settings(machine::sim_machine(), *s).has_value());
    auto other = machine::sim_machine();
    other.motion.max_accel_mm_s2 = 9000;
    const auto differs = run::compare_settings(other, *s);
    BOOST_REQUIRE(!differs);
    BOOST_TEST((differs.error().code == errc::mismatch));
    BOOST_TEST(differs.error().cause == "motion.max_accel_mm_s2 is 9000, above Klipper's max_accel of 3000.");
}

BOOST_AUTO_TEST_CASE(advice_names_what_a_plotter_lacks_in_printer_cfg) {
    auto status = ready_status();
    const auto told = [&] {
        return fmt::format(
            "{}", fmt::join(run::advice(machine::sim_machine(), *klippy::settings::from_status(status)), "\n"));
    };
    BOOST_TEST(told() ==
               std::string(buttons) +
                   "\nthere is no KPLOT_BOUNDARY macro: a file is paused in the middle of a stroke. See: kplot "
                   "machine macros");
    settings(status)["gcode_macro kplot_boundary"] = json::object{{"gcode", run::our_boundary().gcode}};
    BOOST_TEST(told() == buttons);
    settings(status).erase("pause_resume");
    BOOST_TEST(told().find("only --mode interactive can draw") != std::string::npos);
    settings(status).erase("force_move");
    auto without_endstop = machine::sim_machine();
    without_endstop.axes.z.endstop_pin.reset();
    const auto touch = run::advice(without_endstop, *klippy::settings::from_status(status));
    BOOST_TEST(touch.back().find("a touch-off is not possible") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(row_c_refuses_other_microsteps) {
    auto status = ready_status();
    settings(status)["stepper_y"].as_object()["microsteps"] = 16;
    refused(status, errc::mismatch, "stepper_y.microsteps is 16");
}

BOOST_AUTO_TEST_CASE(refuses_other_axis_ends_and_names_all_of_them_at_once) {
    auto status = ready_status();
    settings(status)["stepper_x"].as_object()["position_max"] = 300.0;
    settings(status)["stepper_y"].as_object()["position_min"] = -4.0;
    refused(status, errc::mismatch, "stepper_x.position_max is 300");
    refused(status, errc::mismatch, "stepper_y.position_min is -4");
}

BOOST_AUTO_TEST_CASE(refuses_a_limit_above_klippers_and_takes_a_lower_one) {
    auto status = ready_status();
    settings(status)["printer"].as_object()["max_velocity"] = 60.0; // ours is 80
    refused(status, errc::mismatch, "motion.max_velocity_mm_s is 80, above Klipper's max_velocity of 60");
    settings(status)["printer"].as_object()["max_velocity"] = 80.0;
    BOOST_TEST(facts_in(status).has_value());
}

BOOST_AUTO_TEST_CASE(does_not_compare_what_drives_z_when_the_machine_file_does_not_say) {
    auto status = ready_status(); // 8 mm and 16 microsteps, where X and Y have 32 and 4
    BOOST_TEST(facts_in(status).has_value());
    auto m = machine::sim_machine();
    m.steppers.z_rotation_distance = 4.0;
    BOOST_TEST(!run::read_facts(m, live_objects, status).has_value());
}

BOOST_AUTO_TEST_CASE(refuses_a_printer_that_runs_or_pauses_another_file) {
    auto status = ready_status();
    status["print_stats"].as_object()["state"] = "printing";
    status["print_stats"].as_object()["filename"] = "vase.gcode";
    refused(status, errc::busy, "vase.gcode");
    status["print_stats"].as_object()["state"] = "standby";
    status["pause_resume"].as_object()["is_paused"] = true;
    refused(status, errc::busy, "pause");
}

BOOST_AUTO_TEST_CASE(p10_a_job_that_is_not_known_is_never_idle) {
    auto status = ready_status();
    status["print_stats"].as_object()["state"] = "new in 2030";
    refused(status, errc::busy, "does not say whether");
    status.erase("print_stats");
    refused(status, errc::busy, "does not say whether");
    status["print_stats"] = json::object(); // Klipper has no such object: no [virtual_sdcard], no files
    BOOST_TEST(run::read_facts(machine::sim_machine(), live_objects, status).has_value());
}

BOOST_AUTO_TEST_CASE(refuses_a_gcode_offset) {
    auto status = ready_status();
    status["gcode_move"].as_object()["homing_origin"] = json::array{0.0, 0.0, 0.25, 0.0};
    refused(status, errc::refused, "Z 0.25");
}

BOOST_AUTO_TEST_CASE(refuses_an_active_bed_mesh_and_an_active_skew_correction) {
    auto status = ready_status();
    status["bed_mesh"] = json::object{{"profile_name", "default"}};
    refused(status, errc::refused, "bed mesh \"default\"");
    status["bed_mesh"].as_object()["profile_name"] = "";
    status["skew_correction"] = json::object{{"current_profile_name", "gantry"}};
    refused(status, errc::refused, "skew correction \"gantry\"");
    status["skew_correction"].as_object()["current_profile_name"] = "";
    BOOST_TEST(facts_in(status).has_value());
}

/// As in tests/transcripts/klippy/skew_profile.jsonl: SET_SKEW CLEAR=1 leaves the name, and so does a failed load.
BOOST_AUTO_TEST_CASE(a_skew_that_was_ended_is_told_from_one_that_bends_though_klipper_goes_on_naming_it) {
    auto status = ready_status();
    status["skew_correction"] = json::object{{"current_profile_name", "kcal"}};
    const auto stands = [&](double machine_x, double x, double y, double z, const char* homed = "xyz") {
        status["toolhead"].as_object()["homed_axes"] = homed;
        status["toolhead"].as_object()["position"] = json::array{machine_x, y, z, 0.0};
        status["gcode_move"].as_object()["position"] = json::array{x, y, z, 0.0};
        status["gcode_move"].as_object()["gcode_position"] = json::array{x, y, z, 0.0};
    };
    stands(59.3125, 59.3125, 100, 10);
    BOOST_TEST(facts_in(status).has_value());
    stands(49.3125, 50, 100, 10);
    refused(status, errc::refused, "skew correction \"kcal\" is active");
    for (const auto& [y, z] : {std::pair(0.0, 10.0), {19.0, 10.0}, {100.0, 0.0}}) { // where nothing would show
        stands(50, 50, y, z);
        refused(status, errc::refused, "skew correction \"kcal\" is active");
    }
    stands(50, 50, 100, 10, "xy");
    refused(status, errc::refused, "skew correction \"kcal\" is active");
}

BOOST_AUTO_TEST_CASE(refuses_a_stopped_printer_with_klippers_reason) {
    auto status = ready_status();
    status["webhooks"] = json::object{{"state", "shutdown"}, {"state_message", "Lost communication with MCU 'mcu'\nx"}};
    refused(status, errc::refused, "Lost communication with MCU 'mcu'");
    status["webhooks"] = json::object{{"state", "startup"}, {"state_message", "\nPrinter is not ready\n"}};
    refused(status, errc::not_connected, "Printer is not ready");
}

BOOST_AUTO_TEST_CASE(reports_a_speed_factor_that_is_not_one) {
    auto status = ready_status();
    status["gcode_move"].as_object()["speed_factor"] = 1.5;
    const auto facts = facts_in(status);
    BOOST_REQUIRE(facts);
    BOOST_TEST(facts->speed_factor == 1.5);
    BOOST_TEST(facts->warnings.back().find("150 %") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a6_coordinates_that_are_no_places_are_refused_before_anything_moves) {
    const auto g92 = [] {
        auto status = ready_status();
        status["gcode_move"].as_object()["gcode_position"] = json::array{5.0, 0.0, 10.0, 0.0};
        return status;
    };
    refused(g92(), errc::refused, "shifted by G92: X -5 Y 0 Z 0");
    auto bent = ready_status(); // SET_SKEW XY=... without a profile, away from the origin
    bent["toolhead"].as_object()["position"] = json::array{3.2, 100.0, 10.0, 0.0};
    bent["gcode_move"].as_object()["position"] = json::array{0.0, 100.0, 10.0, 0.0};
    bent["gcode_move"].as_object()["gcode_position"] = json::array{0.0, 100.0, 10.0, 0.0};
    refused(bent, errc::refused, "something that kplot does not know");
    bent["skew_correction"] = json::object{{"current_profile_name", ""}}; // it has no options, so no settings
    refused(bent, errc::refused, "it comes from [skew_correction]");
    settings(bent)["bed_mesh"] = json::object{{"speed", 50}};
    refused(bent, errc::refused, "it comes from [bed_mesh], [skew_correction]");
    bent["toolhead"].as_object()["position"] = json::array{0.0005, 100.0, 10.0, 0.0}; // a float's residue
    BOOST_TEST(facts_in(bent).has_value());
    auto heat = ready_status();
    heat["z_thermal_adjust"] = json::object{{"enabled", true}};
    refused(heat, errc::refused, "[z_thermal_adjust]");
    heat["z_thermal_adjust"].as_object()["enabled"] = false;
    BOOST_TEST(facts_in(heat).has_value());
}

BOOST_AUTO_TEST_CASE(advises_a_lift_in_on_error_gcode) {
    auto status = ready_status();
    settings(status)["virtual_sdcard"].as_object()["on_error_gcode"] = "\nTURN_OFF_HEATERS\n";
    const auto facts = facts_in(status);
    BOOST_REQUIRE(facts);
    BOOST_TEST(facts->warnings.back().find("on_error_gcode") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(asks_klipper_in_one_query_and_finds_the_boundary_macro) {
    stage b;
    settings(b.printer.status)["gcode_macro kplot_boundary"] = json::object{{"gcode", run::our_boundary().gcode}};
    b.open();
    const auto facts = run::preflight(b.k.link(), b.machine, b.printer.clock.now() + 5s);
    BOOST_REQUIRE(facts);
    BOOST_TEST(facts->commands.boundary);
    BOOST_TEST(b.printer.scripts.empty());
}

BOOST_AUTO_TEST_CASE(b8_z_that_is_homed_towards_the_paper_is_told_from_z_that_is_lifted) {
    auto status = ready_status();
    auto low = machine::sim_machine(); // the pen is down at 0
    low.tools.pop_back();
    low.tools[0].work_mm = 0;
    low.z_states.travel_mm = 5;
    const auto upwards = [&](const machine::machine& m, bool positive) {
        settings(status)["stepper_z"].as_object()["homing_positive_dir"] = positive;
        const auto facts = run::read_facts(m, live_objects, status);
        BOOST_REQUIRE(facts);
        return facts->z_homes_upwards;
    };
    BOOST_TEST(!upwards(low, false));
    BOOST_TEST(upwards(low, true));
    BOOST_TEST(upwards(machine::sim_machine(), false)); // +Z presses
    BOOST_TEST(!upwards(machine::sim_machine(), true));
}

} // namespace preflight_test
