// SPDX-License-Identifier: MIT
#include "by_chance.hpp"

#include <kf/drawing/order.hpp>
#include <kf/drawing/tour.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <numeric>
#include <vector>

namespace order_test {

using namespace kf::drawing;

/// The least pen-up way over all orders and directions.
kf::mm least_way(const std::vector<polyline>& lines) {
    std::vector<std::size_t> at(lines.size());
    std::iota(at.begin(), at.end(), std::size_t{0});
    kf::mm least = std::numeric_limits<kf::mm>::max();
    do {
        for (std::size_t turned = 0; turned < (std::size_t{1} << lines.size()); ++turned) {
            kf::mm way = 0;
            for (std::size_t i = 1; i < at.size(); ++i) {
                const polyline &a = lines[at[i - 1]], &b = lines[at[i]];
                way += distance((turned >> at[i - 1] & 1) != 0 ? a.front() : a.back(),
                                (turned >> at[i] & 1) != 0 ? b.back() : b.front());
            }
            least = std::min(least, way);
        }
    } while (std::ranges::next_permutation(at).found);
    return least;
}

/// A tenth of a second later each time it is asked.
struct slow_clock {
    int asked = 0;
    kf::io::time_point now() { return kf::io::time_point(std::chrono::milliseconds(100 * ++asked)); }
    void sleep_until(kf::io::time_point) {}
};

BOOST_AUTO_TEST_SUITE(order_of_lines)

BOOST_AUTO_TEST_CASE(a_few_lines_come_in_the_best_of_all_orders) {
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        chance random(seed);
        drawing d{.layers = {{}}};
        for (std::uint64_t i = 0; i < 1 + seed % 5; ++i)
            d.layers[0].lines.push_back({{random.below(1000) / 7.0, random.below(1000) / 7.0},
                                         {random.below(1000) / 7.0, random.below(1000) / 7.0}});
        const kf::mm least = least_way(d.layers[0].lines);
        const ordered o = order(d, {.effort = 20});
        BOOST_TEST(o.after_mm <= least + 1e-3, seed << ": " << o.after_mm << " and not " << least);
        BOOST_TEST(o.after_mm == pen_up_mm(o.result));
        BOOST_TEST(o.before_mm == pen_up_mm(d));
    }
}

BOOST_AUTO_TEST_CASE(a_row_of_strokes_is_drawn_to_and_fro) {
    drawing d{.layers = {{}}};
    for (const double x : {3., 1., 4., 0., 2.}) d.layers[0].lines.push_back({{x, 0}, {x, 50}});
    BOOST_TEST(order(d).after_mm == 4.0);
}

BOOST_AUTO_TEST_CASE(a_closed_line_begins_where_the_pen_comes_by) {
    const drawing d{.layers = {{1, "", {{{0, 0}, {10, 0}}, {{30, 0}, {20, 10}, {11, 0}, {20, -10}, {30, 0}}}}}};
    const ordered o = order(d);
    BOOST_TEST(o.after_mm == 1.0);
    BOOST_TEST((by_chance::ink(o.result) == by_chance::ink(d)));
}

BOOST_AUTO_TEST_CASE(a_closed_line_begins_where_it_did_when_starts_are_kept) {
    const drawing d{.layers = {{1, "", {{{0, 0}, {10, 0}}, {{30, 0}, {20, 10}, {11, 0}, {20, -10}, {30, 0}}}}}};
    const ordered o = order(d, {.starts = loop_starts::kept});
    BOOST_TEST(o.after_mm == 20.0);
}

BOOST_AUTO_TEST_CASE(an_interrupted_search_ends_with_all_lines) {
    const drawing d = by_chance::lines(by_chance::strokes(), 5);
    static int asked = 0;
    asked = 0;
    const auto interrupted = []() noexcept { return ++asked > 3; };
    const ordered o = order(d, {.effort = 1'000'000, .interrupted = interrupted});
    BOOST_TEST(asked > 3);
    BOOST_TEST((by_chance::ink(o.result) == by_chance::ink(d)));
}

BOOST_AUTO_TEST_CASE(the_ink_stays_and_so_does_the_order_of_layers) {
    const drawing d = by_chance::lines(by_chance::strokes(), 5);
    const ordered o = order(d, {.effort = 0});
    BOOST_TEST((by_chance::ink(o.result) == by_chance::ink(d)));
    BOOST_TEST(line_count(o.result) == line_count(d));
    BOOST_TEST(o.result.layers.size() == 3u);
    BOOST_TEST(o.result.layers[2].number == 7);
    BOOST_TEST(o.result.layers[1].name == "red");
    BOOST_TEST(o.after_mm < o.before_mm / 10);
}

