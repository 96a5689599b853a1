// SPDX-License-Identifier: MIT
#include "planner_data.hpp"

#include <kf/planner/estimate.hpp>

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <fmt/format.h>

#include <cmath>
#include <cstddef>
#include <numbers>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace estimate_test {

using namespace kf;
using namespace kf::planner;
using kf::test::planner_data;
using kf::test::text_of;

estimate of(std::string_view gcode, const motion_limits& limits = {}) {
    auto done = estimate_gcode(gcode, limits);
    BOOST_REQUIRE_MESSAGE(done, (done ? "" : done.error().what + " " + done.error().cause));
    return *done;
}

error refusal_of(std::string_view gcode) {
    auto done = estimate_gcode(gcode);
    BOOST_REQUIRE_MESSAGE(!done, gcode);
    return done.error();
}

void sums_of(const char* file, const char* settings) {
    const auto truth = boost::json::parse(text_of(planner_data + file)).at("files").as_object();
    BOOST_TEST(truth.size() > 0U);
    for (const auto& [name, runs] : truth) {
        const auto& t = runs.at(settings).as_object();
        motion_limits limits;
        for (const auto& [limit, value] : t.at("limits").as_object())
            BOOST_REQUIRE(set_limit(limits, fmt::format("{}={}", std::string_view(limit), value.to_number<double>())));
        BOOST_TEST_CONTEXT(std::string_view(name)) {
            const estimate e = of(text_of(planner_data + std::string(name)), limits);
            BOOST_CHECK_SMALL(e.total - t.at("total_time").to_number<double>(), 1e-9);
            BOOST_CHECK_SMALL(e.moving - t.at("move_time").to_number<double>(), 1e-9);
            BOOST_CHECK_SMALL(e.dwelling - t.at("dwell_time").to_number<double>(), 1e-9);
            BOOST_CHECK_SMALL(e.distance - t.at("distance").to_number<double>(), 1e-9);
            BOOST_TEST(e.moves == t.at("moves").to_number<std::uint64_t>());
            BOOST_TEST(e.stops == t.at("full_stops").to_number<std::uint64_t>());
            BOOST_TEST(e.unknown == 0U);
        }
    }
}

BOOST_AUTO_TEST_SUITE(estimate_)

BOOST_AUTO_TEST_CASE(measured_files_take_what_klipper_took_without_z_limits) { sums_of("truth.json", "no_z_limits"); }
BOOST_AUTO_TEST_CASE(measured_files_take_what_klipper_took_with_z_limits) { sums_of("truth.json", "with_z_limits"); }

BOOST_AUTO_TEST_CASE(chunks_may_end_anywhere) {
    const std::string text = text_of(planner_data + "feeds.gcode") + text_of(planner_data + "dwell.gcode");
    const estimate whole = of(text);
    for (const std::size_t size : {1U, 2U, 7U, 64U}) {
        gcode_estimator e;
        for (std::size_t at = 0; at < text.size(); at += size)
            BOOST_REQUIRE(e.feed(std::string_view(text).substr(at, size)));
        const auto done = e.finish();
        BOOST_REQUIRE(done);
        BOOST_TEST(done->total == whole.total);
        BOOST_TEST(done->moves == whole.moves);
        BOOST_TEST(done->lines == whole.lines);
    }
    std::istringstream in(text);
    const auto streamed = estimate_gcode(in);
    BOOST_REQUIRE(streamed);
    BOOST_TEST(streamed->total == whole.total);
}

BOOST_AUTO_TEST_CASE(windows_line_ends_change_nothing) {
    BOOST_TEST(of("G1 X20 F6000\r\nG4 P250\r\n").total == of("G1 X20 F6000\nG4 P250\n").total);
}

BOOST_AUTO_TEST_CASE(a_last_line_without_newline_is_not_run_and_said_so) {
    const estimate e = of("G1 X20 F6000\nG1 X40");
    BOOST_TEST(e.moves == 1U);
    BOOST_TEST(e.unfinished_line);
    BOOST_TEST(!of("G1 X20 F6000\n").unfinished_line);
    BOOST_TEST(!of("G1 X20 F6000\n; the end").unfinished_line);
}

BOOST_AUTO_TEST_CASE(an_empty_file_takes_no_time) {
    const estimate e = of("");
    BOOST_TEST(e.total == 0);
    BOOST_TEST(e.moves == 0U);
    BOOST_TEST(e.stops == 0U);
}

