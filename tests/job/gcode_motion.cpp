// SPDX-License-Identifier: MIT
// What random G-code (lookahead.cpp, against Klipper) does not show by itself: the checker, what stays after an error.
#include <kf/job/gcode_line.hpp>
#include <kf/job/gcode_motion.hpp>

#include <boost/test/unit_test.hpp>

#include <string_view>
#include <vector>

using namespace kf::job;

namespace {

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

} // namespace

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
