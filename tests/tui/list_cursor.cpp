// SPDX-License-Identifier: MIT
#include <kf/tui/list_cursor.hpp>

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

namespace list_cursor_test {

using namespace kf::tui;

const std::vector<list_row> rows{
    {"Registered", look::strong, false}, {"octopus"}, {"pico"}, {"New", look::strong, false}, {"rp2040"}};

std::string shown(const list_cursor& c, std::size_t height) {
    text_grid g({14, height});
    c.paint(pane(g), rows);
    std::string out;
    for (const auto& l : lines(g)) out += l + "\n";
    return out;
}

BOOST_AUTO_TEST_CASE(headings_are_passed_over) {
    list_cursor c;
    c.go(rows, 0, true);
    BOOST_TEST(c.at() == 1U);
    for (const std::size_t at : {2U, 4U, 4U}) {
        BOOST_TEST(c.take(key{.code = key_code::down}, rows, 5));
        BOOST_TEST(c.at() == at);
    }
    for (const std::size_t at : {2U, 1U, 1U}) {
        c.take(key{.code = key_code::up}, rows, 5);
        BOOST_TEST(c.at() == at);
    }
    c.take(key{.code = key_code::end}, rows, 5);
    BOOST_TEST(c.at() == 4U);
    c.take(key{.code = key_code::home}, rows, 5);
    BOOST_TEST(c.at() == 1U);
}

BOOST_AUTO_TEST_CASE(the_row_in_hand_is_always_in_sight) {
    list_cursor c;
    c.go(rows, 4, true);
    BOOST_TEST(shown(c, 5) == "Registered\n  octopus\n  pico\nNew\n▸ rp2040\n");
    BOOST_TEST(shown(c, 2) == "New          ↑\n▸ rp2040\n");
    c.go(rows, 1, true);
    BOOST_TEST(shown(c, 2) == "Registered\n▸ octopus    ↓\n");
}

BOOST_AUTO_TEST_CASE(other_keys_are_not_its_own) {
    list_cursor c;
    BOOST_TEST(!c.take(key{.text = 'j'}, rows, 5));
    BOOST_TEST(!c.take(key{.code = key_code::down, .modifiers = modifier::ctrl}, rows, 5));
}

BOOST_AUTO_TEST_CASE(an_empty_list_has_nothing_in_hand) {
    list_cursor c;
    c.go({}, 3, true);
    BOOST_TEST(c.at() == 0U);
    BOOST_TEST(c.take(key{.code = key_code::down}, {}, 5));
}

} // namespace list_cursor_test
