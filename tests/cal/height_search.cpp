// SPDX-License-Identifier: MIT
#include <kf/cal/height_search.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <vector>

namespace height_search_test {

using namespace kf;
using cal::height_search;
using cal::seen;
using state = height_search::state;

/// Answers as paper at `touch` would; gives every height that the tool went to.
std::vector<mm> look(height_search& s, mm touch) {
    std::vector<mm> went;
    while (s.now() == state::going_down || s.now() == state::halving) {
        BOOST_REQUIRE_LT(went.size(), 1000u);
        went.push_back(s.next());
        s.answer((went.back() - touch) * s.down() >= 0 ? seen::touching : seen::clear);
    }
    return went;
}

BOOST_AUTO_TEST_SUITE(search_for_a_height)

BOOST_AUTO_TEST_CASE(finds_the_touch_where_a_greater_z_is_down) {
    height_search s = *height_search::begin({.clear = 10, .floor = 22, .step = 1, .resolution = 0.05});
    const std::vector<mm> went = look(s, 19.37);
    BOOST_REQUIRE(s.now() == state::found);
    BOOST_TEST(std::fabs(s.touch().value - 19.37) <= 0.025);
    BOOST_TEST((std::vector<mm>(went.begin(), went.begin() + 12) ==
                std::vector<mm>{11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 19.5, 19.25}));
    for (const mm z : went) BOOST_TEST(z < 19.37 + 1); // no deeper than a step
    BOOST_TEST(s.touch().u > 0.02);                    // paper and tip
    BOOST_TEST(s.touch().u <= std::hypot(0.025 / std::sqrt(3.0), 0.02));
}

BOOST_AUTO_TEST_CASE(finds_the_touch_where_a_lower_z_is_down) {
    height_search s = *height_search::begin({.clear = 5, .floor = -3, .step = 0.8, .resolution = 0.02});
    const std::vector<mm> went = look(s, -1.234);
    BOOST_REQUIRE(s.now() == state::found);
    BOOST_TEST(std::fabs(s.touch().value + 1.234) <= 0.01);
    for (const mm z : went) BOOST_TEST(z > -1.234 - 0.8);
}

BOOST_AUTO_TEST_CASE(never_goes_beyond_its_floor_without_a_word) {
    for (const double down : {1.0, -1.0}) {
        height_search s = *height_search::begin({.clear = 0, .floor = 2.3 * down, .step = 1, .resolution = 0.1});
        for (const mm z : look(s, 3 * down)) BOOST_TEST(z * down <= 2.3 + 1e-12);
        BOOST_REQUIRE(s.now() == state::at_floor);
        BOOST_CHECK(s.extend(2.3 * down).error().code == errc::refused);
        BOOST_CHECK(s.extend(1 * down).error().code == errc::refused);
        BOOST_REQUIRE(s.now() == state::at_floor);
        BOOST_REQUIRE(s.extend(4 * down).has_value());
        for (const mm z : look(s, 3 * down)) BOOST_TEST(z * down <= 4.0);
        BOOST_REQUIRE(s.now() == state::found);
        BOOST_TEST(std::fabs(s.touch().value - 3 * down) <= 0.05);
    }
}

BOOST_AUTO_TEST_CASE(a_second_look_begins_just_above_the_touch) {
    height_search s = *height_search::begin({.clear = 10, .floor = 22, .step = 0.5, .resolution = 0.05});
    look(s, 19.37);
    const cal::height_plan second = s.again();
    BOOST_TEST(std::fabs(second.clear - (s.touch().value - 0.75)) < 1e-9);
    BOOST_TEST(second.floor == 22.0);
    height_search near = *height_search::begin({.clear = 10, .floor = 22, .step = 0.5, .resolution = 0.05});
    look(near, 10.2);
    BOOST_TEST(near.again().clear == 10.0); // it never starts higher up than where it was clear of everything
}

BOOST_AUTO_TEST_CASE(a_plan_without_a_way_is_refused) {
    BOOST_CHECK(height_search::begin({.clear = 5, .floor = 5}).error().code == errc::usage);
    BOOST_CHECK(height_search::begin({.clear = 5, .floor = 0, .step = 0}).error().code == errc::usage);
    BOOST_CHECK(height_search::begin({.clear = 5, .floor = 0, .step = 1, .resolution = 0}).error().code == errc::usage);
}

BOOST_AUTO_TEST_CASE(travel_is_half_way_or_a_clearance_off) {
    BOOST_TEST(cal::travel_between(19.37, 0.4) == 9.885, boost::test_tools::tolerance(1e-12));
    BOOST_TEST(cal::travel_above(19.37, 1, 5) == 14.37, boost::test_tools::tolerance(1e-12));
    BOOST_TEST(cal::travel_above(-1.2, -1, 5) == 3.8, boost::test_tools::tolerance(1e-12));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace height_search_test
