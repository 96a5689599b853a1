// SPDX-License-Identifier: MIT
#pragma once
/// kcal speed and kcal accel: how fast, and how hard, the machine may go. Each trial is homed, draws a tick slowly,
/// runs there and back at one value of a row, and draws the tick's other half: halves that do not meet are steps that
/// were lost. What is set is the greatest value of the row up to which all trials met.

#include <kf/cal/grid_decision.hpp>
#include <kf/cal/routine_marks.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace kf::cal {

struct limits_options {
    enum class what { speed, acceleration };
    what of = what::speed;
    char axis = 'x';
    double first = 0, last = 0, step = 0; ///< 0: of the machine
};

namespace detail {

inline constexpr int most_trials = 40;

/// From a quarter of what the printer allows up to it.
inline std::vector<double> limits_row(const routine_notes& notes, const machine::machine& m, const limits_options& o) {
    const bool speed = o.of == limits_options::what::speed;
    const double most = notes.seen("look", speed ? "max_velocity" : "max_accel")
                            .value_or(speed ? m.motion.max_velocity_mm_s : m.motion.max_accel_mm_s2);
    const double last = o.last > 0 ? std::min(o.last, most) : most;
    const double step = o.step > 0 ? o.step : last / 16;
    return trial_row(o.first > 0 ? o.first : last / 4, last, step);
}

/// Where the ticks of trial `k` are, and the far end of its run.
struct limits_place {
    job::point near, far;
};
inline limits_place limits_trial_place(const machine::machine& m, const limits_options& o, std::size_t k,
                                       std::size_t of) {
    const auto free = free_canvas(m, 10);
    const double share = (static_cast<double>(k) + 0.5) / static_cast<double>(of);
    if (o.axis == 'x') {
        const mm y = free.top + share * free.height();
        return {{free.left, y}, {free.right, y}};
    }
    const mm x = free.left + share * free.width();
    const job::point low = above(m, {x, (free.top + free.bottom) / 2}, -free.height() / 2);
    return {low, above(m, low, free.height())};
}

inline void limits_half_tick(sheet& s, const machine::machine& m, const limits_options& o, job::point at, bool second) {
    constexpr mm half = 2;
    const mm way = second ? half : -half;
    const job::point end = o.axis == 'x' ? job::point{at.x, at.y + way} : job::point{at.x + way, at.y};
    // Both halves are reached from the same side.
    s.come_from(o.axis == 'x' ? job::point{at.x + 1, at.y} : above(m, at, 1));
    s.line({at, end});
}

/// The way there is what is tried, and the way back is not the same: what is lost on the one is not lost on the other.
inline std::vector<job::operation> limits_sheet(const machine::machine& m, const limits_options& o, std::size_t k,
                                                std::size_t of, double value) {
    sheet s(m.tools.front().name);
    const limits_place p = limits_trial_place(m, o, k, of);
    s.home();
    limits_half_tick(s, m, o, p.near, false);
    const job::point off = o.axis == 'x' ? job::point{p.near.x + 2, p.near.y} : above(m, p.near, 2);
    if (o.of == limits_options::what::speed)
        s.line({off, p.far}, value);
    else { // in short lines: all of each is speeding up and slowing down
        constexpr int lines = 8;
        const auto at = [&](int i) {
            return job::point{off.x + (p.far.x - off.x) * i / lines, off.y + (p.far.y - off.y) * i / lines};
        };
        for (int i = 0; i < lines; ++i) s.line({at(i), at(i + 1)}, m.motion.max_velocity_mm_s);
    }
    limits_half_tick(s, m, o, p.near, true);
    return s.take();
}

} // namespace detail

