// SPDX-License-Identifier: MIT
#include "written_gcode.hpp"

#include <kf/machine/machine_file.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace gcode_test {

using namespace kf::job;
using kf::test::body;
using kf::test::generate;
using kf::test::written_gcode;

// Canvas 0, 0 is machine 25, 322; travel Z 10, pen Z 20, airbrush Z 0; pen 25 mm/s, travel 80 mm/s, Z 5 mm/s.
kf::machine::machine octopus() {
    static const auto read = kf::machine::read_machine(kf::machine::template_text).value;
    return read;
}

/// Z fast enough that lifting and lowering are no stop of half a second.
kf::machine::machine quick() {
    auto m = octopus();
    for (auto& t : m.tools) t.plunge_feed_mm_s = 50;
    return m;
}

std::size_t count(std::string_view text, std::string_view part) {
    std::size_t n = 0;
    for (auto at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) ++n;
    return n;
}

BOOST_AUTO_TEST_SUITE(gcode)

BOOST_AUTO_TEST_CASE(a_stroke_becomes_absolute_moves_with_the_tool_up_around_it) {
    const written_gcode f = generate(octopus(), {home_xy{}, select_tool{"pen"}, rapid_xy{{10, 20}}, tool_down{},
                                                 draw_polyline{{{10, 20}, {60, 20}, {60, 70.5}}}, tool_up{}});
    BOOST_TEST(f.text == "; kplot, mm, absolute machine coordinates\n"
                         "G90\n"
                         "G1 Z10 F300\n"
                         "G28 X Y\n"
                         "G0 X35 Y302 F4800\n"
                         "G1 Z20 F300\n"
                         "G1 X85 Y302 F1500\n"
                         "G1 X85 Y251.5\n"
                         "G1 Z10 F300\n"
                         "M400\n");
    BOOST_TEST(f.warnings.empty());
}

BOOST_AUTO_TEST_CASE(an_empty_job_lifts_the_tool_and_ends) {
    BOOST_TEST(generate(octopus(), {}).text == "; kplot, mm, absolute machine coordinates\nG90\nG1 Z10 F300\nM400\n");
}

BOOST_AUTO_TEST_CASE(row_f_f_is_written_only_where_it_changes) {
    const written_gcode f =
        generate(octopus(),
                 {rapid_xy{{0, 0}}, rapid_xy{{0, 10}}, rapid_xy{{5, 10}}, tool_down{}, linear_move{{5, 20}, 10},
                  linear_move{{6, 20}, 10}, linear_move{{7, 21}}, draw_polyline{{{7, 30}, {8, 31}}, 12.34}, tool_up{}});
    BOOST_TEST(body(f.text) == "G0 X25 Y322 F4800\n"
                               "G0 X25 Y312\n"
                               "G0 X30 Y312\n"
                               "G1 Z20 F300\n"
                               "G1 X30 Y302 F600\n"
                               "G1 X31 Y302\n"
                               "G1 X32 Y301 F1500\n"
                               "G1 X32 Y292 F740.4\n"
                               "G1 X33 Y291\n"
                               "G1 Z10 F300\n");
}

BOOST_AUTO_TEST_CASE(up_is_the_absolute_travel_height_and_plus_z_presses_the_pen) {
    auto m = octopus();
    m.z_states.travel_mm = 11.5;
    m.tools[0].lift_feed_mm_s = 8;
    const written_gcode f = generate(m, {rapid_xy{{0, 0}}, tool_down{}, tool_up{}, tool_up{}});
    BOOST_TEST(f.text == "; kplot, mm, absolute machine coordinates\nG90\nG1 Z11.5 F480\nG0 X25 Y322 F4800\n"
                         "G1 Z20 F300\nG1 Z11.5 F480\nM400\n");
    BOOST_TEST(count(f.text, "G91") == 0u);
    BOOST_TEST(count(f.text, "G92") == 0u);
}

