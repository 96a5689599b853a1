// SPDX-License-Identifier: MIT
#pragma once
/// The tool head of the simulated printer: planner/gcode_motion plans its moves, sim/print_queue says when. Commanded
/// positions are klippy's belief; where the carriage is, and the ink, is the gantry's.

#include <kf/planner/gcode_motion.hpp>
#include <kf/sim/gantry.hpp>
#include <kf/sim/print_queue.hpp>
#include <kf/sim/printer_config.hpp>
#include <kf/sim/reactor.hpp>
#include <kf/sim/stepper_move.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <deque>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kf::sim {

class toolhead {
    [[nodiscard]] auto emitter() {
        return [this](planner::planned_move m) {
            m.at = queue.take(m.duration());
            append(m);
        };
    }

  public:
    using text_error = std::expected<void, std::string>;

    toolhead(reactor& r, const printer_config& c, gantry& g)
      : queue(r)
      , reactor_(r)
      , config_(c)
      , gantry_(g)
      , motion_(c.limits)
      , enabled_(c.motors.size()) {
        g.wires.connect(c.motors);
        offset_ = g.carriage;
        queue.plan_to_rest = [this] { motion_.planner().stop(emitter()); };
        queue.has_pending = [this] { return has_pending(); };
    }
    toolhead(const toolhead&) = delete;
    toolhead& operator=(const toolhead&) = delete;

    print_queue queue;

    [[nodiscard]] bool has_pending() const noexcept { return motion_.planner().pending() != 0; }
    [[nodiscard]] const planner::gcode_motion& motion() const noexcept { return motion_; }
    [[nodiscard]] const planner::xyz& position() const noexcept { return motion_.planner().position(); }
    /// How far the motors were sent since klippy started, as their steps count it: homing moves on, a word on where the
    /// head is does not.
    [[nodiscard]] planner::xyz counted() const noexcept { return sent_; }
    /// The place in that count at which the endstop of an axis triggered last.
    [[nodiscard]] std::optional<mm> homed_at(std::size_t axis) const noexcept { return homed_at_[axis]; }
    [[nodiscard]] bool is_homed(std::size_t axis) const noexcept { return homed_[axis]; }
    [[nodiscard]] std::string homed_axes() const;
    /// Of a motor of the configuration.
    [[nodiscard]] bool is_enabled(std::size_t motor) const noexcept { return enabled_[motor]; }
    [[nodiscard]] bool is_triggered(const motor_config& m) const { return gantry_.reads_triggered(m, config_); }
    /// Where motion_report says that the head is, and how fast.
    [[nodiscard]] std::pair<planner::xyz, mm_per_s> live() const noexcept;
    /// The queued moves from `after` on, for dump_trapq.
    [[nodiscard]] const std::deque<planner::planned_move>& history() const noexcept { return history_; }
    [[nodiscard]] std::optional<seconds> homing_since() const noexcept { return homing_since_; }
    [[nodiscard]] gantry& machine() noexcept { return gantry_; }
    [[nodiscard]] const gantry& machine() const noexcept { return gantry_; }

    /// A line of G-code; see planner::gcode_motion::run. After a move comes queue.after_move().
    planner::gcode_motion::answer run(const planner::gcode_line& line);
    task<text_error> home(std::size_t axis);
    /// A move of klippy's own, not of G-code: no offset is on it and no limit is looked at.
    task<> move_machine(planner::xyz to, mm_per_s speed);
    /// SET_SKEW; it does not look anew where G-code is.
    void set_skew(double xy) noexcept { motion_.set_skew(xy); }
    void look_anew_where_gcode_is() noexcept { motion_.forget_last(); }
    task<> motors_off();
    /// FORCE_MOVE: one motor turns and klippy's idea of the place stays. One of the two X motors alone makes the beam
    /// lean, as long as it holds. `accel` 0: none.
    task<> force_move(std::size_t motor, mm distance, mm_per_s speed, mm_per_s2 accel = 0);
    /// One motor is sent by `distance`, with the times and speeds of `shape`, from `at` on.
    void push(std::size_t motor, mm distance, const planner::planned_move& shape, seconds at);
    void set_homed(std::string_view axes, bool homed);
    /// True when it was otherwise before.
    task<bool> set_enabled(std::size_t motor, bool on);
    /// SET_KINEMATIC_POSITION. Z without an endstop is measured by a person, so the carriage is where it is said to be.
    void declare_position(const planner::xyz& p) { place(p); }

    /// No step is made any more; who waits for motion goes on as if it had been.
    void shut_down(seconds carriage_runs_on = 0.002);
    /// The machine loses power: nothing moves any more, klippy does not know.
    void stop_carriage(seconds runs_on);
    void draw() { gantry_.trace.advance(queue.clock()); }

