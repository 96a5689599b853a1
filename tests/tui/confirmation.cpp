// SPDX-License-Identifier: MIT
#include <kf/tui/confirmation.hpp>

#include <boost/test/unit_test.hpp>

namespace confirmation_test {

using namespace kf::tui;

BOOST_AUTO_TEST_CASE(what_was_typed_before_it_was_seen_answers_nothing) {
    confirmation c("Flash 3 boards");
    BOOST_TEST((c.take(key{.text = 'y'}) == answer::none));
    c.shown();
    BOOST_TEST((c.take(key{.text = 'y'}) == answer::yes));
}

BOOST_AUTO_TEST_CASE(only_y_is_yes) {
    confirmation c("Flash 3 boards");
    c.shown();
    BOOST_TEST((c.take(key{.code = key_code::enter}) == answer::no));
    BOOST_TEST((c.take(key{.code = key_code::escape}) == answer::no));
    BOOST_TEST((c.take(key{.text = 'n'}) == answer::no));
    BOOST_TEST((c.take(key{.text = 'x'}) == answer::none));
    BOOST_TEST((c.take(key{.text = 'y', .action = key_action::repeat}) == answer::none));
    BOOST_TEST((c.take(key{.code = key_code::paste, .pasted = "y"}) == answer::none));
}

BOOST_AUTO_TEST_CASE(the_question_is_below_its_details) {
    text_grid g({30, 5});
    confirmation("Write machine.yaml", {"offset_x_mm 25 -> 30"}).paint(pane(g));
    const auto l = lines(g);
    BOOST_TEST(l[0] == " offset_x_mm 25 -> 30");
    BOOST_TEST(l[2] == " Write machine.yaml? [y/N]");
}

BOOST_AUTO_TEST_CASE(of_details_that_do_not_fit_each_is_shown_by_its_beginning) {
    const confirmation c("Write machine.yaml", {"-  offset_x_mm: 25.0  # from home to the left edge",
                                                "+  offset_x_mm: 31.5  # from home to the left edge",
                                                "-  offset_y_mm: 30.0  # from home to the lower edge",
                                                "+  offset_y_mm: 28.0  # from home to the lower edge"});
    BOOST_TEST(c.height(40) == 10u);
    text_grid whole({40, 10});
    c.paint(pane(whole));
    BOOST_TEST(lines(whole)[7] == " the lower edge");
    BOOST_TEST(lines(whole)[9] == " Write machine.yaml? [y/N]");
    text_grid small({40, 6});
    c.paint(pane(small));
    const auto l = lines(small);
    BOOST_TEST(l[1] == " +  offset_x_mm: 31.5  # from home to t…");
    BOOST_TEST(l[3] == " +  offset_y_mm: 28.0  # from home to t…");
    BOOST_TEST(l[5] == " Write machine.yaml? [y/N]");
}

} // namespace confirmation_test
