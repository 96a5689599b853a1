// SPDX-License-Identifier: MIT
#pragma once
/// Dimensions, motors and limits of machine.yaml against printer.cfg as Klipper has read it. All differences are told
/// at once. Pure.

#include <kf/klippy/settings.hpp>
#include <kf/machine/machine.hpp>
#include <kf/run/transforms.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kf::run {

namespace detail {

/// All faults of one look, so that one look mends them all.
class fault_list {
    std::string text_;
    std::size_t count_ = 0;

  public:
    void add(std::string line) {
        if (count_++ != 0) text_ += '\n';
        text_ += line;
    }
    /// Both are numbers with one unit.
    void differs(std::string_view what, double ours, std::string_view key, double klippers) {
        add(fmt::format("{}: machine.yaml has {}, Klipper's {} is {}.", what, mm_text(ours), key, mm_text(klippers)));
    }
    [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
    [[nodiscard]] std::string take() { return std::move(text_); }
};

inline bool same(double a, double b) { return std::fabs(a - b) <= 1e-6 * std::max({1.0, std::fabs(a), std::fabs(b)}); }

/// Whether an axis is homed towards its greater coordinates; nothing when it has no endstop. As Klipper decides it.
inline std::optional<bool> homes_up(const klippy::settings& s, char axis) {
    if (const auto told = s.flag(fmt::format("stepper_{}", axis), "homing_positive_dir")) return told;
    const auto low = s.position_min(axis), high = s.position_max(axis), at = s.position_endstop(axis);
    if (!high || !at) return std::nullopt;
    return *at - low.value_or(0) > *high - *at;
}

inline void compare_axes(const machine::machine& m, const klippy::settings& s, fault_list& faults) {
    const bool z_is_known = m.steppers.z_rotation_distance.has_value();
    for (const char axis : {'x', 'y', 'z'}) {
        const std::string section = fmt::format("stepper_{}", axis);
        if (!s.has_section(section)) {
            faults.add(fmt::format("Klipper has no [{}].", section));
            continue;
        }
        const mm far = axis == 'x' ? m.work_area_mm.x : axis == 'y' ? m.work_area_mm.y : m.work_area_mm.z;
        const mm near = axis == 'x' ? m.work_area_min_mm.x : axis == 'y' ? m.work_area_min_mm.y : m.work_area_min_mm.z;
        if (const auto theirs = s.position_max(axis); theirs && !same(*theirs, far))
            faults.differs(fmt::format("machine.work_area_mm.{}", axis), far, section + ".position_max", *theirs);
        // Z may reach lower on the printer than any tool of ours goes; X and Y begin where they are homed.
        if (const auto theirs = s.position_min(axis); theirs && (axis == 'z' ? near < *theirs : !same(*theirs, near)))
            faults.differs(fmt::format("machine.work_area_min_mm.{}", axis), near, section + ".position_min", *theirs);
        if (axis != 'z') {
            // Which end it homes to; the endstop itself may sit anywhere between the ends.
            using side = machine::axis::side;
            const auto ours = axis == 'x' ? m.axes.x.homing_side : m.axes.y.homing_side;
            if (const auto up = homes_up(s, axis); ours && up && *up != (*ours == side::max))
                faults.add(fmt::format("axes.{}.homing_side: machine.yaml has {}, Klipper homes {} towards its {} "
                                       "(position_endstop {}).",
                                       axis, *ours == side::max ? "max" : "min", section, *up ? "max" : "min",
                                       mm_text(s.position_endstop(axis).value_or(0))));
        }
        if (axis == 'z' && !z_is_known) continue; // machine.yaml does not say what drives Z
        const mm rotation = axis == 'z'   ? *m.steppers.z_rotation_distance
                            : axis == 'x' ? m.steppers.rotation_of_x()
                                          : m.steppers.rotation_of_y();
        const bool own = axis == 'z' || (axis == 'x' ? m.steppers.x_rotation_distance.has_value()
                                                     : m.steppers.y_rotation_distance.has_value());
        const std::string key = fmt::format("steppers.{}_rotation_distance", own ? std::string(1, axis) : "xy");
        std::vector<std::string> motors{section};
        for (int i = 1; s.has_section(section + std::to_string(i)); ++i) motors.push_back(section + std::to_string(i));
        for (const std::string& motor : motors) {
            const auto theirs_a_turn = s.number(motor, "rotation_distance");
            const double gears = s.gear_ratio(motor).value_or(0);
            if (theirs_a_turn && gears == 1 && !same(*theirs_a_turn, rotation))
                faults.differs(key, rotation, motor + ".rotation_distance", *theirs_a_turn);
            else if (theirs_a_turn && (gears == 0 || !same(*theirs_a_turn / gears, rotation)))
                faults.add(fmt::format("{}: machine.yaml has {}, Klipper's {}.rotation_distance is {} behind gears{}.",
                                       key, mm_text(rotation), motor, mm_text(*theirs_a_turn),
                                       gears == 0
                                           ? " that cannot be read"
                                           : fmt::format(", {} a turn of the motor", mm_text(*theirs_a_turn / gears))));
            if (const auto theirs = s.number(motor, "microsteps");
                theirs && !same(*theirs, m.steppers.klipper_microsteps))
                faults.differs("steppers.klipper_microsteps", m.steppers.klipper_microsteps, motor + ".microsteps",
                               *theirs);
            const int full_steps = machine::full_steps_per_rev(m.steppers.motor_type);
            if (const auto theirs = s.number(motor, "full_steps_per_rotation");
                theirs && full_steps != 0 && !same(*theirs, full_steps))
                faults.differs("steppers.motor_type (full steps a turn)", full_steps,
                               motor + ".full_steps_per_rotation", *theirs);
        }
    }
}

inline void compare_limits(const machine::machine& m, const klippy::settings& s, fault_list& faults) {
    const auto above = [&](std::string_view key, std::optional<double> ours, std::string_view theirs_name,
                           std::optional<double> theirs) {
        if (ours && theirs && *ours > *theirs && !same(*ours, *theirs))
            faults.add(fmt::format("motion.{} is {}, above Klipper's {} of {}.", key, mm_text(*ours), theirs_name,
                                   mm_text(*theirs)));
    };
    above("max_velocity_mm_s", m.motion.max_velocity_mm_s, "max_velocity", s.max_velocity());
    above("max_accel_mm_s2", m.motion.max_accel_mm_s2, "max_accel", s.max_accel());
    above("max_z_velocity_mm_s", m.motion.max_z_velocity_mm_s, "max_z_velocity", s.max_z_velocity());
    above("max_z_accel_mm_s2", m.motion.max_z_accel_mm_s2, "max_z_accel", s.max_z_accel());
    above("square_corner_velocity_mm_s", m.motion.square_corner_velocity_mm_s, "square_corner_velocity",
          s.square_corner_velocity());
}

} // namespace detail

/// errc::mismatch, with all that differs.
[[nodiscard]] inline result<void> compare_settings(const machine::machine& m, const klippy::settings& s) {
    detail::fault_list faults;
    detail::compare_axes(m, s, faults);
    detail::compare_limits(m, s, faults);
    if (faults.empty()) return {};
    return kf::fail({errc::mismatch,
                     "machine.yaml does not fit this printer",
                     faults.take(),
                     {},
                     {"Correct machine.yaml or printer.cfg; they have to agree.", "kplot machine show"}});
}

} // namespace kf::run
