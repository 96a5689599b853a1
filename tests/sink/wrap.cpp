// SPDX-License-Identifier: MIT
#include <kf/sink.hpp>

#include <boost/test/unit_test.hpp>

namespace wrap_test {

using kf::wrap;
using lines = std::vector<std::string>;

BOOST_AUTO_TEST_CASE(wrap_breaks_between_words_so_that_no_line_is_wider_than_asked) {
    BOOST_TEST(wrap("the board is busy now", 9, "") == (lines{"the board", "is busy", "now"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(wrap_fills_a_line_to_the_last_column) {
    BOOST_TEST(wrap("1234 6789", 9, "") == (lines{"1234 6789"}), boost::test_tools::per_element());
    BOOST_TEST(wrap("1234 6789", 8, "") == (lines{"1234", "6789"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(wrap_keeps_a_word_whole_that_is_too_long) {
    BOOST_TEST(wrap("see /dev/serial/by-id/usb-Klipper_rp2040 there", 10, "") ==
                   (lines{"see", "/dev/serial/by-id/usb-Klipper_rp2040", "there"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(wrap_begins_a_line_at_each_newline_and_indents_all_but_the_first) {
    BOOST_TEST(wrap("one two\nthree four", 8, "  ") == (lines{"one two", "  three", "  four"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(wrap_of_nothing_is_no_line) {
    BOOST_TEST(wrap("", 80, "").empty());
    BOOST_TEST(wrap("  \n\n ", 80, "").empty());
}

BOOST_AUTO_TEST_CASE(a_long_command_is_broken_so_that_it_can_be_pasted) {
    BOOST_TEST(kf::wrap_command("make -C /home/pi/klipper OUT=/x/", 20) ==
                   (lines{"make -C \\", "/home/pi/klipper \\", "OUT=/x/"}),
               boost::test_tools::per_element());
    BOOST_TEST(kf::wrap_command("make -j4", 8) == (lines{"make -j4"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_command_is_never_broken_inside_of_quotes) {
    BOOST_TEST(kf::wrap_command("sh -c 'echo a  b' 'c d'", 10) == (lines{"sh -c \\", "'echo a  b' \\", "'c d'"}),
               boost::test_tools::per_element());
}

} // namespace wrap_test