BOOST_AUTO_TEST_CASE(a_second_tool_has_its_own_offset_height_and_speeds) {
    auto m = octopus();
    m.tools[1].xy_offset_mm = {-12.5, 4};
    const written_gcode f =
        generate(m, {select_tool{"airbrush"}, rapid_xy{{50, 50}}, tool_down{}, linear_move{{60, 50}}, tool_up{}});
    BOOST_TEST(body(f.text) == "G0 X62.5 Y276 F4800\nG1 Z0 F300\nG1 X72.5 Y276 F3000\nG1 Z10 F300\n");
}

BOOST_AUTO_TEST_CASE(tool_macro_is_called_only_when_the_printer_has_it) {
    const std::vector<operation> job = {rapid_xy{{10, 20}}, select_tool{"pen"}, tool_down{}, linear_move{{20, 20}},
                                        tool_up{}};
    BOOST_TEST(count(generate(octopus(), job).text, "TOOL_") == 0u);
    BOOST_TEST(count(generate(octopus(), job, {.live_objects = {"gcode_macro TOOL_AIRBRUSH", "TOOL_PEN"}}).text,
                     "TOOL_") == 0u);
    // The macro may have moved anything: the mode, Z and the place are set again after it.
    BOOST_TEST(body(generate(octopus(), job, {.live_objects = {"toolhead", "gcode_macro tool_pen"}}).text) ==
               "G0 X35 Y302 F4800\nTOOL_PEN\nG90\nG1 Z10 F300\nG0 X35 Y302 F4800\nG1 Z20 F300\nG1 X45 Y302 F1500\n"
               "G1 Z10 F300\n");
}

BOOST_AUTO_TEST_CASE(an_unknown_tool_is_refused) {
    BOOST_TEST(generate(octopus(), {select_tool{"brush"}}).fault ==
               "operation 1 (select_tool) names no tool of this machine: brush: machine.yaml has pen, airbrush.");
}

BOOST_AUTO_TEST_CASE(spray_on_is_refused_not_skipped) {
    const std::vector<operation> sprays = {spray_on{}, spray_off{},         set_ink_mix{1, 0, 0},
                                           purge{1},   refill_pump{"cyan"}, prime_line{"cyan"}};
    for (const operation& op : sprays)
        BOOST_TEST(generate(octopus(), {rapid_xy{{1, 1}}, op}).fault ==
                   "operation 2 (" + std::string(name(op)) +
                       ") needs the airbrush, and nothing here drives it: in machine.yaml pumps and servos are off; "
                       "without it the job would come out wrong");
    BOOST_TEST(generate(octopus(), {rapid_xy{{1, 1}}, tool_down{}, spray_on{}, linear_move{{2, 2}}, tool_up{}})
                   .fault.starts_with("operation 3 (spray_on) needs the airbrush"));
    auto m = octopus();
    m.pumps_enabled = m.servos_enabled = true;
    BOOST_TEST(!generate(m, {spray_on{}}).fault.empty());
}

BOOST_AUTO_TEST_CASE(a_refused_stroke_leaves_the_text_as_it_was) {
    const auto m = octopus();
    gcode_writer writer(m, {});
    std::string out = "before\n";
    stroke s{1, {{1, rapid_xy{{1, 1}}}, {2, tool_down{}}, {3, spray_on{}}, {4, tool_up{}}}};
    BOOST_TEST(!writer.write(s, out).has_value());
    BOOST_TEST(out == "before\n");
}

BOOST_AUTO_TEST_CASE(row_g_reversal_dwell_fires_when_x_turns_back_fast) {
    const written_gcode f = generate(octopus(), {rapid_xy{{10, 10}}, rapid_xy{{110, 10}}, rapid_xy{{10, 10}}});
    BOOST_TEST(body(f.text) == "G0 X35 Y312 F4800\nG0 X135 Y312\nG4 P500\nG0 X35 Y312\n");
    BOOST_TEST(f.warnings.empty());
}

