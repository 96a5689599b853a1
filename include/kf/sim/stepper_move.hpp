// SPDX-License-Identifier: MIT
#pragma once
/// A move of one motor by itself, as Klipper's FORCE_MOVE and MANUAL_STEPPER have it: from rest to rest, or without an
/// acceleration at one speed from its begin to its end.

#include <kf/planner/planned_move.hpp>

#include <algorithm>
#include <cmath>

namespace kf::sim {

/// Its times and speeds alone: where it goes is the motor's. `accel` 0: there is none.
[[nodiscard]] inline planner::planned_move stepper_move(mm distance, mm_per_s speed, mm_per_s2 accel) noexcept {
    planner::planned_move m;
    m.distance = std::fabs(distance);
    m.accel = accel > 0 ? accel : 1;
    if (accel <= 0 || m.distance == 0) {
        m.start_v = m.cruise_v = m.end_v = speed;
        m.cruise_t = m.distance / speed;
        return m;
    }
    m.cruise_v = std::min(speed, std::sqrt(m.distance * accel));
    m.accel_t = m.decel_t = m.cruise_v / accel;
    m.cruise_t = (m.distance - m.accel_t * m.cruise_v) / m.cruise_v;
    return m;
}

} // namespace kf::sim
