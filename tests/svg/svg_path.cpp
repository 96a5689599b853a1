// SPDX-License-Identifier: MIT
#include "near_lines.hpp"

#include <kf/svg/svg_path.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <numbers>
#include <ostream>
#include <string_view>
#include <vector>

namespace kf::drawing {
inline std::ostream& operator<<(std::ostream& os, const point& p) { return os << '(' << p.x << ' ' << p.y << ')'; }
} // namespace kf::drawing

namespace svg_path_test {

using namespace kf::drawing;
using namespace kf::svg;

constexpr double tolerance = 0.01;

std::vector<polyline> trace(std::string_view d, const affine& to_mm = {}) {
    std::vector<polyline> lines;
    outline out(lines, to_mm, {.tolerance = tolerance});
    const auto read = read_svg_path(d, out);
    BOOST_REQUIRE_MESSAGE(read, (read ? "" : read.error().what));
    BOOST_REQUIRE(out.fault() == outline_fault::none);
    return lines;
}

void check_lines(std::string_view d, const std::vector<polyline>& expected) {
    BOOST_TEST_CONTEXT(d) { kf::test::check_near(trace(d), expected); }
}

double distance_to(const polyline& line, point p) {
    double best = 1e300;
    for (std::size_t i = 1; i < line.size(); ++i) {
        const point a = line[i - 1], b = line[i];
        const double dx = b.x - a.x, dy = b.y - a.y, len2 = dx * dx + dy * dy;
        const double t = len2 > 0 ? std::clamp(((p.x - a.x) * dx + (p.y - a.y) * dy) / len2, 0.0, 1.0) : 0;
        best = std::min(best, std::hypot(p.x - a.x - t * dx, p.y - a.y - t * dy));
    }
    return best;
}

double length(const polyline& line) {
    double sum = 0;
    for (std::size_t i = 1; i < line.size(); ++i)
        sum += std::hypot(line[i].x - line[i - 1].x, line[i].y - line[i - 1].y);
    return sum;
}

/// Every point on the circle, and no chord farther from it than the tolerance.
void check_on_circle(const polyline& line, point centre, double r) {
    for (const point& p : line) BOOST_TEST(std::abs(std::hypot(p.x - centre.x, p.y - centre.y) - r) < 1e-9 * r);
    for (std::size_t i = 1; i < line.size(); ++i) {
        const point m{(line[i].x + line[i - 1].x) / 2, (line[i].y + line[i - 1].y) / 2};
        BOOST_TEST(r - std::hypot(m.x - centre.x, m.y - centre.y) <= tolerance);
    }
}

BOOST_AUTO_TEST_SUITE(job_svg_path)

BOOST_AUTO_TEST_CASE(draws_straight_commands_absolute_and_relative) {
    check_lines("M 10 20 L 30 40 H 50 V 60", {{{10, 20}, {30, 40}, {50, 40}, {50, 60}}});
    check_lines("m 10 20 l 20 20 h 20 v 20", {{{10, 20}, {30, 40}, {50, 40}, {50, 60}}});
    check_lines("M1 2 3 4 5 6", {{{1, 2}, {3, 4}, {5, 6}}});
    check_lines("m1 2 3 4 5 6", {{{1, 2}, {4, 6}, {9, 12}}});
    check_lines("M0 0 H 1 2 3 V 4 5", {{{0, 0}, {1, 0}, {2, 0}, {3, 0}, {3, 4}, {3, 5}}});
    check_lines("M0,0L1,1M5,5l1,1", {{{0, 0}, {1, 1}}, {{5, 5}, {6, 6}}});
    check_lines("M0 0 L1 1 m2 2 1 0", {{{0, 0}, {1, 1}}, {{3, 3}, {4, 3}}});
}

BOOST_AUTO_TEST_CASE(reads_compact_numbers) {
    check_lines("M1.5.5-3e2-.25", {{{1.5, 0.5}, {-300, -0.25}}});
    check_lines("M0 0L1e1,2E+1 3e-1-4", {{{0, 0}, {10, 20}, {0.3, -4}}});
    check_lines("M+1+2L-0-1.", {{{1, 2}, {0, -1}}});
    check_lines("M\t0\n0\r\nL 1 ,\f2", {{{0, 0}, {1, 2}}});
    check_lines("M0 0a5 5 0 0110 0", {trace("M0 0A5 5 0 0 1 10 0").at(0)});
    check_lines("M0 0a5 5 0 1110 0 5 5 0 00-10 0", {trace("M0 0A5,5,0,1,1,10,0 A5 5 0 0 0 0 0").at(0)});
    check_lines("M0 0a5 5 0 01.5.5", {trace("M0 0A5 5 0 0 1 .5 .5").at(0)});
}

BOOST_AUTO_TEST_CASE(returns_to_the_exact_start_when_closed) {
    check_lines("M1 1 H2 V2 Z", {{{1, 1}, {2, 1}, {2, 2}, {1, 1}}});
    for (const char* d : {"M.1.2 l.7.1 .3.9 -.2.4z", "M.1.2 c1 1 2 1 3 0 s2-1 1 3 Z", "M.3.7 a3 2 17 0 1 1.1 2.3 z"}) {
        const auto lines = trace(d, rotation(33) * scaling(0.3, 0.7));
        BOOST_REQUIRE_EQUAL(lines.size(), 1U);
        BOOST_TEST(closed(lines[0]));
        BOOST_TEST(lines[0].front() == lines[0].back());
    }
    // Without a new move, the next command starts where the closed one did.
    check_lines("M1 1 L2 1 2 2 Z L0 5 z m1 0 l1 0",
                {{{1, 1}, {2, 1}, {2, 2}, {1, 1}}, {{1, 1}, {0, 5}, {1, 1}}, {{2, 1}, {3, 1}}});
}

BOOST_AUTO_TEST_CASE(leaves_out_repeated_points_and_nothing_else) {
    check_lines("M0 0 L0 0 1 0 1 0 1e-12 0", {{{0, 0}, {1, 0}, {1e-12, 0}}});
    check_lines("M3 3", {});
    check_lines("", {});
    check_lines(" none ", {});
    check_lines("M3 3 L3 3", {{{3, 3}}});
    check_lines("M3 3z", {{{3, 3}}});
}

BOOST_AUTO_TEST_CASE(leaves_out_dots_of_a_flat_tip_and_counts_them) {
    std::vector<polyline> lines;
    outline out(lines, {}, {});
    out.dots_drawn = false;
    BOOST_REQUIRE(read_svg_path("M3 3z M4 4 M5 5 h0 M6 6 h1", out));
    BOOST_TEST(lines.size() == 1U);
    BOOST_TEST(out.dots_left_out == 2U);
}

BOOST_AUTO_TEST_CASE(keeps_cubic_curves_within_tolerance) {
    const auto lines = trace("M0 0 C 0 40 60 40 60 0 S 120 -40 120 0");
    BOOST_REQUIRE_EQUAL(lines.size(), 1U);
    const auto bezier = [](double a, double b, double c, double d, double t) {
        const double s = 1 - t;
        return s * s * s * a + 3 * s * s * t * b + 3 * s * t * t * c + t * t * t * d;
    };
    for (double t = 0; t <= 1; t += 1.0 / 512) {
        BOOST_TEST(distance_to(lines[0], {bezier(0, 0, 60, 60, t), bezier(0, 40, 40, 0, t)}) <= tolerance);
        // S mirrors (60,40) at (60,0) into (60,-40).
        BOOST_TEST(distance_to(lines[0], {bezier(60, 60, 120, 120, t), bezier(0, -40, -40, 0, t)}) <= tolerance);
    }
    BOOST_TEST(lines[0].size() < 200U);
    BOOST_TEST(lines[0].front() == (point{0, 0}));
    BOOST_TEST(lines[0].back() == (point{120, 0}));
}

BOOST_AUTO_TEST_CASE(keeps_quadratic_curves_within_tolerance) {
    const auto lines = trace("M0 0 Q 20 40 40 0 T 80 0 t 40 0");
    BOOST_REQUIRE_EQUAL(lines.size(), 1U);
    for (double t = 0; t <= 1; t += 1.0 / 512) {
        const double x = 40 * t, y = 80 * t * (1 - t);
        BOOST_TEST(distance_to(lines[0], {x, y}) <= tolerance);
        BOOST_TEST(distance_to(lines[0], {40 + x, -y}) <= tolerance);
        BOOST_TEST(distance_to(lines[0], {80 + x, y}) <= tolerance);
    }
}

BOOST_AUTO_TEST_CASE(mirrors_only_after_a_curve_of_the_same_kind) {
    // After a line the first control point is the current point: the curve of the explicit form.
    BOOST_TEST(trace("M0 0 L10 0 S 20 20 30 0") == trace("M0 0 L10 0 C 10 0 20 20 30 0"));
    BOOST_TEST(trace("M0 0 Q5 5 10 0 S 20 20 30 0") == trace("M0 0 Q5 5 10 0 C 10 0 20 20 30 0"));
    // T without a curve before it is a straight line.
    const auto straight = trace("M0 0 T 10 0");
    for (const point& p : straight.at(0)) BOOST_TEST(p.y == 0);
    BOOST_TEST(trace("M5 5 c1 2 3 4 5 6 1 0 2 0 3 0") == trace("M5 5 C6 7 8 9 10 11 C11 11 12 11 13 11"));
}

BOOST_AUTO_TEST_CASE(chooses_the_arc_that_both_flags_name) {
    struct row {
        const char* d;
        point centre;
        double quarters;
    };
    constexpr row rows[] = {{"M0 0 A10 10 0 0 0 10 10", {10, 0}, 1},
                            {"M0 0 A10 10 0 0 1 10 10", {0, 10}, 1},
                            {"M0 0 A10 10 0 1 0 10 10", {0, 10}, 3},
                            {"M0 0 A10 10 0 1 1 10 10", {10, 0}, 3}};
    for (const row& r : rows) {
        BOOST_TEST_CONTEXT(r.d) {
            const auto lines = trace(r.d);
            BOOST_REQUIRE_EQUAL(lines.size(), 1U);
            check_on_circle(lines[0], r.centre, 10);
            BOOST_TEST(lines[0].front() == (point{0, 0}));
            BOOST_TEST(lines[0].back() == (point{10, 10}));
            BOOST_TEST(length(lines[0]) == r.quarters * 5 * std::numbers::pi, boost::test_tools::tolerance(1e-3));
        }
    }
}

BOOST_AUTO_TEST_CASE(grows_radii_that_cannot_reach) {
    const auto lines = trace("M0 0 A1 1 0 0 1 10 0");
    BOOST_REQUIRE_EQUAL(lines.size(), 1U);
    check_on_circle(lines[0], {5, 0}, 5);
    BOOST_TEST(distance_to(lines[0], {5, -5}) <= tolerance);
}

BOOST_AUTO_TEST_CASE(draws_degenerate_arcs_as_the_specification_says) {
    check_lines("M0 0 A0 5 0 0 1 10 0", {{{0, 0}, {10, 0}}});
    check_lines("M0 0 L1 0 A5 5 0 1 1 1 0 L2 0", {{{0, 0}, {1, 0}, {2, 0}}});
    BOOST_TEST(trace("M0 0 A-10 -10 0 0 1 10 10") == trace("M0 0 A10 10 0 0 1 10 10"));
}

BOOST_AUTO_TEST_CASE(turns_the_axes_of_an_arc) {
    // Half an ellipse 20 x 10 turned by 30 degrees, between the ends of its long axis; centre (0,0).
    const double c = std::sqrt(3.0) / 2, s = 0.5;
    const auto lines = trace("M-17.320508075688775-10 A20 10 30 0 1 17.320508075688775 10");
    BOOST_REQUIRE_EQUAL(lines.size(), 1U);
    BOOST_TEST(lines[0].size() > 20U);
    for (const point& p : lines[0]) {
        const double u = (c * p.x + s * p.y) / 20, v = (-s * p.x + c * p.y) / 10;
        BOOST_TEST(std::abs(u * u + v * v - 1) < 1e-6);
        BOOST_TEST(v <= 1e-6); // clockwise from the left end: over the top
    }
}

BOOST_AUTO_TEST_CASE(flattens_after_the_transform) {
    // The tolerance is of the paper: a curve drawn 100 times larger needs 10 times the points.
    const auto small = trace("M0 0 A1 1 0 0 1 2 0").at(0),
               large = trace("M0 0 A1 1 0 0 1 2 0", scaling(100, 100)).at(0);
    check_on_circle(large, {100, 0}, 100);
    BOOST_TEST(large.size() > 8 * small.size());
    // A mirrored and squeezed arc still lies on its ellipse.
    const auto squeezed = trace("M0 0 A1 1 0 0 1 2 0", scaling(-50, 5)).at(0);
    for (const point& p : squeezed)
        BOOST_TEST(std::abs(std::pow((p.x + 50) / 50, 2) + std::pow(p.y / 5, 2) - 1) < 1e-9);
}

BOOST_AUTO_TEST_CASE(refuses_data_that_breaks_the_grammar) {
    struct row {
        const char *d, *text;
    };
    constexpr row rows[] = {
        {"L1 1", "expected M at character 1 (\"L1 1\")"},
        {"z", "expected M at character 1 (\"z\")"},
        {"1 1", "expected a command letter at character 1 (\"1 1\")"},
        {"M", "expected a number at the end"},
        {"M1", "expected a number at the end"},
        {"M1 1 L2", "expected a number at the end"},
        {"M1 1 2", "expected a number at the end"},
        {"M1 1,", "expected a number at the end"},
        {"M1 1,L2 2", "expected a number at character 6 (\"L2 2\")"},
        {"M1,,1", "expected a number at character 4 (\",1\")"},
        {"M,1 1", "expected a number at character 2 (\",1 1\")"},
        {"M1 1 Z 5 5", "expected a command letter at character 8 (\"5 5\")"},
        {"M1 1 X2 2", "expected a command letter at character 6 (\"X2 2\")"},
        {"M0 0 C1 1 2 2", "expected a number at the end"},
        {"M0 0 A5 5 0 2 1 9 9", "expected an arc flag (0 or 1) at character 13 (\"2 1 9 9\")"},
        {"M0 0 A5 5 0 1", "expected an arc flag (0 or 1) at the end"},
        {"M nan 0", "expected a number at character 3 (\"nan 0\")"},
        {"M -inf 0", "expected a number at character 3 (\"-inf 0\")"},
        {"M 1e999 0", "number out of range at character 3 (\"1e999 0\")"},
        {"M 0x10 0", "expected a number at character 4 (\"x10 0\")"},
        {"M - 1 0", "expected a number at character 3 (\"- 1 0\")"},
        {"M +-1 0", "expected a number at character 3 (\"+-1 0\")"},
        {"M . 0", "expected a number at character 3 (\". 0\")"},
        {"M 1 2 \x1b[31mred", "expected a command letter at character 7 (\"?[31mred\")"},
    };
    for (const row& r : rows) {
        std::vector<polyline> lines;
        outline out(lines, {}, {});
        const auto read = read_svg_path(r.d, out);
        BOOST_TEST_CONTEXT(r.d) {
            BOOST_REQUIRE(!read);
            BOOST_TEST(read.error().what == r.text);
        }
    }
}

BOOST_AUTO_TEST_CASE(stops_at_the_limits) {
    struct row {
        const char* d;
        outline_fault fault;
    };
    constexpr row rows[] = {{"M0 0 L1000.5 0", outline_fault::out_of_range},
                            {"M0 0 L0 -1001", outline_fault::out_of_range},
                            {"M0 0 L1e300 0", outline_fault::out_of_range},
                            {"M0 0 C1e300 0 -1e300 0 1 1", outline_fault::out_of_range},
                            {"M0 0 A1e308 1e308 0 1 1 1 1", outline_fault::out_of_range},
                            {"M0 0 A1e-320 5 0 1 1 1 1", outline_fault::out_of_range},
                            {"M0 0 l1 0 1 0 1 0 1 0 1 0 1 0 1 0 1 0 1 0 1 0 1 0", outline_fault::too_many_points},
                            {"M0 0 A900 900 0 1 1 1 1", outline_fault::too_many_points},
                            {"M1000 0 L-1000 0 0 1000", outline_fault::none}};
    for (const row& r : rows) {
        std::vector<polyline> lines;
        outline out(lines, {}, {.tolerance = tolerance, .max_coordinate = 1000, .max_points = 10});
        BOOST_TEST_CONTEXT(r.d) {
            BOOST_REQUIRE(read_svg_path(r.d, out));
            BOOST_TEST((out.fault() == r.fault));
            BOOST_TEST(out.points() <= 12U);
        }
    }
}

BOOST_AUTO_TEST_CASE(draws_points_of_polylines_and_polygons) {
    std::vector<polyline> lines;
    outline out(lines, {}, {});
    BOOST_REQUIRE(read_svg_points("1,2 3-4,5 6", svg_points::open, out));
    BOOST_REQUIRE(read_svg_points(" 0 0 1 0 1 1 ", svg_points::closed, out));
    BOOST_REQUIRE(read_svg_points("", svg_points::closed, out));
    BOOST_TEST(lines == (std::vector<polyline>{{{1, 2}, {3, -4}, {5, 6}}, {{0, 0}, {1, 0}, {1, 1}, {0, 0}}}));
    const auto odd = read_svg_points("1 2 3", svg_points::open, out);
    BOOST_REQUIRE(!odd);
    BOOST_TEST(odd.error().what == "expected a number at the end");
    BOOST_TEST(!read_svg_points("1 2 a b", svg_points::open, out));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace svg_path_test
