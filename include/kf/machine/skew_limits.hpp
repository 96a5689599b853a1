// SPDX-License-Identifier: MIT
#pragma once
/// What a skew correction leaves of the work area. Klipper moves to x - y * tangent for a G-code place (x, y) and looks
/// at its limits only then, so they are computed behind the skew, here and nowhere before.

#include <kf/error.hpp>
#include <kf/io/decimal.hpp>
#include <kf/machine/xy.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace kf::machine {

/// Where the motors go for a place of G-code.
[[nodiscard]] inline xy behind_skew(xy place, double tangent) noexcept {
    return {place.x - place.y * tangent, place.y};
}

/// The place of G-code that the motors stand at.
[[nodiscard]] inline xy before_skew(xy at, double tangent) noexcept { return {at.x + at.y * tangent, at.y}; }

/// The upright box of G-code places that stay inside of `area` at every Y of it. errc::out_of_bounds when the lean
/// takes all of X.
[[nodiscard]] inline result<box> box_behind_skew(const box& area, double tangent) {
    const mm at_bottom = area.min.y * tangent;
    const mm at_top = area.max.y * tangent;
    box left = area;
    left.min.x += std::max(at_bottom, at_top);
    left.max.x += std::min(at_bottom, at_top);
    if (left.min.x < left.max.x) return left;
    return kf::fail(errc::out_of_bounds,
                    fmt::format("a skew of {} leaves nothing of X from {} to {}", io::to_decimal(tangent, 6),
                                io::to_decimal(area.min.x, 3), io::to_decimal(area.max.x, 3)));
}

/// How far X jumps at the next move of any axis after SET_SKEW XY=... at `y`: it does not look anew where the head is,
/// as SKEW_PROFILE LOAD and SET_SKEW CLEAR=1 do.
[[nodiscard]] constexpr mm jump_after_set_skew(mm y, double tangent) noexcept { return -y * tangent; }

} // namespace kf::machine
