// SPDX-License-Identifier: MIT
#pragma once
/// Paper under the pen of a simulated machine, without klippy: moves go through sim/stall and sim/mechanics as those of
/// `ksim printer --wrong` do, and leave ink. Places are klippy's mm.

#include <kf/cal/squareness.hpp>
#include <kf/sim/marks.hpp>
#include <kf/sim/pen_trace.hpp>
#include <kf/sim/stall.hpp>

#include <array>
#include <cmath>
#include <vector>

namespace kf::test {

/// Pulleys 1 % off, X racked by 0.4 degrees, backlash 0.15, the second tool 3.2 and -1.7 aside, the touch at 19.37.
[[nodiscard]] inline sim::mechanics wrong_in_every_way() {
    sim::mechanics m;
    m.scale = {1.01, 1.01};
    m.second_leads = m.beam * cal::to_tangent(0.4);
    m.backlash = {0.15, 0.15};
    m.holders = {{{19.37, 1}}, {{0.6, -1}, 3.2, -1.7}};
    return m;
}
/// The same when its scale was set right already.
[[nodiscard]] inline sim::mechanics wrong_but_for_scale() {
    sim::mechanics m = wrong_in_every_way();
    m.scale = {1, 1};
    return m;
}

class sheet_on_a_wrong_machine {
  public:
    explicit sheet_on_a_wrong_machine(sim::mechanics m)
      : built_(m)
      , trace_(std::move(m)) {}

    mm up = 10, down = 20;
    mm_per_s2 accel = 3000;

    /// The carriage comes to its endstops, wherever it was.
    void home(mm x, mm y) {
        at_ = {at_.x + off_.x, at_.y + off_.y, at_.z};
        off_ = {};
        go(x, y, 30);
    }
    void go(mm x, mm y, mm_per_s speed = 50) { move({x, y, up}, speed); }
    void lower() { move({at_.x, at_.y, down}, 20); }
    void lift() { move({at_.x, at_.y, up}, 20); }
    /// At the height at which it is.
    void on_to(mm x, mm y, mm_per_s speed) { move({x, y, at_.z}, speed); }
    /// From where it is, with the pen down on the way; the pen is up before and afterwards.
    void draw_to(mm x, mm y, mm_per_s speed = 25) {
        lower();
        on_to(x, y, speed);
        lift();
    }
    void line(mm ax, mm ay, mm bx, mm by) {
        go(ax, ay);
        draw_to(bx, by);
    }
    /// Each line is reached from below, left: lost motion shifts all of them alike.
    void cross(mm x, mm y, mm size = 6) {
        go(x - size, y - size);
        line(x - size / 2, y, x + size / 2, y);
        go(x - size, y - size);
        line(x, y - size / 2, x, y + size / 2);
    }
    /// A tick across the axis, reached from `from` mm along it.
    void tick(sim::axis a, mm at, mm across, mm length, mm from) {
        const auto place = [a](mm along, mm aside) {
            return a == sim::axis::x ? std::array{along, aside} : std::array{aside, along};
        };
        const auto before = place(at + from, across), begin = place(at, across), end = place(at, across + length);
        go(before[0], before[1]);
        go(begin[0], begin[1]);
        draw_to(end[0], end[1]);
    }
    /// 51 teeth of 1 mm about `zero`, or the 21 of its vernier on the other side of the line; the zero is the longest.
    void comb(sim::axis a, mm zero, mm across, bool vernier, mm from) {
        for (int k = vernier ? 0 : -25; k <= (vernier ? 20 : 25); ++k)
            tick(a, zero + k * (vernier ? 0.95 : 1), across, (k == 0 ? 6.0 : 4.0) * (vernier ? -1 : 1), from);
    }
    void dip(mm x, mm y, mm z) {
        go(x, y);
        move({x, y, z}, 5);
        move({x, y, up}, 5);
    }

    const std::vector<sim::ink_line>& ink() {
        trace_.advance(clock_ + 1);
        return trace_.lines();
    }

  private:
    void move(const planner::xyz& to, mm_per_s speed) {
        planner::planned_move m;
        m.start = at_;
        m.end = to;
        m.distance = std::sqrt((to.x - at_.x) * (to.x - at_.x) + (to.y - at_.y) * (to.y - at_.y) +
                               (to.z - at_.z) * (to.z - at_.z));
        if (m.distance == 0) return;
        m.direction = {(to.x - at_.x) / m.distance, (to.y - at_.y) / m.distance, (to.z - at_.z) / m.distance};
        m.accel = accel;
        m.cruise_v = std::min(speed, std::sqrt(accel * m.distance));
        m.accel_t = m.decel_t = m.cruise_v / accel;
        m.cruise_t = std::max(0.0, m.distance / m.cruise_v - m.accel_t);
        m.at = clock_;
        clock_ += m.duration();
        // The carriage is where it is, not where klippy thinks.
        m.start = {at_.x + off_.x, at_.y + off_.y, at_.z};
        m.end = {to.x + off_.x, to.y + off_.y, to.z};
        planner::xyz reached;
        for (const planner::planned_move& piece : sim::followed(m, built_)) {
            trace_.add(piece);
            reached = piece.end;
        }
        off_ = {reached.x - to.x, reached.y - to.y, 0};
        at_ = to;
    }

    sim::mechanics built_;
    sim::pen_trace trace_;
    planner::xyz at_{0, 0, 10};
    planner::xyz off_{};
    seconds clock_ = 0;
};

} // namespace kf::test
