// SPDX-License-Identifier: MIT
#pragma once
/// The machine between its motors and its pen: what pulleys, belts, beam, holders and bed make of the places to which
/// the motors went. A machine as it should be changes nothing. Places of motors are klippy's mm; places of pens are
/// those of a good ruler.

#include <kf/drawing/point.hpp>
#include <kf/planner/planned_move.hpp>
#include <kf/units.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

namespace kf::sim {

/// Where the pen touches the paper: from a height on, with everything beyond it.
struct touch {
    mm at = 15;
    double towards = 1; ///< 1: a greater Z presses it down; -1: a lower one does

    /// Not negative: it touches.
    [[nodiscard]] mm depth(mm z) const noexcept { return (z - at) * towards; }
};

/// A tool that marks by contact, and where it is beside the carriage.
struct holder {
    touch where{};
    mm x = 0, y = 0;
};

struct mechanics {
    std::array<double, 2> scale{1, 1}; ///< of X and Y: how far the axis goes for a mm that it was sent
    std::array<mm, 2> backlash{};      ///< of X and Y: what is lost at a reversal
    mm second_leads = 0;               ///< how far the second X motor is ahead of the first
    mm second_switch = 0;              ///< how far ahead of the first one its own switch stops the second X motor
    mm beam = 350;                     ///< from the first X motor to the second, along Y
    std::array<double, 2> bed_slope{}; ///< by how much the touch's Z grows along X and Y, mm a mm
    std::vector<holder> holders{{}};
    std::array<double, 2> stall_speed{endless, endless}; ///< of X and Y, mm/s: a motor that is to go faster stands
    std::array<double, 2> stall_accel{endless, endless}; ///< mm/s^2: the same
    std::array<mm, 2> frame_min{-endless, -endless};     ///< of X and Y: there the carriage runs against the frame
    std::array<mm, 2> frame_max{endless, endless};
    double turns_a_turn = 1; ///< what a motor turns for a turn that it was sent: its driver's switches
    mm endstop_scatter = 0;  ///< standard deviation of the place at which an endstop triggers

    static constexpr double endless = std::numeric_limits<double>::infinity();
};

/// What carries the pen: it follows the motors, with play.
class linkage {
  public:
    /// A straight piece of the way, of the motors' way from `from` to `to` of it (0 to 1).
    struct piece {
        double from = 0, to = 1;
        drawing::point a{}, b{};
    };

    /// The first place is where both agree: half of the play lies on either side.
    [[nodiscard]] std::vector<piece> follow(const mechanics& m, const planner::xyz& a, const planner::xyz& b) {
        const std::array<mm, 2> from{a.x, a.y};
        const std::array<mm, 2> to{b.x, b.y};
        if (!placed_) carried_ = from, placed_ = true;
        std::vector<double> ends{1};
        for (std::size_t i = 0; i < 2; ++i) {
            const mm half = m.backlash[i] / 2;
            const mm way = to[i] - from[i];
            if (half == 0 || way == 0) continue;
            // The play is taken up where the motor is half of it ahead of what it carries.
            const double taken_up = (carried_[i] + (way > 0 ? half : -half) - from[i]) / way;
            if (taken_up > 0 && taken_up < 1) ends.push_back(taken_up);
        }
        std::ranges::sort(ends);
        std::vector<piece> out;
        double begin = 0;
        drawing::point last = place(m);
        for (const double end : ends) {
            for (std::size_t i = 0; i < 2; ++i) {
                const mm motor = end == 1 ? to[i] : from[i] + (to[i] - from[i]) * end;
                carried_[i] = std::clamp(carried_[i], motor - m.backlash[i] / 2, motor + m.backlash[i] / 2);
            }
            const drawing::point now = place(m);
            out.push_back({begin, end, last, now});
            begin = end;
            last = now;
        }
        return out;
    }

    /// What the motors are sent is counted in other mm now; nothing moves.
    void count_anew(const std::array<double, 2>& factor) noexcept {
        for (std::size_t i = 0; i < 2; ++i) carried_[i] *= factor[i];
    }

  private:
    /// Of the carriage; the second X motor, a beam's length along Y, makes it lean.
    [[nodiscard]] drawing::point place(const mechanics& m) const noexcept {
        const drawing::point straight{carried_[0] * m.scale[0], carried_[1] * m.scale[1]};
        return {straight.x + straight.y * (m.second_leads / m.beam), straight.y};
    }

    bool placed_ = false;
    std::array<mm, 2> carried_{}; ///< in mm of the motors
};

} // namespace kf::sim
