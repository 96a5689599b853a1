// SPDX-License-Identifier: MIT
#include <kf/io/printable.hpp>
#include <kf/sink/scrub.hpp>

#include <boost/test/unit_test.hpp>

namespace scrub_test {

using kf::scrubbed;
using std::string_view_literals::operator""sv;

BOOST_AUTO_TEST_CASE(b29_control_characters_become_escapes_that_can_be_read) {
    BOOST_TEST(scrubbed("\x1b[2J\x07 a\rb\x7f\x08"sv) == "\\x1b[2J\\x07 a\\x0db\\x7f\\x08");
    BOOST_TEST(scrubbed("\0"sv) == "\\x00");
    BOOST_TEST(scrubbed("one\n\ttwo") == "one\n\ttwo");
    BOOST_TEST(scrubbed("one\ntwo", "") == "one\\x0atwo");
}

BOOST_AUTO_TEST_CASE(b29_c1_is_scrubbed_as_a_byte_and_as_utf8) {
    BOOST_TEST(scrubbed("\x9b"
                        "31m") == "\\x9b31m");
    BOOST_TEST(scrubbed("\xc2\x9b"
                        "31m\xc2\x80\xc2\x9f") == "\\u009b31m\\u0080\\u009f");
    BOOST_TEST(scrubbed("\xc2\xa0\xc2\xa9") == "\xc2\xa0\xc2\xa9"); // the first behind C1, and a sign
}

BOOST_AUTO_TEST_CASE(letters_of_any_script_stay) {
    for (const char* text : {"Blåhaj", "рисунок", "図面", "😀", ""}) BOOST_TEST(scrubbed(text) == text);
}

BOOST_AUTO_TEST_CASE(what_is_no_utf8_is_shown_as_its_bytes) {
    BOOST_TEST(scrubbed("Bl\xe5haj") == "Bl\\xe5haj");
    BOOST_TEST(scrubbed("\xc0\xaf") == "\\xc0\\xaf");                   // a long form of '/'
    BOOST_TEST(scrubbed("\xed\xa0\x80") == "\\xed\\xa0\\x80");          // half of a surrogate pair
    BOOST_TEST(scrubbed("\xf4\x90\x80\x80") == "\\xf4\\x90\\x80\\x80"); // beyond U+10FFFF
    BOOST_TEST(scrubbed("\xe2\x82") == "\\xe2\\x82");                   // cut off
}

BOOST_AUTO_TEST_CASE(the_order_of_letters_cannot_be_turned) {
    BOOST_TEST(scrubbed("a\u202egpj.svg") == "a\\u202egpj.svg");
    BOOST_TEST(scrubbed("\u2066a\u2069") == "\\u2066a\\u2069");
}

BOOST_AUTO_TEST_CASE(a_name_in_a_message_is_short_and_on_one_line) {
    BOOST_TEST(kf::io::printable("two\nlines") == "two\\x0alines");
    BOOST_TEST(kf::io::printable("åååå", 3) == "ååå...");
    BOOST_TEST(kf::io::printable("åååå", 4) == "åååå");
}

} // namespace scrub_test
