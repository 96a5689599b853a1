// SPDX-License-Identifier: MIT
#pragma once
/// Arrow keys become motion. A pure state machine: keys, time and what Klipper said go in, at most one script at a time
/// comes out. A tap is one exact step that is waited for; taps that come meanwhile add up to one move. A held key is a
/// chain of bursts (jog/burst.hpp) that ends when the key is not known to be down any more. Without a reference there
/// are single steps by FORCE_MOVE, and nothing else. All places are absolute.

#include <kf/io/decimal.hpp>
#include <kf/job/motion_script.hpp>
#include <kf/jog/burst.hpp>
#include <kf/jog/heading.hpp>
#include <kf/jog/key_watch.hpp>
#include <kf/jog/machine_view.hpp>
#include <kf/jog/panel.hpp>
#include <kf/jog/person_input.hpp>
#include <kf/jog/reach.hpp>
#include <kf/klippy/script.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kf::jog {

namespace detail {

/// The place that G-code can write: what we believe is what Klipper was told.
[[nodiscard]] inline mm on_grid(mm v) noexcept {
    static_assert(job::place_decimals == 4);
    return std::round(v * 1e4) / 1e4;
}

} // namespace detail

/// A script to be sent at once, and what it does.
struct order {
    std::string script;
    klippy::barrier until = klippy::barrier::motion_end;
    seconds takes = 0; ///< of motion
    mm way = 0;
    bool may_lower = false; ///< the pen may be down from here on
    bool referenced = true;
};

class jogger {
  public:
    /// The longest step without a reference.
    static constexpr mm longest_unreferenced_step = 1;

    explicit jogger(const machine::machine& m)
      : machine_(m)
      , tool_(m.tools.front())
      , reach_(reach_of(m, tool_)) {}

    // --- what is set
    void set_tool(const machine::tool& t) {
        stop();
        tool_ = t;
        reach_ = reach_of(machine_, t);
    }
    void set_step(mm step) {
        stop();
        step_ = step;
    }
    /// Of X and Y. Z goes as fast as the tool says.
    void set_speed(mm_per_s v) {
        stop();
        speed_ = v;
    }
    void sees(machine_view v) {
        // What was asked with a reference is not meant without one, nor the other way round.
        const bool as_before = v.xy_homed == view_.xy_homed && v.z_referenced == view_.z_referenced;
        view_ = std::move(v);
        if (!view_.obstacle.empty() || !as_before) stop();
    }
    /// Where the machine stands: after it was moved otherwise. Nothing of ours may be under way.
    void stands_at(const xyz& at) {
        stop();
        at_ = at;
        last_sign_ = {};
    }
    void is_lost() {
        stop();
        at_.reset();
    }

    // --- what happens
    void strike(const jog::strike& s, io::time_point now);
    void release(heading h) {
        watch_.release(h);
        if (hold_ == h) hold_.reset();
    }
    /// Nothing is held, and what has not been sent is forgotten.
    void stop() {
        watch_.let_go();
        hold_.reset();
        waiting_.clear();
        told_limit_ = false;
    }
    /// The answer to the last order.
    void answered(bool done, io::time_point now);

    // --- what comes of it
    /// The script to send now. Ask again after each event, and at wake().
    [[nodiscard]] std::optional<order> next(io::time_point now);
    [[nodiscard]] std::optional<io::time_point> wake(io::time_point now) const;