BOOST_AUTO_TEST_CASE(row_g_reversal_dwell_fires_for_y_and_follows_the_machine_file) {
    auto m = octopus();
    m.steppers.direction_reversal_pause_s = 0.25;
    const std::vector<operation> job = {rapid_xy{{10, 10}}, rapid_xy{{12, 110}}, rapid_xy{{14, 10}}};
    BOOST_TEST(body(generate(m, job).text) == "G0 X35 Y312 F4800\nG0 X37 Y212\nG4 P250\nG0 X39 Y312\n");
    m.steppers.direction_reversal_pause_s = 0;
    BOOST_TEST(count(generate(m, job).text, "G4") == 0u);
}

BOOST_AUTO_TEST_CASE(row_g_one_motor_turn_a_second_is_not_yet_fast) {
    const auto there_and_back = [](double feed, double back) {
        return std::vector<operation>{rapid_xy{{10, 10}}, linear_move{{60, 10}, feed}, linear_move{{10, 10}, back}};
    };
    BOOST_TEST(count(generate(octopus(), there_and_back(32, 32)).text, "G4") == 0u);
    BOOST_TEST(count(generate(octopus(), there_and_back(32.01, 32.01)).text, "G4 P500\n") == 1u);
    BOOST_TEST(count(generate(octopus(), there_and_back(80, 31)).text, "G4") == 0u);
    BOOST_TEST(count(generate(octopus(), there_and_back(31, 80)).text, "G4") == 0u);
    // A diagonal at 40 mm/s moves each axis at 28.
    BOOST_TEST(count(generate(octopus(), {rapid_xy{{10, 10}}, linear_move{{60, 60}, 40}, linear_move{{10, 110}, 40},
                                          linear_move{{60, 60}, 40}})
                         .text,
                     "G4") == 0u);
    BOOST_TEST(
        count(generate(octopus(), {rapid_xy{{10, 10}}, linear_move{{60, 60}, 50}, linear_move{{10, 110}, 50}}).text,
              "G4") == 1u);
}

BOOST_AUTO_TEST_CASE(b34_a_stroke_that_turns_back_from_its_travel_dwells_before_the_pen_is_down) {
    kf::machine::machine m = octopus();
    m.tools[0].plunge_feed_mm_s = 80;
    m.tools[0].lift_feed_mm_s = 5;
    const auto f =
        generate(m, {rapid_xy{{10, 10}}, rapid_xy{{110, 10}}, tool_down{}, linear_move{{10, 10}, 60}, tool_up{}});
    BOOST_TEST(body(f.text) == "G0 X35 Y312 F4800\nG0 X135 Y312\nG4 P500\nG1 Z20\nG1 X35 Y312 F3600\nG1 Z10 F300\n");
    BOOST_TEST(f.warnings.empty());
    // A slow plunge is rest enough, and a dot is a dot.
    BOOST_TEST(count(generate(octopus(), {rapid_xy{{10, 10}}, rapid_xy{{110, 10}}, tool_down{},
                                          linear_move{{10, 10}, 60}, tool_up{}})
                         .text,
                     "G4") == 0u);
    BOOST_TEST(body(generate(octopus(), {rapid_xy{{10, 10}}, tool_down{}, tool_up{}}).text) ==
               "G0 X35 Y312 F4800\nG1 Z20 F300\nG1 Z10\n");
}

BOOST_AUTO_TEST_CASE(after_a_homing_the_head_is_only_near_home) {
    // Klipper may have retracted from the endstop: the way to a place that is home's is written all the same.
    const auto f = generate(octopus(), {home_xy{}, rapid_xy{{-25, 322}}, tool_up{}});
    BOOST_TEST(body(f.text) == "G28 X Y\nG0 X0 Y0 F4800\n");
}

