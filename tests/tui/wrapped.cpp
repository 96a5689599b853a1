// SPDX-License-Identifier: MIT
#include <kf/tui/wrapped.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

namespace wrapped_test {

std::string shown(std::string_view text, std::size_t columns) {
    std::string out;
    for (const auto& l : kf::tui::wrapped(text, columns)) out += l + "|";
    return out;
}

BOOST_AUTO_TEST_CASE(a_text_breaks_at_its_blanks) {
    BOOST_TEST(shown("the pen may be down", 8) == "the pen|may be|down|");
    BOOST_TEST(shown("the pen", 7) == "the pen|");
    BOOST_TEST(shown("one\ntwo", 20) == "one|two|");
    BOOST_TEST(shown("", 7) == "");
}

BOOST_AUTO_TEST_CASE(a_word_that_is_too_wide_is_broken) {
    BOOST_TEST(shown("/home/pi/machine.yaml", 8) == "/home/pi|/machine|.yaml|");
    BOOST_TEST(shown("日本語", 4) == "日本|語|");
    BOOST_TEST(shown("日本語", 1) == "日|本|語|");
}

} // namespace wrapped_test