    [[nodiscard]] activity doing(io::time_point now) const noexcept {
        if (hold_ || (queue_end_ > now && bursting_)) return activity::holding;
        return unanswered_ || !waiting_.empty() ? activity::stepping : activity::resting;
    }
    /// Nothing of ours is under way.
    [[nodiscard]] bool rests(io::time_point now) const noexcept {
        return !unanswered_ && waiting_.empty() && !hold_ && queue_end_ <= now;
    }
    /// Where the machine comes to rest.
    [[nodiscard]] const std::optional<xyz>& target() const noexcept { return at_; }
    [[nodiscard]] const reach& limits() const noexcept { return reach_; }
    [[nodiscard]] const machine::tool& tool() const noexcept { return tool_; }
    [[nodiscard]] mm step() const noexcept { return step_; }
    [[nodiscard]] mm_per_s speed() const noexcept {
        return view_.max_velocity > 0 ? std::min(speed_, view_.max_velocity) : speed_;
    }
    [[nodiscard]] mm bound() const noexcept { return speed() * promise; }
    /// How far single steps go on by themselves: what is under way and what waits.
    [[nodiscard]] mm to_go(io::time_point now) const noexcept {
        mm way = !bursting_ && queue_end_ > now ? last_way_ : 0;
        for (const waiting_move& w : waiting_) way += std::hypot(w.by[0], w.by[1], w.by[2]);
        return way;
    }
    /// Why a held key makes no long move here.
    [[nodiscard]] std::string single_steps() const;
    [[nodiscard]] std::optional<panel_message> take_message() { return std::exchange(message_, std::nullopt); }

  private:
    struct waiting_move {
        bool vertical = false;
        xyz by{};
    };

    [[nodiscard]] bool is_referenced(std::size_t axis) const noexcept {
        return axis == 2 ? view_.z_referenced : view_.xy_homed;
    }
    [[nodiscard]] motion_profile profile(bool vertical, bool lowers) const noexcept {
        mm_per_s v = vertical ? (lowers ? tool_.plunge_feed_mm_s : tool_.lift()) : speed();
        if (view_.max_velocity > 0) v = std::min(v, view_.max_velocity);
        return {v, view_.max_accel, view_.minimum_cruise_ratio};
    }
    void say(panel_message::level kind, std::string text, std::vector<std::string> steps = {}) {
        message_ = panel_message{kind, std::move(text), std::move(steps)};
    }
    /// What no finger taps so fast (two keys that are held on two keyboards) adds up to no more than the bound; a
    /// finger's taps to a few steps, since nobody sees whether a keyboard that is slow and uneven is one.
    void add_tap(heading h, bool by_finger);
    [[nodiscard]] mm waits_along(std::size_t axis) const noexcept {
        mm way = 0;
        for (const waiting_move& w : waiting_) way += w.by[axis];
        return way;
    }
    void forget_taps(heading h);
    [[nodiscard]] std::optional<order> burst(io::time_point now);
    [[nodiscard]] std::optional<order> step(io::time_point now);
    [[nodiscard]] order referenced_move(const xyz& from, const xyz& to, const motion_profile& p, bool vertical) const;
    [[nodiscard]] order unreferenced_step(const waiting_move& w) const;
    [[nodiscard]] std::optional<io::time_point> turning_point(const xyz& by, mm_per_s v) const;
    void note_way(const xyz& by);

    const machine::machine& machine_;
    machine::tool tool_;
    reach reach_;
    machine_view view_;
    mm step_ = 1;
    mm_per_s speed_ = 20;
    std::optional<xyz> at_; ///< where all that was sent comes to rest
    key_watch watch_;
    std::optional<heading> hold_;
    std::deque<waiting_move> waiting_;
    bool told_limit_ = false; ///< that no more taps are counted
    bool unanswered_ = false;
    bool bursting_ = false; ///< the last order was one of a chain
    io::time_point last_sent_{};
    io::time_point before_last_{}; ///< the end of what was queued before the last order
    seconds last_takes_ = 0;
    mm last_way_ = 0;
    io::time_point queue_end_{}; ///< when all that was sent is driven
    std::array<int, 3> last_sign_{};
    std::optional<panel_message> message_;
};

