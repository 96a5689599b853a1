// SPDX-License-Identifier: MIT
#pragma once
/// How well an endstop repeats: where it triggered in each of N cycles, as the motor's steps count it.

#include <kf/cal/uncertainty.hpp>
#include <kf/error.hpp>
#include <kf/units.hpp>

#include <algorithm>
#include <cmath>
#include <span>

namespace kf::cal {

struct endstop_repeat {
    measurement place;     ///< the mean, mm; U95 of it
    measurement deviation; ///< standard deviation of one homing, mm
    mm range = 0;          ///< from the least to the greatest
    mm microstep = 0;

    /// A spread of two microsteps is the counting alone: one on either side.
    [[nodiscard]] bool is_within_counting() const noexcept { return range <= 2 * microstep * (1 + 1e-9); }
    [[nodiscard]] double in_microsteps() const noexcept { return range / microstep; }
};

[[nodiscard]] constexpr mm microstep_length(mm rotation_distance, int full_steps, int microsteps) noexcept {
    return rotation_distance / (full_steps * microsteps);
}

/// At least three cycles; fewer are errc::usage. The count of steps is a ruler with the microstep as its division, and
/// the scatter shows its rounding unless all cycles give the same count.
[[nodiscard]] inline result<endstop_repeat> endstop_of(std::span<const double> places, mm microstep) {
    if (places.size() < 3) return kf::fail(errc::usage, "an endstop's repeatability needs at least three cycles");
    KF_TRY(measurement place, mean_of(places));
    const double n = static_cast<double>(places.size());
    const mm deviation = std::max(place.u * std::sqrt(n), read_to(microstep).u);
    place.u = deviation / std::sqrt(n);
    const auto [least, most] = std::ranges::minmax(places);
    return endstop_repeat{place, {deviation, deviation / std::sqrt(2 * (n - 1)), n - 1}, most - least, microstep};
}

} // namespace kf::cal
