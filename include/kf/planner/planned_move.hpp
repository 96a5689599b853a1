// SPDX-License-Identifier: MIT
#pragma once
/// A straight move with its final speeds, as lookahead gives it out: where the machine is and how fast at any time of
/// it. For the simulated printer, previews and ETA.

#include <kf/units.hpp>

#include <algorithm>
#include <cstdint>

namespace kf::planner {

/// A place of the machine, mm.
struct xyz {
    mm x = 0;
    mm y = 0;
    mm z = 0;
    bool operator==(const xyz&) const = default;
};

/// A move with its final speeds. It starts `at` seconds after the planner's zero.
struct planned_move {
    xyz start;
    xyz end;
    xyz direction;   ///< unit vector; of none when the extruder moves alone
    mm distance = 0; ///< of the head, or of the filament when it moves alone
    mm_per_s2 accel = 0;
    mm_per_s start_v = 0;
    mm_per_s cruise_v = 0;
    mm_per_s end_v = 0;
    seconds accel_t = 0;
    seconds cruise_t = 0;
    seconds decel_t = 0;
    seconds at = 0;
    mm_per_s wanted_v = 0; ///< the speed that was asked for, within the limits of the machine
    std::uint64_t tag = 0; ///< what the caller gave: a byte offset, a stroke number

    [[nodiscard]] seconds duration() const noexcept { return accel_t + cruise_t + decel_t; }
    [[nodiscard]] bool is_of_head() const noexcept { return start != end; }
};

/// Millimetres of the move done, and the speed, `t` seconds after its start (clamped to the move).
[[nodiscard]] mm distance_at(const planned_move& m, seconds t) noexcept;
[[nodiscard]] mm_per_s speed_at(const planned_move& m, seconds t) noexcept;
[[nodiscard]] xyz position_at(const planned_move& m, seconds t) noexcept;

inline mm distance_at(const planned_move& m, seconds t) noexcept {
    if (t <= 0) return 0;
    if (t < m.accel_t) return (m.start_v + 0.5 * m.accel * t) * t;
    // From the end backwards, so that the end is met exactly.
    const seconds left = m.duration() - t;
    if (left <= 0) return m.distance;
    if (left < m.decel_t) return m.distance - (m.end_v + 0.5 * m.accel * left) * left;
    return (m.start_v + m.cruise_v) * 0.5 * m.accel_t + m.cruise_v * (t - m.accel_t);
}

inline mm_per_s speed_at(const planned_move& m, seconds t) noexcept {
    t = std::clamp(t, 0.0, m.duration());
    if (t < m.accel_t) return m.start_v + m.accel * t;
    const seconds left = m.duration() - t;
    return left < m.decel_t ? m.end_v + m.accel * left : m.cruise_v;
}

inline xyz position_at(const planned_move& m, seconds t) noexcept {
    const mm d = distance_at(m, t);
    if (d >= m.distance) return m.end;
    return {m.start.x + m.direction.x * d, m.start.y + m.direction.y * d, m.start.z + m.direction.z * d};
}

} // namespace kf::planner