BOOST_AUTO_TEST_CASE(a_dwell_with_the_pen_down_is_warned_once_with_its_count) {
    const written_gcode f = generate(
        octopus(), {rapid_xy{{10, 10}}, tool_down{}, draw_polyline{{{60, 10}, {10, 10}, {60, 10}}, 60}, tool_up{}});
    BOOST_TEST(body(f.text) == "G0 X35 Y312 F4800\nG1 Z20 F300\nG1 X85 Y312 F3600\nG4 P500\nG1 X35 Y312\nG4 P500\n"
                               "G1 X85 Y312\nG1 Z10 F300\n");
    BOOST_REQUIRE(f.warnings.size() == 1u);
    BOOST_TEST((f.warnings[0] == gcode_warning{"the pen dwells on the paper where an axis turns back fast", 3, 2}));
}

BOOST_AUTO_TEST_CASE(a_stop_as_long_as_the_pause_is_pause_enough) {
    const std::vector<operation> job = {rapid_xy{{10, 10}}, tool_down{}, linear_move{{60, 10}, 60}, tool_up{},
                                        rapid_xy{{10, 10}}};
    // 10 mm of Z at 5 mm/s is 2 s of rest for X; at 50 mm/s it is 0.2 s.
    BOOST_TEST(count(generate(octopus(), job).text, "G4") == 0u);
    const written_gcode f = generate(quick(), job);
    BOOST_TEST(f.text.ends_with("G1 X85 Y312 F3600\nG1 Z10 F3000\nG4 P500\nG0 X35 Y312 F4800\nM400\n"));
    BOOST_TEST(f.warnings.empty()); // the pen is up
}

BOOST_AUTO_TEST_CASE(a_short_way_does_not_hide_a_reversal_and_a_point_twice_is_no_move) {
    const written_gcode f =
        generate(octopus(), {rapid_xy{{10, 10}}, rapid_xy{{110, 10}}, rapid_xy{{110, 10}}, rapid_xy{{109.9, 10}}});
    BOOST_TEST(body(f.text) == "G0 X35 Y312 F4800\nG0 X135 Y312\nG4 P500\nG0 X134.9 Y312\n");
}

BOOST_AUTO_TEST_CASE(p3_smooth_curves_never_dwell) {
    for (const double radius : {0.5, 5.0, 20.0, 90.0}) {
        const written_gcode f =
            generate(octopus(), {rapid_xy{{100 + radius, 150}}, tool_down{},
                                 draw_arc{{100 + radius, 150}, {-radius, 0}, turn::clockwise, 80}, tool_up{}});
        BOOST_TEST(count(f.text, "G4") == 0u, radius);
        BOOST_TEST(count(f.text, "G1 X") > 15u);
    }
    // A wave: X always forward, Y up and down through its crests.
    draw_polyline wave{{}, 80};
    for (int i = 0; i <= 400; ++i) wave.points.push_back({10 + i * 0.4, 100 + 20 * std::sin(i * 0.05)});
    BOOST_TEST(count(generate(octopus(), {rapid_xy{{10, 100}}, tool_down{}, wave, tool_up{}}).text, "G4") == 0u);
}

BOOST_AUTO_TEST_CASE(homing_ends_what_was_before_it) {
    const written_gcode f =
        generate(octopus(), {rapid_xy{{10, 10}}, rapid_xy{{110, 10}}, home_xy{}, rapid_xy{{-20, 321}}});
    BOOST_TEST(count(f.text, "G4") == 0u);
    BOOST_TEST(f.text.ends_with("G28 X Y\nG0 X5 Y1\nM400\n"));
}

BOOST_AUTO_TEST_CASE(an_arc_is_flattened_to_points_on_it) {
    const written_gcode f = generate(
        octopus(), {rapid_xy{{60, 50}}, tool_down{}, draw_arc{{50, 60}, {-10, 0}, turn::clockwise}, tool_up{}});
    std::istringstream lines(f.text);
    std::size_t pieces = 0;
    double x = 85, y = 272; // machine place of canvas 60, 50; the center is 75, 272
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with("G1 X")) continue;
        const double to_x = std::stod(line.substr(4)), to_y = std::stod(line.substr(line.find('Y') + 1));
        BOOST_TEST(std::fabs(std::hypot(to_x - 75, to_y - 272) - 10) < 0.0002);
        BOOST_TEST(std::fabs(std::hypot((x + to_x) / 2 - 75, (y + to_y) / 2 - 272) - 10) < 0.0102);
        x = to_x;
        y = to_y;
        ++pieces;
    }
    BOOST_TEST(pieces == 18u);                                        // 90 degrees / (2 acos(0.999)) = 17.56
    BOOST_TEST(f.text.ends_with("G1 X75 Y262\nG1 Z10 F300\nM400\n")); // clockwise on paper: right to bottom
}

