// SPDX-License-Identifier: MIT
#pragma once
/// What the pen drew: planned moves go in as they are queued, ink comes out as they are over, as polylines in machine
/// mm where Z is at or past the height at which the pen touches. A stop of the machine cuts the move it is in. The
/// record is of the carriage, not of what klippy believes. sim/ink_image.hpp makes pictures of it.

#include <kf/drawing/point.hpp>
#include <kf/planner/planned_move.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

namespace kf::sim {

struct ink_line {
    std::vector<drawing::point> points; ///< one point alone is a dot: the pen went down and up again
};

/// Where the pen touches the paper: from a height on, with everything beyond it.
struct touch {
    mm at = 15;
    double towards = 1; ///< 1: a greater Z presses it down; -1: a lower one does

    [[nodiscard]] bool is_down(mm z) const noexcept { return (z - at) * towards >= 0; }
};

/// Ink that nobody will look at is not kept: a job of a million strokes fills memory.
enum class ink : std::uint8_t { kept, forgotten };

class pen_trace {
  public:
    explicit pen_trace(touch where = {}, ink what = ink::kept) noexcept
      : touch_(where)
      , ink_(what) {}

    /// A move of the carriage, `at` in seconds of the machine's clock. Moves come in order of time.
    void add(const planner::planned_move& m) { queued_.push_back(m); }

    /// The clock is at `t`: what is over becomes ink.
    void advance(seconds t) {
        while (!queued_.empty() && queued_.front().at + queued_.front().duration() <= t) {
            const planner::planned_move& m = queued_.front();
            draw(m.start, m.end);
            queued_.pop_front();
        }
    }

    /// The machine stops at `t` wherever it is; what is queued behind is never drawn. Gives where the carriage stands
    /// when a move was cut or dropped, otherwise `rest`.
    planner::xyz cut(seconds t, const planner::xyz& rest) {
        advance(t);
        if (queued_.empty()) return rest;
        const planner::planned_move m = queued_.front();
        queued_.clear();
        const planner::xyz stopped = planner::position_at(m, t - m.at);
        draw(m.start, stopped);
        return stopped;
    }

    [[nodiscard]] const std::vector<ink_line>& lines() const noexcept { return lines_; }
    [[nodiscard]] mm ink_length() const noexcept {
        mm sum = 0;
        for (const ink_line& l : lines_)
            for (std::size_t i = 1; i < l.points.size(); ++i)
                sum += std::hypot(l.points[i].x - l.points[i - 1].x, l.points[i].y - l.points[i - 1].y);
        return sum;
    }
    void clear() {
        lines_.clear();
        queued_.clear();
        drawing_ = false;
    }

  private:
    /// The part of the way on which the pen touches; a diagonal may begin or end to touch in its middle.
    void draw(const planner::xyz& a, const planner::xyz& b) {
        double from = 0;
        double to = 1;
        if (ink_ == ink::forgotten) return;
        const bool begins = touch_.is_down(a.z);
        const bool ends = touch_.is_down(b.z);
        if (!begins && !ends) {
            drawing_ = false;
            return;
        }
        if (begins != ends) (begins ? to : from) = (touch_.at - a.z) / (b.z - a.z);
        const auto at = [&](double part) { return drawing::point{a.x + (b.x - a.x) * part, a.y + (b.y - a.y) * part}; };
        if (!drawing_ || !begins) lines_.push_back({{at(from)}});
        std::vector<drawing::point>& now = lines_.back().points;
        if (const drawing::point p = at(to); p != now.back()) now.push_back(p);
        drawing_ = ends;
    }

    touch touch_;
    ink ink_;
    bool drawing_ = false;
    std::deque<planner::planned_move> queued_;
    std::vector<ink_line> lines_;
};

} // namespace kf::sim
