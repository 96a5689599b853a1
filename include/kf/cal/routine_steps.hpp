// SPDX-License-Identifier: MIT
#pragma once
/// kcal steps: the scale of X or Y. Ticks along the axis, each approached from the same side, are read on a ruler laid
/// along them; a straight line through all of them gives the rotation_distance, and it is changed only when it is
/// proven to be another one.

#include <kf/cal/decision.hpp>
#include <kf/cal/routine_marks.hpp>
#include <kf/cal/scale.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

namespace kf::cal {

struct steps_options {
    char axis = 'x';
    mm length =
        0; ///< from the first tick to the last; 0: what the canvas has and the instrument reaches, 300 mm at most
    int marks = 7;
    instrument with = instruments[1];
};

namespace detail {

/// What is drawn and measured, in mm: as asked for, or what the canvas and the instrument allow.
[[nodiscard]] inline mm steps_length(const machine::machine& m, const steps_options& o) {
    if (o.length > 0) return o.length;
    const auto free = free_canvas(m, 10);
    const mm most = o.axis == 'x' ? free.width() : free.height();
    constexpr mm step = 10, longest = 300;
    return std::floor(std::min({most, longest, longest_read(o.with)}) / step) * step;
}

inline std::vector<job::operation> steps_sheet(const machine::machine& m, const steps_options& o, mm length) {
    sheet s(m.tools.front().name);
    const auto free = free_canvas(m, 10);
    constexpr mm tick = 8, lead = 3;
    const job::point middle{(free.left + free.right) / 2, (free.top + free.bottom) / 2};
    for (int k = 0; k < o.marks; ++k) {
        const mm along = -length / 2 + length * k / (o.marks - 1);
        const mm half = (k == 0 || k + 1 == o.marks ? 1.5 : 1.0) * tick / 2;
        if (o.axis == 'x') {
            s.come_from({middle.x + along - lead, middle.y - half});
            s.line({{middle.x + along, middle.y - half}, {middle.x + along, middle.y + half}});
        } else {
            const job::point at = above(m, middle, along), before = above(m, middle, along - lead);
            s.come_from({at.x - half, before.y});
            s.line({{at.x - half, at.y}, {at.x + half, at.y}});
        }
    }
    return s.take();
}

inline result<conclusion> steps_conclusion(const routine_notes& notes, const machine::machine& m,
                                           const steps_options& o, mm length) {
    std::vector<mark> marks;
    for (int k = 0; k < o.marks; ++k)
        marks.push_back({length * k / (o.marks - 1), notes.number(fmt::format("mark_{}", k + 1)).value_or(0)});
    KF_TRY(const axis_scale scale, scale_of(marks, o.with));
    const mm old = notes.seen("look", fmt::format("rotation_{}", o.axis))
                       .value_or(o.axis == 'x' ? m.steppers.rotation_of_x() : m.steppers.rotation_of_y());
    const measurement distance = new_rotation_distance(old, scale.factor);
    const decision d = decide(scale.factor, 1);
    const std::string axis(1, io::to_upper(o.axis));
    conclusion c;
    c.text = fmt::format("{} draws {} mm as {} mm.\nrotation_distance: {} by these marks, {} now.", axis,
                         io::to_decimal(length, 3),
                         sure_to({length * scale.factor.value, length * scale.factor.u, scale.factor.dof}, "", 3),
                         sure_to(distance, "mm", 4), io::to_decimal(old, 4));
    c.fields = {{"axis", std::string(1, o.axis)},
                {"commanded", length},
                {"measured", length * scale.factor.value},
                {"scale", scale.factor.value},
                {"scale_u95", scale.factor.expanded()},
                {"scatter_mm", scale.fit.scatter()},
                {"old_rotation_distance", old},
                {"new_rotation_distance", d.applies() ? distance.value : old},
                {"rotation_distance_u95", distance.expanded()},
                {"applies", d.applies()}};
    const mm by_belt = default_rotation_distance(m.steppers.belt_pitch_mm, m.steppers.pulley_teeth);
    if (!d.applies()) {
        c.text += fmt::format("\n{} % is no more than its uncertainty of {} %: nothing is changed.",
                              io::to_decimal(d.correction * 100, 3), io::to_decimal(d.bound * 100, 3));
        const mm reading = deciding_reading(scale);
        if (std::fabs(d.correction) > 1e-9)
            c.next.push_back(
                reading > 0 ? fmt::format("Marks known to {} mm each (one standard deviation) would decide.",
                                          io::to_decimal(reading, 3))
                            : fmt::format("No reading of these marks decides: the {} itself is known to {} % only.",
                                          o.with.name, io::to_decimal(t95(1e9) * scale.of_instrument.u * 100, 3)));
        c.next.push_back(fmt::format("Belt pitch x teeth is {} mm.", io::to_decimal(by_belt, 4)));
        return c;
    }
    const double becomes = std::round(distance.value * 1e4) / 1e4;
    c.machine = {{fmt::format("steppers.{}_rotation_distance", o.axis), becomes, "steppers.xy_rotation_distance"}};
    const std::string was = io::to_decimal(old, 4), is = io::to_decimal(becomes, 4);
    c.printer.push_back({fmt::format("stepper_{}", o.axis), "rotation_distance", was, is});
    if (o.axis == 'x' && io::value_at<bool>(notes.saw("look"), "second_x").value_or(false))
        c.printer.push_back({"stepper_x1", "rotation_distance", was, is});
    c.next = {
        "Change printer.cfg as shown and send RESTART: until then kplot refuses the printer, for the two disagree."};
    c.draw_to_verify = fmt::format("kcal steps {} --anew", o.axis);
    c.predicted = {{fmt::format("{} from the first mark to the last", axis), length, length * scale.factor.expanded()}};
    return c;
}

} // namespace detail

[[nodiscard]] inline result<routine_step> next_of_steps(const routine_notes& notes, const machine::machine& m,
                                                        const steps_options& o) {
    const mm length = detail::steps_length(m, o);
    const std::string axis(1, io::to_upper(o.axis));
    if (!notes.done("look")) return deed{"look", "", look{}};
    if (!notes.done("ready"))
        return deed{"ready", "The tool goes up, X and Y go to their endstops; the motors stay on.", make_ready{}};
    if (!notes.done("draw"))
        return deed{"draw",
                    fmt::format("{} ticks are drawn along {}, {} mm from the first to the last.", o.marks, axis,
                                io::to_decimal(length, 3)),
                    draw{detail::steps_sheet(m, o, length)},
                    {"ready"}};
    for (int k = 0; k < o.marks; ++k) {
        const std::string name = fmt::format("mark_{}", k + 1);
        if (notes.heard(name)) continue;
        const mm wanted = length * k / (o.marks - 1);
        const auto first = notes.number("mark_1");
        constexpr double most = 0.03;
        const a_number range = first ? about(*first + wanted, wanted * most + 1) : a_number{-100, 2000, "mm"};
        return ask{{name,
                    k == 0 ? fmt::format("Lay the {} along the ticks, its zero near the first one in the direction in "
                                         "which {} grows. Where is the middle of tick 1",
                                         o.with.name, axis)
                           : fmt::format("Where is the middle of tick {}", k + 1),
                    range}};
    }
    KF_TRY(auto c, detail::steps_conclusion(notes, m, o, length));
    return c;
}

} // namespace kf::cal
