// SPDX-License-Identifier: MIT
#pragma once
/// Motion of the simulated printer in time: planner/gcode_motion plans it, this says when. Klipper's buffering as
/// clients meet it: the first move starts 250 ms after it is committed (a lone one is committed 100 ms after it came),
/// a script waits while more than 1 s is planned, M400 looks every 100 ms, and a plan that runs out comes to rest.
/// Commanded positions are klippy's belief; the carriage has its own, and the ink is the carriage's. Figures:
/// recordings of a live klippy.

#include <kf/planner/gcode_motion.hpp>
#include <kf/sim/mechanics.hpp>
#include <kf/sim/noise.hpp>
#include <kf/sim/pen_trace.hpp>
#include <kf/sim/printer_config.hpp>
#include <kf/sim/reactor.hpp>
#include <kf/sim/stall.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <deque>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace kf::sim {

/// A motor; stepper_x1 is the second one of X.
enum class motor : std::uint8_t { x, x1, y, z };
[[nodiscard]] constexpr std::size_t axis_of(motor m) noexcept { return m == motor::z ? 2 : m == motor::y ? 1 : 0; }

enum class endstop_fault : std::uint8_t { none, never_triggers, always_triggered };

/// One move of the carriage, as it is handed to the machine: where it really goes, and what made it.
struct carriage_move {
    enum class cause : std::uint8_t { driven, homing, forced };
    planner::planned_move move;
    cause by = cause::driven;
    std::array<bool, 3> homed{}; ///< what klippy knew of each axis then
};

/// The part that keeps its place when klippy restarts: the gantry with its endstops and the ink under its pen.
struct gantry {
    planner::xyz carriage; ///< where the motors are; what is between them and the pen is the trace's
    std::array<endstop_fault, 3> faults{};
    pen_trace trace{};
    std::function<void(const carriage_move&)> on_move = [](const carriage_move&) {};
    mechanics built{};   ///< as it was put together; a move of one X motor alone goes away with the motors' hold
    mm second_leads = 0; ///< of built, and of moves since
    std::array<mm, 3> trigger{}; ///< how far from its place each endstop triggered last
    noise chance{1};

    /// Another machine from now on, with clean paper.
    void build(mechanics m, ink what, std::uint64_t seed) {
        second_leads = m.second_leads;
        trace = pen_trace(m, what);
        built = std::move(m);
        chance = noise(seed);
    }
};

class toolhead {
  public:
    using text_error = std::expected<void, std::string>;

    toolhead(reactor& r, const printer_config& c, gantry& g)
      : reactor_(r)
      , config_(c)
      , gantry_(g)
      , zero_(r.now())
      , motion_(c.limits) {
        offset_ = woke_ = g.carriage;
    }

    /// Called when motion begins anew after a rest (idle_timeout listens).
    std::function<void()> on_start = [] {};

    /// The machine's own clock: print time of now.
    [[nodiscard]] seconds clock() const noexcept { return reactor_.now() - zero_; }
    [[nodiscard]] seconds print_time() const noexcept { return print_time_; }
    [[nodiscard]] bool has_pending() const noexcept { return motion_.planner().pending() != 0; }
    [[nodiscard]] const planner::gcode_motion& motion() const noexcept { return motion_; }
    [[nodiscard]] const planner::xyz& position() const noexcept { return motion_.planner().position(); }
    /// How far the motors were sent since klippy started, as their steps count it: homing moves on, a word on where the
    /// head is does not.
    [[nodiscard]] planner::xyz counted() const noexcept;
    /// The place in that count at which the endstop of an axis triggered last.
    [[nodiscard]] std::optional<mm> homed_at(std::size_t axis) const noexcept { return homed_at_[axis]; }
    [[nodiscard]] bool is_homed(std::size_t axis) const noexcept { return homed_[axis]; }
    [[nodiscard]] std::string homed_axes() const;
    [[nodiscard]] bool is_enabled(std::size_t axis) const noexcept { return enabled_[axis]; }
    [[nodiscard]] int stalls() const noexcept { return stalls_; }
    [[nodiscard]] bool is_triggered(std::size_t axis) const noexcept;
    /// Where motion_report says that the head is, and how fast.
    [[nodiscard]] std::pair<planner::xyz, mm_per_s> live() const noexcept;
    /// The queued moves from `after` on, for dump_trapq.
    [[nodiscard]] const std::deque<planner::planned_move>& history() const noexcept { return history_; }
    [[nodiscard]] std::optional<seconds> homing_since() const noexcept { return homing_since_; }

