// SPDX-License-Identifier: MIT
#include <kf/io/near_name.hpp>

#include <boost/test/unit_test.hpp>

namespace near_name_test {

using kf::io::edit_distance;
using kf::io::near_names;
using names = std::vector<std::string>;

BOOST_AUTO_TEST_SUITE(near_name_suite)

BOOST_AUTO_TEST_CASE(distance_counts_changed_lost_added_and_swapped_letters) {
    BOOST_TEST(edit_distance("octopus", "octopus") == 0U);
    BOOST_TEST(edit_distance("Octopus", "oCTOPUS") == 0U);
    BOOST_TEST(edit_distance("octopus", "octobus") == 1U);
    BOOST_TEST(edit_distance("octopus", "octpus") == 1U);
    BOOST_TEST(edit_distance("octopus", "octoppus") == 1U);
    BOOST_TEST(edit_distance("octopus", "ocotpus") == 1U);
    BOOST_TEST(edit_distance("kitten", "sitting") == 3U);
    BOOST_TEST(edit_distance("", "abc") == 3U);
    BOOST_TEST(edit_distance("", "") == 0U);
}

BOOST_AUTO_TEST_CASE(the_nearest_come_first) {
    const names boards{"manta", "octopus-pro", "octopus", "pico"};
    BOOST_TEST((near_names("octopsu", boards).at(0) == "octopus"));
    BOOST_TEST((near_names("octopus-por", boards).at(0) == "octopus-pro"));
    BOOST_TEST((near_names("octo", boards) == names{"octopus-pro", "octopus"}));
    BOOST_TEST((near_names("PICO", boards) == names{"pico"}));
}

BOOST_AUTO_TEST_CASE(what_is_far_from_all_has_no_hint) {
    BOOST_TEST(near_names("zzzzzz", names{"octopus", "pico"}).empty());
    BOOST_TEST(near_names("x", names{}).empty());
    BOOST_TEST(near_names("", names{"octopus"}).empty());
}

BOOST_AUTO_TEST_CASE(a_hint_is_five_names_at_most_and_long_input_does_no_harm) {
    BOOST_TEST(
        near_names("board1", names{"board2", "board3", "board4", "board5", "board6", "board7", "board8"}).size() == 5U);
    BOOST_TEST(near_names(std::string(100'000, 'x'), names{"octopus"}).empty());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace near_name_test
