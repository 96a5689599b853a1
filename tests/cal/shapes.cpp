// SPDX-License-Identifier: MIT
#include <kf/cal/patterns/shapes.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>

namespace shapes_test {

using namespace kf::cal;

BOOST_AUTO_TEST_SUITE(shapes)

BOOST_AUTO_TEST_CASE(a_square_is_one_closed_line_clockwise_from_its_upper_left_corner) {
    const strokes expected{{{-25, -25}, {25, -25}, {25, 25}, {-25, 25}, {-25, -25}}};
    BOOST_TEST((square(50) == expected));
}

BOOST_AUTO_TEST_CASE(a_rectangle_has_its_width_along_x) {
    const strokes expected{{{-40, -25}, {40, -25}, {40, 25}, {-40, 25}, {-40, -25}}};
    BOOST_TEST((rectangle(80, 50) == expected));
}

BOOST_AUTO_TEST_CASE(a_cross_is_two_lines_through_the_middle) {
    const strokes expected{{{-10, 0}, {10, 0}}, {{0, -10}, {0, 10}}};
    BOOST_TEST((cross(20) == expected));
}

BOOST_AUTO_TEST_CASE(the_diagonals_of_50_are_70_71_long_each) {
    const strokes expected{{{-25, -25}, {25, 25}}, {{-25, 25}, {25, -25}}};
    BOOST_TEST((diagonal(50) == expected));
}

BOOST_AUTO_TEST_CASE(a_grid_of_one_row_and_two_columns_has_five_lines_there_and_back) {
    const strokes expected{
        {{-10, -5}, {10, -5}}, {{10, 5}, {-10, 5}}, {{-10, -5}, {-10, 5}}, {{0, 5}, {0, -5}}, {{10, -5}, {10, 5}}};
    BOOST_TEST((grid(1, 2, 10) == expected));
}

BOOST_AUTO_TEST_CASE(a_circle_is_closed_round_and_no_chord_leaves_it_by_more_than_the_tolerance) {
    for (const double d : {0.01, 1.0, 50.0, 180.0}) {
        const polyline line = circle(d).at(0);
        BOOST_TEST(kf::drawing::closed(line));
        BOOST_TEST((line.front() == point{d / 2, 0}));
        double farthest = 0;
        for (std::size_t i = 0; i + 1 < line.size(); ++i) {
            BOOST_TEST(std::hypot(line[i].x, line[i].y) == d / 2, boost::test_tools::tolerance(1e-12));
            const point middle{(line[i].x + line[i + 1].x) / 2, (line[i].y + line[i + 1].y) / 2};
            farthest = std::max(farthest, d / 2 - std::hypot(middle.x, middle.y));
        }
        BOOST_TEST(farthest <= 0.005 + 1e-12);
        BOOST_TEST(line.size() % 4 == 1); // its four quarters are points of it
    }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace shapes_test