BOOST_AUTO_TEST_CASE(an_arc_too_short_to_be_written_is_no_circle) {
    const auto written = [](point from, point to, point center) {
        return generate(octopus(), {rapid_xy{from}, tool_down{}, draw_arc{to, center, turn::clockwise}, tool_up{}},
                        {.arcs = arc_style::native})
            .text;
    };
    BOOST_TEST(written({50, 150}, {50.00004, 150}, {30, 0}).find("G2") == std::string::npos);
    BOOST_TEST(written({50, 150}, {50.00004, 150}, {30, 0}).find("G3") == std::string::npos);
    // A whole circle is written to end where it began, wherever the last digit falls.
    const auto circle = written({50.00005, 150}, {50.00005 + 9e-7, 150}, {5, 0});
    const auto at = circle.find("G3 ");
    BOOST_REQUIRE(at != std::string::npos || circle.find("G2 ") != std::string::npos);
    const auto arc_line = circle.substr(at != std::string::npos ? at : circle.find("G2 "));
    const auto x = arc_line.substr(3, arc_line.find(' ', 3) - 3); // as in "X75.0001"
    BOOST_TEST(circle.find("G0 " + x + " ") != std::string::npos, circle);
}

BOOST_AUTO_TEST_CASE(native_arcs_keep_their_direction_through_the_flip) {
    auto m = octopus();
    const std::vector<operation> job = {rapid_xy{{60, 50}}, tool_down{}, draw_arc{{50, 60}, {-10, 0}, turn::clockwise},
                                        draw_arc{{60, 50}, {0, -10}, turn::counter_clockwise}, tool_up{}};
    BOOST_TEST(body(generate(m, job, {.arcs = arc_style::native}).text) ==
               "G0 X85 Y272 F4800\nG1 Z20 F300\nG17\nG2 X75 Y262 I-10 J0 F1500\nG3 X85 Y272 I0 J10\nG1 Z10 F300\n");
    m.canvas.flip_y = false;
    BOOST_TEST(body(generate(m, job, {.arcs = arc_style::native}).text) ==
               "G0 X85 Y75 F4800\nG1 Z20 F300\nG17\nG3 X75 Y85 I-10 J0 F1500\nG2 X85 Y75 I0 J-10\nG1 Z10 F300\n");
}

/// Klipper's G18 is of every client and in no status: with it an arc goes through the paper.
BOOST_AUTO_TEST_CASE(the_plane_of_arcs_is_said_where_somebody_else_may_have_set_another) {
    const auto m = octopus();
    const auto arc_stroke = [](std::size_t n) {
        return stroke{n,
                      {{4 * n, rapid_xy{{60, 50}}},
                       {4 * n + 1, tool_down{}},
                       {4 * n + 2, draw_arc{{50, 60}, {-10, 0}, turn::clockwise}},
                       {4 * n + 3, tool_up{}}}};
    };
    const auto planes = [&](gcode_options options, bool restated, bool macro) {
        options.arcs = arc_style::native;
        gcode_writer writer(m, options);
        std::string out;
        for (std::size_t n = 1; n <= 3; ++n) {
            if (restated) writer.restate(out);
            if (macro) BOOST_REQUIRE(writer.write({n, {{4 * n, call_macro{"BRUSH"}}}}, out));
            BOOST_REQUIRE(writer.write(arc_stroke(n), out));
        }
        BOOST_TEST(count(out, "G2 ") == 3u);
        for (std::size_t at = 0; (at = out.find("G2 ", at)) != std::string::npos; ++at)
            BOOST_TEST(out.substr(0, at).find("G17\n") != std::string::npos, out);
        return count(out, "G17\n");
    };
    BOOST_TEST(planes({}, false, false) == 1u);
    BOOST_TEST(planes({}, true, false) == 3u); // a script for each stroke
    BOOST_TEST(planes({.live_objects = {"gcode_macro BRUSH"}}, false, true) == 3u);
    BOOST_TEST(planes({.live_objects = {"gcode_macro KPLOT_BOUNDARY"}, .boundary_macro = "KPLOT_BOUNDARY"}, false,
                      false) == 3u);
    BOOST_TEST(generate(m, {rapid_xy{{60, 50}}, tool_down{}, draw_arc{{50, 60}, {-10, 0}, turn::clockwise}, tool_up{}})
                   .text.find("G17") == std::string::npos); // in pieces
}