inline std::string jogger::single_steps() const {
    if (!at_ || !view_.obstacle.empty()) return {};
    if (!view_.xy_homed) return "not homed";
    if (!view_.z_referenced) return "Z has no reference";
    if (!is_up(machine_, (*at_)[2])) return "the tool is not up";
    if (reach_.is_near_edge(*at_)) return fmt::format("an edge is within {} mm", edge_zone);
    return {};
}

inline void jogger::strike(const jog::strike& s, io::time_point now) {
    if (!view_.obstacle.empty() || !at_) {
        stop();
        return say(panel_message::level::fault,
                   view_.obstacle.empty() ? "it is not known yet where the machine is" : view_.obstacle);
    }
    // A repeat begins nothing: not of what was let go meanwhile, nor beside another key that is held (a gamepad's).
    if (s.kind == stroke_kind::repeat && !watch_.is_in_hand(s.to)) return;
    if (hold_ && *hold_ != s.to) hold_.reset();
    const bool by_finger = watch_.age(now) > key_watch::fast;
    switch (watch_.strike(s.to, s.kind, now)) {
    case key_watch::meaning::tap:
    case key_watch::meaning::perhaps: return add_tap(s.to, by_finger);
    case key_watch::meaning::held: break;
    }
    forget_taps(s.to);
    // What waits was wanted where it was struck: the next repeat asks again.
    if (hold_ || !waiting_.empty()) return;
    std::string why = is_vertical(s.to) ? "Z goes in single steps" : single_steps();
    if (why.empty())
        hold_ = s.to;
    else
        say(panel_message::level::note, fmt::format("single steps only: {}", why));
}

inline void jogger::add_tap(heading h, bool by_finger) {
    using level = panel_message::level;
    const std::size_t axis = axis_of(h);
    const double sign = sign_of(h, machine_, tool_);
    if (!is_referenced(axis)) {
        if (!view_.force_move || view_.motors[axis].empty())
            return say(level::fault, axis == 2 ? "Z has no reference: T first" : "X and Y are not homed: H first",
                       {axis == 2 ? "T  touch-off" : "H  home"});
        // Nothing adds up where nothing limits it.
        if (unanswered_ || !waiting_.empty()) return;
    } else if (h == heading::lower && !view_.xy_homed)
        return say(level::fault, "X and Y are not homed: H first", {"H  home"});
    const mm by = is_referenced(axis) ? step_ : std::min(step_, longest_unreferenced_step);
    if (waiting_.empty() && !unanswered_) told_limit_ = false;
    const mm limit = by_finger ? std::max(4 * by, bound()) : std::max(by, bound());
    if (const mm would_wait = waits_along(axis) + sign * by;
        std::fabs(would_wait) > limit + 1e-9 && would_wait * sign > 0) {
        if (by_finger && !std::exchange(told_limit_, true))
            say(level::note, fmt::format("taps beyond {} mm are not counted", io::to_decimal(limit, 1)));
        return;
    }
    constexpr std::size_t most = 8; // of one kind after the other
    const bool vertical = axis == 2;
    if (waiting_.empty() || waiting_.back().vertical != vertical) {
        if (waiting_.size() >= most) return;
        waiting_.push_back({vertical, {}});
    }
    waiting_.back().by[axis] += sign * by;
}

inline void jogger::forget_taps(heading h) {
    const std::size_t axis = axis_of(h);
    const double sign = sign_of(h, machine_, tool_);
    for (waiting_move& w : waiting_)
        if (w.by[axis] * sign > 0) w.by[axis] = 0;
    std::erase_if(waiting_, [](const waiting_move& w) { return w.by == xyz{}; });
}

inline void jogger::answered(bool done, io::time_point now) {
    unanswered_ = false;
    if (!done) {
        queue_end_ = now;
        return is_lost();
    }
    if (!bursting_)
        queue_end_ = now;
    else // Klipper counts from when it has read the script, which may be later than it was sent
        queue_end_ = std::max(before_last_, now + to_nanoseconds(start_delay)) + to_nanoseconds(last_takes_);
}

