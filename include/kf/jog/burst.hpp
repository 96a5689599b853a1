// SPDX-License-Identifier: MIT
#pragma once
/// The arithmetic of a held key. Klipper has no jog that can be taken back: what is queued is driven. So a held key is
/// a chain of short moves, each sent while the one before it runs, and what has been sent is always so little that the
/// machine stands within `promise` seconds of travel after the release. Sooner than `lead` before the end of the chain
/// Klipper would let it stand at each seam. Both as measured on real klippy: docs/JOG.md.

#include <kf/units.hpp>

#include <algorithm>
#include <cmath>

namespace kf::jog {

/// The bound that is shown: speed times this, deceleration included.
inline constexpr seconds promise = 0.75;
/// What the bound keeps for what we cannot see: a byte that waits in a terminal, a Klipper that is late.
inline constexpr seconds reserve = 0.03;
inline constexpr seconds longest_burst = 0.40;
/// Below this a burst is not worth its two ramps.
inline constexpr seconds shortest_burst = 0.12;
/// A next move that Klipper gets this long before the end of the last one follows it without a rest.
inline constexpr seconds lead = 0.37;
/// From a bare G1 to its first step, when the machine stood.
inline constexpr seconds start_delay = 0.355;
/// Klipper waits for more when commands come closer than this.
inline constexpr seconds between_scripts = 0.10;

struct motion_profile {
    mm_per_s speed = 0;
    mm_per_s2 accel = 0;
    double minimum_cruise_ratio = 0;
};

/// From rest to rest over `way`, as Klipper plans a move that stands alone.
[[nodiscard]] inline seconds motion_time(mm way, const motion_profile& p) noexcept {
    if (way <= 0 || p.speed <= 0 || p.accel <= 0) return 0;
    const mm_per_s top = std::min(p.speed, std::sqrt(way * p.accel * (1 - p.minimum_cruise_ratio)));
    return way / top + top / p.accel;
}

/// How many seconds of travel may be added to a chain that ends in `left` seconds, when the key was last known to be
/// down `age` seconds ago.
[[nodiscard]] constexpr seconds burst_length(seconds left, seconds age) noexcept {
    return std::min(longest_burst, promise - reserve - std::max(0.0, left) - std::max(0.0, age));
}

} // namespace kf::jog
