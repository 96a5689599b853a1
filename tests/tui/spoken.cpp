// SPDX-License-Identifier: MIT
// Frames as lines for a person who hears them, and lines that were typed as keys.
#include <kf/tui/list_cursor.hpp>
#include <kf/tui/progress_bar.hpp>
#include <kf/tui/spoken.hpp>
#include <kf/tui/text_field.hpp>

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

namespace spoken_test {

using namespace kf::tui;
using strings = std::vector<std::string>;

BOOST_AUTO_TEST_CASE(bars_and_rules_are_silent_and_signs_are_words) {
    text_grid g({60, 8});
    pane p(g);
    p.put(1, 0, "kflash: flash all boards", look::heading);
    p.put_right(0, "running ");
    p.rule(1);
    p.put(1, 2, "● Pico                 Flash    ");
    p.put(33, 2, progress_bar(0.45, 20));
    p.put(1, 3, "✓ Octopus Pro          runs v0.13.0–é");
    p.put(1, 4, "○ Mill");
    p.put(1, 5, "✗ Feeder");
    p.put(0, 7, "Esc back  ? help");
    BOOST_TEST(spoken_lines(g, true) == (strings{"kflash: flash all boards, running", "at work: Pico, Flash, 45 %",
                                                 "done: Octopus Pro, runs v0.13.0–é", "waiting: Mill", "failed: Feeder",
                                                 "Esc back, ? help"}),
               boost::test_tools::per_element());
    BOOST_TEST(spoken_lines(g, false)[2] == "done: Octopus Pro, runs v0.13.0-?");
}

BOOST_AUTO_TEST_CASE(what_a_terminal_would_obey_is_never_told) {
    text_grid g({20, 1});
    pane(g).put(0, 0, "a\x1b[2J\x07\x9b");
    BOOST_TEST(spoken_lines(g, true) == strings{"a?[2J??"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(only_lines_that_say_something_else_are_news) {
    BOOST_TEST(news({"Position 1", "Ready"}, {"Position 2", "Ready"}) == strings{"Position 2"},
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(of_two_rows_the_one_that_is_in_hand_now_is_told) {
    const std::vector<list_row> rows{{"1 Pico"}, {"2 Octopus"}};
    list_cursor cursor;
    const auto shown = [&] {
        text_grid g({30, 2});
        cursor.paint(pane(g), rows);
        return spoken_lines(g, true);
    };
    cursor.go(rows, 0, true);
    const auto before = shown();
    BOOST_TEST(before == (strings{"in hand: 1 Pico", "2 Octopus"}), boost::test_tools::per_element());
    cursor.go(rows, 1, true);
    BOOST_TEST(news(before, shown()) == strings{"in hand: 2 Octopus"}, boost::test_tools::per_element());
}

std::string names(std::string_view line, bool writes) {
    const auto keys = keys_of_line(line, writes);
    if (!keys) return "none";
    std::string out;
    for (const key& k : *keys) out += (out.empty() ? "" : " ") + name(k);
    return out;
}

BOOST_AUTO_TEST_CASE(a_line_is_one_letter_one_number_enter_or_the_way_back) {
    BOOST_TEST(names("f", false) == "f");
    BOOST_TEST(names(" F ", false) == "F");
    BOOST_TEST(names("12", false) == "12");
    BOOST_TEST((*keys_of_line("12", false) == std::vector{key{.code = key_code::number, .text = 12}}));
    BOOST_TEST(names("", false) == "Enter");
    BOOST_TEST(names(" ", false) == "Space");
    BOOST_TEST(names("\x1b", false) == "Esc");
    BOOST_TEST(names("?", false) == "?");
}

BOOST_AUTO_TEST_CASE(a_word_or_what_was_pasted_is_no_key) {
    BOOST_TEST(names("flash", false) == "none");
    BOOST_TEST(names("1f", false) == "none");
    BOOST_TEST(names("99999999999", false) == "none");
    BOOST_TEST(names("-1", false) == "none");
}

BOOST_AUTO_TEST_CASE(a_line_for_text_is_filled_anew_and_entered) {
    text_field field("pico"); // was refused
    const auto keys = keys_of_line("Mühle 2", true);
    for (const key& k : *keys) BOOST_TEST((field.take(k) == field_event::entered) == (k.code == key_code::enter));
    BOOST_TEST(field.text() == "Mühle 2");
    BOOST_TEST(names("", true) == "End Ctrl+u Enter");
    BOOST_TEST(names("ab\x1b", true) == "Esc");
    text_grid g({20, 1});
    BOOST_TEST(!g.has_text_line());
    field.paint(pane(g), 0, "Name:");
    BOOST_TEST(g.has_text_line());
}

} // namespace spoken_test