BOOST_AUTO_TEST_CASE(a_feed_above_the_limit_is_lowered_and_said) {
    const written_gcode f = generate(octopus(), {rapid_xy{{1, 1}}, tool_down{}, linear_move{{2, 2}, 500}, tool_up{}});
    BOOST_TEST(count(f.text, "F4800") == 2u);
    BOOST_REQUIRE(f.warnings.size() == 1u);
    BOOST_TEST((f.warnings[0] == gcode_warning{"a feed is lowered to motion.max_velocity_mm_s", 3, 1}));
}

BOOST_AUTO_TEST_CASE(a_boundary_macro_is_called_between_strokes_when_the_printer_has_it) {
    const std::vector<operation> job = {rapid_xy{{1, 1}}, tool_down{}, tool_up{},
                                        rapid_xy{{5, 1}}, tool_down{}, tool_up{}};
    const gcode_options options{.live_objects = {"gcode_macro KPLOT_BOUNDARY"}, .boundary_macro = "KPLOT_BOUNDARY"};
    BOOST_TEST(
        body(generate(octopus(), job, options).text) ==
        "G0 X26 Y321 F4800\nG1 Z20 F300\nG1 Z10\nKPLOT_BOUNDARY STROKE=1\nG0 X30 Y321 F4800\nG1 Z20 F300\nG1 Z10\n"
        "KPLOT_BOUNDARY STROKE=2\n");
    BOOST_TEST(count(generate(octopus(), job, {.boundary_macro = "KPLOT_BOUNDARY"}).text, "KPLOT") == 0u);
}

BOOST_AUTO_TEST_CASE(after_other_gcode_ran_everything_modal_is_written_anew) {
    const auto m = octopus();
    gcode_writer writer(m, {});
    std::string out;
    BOOST_TEST(writer.write({0, {{1, rapid_xy{{1, 1}}}}}, out).has_value());
    writer.forget();
    out.clear();
    BOOST_TEST(writer.write({1, {{2, rapid_xy{{1, 1}}}, {3, tool_down{}}, {4, tool_up{}}}}, out).has_value());
    BOOST_TEST(out == "G1 Z10 F300\nG0 X26 Y321 F4800\nG1 Z20 F300\nG1 Z10\n");
}

BOOST_AUTO_TEST_CASE(every_byte_is_ascii_in_fixed_notation_and_the_last_is_a_newline) {
    const written_gcode f = generate(
        octopus(), {rapid_xy{{1e-7, 123.456789012}}, tool_down{}, linear_move{{1e-5, 0.00004}, 1e-3}, tool_up{}});
    BOOST_TEST(body(f.text) == "G0 X25 Y198.5432 F4800\nG1 Z20 F300\nG1 X25 Y322 F0.06\nG1 Z10 F300\n");
    BOOST_TEST(std::all_of(f.text.begin(), f.text.end(), [](char c) { return c == '\n' || (c >= ' ' && c < 0x7f); }));
}

