// SPDX-License-Identifier: MIT
#pragma once
/// What a job amounts to, in canvas millimetres: strokes, ink, travel. Time is planner/estimate's.

#include <kf/job/arc.hpp>
#include <kf/job/operation.hpp>
#include <kf/job/stroke.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace kf::job {

/// What one pen draws of a job.
struct pen_measure {
    std::string name; ///< empty: the tool as it is
    std::string colour = {};
    std::size_t strokes = 0;
    mm pen_down_mm = 0;
};

struct job_measure {
    std::size_t strokes = 0;              ///< drawn ones
    mm pen_down_mm = 0;                   ///< length of all lines and arcs
    mm pen_up_mm = 0;                     ///< straight from the end of each stroke to the start of the next
    std::vector<pen_measure> pens = {};   ///< in the order in which they draw; empty: the job selects none
    std::size_t pauses = 0;               ///< for a person: changes of pens, and what a layer's name asks for
    std::vector<std::string> macros = {}; ///< those that it calls, each once
};

/// Adds up strokes in their order.
class job_meter {
    job_measure sum_;
    std::optional<point> at_, last_end_;
    std::optional<std::size_t> pen_; // of sum_.pens

    static mm distance(std::optional<point> from, point to) noexcept {
        return from ? std::hypot(to.x - from->x, to.y - from->y) : 0;
    }

    void take(const drawing::pen& p) {
        const auto known = std::find_if(sum_.pens.begin(), sum_.pens.end(),
                                        [&](const pen_measure& one) { return one.name == p.name; });
        pen_ = static_cast<std::size_t>(known - sum_.pens.begin());
        if (known == sum_.pens.end()) sum_.pens.push_back({.name = p.name, .colour = p.colour});
    }

  public:
    void add(const stroke& s) {
        bool down = false;
        const mm ink_before = sum_.pen_down_mm;
        const auto go = [&](point to) {
            if (down) sum_.pen_down_mm += distance(at_, to);
            at_ = to;
        };
        for (const step& each : s.steps)
            std::visit(
                overloaded{[&](const rapid_xy& o) { go(o.to); }, [&](const linear_move& o) { go(o.to); },
                           [&](const draw_polyline& o) {
                               for (const point& p : o.points) go(p);
                           },
                           [&](const draw_arc& o) {
                               if (const auto a = at_ ? make_arc(*at_, o) : std::unexpected(std::string()))
                                   sum_.pen_down_mm += a->length();
                               at_ = o.to;
                           },
                           [&](const tool_down&) {
                               if (!down && at_) sum_.pen_up_mm += distance(last_end_, *at_);
                               down = true;
                           },
                           [&](const select_pen& o) { take(o.pen); }, [&](const await_person&) { ++sum_.pauses; },
                           [&](const call_macro& o) {
                               if (std::find(sum_.macros.begin(), sum_.macros.end(), o.macro) == sum_.macros.end())
                                   sum_.macros.push_back(o.macro);
                           },
                           [&](const auto&) {}},
                each.op);
        if (!s.draws()) return;
        ++sum_.strokes;
        if (pen_) {
            ++sum_.pens[*pen_].strokes;
            sum_.pens[*pen_].pen_down_mm += sum_.pen_down_mm - ink_before;
        }
        last_end_ = at_;
    }
    [[nodiscard]] const job_measure& total() const noexcept { return sum_; }
};

} // namespace kf::job
