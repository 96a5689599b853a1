// SPDX-License-Identifier: MIT
#include <kf/job/arc.hpp>
#include <kf/job/transform.hpp>
#include <kf/machine/machine_file.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <string>

namespace transform_test {

using namespace kf::job;
using kf::machine::xy;

kf::machine::machine octopus() { return kf::machine::read_machine(kf::machine::template_text).value; }

BOOST_AUTO_TEST_SUITE(canvas_to_machine)

BOOST_AUTO_TEST_CASE(the_top_left_of_the_canvas_is_the_far_end_of_machine_y) {
    const auto m = octopus(); // canvas 210 x 297 at 25, 25
    const placement p = place(m, m.tools[0]);
    BOOST_TEST((p.to_machine({0, 0}) == xy{25, 322}));
    BOOST_TEST((p.to_machine({210, 297}) == xy{235, 25}));
    BOOST_TEST((p.to_machine({10, 20}) == xy{35, 302}));
    BOOST_TEST((p.to_canvas({35, 302}) == point{10, 20}));
}

BOOST_AUTO_TEST_CASE(without_flip_canvas_y_is_machine_y) {
    auto m = octopus();
    m.canvas.flip_y = false;
    const placement p = place(m, m.tools[0]);
    BOOST_TEST((p.to_machine({10, 20}) == xy{35, 45}));
    BOOST_TEST((p.to_canvas({35, 45}) == point{10, 20}));
}

BOOST_AUTO_TEST_CASE(the_tool_offset_is_added_in_machine_directions) {
    auto m = octopus();
    m.tools[1].xy_offset_mm = {-12.5, 4};
    BOOST_TEST((place(m, m.tools[1]).to_machine({10, 20}) == xy{22.5, 306}));
    BOOST_TEST((place(m, m.tools[1]).to_canvas({22.5, 306}) == point{10, 20}));
}

BOOST_AUTO_TEST_CASE(another_tool_stands_over_another_place_of_the_canvas) {
    auto m = octopus();
    m.tools[1].xy_offset_mm = {-12.5, 4};
    head h(m);
    BOOST_TEST(!h.on_canvas().has_value());
    h.home();
    BOOST_TEST((h.at().value() == xy{0, 0}));
    h.move_to({35, 302});
    BOOST_TEST((h.on_canvas().value() == point{10, 20}));
    BOOST_TEST(h.select({3, select_tool{"airbrush"}}, "airbrush").has_value());
    BOOST_TEST((h.at().value() == xy{35, 302}));
    BOOST_TEST((h.on_canvas().value() == point{22.5, 24}));
}

BOOST_AUTO_TEST_CASE(an_unknown_tool_is_refused_with_the_names_there_are) {
    const auto m = octopus();
    head h(m);
    const auto r = h.select({3, select_tool{"pne"}}, "pne");
    BOOST_REQUIRE(!r.has_value());
    BOOST_TEST(r.error().what == "operation 3 (select_tool) names no tool of this machine");
    BOOST_TEST(r.error().cause == "pne: machine.yaml has pen, airbrush; is it pen?");
}

BOOST_AUTO_TEST_CASE(arcs_turn_as_seen_on_the_canvas) {
    // A quarter about the origin from (10, 0): clockwise on a canvas with Y down goes to (0, 10).
    const auto quarter = make_arc({10, 0}, {{0, 10}, {-10, 0}, turn::clockwise});
    BOOST_REQUIRE(quarter.has_value());
    BOOST_TEST(quarter->length() == 15.707963267948966, boost::test_tools::tolerance(1e-12));
    BOOST_TEST(quarter->at(0.5).x == 7.0710678118654755, boost::test_tools::tolerance(1e-12));
    BOOST_TEST(quarter->at(0.5).y == 7.0710678118654755, boost::test_tools::tolerance(1e-12));
    const auto long_way = make_arc({10, 0}, {{0, 10}, {-10, 0}, turn::counter_clockwise});
    BOOST_TEST(long_way->length() == 47.1238898038469, boost::test_tools::tolerance(1e-12));
    const auto circle = make_arc({10, 0}, {{10, 0}, {-10, 0}, turn::counter_clockwise});
    BOOST_TEST(circle->length() == 62.83185307179586, boost::test_tools::tolerance(1e-12));
}

BOOST_AUTO_TEST_CASE(a_flattened_arc_stays_in_its_tolerance_and_ends_exactly) {
    const auto a = make_arc({10, 0}, {{0, 10}, {-10, 0}, turn::counter_clockwise});
    point before{10, 0};
    std::size_t pieces = 0;
    flatten(*a, 0.01, [&](point p) {
        const double middle = std::hypot((p.x + before.x) / 2, (p.y + before.y) / 2);
        BOOST_TEST(10 - middle <= 0.0100001);
        BOOST_TEST(std::hypot(p.x, p.y) == 10.0, boost::test_tools::tolerance(1e-9));
        before = p;
        ++pieces;
    });
    BOOST_TEST((before == point{0, 10}));
    BOOST_TEST(pieces == 53u); // 270 degrees / (2 acos(0.999)) = 52.68
}

BOOST_AUTO_TEST_CASE(an_arc_that_is_none_says_why) {
    BOOST_TEST(make_arc({0, 0}, {{1, 1}, {0, 0}}).error() == "its center lies on its beginning");
    BOOST_TEST(make_arc({0, 0}, {{5, 5}, {1, 0}}).error() == "its end is not as far from the center as its beginning");
    BOOST_TEST(!make_arc({0, 0}, {{std::nan(""), 0}, {1, 0}}).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace transform_test
