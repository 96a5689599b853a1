// SPDX-License-Identifier: MIT
#pragma once
/// kcal offset: where a second tool draws when it is told to draw where the first one does. The first draws combs, the
/// second a vernier beside each; the lines that meet say how far it is aside, four times along X and four times along
/// Y. A second tool that sprays has a pen in its holder for this: nothing is sprayed.

#include <kf/cal/decision.hpp>
#include <kf/cal/routine_combs.hpp>
#include <kf/cal/routine_marks.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

namespace kf::cal {

struct offset_options {
    std::string tool = {}; ///< the second one; empty: the second of the machine
    int repeats = 4;
};

/// How a pen in the holder of a spraying tool comes to the paper.
struct pen_for_spray {
    mm lower = 0;      ///< by Z, beyond the height at which it sprays
    mm stands_out = 0; ///< of the holder, beyond the nozzle: what Z lacks for that
};
[[nodiscard]] inline pen_for_spray pen_instead_of_spray(const machine::machine& m, const machine::tool& t) noexcept {
    const mm height = t.spray_height_mm.value_or(0);
    const mm room = t.work_mm > m.z_states.travel_mm ? m.work_area_mm.z - t.work_mm : t.work_mm - m.work_area_min_mm.z;
    const mm lower = std::clamp(room, 0.0, height);
    return {lower, height - lower};
}

namespace detail {

inline std::vector<job::operation> offset_sheet(const machine::machine& m, const std::string& tool, bool second,
                                                int repeats) {
    sheet s(tool);
    const auto free = free_canvas(m, 10);
    const job::point middle{(free.left + free.right) / 2, (free.top + free.bottom) / 2};
    constexpr mm apart = 20;
    for (int k = 0; k < repeats; ++k) {
        const mm row = (k - (repeats - 1) / 2.0) * apart;
        constexpr int spare = 8; // an offset of millimetres is read, too
        const auto part = second ? comb_strokes::part::second : comb_strokes::part::main;
        add_comb(s, m, routine_comb(spare), part, {middle.x - 55, middle.y + row}, comb_axis::x);
        add_comb(s, m, routine_comb(spare), part, {middle.x + 55 + row - apart, middle.y}, comb_axis::y);
    }
    return s.take();
}

} // namespace detail

[[nodiscard]] inline result<routine_step> next_of_offset(const routine_notes& notes, const machine::machine& m,
                                                         const offset_options& o) {
    if (m.tools.size() < 2)
        return kf::fail({errc::refused,
                         "the machine has one tool, and an offset is between two",
                         {},
                         {},
                         {"add the second one to tools: in machine.yaml"}});
    const machine::tool& first = m.tools.front();
    const machine::tool* second = o.tool.empty() ? &m.tools[1] : machine::find_tool(m, o.tool);
    if (second == nullptr || second == &first)
        return kf::fail({errc::usage, fmt::format("{} is no second tool of this machine", o.tool)});
    const pen_for_spray pen = pen_instead_of_spray(m, *second);
    if (!notes.done("look")) return deed{"look", "", look{}};
    if (second->spray_height_mm && !notes.heard("pen_in"))
        return ask{
            {"pen_in",
             fmt::format("Nothing is sprayed: put a pen into the holder of {}, its tip {}; say done", second->name,
                         pen.stands_out > 0
                             ? fmt::format("{} mm beyond the nozzle towards the paper, which Z does not reach",
                                           io::to_decimal(pen.stands_out, 3))
                             : std::string("where the nozzle is")),
             one_of{{"done"}}}};
    if (!notes.done("ready"))
        return deed{"ready", "The tool goes up, X and Y go to their endstops; the motors stay on.", make_ready{}};
    if (!notes.done("draw_first"))
        return deed{"draw_first",
                    fmt::format("{} draws {} combs along X and {} along Y.", first.name, o.repeats, o.repeats),
                    draw{detail::offset_sheet(m, first.name, false, o.repeats)},
                    {"ready"}};
    if (!notes.done("draw_second"))
        return deed{"draw_second",
                    fmt::format("{} draws a vernier beside each comb{}.", second->name,
                                pen.lower > 0 ? fmt::format(", {} mm nearer to the paper than it sprays, so that "
                                                            "its pen touches",
                                                            io::to_decimal(pen.lower, 3))
                                              : std::string()),
                    draw{detail::offset_sheet(m, second->name, true, o.repeats), {}, {}, {}, pen.lower},
                    {"ready", "draw_first"}};
    conclusion c;
    const std::array<double, 2> old{second->xy_offset_mm.x, second->xy_offset_mm.y};
    for (std::size_t axis = 0; axis < 2; ++axis) {
        const char letter = "xy"[axis];
        std::vector<double> read;
        for (int k = 1; k <= o.repeats; ++k) {
            const std::string name = fmt::format("{}_{}", letter, k);
            if (!notes.heard(name))
                return ask{
                    {name,
                     fmt::format("Comb {} along {}: how far is the zero of the vernier beyond the zero of the comb, in "
                                 "the direction in which {} grows (before it: a minus; the whole mm of the comb up to "
                                 "the vernier's zero, and {} mm for each of its lines up to that which meets one)",
                                 k, io::to_upper(letter), io::to_upper(letter),
                                 io::to_decimal(comb_vernier.least_count())),
                     a_number{-8, 8, "mm"}}};
            read.push_back(*notes.number(name));
        }
        KF_TRY(const measurement aside, mean_of(read, comb_vernier.least_count()));
        const decision d = decide(aside, 0);
        const double becomes = std::round((old[axis] - aside.value) * 1e3) / 1e3;
        const std::string name(1, letter);
        c.text += fmt::format("{}{}: {} is {} aside: {}", c.text.empty() ? "" : "\n", io::to_upper(letter),
                              second->name, sure_to(aside, "mm", 3),
                              d.applies() ? fmt::format("offset {} instead of {}.", io::to_decimal(becomes, 3),
                                                        io::to_decimal(old[axis], 3))
                                          : std::string("no more than its uncertainty, nothing is changed."));
        c.fields.push_back({name + "_aside_mm", aside.value});
        c.fields.push_back({name + "_aside_u95_mm", aside.expanded()});
        c.fields.push_back({name + "_offset_mm", d.applies() ? becomes : old[axis]});
        c.fields.push_back({name + "_applies", d.applies()});
        if (d.applies())
            c.machine.push_back({fmt::format("tools.{}.xy_offset_mm[{}]", second->name, axis), becomes});
        else if (aside.value != 0)
            c.next.push_back(fmt::format("A mean of {} that is known to {} mm (one standard deviation) would decide.",
                                         io::to_upper(letter), io::to_decimal(d.deciding_u, 3)));
        c.predicted.push_back(
            {fmt::format("{} aside along {}", second->name, io::to_upper(letter)), 0, aside.expanded()});
    }
    c.draw_to_verify = "kcal offset --anew";
    return c;
}

} // namespace kf::cal
