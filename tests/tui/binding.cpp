// SPDX-License-Identifier: MIT
#include <kf/tui/binding.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

namespace binding_test {

using namespace kf::tui;

enum class act { stop, leave, home, left, right };

const binding_table<act> table{
    {{key_code::left}, act::left, "←→", "move", "moves the pen", 1},
    {{key_code::right}, act::right},
    {{U'H'}, act::home, "H", "home", "finds X and Y", 2},
    {{U'!', {U'!', modifier::alt}}, act::stop, "!", "STOP", "stops at once", 0},
    {{U'Q', key_code::escape}, act::leave, "Q", "quit", "leaves", 0},
};

std::string footer(std::size_t columns, std::size_t rows = 1) {
    text_grid g({columns, rows});
    paint_footer(pane(g), footer_of(table));
    std::string out;
    for (const auto& l : lines(g)) out += l + "\n";
    return out;
}

BOOST_AUTO_TEST_CASE(a_key_means_what_its_row_says) {
    BOOST_TEST((command_of(table, key{.code = key_code::right}) == act::right));
    BOOST_TEST((command_of(table, key{.text = 'h'}) == act::home));
    BOOST_TEST((command_of(table, key{.text = 'H', .modifiers = modifier::shift}) == act::home));
    BOOST_TEST((command_of(table, key{.text = '!', .modifiers = modifier::alt}) == act::stop));
    BOOST_TEST(!command_of(table, key{.text = 'h', .modifiers = modifier::ctrl}));
    BOOST_TEST(!command_of(table, key{.code = key_code::left, .modifiers = modifier::shift}));
    BOOST_TEST(!command_of(table, key{.text = '!', .action = key_action::release}));
    BOOST_TEST(!command_of(table, key{.code = key_code::paste, .pasted = "!"}));
}

BOOST_AUTO_TEST_CASE(the_footer_shrinks_to_the_important_keys_and_never_vanishes) {
    BOOST_TEST(footer(60) == "←→ move  H home  ! STOP  Q quit\n");
    BOOST_TEST(footer(24) == "←→ move  ! STOP  Q quit\n");
    BOOST_TEST(footer(16) == "! STOP  Q quit\n");
    BOOST_TEST(footer(8) == "!  Q\n");
    BOOST_TEST(footer(1) == "!\n");
}

BOOST_AUTO_TEST_CASE(a_footer_of_two_rows_keeps_more) {
    BOOST_TEST(footer(16, 2) == "←→ move  H home\n! STOP  Q quit\n");
}

} // namespace binding_test
