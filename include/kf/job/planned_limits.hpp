// SPDX-License-Identifier: MIT
#pragma once
/// What machine.yaml says of motion, as Klipper's planner takes it: for what is planned without asking the printer.

#include <kf/machine/machine.hpp>
#include <kf/planner/motion_limits.hpp>

namespace kf::job {

[[nodiscard]] inline planner::motion_limits planned_limits(const machine::machine& m) {
    planner::motion_limits limits;
    limits.max_velocity = m.motion.max_velocity_mm_s;
    limits.max_accel = m.motion.max_accel_mm_s2;
    if (m.motion.square_corner_velocity_mm_s) limits.square_corner_velocity = *m.motion.square_corner_velocity_mm_s;
    limits.max_z_velocity = m.motion.max_z_velocity_mm_s;
    limits.max_z_accel = m.motion.max_z_accel_mm_s2;
    return limits;
}

} // namespace kf::job