    /// A line of G-code; see planner::gcode_motion::run. After a move comes after_move().
    planner::gcode_motion::answer run(const planner::gcode_line& line);
    [[nodiscard]] bool must_wait() const noexcept { return print_time_ > look_again_after_; }
    task<> after_move();
    task<> dwell(seconds pause);
    task<> wait_moves();
    /// Until all that is planned has left for the machine.
    task<> flush_steps();
    /// Plans to the end and gives when that is.
    seconds last_move_time();
    task<text_error> home(std::size_t axis);
    /// A move of klippy's own, not of G-code: no offset is on it and no limit is looked at.
    task<> move_machine(planner::xyz to, mm_per_s speed);
    /// SET_SKEW; it does not look anew where G-code is.
    void set_skew(double xy) noexcept { motion_.set_skew(xy); }
    void look_anew_where_gcode_is() noexcept { motion_.forget_last(); }
    task<> motors_off();
    /// FORCE_MOVE: one motor turns and klippy's idea of the place stays. One of the two X motors alone makes the beam
    /// lean, as long as it holds.
    task<> force_move(motor which, mm distance, mm_per_s speed);
    void set_homed(std::string_view axes, bool homed);
    void set_enabled(std::size_t axis, bool on) {
        enabled_[axis] = on;
        if (axis == 0 && !on) rack(gantry_.built.second_leads, std::max(clock(), print_time_));
    }
    /// SET_KINEMATIC_POSITION. Z without an endstop is measured by a person, so the carriage is where it is said to be.
    void declare_position(const planner::xyz& p);

    /// No step is made any more; who waits for motion goes on as if it had been.
    void shut_down(seconds carriage_runs_on = 0.002);
    [[nodiscard]] bool is_shut_down() const noexcept { return shut_down_; }
    /// How long the carriage would run on when klippy died now: what the machine already holds.
    [[nodiscard]] seconds held_by_machine() const noexcept;
    /// The machine loses power: nothing moves any more, klippy does not know.
    void stop_carriage(seconds runs_on);
    void draw() { gantry_.trace.advance(clock()); }

  private:
    enum class drive : std::uint8_t { resting, priming, running };
    static constexpr seconds start_delay = 0.250;
    static constexpr seconds full_buffer = 1.0;
    static constexpr seconds priming_delay = 0.100;
    static constexpr seconds history_kept = 30;

    [[nodiscard]] auto emitter() {
        return [this](const planner::planned_move& m) { commit(m); };
    }
    void commit(planner::planned_move m);
    void append(const planner::planned_move& m);
    void start_clock();
    void plan_to_rest();
    void come_to_rest();
    void wait_for_more();
    task<> wait_for_room();
    void make_steps();
    void make_steps_at(seconds at);
    [[nodiscard]] std::string_view refusal(const planner::xyz& from, const planner::xyz& to) const noexcept;
    void place(const planner::xyz& commanded);
    void rack(mm second_leads, seconds at);
    task<std::expected<bool, std::string>> approach(std::size_t axis, mm from, mm_per_s speed);
    static double& along(planner::xyz& p, std::size_t axis) noexcept { return axis == 0 ? p.x : axis == 1 ? p.y : p.z; }

