// SPDX-License-Identifier: MIT
#pragma once
/// kcal endstop: how well homing repeats. The axis is homed N times from different places; each time Klipper says at
/// which step of the motor the endstop triggered.

#include <kf/cal/endstop_statistics.hpp>
#include <kf/cal/routine_marks.hpp>

#include <fmt/format.h>

#include <string>
#include <vector>

namespace kf::cal {

struct endstop_options {
    char axis = 'x';
    int cycles = 10;
    mm allowed = 0.1; ///< range from the least to the greatest
};

namespace detail {

inline machine::xy endstop_away(const machine::machine& m, int cycle) {
    const machine::box area = m.work_area();
    const machine::xy middle{(area.min.x + area.max.x) / 2, (area.min.y + area.max.y) / 2};
    const machine::xy home = machine::home_position(m);
    // Near, half way and far in turn: a stall on a long way shows as a place that does not repeat.
    const double share = cycle % 3 == 0 ? 0.2 : cycle % 3 == 1 ? 0.6 : 1.0;
    return {home.x + (middle.x - home.x) * share, home.y + (middle.y - home.y) * share};
}

} // namespace detail

[[nodiscard]] inline result<routine_step> next_of_endstop(const routine_notes& notes, const machine::machine& m,
                                                          const endstop_options& o) {
    const std::string axis(1, io::to_upper(o.axis));
    if (!notes.done("look")) return deed{"look", "", look{}};
    if (!notes.done("ready"))
        return deed{"ready", "The tool goes up, X and Y go to their endstops; the motors stay on.", make_ready{}};
    std::vector<std::string> earlier{"ready"};
    std::vector<double> places;
    for (int k = 1; k <= o.cycles; ++k) {
        const std::string name = fmt::format("home_{}", k);
        if (!notes.done(name))
            return deed{name,
                        fmt::format("Cycle {} of {}: away from the endstop with the tool up, and {} homed again.", k,
                                    o.cycles, axis),
                        home_again{o.axis, detail::endstop_away(m, k)}, earlier};
        earlier.push_back(name);
        places.push_back(notes.seen(name, "position").value_or(0));
    }
    const mm microstep = notes.seen("look", fmt::format("microstep_{}", o.axis)).value_or(0);
    if (!(microstep > 0)) return kf::fail(errc::not_found, "Klipper does not say how long a microstep is");
    KF_TRY(const endstop_repeat repeat, endstop_of(places, microstep));
    const bool good = repeat.range <= o.allowed;
    conclusion c;
    c.text = fmt::format(
        "{} homed {} times: range {} mm ({} microsteps of {} mm), deviation of one homing {}.\n{}", axis, o.cycles,
        io::to_decimal(repeat.range, 4), io::to_decimal(repeat.in_microsteps(), 1), io::to_decimal(microstep, 4),
        sure_to(repeat.deviation, "mm", 4),
        good ? repeat.is_within_counting()
                   ? "It repeats as well as steps can be counted."
                   : fmt::format("It is within the {} mm that are allowed.", io::to_decimal(o.allowed, 3))
             : fmt::format("It scatters by more than the {} mm that are allowed.", io::to_decimal(o.allowed, 3)));
    c.fields = {{"axis", std::string(1, o.axis)},
                {"cycles", static_cast<std::int64_t>(o.cycles)},
                {"mean_mm", repeat.place.value},
                {"mean_u95_mm", repeat.place.expanded()},
                {"deviation_mm", repeat.deviation.value},
                {"deviation_u95_mm", repeat.deviation.expanded()},
                {"range_mm", repeat.range},
                {"microstep_mm", microstep},
                {"ok", good}};
    if (!good)
        c.next = {"Look at the switch: loose, bent, pressed at an angle, or a homing_speed that is too high.",
                  "Look at the pulley's set screws: a step that is lost on the way shows here, too."};
    return c;
}

} // namespace kf::cal