  private:
    static constexpr seconds history_kept = 30;

    void append(const planner::planned_move& m);
    [[nodiscard]] std::string_view refusal(const planner::xyz& from, const planner::xyz& to) const noexcept;
    void place(const planner::xyz& commanded);
    void turn_motors(const planner::planned_move& m);
    /// Which way the first motor of each axis goes when it is sent up: +1, -1, or 0 when it stands.
    [[nodiscard]] const std::array<int, 3>& signs();
    /// One homing move; which endstop was triggered from its start.
    task<std::expected<std::optional<std::string>, std::string>> approach(std::size_t axis, mm from, mm_per_s speed);

    reactor& reactor_;
    const printer_config& config_;
    gantry& gantry_;
    planner::gcode_motion motion_;
    planner::xyz offset_; ///< carriage = commanded, the way round that the motors turn, + offset
    planner::xyz sent_{};
    std::array<bool, 3> homed_{};
    std::array<std::optional<mm>, 3> homed_at_{};
    std::vector<bool> enabled_; ///< as the motors of the configuration
    std::array<int, 3> signs_{1, 1, 1};
    int wires_looked_at_ = -1;
    std::deque<planner::planned_move> history_; ///< commanded moves in print time, for live position and dumps
    std::optional<seconds> homing_since_;
    bool carriage_stopped_ = false;
};

inline std::string toolhead::homed_axes() const {
    std::string axes;
    for (std::size_t i = 0; i < 3; ++i)
        if (homed_[i]) axes += "xyz"[i];
    return axes;
}

inline std::pair<planner::xyz, mm_per_s> toolhead::live() const noexcept {
    const seconds t = queue.clock();
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
    if (!config_.is_cartesian) return {};
    for (std::size_t i = 0; i < 3; ++i) {
        if (along(from, i) == along(to, i)) continue;
        if (!homed_[i]) return "Must home axis first";
        if (along(to, i) < config_.axes[i].min || along(to, i) > config_.axes[i].max) return "Move out of range";
    }
    return {};
}

inline planner::gcode_motion::answer toolhead::run(const planner::gcode_line& line) {
    return motion_.run(line, emitter(), 0,
                       [this](const planner::xyz& from, const planner::xyz& to) { return refusal(from, to); });
}

inline const std::array<int, 3>& toolhead::signs() {
    if (wires_looked_at_ == gantry_.wires.changes()) return signs_;
    wires_looked_at_ = gantry_.wires.changes();
    for (const motor_config& m : config_.motors)
        if (const auto which = m.drives(); which && which != motor::x1 && !m.is_manual()) {
            const std::size_t i = axis_of(*which);
            signs_[i] = gantry_.wires.sign(m);
            along(offset_, i) = along(gantry_.carriage, i) - signs_[i] * along(position(), i);
        }
    return signs_;
}

/// What the motors of a move's axes are seen to do.
inline void toolhead::turn_motors(const planner::planned_move& m) {
    for (std::size_t k = 0; k < config_.motors.size(); ++k) {
        const motor_config& c = config_.motors[k];
        const auto which = c.drives();
        if (!which || c.is_manual() || along(m.direction, axis_of(*which)) == 0) continue;
        enabled_[k] = true;
        if (carriage_stopped_) continue;
        const std::size_t i = axis_of(*which);
        const int sign = which == motor::x1 ? gantry_.wires.sign(c) : signs()[i];
        if (sign == 0 && gantry_.wires.of(c) == wiring::drive::hums) gantry_.seen[index_of(*which)].hummed = true;
        gantry_.saw(*which, sign * (along(m.end, i) - along(m.start, i)));
    }
}

inline void toolhead::append(const planner::planned_move& m) {
    const seconds expired = queue.clock() - history_kept;
    while (!history_.empty() && history_.front().at + history_.front().duration() < expired) history_.pop_front();
    history_.push_back(m);
    if (!config_.is_cartesian) return; // no motor goes with the head
    const std::array<int, 3> sign = signs();
    turn_motors(m);
    for (std::size_t i = 0; i < 3; ++i) along(sent_, i) += along(m.end, i) - along(m.start, i);
    if (carriage_stopped_) return;
    planner::planned_move real = m;
    for (std::size_t i = 0; i < 3; ++i) {
        along(real.start, i) = sign[i] * along(m.start, i) + along(offset_, i);
        along(real.end, i) = sign[i] * along(m.end, i) + along(offset_, i);
        along(real.direction, i) *= sign[i];
    }
    gantry_.trace.advance(queue.clock());
    using cause = carriage_move::cause;
    const auto missed = gantry_.drive({real, homing_since_ ? cause::homing : cause::driven, homed_});
    for (std::size_t i = 0; i < 2; ++i) along(offset_, i) += missed[i];
}

