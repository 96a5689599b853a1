// SPDX-License-Identifier: MIT
#pragma once
/// The printer that --sim starts for a machine.yaml: a printer.cfg with its axes, motors and limits, and where its pen
/// touches the paper, as `ksim printer` takes them. A simulation of another build would refuse the machine, or draw
/// with the pen in the air.

#include <kf/machine/machine.hpp>

#include <fmt/format.h>

#include <cmath>
#include <string>
#include <vector>

namespace kf::plotting {

[[nodiscard]] inline std::string simulated_printer_cfg(const machine::machine& m) {
    using side = machine::axis::side;
    std::string cfg = fmt::format("[printer]\nkinematics: cartesian\nmax_velocity: {}\nmax_accel: {}\n",
                                  m.motion.max_velocity_mm_s, m.motion.max_accel_mm_s2);
    const auto limit = [&](const char* key, const std::optional<double>& value) {
        if (value) cfg += fmt::format("{}: {}\n", key, *value);
    };
    limit("max_z_velocity", m.motion.max_z_velocity_mm_s);
    limit("max_z_accel", m.motion.max_z_accel_mm_s2);
    limit("square_corner_velocity", m.motion.square_corner_velocity_mm_s);
    // Where nothing says to which end Z goes: away from the paper.
    const side up = m.z_states.travel_mm > m.tools.front().work_mm ? side::max : side::min;
    const auto axis = [&](char name, mm min, mm max, side homes_to, std::optional<mm> rotation) {
        const mm endstop = homes_to == side::max ? max : min <= 0 && 0 < max - (max - min) / 2 ? 0 : min;
        cfg += fmt::format("\n[stepper_{}]\nposition_min: {}\nposition_max: {}\nposition_endstop: {}\n"
                           "homing_positive_dir: {}\nhoming_speed: {}\nmicrosteps: {}\n",
                           name, min, max, endstop, homes_to == side::max, m.motion.homing_speed_mm_s,
                           m.steppers.klipper_microsteps);
        limit("rotation_distance", rotation);
        if (const int steps = machine::full_steps_per_rev(m.steppers.motor_type); steps != 0)
            cfg += fmt::format("full_steps_per_rotation: {}\n", steps);
    };
    axis('x', m.work_area_min_mm.x, m.work_area_mm.x, m.axes.x.homing_side.value_or(side::min),
         m.steppers.rotation_of_x());
    axis('y', m.work_area_min_mm.y, m.work_area_mm.y, m.axes.y.homing_side.value_or(side::min),
         m.steppers.rotation_of_y());
    axis('z', m.work_area_min_mm.z, m.work_area_mm.z, m.axes.z.homing_side.value_or(up),
         m.steppers.z_rotation_distance);
    return cfg;
}

/// ksim's option for the height at which a tool begins to touch: half way down from the travel height to the nearest
/// work height of the machine's tools, so that each of them draws.
[[nodiscard]] inline std::vector<std::string> simulated_pen(const machine::machine& m) {
    const mm up = m.z_states.travel_mm;
    mm down = m.tools.front().work_mm;
    for (const auto& tool : m.tools)
        if (std::fabs(tool.work_mm - up) < std::fabs(down - up)) down = tool.work_mm;
    return {down > up ? "--pen-down" : "--pen-below", fmt::format("{}", (up + down) / 2)};
}

} // namespace kf::plotting
