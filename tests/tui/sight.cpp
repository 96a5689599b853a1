// SPDX-License-Identifier: MIT
// When a question counts as seen: by the terminal's answer, or by time where nothing answers.
#include <kf/tui/sight.hpp>

#include <boost/test/unit_test.hpp>

namespace sight_test {

using namespace kf::tui;
using namespace std::chrono_literals;

/// A terminal whose time the test tells.
struct terminal {
    sight::time_point now{};
    sight seen;
    explicit terminal(bool asks = true)
      : seen(asks) {
        (void)seen.begin(now);
    }
    void later(std::chrono::milliseconds by) {
        now += by;
        (void)seen.pass(now);
    }
    /// A question is drawn and leaves at once. Gives what was sent behind it.
    std::string_view ask() {
        seen.want();
        const auto sent = seen.behind_frame();
        seen.has_left(now);
        return sent;
    }
    bool takes(const key& k) { return !seen.is_blind(k, now); }
};

constexpr char32_t y = U'y', n = U'n';

BOOST_AUTO_TEST_CASE(a8_a_question_is_seen_when_the_terminal_answers_behind_it_however_long_that_takes) {
    terminal t;
    t.seen.answer(); // to the beginning
    BOOST_TEST(t.ask() == "\x1b[5n");
    t.later(29s);
    BOOST_TEST(!t.seen.is_seen());
    BOOST_TEST(t.seen.answer());
    BOOST_TEST(t.seen.is_seen());
}

BOOST_AUTO_TEST_CASE(a8_an_answer_to_an_earlier_query_is_none_to_this_one) {
    terminal t;
    t.ask();
    BOOST_TEST(!t.seen.answer()); // to the beginning
    BOOST_TEST(!t.seen.is_seen());
    BOOST_TEST(t.seen.answer());
}

BOOST_AUTO_TEST_CASE(a8_a_frame_that_has_not_left_us_is_not_seen_by_any_time) {
    terminal t(false);
    t.seen.want();
    t.later(1h);
    BOOST_TEST(!t.seen.is_seen());
    BOOST_TEST(t.seen.behind_frame() == "");
    t.later(1h);
    BOOST_TEST(!t.seen.is_seen());
    t.seen.has_left(t.now);
    t.later(499ms);
    BOOST_TEST(!t.seen.is_seen());
    t.later(1ms);
    BOOST_TEST(t.seen.is_seen());
}

BOOST_AUTO_TEST_CASE(a_terminal_that_never_answers_costs_a_grace_once_that_is_known) {
    terminal t;
    t.later(1s);
    t.ask();
    t.later(1999ms);
    BOOST_TEST(!t.seen.is_seen());
    t.later(1ms); // three seconds from the beginning
    BOOST_TEST(t.seen.is_seen());
    t.ask();
    BOOST_TEST(!t.seen.is_seen());
    t.later(500ms);
    BOOST_TEST(t.seen.is_seen());
}

BOOST_AUTO_TEST_CASE(a_terminal_that_answers_late_after_all_is_waited_for) {
    terminal t;
    t.ask();
    t.later(3s);
    BOOST_TEST(t.seen.is_seen());
    t.seen.answer();
    t.seen.answer();
    t.ask();
    t.later(5s);
    BOOST_TEST(!t.seen.is_seen());
    BOOST_TEST(t.seen.answer());
}

BOOST_AUTO_TEST_CASE(an_answer_that_was_lost_holds_up_one_question_and_not_the_next) {
    terminal t;
    t.seen.answer();
    t.ask();
    t.later(30s);
    BOOST_TEST(t.seen.is_seen());
    BOOST_TEST(!t.seen.is_owed());
    t.ask();
    BOOST_TEST(t.seen.answer());
}

BOOST_AUTO_TEST_CASE(a8_a_key_that_is_hammered_through_is_no_answer_until_it_rests) {
    terminal t;
    t.seen.answer();
    t.ask();
    BOOST_TEST(t.takes({.text = y})); // for the loop, which knows that nothing is shown
    t.later(100ms);
    t.seen.answer();
    for (int i = 0; i < 20; ++i) {
        t.later(100ms);
        BOOST_TEST(!t.takes({.text = y}));
    }
    t.later(500ms);
    BOOST_TEST(t.takes({.text = y}));
    t.later(10ms);
    BOOST_TEST(t.takes({.text = y})); // twice in haste, but seen
}

BOOST_AUTO_TEST_CASE(a8_another_key_than_the_hammered_one_and_a_stop_count_at_once) {
    terminal t;
    t.seen.answer();
    t.ask();
    BOOST_TEST(t.takes({.text = y}));
    BOOST_TEST(t.takes({.text = U'!'}));
    BOOST_TEST(t.takes({.code = key_code::escape}));
    t.seen.answer();
    BOOST_TEST(t.takes({.text = U'!'}));
    BOOST_TEST(t.takes({.code = key_code::escape}));
    BOOST_TEST(t.takes({.text = y, .action = key_action::release}));
    BOOST_TEST(!t.takes({.text = y}));
    BOOST_TEST(t.takes({.text = n}));
    BOOST_TEST(t.takes({.text = y}));
}

BOOST_AUTO_TEST_CASE(a_stop_behind_the_same_character_is_never_blind) {
    terminal t;
    t.seen.answer();
    t.ask();
    BOOST_TEST(t.takes({.text = U'x'}));
    BOOST_TEST(t.takes({.code = key_code::paste}));
    t.seen.answer();
    BOOST_TEST(t.takes({.text = U'x', .modifiers = modifier::ctrl}));
    BOOST_TEST(t.takes({.code = key_code::paste, .guessed = true}));
}

BOOST_AUTO_TEST_CASE(a_terminal_that_was_lent_is_asked_anew_behind_the_frame_that_is_drawn_anew) {
    terminal t;
    t.seen.answer();
    t.ask();
    BOOST_TEST(t.seen.begin(t.now) == "\x1b[5n");
    BOOST_TEST(!t.seen.answer());
    BOOST_TEST(t.seen.behind_frame() == "\x1b[5n");
    BOOST_TEST(t.seen.answer());
}

BOOST_AUTO_TEST_CASE(a_terminal_without_words_is_never_asked) {
    terminal t(false);
    BOOST_TEST(t.ask() == "");
    BOOST_TEST(!t.seen.is_owed());
}

} // namespace sight_test
