// SPDX-License-Identifier: MIT
#include <kf/drawing/best_of_both.hpp>
#include <kf/drawing/candidates.hpp>
#include <kf/drawing/chance.hpp>
#include <kf/drawing/shortest_order.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace best_of_both_test {

using namespace kf::drawing;

/// Strokes of length 1 along a line, where they begin.
stroke_ends along_a_line(const std::vector<std::int32_t>& begins) {
    std::vector<grid_point> at;
    for (const std::int32_t x : begins) at.insert(at.end(), {{x, 0}, {x + 1, 0}});
    return stroke_ends(std::move(at));
}

stroke_ends strewn_strokes(std::uint32_t count, std::uint64_t seed) {
    chance random(seed);
    std::vector<grid_point> at;
    for (std::uint32_t i = 0; i < count * 2; ++i)
        at.push_back(
            {static_cast<std::int32_t>(random.below(1 << 20)), static_cast<std::int32_t>(random.below(1 << 20))});
    return stroke_ends(std::move(at));
}

BOOST_AUTO_TEST_SUITE(best_of_two_orders)

BOOST_AUTO_TEST_CASE(takes_each_part_from_the_order_that_has_it_shorter) {
    const auto ends = along_a_line({0, 10, 20, 30, 40, 50, 60});
    const entry_order ours{0, 4, 2, 6, 8, 10, 12, 14}, theirs{0, 2, 4, 6, 10, 8, 12, 14};
    const entry_order expected{0, 2, 4, 6, 8, 10, 12, 14};
    BOOST_TEST(best_of_both(ends, ours, theirs) == expected, boost::test_tools::per_element());
    BOOST_TEST(best_of_both(ends, theirs, ours) == expected, boost::test_tools::per_element());
}

/// Of the four travels between a b c d, which become a d c b, each two alone leave two rounds.
BOOST_AUTO_TEST_CASE(exchanges_together_what_falls_apart_by_itself) {
    const auto ends = along_a_line({0, 30, 20, 10, 100, 130, 120, 110});
    const entry_order ours{0, 6, 4, 2, 8, 10, 12, 14, 16}, theirs{0, 2, 4, 6, 8, 14, 12, 10, 16};
    const entry_order expected{0, 6, 4, 2, 8, 14, 12, 10, 16};
    BOOST_TEST(best_of_both(ends, ours, theirs) == expected, boost::test_tools::per_element());
    BOOST_TEST(best_of_both(ends, theirs, ours) == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(of_equal_orders_stays_as_it_is) {
    const auto ends = along_a_line({0, 10, 20});
    const entry_order order{0, 2, 4, 6};
    BOOST_TEST(best_of_both(ends, order, order) == order, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(two_searches_give_one_that_is_shorter_than_both) {
    for (std::uint64_t seed = 1; seed <= 2; ++seed) {
        const auto ends = strewn_strokes(900, seed);
        const candidates near(ends);
        chance random(seed);
        const auto search = [&] {
            return shorten(ends, near, first_order(ends, near), 900, random, [] { return true; }).entries;
        };
        const entry_order one = search(), other = search(), both = best_of_both(ends, one, other);
        BOOST_TEST(travel_of(ends, both) < std::min(travel_of(ends, one), travel_of(ends, other)));
        BOOST_TEST(both.back() == ends.nowhere());
        std::vector<node> strokes;
        for (const node v : both) strokes.push_back(v / 2);
        std::ranges::sort(strokes);
        for (node s = 0; s <= ends.strokes(); ++s) BOOST_REQUIRE(strokes[s] == s);
        BOOST_TEST(strokes.size() == ends.strokes() + 1);
    }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace best_of_both_test
