// SPDX-License-Identifier: MIT
#pragma once
/// When things move: Klipper's print time and its buffering as clients meet it. The first move starts 250 ms after it
/// is committed (a lone one is committed 100 ms after it came), a script waits while more than 1 s is planned, M400
/// looks every 100 ms, and a plan that runs out comes to rest. Figures: recordings of a live klippy.

#include <kf/sim/reactor.hpp>
#include <kf/units.hpp>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>

namespace kf::sim {

class print_queue {
  public:
    explicit print_queue(reactor& r)
      : reactor_(r)
      , zero_(r.now()) {}
    print_queue(const print_queue&) = delete;
    print_queue& operator=(const print_queue&) = delete;

    /// Called when motion begins anew after a rest (idle_timeout listens).
    std::function<void()> on_start = [] {};
    /// Plans what came to an end with a stop, by take().
    std::function<void()> plan_to_rest = [] {};
    /// Did moves come that are not planned to their end?
    std::function<bool()> has_pending = [] { return false; };

    /// The machine's own clock: print time of now.
    [[nodiscard]] seconds clock() const noexcept { return reactor_.now() - zero_; }
    /// When that is, of the reactor's clock.
    [[nodiscard]] seconds moment(seconds print_time) const noexcept { return zero_ + print_time; }
    [[nodiscard]] seconds print_time() const noexcept { return print_time_; }
    [[nodiscard]] int stalls() const noexcept { return stalls_; }
    [[nodiscard]] bool is_shut_down() const noexcept { return shut_down_; }
    /// How long the machine would go on with what it holds when klippy died now.
    [[nodiscard]] seconds held_by_machine() const noexcept {
        return std::max(0.0, std::min(steps_made_, print_time_) - clock() - 0.220);
    }

    /// A move of this duration is committed; when it starts.
    seconds take(seconds duration);
    /// The motors are busy to then, with a move that is no G-code's.
    void is_busy_to(seconds print_time);
    /// What was sent to the machine reaches to here.
    void is_sent_to(seconds print_time);
    [[nodiscard]] bool must_wait() const noexcept { return print_time_ > look_again_after_; }
    task<> after_move() {
        if (must_wait()) co_await wait_for_room();
    }
    task<> dwell(seconds pause);
    task<> wait_moves();
    /// Until all that is planned has left for the machine.
    task<> flush_steps();
    /// Plans to the end and gives when that is.
    seconds last_move_time();
    /// Nothing can start before so long after that end.
    void leave(seconds pause) { print_time_ = last_move_time() + pause; }
    /// Print time stands still while nothing moves; before a move it jumps to a little after now.
    void start_clock();
    void shut_down() noexcept {
        shut_down_ = true;
        drive_ = drive::resting;
    }

  private:
    enum class drive : std::uint8_t { resting, priming, running };
    static constexpr seconds start_delay = 0.250;
    static constexpr seconds full_buffer = 1.0;
    static constexpr seconds priming_delay = 0.100;

    void come_to_rest();
    void wait_for_more();
    task<> wait_for_room();
    void make_steps();
    void make_steps_at(seconds at);

