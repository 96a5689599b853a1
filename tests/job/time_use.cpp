// SPDX-License-Identifier: MIT
#include <kf/job/job_file.hpp>
#include <kf/job/planned_limits.hpp>
#include <kf/job/time_use.hpp>
#include <kf/machine/machine_file.hpp>

#include <boost/test/unit_test.hpp>

#include <sstream>
#include <string>
#include <vector>

namespace time_use_test {

using namespace kf::job;
namespace tt = boost::test_tools;

// Travel Z 10, pen Z 20; pen 25 mm/s, travel 80 mm/s, Z 5 mm/s; 3000 mm/s2; canvas 0, 0 is machine 25, 322; home 0, 0.
kf::machine::machine octopus() {
    auto m = kf::machine::read_machine(kf::machine::template_text).value;
    m.steppers.direction_reversal_pause_s = 0;
    return m;
}

time_use used(const kf::machine::machine& m, const std::vector<operation>& list, const job_header& header = {}) {
    auto made = use_of_time(m, header, stroke_source(operations_of(list)), planned_limits(m));
    BOOST_REQUIRE(made.has_value());
    return *std::move(made);
}

/// At 3000 mm/s2; a corner of 90 degrees is taken at 5 mm/s.
double straight(double way, double speed, double first, double last) {
    const double there = (speed - first) / 3000, back = (speed - last) / 3000;
    return there + back + (way - there * (speed + first) / 2 - back * (speed + last) / 2) / speed;
}

BOOST_AUTO_TEST_SUITE(time_use_)

BOOST_AUTO_TEST_CASE(time_is_told_by_kind) {
    const time_use t =
        used(octopus(), {home_xy{}, rapid_xy{{-25, 242}}, tool_down{}, draw_polyline{{{0, 242}}}, tool_up{}});
    // 80 mm up along Y from the home position, two ways of Z of 10 mm, and 25 mm of ink.
    BOOST_TEST(t.all.travel == 80, tt::tolerance(1e-9));
    BOOST_TEST(t.all.travelling == straight(80, 80, 0, 5), tt::tolerance(1e-9));
    BOOST_TEST(t.all.lifts == 2u);
    BOOST_TEST(t.all.lifting == straight(10, 5, 5, 5) + straight(10, 5, 5, 0), tt::tolerance(1e-9));
    BOOST_TEST(t.all.ink == 25, tt::tolerance(1e-9));
    BOOST_TEST(t.all.drawing == straight(25, 25, 5, 5), tt::tolerance(1e-9));
    BOOST_TEST(t.all.dwelling == 0);
    BOOST_TEST(t.all.strokes == 1u);
    BOOST_TEST(t.ink.segments == 1u);
    BOOST_TEST(t.ink.slow == 0u);
    BOOST_TEST(t.ink.at_speed == 1, tt::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(the_sum_is_what_the_planner_says_of_the_file) {
    auto m = octopus();
    m.steppers.direction_reversal_pause_s = 0.25;
    for (auto& tool : m.tools) tool.plunge_feed_mm_s = 500; // a way of Z is no rest of that length
    std::vector<operation> list{home_xy{}};
    for (int i = 0; i < 40; ++i) {
        const double x = i % 2 == 0 ? 10 : 100;
        list.insert(list.end(), {rapid_xy{{x, 20.0 + i}}, tool_down{}, tool_up{}, rapid_xy{{x + 5, 20}}, tool_down{},
                                 draw_polyline{{{x + 5, 30}, {x, 31}}}, tool_up{}});
    }
    const time_use t = used(m, list);
    std::string text = "SET_KINEMATIC_POSITION X=0 Y=0 Z=10\n";
    BOOST_REQUIRE(
        write_gcode(m, {}, stroke_source(operations_of(list)),
                    [&](std::string_view piece) -> kf::result<void> { return text += piece, kf::result<void>{}; }));
    const auto whole = kf::planner::estimate_gcode(text, planned_limits(m));
    BOOST_REQUIRE(whole.has_value());
    BOOST_TEST(t.all.total() == whole->total, tt::tolerance(1e-9));
    BOOST_TEST(t.all.dwelling == whole->dwelling, tt::tolerance(1e-9));
    BOOST_TEST(t.dwells == static_cast<std::size_t>(whole->dwelling / 0.25 + 0.5));
    BOOST_TEST(t.dwells > 3u);
}

BOOST_AUTO_TEST_CASE(each_layer_and_pen_has_its_share) {
    const job_header header{.layers = {{1, "sky", "", "blue"}, {2, "", "", ""}}, .pens = {{.name = "blue"}}};
    const auto line = [](double y) {
        return std::vector<operation>{rapid_xy{{10, y}}, tool_down{}, draw_polyline{{{10, y}, {35, y}}}, tool_up{}};
    };
    std::vector<operation> list{begin_layer{1}};
    for (const double y : {20.0, 30.0})
        for (const operation& o : line(y)) list.push_back(o);
    list.emplace_back(begin_layer{2});
    for (const operation& o : line(40)) list.push_back(o);
    const time_use t = used(octopus(), list, header);
    BOOST_REQUIRE(t.parts.size() == 2u);
    BOOST_TEST(t.parts[0].layer == "sky");
    BOOST_TEST(t.parts[0].pen == "blue");
    BOOST_TEST(t.parts[0].share.strokes == 2u);
    BOOST_TEST(t.parts[0].share.ink == 50, tt::tolerance(1e-9));
    BOOST_TEST(t.parts[0].share.drawing == 2 * straight(25, 25, 5, 5), tt::tolerance(1e-9));
    BOOST_TEST(t.parts[0].share.lifts == 4u);
    BOOST_TEST(t.parts[1].layer == "layer 2");
    BOOST_TEST(t.parts[1].pen == "pen");
    BOOST_TEST(t.parts[1].share.ink == 25, tt::tolerance(1e-9));
    BOOST_TEST(t.parts[1].share.travel == std::hypot(25, 10), tt::tolerance(1e-6));
}

BOOST_AUTO_TEST_CASE(short_pieces_with_corners_are_what_is_slow) {
    std::vector<kf::drawing::point> zigzag;
    for (int i = 0; i <= 1000; ++i) zigzag.push_back({10 + 0.05 * i, i % 2 == 0 ? 20.0 : 20.05});
    const time_use t = used(octopus(), {rapid_xy{zigzag[0]}, tool_down{}, draw_polyline{zigzag}, tool_up{}});
    BOOST_TEST(t.ink.segments == 1000u);
    BOOST_TEST(t.ink.slow == 1000u);
    BOOST_TEST(t.ink.most_slow_length > 0.0707);
    BOOST_TEST(t.ink.most_slow_length < 0.09);
    BOOST_TEST(t.ink.at_speed == 1000 * std::hypot(0.05, 0.05) / 25, tt::tolerance(1e-6));
    BOOST_TEST(t.ink.in_slow == t.all.drawing, tt::tolerance(1e-9));
    BOOST_TEST(t.all.drawing > 2 * t.ink.at_speed);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace time_use_test
