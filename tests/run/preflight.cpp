// SPDX-License-Identifier: MIT
#include "fake_printer.hpp"

#include <kf/run/preflight.hpp>

#include <boost/test/unit_test.hpp>

#include <fmt/ranges.h>

using namespace kf;
using namespace kf::test;

namespace {

json::object& settings(json::object& status) { return status["configfile"].as_object()["settings"].as_object(); }

result<run::printer_facts> judge(const json::object& status) {
    return run::judge(machine::sim_machine(), live_objects, status);
}

/// The error's code, and `part` in what it says.
void refused(const json::object& status, errc code, const std::string& part) {
    const auto facts = judge(status);
    BOOST_REQUIRE(!facts);
    BOOST_TEST(name(facts.error().code) == name(code));
    const std::string text = facts.error().what + "\n" + facts.error().cause;
    BOOST_TEST(text.find(part) != std::string::npos, text << " lacks " << part);
}

} // namespace

BOOST_AUTO_TEST_CASE(takes_the_printer_that_the_machine_file_describes) {
    const auto facts = judge(ready_status());
    BOOST_REQUIRE(facts);
    BOOST_TEST(facts->limits.max_velocity == 200);
    BOOST_TEST(facts->limits.max_z_velocity.value() == 50);
    BOOST_TEST(facts->homed("xyz"));
    BOOST_TEST(facts->files);
    BOOST_TEST(facts->force_move);
    BOOST_TEST(!facts->z_endstop);
    BOOST_TEST(!facts->arcs);
    BOOST_TEST(!facts->boundary);
    BOOST_TEST(facts->gcode_directory == "/home/pi/gcodes");
    BOOST_TEST(facts->warnings.empty());
}

BOOST_AUTO_TEST_CASE(refuses_another_rotation_distance_on_any_motor_of_an_axis) {
    auto status = ready_status();
    settings(status)["stepper_x1"].as_object()["rotation_distance"] = 40.0;
    refused(status, errc::mismatch, "stepper_x1.rotation_distance is 40");
}

BOOST_AUTO_TEST_CASE(refuses_a_homing_that_ends_somewhere_else_before_it_moves) {
    auto status = ready_status();
    settings(status)["stepper_y"].as_object()["position_endstop"] = 350.0;
    refused(status, errc::mismatch,
            "axes.y.homing_side: machine.yaml has 0, Klipper's stepper_y.position_endstop is 350.");
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
    BOOST_TEST(told() == "there is no KPLOT_BOUNDARY macro: a file is paused in the middle of a stroke. See: kplot "
                         "machine macros");
    settings(status)["gcode_macro kplot_boundary"] = json::object{{"gcode", "PAUSE"}};
    BOOST_TEST(told() == "");
    settings(status).erase("pause_resume");
    BOOST_TEST(told().find("only --mode interactive can draw") != std::string::npos);
    settings(status).erase("force_move");
    auto without_endstop = machine::sim_machine();
    without_endstop.axes.z.endstop_pin.reset();
    const auto touch = run::advice(without_endstop, *klippy::settings::from_status(status));
    BOOST_TEST(touch.back().find("a touch-off is not possible") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(refuses_other_microsteps) {
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
    BOOST_TEST(judge(status).has_value());
}

BOOST_AUTO_TEST_CASE(does_not_compare_what_drives_z_when_the_machine_file_does_not_say) {
    auto status = ready_status(); // 8 mm and 16 microsteps, where X and Y have 32 and 4
    BOOST_TEST(judge(status).has_value());
    auto m = machine::sim_machine();
    m.steppers.z_rotation_distance = 4.0;
    BOOST_TEST(!run::judge(m, live_objects, status).has_value());
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
    BOOST_TEST(judge(status).has_value());
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
    const auto facts = judge(status);
    BOOST_REQUIRE(facts);
    BOOST_TEST(facts->speed_factor == 1.5);
    BOOST_REQUIRE(facts->warnings.size() == 1);
    BOOST_TEST(facts->warnings[0].find("150 %") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(warns_of_a_cancel_that_moves_z_relatively) {
    auto status = ready_status(); // the macro of the plan that this suite follows
    settings(status)["gcode_macro cancel_print"].as_object()["gcode"] =
        "\nTURN_OFF_HEATERS\nG91                       # Relative\nG0 Z5 F1200\nG90\nG0 X0 Y0 F6000\nM84";
    const auto facts = judge(status);
    BOOST_REQUIRE(facts);
    BOOST_REQUIRE(facts->warnings.size() == 1);
    BOOST_TEST(facts->warnings[0].find("CANCEL_PRINT moves Z relatively") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(sees_relative_z_moves_and_no_others) {
    BOOST_TEST(run::moves_z_relatively("G91\nG1 Z5"));
    BOOST_TEST(run::moves_z_relatively("g91\n  g0 x1 z-2 ; up"));
    BOOST_TEST(!run::moves_z_relatively("G91\nG90\nG1 Z5"));
    BOOST_TEST(!run::moves_z_relatively("G91\nG1 X5 ; not Z"));
    BOOST_TEST(!run::moves_z_relatively("G90\nG1 Z5\nG91"));
    BOOST_TEST(!run::moves_z_relatively("G91\nG10 Z5"));
}

BOOST_AUTO_TEST_CASE(advises_a_lift_in_on_error_gcode) {
    auto status = ready_status();
    settings(status)["virtual_sdcard"].as_object()["on_error_gcode"] = "\nTURN_OFF_HEATERS\n";
    const auto facts = judge(status);
    BOOST_REQUIRE(facts);
    BOOST_REQUIRE(facts->warnings.size() == 1);
    BOOST_TEST(facts->warnings[0].find("on_error_gcode") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(asks_klipper_in_one_query_and_finds_the_boundary_macro) {
    bench b;
    b.printer.objects.emplace_back("gcode_macro kplot_boundary");
    b.open();
    const auto facts = run::preflight(b.k.link(), b.machine, b.printer.clock.now() + 5s);
    BOOST_REQUIRE(facts);
    BOOST_TEST(facts->boundary);
    BOOST_TEST(b.printer.scripts.empty());
}