    reactor& reactor_;
    seconds zero_;
    drive drive_ = drive::resting;
    seconds print_time_ = 0;
    seconds look_again_after_ = -1;
    std::optional<reactor::timer> priming_;
    seconds steps_needed_ = 0; ///< motion is committed to here
    seconds steps_made_ = 0;   ///< and has been sent to here
    std::optional<reactor::timer> step_timer_;
    bool stepping_is_urgent_ = false;
    seconds ran_dry_at_ = 0;
    int stalls_ = 0;
    bool shut_down_ = false;
};

inline void print_queue::start_clock() {
    const seconds earliest = std::max(clock() + start_delay, std::max(clock() + 0.100, steps_made_) + 0.001);
    if (earliest <= print_time_) return;
    print_time_ = earliest;
    on_start();
}

inline seconds print_queue::take(seconds duration) {
    if (drive_ != drive::running) {
        drive_ = drive::running;
        look_again_after_ = -1;
        start_clock();
    }
    const seconds at = print_time_;
    print_time_ += duration;
    is_busy_to(print_time_);
    return at;
}

inline void print_queue::is_busy_to(seconds print_time) {
    steps_needed_ = std::max(steps_needed_, print_time + 0.001);
    if (step_timer_ && stepping_is_urgent_) return;
    stepping_is_urgent_ = true;
    make_steps_at(reactor_.now());
}

inline void print_queue::is_sent_to(seconds print_time) {
    start_clock();
    steps_needed_ = std::max(steps_needed_, print_time + 0.001);
    steps_made_ = std::max(steps_made_, steps_needed_);
    make_steps_at(reactor_.now());
}

inline void print_queue::come_to_rest() {
    plan_to_rest();
    drive_ = drive::resting;
    look_again_after_ = -1;
}

inline seconds print_queue::last_move_time() {
    if (drive_ == drive::running) {
        plan_to_rest();
        return print_time_;
    }
    come_to_rest();
    start_clock();
    return print_time_;
}

/// The machine holds up to 0.7 s of steps, filled up each 250 ms. When they meet the end of what is committed, the
/// rest of the plan is committed too and ends in a stop. After the last step comes a quarter of a second of nothing,
/// and no move can start in what has been sent.
inline void print_queue::make_steps() {
    if (shut_down_) return;
    const seconds now = clock();
    const seconds before_end = steps_needed_ - 0.002;
    seconds to = steps_made_;
    if (steps_made_ < before_end) {
        to = now + 0.700;
        if (const seconds batch = steps_made_ + 0.250; batch > now) to = batch > to + 0.005 ? steps_made_ : batch;
        to = std::min(to, before_end);
    } else {
        to = std::min(now + 0.400, steps_needed_ + 0.250);
    }
    if (to > steps_made_) {
        steps_made_ = to;
        if (drive_ == drive::running && steps_made_ >= print_time_ - 0.002) {
            const seconds before = print_time_;
            come_to_rest();
            ran_dry_at_ = print_time_ != before ? print_time_ : 0;
        }
    }
    const bool stepping = steps_made_ < steps_needed_ - 0.002;
    stepping_is_urgent_ = stepping;
    if (!stepping && steps_made_ >= steps_needed_ + 0.250) return;
    make_steps_at(reactor_.now() + steps_made_ - (stepping ? 0.450 : 0.200) - now);
}

inline void print_queue::make_steps_at(seconds at) {
    if (step_timer_) reactor_.cancel(*step_timer_);
    step_timer_ = reactor_.call_at(at, [this] {
        step_timer_.reset();
        make_steps();
    });
}

/// Moves that came after a rest: they start when nothing has followed for a moment.
inline void print_queue::wait_for_more() {
    if (!has_pending()) return;
    if (ran_dry_at_ > 0 && clock() < ran_dry_at_) ++stalls_;
    ran_dry_at_ = 0;
    drive_ = drive::priming;
    look_again_after_ = -1;
    if (priming_) reactor_.cancel(*priming_);
    const seconds ahead = std::max(0.0, print_time_ - clock() - full_buffer);
    priming_ = reactor_.call_at(reactor_.now() + ahead + priming_delay, [this] {
        priming_.reset();
        if (drive_ != drive::priming || shut_down_) return;
        const seconds before = print_time_;
        come_to_rest();
        ran_dry_at_ = print_time_ != before ? print_time_ : 0;
    });
}

inline task<> print_queue::wait_for_room() {
    if (drive_ != drive::running) wait_for_more();
    bool waited = false;
    for (;;) {
        const seconds too_much = print_time_ - clock() - full_buffer;
        if (too_much <= 0) break;
        if (shut_down_) {
            look_again_after_ = never;
            co_return;
        }
        co_await reactor_.sleep_until(reactor_.now() + std::clamp(too_much, 0.005, 1.0));
        waited = true;
    }
    if (drive_ != drive::running) co_return;
    look_again_after_ = print_time_;
    if (!waited) co_await reactor_.yield();
}

inline task<> print_queue::dwell(seconds pause) {
    come_to_rest();
    print_time_ = last_move_time() + std::max(0.0, pause);
    co_await wait_for_room();
}

inline task<> print_queue::wait_moves() {
    come_to_rest();
    while ((drive_ == drive::running || print_time_ >= clock()) && !shut_down_)
        co_await reactor_.sleep_until(reactor_.now() + 0.100);
}

inline task<> print_queue::flush_steps() {
    come_to_rest();
    while (!shut_down_) {
        const seconds wait = steps_needed_ - 0.400 - clock();
        if (wait <= 0) break;
        co_await reactor_.sleep_until(reactor_.now() + std::clamp(wait, 1e-6, 1.0));
    }
    steps_made_ = std::max(steps_made_, steps_needed_);
}

} // namespace kf::sim
