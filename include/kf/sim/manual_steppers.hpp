// SPDX-License-Identifier: MIT
#pragma once
/// MANUAL_STEPPER of the simulated printer: each [manual_stepper] counts its own place from where it stands, waits for
/// the tool head and lets it wait, and can be driven until its endstop triggers. There is no status object of it, as in
/// Klipper. Texts and times: a live klippy and a live Kalico.

#include <kf/sim/gcode_words.hpp>
#include <kf/sim/toolhead.hpp>

#include <algorithm>
#include <cmath>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kf::sim {

class manual_steppers {
  public:
    manual_steppers(reactor& r, toolhead& t, gcode_host& g, const printer_config& c)
      : reactor_(r)
      , toolhead_(t)
      , config_(c) {
        if (std::ranges::any_of(c.motors, &motor_config::is_manual))
            g.add("MANUAL_STEPPER", [this](const planner::gcode_line& l) { return command(l); });
    }

  private:
    struct state {
        mm place = 0;
        seconds free_at = 0; ///< its next command begins then
    };
    /// STOP_ON_ENDSTOP=
    struct search {
        bool triggered = true;    ///< until it triggers; otherwise until it does not any more
        bool must_trigger = true; ///< it is an error when that does not come
    };
    struct request {
        std::size_t motor = 0;
        mm to = 0;
        mm_per_s speed = 0;
        mm_per_s2 accel = 0;
    };

    [[nodiscard]] std::expected<std::size_t, gcode_error> named(const gcode_words& words) const;
    [[nodiscard]] std::expected<std::optional<search>, gcode_error> search_of(const gcode_words& words) const;
    task<gcode_answer> command(const planner::gcode_line& line);
    task<gcode_answer> move(request r, bool sync);
    task<gcode_answer> home(request r, search s);
    task<> wait_for_each_other(std::size_t motor);

    reactor& reactor_;
    toolhead& toolhead_;
    const printer_config& config_;
    std::map<std::size_t, state> states_; ///< by motor
};

inline std::expected<std::size_t, gcode_error> manual_steppers::named(const gcode_words& words) const {
    std::optional<std::string> name;
    if (auto a = words.demand("STEPPER", name); !a) return std::unexpected(a.error());
    std::vector<std::string> all;
    for (std::size_t i = 0; i < config_.motors.size(); ++i) {
        if (!config_.motors[i].is_manual()) continue;
        all.emplace_back(config_.motors[i].name());
        if (all.back() == *name) return i;
    }
    return refuse(not_valid_for("STEPPER", *name, all, config_.program));
}

inline std::expected<std::optional<manual_steppers::search>, gcode_error>
manual_steppers::search_of(const gcode_words& words) const {
    if (config_.program == host_program::kalico) { // it has the numbers alone
        std::optional<int> number;
        if (auto a = words.take("STOP_ON_ENDSTOP", number); !a) return std::unexpected(a.error());
        if (!number || *number == 0) return std::nullopt;
        return search{*number > 0, std::abs(*number) == 1};
    }
    std::optional<std::string> text;
    if (auto a = words.take("STOP_ON_ENDSTOP", text); !a) return std::unexpected(a.error());
    if (!text) return std::nullopt;
    for (const auto& [number, name] :
         {std::pair("-2", "try_inverted_home"), {"-1", "inverted_home"}, {"1", "home"}, {"2", "try_home"}})
        if (*text == number) text = name;
    search s;
    std::string_view rest = *text;
    if (rest.starts_with("try_")) s.must_trigger = false, rest.remove_prefix(4);
    if (rest.starts_with("inverted_")) s.triggered = false, rest.remove_prefix(9);
    if (rest != "probe" && rest != "home") return refuse("Unknown STOP_ON_ENDSTOP request");
    return s;
}

inline task<> manual_steppers::wait_for_each_other(std::size_t motor) {
    seconds& free_at = states_[motor].free_at;
    const seconds end = toolhead_.queue.last_move_time();
    if (free_at > end)
        co_await toolhead_.queue.dwell(free_at - end);
    else
        free_at = end;
}

