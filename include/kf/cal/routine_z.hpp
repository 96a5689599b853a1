// SPDX-License-Identifier: MIT
#pragma once
/// kcal z: the height at which each tool touches the paper. The tool dips at one place after the other, and a person
/// says whether it left a mark: down in steps that cannot hurt, then halves. Travel is half-way between two tools that
/// touch on either side, or a stated clearance above one. Where the floor of the tool is reached without a mark, the
/// person is asked before it goes beyond. The touch of the first tool is also what `kplot touch-off` reckons with.

#include <kf/cal/height_search.hpp>
#include <kf/cal/routine_marks.hpp>

#include <fmt/format.h>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

namespace kf::cal {

struct z_options {
    std::vector<std::string> tools = {}; ///< in turn; empty: the first of the machine
    mm step = 1;
    mm resolution = 0.05;
    mm clearance = 5; ///< of travel above the touch, with one tool
    mm press = 0;     ///< how much farther than its touch a tool works
};

namespace detail {

/// A place of its own for each dip, in rows of ten from the canvas' middle.
inline machine::xy z_place(const machine::machine& m, const machine::tool& t, std::size_t row, std::size_t dip) {
    const auto free = free_canvas(m, 10);
    constexpr mm apart = 4;
    const job::point p{(free.left + free.right) / 2 + apart * (static_cast<double>(dip % 10) - 4.5),
                       (free.top + free.bottom) / 2 + apart * static_cast<double>(3 * row + dip / 10)};
    return job::place(m, t).to_machine(p);
}

/// How far the tool may go by machine.yaml, and by the printer.
inline mm z_floor(const machine::tool& t) { return t.floor_mm.value_or(t.work_mm); }
inline mm z_end(const machine::machine& m, const machine::tool& t) {
    return t.work_mm > m.z_states.travel_mm ? m.work_area_mm.z : m.work_area_min_mm.z;
}

/// A search as far as it is answered: it, or the step that it waits for.
struct tool_search {
    std::optional<routine_step> waits = {};
    std::optional<height_search> found = {};
};

inline result<tool_search> search_tool(const routine_notes& notes, const machine::machine& m, const machine::tool& t,
                                       const z_options& o, std::size_t row) {
    const mm travel = m.z_states.travel_mm;
    KF_TRY(auto search, height_search::begin({travel, z_floor(t), o.step, o.resolution}));
    const std::string up_text = fmt::format("past_floor_{}", t.name);
    std::vector<std::string> earlier{"ready"}; // with the Z reference all that was seen by it is lost
    for (int dip = 1;; ++dip) {
        constexpr int most = 400;
        if (dip > most) return kf::fail(errc::failed, "the search for the touch does not end");
        if (search.now() == height_search::state::found) return tool_search{{}, search};
        if (search.now() == height_search::state::at_floor) {
            const mm end = z_end(m, t);
            if ((end - search.plan().floor) * search.down() <= 1e-9)
                return kf::fail({errc::out_of_bounds,
                                 fmt::format("{} does not touch the paper down to Z {}, the end of the work area",
                                             t.name, io::to_decimal(end, 3)),
                                 {},
                                 {},
                                 {"raise the paper, or put the tool lower in its holder", "kcal z --anew"}});
            const auto goes_on = notes.flag(up_text);
            if (!goes_on)
                return tool_search{
                    ask{{up_text,
                         fmt::format("{} reached its floor, Z {}, and left no mark. May it go farther, to Z {} at most",
                                     t.name, io::to_decimal(search.plan().floor, 3), io::to_decimal(end, 3)),
                         yes_or_no{}}},
                    {}};
            if (!*goes_on)
                return kf::fail({errc::refused,
                                 fmt::format("{} does not touch the paper down to its floor, Z {}", t.name,
                                             io::to_decimal(search.plan().floor, 3)),
                                 {},
                                 {},
                                 {"raise the paper, or put the tool lower in its holder", "kcal z --anew"}});
            KF_CHECK(search.extend(end));
            continue;
        }
        const std::string touch = fmt::format("touch_{}_{}", t.name, dip),
                          mark = fmt::format("mark_{}_{}", t.name, dip);
        if (!notes.done(touch))
            return tool_search{
                deed{touch,
                     fmt::format("{} dips to Z {} and goes up again, place {}.", t.name,
                                 io::to_decimal(search.next(), 3), dip),
                     touch_paper{t.name, z_place(m, t, row, static_cast<std::size_t>(dip - 1)), search.next()},
                     earlier},
                {}};
        const auto left = notes.flag(mark);
        if (!left)
            return tool_search{ask{{mark,
                                    fmt::format("Did {} leave a mark at Z {}, place {}", t.name,
                                                io::to_decimal(search.next(), 3), dip),
                                    yes_or_no{}}},
                               {}};
        earlier.insert(earlier.end(), {touch, mark});
        search.answer(*left ? seen::touching : seen::clear);
    }
}

inline conclusion z_conclusion(const machine::machine& m, const z_options& o,
                               const std::vector<std::pair<const machine::tool*, height_search>>& found) {
    conclusion c;
    const auto rounded = [](mm z) { return std::round(z * 1e3) / 1e3; };
    std::vector<mm> contact;
    for (const auto& [tool, search] : found) {
        const measurement touch = search.touch();
        contact.push_back(touch.value);
        // A spray tool works above the paper, a pen at it or a little beyond.
        const mm work =
            rounded(touch.value + search.down() * (tool->spray_height_mm ? -*tool->spray_height_mm : o.press));
        c.text += fmt::format("{}{} touches at Z {}", c.text.empty() ? "" : "\n", tool->name, sure_to(touch, "mm", 3));
        if (tool->spray_height_mm)
            c.text += fmt::format(" and works {} mm above it, at Z {}", io::to_decimal(*tool->spray_height_mm, 3),
                                  io::to_decimal(work, 3));
        c.text += '.';
        c.fields.push_back({tool->name + "_touch_mm", touch.value});
        c.fields.push_back({tool->name + "_touch_u95_mm", touch.expanded()});
        c.fields.push_back({tool->name + "_work_mm", work});
        c.machine.push_back({fmt::format("z_states.{}_work_mm", tool->name), work});
        if (tool == &m.tools.front())
            c.machine.push_back({"z_reference.touch_off_mm", rounded(touch.value), "z_reference.method"});
        if (tool->floor_mm && (*tool->floor_mm - work) * search.down() < 0)
            c.machine.push_back({fmt::format("z_states.{}_floor_mm", tool->name), work});
    }
    const bool either_side = found.size() > 1 && found[0].second.down() != found[1].second.down();
    const mm travel = rounded(either_side ? travel_between(contact[0], contact[1])
                                          : travel_above(contact[0], found[0].second.down(), o.clearance));
    c.text += fmt::format("\nTravel is at Z {}, {}.", io::to_decimal(travel, 3),
                          either_side ? std::string("half-way between the two")
                                      : fmt::format("{} mm clear of the paper", io::to_decimal(o.clearance, 3)));
    c.fields.push_back({"travel_mm", travel});
    c.machine.push_back({"z_states.travel_mm", travel});
    c.next = {"The macros in printer.cfg lift to the old height: kplot machine macros prints them anew."};
    c.draw_to_verify = "kcal pattern z-touch | kplot run -";
    c.predicted = {{fmt::format("Z at which {} begins to mark", found[0].first->name), contact[0],
                    found[0].second.touch().expanded()}};
    return c;
}

} // namespace detail

[[nodiscard]] inline result<routine_step> next_of_z(const routine_notes& notes, const machine::machine& m,
                                                    const z_options& o) {
    if (!notes.done("ready"))
        return deed{"ready", "The tool goes up, X and Y go to their endstops; the motors stay on.", make_ready{}};
    std::vector<std::pair<const machine::tool*, height_search>> found;
    std::vector<std::string> names = o.tools;
    if (names.empty()) names.push_back(m.tools.front().name);
    for (std::size_t i = 0; i < names.size(); ++i) {
        const machine::tool* tool = machine::find_tool(m, names[i]);
        if (tool == nullptr) return kf::fail(errc::not_found, fmt::format("machine.yaml has no tool {}", names[i]));
        if (tool->spray_height_mm && !notes.flag("pen_in_" + tool->name))
            return ask{
                {"pen_in_" + tool->name,
                 fmt::format("Nothing is sprayed: {} is found by contact. Is a pen in its holder, its tip where the "
                             "nozzle is",
                             tool->name),
                 yes_or_no{}}};
        if (tool->spray_height_mm && !*notes.flag("pen_in_" + tool->name))
            return kf::fail({errc::refused,
                             fmt::format("{} needs a pen in its holder to be found", tool->name),
                             {},
                             {},
                             {"put one in, then: kcal z --anew", "or leave it out: kcal z --tool NAME"}});
        KF_TRY(auto search, detail::search_tool(notes, m, *tool, o, i));
        if (search.waits) return *std::move(search.waits);
        found.emplace_back(tool, *search.found);
    }
    return detail::z_conclusion(m, o, found);
}

} // namespace kf::cal