    reactor& reactor_;
    const printer_config& config_;
    gantry& gantry_;
    seconds zero_;
    planner::gcode_motion motion_;
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
    planner::xyz offset_; ///< carriage = commanded + offset
    planner::xyz missed_; ///< of the way that was sent, since klippy started: what stalled motors did not go
    planner::xyz woke_;   ///< where the carriage was when klippy started
    std::array<bool, 3> homed_{};
    std::array<std::optional<mm>, 3> homed_at_{};
    std::array<bool, 3> enabled_{};
    std::deque<planner::planned_move> history_; ///< commanded moves in print time, for live position and dumps
    std::optional<seconds> homing_since_;
    bool shut_down_ = false;
    bool carriage_stopped_ = false;
};

inline std::string toolhead::homed_axes() const {
    std::string axes;
    for (std::size_t i = 0; i < 3; ++i)
        if (homed_[i]) axes += "xyz"[i];
    return axes;
}

inline planner::xyz toolhead::counted() const noexcept {
    planner::xyz way = position();
    for (std::size_t i = 0; i < 3; ++i) {
        planner::xyz now = offset_;
        planner::xyz before = woke_;
        planner::xyz missed = missed_;
        along(way, i) += along(now, i) - along(before, i) - along(missed, i);
    }
    return way;
}

inline bool toolhead::is_triggered(std::size_t axis) const noexcept {
    switch (gantry_.faults[axis]) {
    case endstop_fault::never_triggers: return false;
    case endstop_fault::always_triggered: return true;
    case endstop_fault::none: break;
    }
    planner::xyz p = gantry_.carriage;
    const axis_config& a = config_.axes[axis];
    return (along(p, axis) - a.endstop - gantry_.trigger[axis]) * a.direction() >= -1e-6;
}

inline std::pair<planner::xyz, mm_per_s> toolhead::live() const noexcept {
    const seconds t = clock();
    const auto after = std::partition_point(history_.begin(), history_.end(),
                                            [t](const planner::planned_move& m) { return m.at <= t; });
    if (after == history_.begin()) return {{}, 0}; // as Klipper: all history expired, the next move not begun
    const planner::planned_move& m = *(after - 1);
    // The sum that Klipper makes, so that a machine at rest has its residue: 45 mm/s less 3000 * (45/3000) is not 0.
    const auto part = [t](seconds begin, seconds duration, mm_per_s v, mm_per_s2 a) {
        return v + a * std::clamp(t - begin, 0.0, duration);
    };
    const seconds slows = m.at + m.accel_t + m.cruise_t;
    const mm_per_s speed = m.decel_t > 0 && t >= slows               ? part(slows, m.decel_t, m.cruise_v, -m.accel)
                           : m.cruise_t > 0 && t >= m.at + m.accel_t ? m.cruise_v
                                                                     : part(m.at, m.accel_t, m.start_v, m.accel);
    return {planner::position_at(m, t - m.at), speed};
}

inline std::string_view toolhead::refusal(const planner::xyz& from, const planner::xyz& to) const noexcept {
    const std::array<std::pair<mm, mm>, 3> ways{{{from.x, to.x}, {from.y, to.y}, {from.z, to.z}}};
    for (std::size_t i = 0; i < ways.size(); ++i) {
        if (ways[i].first == ways[i].second) continue;
        if (!homed_[i]) return "Must home axis first";
        if (ways[i].second < config_.axes[i].min || ways[i].second > config_.axes[i].max) return "Move out of range";
    }
    return {};
}

inline planner::gcode_motion::answer toolhead::run(const planner::gcode_line& line) {
    return motion_.run(line, emitter(), 0,
                       [this](const planner::xyz& from, const planner::xyz& to) { return refusal(from, to); });
}

/// Print time stands still while nothing moves; before a move it jumps to a little after now.
inline void toolhead::start_clock() {
    const seconds earliest = std::max(clock() + start_delay, std::max(clock() + 0.100, steps_made_) + 0.001);
    if (earliest <= print_time_) return;
    print_time_ = earliest;
    on_start();
}

