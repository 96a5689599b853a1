// SPDX-License-Identifier: MIT
// The loop between the screen and the menu: what a key was meant for, and when a question was seen.
#include <kf/menu/menu_loop.hpp>

#include <boost/test/unit_test.hpp>

#include <deque>
#include <string>
#include <vector>

namespace menu_loop_test {

using namespace kf;

/// A terminal that is told what comes next: keys, and whether the frame is seen by their end.
struct told_screen {
    struct turn {
        std::string typed = {};
        bool in_sight = false, interrupted = false, asked_to_stop = false;
    };
    bool in_sight = false;
    std::deque<turn> turns;
    std::vector<std::string>& log;

    [[nodiscard]] tui::grid_size size() const { return {20, 3}; }
    void draw(const tui::text_grid& frame) { log.push_back("draw " + tui::lines(frame)[0]); }
    void ask_sight() {
        in_sight = false;
        log.emplace_back("asks");
    }
    [[nodiscard]] bool is_seen() const { return in_sight; }
    tui::wake wait(std::span<const int>, std::chrono::steady_clock::time_point) {
        tui::wake w;
        w.hung_up = turns.empty();
        if (w.hung_up) return w;
        for (const char c : turns.front().typed) w.keys.push_back({.text = static_cast<unsigned char>(c)});
        w.interrupted = turns.front().interrupted;
        w.asked_to_stop = turns.front().asked_to_stop;
        in_sight = in_sight || turns.front().in_sight;
        turns.pop_front();
        return w;
    }
    std::vector<tui::key> forget_typed() {
        log.push_back("forget");
        return {};
    }
    void look_first(tui::first_look) {}
    void settled() {}
    void stop_here() { log.emplace_back("stops"); }
    void leave() { log.emplace_back("leave"); }
    result<void> back() { return {}; }
};

/// A list whose first row is `board`, which is another one after the next news, and a question after '?'.
struct told_menu {
    std::vector<std::string>& log;
    std::string board = "pico", board_to_come = "octopus";
    bool asks = false;

    [[nodiscard]] tui::text_grid paint(tui::grid_size size) const {
        tui::text_grid grid(size);
        tui::pane(grid).put(0, 0, asks ? "sure?" : board);
        return grid;
    }
    [[nodiscard]] bool has_question_to_show() const { return asks; }
    void shown() {
        asks = false;
        log.emplace_back("seen");
    }
    void take(const tui::key& k, menu::terminal_lease& terminal) {
        if (k.text == U'm') terminal.leave();
        if (k.text == U'?') asks = true;
        log.push_back(std::string(1, static_cast<char>(k.text)) + " of " + board);
    }
    void interrupt(int) {}
    void hang_up() {}
    [[nodiscard]] std::vector<int> fds() const { return {}; }
    void go_on(std::chrono::steady_clock::time_point) { board = board_to_come; }
    [[nodiscard]] std::chrono::steady_clock::time_point next() const { return {}; }
    [[nodiscard]] bool is_over() const { return false; }
};

std::vector<std::string> run(std::deque<told_screen::turn> turns) {
    std::vector<std::string> log;
    told_screen screen{.turns = std::move(turns), .log = log};
    told_menu menu{log};
    const auto ended = menu::run_menu(menu, screen);
    BOOST_TEST((!ended && ended.error().code == errc::interrupted));
    return log;
}

BOOST_AUTO_TEST_CASE(a_key_is_of_the_board_that_was_shown_and_not_of_the_news_that_came_with_it) {
    const std::vector<std::string> wanted{"draw pico", "f of pico", "draw octopus", "f of octopus", "draw octopus"};
    BOOST_TEST(run({{"f"}, {"f"}}) == wanted, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a8_what_was_typed_before_a_question_was_seen_is_no_answer_to_it) {
    const std::vector<std::string> wanted{"draw pico", "? of pico",    "draw sure?",   "asks",
                                          "seen",      "draw octopus", "y of octopus", "draw octopus"};
    BOOST_TEST(run({{"?yy"}, {"yy", true}, {"y"}}) == wanted, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a8_a_slow_terminal_has_not_shown_a_question_that_is_still_on_its_way) {
    const std::vector<std::string> wanted{"draw pico",  "? of pico", "draw sure?",   "asks",         "draw sure?",
                                          "draw sure?", "seen",      "draw octopus", "n of octopus", "draw octopus"};
    BOOST_TEST(run({{"?"}, {"yy"}, {"y"}, {"", true}, {"n"}}) == wanted, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_was_typed_together_with_ctrl_c_is_nothing) {
    const std::vector<std::string> wanted{"draw pico", "draw octopus", "f of octopus", "draw octopus"};
    BOOST_TEST(run({{.typed = "f", .interrupted = true}, {"f"}}) == wanted, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(ctrl_z_stops_it_when_what_was_typed_before_is_taken) {
    const std::vector<std::string> wanted{"draw pico", "f of pico", "stops", "draw octopus"};
    BOOST_TEST(run({{.typed = "f", .asked_to_stop = true}}) == wanted, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a8_the_next_question_is_asked_for_anew) {
    const std::vector<std::string> wanted{"draw pico",    "? of pico",    "draw sure?", "asks", "seen",
                                          "draw octopus", "? of octopus", "draw sure?", "asks", "draw sure?"};
    BOOST_TEST(run({{"?"}, {"", true}, {"?"}, {"y"}}) == wanted, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a8_what_was_typed_before_the_terminal_was_lent_is_for_nobody) {
    const std::vector<std::string> wanted{"draw pico",    "forget",       "leave",       "m of pico",
                                          "draw octopus", "r of octopus", "draw octopus"};
    BOOST_TEST(run({{"mr"}, {"r"}}) == wanted, boost::test_tools::per_element());
}

} // namespace menu_loop_test