BOOST_AUTO_TEST_CASE(speed_factor_scales_f_before_and_after_it) {
    // 100 mm at 50 mm/s and 3000 mm/s2: 2 s and 1/60 s
    const double at_50 = 100.0 / 50 + 50.0 / 3000;
    BOOST_CHECK_CLOSE(of("G1 X100 F3000\n").total, at_50, 1e-9);
    BOOST_CHECK_CLOSE(of("M220 S50\nG1 X100 F6000\n").total, at_50, 1e-9);
    BOOST_CHECK_CLOSE(of("G1 F6000\nM220 S50\nG1 X100\n").total, at_50, 1e-9);
    BOOST_CHECK_CLOSE(of("M220 S50\nG1 F6000\nM220\nG1 X100 F3000\n").total, at_50, 1e-9);
}

BOOST_AUTO_TEST_CASE(offsets_and_relative_coordinates_lead_to_the_same_place) {
    const double direct = of("G1 X30 Y40 F3000\n").total;
    BOOST_TEST(of("G91\nG1 X30 Y40 F3000\n").total == direct);
    BOOST_TEST(of("G92 X-30 Y-40\nG1 X0 Y0 F3000\n").total == direct);
    BOOST_TEST(of("SET_GCODE_OFFSET X=10 Y=20\nG1 X20 Y20 F3000\n").total == direct);
    BOOST_TEST(of("SET_GCODE_OFFSET X=10\nSET_GCODE_OFFSET X_ADJUST=5 Y_ADJUST=20\nG1 X15 Y20 F3000\n").total ==
               direct);
    BOOST_TEST(of("SAVE_GCODE_STATE NAME=a\nG92 X100\nG91\nRESTORE_GCODE_STATE NAME=a\nG1 X30 Y40 F3000\n").total ==
               direct);
    BOOST_TEST(of("SET_KINEMATIC_POSITION X=30\nG1 X60 Y40 F3000\n").total == direct);
    BOOST_TEST(of("G1 F3000\nSET_GCODE_OFFSET X=30 Y=40 MOVE=1\n").total == direct);
    BOOST_CHECK_SMALL(of("G1 X30 Y40 F3000\nG1 X30 Y40\n").total - direct, 1e-12);
    BOOST_TEST(of("G92 X5\nG28\nG1 X30 Y40 F3000\n").total == direct);
}

BOOST_AUTO_TEST_CASE(barriers_homing_and_strangers_are_counted) {
    const estimate e = of("G28 X Y\nG1 X30 F3000\nM400\nM400\nM117 hello 5\nTOOL_PEN\nG2 X5 I3\nM84\n\n; end\n");
    BOOST_TEST(e.homings == 1U);
    BOOST_TEST(e.barriers == 2U);
    BOOST_TEST(e.stops == 1U);
    BOOST_TEST(e.moves == 1U);
    BOOST_TEST(e.lines == 8U);
    BOOST_TEST(e.unknown == 1U);
    BOOST_TEST(e.first_unknown == "TOOL_PEN");
    BOOST_TEST(e.arcs_left_out == 1U);
}

motion_limits with_extruder() {
    motion_limits limits;
    limits.extruder.emplace();
    return limits;
}
motion_limits of_a_slow_z() {
    motion_limits limits = with_extruder();
    limits.max_z_velocity = 15;
    limits.max_z_accel = 100;
    return limits;
}

// The figures of the next two are of klippy v0.13.0-730 in batch mode, from the start of the first move to the end of
// the last one.
BOOST_AUTO_TEST_CASE(a_sliced_file_takes_what_klipper_took) {
    const estimate e = of(text_of(planner_data + "sliced.gcode"), of_a_slow_z());
    BOOST_CHECK_SMALL(e.total - 40.61144233164001, 1e-6);
    BOOST_TEST(e.extruding > 0U);
    BOOST_TEST(e.unknown == 0U);
}

// To the last digit of what Kalico v2026.07.00-30 took; Klipper itself took 43.39201263041331 s, a sixth of a
// thousandth more.
BOOST_AUTO_TEST_CASE(arcs_take_what_kalico_took_and_nearly_what_klipper_took) {
    motion_limits limits = of_a_slow_z();
    limits.arc_resolution = 1;
    const estimate e = of(text_of(planner_data + "arcs.gcode"), limits);
    BOOST_CHECK_SMALL(e.total - 43.385195143576304, 1e-6);
    BOOST_CHECK_CLOSE(e.total, 43.39201263041331, 0.02); // percent
    BOOST_TEST(e.arcs_left_out == 0U);
}

