// SPDX-License-Identifier: MIT
#include "recording.hpp"

#include <kf/klippy/settings.hpp>
#include <kf/klippy/status.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <functional>
#include <string>

namespace status_test {

using namespace kf;
using namespace kf::klippy;

void take(printer_status& s, const char* status_json, seconds at) {
    const auto merged = s.merge(json::parse(status_json).as_object(), at);
    BOOST_REQUIRE_MESSAGE(merged, merged.error().what);
}

/// Merges all status that a recording brought on its first connection; `see` looks after each.
printer_status follow(const std::string& name, const std::function<void(const printer_status&, double t)>& see) {
    printer_status s;
    for (const auto& line : kf::test::load_recording(name)) {
        if (line.direction != '<' || !line.connection.empty() || line.is_eof()) continue;
        const json::object* body =
            line.msg.get_object().if_contains("params") != nullptr   ? line.msg.at("params").if_object()
            : line.msg.get_object().if_contains("result") != nullptr ? line.msg.at("result").if_object()
                                                                     : nullptr;
        if (body == nullptr || !body->contains("status")) continue;
        const auto merged = s.merge(body->at("status").as_object(), body->at("eventtime").to_number<double>());
        BOOST_REQUIRE_MESSAGE(merged, name << ": " << merged.error().what);
        see(s, line.t);
    }
    return s;
}

BOOST_AUTO_TEST_SUITE(status_)

BOOST_AUTO_TEST_CASE(reads_every_object_of_a_recorded_klippy) {
    const printer_status s = follow("basic.jsonl", [](const auto&, double) {});
    BOOST_TEST(s.ready());
    BOOST_REQUIRE(s.toolhead.has_value());
    BOOST_TEST(s.toolhead->axis_maximum[1] == 350.0);
    BOOST_TEST(s.toolhead->axis_minimum[2] == -5.0);
    BOOST_TEST(s.toolhead->max_velocity == 200.0);
    BOOST_TEST(s.toolhead->max_accel == 3000.0);
    BOOST_TEST(s.toolhead->minimum_cruise_ratio == 0.5);
    BOOST_TEST(s.toolhead->square_corner_velocity == 5.0);
    BOOST_REQUIRE(s.gcode_move.has_value());
    BOOST_TEST(s.gcode_move->speed_f_word == 1500.0);
    BOOST_TEST(s.gcode_move->absolute_coordinates);
    BOOST_REQUIRE(s.idle_timeout.has_value());
    BOOST_TEST(s.idle_timeout->idle_timeout == 600.0);
    BOOST_REQUIRE(s.virtual_sdcard.has_value());
    BOOST_TEST(s.virtual_sdcard->file_path == "");
    BOOST_REQUIRE(s.print_stats.has_value());
    BOOST_TEST((s.print_stats->state == print_state::standby));
    BOOST_REQUIRE(s.pause_resume.has_value());
    BOOST_TEST(!s.pause_resume->is_paused);
    BOOST_TEST(s.absent.contains("nope"));
}

BOOST_AUTO_TEST_CASE(a_partial_update_leaves_the_rest) {
    printer_status s;
    take(s, R"({"webhooks":{"state":"ready","state_message":"Printer is ready"},
                "toolhead":{"homed_axes":"xyz","position":[1,2,3,0]},"print_stats":{"state":"printing","filename":"a.g"}})",
         10);
    take(s, R"({"toolhead":{"position":[4.5,5,6,0]}})", 11);
    take(s, R"({"print_stats":{"message":null,"state":"complete"}})", 12);
    BOOST_TEST((s.position() == xyz{4.5, 5, 6}));
    BOOST_TEST(s.homed("xy").value());
    BOOST_TEST(s.print_stats->filename == "a.g");
    BOOST_TEST((s.print_stats->state == print_state::complete));
    BOOST_TEST(s.eventtime == 12.0);
}

BOOST_AUTO_TEST_CASE(a_field_of_another_type_is_an_error_and_not_a_guess) {
    for (const char* wrong :
         {R"({"toolhead":{"position":"0,0"}})", R"({"toolhead":{"position":[1,2]}})",
          R"({"toolhead":{"position":[1,2,"3"]}})", R"({"print_stats":{"state":7}})",
          R"({"pause_resume":{"is_paused":0}})", R"({"toolhead":5})", R"({"virtual_sdcard":{"file_size":1.5}})"}) {
        printer_status s;
        const auto merged = s.merge(json::parse(wrong).as_object(), 1);
        BOOST_REQUIRE_MESSAGE(!merged, wrong);
        BOOST_TEST((merged.error().code == errc::protocol));
    }
}

BOOST_AUTO_TEST_CASE(a_state_nobody_knows_is_unknown_and_not_ready) {
    printer_status s;
    take(s, R"({"webhooks":{"state":"dreaming"},"print_stats":{"state":"knitting"},"toolhead":{"position":[1,1,1,0]}})",
         1);
    BOOST_TEST(!s.ready());
    BOOST_TEST(!s.position().has_value());
    BOOST_TEST((s.job() == job_state::unknown));
}