[[nodiscard]] inline result<routine_step> next_of_limits(const routine_notes& notes, const machine::machine& m,
                                                         const limits_options& o) {
    const bool speed = o.of == limits_options::what::speed;
    const std::string unit = speed ? "mm/s" : "mm/s^2";
    if (!notes.done("look")) return deed{"look", "", look{}};
    const std::vector<double> row = detail::limits_row(notes, m, o);
    if (row.size() < 2 || row.size() > static_cast<std::size_t>(detail::most_trials))
        return kf::fail({errc::usage,
                         fmt::format("a row of {} trials is no row: 2 to {}", row.size(), detail::most_trials),
                         {},
                         {},
                         {"choose --from, --to and --by otherwise"}});
    if (!notes.done("ready"))
        return deed{"ready", "The tool goes up, X and Y go to their endstops; the motors stay on.", make_ready{}};
    std::vector<trial> trials;
    for (std::size_t k = 0; k < row.size(); ++k) {
        const std::string name = fmt::format("draw_{}", k + 1), question_name = fmt::format("meets_{}", k + 1);
        if (!notes.done(name))
            return deed{
                name,
                fmt::format("Trial {} of {}: home, half a tick, along {} at {} {}, back slowly, the other half.", k + 1,
                            row.size(), io::to_upper(o.axis), io::to_decimal(row[k], 1), unit),
                draw{detail::limits_sheet(m, o, k, row.size(), row[k]), speed ? std::optional(row[k]) : std::nullopt,
                     speed ? std::nullopt : std::optional(row[k]),
                     // What is to be found is not met on the way there.
                     speed ? std::optional(row.front()) : std::nullopt, 0,
                     // A run that was killed left the printer with that of its trial.
                     notes.seen("look", "accel_now")},
                {"ready"}};
        const auto meets = notes.flag(question_name);
        if (!meets)
            return ask{{question_name,
                        fmt::format("Line {}, {} {}: do the two halves of its tick meet", k + 1,
                                    io::to_decimal(row[k], 1), unit),
                        yes_or_no{}}};
        trials.push_back({row[k], *meets});
        // What is faster than a stall is not tried: a motor that stalls twice proves nothing more.
        if (!*meets) break;
    }
    KF_TRY(const grid_decision d, decide_on_grid(trials));
    const double best = std::floor(d.best * 100) / 100;
    conclusion c;
    c.text = d.bad ? fmt::format("{} went well along {}, {} did not: the limit is between.", io::to_decimal(best, 2),
                                 io::to_upper(o.axis), io::to_decimal(*d.bad, 2))
                   : fmt::format("All of it went well along {}, up to {} {}: the limit is not met.",
                                 io::to_upper(o.axis), io::to_decimal(best, 2), unit);
    c.fields = {{"axis", std::string(1, o.axis)},
                {"best", best},
                {"unit", unit},
                {"grid", row[1] - row[0]},
                {"limit_met", d.bad.has_value()},
                {"with_margin", d.with_margin()}};
    if (d.bad) c.fields.push_back({"bad", *d.bad});
    const double old = speed ? m.motion.max_velocity_mm_s : m.motion.max_accel_mm_s2;
    if (d.bad && best < old) {
        c.machine.push_back({speed ? "motion.max_velocity_mm_s" : "motion.max_accel_mm_s2", best});
        if (speed) {
            if (m.motion.homing_speed_mm_s > best) c.machine.push_back({"motion.homing_speed_mm_s", best});
            for (const machine::tool& t : m.tools) {
                if (t.feed_mm_s > best) c.machine.push_back({fmt::format("tools.{}.feed_mm_s", t.name), best});
                if (t.travel_feed_mm_s > best)
                    c.machine.push_back({fmt::format("tools.{}.travel_feed_mm_s", t.name), best});
            }
        }
    } else if (!d.bad && best > old) {
        c.machine.push_back({speed ? "motion.max_velocity_mm_s" : "motion.max_accel_mm_s2", best});
        c.next.push_back(fmt::format("It holds for both axes, and {} was tried alone: kcal {} {} before you draw.",
                                     io::to_upper(o.axis), speed ? "speed" : "accel", o.axis == 'x' ? 'y' : 'x'));
    } else if (!d.bad)
        c.next.push_back(fmt::format("machine.yaml stays at {} {}.", io::to_decimal(old, 1), unit));
    c.next.push_back(fmt::format("A machine that is warm or loaded stalls earlier: with a margin it is {} {}.",
                                 io::to_decimal(d.with_margin(), 1), unit));
    c.predicted = {{fmt::format("greatest {} without a lost step", speed ? "speed" : "acceleration"), best,
                    d.bad ? *d.bad - best : 0, unit, 0}};
    return c;
}

} // namespace kf::cal