/// klippy says that the head is there; the carriage does not move.
inline void toolhead::place(const planner::xyz& commanded) {
    for (std::size_t i = 0; i < 3; ++i)
        along(offset_, i) = along(gantry_.carriage, i) - signs()[i] * along(commanded, i);
    motion_.set_position(commanded, emitter());
    planner::planned_move here;
    here.start = here.end = commanded;
    here.at = queue.print_time();
    while (!history_.empty() && history_.back().at > here.at) history_.pop_back();
    history_.push_back(here);
}

inline void toolhead::set_homed(std::string_view axes, bool homed) {
    for (std::size_t i = 0; i < 3; ++i)
        if (axes.find("xyz"[i]) != std::string_view::npos) homed_[i] = homed && config_.is_cartesian;
}

inline task<std::expected<std::optional<std::string>, std::string>> toolhead::approach(std::size_t axis, mm from,
                                                                                       mm_per_s speed) {
    const axis_config& a = config_.axes[axis];
    co_await queue.flush_steps();
    queue.leave(0.001);
    co_await queue.dwell(0.002);
    const mm whole_way = std::abs(from - a.endstop);
    mm way = whole_way; // of the first motor
    mm longest = 0;     // of all
    std::optional<mm> second;
    std::optional<std::string> at_once, never_did;
    for (const std::size_t i : config_.endstops()) {
        const motor_config& m = config_.motors[i];
        if (m.is_manual() || axis_of(*m.drives()) != axis) continue;
        const motor which = *m.drives();
        if (const mm scatter = gantry_.built.endstop_scatter; scatter > 0)
            gantry_.trigger[index_of(which)] = gantry_.chance.normal(scatter);
        auto own = gantry_.way_until(m, a.direction(), true, config_);
        if (own && *own >= whole_way) own.reset();
        if (!own && !never_did) never_did = m.endstop_name();
        if (own && *own <= 0 && !at_once) at_once = m.endstop_name();
        (which == motor::x1 ? second.emplace() : way) = own.value_or(whole_way);
        longest = std::max(longest, own.value_or(whole_way));
    }
    const mm_per_s2 accel = motion_.planner().limits().max_accel;
    const auto shape = [&](mm distance) {
        planner::planned_move m;
        m.distance = distance;
        m.accel = accel;
        m.cruise_v = std::min(speed, std::sqrt(2 * accel * distance));
        m.accel_t = m.cruise_v / accel;
        m.cruise_t = distance > 0 ? (distance - 0.5 * m.cruise_v * m.accel_t) / m.cruise_v : 0;
        m.end_v = m.cruise_v;
        if (distance == 0) m.accel_t = 0;
        return m;
    };
    planner::planned_move m = shape(way);
    m.start = m.end = position();
    along(m.start, axis) = from;
    along(m.end, axis) = from + a.direction() * way;
    along(m.direction, axis) = a.direction();
    const seconds begin = queue.print_time();
    const seconds duration = shape(longest).duration();
    m.at = begin;
    homing_since_ = begin;
    append(m);
    // Each motor against its own endstop: what one goes alone makes the beam lean, or straight.
    if (second && !never_did && !carriage_stopped_)
        gantry_.rack(gantry_.second_leads + (*second - way) * a.direction(), begin + duration);
    // Steps leave 100 ms ahead in pieces of 50 ms, and what has left is time in which nothing else can start.
    const seconds sent = never_did ? duration : std::ceil((duration + 0.100) / 0.050 - 1e-6) * 0.050;
    const seconds noticed = queue.moment(begin + duration + (never_did ? 0.200 : 0));
    planner::xyz told = position();
    along(told, axis) = a.endstop;
    motion_.set_position(told, emitter());
    while (!queue.is_shut_down() && reactor_.now() < noticed)
        co_await reactor_.sleep_until(std::min(reactor_.now() + 0.5, noticed));
    homing_since_.reset();
    if (queue.is_shut_down()) co_return std::unexpected(std::string("Homing failed due to printer shutdown"));
    draw();
    queue.is_sent_to(begin + sent);
    co_await reactor_.yield();
    planner::xyz there = position();
    along(there, axis) = a.endstop;
    place(there);
    if (never_did) co_return std::unexpected(fmt::format("No trigger on {} after full movement", *never_did));
    homed_at_[axis] = along(sent_, axis);
    co_return at_once;
}

