// SPDX-License-Identifier: MIT
#include "../simulated_klippy.hpp"
#include "../temporary_folder.hpp"

#include <kf/sim/ink_image.hpp>
#include <kf/sim/pen_trace.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <string>

namespace pen_trace_test {

using namespace kf;
using sim::pen_trace;

/// A move at constant speed that starts at `at` and takes `duration`.
planner::planned_move move(const planner::xyz& a, const planner::xyz& b, seconds at, seconds duration) {
    planner::planned_move m;
    m.start = a;
    m.end = b;
    m.distance = std::sqrt((b.x - a.x) * (b.x - a.x) + (b.y - a.y) * (b.y - a.y) + (b.z - a.z) * (b.z - a.z));
    m.direction = {(b.x - a.x) / m.distance, (b.y - a.y) / m.distance, (b.z - a.z) / m.distance};
    m.start_v = m.cruise_v = m.end_v = m.distance / duration;
    m.accel = 1;
    m.cruise_t = duration;
    m.at = at;
    return m;
}

BOOST_AUTO_TEST_SUITE(pen_trace_of_a_printer)

BOOST_AUTO_TEST_CASE(draws_where_the_pen_is_down_and_only_when_it_is_over) {
    pen_trace trace(sim::touch{15});
    trace.add(move({0, 0, 10}, {10, 0, 10}, 1, 1));
    trace.add(move({10, 0, 10}, {10, 0, 20}, 2, 1));
    trace.add(move({10, 0, 20}, {30, 5, 20}, 3, 1));
    trace.add(move({30, 5, 20}, {30, 5, 10}, 4, 1));
    trace.advance(3.9);
    BOOST_REQUIRE_EQUAL(trace.lines().size(), 1u);
    BOOST_TEST(trace.lines()[0].points.size() == 1u); // the pen is down, the stroke is not over
    trace.advance(10);
    BOOST_REQUIRE_EQUAL(trace.lines().size(), 1u);
    BOOST_REQUIRE_EQUAL(trace.lines()[0].points.size(), 2u);
    BOOST_TEST((trace.lines()[0].points[0] == drawing::point{10, 0}));
    BOOST_TEST((trace.lines()[0].points[1] == drawing::point{30, 5}));
    BOOST_TEST(trace.ink_length() == std::sqrt(425.0), boost::test_tools::tolerance(1e-12));
}

BOOST_AUTO_TEST_CASE(draws_at_a_low_height_where_that_is_down) {
    pen_trace trace(sim::touch{0.5, -1});
    trace.add(move({0, 0, 5}, {10, 0, 5}, 1, 1));
    trace.add(move({10, 0, 5}, {10, 0, 0}, 2, 1));
    trace.add(move({10, 0, 0}, {30, 5, 0}, 3, 1));
    trace.add(move({30, 5, 0}, {30, 5, 5}, 4, 1));
    trace.add(move({30, 5, 5}, {0, 0, 20}, 5, 1));
    trace.advance(10);
    BOOST_REQUIRE_EQUAL(trace.lines().size(), 1u);
    BOOST_TEST((trace.lines()[0].points == std::vector<drawing::point>{{10, 0}, {30, 5}}));
}

BOOST_AUTO_TEST_CASE(a_diagonal_draws_from_where_it_touches) {
    pen_trace trace(sim::touch{15});
    trace.add(move({0, 0, 10}, {10, 20, 20}, 0, 1)); // touches half-way
    trace.advance(2);
    BOOST_REQUIRE_EQUAL(trace.lines().size(), 1u);
    BOOST_TEST(trace.lines()[0].points[0].x == 5.0, boost::test_tools::tolerance(1e-12));
    BOOST_TEST(trace.lines()[0].points[0].y == 10.0, boost::test_tools::tolerance(1e-12));
    BOOST_TEST((trace.lines()[0].points[1] == drawing::point{10, 20}));
}

BOOST_AUTO_TEST_CASE(a_stop_cuts_the_move_that_it_falls_into) {
    pen_trace trace(sim::touch{15});
    trace.add(move({0, 0, 20}, {10, 0, 20}, 0, 1));
    trace.add(move({10, 0, 20}, {10, 10, 20}, 1, 1));
    trace.add(move({10, 10, 20}, {0, 0, 20}, 2, 1));
    const planner::xyz stopped = trace.cut(1.25, {});
    BOOST_TEST(stopped.y == 2.5, boost::test_tools::tolerance(1e-12));
    trace.advance(100);
    BOOST_REQUIRE_EQUAL(trace.lines().size(), 1u);
    BOOST_REQUIRE_EQUAL(trace.lines()[0].points.size(), 3u);
    BOOST_TEST(trace.lines()[0].points[2].y == 2.5, boost::test_tools::tolerance(1e-12));
}

BOOST_AUTO_TEST_CASE(the_ink_of_a_script_is_the_path_in_machine_mm) {
    test::simulated_klippy k;
    const int c = k.connect();
    (void)k.script(
        c, "G28\nG90\nG1 Z10 F1200\nG1 X20 Y30 F6000\nG1 Z20\nG1 X70 Y30 F3000\nG1 X70 Y80\nG1 Z10 F1200\nG1 X0 Y0\n"
           "G1 Z20\nG1 Z10\nM400");
    k.klippy.run_until(k.klippy.now());
    const auto& lines = k.klippy.machine().trace.lines();
    BOOST_REQUIRE_EQUAL(lines.size(), 2u);
    BOOST_REQUIRE_EQUAL(lines[0].points.size(), 3u);
    const drawing::point expected[] = {{20, 30}, {70, 30}, {70, 80}};
    for (std::size_t i = 0; i < 3; ++i) {
        BOOST_TEST(std::abs(lines[0].points[i].x - expected[i].x) < 1e-9);
        BOOST_TEST(std::abs(lines[0].points[i].y - expected[i].y) < 1e-9);
    }
    BOOST_REQUIRE_EQUAL(lines[1].points.size(), 1u); // a dot
    BOOST_TEST(std::abs(lines[1].points[0].x) < 1e-9);
}

BOOST_AUTO_TEST_CASE(an_emergency_stop_ends_the_ink_where_the_carriage_stands) {
    test::simulated_klippy k;
    const int c = k.connect();
    (void)k.script(c, "G28\nG90\nG1 X10 Y10 Z20 F6000\nM400");
    k.send(c, boost::json::object{{"id", 900},
                                  {"method", "gcode/script"},
                                  {"params", boost::json::object{{"script", "G1 X200 F3000\nM400"}}}});
    k.run_for(1.25); // 250 ms until it starts, 1 s of motion: 50 mm less half of the acceleration's way
    (void)k.ask(c, "emergency_stop");
    k.run_for(5);
    const double reached = 10 + 50 - 0.5 * 50 * 50 / 3000;
    BOOST_TEST(std::abs(k.klippy.machine().carriage.x - reached) < 0.15);
    const auto& last = k.klippy.machine().trace.lines().back().points.back();
    BOOST_TEST(last.x == k.klippy.machine().carriage.x);
}

BOOST_AUTO_TEST_CASE(a_restart_keeps_the_carriage_where_it_was) {
    test::simulated_klippy k;
    int c = k.connect();
    (void)k.script(c, "G28\nG90\nG1 X100 Y50 Z5 F6000\nM400");
    (void)k.ask(c, "gcode/firmware_restart");
    k.run_for(5);
    c = k.connect();
    // klippy believes in 0, and homing has all the way back to go.
    BOOST_TEST(k.status(c, "toolhead").at("position").at(0).as_double() == 0.0);
    BOOST_TEST(k.klippy.machine().carriage.x == 100.0);
    BOOST_TEST(k.script(c, "G28 X").second > 2.0);
    BOOST_TEST(std::abs(k.klippy.machine().carriage.x) < 1e-9);
}

BOOST_AUTO_TEST_CASE(the_svg_holds_machine_mm_and_the_png_has_black_where_the_ink_is) {
    const std::vector<sim::ink_line> lines{{{{10, 10}, {40, 10}}}, {{{5, 20}}}};
    const sim::paper paper{50, 30};
    const std::string svg = sim::ink_svg(lines, paper);
    BOOST_TEST(svg.find("viewBox=\"0 0 50 30\"") != std::string::npos);
    BOOST_TEST(svg.find("<polyline points=\"10.0000,10.0000 40.0000,10.0000\"/>") != std::string::npos);
    BOOST_TEST(svg.find("<polyline points=\"5.0000,20.0000 5.0000,20.0000\"/>") != std::string::npos);

    const preview::coverage pixels = sim::ink_raster(lines, paper, 4);
    BOOST_TEST((pixels.size() == preview::raster_size{200, 120}));
    const auto at = [&](double x, double y) {
        return pixels.at(static_cast<std::size_t>(x * 4), static_cast<std::size_t>((30 - y) * 4));
    };
    BOOST_TEST(at(25, 10) > 127);
    BOOST_TEST(at(11, 10) > 127);
    BOOST_TEST(at(25, 15) == 0);
    BOOST_TEST(at(44, 10) == 0);
    BOOST_TEST(at(5, 20) > 127);

    test::temporary_folder folder;
    BOOST_TEST(sim::write_ink(folder / "ink.png", lines, paper).has_value());
    const auto png = io::read_file(folder / "ink.png");
    BOOST_REQUIRE(png);
    BOOST_TEST(png->substr(0, 8) == "\x89PNG\r\n\x1a\n");
    // Width and height in the header chunk.
    BOOST_TEST(png->substr(16, 8) == std::string("\0\0\0\xc8\0\0\0\x78", 8));
    BOOST_TEST((sim::write_ink(folder / "ink.gif", lines, paper).error().code == errc::usage));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace pen_trace_test