inline void toolhead::commit(planner::planned_move m) {
    if (drive_ != drive::running) {
        drive_ = drive::running;
        look_again_after_ = -1;
        start_clock();
    }
    m.at = print_time_;
    append(m);
    print_time_ += m.duration();
    steps_needed_ = std::max(steps_needed_, print_time_ + 0.001);
    if (!step_timer_ || !stepping_is_urgent_) {
        stepping_is_urgent_ = true;
        make_steps_at(reactor_.now());
    }
}

inline void toolhead::append(const planner::planned_move& m) {
    const seconds expired = clock() - history_kept;
    while (history_.size() > 1 && history_.front().at + history_.front().duration() < expired) history_.pop_front();
    if (history_.size() == 1 && history_.front().at + history_.front().duration() < expired) history_.pop_front();
    history_.push_back(m);
    if (m.direction.x != 0) enabled_[0] = true;
    if (m.direction.y != 0) enabled_[1] = true;
    if (m.direction.z != 0) enabled_[2] = true;
    if (carriage_stopped_) return;
    planner::planned_move real = m;
    for (std::size_t i = 0; i < 3; ++i) {
        along(real.start, i) += along(offset_, i);
        along(real.end, i) += along(offset_, i);
    }
    gantry_.trace.advance(clock());
    using cause = carriage_move::cause;
    gantry_.on_move({real, homing_since_ ? cause::homing : cause::driven, homed_});
    std::array<mm, 2> off{};
    for (planner::planned_move& piece : followed(real, gantry_.built)) {
        stop_at_frame(piece, off, gantry_.built);
        gantry_.trace.add(piece);
        gantry_.carriage = piece.end;
    }
    for (std::size_t i = 0; i < 2; ++i) {
        const mm missed = along(gantry_.carriage, i) - along(real.end, i);
        along(offset_, i) += missed;
        along(missed_, i) += missed;
    }
}

inline void toolhead::plan_to_rest() { motion_.planner().stop(emitter()); }

inline void toolhead::come_to_rest() {
    plan_to_rest();
    drive_ = drive::resting;
    look_again_after_ = -1;
}

