// SPDX-License-Identifier: MIT
#pragma once
/// The loop of the console, on any screen: keys to the page, what it asks to the core, its frames to the screen. The
/// emergency stop is written the moment its key is read.

#include <kf/error.hpp>
#include <kf/io/interrupt.hpp>
#include <kf/jog/console_thread.hpp>
#include <kf/jog/jog_page.hpp>
#include <kf/tui/screen.hpp>
#include <kf/tui/unseen_question.hpp>

#include <array>
#include <chrono>
#include <utility>
#include <variant>

namespace kf::kjog {

/// Why the console was left.
enum class ending { asked, terminal_lost, signal };

template<tui::screen Screen>
class console_loop {
    using steady = std::chrono::steady_clock;

    Screen& screen_;
    jog::console_thread& core_;
    jog::jog_page page_;
    tui::unseen_question unseen_;
    std::chrono::milliseconds pace_;
    bool leaves_ = false;
    bool leaves_when_done_ = false;

    void carry_out(jog::page_effect e) {
        std::visit(
            [&](auto&& what) {
                using kind = std::decay_t<decltype(what)>;
                if constexpr (std::is_same_v<kind, jog::press_stop>)
                    (void)core_.stop(); // that it did not get out is a message of the core
                else if constexpr (std::is_same_v<kind, jog::leave_console>)
                    leaves_ = true;
                else
                    core_.give(std::forward<decltype(what)>(what));
            },
            std::move(e));
    }
    void take(const std::vector<tui::key>& keys) {
        for (const tui::key& k : keys)
            for (jog::page_effect& e : page_.take(k)) carry_out(std::move(e));
    }
    void draw() {
        const tui::grid_size size = screen_.size();
        page_.window_is(size);
        screen_.draw(page_.paint(size));
        unseen_.drawn(screen_, page_.has_question_to_show());
    }

  public:
    /// No two frames for news of the machine come closer together than `pace`; a key is answered at once.
    console_loop(Screen& screen, jog::console_thread& core, jog::jog_page page, std::chrono::milliseconds pace)
      : screen_(screen)
      , core_(core)
      , page_(std::move(page))
      , pace_(pace) {}

    [[nodiscard]] ending operator()() {
        const std::array<int, 1> news{core_.changes()};
        auto may_draw = steady::now();
        bool fresh = true; ///< nothing is waiting to be drawn
        page_.shows(core_.shown());
        draw();
        for (;;) {
            const auto until = fresh ? steady::now() + std::chrono::hours(1) : may_draw;
            const tui::wake w = fresh ? screen_.wait(news, until) : screen_.wait(std::span<const int>(), until);
            take(w.keys);
            if (unseen_.comes_in_sight(screen_)) page_.shown();
            if (w.interrupted && !w.hung_up && page_.is_busy() && !std::exchange(leaves_when_done_, true)) {
                core_.give(jog::let_go::other_key);
                page_.leaves_when_done();
                draw();
                continue;
            }
            if (w.interrupted || w.hung_up || leaves_) {
                core_.give(jog::let_go::terminal_lost);
                return leaves_ ? ending::asked : w.interrupted ? ending::signal : ending::terminal_lost;
            }
            if (!w.ready.empty()) {
                core_.settle_changes();
                fresh = false;
            }
            const auto now = steady::now();
            if (w.keys.empty() && !w.resized && now < may_draw) continue;
            core_.settle_changes();
            page_.shows(core_.shown());
            if (leaves_when_done_ && !page_.is_busy()) return ending::signal;
            draw();
            fresh = true;
            may_draw = now + pace_;
        }
    }
};

} // namespace kf::kjog