BOOST_AUTO_TEST_CASE(the_position_is_unknown_from_a_shutdown_on) {
    bool was_known = false;
    const auto s = follow("emergency_stop_moving.jsonl", [&](const printer_status& now, double t) {
        if (t < 9) was_known = was_known || now.position().has_value();
        if (t > 9.7 && t < 12) {
            BOOST_TEST(!now.position().has_value());
            BOOST_TEST(!now.live_position().has_value());
            BOOST_TEST(!now.homed("xyz").has_value());
        }
    });
    BOOST_TEST(was_known);
    // Klipper itself still says 127 mm and homed; its carriage stood at 57.
    BOOST_TEST(s.motion_report->live_position[0] > 127.0);
    BOOST_TEST(s.toolhead->homed_axes == "xyz");
    BOOST_TEST(first_line(s.webhooks.message) == "Shutdown due to webhooks request");
}

BOOST_AUTO_TEST_CASE(the_zero_after_a_quiet_spell_is_not_believed) {
    std::vector<double> x;
    printer_status s;
    take(s, R"({"webhooks":{"state":"ready"}})", 0);
    for (const auto& line : kf::test::load_recording("live_position_glitch.jsonl")) {
        if (line.direction != '<' || line.is_eof()) continue;
        const auto* params = line.msg.get_object().if_contains("params");
        if (params == nullptr || !params->get_object().contains("status")) continue;
        BOOST_REQUIRE(s.merge(params->at("status").as_object(), params->at("eventtime").to_number<double>()));
        x.push_back((*s.live_position())[0]);
    }
    BOOST_REQUIRE(x.size() == 7U);
    BOOST_TEST(x[3] == 100.0);
    BOOST_TEST(x[4] == 100.0); // Klipper said 0
    BOOST_TEST(s.motion_report->live_position[0] > 119.9);
    BOOST_TEST(std::abs(x[5] - 109.78225633333561) < 1e-9);
}

BOOST_AUTO_TEST_CASE(a_real_zero_is_believed) {
    printer_status moving;
    take(moving, R"({"webhooks":{"state":"ready"},"motion_report":{"live_position":[9,0,0,0],"live_velocity":50}})",
         100);
    take(moving, R"({"motion_report":{"live_position":[0,0,0,0],"live_velocity":0}})", 100.25);
    BOOST_TEST((moving.live_position() == xyz{0, 0, 0}));

    printer_status jogged; // a move of less than a sample, after an hour of rest
    take(jogged, R"({"webhooks":{"state":"ready"},"toolhead":{"position":[1,0,0,0]},
                     "motion_report":{"live_position":[1,0,0,0],"live_velocity":0}})",
         100);
    take(jogged, R"({"toolhead":{"position":[0,0,0,0]},"motion_report":{"live_position":[0,0,0,0]}})", 3700);
    BOOST_TEST((jogged.live_position() == xyz{0, 0, 0}));
}

BOOST_AUTO_TEST_CASE(axes_are_not_homed_while_they_are_being_homed) {
    printer_status s;
    BOOST_TEST(!s.homed("x").has_value());
    take(s, R"({"webhooks":{"state":"ready"},"toolhead":{"homed_axes":""}})", 1);
    BOOST_TEST((s.homed("x") == false));
    s.homing_begins();
    take(s, R"({"toolhead":{"homed_axes":"xyz"}})", 2); // Klipper says so 2 s before it is true
    BOOST_TEST(!s.homed("xyz").has_value());
    s.homing_ended();
    BOOST_TEST((s.homed("xyz") == true));
    take(s, R"({"toolhead":{"homed_axes":"xy"}})", 3);
    BOOST_TEST((s.homed("xy") == true));
    BOOST_TEST((s.homed("xyz") == false));
}

BOOST_AUTO_TEST_CASE(a_job_is_finishing_until_the_pen_has_stopped) {
    std::string course;
    follow("sd_complete.jsonl", [&](const printer_status& s, double t) {
        if (t < 2.6) return; // what was before
        const std::string now = name(s.job());
        if (!course.ends_with(now)) course += " " + now;
    });
    BOOST_TEST(course == " printing finishing done");
}

BOOST_AUTO_TEST_CASE(b1_what_a_planner_leaves_over_is_rest) {
    const auto job_at = [](double velocity) {
        printer_status s;
        BOOST_REQUIRE(s.merge({{"webhooks", json::object{{"state", "ready"}}},
                               {"idle_timeout", json::object{{"state", "Ready"}}},
                               {"motion_report", json::object{{"live_velocity", velocity}}},
                               {"print_stats", json::object{{"state", "complete"}}}},
                              1));
        return s.job();
    };
    // v - a (v / a) of all lift feeds from 0.5 to 100 mm/s in steps of a half, at 3000 mm/s2: 44 of them are not zero.
    int residues = 0;
    for (int half = 1; half <= 200; ++half) {
        const volatile double v = half * 0.5, accel = 3000;
        const volatile double time = v / accel;
        const volatile double lost = accel * time;
        residues += v - lost != 0 ? 1 : 0;
        BOOST_TEST((job_at(v - lost) == job_state::done), half);
    }
    BOOST_TEST(residues > 20);
    BOOST_TEST((job_at(0.01) == job_state::finishing)); // the slowest feed there is
}

