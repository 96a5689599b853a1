// SPDX-License-Identifier: MIT
#pragma once
/// What a job amounts to, in canvas millimetres: strokes, ink, travel. Time is planner/estimate's.

#include <kf/job/arc.hpp>
#include <kf/job/operation.hpp>
#include <kf/job/stroke.hpp>

#include <cmath>
#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <variant>

namespace kf::job {

struct job_measure {
    std::size_t strokes = 0; ///< drawn ones
    mm pen_down_mm = 0;      ///< length of all lines and arcs
    mm pen_up_mm = 0;        ///< straight from the end of each stroke to the start of the next
};

/// Adds up strokes in their order.
class job_meter {
    job_measure sum_;
    std::optional<point> at_, last_end_;

    static mm distance(std::optional<point> from, point to) noexcept {
        return from ? std::hypot(to.x - from->x, to.y - from->y) : 0;
    }

  public:
    void add(const stroke& s) {
        bool down = false;
        const auto go = [&](point to) {
            if (down) sum_.pen_down_mm += distance(at_, to);
            at_ = to;
        };
        for (const step& each : s.steps)
            std::visit(overloaded{[&](const rapid_xy& o) { go(o.to); }, [&](const linear_move& o) { go(o.to); },
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
                                  [&](const auto&) {}},
                       each.op);
        if (!s.draws()) return;
        ++sum_.strokes;
        last_end_ = at_;
    }
    [[nodiscard]] const job_measure& total() const noexcept { return sum_; }
};

} // namespace kf::job
