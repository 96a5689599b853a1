// SPDX-License-Identifier: MIT
#include <kf/job/job_file.hpp>
#include <kf/job/limits.hpp>
#include <kf/machine/machine_file.hpp>

#include <boost/test/unit_test.hpp>

#include <limits>
#include <string>
#include <vector>

namespace limits_test {

using namespace kf::job;

// Canvas 210 x 297 at machine 25, 25 in a work area of 250 x 350 x 40; canvas 0, 0 is machine 25, 322.
kf::machine::machine octopus() { return kf::machine::read_machine(kf::machine::template_text).value; }

std::string refusal(const kf::machine::machine& m, const std::vector<operation>& list) {
    stroke_source strokes(operations_of(list));
    limit_check limits(m);
    for (;;) {
        const auto s = strokes();
        BOOST_REQUIRE(s.has_value());
        if (!*s) return "";
        if (const auto good = limits.check(**s); !good) return good.error().what + ": " + good.error().cause;
    }
}

std::vector<operation> drawn(point from, operation line) {
    return {rapid_xy{from}, tool_down{}, std::move(line), tool_up{}};
}

BOOST_AUTO_TEST_SUITE(limits)

BOOST_AUTO_TEST_CASE(a_job_inside_of_everything_passes) {
    const auto m = octopus();
    BOOST_TEST(refusal(m, drawn({0, 0}, draw_polyline{{{210, 0}, {210, 297}, {0, 297}, {0, 0}}})) == "");
    BOOST_TEST(refusal(m, {home_xy{}, rapid_xy{{-25, 322}}, rapid_xy{{225, -28}}}) == "");
}

BOOST_AUTO_TEST_CASE(travel_outside_the_work_area_is_refused) {
    const auto m = octopus();
    BOOST_TEST(refusal(m, {home_xy{}, rapid_xy{{226.5, 0}}}) ==
               "operation 2 (rapid_xy) leaves the work area: Machine X is 251.5 mm, the limit is 0 to 250 mm.");
    BOOST_TEST(refusal(m, {rapid_xy{{0, 323}}}) ==
               "operation 1 (rapid_xy) leaves the work area: Machine Y is -1 mm, the limit is 0 to 350 mm.");
}

BOOST_AUTO_TEST_CASE(p4_the_work_area_need_not_start_at_zero) {
    auto m = octopus();
    m.work_area_min_mm = {10, -20, 0};
    BOOST_TEST(refusal(m, {rapid_xy{{-16, 0}}}) ==
               "operation 1 (rapid_xy) leaves the work area: Machine X is 9 mm, the limit is 10 to 250 mm.");
    BOOST_TEST(refusal(m, {rapid_xy{{0, 340}}}) == "");
}

BOOST_AUTO_TEST_CASE(arc_bulge_outside_the_work_area_is_refused) {
    // Both ends lie at canvas X 210; the half circle between them reaches 20 mm farther, machine X 255.
    const auto bulge = [](turn way) { return drawn({210, 100}, draw_arc{{210, 140}, {0, 20}, way}); };
    BOOST_TEST(refusal(octopus(), bulge(turn::clockwise)) ==
               "operation 3 (draw_arc) leaves the work area: Machine X is 255 mm, the limit is 0 to 250 mm.");
    BOOST_TEST(refusal(octopus(), bulge(turn::counter_clockwise)) == "");
    BOOST_TEST(refusal(octopus(), drawn({100, 20}, draw_arc{{100, 20}, {0, 49}, turn::clockwise})) == "");
    BOOST_TEST(refusal(octopus(), drawn({100, 20}, draw_arc{{100, 20}, {0, -20.5}, turn::clockwise})) ==
               "operation 3 (draw_arc) draws outside of the canvas: Canvas Y is -21 mm, the limit is 0 to 297 mm.");
}

BOOST_AUTO_TEST_CASE(arc_bulge_outside_the_canvas_is_refused) {
    BOOST_TEST(refusal(octopus(), drawn({200, 100}, draw_arc{{200, 130}, {0, 15}, turn::clockwise})) ==
               "operation 3 (draw_arc) draws outside of the canvas: Canvas X is 215 mm, the limit is 0 to 210 mm.");
}

BOOST_AUTO_TEST_CASE(ink_outside_the_canvas_or_in_its_margin_is_refused) {
    auto m = octopus();
    BOOST_TEST(refusal(m, drawn({100, 100}, draw_polyline{{{100, 100}, {50, 50}, {212, 50}}})) ==
               "operation 3 (draw_polyline) point 3 draws outside of the canvas: Canvas X is 212 mm, the limit is 0 to "
               "210 mm.");
    BOOST_TEST(refusal(m, {rapid_xy{{-5, 10}}, tool_down{}, tool_up{}}) ==
               "operation 2 (tool_down) draws outside of the canvas: Canvas X is -5 mm, the limit is 0 to 210 mm.");
    BOOST_TEST(refusal(m, {rapid_xy{{-5, 10}}, rapid_xy{{5, 10}}}) == "");
    m.canvas.margin_mm = 10;
    BOOST_TEST(refusal(m, drawn({100, 100}, linear_move{{100, 290}})) ==
               "operation 3 (linear_move) draws outside of the canvas: Canvas Y is 290 mm, the limit is 10 to 287 mm.");
}

BOOST_AUTO_TEST_CASE(p4_z_outside_the_work_area_is_refused) {
    auto m = octopus();
    m.tools[0].work_mm = 41;
    BOOST_TEST(refusal(m, {rapid_xy{{5, 5}}, tool_down{}, tool_up{}}) ==
               "operation 2 (tool_down) lowers the tool out of the work area: Machine Z is 41 mm, the limit is 0 to 40 "
               "mm.");
    m = octopus();
    m.z_states.travel_mm = -1;
    BOOST_TEST(refusal(m, {tool_up{}}) == "operation 1 (tool_up) lifts the tool out of the work area: Machine Z is -1 "
                                          "mm, the limit is 0 to 40 mm.");
}

BOOST_AUTO_TEST_CASE(a_tool_offset_moves_the_machine_out_of_bounds) {
    auto m = octopus();
    m.tools[1].xy_offset_mm.x = 40;
    const std::vector<operation> job = {select_tool{"airbrush"}, rapid_xy{{200, 10}}};
    BOOST_TEST(refusal(m, job) ==
               "operation 2 (rapid_xy) leaves the work area: Machine X is 265 mm, the limit is 0 to 250 mm.");
}

BOOST_AUTO_TEST_CASE(a_line_through_a_keep_out_is_refused_even_when_its_ends_are_clear) {
    auto m = octopus();
    m.keep_outs.push_back({"clip", kf::machine::box{{100, 200}, {120, 220}}});
    // Machine 35, 210 to 235, 210 passes straight through it.
    BOOST_TEST(
        refusal(m, drawn({10, 112}, linear_move{{210, 112}})) ==
        "operation 3 (linear_move) crosses a keep-out: The way to machine X 235 Y 210 mm meets clip (X 100 to 120, Y "
        "200 to 220 mm).");
    BOOST_TEST(refusal(m, drawn({10, 90}, linear_move{{210, 90}})) == "");
    m.keep_outs[0].height_mm = 11; // travel at 10 passes it, a line never does
    BOOST_TEST(refusal(m, drawn({10, 112}, linear_move{{210, 112}})).starts_with("operation 3 (linear_move) crosses"));
    BOOST_TEST(
        refusal(m, {rapid_xy{{85, 112}}, tool_down{}, tool_up{}}).starts_with("operation 2 (tool_down) crosses"));
    // Half a circle of radius 40 from canvas 45, 112 over the top to 125, 112: machine Y 250, clear of the clip.
    BOOST_TEST(refusal(m, drawn({45, 112}, draw_arc{{125, 112}, {40, 0}, turn::clockwise})) == "");
    // Radius 8 about the clip's corner goes through it.
    BOOST_TEST(refusal(m, drawn({67, 122}, draw_arc{{83, 122}, {8, 0}, turn::clockwise}))
                   .starts_with("operation 3 (draw_arc) crosses"));
}

BOOST_AUTO_TEST_CASE(travel_to_where_no_way_leads_is_refused_with_what_is_in_it) {
    auto m = octopus();
    m.keep_outs.push_back({"clip", kf::machine::box{{100, 200}, {120, 220}}});
    const std::vector<operation> past = {rapid_xy{{10, 112}}, rapid_xy{{210, 112}}};
    const std::vector<operation> into = {rapid_xy{{10, 112}}, rapid_xy{{85, 112}}};
    BOOST_TEST(refusal(m, past) == "");
    BOOST_TEST(refusal(m, into) == "operation 2 (rapid_xy) finds no way round a keep-out: The way to machine X 110 Y "
                                   "210 mm meets clip (X 100 to 120, Y 200 to 220 mm).");
    m.keep_outs[0].height_mm = 11;
    BOOST_TEST(refusal(m, into) == "");
    m.keep_outs[0].height_mm = 9;
    BOOST_TEST(refusal(m, into) != "");
    m.keep_outs[0] = {"tape", kf::machine::box{{100, 200}, {120, 220}}, kf::machine::keep_out::when::tool_down};
    BOOST_TEST(refusal(m, into) == "");
    m.keep_outs[0] = {"bar", kf::machine::box{{100, 0}, {120, 350}}};
    BOOST_TEST(refusal(m, past) == "operation 2 (rapid_xy) finds no way round a keep-out: The way to machine X 235 Y "
                                   "210 mm meets bar (X 100 to 120, Y 0 to 350 mm).");
    m.keep_outs[0] = {"post", kf::machine::disc{{110, 210}, 5}};
    BOOST_TEST(refusal(m, drawn({10, 112}, linear_move{{210, 112}})) ==
               "operation 3 (linear_move) crosses a keep-out: The way to machine X 235 Y 210 mm meets post (5 mm round "
               "X 110 Y 210 mm).");
}

BOOST_AUTO_TEST_CASE(an_unknown_place_is_not_a_safe_place) {
    const auto m = octopus();
    BOOST_TEST(
        refusal(m, {tool_down{}, tool_up{}}) ==
        "operation 1 (tool_down) lowers the tool at an unknown place: rapid_xy or home_xy has to come before it");
}

BOOST_AUTO_TEST_CASE(numbers_that_are_none_are_refused) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    BOOST_TEST(refusal(octopus(), {rapid_xy{{nan, 0}}}).starts_with("operation 1 (rapid_xy) leaves the work area"));
    BOOST_TEST(refusal(octopus(), drawn({1, 1}, draw_polyline{{{2, nan}}}))
                   .starts_with("operation 3 (draw_polyline) point 1"));
    BOOST_TEST(
        refusal(octopus(), drawn({1, 1}, draw_arc{{nan, 1}, {1, 0}})).starts_with("operation 3 (draw_arc) is no arc"));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace limits_test
