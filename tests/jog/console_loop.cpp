// SPDX-License-Identifier: MIT
// The loop between a screen, the page and the console: what it gives, with which time, and when Ctrl+Z stops it.
#include "../../tools/kjog/console_loop.hpp"

#include <boost/test/unit_test.hpp>

#include <deque>
#include <string>
#include <vector>

namespace console_loop_test {

using namespace kf;
using namespace std::chrono_literals;
using tui::key;
using tui::key_code;

/// A console that notes what it is given; `after` is what it shows from then on.
struct told_core {
    std::vector<jog::timed_input> given = {};
    jog::panel panel = {};
    bool at_work = false;
    io::bell bell = {};

    void give(jog::timed_input in) { given.push_back(std::move(in)); }
    void give(jog::person_input in) { given.push_back({{}, std::move(in)}); }
    [[nodiscard]] result<void> stop() { return {}; }
    [[nodiscard]] jog::panel shown() const { return panel; }
    [[nodiscard]] bool is_at_work() const { return at_work; }
    [[nodiscard]] int changes() const { return bell.native_handle(); }
    void settle_changes() {}
};

/// A terminal that is told what comes next, and what becomes of the console meanwhile.
struct told_screen {
    struct turn {
        tui::wake what = {};
        std::function<void(told_core&)> meanwhile = [](told_core&) {};
    };
    told_core& core;
    std::deque<turn> turns;
    std::string log = {}; ///< " stops", " says ..." once for each new word
    std::string said = {};

    [[nodiscard]] tui::grid_size size() const { return {80, 24}; }
    void draw(const tui::text_grid& frame) {
        for (const std::string& line : tui::lines(frame)) {
            const auto at = line.find("is not done");
            if (at == std::string::npos || line == said) continue;
            said = line;
            log += " says";
            for (const char* word : {"drawing", "homing"})
                if (line.find(word) != std::string::npos) log += std::string(" ") + word;
        }
    }
    void ask_sight() {}
    [[nodiscard]] bool is_seen() const { return true; }
    tui::wake wait(std::span<const int>, std::chrono::steady_clock::time_point) {
        tui::wake w;
        w.hung_up = turns.empty();
        if (w.hung_up) return w;
        w = turns.front().what;
        turns.front().meanwhile(core);
        turns.pop_front();
        return w;
    }
    std::vector<key> forget_typed() { return {}; }
    void look_first(tui::first_look) {}
    void settled() {}
    void stop_here() { log += " stops"; }
    void leave() {}
    result<void> back() { return {}; }
};

jog::panel ready(jog::activity doing = jog::activity::resting) {
    jog::panel p;
    p.klipper = jog::contact::ready;
    p.doing = doing;
    return p;
}

std::string run(told_core& core, std::deque<told_screen::turn> turns) {
    told_screen screen{core, std::move(turns)};
    kjog::console_loop loop(screen, core, jog::jog_page(jog::page_setup{"m", {1}, "pen", "", {}}), 100ms);
    (void)loop();
    return screen.log;
}

BOOST_AUTO_TEST_CASE(what_a_key_asks_has_the_time_at_which_its_bytes_were_read) {
    told_core core{.panel = ready()};
    const auto read = io::time_point{} + 77s;
    (void)run(core, {{{.keys = {{.code = key_code::right, .read = read},
                                {.code = key_code::right, .action = tui::key_action::release, .read = read + 30ms}}}}});
    BOOST_REQUIRE(core.given.size() == 3); // and that nothing is held any more, at the end
    BOOST_TEST((core.given[0].at == read));
    BOOST_TEST(std::holds_alternative<jog::strike>(core.given[0].what));
    BOOST_TEST((core.given[1].at == read + 30ms));
    BOOST_TEST(std::holds_alternative<jog::release>(core.given[1].what));
}

BOOST_AUTO_TEST_CASE(ctrl_z_stops_it_once_what_was_asked_is_done_and_not_while_it_moves_by_itself) {
    const tui::wake asked{.keys = {{.code = key_code::focus_out}}, .asked_to_stop = true};
    {
        told_core core{.panel = ready()};
        BOOST_TEST(run(core, {{asked}}) == " stops");
        BOOST_REQUIRE(!core.given.empty());
        BOOST_TEST((std::get<jog::let_go>(core.given[0].what) == jog::let_go::focus_lost));
    }
    for (const auto doing : {jog::activity::drawing, jog::activity::homing}) {
        told_core core{.panel = ready(doing), .at_work = true};
        const std::string says = doing == jog::activity::drawing ? " says drawing" : " says homing";
        BOOST_TEST(run(core, {{asked}, {}}) == says);
        BOOST_TEST((std::get<jog::let_go>(core.given[0].what) == jog::let_go::focus_lost));
    }
    // What was struck right before it is not on the page yet.
    told_core core{.panel = ready(), .at_work = true};
    const auto begins = [](told_core& c) { c.panel = ready(jog::activity::homing); };
    BOOST_TEST(run(core, {{asked}, {{}, begins}}) == " says homing");
    told_core quick{.panel = ready(), .at_work = true};
    BOOST_TEST(run(quick, {{asked}, {{}, [](told_core& c) { c.at_work = false; }}}) == " stops");
}

BOOST_AUTO_TEST_CASE(q_leaves_nothing_that_was_just_asked_and_asks_for_a_tool_that_went_down_meanwhile) {
    const tui::wake q{.keys = {{.text = U'q'}}};
    const auto turns_of = [&](told_core& core, std::deque<told_screen::turn> turns) {
        told_screen screen{core, std::move(turns)};
        kjog::console_loop loop(screen, core, jog::jog_page(jog::page_setup{"m", {1}, "pen", "", {}}), 100ms);
        (void)loop();
        return screen.turns.size();
    };
    told_core rests{.panel = ready()};
    BOOST_TEST(turns_of(rests, {{q}, {}, {}}) == 2);
    // Asked right before, and not on the page yet.
    told_core begins{.panel = ready(), .at_work = true};
    BOOST_TEST(turns_of(begins, {{q}, {}, {}}) == 0);
    // The page knew it up; it was lowered when Q was taken.
    const auto lowered = [](told_core& c) { c.panel.place = jog::tool_place::down; };
    told_core goes_down{.panel = ready()};
    goes_down.panel.place = jog::tool_place::up;
    BOOST_TEST(turns_of(goes_down, {{q, lowered}, {}, {}}) == 0);
    told_core answered{.panel = ready()};
    answered.panel.place = jog::tool_place::up;
    BOOST_TEST(turns_of(answered, {{q, lowered}, {}, {{.keys = {{.text = U'y'}}}}, {}}) == 1);
}

BOOST_AUTO_TEST_CASE(ctrl_z_says_that_klipper_is_being_restarted_and_does_not_come_later) {
    const tui::wake asked{.keys = {{.code = key_code::focus_out}}, .asked_to_stop = true};
    told_core core{.panel = ready(), .at_work = true};
    core.panel.klipper = jog::contact::recovering;
    BOOST_TEST(run(core, {{asked}, {{}, [](told_core& c) { c.at_work = false; }}, {}}) == "");
}

} // namespace console_loop_test
