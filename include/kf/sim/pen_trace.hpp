// SPDX-License-Identifier: MIT
#pragma once
/// What the pen drew: planned moves go in as they are queued, ink comes out as they are over, as polylines in machine
/// mm where Z is at or past the height at which a pen touches. A stop of the machine cuts the move it is in. The record
/// is of pens as sim/mechanics has them move, not of what klippy believes. sim/ink_image.hpp makes pictures of it.

#include <kf/drawing/point.hpp>
#include <kf/planner/planned_move.hpp>
#include <kf/sim/mechanics.hpp>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

namespace kf::sim {

struct ink_line {
    std::vector<drawing::point> points; ///< one point alone is a dot: the pen went down and up again
};

/// Ink that nobody will look at is not kept: a job of a million strokes fills memory.
enum class ink : std::uint8_t { kept, forgotten };

class pen_trace {
  public:
    explicit pen_trace(touch where = {}, ink what = ink::kept)
      : pen_trace(mechanics{.holders = {{where}}}, what) {}
    explicit pen_trace(mechanics m, ink what = ink::kept)
      : mechanics_(std::move(m))
      , strokes_(mechanics_.holders.size())
      , ink_(what) {}

    /// A move of the motors, `at` in seconds of the machine's clock. Moves come in order of time.
    void add(const planner::planned_move& m) { queued_.push_back({m, {}}); }
    /// From `at` on the second X motor is so far ahead of the first.
    void rack(mm second_leads, const planner::xyz& carriage, seconds at) {
        planner::planned_move stands;
        stands.start = stands.end = carriage;
        stands.at = at;
        queued_.push_back({stands, second_leads});
    }

    /// What the motors are sent is counted in other mm from now on; nothing moves.
    void count_anew(const std::array<double, 2>& scale) {
        linkage_.count_anew({mechanics_.scale[0] / scale[0], mechanics_.scale[1] / scale[1]});
        mechanics_.scale = scale;
    }

    /// The clock is at `t`: what is over becomes ink.
    void advance(seconds t) {
        while (!queued_.empty() && queued_.front().move.at + queued_.front().move.duration() <= t) {
            const turn& now = queued_.front();
            if (now.second_leads) mechanics_.second_leads = *now.second_leads;
            draw(now.move.start, now.move.end);
            queued_.pop_front();
        }
    }

    /// The machine stops at `t` wherever it is; what is queued behind is never drawn. Gives where the carriage stands
    /// when a move was cut or dropped, otherwise `rest`.
    planner::xyz cut(seconds t, const planner::xyz& rest) {
        advance(t);
        if (queued_.empty()) return rest;
        const planner::planned_move m = queued_.front().move;
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
        strokes_.assign(strokes_.size(), {});
    }

  private:
    struct turn {
        planner::planned_move move;
        std::optional<mm> second_leads{};
    };
    /// The line that a pen is drawing.
    using stroke = std::optional<std::size_t>;

    void draw(const planner::xyz& a, const planner::xyz& b) {
        if (ink_ == ink::forgotten) return;
        for (const linkage::piece& p : linkage_.follow(mechanics_, a, b))
            for (std::size_t i = 0; i < strokes_.size(); ++i)
                draw(mechanics_.holders[i], strokes_[i], p, a.z + (b.z - a.z) * p.from, a.z + (b.z - a.z) * p.to);
    }
    /// The part of the piece on which the pen touches; a diagonal may begin or end to touch in its middle.
    void draw(const holder& pen, stroke& now, const linkage::piece& p, mm z_from, mm z_to) {
        // A slope of the bed is one of the touch, so it is as if Z were on a slope against it.
        const auto depth = [&](const drawing::point& q, mm z) {
            return pen.where.depth(z - mechanics_.bed_slope[0] * q.x - mechanics_.bed_slope[1] * q.y);
        };
        const mm at_begin = depth(p.a, z_from);
        const mm at_end = depth(p.b, z_to);
        if (at_begin < 0 && at_end < 0) {
            now.reset();
            return;
        }
        double from = 0;
        double to = 1;
        if ((at_begin < 0) != (at_end < 0)) (at_begin < 0 ? from : to) = at_begin / (at_begin - at_end);
        const auto at = [&](double part) {
            return drawing::point{p.a.x + (p.b.x - p.a.x) * part + pen.x, p.a.y + (p.b.y - p.a.y) * part + pen.y};
        };
        if (!now || at_begin < 0) {
            now = lines_.size();
            lines_.push_back({{at(from)}});
        }
        std::vector<drawing::point>& points = lines_[*now].points;
        if (const drawing::point q = at(to); q != points.back()) points.push_back(q);
        if (at_end < 0) now.reset();
    }

    mechanics mechanics_;
    linkage linkage_;
    std::vector<stroke> strokes_; ///< of each holder
    ink ink_;
    std::deque<turn> queued_;
    std::vector<ink_line> lines_;
};

} // namespace kf::sim
