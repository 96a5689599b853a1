// SPDX-License-Identifier: MIT
#include <kf/drawing/outline.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <vector>

namespace outline_test {

namespace outline_test {

using namespace kf::drawing;

BOOST_AUTO_TEST_CASE(the_tolerance_holds_on_paper_whatever_the_scale_is) {
    for (const double scale : {0.001, 1.0, 500.0}) {
        std::vector<polyline> lines;
        outline out(lines, scaling(scale, scale), {.tolerance = 0.01});
        out.ellipse(0, 0, 10 / scale, 10 / scale);
        BOOST_REQUIRE(lines.size() == 1);
        BOOST_TEST(closed(lines[0]));
        // The points lie on the circle of 10 mm, the chords at most the tolerance inside of it.
        for (std::size_t i = 1; i < lines[0].size(); ++i) {
            const point a = lines[0][i - 1], b = lines[0][i];
            BOOST_TEST(std::abs(std::hypot(a.x, a.y) - 10) < 1e-9);
            BOOST_TEST(std::hypot((a.x + b.x) / 2, (a.y + b.y) / 2) > 10 - 0.01 - 1e-9);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_fault_is_told_once_and_ends_the_growth) {
    std::vector<polyline> lines;
    outline far(lines, {}, {.max_coordinate = 100});
    far.move_to(0, 0);
    far.line_to(101, 0);
    far.line_to(5, 5);
    far.finish();
    BOOST_TEST((far.fault() == outline_fault::out_of_range));
    outline many(lines, {}, {.max_points = 2});
    many.move_to(0, 0);
    for (int i = 1; i < 100; ++i) many.line_to(i, 0);
    BOOST_TEST((many.fault() == outline_fault::too_many_points));
    BOOST_TEST(many.points() <= 3);
}

BOOST_AUTO_TEST_CASE(a_point_alone_is_a_dot_or_is_counted) {
    std::vector<polyline> lines;
    outline out(lines, {}, {});
    out.move_to(3, 4);
    out.close();
    BOOST_TEST((lines == std::vector<polyline>{{{3, 4}}}));
    out.dots_drawn = false;
    out.move_to(3, 4);
    out.close();
    BOOST_TEST(lines.size() == 1);
    BOOST_TEST(out.dots_left_out == 1);
}

} // namespace outline_test

} // namespace outline_test