BOOST_AUTO_TEST_CASE(one_seed_and_effort_give_one_order) {
    const drawing d = by_chance::lines(300, 6);
    const auto lines = [&](std::uint64_t seed) { return order(d, {.seed = seed, .effort = 2}).result.layers[0].lines; };
    BOOST_TEST((lines(1) == lines(1)));
    BOOST_TEST((lines(1) != lines(2)));
}

BOOST_AUTO_TEST_CASE(more_effort_is_no_longer_way) {
    const drawing d = by_chance::lines(300, 7);
    const kf::mm none = order(d, {.effort = 0}).after_mm, some = order(d, {.effort = 1}).after_mm,
                 more = order(d, {.effort = 5}).after_mm;
    BOOST_TEST(some <= none);
    BOOST_TEST(more <= some);
}

BOOST_AUTO_TEST_CASE(a_time_limit_ends_the_search_with_a_whole_drawing) {
    const drawing d = by_chance::lines(2000, 8);
    slow_clock clock;
    const ordered o = order(d, {.time_limit = 5}, clock);
    BOOST_TEST(clock.asked < 60);
    BOOST_TEST((by_chance::ink(o.result) == by_chance::ink(d)));
    BOOST_TEST(o.after_mm < o.before_mm / 5);
}

BOOST_AUTO_TEST_CASE(a_good_order_is_not_made_worse) {
    drawing d{.layers = {{}}};
    for (int i = 0; i < 300; ++i) d.layers[0].lines.push_back({{i * 1.0, 0}, {i + 0.9, 0}});
    const ordered o = order(d, {.effort = 0});
    BOOST_TEST(o.after_mm <= o.before_mm);
    BOOST_TEST(o.after_mm > 29.8);
}

BOOST_AUTO_TEST_CASE(drawings_of_nothing_dots_and_one_place_have_an_order) {
    BOOST_TEST(order(drawing{}).after_mm == 0);
    BOOST_TEST(line_count(order(drawing{.layers = {{1, "", {{}, {{5, 5}}, {}}}}}).result) == 1u);
    drawing d{.layers = {{}}};
    for (int i = 0; i < 1000; ++i) d.layers[0].lines.push_back({{7, 7}});
    BOOST_TEST(order(d).after_mm == 0);
    BOOST_TEST(line_count(order(d).result) == 1000u);
    d.layers[0].lines.push_back({{-1e7, 3}, {1e7, 3}}); // farther than the grid is fine
    BOOST_TEST(line_count(order(d).result) == 1001u);
}

BOOST_AUTO_TEST_CASE(runs_of_any_length_turn_round_in_a_tour) {
    for (const std::size_t strokes : {4U, 50U, 1500U, 20000U}) {
        chance random(strokes);
        std::vector<node> plain(strokes);
        for (std::size_t i = 0; i < strokes; ++i) plain[i] = static_cast<node>(2 * i);
        tour t(plain);
        for (int turns = 0; turns < 300; ++turns) {
            std::size_t from = random.below(static_cast<std::uint32_t>(strokes)), to = from;
            while (to == from) to = random.below(static_cast<std::uint32_t>(strokes));
            if (from > to) std::swap(from, to);
            if (from == 0 && to + 1 == strokes) continue;
            const node before = plain[from == 0 ? strokes - 1 : from - 1] ^ 1;
            const node behind = plain[to + 1 == strokes ? 0 : to + 1];
            t.turn(before, plain[from], plain[to] ^ 1, behind);
            std::reverse(plain.begin() + static_cast<std::ptrdiff_t>(from),
                         plain.begin() + static_cast<std::ptrdiff_t>(to + 1));
            for (std::size_t i = from; i <= to; ++i) plain[i] ^= 1;
        }
        // The same round, one way or the other; keys and entries agree with it.
        const node start = t.is_entry(plain[0]) ? plain[0] : plain[0] ^ 1;
        std::vector<node> round = t.entries_from(start);
        for (std::size_t i = 0, turned = 0; i < strokes; ++i) {
            BOOST_REQUIRE(t.is_entry(round[i]));
            BOOST_REQUIRE(!t.is_entry(round[i] ^ 1));
            if (t.key_of(round[i]) > t.key_of(round[(i + 1) % strokes])) ++turned;
            if (i + 1 == strokes) BOOST_TEST(turned == 1u);
        }
        if (start != plain[0]) {
            std::reverse(round.begin() + 1, round.end());
            for (node& v : round) v ^= 1;
        }
        BOOST_TEST((round == plain));
    }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace order_test