BOOST_AUTO_TEST_CASE(the_tool_is_up_before_every_travel_of_any_job) {
    const std::vector<operation> kinds = {tool_up{},
                                          tool_down{},
                                          rapid_xy{{10, 10}},
                                          rapid_xy{{90, 40}},
                                          linear_move{{30, 30}},
                                          draw_polyline{{{1, 1}, {50, 2}}},
                                          home_xy{},
                                          select_tool{"airbrush"},
                                          select_tool{"pen"}};
    unsigned state = 11;
    for (int round = 0; round < 400; ++round) {
        std::vector<operation> job;
        for (int n = round % 12; n > 0; --n) {
            state = state * 1664525u + 1013904223u;
            job.push_back(kinds[(state >> 16) % kinds.size()]);
        }
        const written_gcode f = generate(octopus(), job);
        std::string z, not_up;
        std::istringstream lines(f.text);
        for (std::string line; std::getline(lines, line);) {
            if (line.starts_with("G1 Z")) z = line.substr(3, line.find(' ', 3) - 3);
            if ((line.starts_with("G0") || line.starts_with("G28") || line == "M400") && z != "Z10") not_up = line;
        }
        if (f.fault.empty() && z != "Z10") not_up = "the end";
        BOOST_TEST(not_up == "", "round " << round << ": the tool is not up at " << not_up);
    }
}

BOOST_AUTO_TEST_CASE(travel_goes_round_a_keep_out_and_lines_are_as_they_were) {
    auto m = octopus();
    m.steppers.direction_reversal_pause_s = 0;
    m.keep_outs.push_back({"clip", kf::machine::box{{100, 205}, {120, 250}}});
    // From machine 35, 210 to 235, 210: below the clip, half a millimetre away.
    const written_gcode f = generate(m, {rapid_xy{{10, 112}}, tool_down{}, tool_up{}, rapid_xy{{210, 112}}, tool_down{},
                                         draw_polyline{{{210, 100}}}, tool_up{}});
    BOOST_TEST(f.fault == "");
    BOOST_TEST(body(f.text) == "G0 X35 Y210 F4800\nG1 Z20 F300\nG1 Z10\n"
                               "G0 X99.5 Y204.5 F4800\nG0 X120.5 Y204.5\nG0 X235 Y210\n"
                               "G1 Z20 F300\nG1 X235 Y222 F1500\nG1 Z10 F300\n");
    m.keep_outs[0].height_mm = 15; // the pen travels at 10, farther up
    BOOST_TEST(count(generate(m, {rapid_xy{{10, 112}}, rapid_xy{{210, 112}}}).text, "G0 ") == 2u);
    m.keep_outs[0].area = kf::machine::box{{0, 205}, {250, 207}};
    m.keep_outs[0].height_mm.reset();
    BOOST_TEST(generate(m, {rapid_xy{{10, 112}}, rapid_xy{{10, 130}}}).fault ==
               "operation 2 (rapid_xy) finds no way round a keep-out: clip (X 0 to 250, Y 205 to 207 mm) is in it");
}

BOOST_AUTO_TEST_CASE(after_a_pause_travel_begins_where_the_machine_was_left) {
    auto m = octopus();
    m.steppers.direction_reversal_pause_s = 0;
    m.keep_outs.push_back({"clip", kf::machine::box{{100, 205}, {120, 250}}});
    gcode_writer writer(m, {});
    std::string out;
    BOOST_REQUIRE(writer.write({1, {{1, rapid_xy{{10, 112}}}, {2, tool_down{}}, {3, tool_up{}}}}, out));
    out.clear();
    writer.restate(out);
    writer.stands_at({235, 210}); // a person moved it to the other side of the clip
    BOOST_REQUIRE(writer.write({2, {{4, tool_down{}}, {5, draw_polyline{{{10, 100}}}}, {6, tool_up{}}}}, out));
    BOOST_TEST(out == "G90\nG1 Z10 F300\nG0 X120.5 Y204.5 F4800\nG0 X99.5 Y204.5\nG0 X35 Y210\n"
                      "G1 Z20 F300\nG1 X35 Y222 F1500\nG1 Z10 F300\n");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace gcode_test
