// SPDX-License-Identifier: MIT
// What random G-code (lookahead.cpp, against Klipper) does not show by itself: the checker, what stays after an error.
#include <kf/planner/gcode_line.hpp>
#include <kf/planner/gcode_motion.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <numbers>
#include <string_view>
#include <vector>

namespace gcode_motion_test {

using namespace kf::planner;

struct machine {
    gcode_motion motion;
    std::vector<planned_move> moves;

    template<class Check = no_limits>
    gcode_motion::answer run(std::string_view text, Check check = {}) {
        return motion.run(gcode_line(text), [this](const planned_move& m) { moves.push_back(m); }, 0, check);
    }
};

std::string_view up_to_100(const xyz& from, const xyz& to) {
    if (to.z != from.z) return "Must home axis first";
    return to.x > 100 ? "Move out of range" : "";
}

BOOST_AUTO_TEST_SUITE(gcode_motion_)

BOOST_AUTO_TEST_CASE(a_refused_line_leaves_no_trace_in_the_target) {
    machine m;
    BOOST_REQUIRE(m.run("G1 X10 F600"));
    BOOST_REQUIRE(m.run("G91"));
    BOOST_REQUIRE(!m.run("G1 X5 F0"));
    BOOST_REQUIRE(!m.run("G1 X5 Y1.2.3"));
    BOOST_REQUIRE(m.run("G1 Y5"));
    BOOST_TEST(m.motion.planner().position().x == 10);
    BOOST_TEST(m.motion.planner().position().y == 5);
}

BOOST_AUTO_TEST_CASE(the_checker_refuses_in_klippers_form) {
    machine m;
    BOOST_REQUIRE(m.run("G1 X40", up_to_100));
    const auto far = m.run("G1 X300", up_to_100);
    BOOST_REQUIRE(!far);
    BOOST_TEST(far.error() == "Move out of range: 300.000 0.000 0.000 [0.000]");
    const auto deep = m.run("G1 Z-1.5", up_to_100);
    BOOST_REQUIRE(!deep);
    BOOST_TEST(deep.error() == "Must home axis first: 40.000 0.000 -1.500 [0.000]");
    BOOST_TEST(m.motion.state().last[0] == 40);
    // a line that moves nothing is not checked
    const auto ask_nothing = [](const xyz&, const xyz&) -> std::string_view { return "asked"; };
    BOOST_TEST(m.run("G1 F6000", ask_nothing).has_value());
    BOOST_TEST(m.run("G1 X40", ask_nothing).has_value());
}

BOOST_AUTO_TEST_CASE(an_arc_is_straight_moves_of_the_printers_resolution) {
    // A half circle of radius 10 is 31.4 mm long: 31 moves, each a chord of 10 * 2 sin(pi / 62).
    motion_limits limits;
    limits.arc_resolution = 1;
    machine m{gcode_motion(limits), {}};
    BOOST_REQUIRE(m.run("G1 X10 Y0 F6000"));
    BOOST_REQUIRE(m.run("M400"));
    m.moves.clear();
    BOOST_REQUIRE(m.run("G3 X-10 Y0 I-10 J0"));
    const auto top = m.motion.planner().position();
    BOOST_TEST(top.x == -10.0);
    BOOST_REQUIRE(m.run("M400"));
    BOOST_REQUIRE_EQUAL(m.moves.size(), 31U);
    for (const auto& move : m.moves)
        BOOST_TEST(move.distance == 20 * std::sin(std::numbers::pi / 62), boost::test_tools::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(a_clockwise_arc_goes_the_other_way_and_one_to_its_beginning_is_a_circle) {
    motion_limits limits;
    limits.arc_resolution = 0.5;
    machine m{gcode_motion(limits), {}};
    BOOST_REQUIRE(m.run("G1 X0 Y10 F6000"));
    std::vector<xyz> seen;
    const auto look = [&](const xyz&, const xyz& to) -> std::string_view {
        seen.push_back(to);
        return {};
    };
    BOOST_REQUIRE(m.run("G2 X10 Y0 J-10", look)); // over the first quadrant
    for (const auto& p : seen) BOOST_TEST((p.x > -1e-9 && p.y > -1e-9));
    for (const auto& p : seen) BOOST_TEST(std::abs(std::hypot(p.x, p.y) - 10) < 1e-9);
    seen.clear();
    BOOST_REQUIRE(m.run("G3 X10 Y0 I-10", look));
    BOOST_TEST(seen.size() == 125U); // 62.83 mm
}

BOOST_AUTO_TEST_CASE(arcs_are_unknown_without_gcode_arcs_and_refused_as_klipper_refuses_them) {
    machine plain;
    BOOST_TEST((plain.run("G2 X10 I5") == gcode_effect::unknown));
    motion_limits limits;
    limits.arc_resolution = 1;
    machine m{gcode_motion(limits), {}};
    BOOST_TEST(m.run("G2 X10").error() == "G2/G3 requires IJ, IK or JK parameters");
    BOOST_TEST(m.run("G2 X10 R5").error() == "G2/G3 does not support R moves");
    BOOST_TEST(m.run("G2 X10 I5 F0").error() == "Invalid speed in 'G2 X10 I5 F0'");
    BOOST_REQUIRE(m.run("G91"));
    BOOST_TEST(m.run("G3 X10 I5").error() == "G2/G3 does not support relative move mode");
}

BOOST_AUTO_TEST_CASE(each_line_has_its_effect) {
    machine m;
    BOOST_TEST((m.run("; nothing") == gcode_effect::none));
    BOOST_TEST((m.run("G90") == gcode_effect::state));
    BOOST_TEST((m.run("G1 X5") == gcode_effect::move));
    BOOST_TEST((m.run("G1 X5") == gcode_effect::state));
    BOOST_TEST((m.run("M400") == gcode_effect::stop));
    BOOST_TEST((m.run("G4 P5") == gcode_effect::stop));
    BOOST_TEST((m.run("G28") == gcode_effect::unknown));
    BOOST_TEST((m.run("G1X5 Y") == std::unexpected(std::string("Unable to parse move 'G1X5 Y'"))));
    BOOST_TEST(m.moves.size() == 1U);
}

BOOST_AUTO_TEST_CASE(extruder_words_without_a_move_are_harmless) {
    machine m;
    BOOST_TEST(m.run("G1 X5 E0").has_value());
    BOOST_TEST(m.run("G92 E7").has_value());
    BOOST_TEST(m.run("G1 X9 E7").has_value());
    BOOST_TEST(!m.run("G1 X12 E8").has_value());
    BOOST_TEST(m.motion.planner().position().x == 9);
}

BOOST_AUTO_TEST_CASE(the_speed_is_what_gcode_move_reports) {
    machine m;
    BOOST_TEST(m.motion.state().speed == 25);
    BOOST_REQUIRE(m.run("G1 F6000"));
    BOOST_CHECK_CLOSE(m.motion.state().speed, 100, 1e-12);
    BOOST_REQUIRE(m.run("M220 S50"));
    BOOST_CHECK_CLOSE(m.motion.state().speed, 50, 1e-12);
    BOOST_CHECK_CLOSE(m.motion.state().speed_factor * 60, 0.5, 1e-12);
    BOOST_REQUIRE(m.run("SET_KINEMATIC_POSITION Z=4"));
    BOOST_TEST(m.motion.planner().position().z == 4);
    BOOST_TEST(m.motion.state().last[2] == 4);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace gcode_motion_test
