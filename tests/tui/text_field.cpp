// SPDX-License-Identifier: MIT
#include <kf/tui/text_field.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

namespace text_field_test {

using namespace kf::tui;

void type(text_field& f, std::string_view text) {
    for (const char c : text) BOOST_TEST((f.take(key{.text = static_cast<unsigned char>(c)}) == field_event::changed));
}

BOOST_AUTO_TEST_CASE(letters_are_text_and_esc_only_leaves) {
    text_field f;
    type(f, "hq! d");
    BOOST_TEST(f.text() == "hq! d");
    BOOST_TEST((f.take(key{.code = key_code::escape}) == field_event::left));
    BOOST_TEST((f.take(key{.code = key_code::enter}) == field_event::entered));
}

BOOST_AUTO_TEST_CASE(a_key_with_alt_or_ctrl_types_nothing) {
    text_field f;
    BOOST_TEST((f.take(key{.text = 'h', .modifiers = modifier::alt}) == field_event::none));
    BOOST_TEST((f.take(key{.text = 'h', .modifiers = modifier::ctrl}) == field_event::none));
    BOOST_TEST((f.take(key{.text = 'h', .action = key_action::release}) == field_event::none));
    BOOST_TEST(f.text().empty());
}

BOOST_AUTO_TEST_CASE(it_is_edited_by_characters) {
    text_field f("né€");
    f.take(key{.code = key_code::left});
    f.take(key{.code = key_code::backspace});
    BOOST_TEST(f.text() == "n€");
    type(f, "u");
    f.take(key{.code = key_code::remove});
    BOOST_TEST(f.text() == "nu");
    f.take(key{.code = key_code::home});
    f.take(key{.code = key_code::backspace});
    type(f, "M");
    BOOST_TEST(f.text() == "Mnu");
    f.take(key{.code = key_code::end});
    f.take(key{.text = 'u', .modifiers = modifier::ctrl});
    BOOST_TEST(f.text().empty());
}

BOOST_AUTO_TEST_CASE(what_was_entered_comes_back) {
    entered_lines before;
    before.add("M114");
    before.add("G28");
    before.add("G28");
    BOOST_TEST(before.size() == 2U);
    text_field f("", &before);
    type(f, "x");
    f.take(key{.code = key_code::up});
    BOOST_TEST(f.text() == "G28");
    f.take(key{.code = key_code::up});
    f.take(key{.code = key_code::up});
    BOOST_TEST(f.text() == "M114");
    f.take(key{.code = key_code::down});
    f.take(key{.code = key_code::down});
    BOOST_TEST(f.text() == "x");
    BOOST_TEST((f.take(key{.code = key_code::down}) == field_event::none));
}

BOOST_AUTO_TEST_CASE(a_paste_is_the_first_line_of_it_and_enters_nothing) {
    text_field f("a");
    BOOST_TEST((f.take(key{.code = key_code::paste, .pasted = "G28\x1b\rM112\r"}) == field_event::changed));
    BOOST_TEST(f.text() == "aG28?");
}

BOOST_AUTO_TEST_CASE(what_is_longer_than_any_line_of_a_person_is_cut_between_characters) {
    std::string many;
    for (int i = 0; i < 200'000; ++i) many += "€";
    text_field f("ab");
    f.take(key{.code = key_code::home});
    f.take(key{.code = key_code::paste, .pasted = many});
    BOOST_TEST(f.text().size() == 998u); // 332 of them and "ab"
    BOOST_TEST(kf::is_utf8(f.text()));
    BOOST_TEST(f.text().ends_with("€ab"));
    type(f, "xy");
    f.take(key{.text = 'z'});
    BOOST_TEST(f.text().size() == 1000u);
    BOOST_TEST(f.text().ends_with("€xyab"));
    f.take(key{.code = key_code::paste, .pasted = "more"});
    f.take(key{.code = key_code::end});
    f.take(key{.code = key_code::backspace});
    f.take(key{.text = U'é'});
    BOOST_TEST(f.text().size() == 999u); // no half of it
    text_grid g({9, 1});
    f.paint(pane(g), 0, ">");
    BOOST_TEST(marked_lines(g)[0] == "<strong>></> €€€xya<selected> </>");
}

BOOST_AUTO_TEST_CASE(the_cursor_stays_in_sight) {
    text_field f("0123456789");
    text_grid g({9, 1});
    f.paint(pane(g), 0, ">");
    BOOST_TEST(marked_lines(g)[0] == "<strong>></> 456789<selected> </>");
    f.take(key{.code = key_code::home});
    text_grid h({9, 1});
    f.paint(pane(h), 0, ">");
    BOOST_TEST(marked_lines(h)[0] == "<strong>></> <selected>0</>12345…");
}

} // namespace text_field_test
