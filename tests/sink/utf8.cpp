// SPDX-License-Identifier: MIT
#include <kf/sink/utf8.hpp>

#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>

namespace utf8_test {

using namespace kf;
using namespace std::string_view_literals;

BOOST_AUTO_TEST_CASE(characters_of_one_to_four_bytes_are_read_with_their_code) {
    const struct {
        std::string_view text;
        char32_t code;
        std::size_t bytes;
    } rows[] = {{"a\xff", 'a', 1},
                {"\0"sv, 0, 1},
                {"\xc3\xa4z", 0xE4, 2},
                {"\xe2\x82\xac", 0x20AC, 3},
                {"\xf0\x9f\x98\x80", 0x1F600, 4},
                {"\xf4\x8f\xbf\xbf", 0x10FFFF, 4}};
    for (const auto& row : rows) {
        const utf8_character c = first_character(row.text);
        BOOST_TEST(c.valid);
        BOOST_TEST((c.code == row.code));
        BOOST_TEST(c.bytes == row.bytes);
    }
}

BOOST_AUTO_TEST_CASE(one_fault_takes_the_bytes_that_can_only_go_on_and_no_other) {
    const struct {
        std::string_view text;
        std::size_t bytes;
    } rows[] = {{"\x80\x80", 1},
                {"\xff"
                 "a",
                 1},
                {"\xe2\x82", 2},
                {"\xe2\x82 ", 2},
                {"\xc0\xaf", 2},
                {"\xed\xa0\x80\xed", 3},
                {"\xf4\x90\x80\x80", 4},
                {"\xf8\x88\x80\x80\x80", 4}};
    for (const auto& row : rows) {
        BOOST_TEST(!first_character(row.text).valid);
        BOOST_TEST(first_character(row.text).bytes == row.bytes);
        BOOST_TEST(!is_utf8(row.text));
    }
    BOOST_TEST(is_utf8(""));
    BOOST_TEST(is_utf8("gr\xc3\xbc\xc3\x9f \xf0\x9f\x90\x91"));
}

BOOST_AUTO_TEST_CASE(a_text_is_cut_between_characters) {
    BOOST_TEST(last_character_begin("") == 0u);
    BOOST_TEST(last_character_begin("ab") == 1u);
    BOOST_TEST(last_character_begin("a\xe2\x82\xac") == 1u);
    BOOST_TEST(last_character_begin("\x80\x80") == 0u);
    const std::string_view text = "a\xe2\x82\xac"
                                  "b";
    const std::size_t kept[] = {0, 1, 1, 1, 4, 5, 5};
    for (std::size_t bytes = 0; bytes < 7; ++bytes) BOOST_TEST(beginning(text, bytes).size() == kept[bytes]);
}

BOOST_AUTO_TEST_CASE(bytes_have_begun_a_character_as_long_as_their_lead_wants_more) {
    for (const auto* begun : {"\xc3", "\xe2", "\xe2\x82", "\xf0\x9f\x98"}) BOOST_TEST(has_begun(begun));
    for (const auto* not_begun : {"", "a", "\x80", "\xc1", "\xff", "\xc3\xa4", "\xe0\x80\x80"})
        BOOST_TEST(!has_begun(not_begun));
}

BOOST_AUTO_TEST_CASE(only_code_points_are_written) {
    std::string out;
    for (const char32_t good : {U'a', U'\u00e4', U'\u20ac', U'\U0001F600'}) BOOST_TEST(append_utf8(out, good));
    BOOST_TEST(out == "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
    for (const char32_t bad : {char32_t{0xD800}, char32_t{0xDFFF}, char32_t{0x110000}, char32_t{0xFFFFFFFF}})
        BOOST_TEST(!append_utf8(out, bad));
    BOOST_TEST(out.size() == 10);
    BOOST_TEST(columns_of(out) == 5); // the last one is a picture
}

BOOST_AUTO_TEST_CASE(characters_are_as_wide_as_unicode_has_it) {
    for (const char* one : {"a", "\u00e4", "e\u0301", "\u20ac", "\u25b8", "\u2500", "\u2713", "\u26a0",
                            "\u0e17\u0e35\u0e48", "\u0915\u094d", "\u2764\ufe0f", "\u0600", "\xff"})
        BOOST_TEST(columns_of(one) == 1U, one);
    for (const char* two : {"\u26a1", "\u2705", "\u274c", "\u2b50", "\u231b", "\u65e5", "\uff21", "\uac00",
                            "\u1112\u1161\u11ab", "\U0001f600", "\U0001fae0", "\U0001f6f7", "\U00020000", "\U0003fffd"})
        BOOST_TEST(columns_of(two) == 2U, two);
    for (const char* none : {"", "\u200b", "\u200d", "\ufeff", "\U000e0100"}) BOOST_TEST(columns_of(none) == 0U, none);
    BOOST_TEST(width_of(U'\ue000') == 1U); // of private use
    BOOST_TEST(width_of(char32_t{0x10ffff}) == 1U);
}

} // namespace utf8_test