BOOST_AUTO_TEST_CASE(names_each_state_of_a_recorded_job) {
    const auto course_of = [](const char* recording) {
        std::string course;
        follow(recording, [&](const printer_status& s, double) {
            const std::string now = name(s.job());
            if (!course.ends_with(" " + now)) course += " " + now;
        });
        return course;
    };
    BOOST_TEST(course_of("sd_error.jsonl").find(" printing failed") != std::string::npos);
    BOOST_TEST(course_of("sd_pause_resume_cancel.jsonl").find(" printing paused printing") != std::string::npos);
    BOOST_TEST(course_of("sd_pause_resume_cancel.jsonl").find(" cancelled") != std::string::npos);
    // A byte that is not UTF-8, or a stop: Klipper says paused, but nobody can resume it.
    BOOST_TEST(course_of("sd_latin1_mid.jsonl").find(" stalled") != std::string::npos);
    BOOST_TEST(course_of("emergency_stop_sdprint.jsonl").ends_with(" stalled"));
}

BOOST_AUTO_TEST_CASE(a_closed_file_has_no_name) {
    printer_status s;
    take(
        s,
        R"({"virtual_sdcard":{"file_path":"/g/a.gcode","progress":0.5,"is_active":true,"file_position":5,"file_size":10}})",
        1);
    BOOST_TEST(s.virtual_sdcard->file_path == "/g/a.gcode");
    take(s, R"({"virtual_sdcard":{"file_path":null,"is_active":false}})", 2);
    BOOST_TEST(s.virtual_sdcard->file_path == "");
    BOOST_TEST(s.virtual_sdcard->progress == 0.5);
}

BOOST_AUTO_TEST_CASE(a_heater_is_known_by_the_name_of_its_object) {
    BOOST_TEST(is_heater("extruder1"));
    BOOST_TEST(!is_heater("extruder_stepper belt"));
    BOOST_TEST(!is_heater("temperature_sensor pi"));
}

BOOST_AUTO_TEST_CASE(subscribes_to_no_field_that_changes_by_itself_at_rest) {
    for (const auto& object : state_objects()) {
        BOOST_TEST(object.value().is_array());
        for (const auto& field : object.value().as_array()) BOOST_TEST(field.as_string() != "estimated_print_time");
    }
}

BOOST_AUTO_TEST_CASE(settings_of_a_recorded_klippy_are_typed) {
    for (const auto& line : kf::test::load_recording("basic.jsonl")) {
        if (line.direction != '<' || line.is_eof() || line.msg.at("id") != 22) continue;
        const auto made = settings::from_status(line.msg.at("result").at("status").as_object());
        BOOST_REQUIRE(made);
        const settings& s = *made;
        BOOST_TEST(s.position_max('x').value() == 250.0);
        BOOST_TEST(s.position_min('z').value() == -5.0);
        BOOST_TEST(s.position_endstop('y').value() == 0.0);
        BOOST_TEST(s.rotation_distance('x').value() == 32.0);
        BOOST_TEST(s.microsteps('x').value() == 4);
        BOOST_TEST(s.full_steps_per_rotation('y').value() == 400);
        BOOST_TEST(s.gear_ratio("stepper_z").value() == 1.0);
        BOOST_TEST(s.has_endstop('z'));
        BOOST_TEST(s.max_velocity().value() == 200.0);
        BOOST_TEST(s.max_z_velocity().value() == 200.0); // Klipper fills the default in
        BOOST_TEST(s.max_accel().value() == 3000.0);
        BOOST_TEST(s.square_corner_velocity().value() == 5.0);
        BOOST_TEST(s.kinematics().value() == "cartesian");
        BOOST_TEST(s.gcode_directory().value() == "/home/pi/gcodes");
        BOOST_TEST(s.has_section("gcode_macro CANCEL_PRINT"));
        BOOST_TEST(s.has_section("force_move"));
        BOOST_TEST(!s.has_section("bed_mesh"));
        BOOST_TEST(!s.number("printer", "kinematics").has_value());
        BOOST_TEST(!s.rotation_distance('a').has_value());
        return;
    }
    BOOST_FAIL("the recording has no configfile");
}

BOOST_AUTO_TEST_CASE(gears_multiply) {
    const settings s(
        json::parse(R"({"stepper_x":{"gear_ratio":[[80,16],[3,2]]},"stepper_y":{"gear_ratio":[[1,0]]}})").as_object());
    BOOST_TEST(s.gear_ratio("stepper_x").value() == 7.5);
    BOOST_TEST(!s.gear_ratio("stepper_y").has_value());
    BOOST_TEST(!s.gear_ratio("stepper_z").has_value());
    BOOST_TEST((settings::from_status({}).error().code == errc::protocol));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace status_test
