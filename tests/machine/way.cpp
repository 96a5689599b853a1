// SPDX-License-Identifier: MIT
#include <kf/machine/machine_file.hpp>
#include <kf/machine/way.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <random>
#include <string>
#include <vector>

namespace way_test {

using namespace kf::machine;

// 250 x 350; the pen travels at 10 and draws at 20.
machine octopus(std::vector<keep_out> keep_outs) {
    machine m = read_machine(template_text).value;
    m.keep_outs = std::move(keep_outs);
    return m;
}

kf::mm length(xy from, const std::vector<xy>& way) {
    kf::mm sum = 0;
    for (const xy p : way) {
        sum += std::hypot(p.x - from.x, p.y - from.y);
        from = p;
    }
    return sum;
}

BOOST_AUTO_TEST_SUITE(way)

BOOST_AUTO_TEST_CASE(a_free_way_is_straight) {
    const machine m = octopus({{"clip", box{{100, 200}, {120, 220}}}});
    const auto way = way_to(m, m.tools[0], {10, 100}, {200, 190});
    BOOST_REQUIRE(way.has_value());
    BOOST_TEST((*way == std::vector<xy>{{200, 190}}));
}

BOOST_AUTO_TEST_CASE(the_shorter_side_of_a_rectangle_is_taken) {
    const machine m = octopus({{"clip", box{{100, 200}, {120, 260}}}});
    const auto below = way_to(m, m.tools[0], {50, 210}, {150, 210}),
               above = way_to(m, m.tools[0], {50, 255}, {150, 250});
    BOOST_REQUIRE((below && above));
    BOOST_TEST((*below == std::vector<xy>{{99.5, 199.5}, {120.5, 199.5}, {150, 210}}));
    BOOST_TEST((*above == std::vector<xy>{{99.5, 260.5}, {120.5, 260.5}, {150, 250}}));
}

BOOST_AUTO_TEST_CASE(a_circle_is_passed_close_by) {
    const machine m = octopus({{"post", disc{{100, 100}, 20}}});
    const xy from{50, 100}, to{150, 100};
    const auto way = way_to(m, m.tools[0], from, to);
    BOOST_REQUIRE(way.has_value());
    // Tangents and an arc of a circle of 20.5 mm are 109.7 mm.
    BOOST_TEST(length(from, *way) >= 108.6);
    BOOST_TEST(length(from, *way) < 112);
}

BOOST_AUTO_TEST_CASE(a_wall_to_the_edge_of_the_work_area_leaves_no_way_and_is_named) {
    const machine m = octopus({{"bar", box{{100, 0}, {110, 350}}}});
    const auto way = way_to(m, m.tools[0], {50, 100}, {150, 100});
    BOOST_REQUIRE(!way.has_value());
    BOOST_TEST(way.error()->name == "bar");
    const auto inside = way_to(m, m.tools[0], {50, 100}, {105, 100});
    BOOST_REQUIRE(!inside.has_value());
    BOOST_TEST(inside.error()->name == "bar");
}

BOOST_AUTO_TEST_CASE(an_end_closer_than_the_clearance_still_gets_away) {
    const machine m = octopus({{"clip", box{{100, 200}, {120, 220}}}});
    const auto way = way_to(m, m.tools[0], {99.9, 210}, {120.1, 210});
    BOOST_REQUIRE(way.has_value());
    BOOST_TEST(way->size() == 3u);
}

BOOST_AUTO_TEST_CASE(no_way_meets_a_keep_out_whatever_lies_there) {
    std::mt19937 chance(12);
    const auto within = [&](double low, double high) {
        return low + (high - low) * static_cast<double>(chance()) / 4294967296.0;
    };
    int round = 0;
    for (int n = 0; n < 300; ++n) {
        std::vector<keep_out> some;
        for (int i = 0; i < 8; ++i) {
            const xy at{within(10, 220), within(10, 320)};
            if (i % 2 == 0)
                some.push_back({"box", box{at, {at.x + within(1, 60), at.y + within(1, 60)}}});
            else
                some.push_back({"disc", disc{at, within(1, 30)}});
        }
        const machine m = octopus(std::move(some));
        const xy from{within(0, 250), within(0, 350)}, to{within(0, 250), within(0, 350)};
        const auto way = way_to(m, m.tools[0], from, to);
        if (!way) continue;
        BOOST_TEST((way->back() == to));
        round += way->size() > 1 ? 1 : 0;
        xy at = from;
        for (const xy next : *way) {
            BOOST_TEST(m.work_area().contains(next));
            for (const keep_out& k : m.keep_outs) BOOST_TEST(!meets(k, at, next));
            at = next;
        }
    }
    BOOST_TEST(round > 50);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace way_test