inline std::optional<order> jogger::next(io::time_point now) {
    if (hold_ && watch_.held(now) != hold_) hold_.reset();
    if (unanswered_ || !at_ || !view_.obstacle.empty() || now < last_sent_ + to_nanoseconds(between_scripts))
        return std::nullopt;
    std::optional<order> o;
    if (hold_)
        o = burst(now);
    else if (queue_end_ <= now)
        o = step(now);
    if (!o) return std::nullopt;
    unanswered_ = true;
    last_sent_ = now;
    last_takes_ = o->takes;
    last_way_ = o->way;
    before_last_ = queue_end_;
    bursting_ = o->until == klippy::barrier::processed;
    queue_end_ = std::max(queue_end_, now + to_nanoseconds(start_delay)) + to_nanoseconds(o->takes);
    return o;
}

inline std::optional<order> jogger::burst(io::time_point now) {
    const seconds left = to_seconds(queue_end_ - now);
    const seconds age = to_seconds(watch_.age(now));
    if (left > lead) {
        // The last repeat before it would be too late: none fresher will come.
        const seconds gap = std::clamp(to_seconds(watch_.gap()), 0.030, 0.080);
        constexpr seconds fresh = 0.005;
        if (left > lead + gap || age > fresh) return std::nullopt;
    }
    const seconds length = burst_length(left, age);
    if (length < shortest_burst) return std::nullopt;
    const mm room = reach_.room(*at_, *hold_);
    const double sign = sign_of(*hold_, machine_, tool_);
    const motion_profile p = profile(false, false);
    const xyz from = *at_;
    xyz to = from;
    const std::size_t axis = axis_of(*hold_);
    to[axis] = detail::on_grid(from[axis] + sign * std::min(room, p.speed * length));
    std::string obstacle = in_the_way(machine_, tool_, from, to);
    if (room < 0.01 || !obstacle.empty() || reach_.is_near_edge(from)) {
        say(panel_message::level::note, obstacle.empty()
                                            ? fmt::format("single steps only: an edge is within {} mm", edge_zone)
                                            : obstacle + " is in the way");
        hold_.reset();
        return std::nullopt;
    }
    xyz by{};
    by[axis] = to[axis] - from[axis];
    if (const auto turns = turning_point(by, p.speed); turns && now < *turns) return std::nullopt;
    order o = referenced_move(from, to, p, false);
    o.until = klippy::barrier::processed;
    at_ = to;
    note_way(by);
    return o;
}

inline std::optional<order> jogger::step(io::time_point now) {
    while (!waiting_.empty()) {
        const waiting_move w = waiting_.front();
        const std::size_t first = w.vertical ? 2 : 0;
        if (!is_referenced(first)) {
            waiting_.pop_front();
            return unreferenced_step(w);
        }
        xyz to = *at_;
        for (std::size_t i = 0; i < 3; ++i) to[i] = detail::on_grid(to[i] + w.by[i]);
        to = reach_.clamped(to, *at_);
        const xyz by{to[0] - (*at_)[0], to[1] - (*at_)[1], to[2] - (*at_)[2]};
        if (std::hypot(by[0], by[1], by[2]) < 1e-4) {
            waiting_.pop_front();
            say(panel_message::level::note, w.vertical ? "Z goes no farther" : "this is the edge of the work area");
            continue;
        }
        if (std::string obstacle = in_the_way(machine_, tool_, *at_, to); !obstacle.empty()) {
            waiting_.pop_front();
            say(panel_message::level::fault, obstacle + " is in the way");
            continue;
        }
        const bool lowers = w.vertical && by[2] * sign_of(heading::lower, machine_, tool_) > 0;
        const motion_profile p = profile(w.vertical, lowers);
        if (const auto turns = turning_point(by, p.speed); turns && now < *turns) return std::nullopt;
        waiting_.pop_front();
        order o = referenced_move(*at_, to, p, w.vertical);
        at_ = to;
        note_way(by);
        return o;
    }
    return std::nullopt;
}

