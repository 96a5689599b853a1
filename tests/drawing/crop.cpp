// SPDX-License-Identifier: MIT
#include <kf/drawing/crop.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <random>
#include <vector>

namespace crop_test {

using namespace kf::drawing;

constexpr rectangle square{0, 0, 10, 10};

std::vector<polyline> cropped(std::vector<polyline> lines, const rectangle& r = square) {
    drawing d{.width = 10, .height = 10, .layers = {{1, "", std::move(lines)}}};
    d = crop(std::move(d), r);
    return d.layers.empty() ? std::vector<polyline>{} : d.layers[0].lines;
}

double length(const std::vector<polyline>& lines) {
    double sum = 0;
    for (const polyline& line : lines)
        for (std::size_t i = 1; i < line.size(); ++i)
            sum += std::hypot(line[i].x - line[i - 1].x, line[i].y - line[i - 1].y);
    return sum;
}

BOOST_AUTO_TEST_CASE(a_line_is_cut_at_the_edge_itself) {
    BOOST_TEST((cropped({{{-5, 0}, {15, 10}}}) == std::vector<polyline>{{{0, 2.5}, {10, 7.5}}}));
    BOOST_TEST((cropped({{{3, 4}, {3, 400}}}) == std::vector<polyline>{{{3, 4}, {3, 10}}}));
    BOOST_TEST((cropped({{{3, -400}, {3, 4}, {-7, 4}}}) == std::vector<polyline>{{{3, 0}, {3, 4}, {0, 4}}}));
}

BOOST_AUTO_TEST_CASE(what_is_outside_is_gone_and_its_layer_with_it) {
    BOOST_TEST(cropped({{{-6, 5}, {5, -6}}, {{11, 0}, {11, 10}}, {{-1, -1}}}).empty());
    const drawing d = crop({.layers = {{1, "in", {{{1, 1}, {2, 2}}}}, {2, "out", {{{20, 1}, {21, 2}}}}}}, square);
    BOOST_REQUIRE(d.layers.size() == 1);
    BOOST_TEST(d.layers[0].name == "in");
}

BOOST_AUTO_TEST_CASE(a_line_that_leaves_and_comes_back_is_two) {
    BOOST_TEST(
        (cropped({{{5, 5}, {15, 5}, {15, 6}, {5, 6}}}) == std::vector<polyline>{{{5, 5}, {10, 5}}, {{10, 6}, {5, 6}}}));
}

BOOST_AUTO_TEST_CASE(a_closed_line_is_not_cut_where_it_begins) {
    const std::vector<polyline> out = cropped({{{5, 5}, {15, 5}, {15, 8}, {5, 8}, {5, 5}}});
    BOOST_TEST((out == std::vector<polyline>{{{10, 8}, {5, 8}, {5, 5}, {10, 5}}}));
}

BOOST_AUTO_TEST_CASE(what_runs_along_an_edge_is_kept_and_what_touches_it_from_outside_is_not) {
    const polyline frame{{0, 0}, {10, 0}, {10, 10}, {0, 10}, {0, 0}};
    BOOST_TEST((cropped({frame}) == std::vector<polyline>{frame}));
    // A page in px: 10.0000000004 mm.
    BOOST_TEST((cropped({{{0, 3}, {10.0000000004, 3}, {10.0000000004, 7}}}) ==
                std::vector<polyline>{{{0, 3}, {10, 3}, {10, 7}}}));
    BOOST_TEST(cropped({{{-5, 5}, {0, 5}, {-5, 6}}, {{-5, 5}, {5, -5}}}).empty());
    BOOST_TEST((cropped({{{-5, 5}, {0, 5}, {0, 6}, {-5, 6}}}) == std::vector<polyline>{{{0, 5}, {0, 6}}}));
}

BOOST_AUTO_TEST_CASE(a_dot_stays_when_it_is_inside_or_on_the_edge) {
    BOOST_TEST((cropped({{{5, 5}}, {{10, 0}}, {{10.1, 0}}}) == std::vector<polyline>{{{5, 5}}, {{10, 0}}}));
}

/// The part of each segment that is inside, by the parameters at which it crosses the edges (Liang and Barsky): another
/// way to the same number.
double length_inside(const polyline& line, const rectangle& r) {
    double sum = 0;
    for (std::size_t i = 1; i < line.size(); ++i) {
        const double dx = line[i].x - line[i - 1].x, dy = line[i].y - line[i - 1].y;
        double from = 0, to = 1;
        const auto limit = [&](double p, double q) {
            if (p < 0) from = std::max(from, q / p);
            if (p > 0) to = std::min(to, q / p);
            if (p == 0 && q < 0) to = -1;
        };
        limit(-dx, line[i - 1].x - r.left);
        limit(dx, r.right - line[i - 1].x);
        limit(-dy, line[i - 1].y - r.top);
        limit(dy, r.bottom - line[i - 1].y);
        sum += std::max(0.0, to - from) * std::hypot(dx, dy);
    }
    return sum;
}

BOOST_AUTO_TEST_CASE(the_ink_that_is_left_is_the_ink_that_was_inside) {
    std::mt19937 random(20261127);
    std::uniform_real_distribution<double> place(-30, 60);
    std::uniform_int_distribution<int> grid(-3, 6), points(1, 12), way(0, 2);
    for (int i = 0; i < 5000; ++i) {
        const bool on_grid = way(random) == 0; // corners, edges and their crossings are met often there
        const auto any = [&] { return on_grid ? 10.0 * grid(random) : place(random); };
        const rectangle r{0, 0, 20, 30};
        polyline line;
        for (int n = points(random); n > 0; --n) line.push_back({any(), any()});
        if (way(random) == 0) line.push_back(line.front());
        const auto out = cropped({line}, r);
        BOOST_TEST_CONTEXT("line " << i) {
            BOOST_TEST(std::abs(length(out) - length_inside(line, r)) < 1e-6);
            for (const polyline& piece : out)
                for (const point& p : piece) BOOST_TEST(contains(r, p));
            BOOST_TEST((cropped(out, r) == out));
        }
    }
}

} // namespace crop_test
