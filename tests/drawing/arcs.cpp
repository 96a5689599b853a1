// SPDX-License-Identifier: MIT
#include <kf/drawing/arcs.hpp>
#include <kf/drawing/outline.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <vector>

namespace arcs_test {

using namespace kf::drawing;

const arc_fit_options usual{.tolerance = 0.01 + 2e-6};

template<class Draw>
polyline flattened(Draw draw, const affine& to_mm = {}) {
    std::vector<polyline> lines;
    outline out(lines, to_mm, {});
    draw(out);
    out.finish();
    BOOST_REQUIRE_EQUAL(lines.size(), 1U);
    return lines[0];
}

std::size_t arcs_in(const std::vector<line_part>& parts) {
    return static_cast<std::size_t>(
        std::count_if(parts.begin(), parts.end(), [](const line_part& p) { return p.arc; }));
}

/// Every part goes on where the one before ended, and no point or middle of the line is farther from its arc than that.
void check_parts(const polyline& line, const std::vector<line_part>& parts, double tolerance) {
    BOOST_REQUIRE(!parts.empty());
    BOOST_TEST(parts.front().first == 0U);
    BOOST_TEST(parts.back().last + 1 == line.size());
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const line_part& p = parts[i];
        if (i > 0) BOOST_TEST(parts[i - 1].last == p.first);
        BOOST_TEST(p.last > p.first);
        if (!p.arc) continue;
        const auto from_center = [&](double x, double y) { return std::hypot(x - p.center.x, y - p.center.y); };
        const double r = from_center(line[p.first].x, line[p.first].y);
        BOOST_TEST(std::abs(from_center(line[p.last].x, line[p.last].y) - r) < 1e-9 * (1 + r));
        double sweep = 0;
        for (std::size_t k = p.first; k < p.last; ++k) {
            const point a = line[k], b = line[k + 1];
            BOOST_TEST(std::abs(from_center(b.x, b.y) - r) <= tolerance);
            BOOST_TEST(std::abs(from_center((a.x + b.x) / 2, (a.y + b.y) / 2) - r) <= tolerance);
            const double ax = a.x - p.center.x, ay = a.y - p.center.y, bx = b.x - p.center.x, by = b.y - p.center.y;
            sweep += std::atan2(ax * by - ay * bx, ax * bx + ay * by);
        }
        BOOST_TEST((sweep > 0) == p.clockwise);
        BOOST_TEST(std::abs(sweep) < 1.26 * std::numbers::pi);
    }
}

BOOST_AUTO_TEST_SUITE(arcs)

BOOST_AUTO_TEST_CASE(a_circle_is_two_arcs_about_its_center) {
    for (const double radius : {0.1, 0.5, 3.0, 20.0, 400.0}) {
        const polyline line = flattened([&](outline& out) { out.ellipse(7, -3, radius, radius); });
        const auto parts = fit_arcs(line, usual);
        check_parts(line, parts, usual.tolerance);
        BOOST_REQUIRE_EQUAL(parts.size(), 2U);
        for (const line_part& p : parts) {
            BOOST_TEST(p.arc);
            BOOST_TEST(p.clockwise);
            BOOST_TEST(std::hypot(p.center.x - 7, p.center.y + 3) < 1e-6);
        }
    }
    polyline back = flattened([&](outline& out) { out.ellipse(0, 0, 5, 5); }, scaling(-1, 1));
    for (const line_part& p : fit_arcs(back, usual)) BOOST_TEST(!p.clockwise);
}

BOOST_AUTO_TEST_CASE(rounded_corners_are_arcs_and_sides_stay_straight) {
    const polyline line = flattened([](outline& out) {
        const elliptical_arc corner{.rx = 5, .ry = 5, .large = false, .clockwise = true};
        out.move_to(5, 0);
        out.line_to(35, 0);
        out.arc_to(corner, 40, 5);
        out.line_to(40, 15);
        out.arc_to(corner, 35, 20);
        out.line_to(5, 20);
        out.arc_to(corner, 0, 15);
        out.line_to(0, 5);
        out.arc_to(corner, 5, 0);
        out.close();
    });
    const auto parts = fit_arcs(line, usual);
    check_parts(line, parts, usual.tolerance);
    BOOST_TEST(arcs_in(parts) == 4U);
    BOOST_TEST(parts.size() == 8U);
    BOOST_TEST(std::hypot(parts[1].center.x - 35, parts[1].center.y - 5) < 1e-6);
}

BOOST_AUTO_TEST_CASE(what_is_no_circle_stays_lines) {
    const std::vector<polyline> lines = {
        {{0, 0}, {10, 0}, {10, 10}, {0, 10}, {0, 0}},             // its corners lie on a circle
        {{0, 0}, {1, 0}, {2, 0}, {3, 0}, {4, 0}, {5, 0}},         // straight
        {{0, 0}, {1, 0.001}, {2, 0.0015}, {3, 0.001}, {4, 0}},    // as good as straight
        {{0, 0}, {1, 1}, {2, 0}, {3, 1}, {4, 0}, {5, 1}, {6, 0}}, // a zigzag
        {{0, 0}, {0.01, 0.01}, {0, 0.02}, {-0.01, 0.01}, {0, 0}}, // smaller than a radius may be
        {{3, 3}},
    };
    for (const polyline& line : lines) BOOST_TEST(arcs_in(fit_arcs(line, usual)) == 0U);
    const polyline ellipse = flattened([](outline& out) { out.ellipse(0, 0, 20, 10); });
    check_parts(ellipse, fit_arcs(ellipse, usual), usual.tolerance);
}

BOOST_AUTO_TEST_CASE(a_curve_becomes_arcs_that_stay_within_the_tolerance) {
    const polyline line = flattened([](outline& out) {
        out.move_to(0, 0);
        out.cubic_to(0, 50, 80, -50, 60, 40);
        out.cubic_to(40, 90, -20, 70, 10, 30);
    });
    const auto parts = fit_arcs(line, usual);
    check_parts(line, parts, usual.tolerance);
    BOOST_TEST(arcs_in(parts) > 4U);
    BOOST_TEST(parts.size() < line.size() / 3);
}

BOOST_AUTO_TEST_CASE(arcs_that_a_machine_draws_in_too_few_pieces_stay_lines) {
    auto with_pieces = usual;
    with_pieces.piece = 1;
    const auto circle = [](double radius) {
        return flattened([&](outline& out) { out.ellipse(0, 0, radius, radius); });
    };
    BOOST_TEST(arcs_in(fit_arcs(circle(3), with_pieces)) == 0U); // 0.04 mm off
    BOOST_TEST(arcs_in(fit_arcs(circle(20), with_pieces)) == 2U);
    with_pieces.piece = 0.1;
    BOOST_TEST(arcs_in(fit_arcs(circle(3), with_pieces)) == 2U);
    // Half a circle of 1 mm in pieces of 1 mm is three chords of 60 degrees.
    BOOST_TEST(chord_error(1, std::numbers::pi, 1) == 1 - std::sqrt(3) / 2, boost::test_tools::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(very_many_points_take_no_square_of_steps) {
    polyline spiral;
    for (int i = 0; i < 200'000; ++i) {
        const double angle = i * 0.01, r = 1 + angle * 0.05;
        spiral.push_back({r * std::cos(angle), r * std::sin(angle)});
    }
    BOOST_TEST(arcs_in(fit_arcs(spiral, usual)) > 500U);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace arcs_test
