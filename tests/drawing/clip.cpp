// SPDX-License-Identifier: MIT
#include <kf/drawing/clip.hpp>
#include <kf/drawing/dash.hpp>
#include <kf/drawing/travel.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <cstddef>
#include <memory>
#include <numbers>
#include <random>
#include <vector>

namespace clip_test {

using namespace kf::drawing;

using regions = std::vector<std::shared_ptr<const region>>;

std::shared_ptr<const region> region_of(std::vector<polyline> outlines, fill_rule rule = fill_rule::nonzero) {
    auto r = std::make_shared<region>();
    r->add(std::move(outlines), rule);
    return r;
}

std::vector<polyline> clipped(const std::vector<polyline>& lines, const regions& clips) {
    std::vector<polyline> out;
    clip_effort effort;
    BOOST_REQUIRE(clip(lines, clips, out, effort));
    return out;
}

const polyline square = {{10, 10}, {30, 10}, {30, 30}, {10, 30}, {10, 10}};
const polyline hole = {{15, 15}, {25, 15}, {25, 25}, {15, 25}, {15, 15}};

BOOST_AUTO_TEST_SUITE(clips)

BOOST_AUTO_TEST_CASE(what_lies_on_a_border_is_inside_and_a_touch_is_no_ink) {
    const regions box = {region_of({square})};
    const std::vector<polyline> kept = {
        {{10, 5}, {10, 40}}, {{0, 30}, {40, 30}}, {{12, 12}, {28, 12}, {28, 28}}, square};
    BOOST_TEST(
        (clipped(kept, box) ==
         std::vector<polyline>{{{10, 10}, {10, 30}}, {{10, 30}, {30, 30}}, {{12, 12}, {28, 12}, {28, 28}}, square}));
    BOOST_TEST(clipped({{{0, 20}, {20, 0}}, {{0, 9.9}, {40, 9.9}}, {{5, 5}}}, box).empty());
    BOOST_TEST((clipped({{{20, 20}}, {{10, 10}}}, box) == std::vector<polyline>{{{20, 20}}, {{10, 10}}}));
}

BOOST_AUTO_TEST_CASE(holes_are_as_the_rule_says) {
    const std::vector<polyline> line = {{{0, 20}, {40, 20}}};
    const std::vector<polyline> both = {{{10, 20}, {15, 20}}, {{25, 20}, {30, 20}}}, all = {{{10, 20}, {30, 20}}};
    BOOST_TEST((clipped(line, {region_of({square, hole}, fill_rule::evenodd)}) == both));
    BOOST_TEST((clipped(line, {region_of({square, hole})}) == all));
    const polyline back(hole.rbegin(), hole.rend());
    BOOST_TEST((clipped(line, {region_of({square, back})}) == both));
    // Along the edge of the hole there is ink on one side of it.
    BOOST_TEST((clipped({{{0, 15}, {40, 15}}}, {region_of({square, hole}, fill_rule::evenodd)}) ==
                std::vector<polyline>{{{10, 15}, {30, 15}}}));
}

BOOST_AUTO_TEST_CASE(a_closed_line_that_begins_inside_is_one_piece_there) {
    const regions left = {region_of({{{0, 0}, {20, 0}, {20, 40}, {0, 40}}})};
    BOOST_TEST((clipped({square}, left) == std::vector<polyline>{{{20, 30}, {10, 30}, {10, 10}, {20, 10}}}));
}

BOOST_AUTO_TEST_CASE(ink_inside_and_ink_outside_are_all_the_ink) {
    std::mt19937 chance(7);
    std::uniform_real_distribution<double> place(-20, 20);
    std::uniform_int_distribution<int> grid(-4, 4);
    for (int round = 0; round < 300; ++round) {
        // Every second one on a grid, where corners and edges meet each other.
        const auto any = [&]() -> point {
            return round % 2 == 0 ? point{place(chance), place(chance)} : point{5.0 * grid(chance), 5.0 * grid(chance)};
        };
        polyline outline;
        for (int i = 0; i < 9; ++i) outline.push_back(any());
        std::vector<polyline> lines(6);
        for (polyline& line : lines)
            for (int i = 0; i < 7; ++i) line.push_back(any());
        const polyline far = {{-100, -100}, {100, -100}, {100, 100}, {-100, 100}};
        const auto inside = clipped(lines, {region_of({outline}, fill_rule::evenodd)});
        const auto outside = clipped(lines, {region_of({outline, far}, fill_rule::evenodd)});
        double whole = 0, parts = 0, on_border = 0;
        for (const polyline& line : lines) whole += length_of(line);
        for (const auto* some : {&inside, &outside})
            for (const polyline& line : *some) parts += length_of(line);
        // What runs along the border is in both.
        for (const polyline& line : clipped(inside, {region_of({outline, far}, fill_rule::evenodd)}))
            on_border += length_of(line);
        BOOST_TEST(std::abs(parts - on_border - whole) < 1e-3, "round " << round << ": " << parts - on_border - whole);
    }
}

BOOST_AUTO_TEST_CASE(an_effort_that_is_spent_ends_it) {
    polyline round;
    for (int i = 0; i < 1000; ++i) round.push_back({20 * std::cos(i * 0.00628), 20 * std::sin(i * 0.00628)});
    std::vector<polyline> many(1000, polyline{{0, -30}, {0, 30}}), out;
    clip_effort little{10'000};
    BOOST_TEST(!clip(many, regions{region_of({round})}, out, little));
}

BOOST_AUTO_TEST_CASE(dashes_have_their_length_however_the_line_is_cut) {
    const dash_pattern pattern{.lengths = {3, 1, 0.5}, .offset = 1.25};
    std::vector<polyline> straight, in_pieces;
    polyline many;
    for (int i = 0; i <= 1000; ++i) many.push_back({i * 0.1, 0});
    dash({{0, 0}, {100, 0}}, pattern, empty_dash::nothing, straight);
    dash(many, pattern, empty_dash::nothing, in_pieces);
    BOOST_REQUIRE_EQUAL(straight.size(), in_pieces.size());
    for (std::size_t i = 0; i < straight.size(); ++i) {
        BOOST_TEST(std::abs(straight[i].front().x - in_pieces[i].front().x) < 1e-6);
        BOOST_TEST(std::abs(straight[i].back().x - in_pieces[i].back().x) < 1e-6);
    }
    BOOST_TEST(std::abs(straight[0].back().x - 1.75) < 1e-9);
    BOOST_TEST(std::abs(straight[1].front().x - 2.75) < 1e-9);
    BOOST_TEST(std::abs(straight[1].back().x - 3.25) < 1e-9);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace clip_test