BOOST_AUTO_TEST_CASE(the_extruder_alone_takes_time_too_and_the_head_stands) {
    // 2 mm at 35 mm/s; the widest line of a 0.4 mm nozzle is 0.2661 mm of filament a mm, so 3000 mm/s2 become 798.3.
    const double accel = 3000 * 4 * 0.4 * 0.4 / (std::numbers::pi * 1.75 * 1.75 / 4);
    const double retract = 2.0 / 35 + 35 / accel;
    const double line = 100.0 / 50 + 50.0 / 3000;
    const estimate e = of("M83\nG1 X100 F3000\nG1 E-2 F2100\nG1 X0 F3000\n", with_extruder());
    BOOST_CHECK_SMALL(e.total - 2 * line - retract, 1e-9);
    BOOST_TEST(e.distance == 200.0);
    BOOST_TEST(e.moves == 3U);
    BOOST_TEST(e.extruding == 1U);
    // Absolute E, G92 E0 and M221 come to the same filament.
    BOOST_TEST(of("G92 E7\nG1 X100 F3000\nG1 E5 F2100\nG1 X0 F3000\n", with_extruder()).total == e.total);
    BOOST_CHECK_SMALL(of("M221 S50\nG1 X100 F3000\nG1 E-4 F2100\nG1 X0 F3000\n", with_extruder()).total - e.total,
                      1e-9);
    motion_limits own = with_extruder();
    own.extruder->max_extrude_only_velocity = 20;
    own.extruder->max_extrude_only_accel = 500;
    BOOST_CHECK_SMALL(of("M83\nG1 E-2 F2100\n", own).total - (2.0 / 20 + 20.0 / 500), 1e-9);
}

BOOST_AUTO_TEST_CASE(each_limit_has_its_name_and_its_range) {
    motion_limits limits;
    for (const char* good :
         {"arc_resolution=0.1", "nozzle_diameter=0.6", "filament_diameter=2.85", "max_extrude_only_velocity=40",
          "max_extrude_only_accel=900", "instantaneous_corner_velocity=0"})
        BOOST_TEST(set_limit(limits, good).has_value(), good);
    BOOST_TEST(limits.arc_resolution == 0.1);
    BOOST_TEST(limits.extruder.value().nozzle_diameter == 0.6);
    BOOST_TEST(limits.extruder->filament_diameter == 2.85);
    BOOST_TEST(limits.extruder->max_extrude_only_velocity.value() == 40.0);
    BOOST_TEST(limits.extruder->max_extrude_only_accel.value() == 900.0);
    BOOST_TEST(limits.extruder->instantaneous_corner_velocity == 0.0);
    for (const char* bad : {"nozzle_diameter=0", "arc_resolution=-1", "instantaneous_corner_velocity=-1", "nozzle=1"})
        BOOST_TEST(!set_limit(limits, bad).has_value(), bad);
}

BOOST_AUTO_TEST_CASE(a_line_that_klipper_refuses_is_named_with_klippers_words) {
    struct row {
        const char* line;
        const char* cause;
    };
    for (const auto& [line, cause] : {
             row{"G1 X33 # hash comment", "Unable to parse move 'G1 X33 # hash comment'"},
             row{"G1 X10 F0", "Invalid speed in 'G1 X10 F0'"},
             row{"G1 X10 F-5", "Invalid speed in 'G1 X10 F-5'"},
             row{"G1 X1E2", "Extrude when no extruder present: 1.000 0.000 0.000 [2.000]"},
             row{"G20", "Machine does not support G20 (inches) command"},
             row{"G4 P-1", "Error on 'G4 P-1': P must have minimum of 0.0"},
             row{"G4 P", "Error on 'G4 P': unable to parse "},
             row{"M220 S0", "Error on 'M220 S0': S must be above 0.0"},
             row{"M204 S0", "Error on 'M204 S0': S must be above 0.0"},
             row{"SET_VELOCITY_LIMIT VELOCITY=abc", "Error on 'SET_VELOCITY_LIMIT VELOCITY=abc': unable to parse abc"},
             row{"SET_VELOCITY_LIMIT FAST", "Malformed command 'SET_VELOCITY_LIMIT FAST'"},
             row{"RESTORE_GCODE_STATE NAME=b", "Unknown g-code state: b"},
         }) {
        const error e = refusal_of(std::string("G21\n\n") + line + "\nG1 X5\n");
        BOOST_TEST((e.code == errc::malformed));
        BOOST_TEST(e.what == "Klipper would stop with an error at line 3 of the G-code");
        BOOST_TEST(e.cause == cause);
        BOOST_TEST(e.steps.size() == 2U);
    }
}

BOOST_AUTO_TEST_CASE(what_is_no_gcode_is_refused_before_it_fills_the_memory) {
    const error e = refusal_of("G21\n" + std::string(1 << 20, 'x'));
    BOOST_TEST((e.code == errc::malformed));
    BOOST_TEST(e.what == "Klipper would stop with an error at line 2 of the G-code");
}

BOOST_AUTO_TEST_CASE(coordinates_beyond_all_measure_are_refused) {
    const error e = refusal_of("G1 X" + std::string(300, '9') + "\n");
    BOOST_TEST((e.code == errc::out_of_bounds));
}

