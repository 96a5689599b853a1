// SPDX-License-Identifier: MIT
#include "by_chance.hpp"

#include <kf/drawing/dedupe.hpp>
#include <kf/drawing/filter.hpp>
#include <kf/drawing/multipass.hpp>
#include <kf/drawing/reloop.hpp>
#include <kf/drawing/simplify.hpp>
#include <kf/drawing/split.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numbers>
#include <vector>

namespace filters_test {

using namespace kf::drawing;

drawing of(std::vector<polyline> lines) { return {.width = 100, .height = 100, .layers = {{1, "", std::move(lines)}}}; }

kf::mm ink_mm(const drawing& d) {
    kf::mm sum = 0;
    for (const layer& l : d.layers)
        for (const polyline& line : l.lines) sum += length_of(line);
    return sum;
}

/// From p to the nearest ink of the line.
kf::mm off(point p, const polyline& line) {
    kf::mm least = distance(p, line.front());
    for (std::size_t i = 1; i < line.size(); ++i) least = std::min(least, distance_to_segment(p, line[i - 1], line[i]));
    return least;
}

BOOST_AUTO_TEST_SUITE(filters)

BOOST_AUTO_TEST_CASE(simplify_stays_within_the_tolerance_and_keeps_corners) {
    polyline circle;
    for (int i = 0; i <= 3600; ++i)
        circle.push_back(
            {50 + 40 * std::cos(i * std::numbers::pi / 1800), 50 + 40 * std::sin(i * std::numbers::pi / 1800)});
    circle.back() = circle.front();
    const polyline few = simplify(of({circle}), {0.05}).layers[0].lines[0];
    BOOST_TEST(few.size() < 150u);
    BOOST_TEST(few.size() > 60u); // a chord of 0.05 mm sag spans 0.1 rad
    BOOST_TEST(closed(few));
    for (const point& p : circle) BOOST_REQUIRE(off(p, few) <= 0.05 + 1e-12);
    // Straight points go; a small step of right angles stays, though it is lower than the tolerance allows to bend.
    const polyline straight = {{0, 0}, {1, 0}, {2, 0}, {2, 0.3}, {3, 0.3}, {4, 0.3}};
    const polyline expected = {{0, 0}, {2, 0}, {2, 0.3}, {4, 0.3}};
    BOOST_TEST((simplify(of({straight}), {0.2}).layers[0].lines[0] == expected));
}

BOOST_AUTO_TEST_CASE(simplify_moves_no_ink_of_strewn_lines_beyond_the_tolerance) {
    const drawing d = by_chance::lines(by_chance::strokes(), 11), s = simplify(d, {0.15});
    for (std::size_t l = 0; l < d.layers.size(); ++l) {
        BOOST_REQUIRE(s.layers[l].lines.size() == d.layers[l].lines.size());
        for (std::size_t i = 0; i < d.layers[l].lines.size(); ++i) {
            const polyline &before = d.layers[l].lines[i], &after = s.layers[l].lines[i];
            BOOST_REQUIRE((after.front() == before.front() && after.back() == before.back()));
            for (const point& p : before) BOOST_REQUIRE(off(p, after) <= 0.15 + 1e-12);
        }
    }
}

BOOST_AUTO_TEST_CASE(dedupe_draws_a_line_once_whatever_its_direction) {
    const std::vector<polyline> once = {{{0, 0}, {10, 0}, {10, 10}}};
    BOOST_TEST((dedupe(of({once[0], once[0], {{10, 10}, {10, 0}, {0, 0}}})).layers[0].lines == once));
    // Two squares with a common side, as two shapes of an SVG have it.
    const drawing squares = of({{{0, 0}, {5, 0}, {5, 5}, {0, 5}, {0, 0}}, {{5, 0}, {9, 0}, {9, 5}, {5, 5}, {5, 0}}});
    BOOST_TEST(ink_mm(dedupe(squares)) == 33.0, boost::test_tools::tolerance(1e-12));
}

BOOST_AUTO_TEST_CASE(dedupe_draws_what_sticks_out_of_an_overlap) {
    const std::vector<polyline> expected = {{{2, 0}, {6, 0}}, {{0, 0}, {2, 0}}, {{6, 0}, {9, 0}}};
    BOOST_TEST((dedupe(of({{{2, 0}, {6, 0}}, {{0, 0}, {9, 0}}})).layers[0].lines == expected));
    const auto lines = dedupe(of({{{0, 0}, {4, 3}}, {{2, 1.5}, {8, 6}}})).layers[0].lines;
    BOOST_REQUIRE(lines.size() == 2u);
    BOOST_TEST(lines[1][0].x == 4.0, boost::test_tools::tolerance(1e-12));
    BOOST_TEST(lines[1][1].x == 8.0);
}

BOOST_AUTO_TEST_CASE(dedupe_leaves_crossings_neighbours_and_other_layers_alone) {
    const drawing cross = of({{{0, 0}, {9, 9}}, {{0, 9}, {9, 0}}, {{0, 0.05}, {9, 9.05}}, {{20, 20}}});
    BOOST_TEST((by_chance::ink(dedupe(cross)) == by_chance::ink(cross)));
    const drawing dots = of({{{5, 5}, {5, 5}}, {{5, 5}}, {{6, 5}, {6, 5}, {6, 5}}});
    BOOST_TEST((dedupe(dots).layers[0].lines == std::vector<polyline>{{{5, 5}}, {{6, 5}}}));
    const drawing pens{.layers = {{1, "", {{{0, 0}, {9, 9}}}}, {2, "", {{{0, 0}, {9, 9}}}}}};
    BOOST_TEST((by_chance::ink(dedupe(pens)) == by_chance::ink(pens)));
    polyline curve;
    for (int i = 0; i < 1000; ++i) curve.push_back({i * 0.003, std::sin(i * 0.003)});
    BOOST_TEST(dedupe(of({curve})).layers[0].lines.size() == 1u);
    BOOST_TEST(ink_mm(dedupe(of({curve, curve}))) == ink_mm(of({curve})), boost::test_tools::tolerance(0.01));
}

BOOST_AUTO_TEST_CASE(dedupe_of_strewn_lines_has_the_same_set_of_ink_and_a_second_time_finds_no_more) {
    const drawing d = by_chance::lines(by_chance::strokes(), 12);
    const drawing once = dedupe(d);
    BOOST_TEST(ink_mm(once) < ink_mm(d));
    BOOST_TEST(ink_mm(dedupe(once)) == ink_mm(once), boost::test_tools::tolerance(1e-3));
    // Each piece's middle is still ink, and no ink is where none was.
    for (std::size_t l = 0; l < d.layers.size(); ++l) {
        const auto covers = [](const std::vector<polyline>& over, const std::vector<polyline>& under) {
            segment_cells cells(over, 0.02);
            for (const polyline& line : over)
                for (std::size_t i = 0; i < line.size(); ++i) cells.add({line[i == 0 ? 0 : i - 1], line[i]});
            for (const polyline& line : under)
                for (std::size_t i = 1; i < line.size(); ++i) {
                    const point a = line[i - 1], b = line[i];
                    for (const double at : {0.1, 0.37, 0.5, 0.93}) {
                        const point p{a.x + (b.x - a.x) * at, a.y + (b.y - a.y) * at};
                        kf::mm least = std::numeric_limits<kf::mm>::max();
                        cells.near({p, p}, [&](const segment& s) {
                            least = std::min(least, distance_to_segment(p, s.from, s.to));
                        });
                        if (least > 0.0101) return false;
                    }
                }
            return true;
        };
        BOOST_TEST(covers(once.layers[l].lines, d.layers[l].lines));
        BOOST_TEST(covers(d.layers[l].lines, once.layers[l].lines));
    }
}

BOOST_AUTO_TEST_CASE(reloop_begins_closed_lines_elsewhere_and_keeps_the_ink) {
    const drawing d = by_chance::lines(by_chance::strokes(), 13), r = reloop(d, {.seed = 4});
    BOOST_TEST((by_chance::ink(r) == by_chance::ink(d)));
    BOOST_TEST((r.layers[0].lines != d.layers[0].lines));
    BOOST_TEST((reloop(d, {.seed = 4}).layers[0].lines == r.layers[0].lines));
}

BOOST_AUTO_TEST_CASE(multipass_goes_to_and_fro_and_round_and_round) {
    const drawing d = of({{{0, 0}, {1, 0}, {1, 1}}, {{0, 0}, {2, 0}, {0, 2}, {0, 0}}, {{5, 5}}});
    const auto lines = multipass(d, {3}).layers[0].lines;
    const polyline to_and_fro = {{0, 0}, {1, 0}, {1, 1}, {1, 0}, {0, 0}, {1, 0}, {1, 1}};
    BOOST_TEST((lines[0] == to_and_fro));
    BOOST_TEST(lines[1].size() == 10u);
    BOOST_TEST(length_of(lines[1]) == 3 * length_of(d.layers[0].lines[1]), boost::test_tools::tolerance(1e-12));
    BOOST_TEST((lines[2] == polyline{{5, 5}}));
    BOOST_TEST((multipass(d, {1}).layers[0].lines == d.layers[0].lines));
}

BOOST_AUTO_TEST_CASE(split_leaves_straight_pieces_or_pieces_of_a_length) {
    const drawing d = by_chance::lines(by_chance::strokes(), 14);
    BOOST_TEST((by_chance::ink(split(d)) == by_chance::ink(d)));
    for (const layer& l : split(d).layers)
        for (const polyline& line : l.lines) BOOST_REQUIRE(line.size() <= 2u);
    const drawing cut = split(d, {.longest = 0.7});
    BOOST_TEST(ink_mm(cut) == ink_mm(d), boost::test_tools::tolerance(1e-9));
    for (const layer& l : cut.layers)
        for (const polyline& line : l.lines) BOOST_REQUIRE(length_of(line) <= 0.7 + 1e-9);
    const std::vector<polyline> expected = {{{0, 0}, {2, 0}}, {{2, 0}, {3, 0}, {3, 1}}, {{3, 1}, {3, 2}}};
    BOOST_TEST((split(of({{{0, 0}, {3, 0}, {3, 2}}}), {.longest = 2}).layers[0].lines == expected));
}

BOOST_AUTO_TEST_CASE(filter_keeps_lengths_that_are_wanted_and_every_layer) {
    const drawing d{.layers = {{1, "black", {{{0, 0}, {1, 0}}, {{0, 0}, {5, 0}}}}, {2, "#f00", {{{0, 0}, {3, 0}}}}}};
    const drawing middle = filter(d, {.shortest = 2, .longest = 5});
    BOOST_TEST(middle.layers[0].lines.size() == 1u);
    BOOST_TEST(middle.layers[1].lines.size() == 1u);
    BOOST_TEST(filter(d, {.shortest = 9}).layers.size() == 2u);
    BOOST_TEST(line_count(filter(d, {})) == 3u);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace filters_test
