// SPDX-License-Identifier: MIT
#include <kf/tui/progress_bar.hpp>
#include <kf/tui/text_grid.hpp>

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

namespace text_grid_test {

using namespace kf::tui;

std::string joined(const std::vector<std::string>& rows) {
    std::string out;
    for (const auto& r : rows) out += r + "\n";
    return out;
}

BOOST_AUTO_TEST_CASE(a_text_that_is_too_wide_ends_in_an_ellipsis) {
    text_grid g({8, 2});
    pane(g).put(0, 0, "0123456789");
    pane(g).part(2, 1, {4, 1}).put(0, 0, "abcdef");
    BOOST_TEST(joined(lines(g)) == "0123456…\n  abc…\n");
    BOOST_TEST(joined(lines(in_ascii(g))) == "0123456~\n  abc~\n");
}

BOOST_AUTO_TEST_CASE(wide_characters_take_two_columns_and_are_never_halved) {
    text_grid g({6, 2});
    BOOST_TEST(pane(g).put(0, 0, "日本x") == 5U);
    pane(g).put(0, 1, "日本語x");
    BOOST_TEST(joined(lines(g)) == "日本x\n日本…\n");
    BOOST_TEST(width_of("日本") == 4U);
    BOOST_TEST(joined(lines(in_ascii(g))) == "? ? x\n? ? ~\n");
}

BOOST_AUTO_TEST_CASE(a_mark_stays_on_its_letter) {
    text_grid g({4, 1});
    BOOST_TEST(pane(g).put(0, 0, "e\u0301x") == 2U);
    BOOST_TEST(lines(g)[0] == "e\u0301x");
    BOOST_TEST(lines(in_ascii(g))[0] == "ex");
}

BOOST_AUTO_TEST_CASE(what_a_terminal_would_obey_is_shown_as_a_question_mark) {
    text_grid g({10, 1});
    pane(g).put(0, 0, "a\x1b[2J\x9b\u202e");
    BOOST_TEST(lines(g)[0] == "a?[2J??");
}

BOOST_AUTO_TEST_CASE(a_pane_cannot_reach_outside) {
    text_grid g({6, 3});
    pane p = pane(g).part(1, 1, {3, 1});
    p.put(0, 0, "abcdef");
    p.put(0, 1, "below");
    p.put(9, 0, "beside");
    p.part(2, 0, {9, 9}).bar(0, "zz", look::bad);
    BOOST_TEST(joined(lines(g)) == "\n ab…\n\n");
}

BOOST_AUTO_TEST_CASE(looks_can_be_read) {
    text_grid g({20, 1});
    const std::size_t at = pane(g).put(0, 0, "State ");
    pane(g).put(at, 0, "gone", look::bad);
    BOOST_TEST(marked_lines(g)[0] == "State <bad>gone</>");
}

BOOST_AUTO_TEST_CASE(a_bar_is_full_only_when_all_is_done) {
    BOOST_TEST(progress_bar(0, 16) == "░░░░░░░░░░   0 %");
    BOOST_TEST(progress_bar(0.999, 16) == "█████████░  99 %");
    BOOST_TEST(progress_bar(1, 16) == "██████████ 100 %");
    BOOST_TEST(progress_bar(0.5, 4) == "50 %");
}

} // namespace text_grid_test
