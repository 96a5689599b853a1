// SPDX-License-Identifier: MIT
#pragma once
/// kcal backlash: how far an axis turns back before it moves. A comb is drawn with each line reached from above, its
/// vernier with each line reached from below; what they are displaced by is the backlash, several times over.

#include <kf/cal/decision.hpp>
#include <kf/cal/routine_combs.hpp>
#include <kf/cal/routine_marks.hpp>

#include <fmt/format.h>

#include <string>
#include <vector>

namespace kf::cal {

struct backlash_options {
    char axis = 'x';
    int repeats = 5;
    mm allowed = 0.1;
};

namespace detail {

inline std::vector<job::operation> backlash_sheet(const machine::machine& m, const backlash_options& o) {
    sheet s(m.tools.front().name);
    const auto free = free_canvas(m, 10);
    const job::point middle{(free.left + free.right) / 2, (free.top + free.bottom) / 2};
    constexpr mm apart = 18;
    for (int k = 0; k < o.repeats; ++k) {
        const mm row = (k - (o.repeats - 1) / 2.0) * apart;
        const comb_axis axis = o.axis == 'x' ? comb_axis::x : comb_axis::y;
        const job::point zero =
            axis == comb_axis::x ? job::point{middle.x, middle.y + row} : job::point{middle.x + row, middle.y};
        using comb = comb_strokes;
        add_comb(s, m, routine_comb(3, comb::side::high), comb::part::main, zero, axis);
        add_comb(s, m, routine_comb(3, comb::side::low), comb::part::second, zero, axis);
    }
    return s.take();
}

} // namespace detail

[[nodiscard]] inline result<routine_step> next_of_backlash(const routine_notes& notes, const machine::machine& m,
                                                           const backlash_options& o) {
    const std::string axis(1, io::to_upper(o.axis));
    if (!notes.done("ready"))
        return deed{"ready", "The tool goes up, X and Y go to their endstops; the motors stay on.", make_ready{}};
    if (!notes.done("draw"))
        return deed{
            "draw",
            fmt::format("{} combs are drawn from one side of {} and their verniers from the other.", o.repeats, axis),
            draw{detail::backlash_sheet(m, o)},
            {"ready"}};
    std::vector<double> read;
    for (int k = 1; k <= o.repeats; ++k) {
        const std::string name = fmt::format("reading_{}", k);
        if (!notes.heard(name))
            return ask{
                {name,
                 fmt::format("Comb {}: how far is the zero of the vernier before the zero of the comb, against the "
                             "direction in which {} grows (beyond it: a minus; {} mm for each line of the vernier from "
                             "its last one back to that which meets a line of the comb)",
                             k, axis, io::to_decimal(comb_vernier.least_count())),
                 a_number{-2, 2, "mm"}}};
        read.push_back(*notes.number(name));
    }
    KF_TRY(const measurement lost, mean_of(read, comb_vernier.least_count()));
    const decision d = decide(lost, 0);
    const bool good = lost.value - lost.expanded() <= o.allowed;
    conclusion c;
    c.text =
        fmt::format("Backlash of {}: {}.\n{}", axis, sure_to(lost, "mm", 3),
                    !d.applies() ? std::string("It is no more than its uncertainty: none is proven.")
                    : good       ? fmt::format("It is not proven to be more than the {} mm that are allowed.",
                                               io::to_decimal(o.allowed, 3))
                           : fmt::format("It is more than the {} mm that are allowed.", io::to_decimal(o.allowed, 3)));
    c.fields = {{"axis", std::string(1, o.axis)}, {"backlash_mm", lost.value}, {"backlash_u95_mm", lost.expanded()},
                {"degrees_of_freedom", lost.dof}, {"proven", d.applies()},     {"ok", good}};
    if (!d.applies() && lost.value != 0)
        c.next.push_back(fmt::format("A mean that is known to {} mm (one standard deviation) would decide.",
                                     io::to_decimal(d.deciding_u, 3)));
    if (!good)
        c.next = {"Klipper has no setting that takes backlash away: tighten the belt and the set screws of its pulley.",
                  fmt::format("Then measure again: kcal backlash {} --anew", std::string(1, o.axis))};
    c.predicted = {{fmt::format("backlash of {}", axis), 0, o.allowed}};
    return c;
}

} // namespace kf::cal
