// SPDX-License-Identifier: MIT
#include <kf/machine/machine_file.hpp>
#include <kf/machine/validate.hpp>

#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>

namespace validate_test {

using namespace kf::machine;

machine good() { return read_machine(template_text).value; }

/// The one error that a machine has, as "field: text"; fails the test when there is none.
std::string error_of(const machine& m) {
    std::string out;
    for (const problem& p : validate(m))
        if (p.severity == problem::level::error)
            out += (out.empty() ? "" : " | ") + p.field + " " + p.value + " [" + p.allowed + "] " + p.text;
    return out;
}

BOOST_AUTO_TEST_SUITE(validate_machine)

BOOST_AUTO_TEST_CASE(a_canvas_larger_than_the_work_area_is_refused) {
    machine m = good();
    m.canvas.width_mm = 260;
    BOOST_TEST(error_of(m) == "canvas.width_mm 260 [1 to 250 mm] The canvas is larger than the work area in x.");
}

BOOST_AUTO_TEST_CASE(a_canvas_whose_offset_pushes_it_out_of_travel_is_refused) {
    machine m = good();
    m.canvas.offset_y_mm = 60;
    BOOST_TEST(error_of(m) == "canvas.offset_y_mm 60 [0 to 53 mm] With its 297 mm the canvas leaves the work area (0 "
                              "to 350 mm).");
    m.canvas.offset_y_mm = -0.5;
    BOOST_TEST(error_of(m).starts_with("canvas.offset_y_mm -0.5 [0 to 53 mm]"));
    m.canvas.offset_y_mm = 53;
    BOOST_TEST(error_of(m) == "");
}

BOOST_AUTO_TEST_CASE(the_work_area_may_start_elsewhere_than_at_zero) {
    machine m = good();
    m.work_area_min_mm = {-30, -30, -5};
    m.canvas.offset_x_mm = -25;
    m.canvas.offset_y_mm = -25;
    m.park_mm = {-30, -30};
    BOOST_TEST(error_of(m) == "");
    m.work_area_min_mm.x = 300;
    BOOST_TEST(error_of(m).starts_with("machine.work_area_min_mm.x 300 [less than 250 mm]"));
}

BOOST_AUTO_TEST_CASE(tool_offsets_beyond_reason_are_refused_and_lost_reach_is_noted) {
    machine m = good();
    m.tools[1].xy_offset_mm.x = 151;
    BOOST_TEST(error_of(m) == "tools.airbrush.xy_offset_mm[0] 151 [-150 to 150 mm] ");
    m.tools[1].xy_offset_mm.x = 40;
    const auto found = validate(m);
    BOOST_REQUIRE(found.size() == 1u);
    BOOST_TEST((found[0].severity == problem::level::note));
    BOOST_TEST(found[0].field == "tools.airbrush.xy_offset_mm[0]");
    BOOST_TEST(found[0].allowed == "-25 to 15 mm");
}

BOOST_AUTO_TEST_CASE(every_work_height_is_apart_from_travel_and_in_the_work_area) {
    machine m = good();
    m.z_states.travel_mm = 20;
    BOOST_TEST(error_of(m) == "z_states.pen_work_mm 20 [0.1 mm or more from travel_mm (20 mm)] At travel height every "
                              "tool is clear of the paper.");
    m.z_states.travel_mm = 20.05;
    BOOST_TEST(error_of(m).starts_with("z_states.pen_work_mm 20 [0.1 mm or more from travel_mm (20.05 mm)]"));
    m = good();
    m.tools[1].work_mm = 10;
    BOOST_TEST(error_of(m).starts_with("z_states.airbrush_work_mm 10 [0.1 mm or more from travel_mm (10 mm)]"));
    m = good();
    m.tools[0].work_mm = 41;
    BOOST_TEST(error_of(m) == "z_states.pen_work_mm 41 [0 to 40 mm] Z heights are inside the work area.");
}

BOOST_AUTO_TEST_CASE(a_pen_may_be_down_at_a_low_z_and_one_tool_is_enough) {
    machine m = good();
    m.tools.pop_back();
    m.tools[0].work_mm = 0;
    m.z_states.travel_mm = 5;
    BOOST_TEST(error_of(m) == "");
    m.z_reference.touch_off_mm = 0.5;
    BOOST_TEST(error_of(m) == "");
    m.z_reference.touch_off_mm = 20;
    BOOST_TEST(error_of(m) ==
               "z_reference.touch_off_mm 20 [on the side of travel_mm (5 mm) where pen_work_mm is (0 mm)] "
               "The tool touches the paper on the way to its work height.");
    m = good();
    m.tools[1].work_mm = 18; // both tools on one side
    BOOST_TEST(error_of(m) == "");
}

BOOST_AUTO_TEST_CASE(row_c_rotation_distance_must_be_belt_pitch_times_teeth) {
    machine m = good();
    m.steppers.xy_rotation_distance = 40;
    BOOST_TEST(error_of(m) == "steppers.xy_rotation_distance 40 [31.36 to 32.64 mm] belt_pitch_mm x pulley_teeth = 2 x "
                              "16 = 32 mm.");
    m.steppers.xy_rotation_distance = 32.064; // as a calibration leaves it
    BOOST_TEST(error_of(m) == "");
    BOOST_TEST(validate(m).size() == 1u);
}

BOOST_AUTO_TEST_CASE(row_c_microsteps_times_full_steps_must_be_the_drivers_pulses) {
    machine m = good();
    m.steppers.klipper_microsteps = 16;
    BOOST_TEST(error_of(m) == "steppers.klipper_microsteps 16 [] 400 full steps x 16 = 6400 pulses, but "
                              "driver_pulses_per_rev is 1600.");
    m.steppers.klipper_microsteps = 8;
    m.steppers.motor_type = "1.8deg";
    BOOST_TEST(error_of(m) == "");
    m.steppers.motor_type = "7.5deg";
    BOOST_TEST(error_of(m).starts_with("steppers.motor_type 7.5deg"));
}

BOOST_AUTO_TEST_CASE(speeds_above_the_motion_limit_are_refused) {
    machine m = good();
    m.tools[0].travel_feed_mm_s = 81;
    BOOST_TEST(error_of(m) == "tools.pen.travel_feed_mm_s 81 [0.01 to 80 mm/s] The limit is "
                              "motion.max_velocity_mm_s.");
    m = good();
    m.motion.homing_speed_mm_s = 100;
    BOOST_TEST(error_of(m).starts_with("motion.homing_speed_mm_s 100 [0.01 to 80 mm/s]"));
    m = good();
    m.motion.max_z_velocity_mm_s = 4;
    BOOST_TEST(error_of(m).starts_with("tools.pen.plunge_feed_mm_s 5 [0.01 to 4 mm/s] The limit is "
                                       "motion.max_z_velocity_mm_s."));
    m = good();
    m.tools[0].feed_mm_s = -25;
    BOOST_TEST(error_of(m) == "tools.pen.feed_mm_s -25 [0.01 to 2000 mm/s] ");
}

BOOST_AUTO_TEST_CASE(homing_paths_jog_steps_margin_and_park_are_checked) {
    machine m = good();
    m.axes.x.homing_side.reset();
    BOOST_TEST(error_of(m).starts_with("axes.x.homing_side"));
    m = good();
    m.z_reference.method = z_reference::way::endstop;
    BOOST_TEST(error_of(m) == "z_reference.method endstop [] axes.z.endstop_pin names no endstop.");
    m = good();
    m.connection.socket_path = "klippy_uds";
    BOOST_TEST(error_of(m).starts_with("connection.socket_path klippy_uds"));
    m.connection.socket_path = "/" + std::string(107, 'x');
    BOOST_TEST(error_of(m).starts_with("connection.socket_path /xxx"));
    m = good();
    m.gcode_directory = "~/gcodes";
    BOOST_TEST(error_of(m).starts_with("file_execution.gcode_directory ~/gcodes"));
    m = good();
    m.interactive.default_jog_increment_mm = 2;
    BOOST_TEST(error_of(m).starts_with("interactive.default_jog_increment_mm 2"));
    m = good();
    m.canvas.margin_mm = 105;
    BOOST_TEST(error_of(m).starts_with("canvas.margin_mm 105 [less than 105 mm]"));
    m = good();
    m.park_mm.y = 351;
    BOOST_TEST(error_of(m).starts_with("machine.park_mm[1] 351 [0 to 350 mm]"));
    m = good();
    m.tools.clear();
    BOOST_TEST(error_of(m).starts_with("tools"));
}

BOOST_AUTO_TEST_CASE(a_socket_that_is_not_there_is_a_note) {
    machine m = good();
    m.connection.socket_path = "/nonexistent/klippy_uds";
    BOOST_REQUIRE(missing_socket(m).has_value());
    BOOST_TEST((missing_socket(m)->severity == problem::level::note));
}

BOOST_AUTO_TEST_CASE(home_is_the_end_where_the_endstop_sits) {
    machine m = good();
    m.work_area_min_mm.x = -4;
    BOOST_TEST((home_position(m) == xy{-4, 0}));
    m.axes.y.homing_side = axis::side::max;
    BOOST_TEST((home_position(m) == xy{-4, 350}));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace validate_test
