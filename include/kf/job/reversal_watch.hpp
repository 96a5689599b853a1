// SPDX-License-Identifier: MIT
#pragma once
/// The sharp turns that a stepper motor of a light gantry loses steps at. For job/gcode, which pauses there.

#include <kf/machine/xy.hpp>
#include <kf/units.hpp>

#include <cmath>

namespace kf::job {

/// Watches X and Y for a motor that is turned back at once while it is fast: both speeds of an axis above one turn a
/// second, opposite in sign, in consecutive moves without a stop of the pause's length between them.
class reversal_watch {
    machine::xy speed_{}; // of the last move, mm/s
    seconds rest_ = 0;    // since then

  public:
    void rest(seconds s) noexcept { rest_ += s; }
    void forget() noexcept { speed_ = {}, rest_ = 0; }

    [[nodiscard]] bool turns_back(machine::xy next, mm_per_s limit, seconds pause) const noexcept {
        const auto axis = [&](double before, double after) {
            return std::fabs(before) > limit && std::fabs(after) > limit && (before > 0) != (after > 0);
        };
        return pause > 0 && rest_ < pause && (axis(speed_.x, next.x) || axis(speed_.y, next.y));
    }
    void moved(machine::xy speed) noexcept { speed_ = speed, rest_ = 0; }
};

} // namespace kf::job
