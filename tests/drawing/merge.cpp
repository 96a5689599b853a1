// SPDX-License-Identifier: MIT
#include "by_chance.hpp"

#include <kf/drawing/corner.hpp>
#include <kf/drawing/merge.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <numbers>
#include <utility>
#include <vector>

namespace merge_test {

using namespace kf::drawing;

drawing of(std::vector<polyline> lines) { return {.width = 100, .height = 100, .layers = {{1, "", std::move(lines)}}}; }
std::vector<polyline> merged_lines(std::vector<polyline> lines, kf::mm tolerance = 0) {
    return merge(of(std::move(lines)), {tolerance}).result.layers[0].lines;
}

BOOST_AUTO_TEST_SUITE(merge_of_lines)

BOOST_AUTO_TEST_CASE(lines_that_meet_become_one_whichever_way_they_go) {
    const std::vector<polyline> expected = {{{0, 0}, {1, 0}, {1, 1}, {2, 1}}};
    BOOST_TEST((merged_lines({{{0, 0}, {1, 0}}, {{1, 1}, {1, 0}}, {{1, 1}, {2, 1}}}) == expected));
}

BOOST_AUTO_TEST_CASE(lines_that_cross_go_straight_on) {
    const std::vector<polyline> expected = {{{0, 1}, {1, 1}, {2, 1}}, {{1, 0}, {1, 1}, {1, 2}}};
    BOOST_TEST((merged_lines({{{0, 1}, {1, 1}}, {{1, 0}, {1, 1}}, {{1, 1}, {2, 1}}, {{1, 1}, {1, 2}}}) == expected));
}

BOOST_AUTO_TEST_CASE(rings_that_touch_are_one_stroke_and_rings_alone_stay_closed) {
    const auto eight = merged_lines({{{0, 0}, {1, 1}, {1, -1}, {0, 0}}, {{0, 0}, {-1, 1}, {-1, -1}, {0, 0}}});
    BOOST_REQUIRE(eight.size() == 1u);
    BOOST_TEST(closed(eight[0]));
    BOOST_TEST(eight[0].size() == 7u);
    const auto square = merged_lines({{{0, 0}, {1, 0}}, {{1, 1}, {1, 0}}, {{1, 1}, {0, 1}}, {{0, 1}, {0, 0}}});
    BOOST_REQUIRE(square.size() == 1u);
    BOOST_TEST(closed(square[0]));
    // A ring with a tail is a stroke that begins at the tail's end.
    BOOST_TEST(merged_lines({{{0, 0}, {1, 1}, {1, -1}, {0, 0}}, {{0, 0}, {-5, 0}}}).size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_grid_has_a_stroke_for_two_odd_crossings_and_bends_at_its_edge_alone) {
    std::vector<polyline> edges;
    for (int i = 0; i <= 6; ++i)
        for (int j = 0; j <= 4; ++j) {
            const double x = i, y = j;
            if (i < 6) edges.push_back({{x, y}, {x + 1, y}});
            if (j < 4) edges.push_back({{x, y + 1}, {x, y}});
        }
    const merged m = merge(of(edges));
    BOOST_TEST(m.lines_before == 58u);
    BOOST_TEST(m.lines_after == 8u); // 5 + 3 lines inside; the edge goes with one of them
    BOOST_TEST(corner_count(m.result) == 5u);
    BOOST_TEST((by_chance::ink(m.result) == by_chance::ink(of(edges))));
}

BOOST_AUTO_TEST_CASE(ends_meet_within_the_tolerance_and_no_farther) {
    const std::vector<polyline> lines = {{{0, 0}, {1, 0}}, {{1.05, 0}, {2, 0}}, {{2.11, 0}, {3, 0}}};
    BOOST_TEST(merged_lines(lines).size() == 3u);
    const std::vector<polyline> expected = {{{0, 0}, {1, 0}, {1.05, 0}, {2, 0}}, {{2.11, 0}, {3, 0}}};
    BOOST_TEST((merged_lines(lines, 0.1) == expected));
    // The nearer of two.
    const auto near = merged_lines({{{0, 0}, {1, 0}}, {{1.09, 0}, {2, 5}}, {{1.01, 0}, {2, 0}}}, 0.1);
    BOOST_TEST(near.size() == 2u);
    // A row of dashes with gaps within the tolerance is one stroke; a chain of places is not one place.
    std::vector<polyline> dashes;
    for (int i = 0; i < 50; ++i) dashes.push_back({{i * 1.0, 0}, {i + 0.95, 0}});
    BOOST_TEST(merged_lines(dashes, 0.06).size() == 1u);
    std::vector<polyline> spokes;
    for (int i = 0; i < 50; ++i) spokes.push_back({{i * 0.05, 0}, {i * 0.05, 9}});
    for (const polyline& line : merged_lines(spokes, 0.1))
        for (std::size_t i = 1; i < line.size(); ++i)
            BOOST_TEST((distance(line[i - 1], line[i]) == 9 || distance(line[i - 1], line[i]) <= 0.1 + 1e-9));
}

BOOST_AUTO_TEST_CASE(a_closed_ring_within_the_tolerance_ends_where_it_began) {
    const auto ring = merged_lines({{{0, 0}, {1, 0}, {1, 1}}, {{1, 1.01}, {0, 1}, {0, 0.01}}}, 0.05);
    BOOST_REQUIRE(ring.size() == 1u);
    BOOST_TEST(closed(ring[0]));
}

BOOST_AUTO_TEST_CASE(very_many_lines_through_one_place_are_diameters) {
    std::vector<polyline> spokes;
    for (int i = 0; i < 720; ++i) {
        const double angle = i * std::numbers::pi / 360;
        spokes.push_back({{0, 0}, {50 * std::cos(angle), 50 * std::sin(angle)}});
    }
    const merged m = merge(of(spokes));
    BOOST_TEST(m.lines_after == 360u);
    BOOST_TEST(corner_count(m.result) == 0u);
}

BOOST_AUTO_TEST_CASE(the_ink_stays_layer_by_layer_and_strokes_are_as_few_as_can_be) {
    const drawing d = by_chance::lines(by_chance::strokes(), 3);
    const merged m = merge(d);
    BOOST_TEST((by_chance::ink(m.result) == by_chance::ink(d)));
    for (std::size_t l = 0; l < d.layers.size(); ++l) {
        // Euler: half of the odd places of each part, at least one.
        std::map<std::pair<double, double>, std::uint32_t> number;
        const auto place = [&](point p) {
            return number.try_emplace({p.x, p.y}, static_cast<std::uint32_t>(number.size())).first->second;
        };
        joined_sets parts(2 * d.layers[l].lines.size());
        std::map<std::uint32_t, std::size_t> degree;
        std::size_t dots = 0;
        for (const polyline& line : d.layers[l].lines) {
            if (line.size() < 2) {
                ++dots;
                continue;
            }
            const std::uint32_t a = place(line.front()), b = place(line.back());
            ++degree[a], ++degree[b];
            parts.join(a, b);
        }
        std::map<std::uint32_t, std::size_t> odd;
        for (const auto& [at, lines] : degree) odd[parts.of(at)] += lines % 2;
        std::size_t least = dots;
        for (const auto& [part, many] : odd) least += std::max<std::size_t>(1, many / 2);
        BOOST_TEST(m.result.layers[l].lines.size() == least);
    }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace merge_test