inline task<toolhead::text_error> toolhead::home(std::size_t axis) {
    if (!config_.is_cartesian) co_return text_error{};
    const axis_config& a = config_.axes[axis];
    const double away = -a.direction();
    const mm far = a.endstop + 1.5 * ((a.homes_upwards ? a.min : a.max) - a.endstop);
    co_await queue.flush_steps();
    planner::xyz p = position();
    along(p, axis) = far;
    place(p);
    homed_[axis] = true; // from now on, as klippy does; it goes again when homing fails
    const auto first = co_await approach(axis, far, a.homing_speed);
    if (!first) co_return std::unexpected(first.error());

    p = position();
    along(p, axis) = a.endstop + away * a.retract;
    if (a.retract > 0) {
        (void)motion_.move_machine(p, a.way_back_speed(), emitter());
        co_await queue.flush_steps();
        planner::xyz false_place = p; // from which the endstop is surely within reach
        along(false_place, axis) += away * a.retract;
        place(false_place);
        const auto second = co_await approach(axis, along(false_place, axis), a.second_speed());
        if (!second) co_return std::unexpected(second.error());
        if (*second) co_return std::unexpected(fmt::format("Endstop {} still triggered after retract", **second));
        if (config_.program == host_program::kalico) (void)motion_.move_machine(p, a.way_back_speed(), emitter());
    }
    co_await queue.flush_steps();
    motion_.axis_homed(axis);
    co_return text_error{};
}

inline task<> toolhead::move_machine(planner::xyz to, mm_per_s speed) {
    (void)motion_.move_machine(to, speed, emitter());
    co_await queue.after_move();
}

inline void toolhead::push(std::size_t motor, mm distance, const planner::planned_move& shape, seconds at) {
    enabled_[motor] = true;
    const motor_config& c = config_.motors[motor];
    const auto which = c.drives();
    if (carriage_stopped_ || !which || distance == 0) return;
    if (gantry_.wires.of(c) == wiring::drive::hums) gantry_.seen[index_of(*which)].hummed = true;
    const mm way = distance * gantry_.wires.sign(c);
    gantry_.saw(*which, way);
    const std::size_t axis = axis_of(*which);
    const seconds end = at + shape.duration();
    if (which == sim::motor::x1) return gantry_.rack(gantry_.second_leads + way, end);
    along(sent_, axis) += distance;
    if (way == 0) return;
    planner::planned_move m = shape;
    m.start = m.end = gantry_.carriage;
    along(m.end, axis) += way;
    along(m.direction, axis) = way < 0 ? -1 : 1;
    m.at = at;
    (void)gantry_.drive({m, carriage_move::cause::forced, homed_});
    along(offset_, axis) += along(gantry_.carriage, axis) - along(m.start, axis);
    if (axis == 0) gantry_.rack(gantry_.second_leads - way, end);
}

inline task<> toolhead::force_move(std::size_t motor, mm distance, mm_per_s speed, mm_per_s2 accel) {
    co_await queue.flush_steps();
    const planner::planned_move shape = stepper_move(distance, speed, accel);
    const seconds at = queue.last_move_time();
    push(motor, distance, shape, at);
    queue.is_busy_to(at + shape.duration());
    co_await queue.dwell(shape.duration());
    co_await queue.flush_steps();
}

inline task<bool> toolhead::set_enabled(std::size_t motor, bool on) {
    co_await queue.flush_steps();
    if (enabled_[motor] == on) co_return false;
    if (!on) co_await queue.dwell(0.100);
    const seconds at = queue.last_move_time();
    enabled_[motor] = on;
    const auto which = config_.motors[motor].drives();
    if (!on && which && axis_of(*which) == 0) gantry_.rack(gantry_.built.second_leads, at);
    if (!on) co_await queue.dwell(0.100);
    co_return true;
}

inline task<> toolhead::motors_off() {
    co_await queue.flush_steps();
    if (std::ranges::find(enabled_, true) != enabled_.end()) {
        co_await queue.dwell(0.100);
        const seconds at = queue.last_move_time();
        enabled_.assign(enabled_.size(), false);
        gantry_.rack(gantry_.built.second_leads, at);
        co_await queue.dwell(0.100);
    }
    homed_ = {};
}

inline void toolhead::shut_down(seconds carriage_runs_on) {
    if (queue.is_shut_down()) return;
    queue.shut_down();
    motion_.planner().drop();
    stop_carriage(carriage_runs_on);
}

inline void toolhead::stop_carriage(seconds runs_on) {
    if (carriage_stopped_) return;
    carriage_stopped_ = true;
    gantry_.carriage = gantry_.trace.cut(queue.clock() + runs_on, gantry_.carriage);
}

} // namespace kf::sim