inline seconds toolhead::last_move_time() {
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
inline void toolhead::make_steps() {
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

inline void toolhead::make_steps_at(seconds at) {
    if (step_timer_) reactor_.cancel(*step_timer_);
    step_timer_ = reactor_.call_at(at, [this] {
        step_timer_.reset();
        make_steps();
    });
}

/// Moves that came after a rest: they start when nothing has followed for a moment.
inline void toolhead::wait_for_more() {
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

inline task<> toolhead::wait_for_room() {
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

inline task<> toolhead::after_move() {
    if (must_wait()) co_await wait_for_room();
}

inline task<> toolhead::dwell(seconds pause) {
    come_to_rest();
    print_time_ = last_move_time() + std::max(0.0, pause);
    co_await wait_for_room();
}

inline task<> toolhead::wait_moves() {
    come_to_rest();
    while ((drive_ == drive::running || print_time_ >= clock()) && !shut_down_)
        co_await reactor_.sleep_until(reactor_.now() + 0.100);
}

inline task<> toolhead::flush_steps() {
    come_to_rest();
    while (!shut_down_) {
        const seconds wait = steps_needed_ - 0.400 - clock();
        if (wait <= 0) break;
        co_await reactor_.sleep_until(reactor_.now() + std::clamp(wait, 1e-6, 1.0));
    }
    steps_made_ = std::max(steps_made_, steps_needed_);
}

/// klippy says that the head is there; the carriage does not move.
inline void toolhead::place(const planner::xyz& commanded) {
    planner::xyz to = commanded;
    for (std::size_t i = 0; i < 3; ++i) along(offset_, i) = along(gantry_.carriage, i) - along(to, i);
    motion_.set_position(commanded, emitter());
    planner::planned_move here;
    here.start = here.end = commanded;
    here.at = print_time_;
    while (!history_.empty() && history_.back().at > print_time_) history_.pop_back();
    history_.push_back(here);
}

inline void toolhead::declare_position(const planner::xyz& p) { place(p); }

inline void toolhead::set_homed(std::string_view axes, bool homed) {
    for (std::size_t i = 0; i < 3; ++i)
        if (axes.find("xyz"[i]) != std::string_view::npos) homed_[i] = homed;
}

/// One homing move: from the commanded place `from` towards the endstop. True when the carriage moved, false when the
/// endstop was triggered from the start.
inline task<std::expected<bool, std::string>> toolhead::approach(std::size_t axis, mm from, mm_per_s speed) {
    const axis_config& a = config_.axes[axis];
    co_await flush_steps();
    print_time_ = last_move_time() + 0.001;
    co_await dwell(0.002);
    const mm whole_way = std::abs(from - a.endstop);
    planner::xyz real = gantry_.carriage;
    if (const mm scatter = gantry_.built.endstop_scatter; scatter > 0)
        gantry_.trigger[axis] = gantry_.chance.normal(scatter);
    const mm trigger = a.endstop + gantry_.trigger[axis];
    mm way = std::clamp((trigger - along(real, axis)) * a.direction(), 0.0, whole_way);
    if (gantry_.faults[axis] == endstop_fault::always_triggered) way = 0;
    if (gantry_.faults[axis] == endstop_fault::never_triggers) way = whole_way;
    const bool triggers = way < whole_way;

    const mm_per_s2 accel = motion_.planner().limits().max_accel;
    planner::planned_move m;
    m.start = m.end = position();
    along(m.start, axis) = from;
    along(m.end, axis) = from + a.direction() * way;
    along(m.direction, axis) = a.direction();
    m.distance = way;
    m.accel = accel;
    m.cruise_v = std::min(speed, std::sqrt(2 * accel * way));
    m.accel_t = m.cruise_v / accel;
    m.cruise_t = way > 0 ? (way - 0.5 * m.cruise_v * m.accel_t) / m.cruise_v : 0;
    m.end_v = m.cruise_v;
    if (way == 0) m.accel_t = 0;
    const seconds begin = print_time_;
    m.at = begin;
    homing_since_ = begin;
    append(m);
    // Steps leave 100 ms ahead in pieces of 50 ms, and what has left is time in which nothing else can start.
    const seconds sent = triggers ? std::ceil((m.duration() + 0.100) / 0.050 - 1e-6) * 0.050 : m.duration();
    const seconds noticed = triggers ? m.duration() : m.duration() + 0.200;
    planner::xyz told = position();
    along(told, axis) = a.endstop;
    motion_.set_position(told, emitter());
    while (!shut_down_ && reactor_.now() < zero_ + begin + noticed)
        co_await reactor_.sleep_until(std::min(reactor_.now() + 0.5, zero_ + begin + noticed));
    homing_since_.reset();
    if (shut_down_) co_return std::unexpected(std::string("Homing failed due to printer shutdown"));
    draw();
    start_clock();
    steps_needed_ = std::max(steps_needed_, begin + sent + 0.001);
    steps_made_ = std::max(steps_made_, steps_needed_);
    make_steps_at(reactor_.now());
    co_await reactor_.yield();
    planner::xyz there = position();
    along(there, axis) = a.endstop;
    place(there);
    if (triggers) {
        planner::xyz count = counted();
        homed_at_[axis] = along(count, axis);
    }
    if (!triggers) co_return std::unexpected(fmt::format("No trigger on {} after full movement", axis_steppers[axis]));
    co_return way > 0;
}

inline task<toolhead::text_error> toolhead::home(std::size_t axis) {
    const axis_config& a = config_.axes[axis];
    const double away = -a.direction();
    const mm far = a.endstop + 1.5 * ((a.homes_upwards ? a.min : a.max) - a.endstop);
    co_await flush_steps();
    planner::xyz p = position();
    along(p, axis) = far;
    place(p);
    homed_[axis] = true; // from now on, as klippy does; it goes again when homing fails
    const auto first = co_await approach(axis, far, a.homing_speed);
    if (!first) co_return std::unexpected(first.error());

    p = position();
    along(p, axis) = a.endstop + away * a.retract;
    if (a.retract > 0) {
        (void)motion_.move_machine(p, a.retract_speed(), emitter());
        co_await flush_steps();
        planner::xyz false_place = p; // from which the endstop is surely within reach
        along(false_place, axis) += away * a.retract;
        place(false_place);
        const auto second = co_await approach(axis, along(false_place, axis), a.second_speed());
        if (!second) co_return std::unexpected(second.error());
        if (!*second)
            co_return std::unexpected(fmt::format("Endstop {} still triggered after retract", axis_steppers[axis]));
        if (config_.program == host_program::kalico) (void)motion_.move_machine(p, a.retract_speed(), emitter());
    }
    co_await flush_steps();
    motion_.axis_homed(axis);
    co_return text_error{};
}

inline task<> toolhead::move_machine(planner::xyz to, mm_per_s speed) {
    (void)motion_.move_machine(to, speed, emitter());
    co_await after_move();
}

inline task<> toolhead::force_move(motor which, mm distance, mm_per_s speed) {
    co_await flush_steps();
    const seconds begin = last_move_time();
    const std::size_t axis = axis_of(which);
    const mm of_carriage = which == motor::x1 ? 0 : distance;
    planner::planned_move m;
    m.start = m.end = gantry_.carriage;
    along(m.end, axis) += of_carriage;
    along(m.direction, axis) = of_carriage < 0 ? -1 : 1;
    m.distance = std::abs(of_carriage);
    m.start_v = m.cruise_v = m.end_v = speed;
    m.cruise_t = std::abs(distance) / speed;
    m.accel = 1;
    m.at = begin;
    if (!carriage_stopped_) {
        gantry_.carriage = m.end;
        if (of_carriage != 0) {
            gantry_.trace.add(m);
            gantry_.on_move({m, carriage_move::cause::forced, homed_});
        }
        along(offset_, axis) += of_carriage;
        if (axis == 0) rack(gantry_.second_leads + (which == motor::x1 ? distance : -distance), begin + m.cruise_t);
    }
    enabled_[axis] = true;
    co_await dwell(m.cruise_t);
}

inline void toolhead::rack(mm second_leads, seconds at) {
    if (second_leads == gantry_.second_leads) return;
    gantry_.second_leads = second_leads;
    gantry_.trace.rack(second_leads, gantry_.carriage, at);
}

inline task<> toolhead::motors_off() {
    co_await flush_steps();
    if (enabled_[0] || enabled_[1] || enabled_[2]) {
        co_await dwell(0.100);
        (void)last_move_time();
        enabled_ = {};
        rack(gantry_.built.second_leads, print_time_);
        co_await dwell(0.100);
    }
    homed_ = {};
}

inline void toolhead::shut_down(seconds carriage_runs_on) {
    if (shut_down_) return;
    shut_down_ = true;
    motion_.planner().drop();
    drive_ = drive::resting;
    stop_carriage(carriage_runs_on);
}

inline seconds toolhead::held_by_machine() const noexcept {
    return std::max(0.0, std::min(steps_made_, print_time_) - clock() - 0.220);
}

inline void toolhead::stop_carriage(seconds runs_on) {
    if (carriage_stopped_) return;
    carriage_stopped_ = true;
    gantry_.carriage = gantry_.trace.cut(clock() + runs_on, gantry_.carriage);
}

} // namespace kf::sim