inline task<gcode_answer> manual_steppers::command(const planner::gcode_line& line) {
    const gcode_words words(line);
    const auto motor = named(words);
    if (!motor) co_return std::unexpected(motor.error());
    const motor_config& c = config_.motors[*motor];
    std::optional<std::string> axis;
    if (auto a = words.take("GCODE_AXIS", axis); !a) co_return a;
    if (axis) {
        const char letter = axis->size() == 1 ? io::to_upper(axis->front()) : ' ';
        if (axis->empty()) co_return gcode_answer{};
        if (letter < 'A' || letter > 'Z' || std::string_view("XYZEFN").find(letter) != std::string_view::npos)
            co_return refuse("Not a valid GCODE_AXIS");
        co_return refuse("the simulated printer has no axes of G-code but X, Y and Z");
    }
    std::optional<int> enable, sync;
    std::optional<double> place, speed, accel, to;
    if (auto a = words.take("ENABLE", enable); !a) co_return a;
    if (enable) (void)co_await toolhead_.set_enabled(*motor, *enable != 0);
    if (auto a = words.take("SET_POSITION", place); !a) co_return a;
    if (place) {
        co_await toolhead_.queue.flush_steps();
        states_[*motor].place = *place;
    }
    if (auto a = words.take("SPEED", speed, gcode_words::above_zero); !a) co_return a;
    if (auto a = words.take("ACCEL", accel, gcode_words::not_below_zero); !a) co_return a;
    const auto stop = search_of(words);
    if (!stop) co_return std::unexpected(stop.error());
    if (auto a = *stop ? words.demand("MOVE", to) : words.take("MOVE", to); !a) co_return a;
    if (auto a = words.take("SYNC", sync); !a) co_return a;
    if (to && (*to < c.min.value_or(*to) || *to > c.max.value_or(*to))) co_return refuse("Move out of range");
    const request r{*motor, to.value_or(0), speed.value_or(c.velocity), accel.value_or(c.accel)};
    if (*stop) co_return co_await home(r, **stop);
    if (to) co_return co_await move(r, sync.value_or(1) != 0);
    if (sync.value_or(0) != 0) co_await wait_for_each_other(*motor);
    co_return gcode_answer{};
}

inline task<gcode_answer> manual_steppers::move(request r, bool sync) {
    co_await wait_for_each_other(r.motor);
    state& s = states_[r.motor];
    const mm way = r.to - s.place;
    const planner::planned_move shape = stepper_move(way, r.speed, r.accel);
    toolhead_.push(r.motor, way, shape, s.free_at);
    s.place = r.to;
    s.free_at += shape.duration();
    toolhead_.queue.is_busy_to(s.free_at);
    if (sync) co_await wait_for_each_other(r.motor);
    co_return gcode_answer{};
}

inline task<gcode_answer> manual_steppers::home(request r, search wanted) {
    const motor_config& c = config_.motors[r.motor];
    if (!c.endstop_pin) co_return refuse("No endstop for this manual stepper");
    co_await toolhead_.queue.flush_steps();
    co_await wait_for_each_other(r.motor);
    state& s = states_[r.motor];
    const mm whole = r.to - s.place;
    gantry& machine = toolhead_.machine();
    const double direction = whole < 0 ? -1 : 1;
    auto way = machine.way_until(c, direction, wanted.triggered, config_);
    if (way && *way > std::fabs(whole)) way.reset();
    // On its way it does not brake: the endstop ends it.
    planner::planned_move shape = stepper_move(whole, r.speed, r.accel);
    if (way) {
        const seconds speeding_up = r.accel > 0 ? shape.cruise_v / r.accel : 0;
        const mm till_full_speed = speeding_up * shape.cruise_v / 2;
        shape.distance = *way;
        shape.accel_t = std::min(speeding_up, r.accel > 0 ? std::sqrt(2 * *way / r.accel) : 0);
        shape.cruise_v = r.accel > 0 ? shape.accel_t * r.accel : shape.cruise_v;
        shape.cruise_t = *way > till_full_speed ? (*way - till_full_speed) / shape.cruise_v : 0;
        shape.decel_t = 0;
        shape.end_v = shape.cruise_v;
    }
    const seconds begin = s.free_at;
    toolhead_.push(r.motor, direction * way.value_or(std::fabs(whole)), shape, begin);
    const seconds end = begin + shape.duration();
    const seconds noticed = toolhead_.queue.moment(end + (way ? 0 : 0.200));
    while (!toolhead_.queue.is_shut_down() && reactor_.now() < noticed)
        co_await reactor_.sleep_until(std::min(reactor_.now() + 0.5, noticed));
    if (toolhead_.queue.is_shut_down()) co_return refuse("Homing failed due to printer shutdown");
    toolhead_.draw();
    toolhead_.queue.is_sent_to(end);
    s.place = r.to;
    s.free_at = std::max(s.free_at, end);
    co_await wait_for_each_other(r.motor);
    if (!way && wanted.must_trigger)
        co_return refuse(fmt::format("No trigger on {} after full movement", c.endstop_name()));
    co_return gcode_answer{};
}

} // namespace kf::sim