inline order jogger::referenced_move(const xyz& from, const xyz& to, const motion_profile& p, bool vertical) const {
    order o;
    o.script = "G90\nG1";
    for (std::size_t i = vertical ? 2 : 0; i < (vertical ? 3u : 2u); ++i)
        if (to[i] != from[i]) job::append_word(o.script, "XYZ"[i], to[i] - view_.base[i]);
    job::append_feed(o.script, p.speed / std::max(0.01, view_.speed_factor));
    o.way = std::hypot(to[0] - from[0], to[1] - from[1], to[2] - from[2]);
    o.takes = motion_time(o.way, p);
    o.may_lower = vertical && !is_up(machine_, to[2]);
    return o;
}

/// FORCE_MOVE turns one motor. The two of a gantry take turns in halves, so that it is never far out of square.
inline order jogger::unreferenced_step(const waiting_move& w) const {
    constexpr mm_per_s slow = 5;
    constexpr mm most_askew = 0.5;
    order o;
    o.referenced = false;
    for (std::size_t i = 0; i < 3; ++i) {
        if (w.by[i] == 0) continue;
        const mm by = std::clamp(w.by[i], -longest_unreferenced_step, longest_unreferenced_step);
        const auto& motors = view_.motors[i];
        const int parts = motors.size() > 1 ? std::max(1, static_cast<int>(std::ceil(std::fabs(by) / most_askew))) : 1;
        for (int part = 0; part < parts; ++part)
            for (const std::string& motor : motors)
                o.script += fmt::format("{}FORCE_MOVE STEPPER={} DISTANCE={} VELOCITY={}", o.script.empty() ? "" : "\n",
                                        motor, io::to_decimal(by / parts, 4), io::to_decimal(slow, 4));
        o.takes += (std::fabs(by) / slow + 0.3 * parts) * static_cast<double>(motors.size());
        o.way = std::fabs(by);
    }
    o.may_lower = w.by[2] * sign_of(heading::lower, machine_, tool_) > 0;
    return o;
}

/// A motor that is turned back at once at speed stalls: the drivers want a rest (steppers.direction_reversal_pause_s).
/// Klipper itself takes a quarter of a second from a script to its first step.
inline std::optional<io::time_point> jogger::turning_point(const xyz& by, mm_per_s v) const {
    if (v <= machine::reversal_limit(machine_)) return std::nullopt;
    for (std::size_t i = 0; i < 3; ++i)
        if (by[i] != 0 && last_sign_[i] != 0 && (by[i] > 0) != (last_sign_[i] > 0))
            return queue_end_ + to_nanoseconds(std::max(0.0, machine_.steppers.direction_reversal_pause_s - 0.25));
    return std::nullopt;
}

inline void jogger::note_way(const xyz& by) {
    for (std::size_t i = 0; i < 3; ++i)
        if (by[i] != 0) last_sign_[i] = by[i] > 0 ? 1 : -1;
}

inline std::optional<io::time_point> jogger::wake(io::time_point now) const {
    std::optional<io::time_point> at;
    const auto or_at = [&](io::time_point t) {
        if (t > now && (!at || t < *at)) at = t;
    };
    if (hold_) {
        or_at(watch_.let_go_at() + std::chrono::nanoseconds(1));
        or_at(queue_end_ - to_nanoseconds(lead));
        or_at(queue_end_ + to_nanoseconds(machine_.steppers.direction_reversal_pause_s));
    }
    if (hold_ || !waiting_.empty()) {
        or_at(last_sent_ + to_nanoseconds(between_scripts));
        or_at(queue_end_);
        or_at(queue_end_ + to_nanoseconds(std::max(0.0, machine_.steppers.direction_reversal_pause_s - 0.25)));
    }
    or_at(queue_end_); // then it rests, and a panel says so
    return at;
}

} // namespace kf::jog