BOOST_AUTO_TEST_CASE(limits_are_set_by_name) {
    motion_limits limits;
    BOOST_REQUIRE(set_limit(limits, "max_velocity=300"));
    BOOST_REQUIRE(set_limit(limits, "max_accel=1500.5"));
    BOOST_REQUIRE(set_limit(limits, "square_corner_velocity=0"));
    BOOST_REQUIRE(set_limit(limits, "minimum_cruise_ratio=0"));
    BOOST_REQUIRE(set_limit(limits, "max_z_velocity=5"));
    BOOST_REQUIRE(set_limit(limits, "max_z_accel=100"));
    BOOST_TEST(limits.max_velocity == 300);
    BOOST_TEST(limits.max_accel == 1500.5);
    BOOST_TEST(limits.square_corner_velocity == 0);
    BOOST_TEST(limits.minimum_cruise_ratio == 0);
    BOOST_TEST(limits.max_z_velocity.value() == 5);
    BOOST_TEST(limits.max_z_accel.value() == 100);
    for (const char* bad :
         {"max_velocity", "max_velocity=", "max_velocity=0", "max_velocity=-1", "max_velocity=nan", "max_accel=inf",
          "minimum_cruise_ratio=1", "square_corner_velocity=-1", "max_speed=5", "=5", ""}) {
        const auto refused = set_limit(limits, bad);
        BOOST_REQUIRE_MESSAGE(!refused, bad);
        BOOST_TEST((refused.error().code == errc::usage));
        BOOST_TEST(!refused.error().cause.empty());
        BOOST_TEST(refused.error().steps.size() == 1U);
    }
    BOOST_TEST(set_limit(limits, "max_velocty=5").error().cause ==
               "Klipper has no limit of this name; is it max_velocity?");
    BOOST_TEST(limits.max_velocity == 300);
}

BOOST_AUTO_TEST_CASE(bytes_of_the_file_map_to_planned_seconds) {
    gcode_estimator e;
    std::string text = "G1 F6000\n";
    for (int i = 1; i <= 20000; ++i) text += fmt::format("G1 X{} Y{}\n", i % 2 * 10, i % 7);
    seconds end = 0;
    std::vector<std::pair<std::uint64_t, seconds>> ends;
    const auto each = [&](const planned_move& m) {
        end = m.at + m.duration();
        ends.emplace_back(m.tag, end);
    };
    BOOST_REQUIRE(e.feed(text, each));
    const auto done = e.finish(each);
    BOOST_REQUIRE(done);
    BOOST_TEST(e.plan().total() == done->total);
    BOOST_TEST(e.plan().at(0) <= 0.2);
    BOOST_TEST(e.plan().at(text.size()) == done->total);
    BOOST_TEST(e.plan().at(text.size() + 100) == done->total);
    BOOST_TEST(ends.back().first == text.size());
    for (const auto& [offset, at] : ends) BOOST_REQUIRE_SMALL(e.plan().at(offset) - at, done->total * 2e-3);
}

BOOST_AUTO_TEST_CASE(eta_follows_the_clock_and_corrects_it_by_the_bytes) {
    timeline plan;
    for (std::uint64_t i = 1; i <= 100; ++i) plan.note(i * 10, static_cast<double>(i));
    BOOST_CHECK_CLOSE(plan.at(55), 5.5, 1e-9);
    // reader at 12 s of the plan, clock at 10.5 s: the clock is right
    BOOST_CHECK_CLOSE(remaining(plan, 120, 10.5), 89.5, 1e-9);
    // the clock runs ahead of what was even read: a stall
    BOOST_CHECK_CLOSE(remaining(plan, 120, 30), 88, 1e-9);
    // the reader is far ahead of the clock: M220 above 100 %
    BOOST_CHECK_CLOSE(remaining(plan, 500, 10), 100 - (50 - 2.5 - 1), 1e-9);
    BOOST_CHECK_SMALL(remaining(plan, 1000, 100), 1e-9);
}

BOOST_AUTO_TEST_CASE(eta_of_pen_strokes_is_right_within_one_percent_at_a_tenth) {
    const std::string text = text_of(planner_data + "pen_strokes.gcode");
    gcode_estimator e;
    std::vector<planned_move> moves;
    const auto keep = [&](const planned_move& m) { moves.push_back(m); };
    BOOST_REQUIRE(e.feed(text, keep));
    const auto done = e.finish(keep);
    BOOST_REQUIRE(done);
    // a live machine took 88.4553 s for the planned 88.1717 s; it reads 1.5 s ahead
    const seconds live = 88.45532977400035;
    const seconds now = live / 10;
    std::uint64_t read = 0;
    for (const planned_move& m : moves)
        if (m.at < now + 1.5) read = m.tag;
    BOOST_CHECK_SMALL((now + remaining(e.plan(), read, now)) / live - 1, 0.01);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace estimate_test
