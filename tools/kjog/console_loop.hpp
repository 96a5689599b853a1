// SPDX-License-Identifier: MIT
#pragma once
/// The loop of the console, on any screen: keys to the page, what it asks to the core, its frames to the screen. The
/// emergency stop is written the moment its key is read, by whoever reads it: the loop only says which keys it has now.

#include "gamepad_thread.hpp"

#include <kf/error.hpp>
#include <kf/io/interrupt.hpp>
#include <kf/jog/console_thread.hpp>
#include <kf/jog/jog_page.hpp>
#include <kf/tui/screen.hpp>
#include <kf/tui/unseen_question.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>
#include <utility>
#include <variant>

namespace kf::kjog {

/// Why the console was left.
enum class ending { asked, terminal_lost, signal };

/// `Core` is a jog::console_thread, or a test's.
template<tui::screen Screen, class Core = jog::console_thread>
class console_loop {
    using steady = std::chrono::steady_clock;

    Screen& screen_;
    Core& core_;
    jog::jog_page page_;
    gamepad_thread* pad_;
    tui::unseen_question unseen_;
    std::chrono::milliseconds pace_;
    std::atomic<jog::stop_reach> stops_{jog::stop_reach::all};
    bool leaves_ = false;
    bool leaves_when_done_ = false;
    bool stops_when_done_ = false;

    void carry_out(jog::page_effect e, steady::time_point at) {
        std::visit(
            [&](auto&& what) {
                using kind = std::decay_t<decltype(what)>;
                if constexpr (std::is_same_v<kind, jog::press_stop>) {
                    if (!what.done) (void)core_.stop(); // that it did not get out is a message of the core
                } else if constexpr (std::is_same_v<kind, jog::leave_console>)
                    leave(what.answered);
                else
                    core_.give(jog::timed_input{at, std::forward<decltype(what)>(what)});
            },
            std::move(e));
    }
    /// What was struck right before it is known to move only when the core has begun it.
    void leave(bool answered) {
        const auto until = steady::now() + std::chrono::milliseconds(500);
        while (core_.is_at_work() && steady::now() < until) std::this_thread::sleep_for(std::chrono::milliseconds(2));
        const bool is_at_work = core_.is_at_work();
        show_news(); // the tool may be down by now
        if (is_at_work && !page_.is_busy()) return page_.says("what was asked is not done: Q when it is, ! stops it");
        leaves_ = page_.leaves_now(answered);
    }
    void take(const tui::key& k) {
        for (jog::page_effect& e : page_.take(k)) carry_out(std::move(e), k.read);
    }
    void take(const std::vector<tui::key>& keys) {
        for (const tui::key& k : keys) take(k);
        tell_stops();
        screen_.settled();
    }
    /// True when it said something.
    [[nodiscard]] bool take_from_pad() {
        if (pad_ == nullptr) return false;
        const pad_news news = pad_->take();
        // Nobody types with a pad.
        for (const tui::key& k : news.keys)
            if (k.heeded || !page_.is_typed_into()) take(k);
        tell_stops();
        if (!news.note.empty()) page_.says(news.note);
        return !news.keys.empty() || !news.note.empty();
    }
    void tell_stops() noexcept { stops_ = page_.stops(); }
    /// On the thread that reads keys. Of those that are not settled the ones that stop wherever the page is.
    [[nodiscard]] tui::heed look_at(const tui::key& k, bool settled) {
        if (jog::is_stop(k, settled ? stops_.load() : jog::stop_reach::while_typing)) {
            (void)core_.stop();
            return tui::heed::done;
        }
        return jog::leaves_stops_alone(k, stops_) ? tui::heed::aside : tui::heed::later;
    }
    void draw() {
        const tui::grid_size size = screen_.size();
        page_.window_is(size);
        screen_.draw(page_.paint(size));
        unseen_.drawn(screen_, page_.has_question_to_show());
    }
    /// Something moves by itself, or is about to: nobody could stop it behind a screen that is gone.
    [[nodiscard]] bool is_busy() const { return core_.is_at_work() || page_.is_busy(); }
    /// Ctrl+Z, when what was asked is done: all threads stop with the program, those that stop the machine among them.
    void stop_or_say_why() {
        const bool is_at_work = core_.is_at_work();
        show_news(); // afterwards: what was asked last is in it
        const bool recovers = page_.seen().klipper == jog::contact::recovering;
        stops_when_done_ = is_at_work && !page_.is_busy() && !recovers;
        if (stops_when_done_) return;
        if (page_.is_busy())
            page_.says(fmt::format("{} is not done: Ctrl+Z when it is; ! stops it", name(page_.seen().doing)));
        else if (recovers)
            page_.says("Klipper is being restarted: Ctrl+Z when it is; Ctrl+C ends the wait");
        else
            screen_.stop_here();
    }
    void show_news() {
        core_.settle_changes();
        page_.shows(core_.shown());
        tell_stops();
    }

  public:
    /// No two frames for news of the machine come closer together than `pace`; a key is answered at once.
    console_loop(Screen& screen, Core& core, jog::jog_page page, std::chrono::milliseconds pace,
                 gamepad_thread* pad = nullptr)
      : screen_(screen)
      , core_(core)
      , page_(std::move(page))
      , pad_(pad)
      , pace_(pace) {
        screen_.look_first([this](const tui::key& k, bool settled) { return look_at(k, settled); });
    }
    console_loop(const console_loop&) = delete;
    console_loop& operator=(const console_loop&) = delete;
    ~console_loop() { screen_.look_first({}); }

    [[nodiscard]] ending operator()() {
        auto may_draw = steady::now();
        bool fresh = true; ///< nothing is waiting to be drawn
        show_news();
        draw();
        for (;;) {
            auto until = fresh ? steady::now() + std::chrono::hours(1) : may_draw;
            // The core is done with some things without a word.
            if (leaves_when_done_ || stops_when_done_)
                until = std::min(until, steady::now() + std::chrono::milliseconds(50));
            std::vector<int> news;
            if (pad_ != nullptr) news.push_back(pad_->changes());
            if (fresh) news.push_back(core_.changes());
            const tui::wake w = screen_.wait(news, until);
            take(w.keys);
            const bool by_pad = take_from_pad();
            if (unseen_.comes_in_sight(screen_)) {
                page_.shown();
                tell_stops();
            }
            if (w.interrupted && !w.hung_up && is_busy()) {
                leaves_when_done_ = true;
                core_.give(jog::let_go::other_key);
                page_.leaves_when_done();
                draw();
                continue;
            }
            if (w.interrupted || w.hung_up || leaves_) {
                core_.give(jog::let_go::terminal_lost);
                return leaves_ ? ending::asked : w.interrupted ? ending::signal : ending::terminal_lost;
            }
            if (std::ranges::find(w.ready, core_.changes()) != w.ready.end()) {
                core_.settle_changes();
                fresh = false;
            }
            if (leaves_when_done_ && !is_busy()) return ending::signal;
            if (w.asked_to_stop) stops_when_done_ = true;
            const bool was_to_stop = stops_when_done_;
            if (was_to_stop) stop_or_say_why();
            const auto now = steady::now();
            if (!was_to_stop && w.keys.empty() && !by_pad && !w.resized && now < may_draw) continue;
            show_news();
            draw();
            fresh = true;
            may_draw = now + pace_;
        }
    }
};

} // namespace kf::kjog
