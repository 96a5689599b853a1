// SPDX-License-Identifier: MIT
#pragma once
/// A drawn vernier: a comb of lines at `pitch`, and beside it a second one with `divisions` lines on the length of
/// divisions - 1 pitches. Where a line of the one meets a line of the other says by how much they are displaced, to a
/// divisions-th of the pitch, without any instrument.

#include <kf/units.hpp>

#include <cmath>
#include <compare>

namespace kf::cal {

struct vernier {
    mm pitch = 1;
    int divisions = 20;

    [[nodiscard]] constexpr mm least_count() const noexcept { return pitch / divisions; }
    /// From one line of the second comb to the next.
    [[nodiscard]] constexpr mm second_pitch() const noexcept { return pitch * (divisions - 1) / divisions; }
    [[nodiscard]] constexpr mm length() const noexcept { return pitch * (divisions - 1); }
    /// Standard uncertainty of a reading that is right to half a least count; a pen's line of 0.3 to 0.5 mm makes it
    /// worse.
    [[nodiscard]] double least_u() const noexcept { return least_count() / std::sqrt(12.0); }
};

/// Which lines meet, counted from the zero of each comb in the direction of the axis; numbers below 0 are lines on the
/// other side of the zero.
struct coincidence {
    int main = 0;
    int second = 0;
    auto operator<=>(const coincidence&) const = default;
};

/// How far the second comb's zero lies from the main one's along the axis, mm.
[[nodiscard]] constexpr mm displacement(const vernier& v, coincidence c) noexcept {
    return c.main * v.pitch - c.second * v.second_pitch();
}

} // namespace kf::cal
