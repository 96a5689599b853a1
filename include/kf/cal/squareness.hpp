// SPDX-License-Identifier: MIT
#pragma once
/// By how much Y leans against X, found in three ways. The result is the tangent of the angle as Klipper's
/// skew_correction has it: positive when the machine draws x + y * tangent for x. Corners: A is the lower left one, D
/// the lower right one, C the upper right one, B the upper left one. Spec: Klipper's Skew_Correction.md.

#include <kf/cal/uncertainty.hpp>
#include <kf/error.hpp>
#include <kf/units.hpp>

#include <array>
#include <cmath>
#include <numbers>
#include <span>

namespace kf::cal {

[[nodiscard]] inline double to_degrees(double tangent) noexcept { return std::atan(tangent) * 180 / std::numbers::pi; }
[[nodiscard]] inline double to_tangent(double degrees) noexcept { return std::tan(degrees * std::numbers::pi / 180); }
/// Angle and doubt in degrees.
[[nodiscard]] inline measurement to_degrees(const measurement& tangent) noexcept {
    const double slope = 180 / std::numbers::pi / (1 + tangent.value * tangent.value);
    return {to_degrees(tangent.value), tangent.u * slope, tangent.dof};
}

/// The side AB of the parallelogram with diagonals AC and BD and the side AD, mm.
[[nodiscard]] inline mm other_side(mm ac, mm bd, mm ad) noexcept {
    return 0.5 * std::sqrt(2 * ac * ac + 2 * bd * bd - 4 * ad * ad);
}

/// From both diagonals and the side along X. errc::usage when no parallelogram has such lengths.
[[nodiscard]] inline result<measurement> lean_by_diagonals(const measurement& ac, const measurement& bd,
                                                           const measurement& ad) {
    const auto sine = [](std::span<const double> l) {
        return (l[0] * l[0] - l[1] * l[1]) / (4 * other_side(l[0], l[1], l[2]) * l[2]);
    };
    const std::array<measurement, 3> lengths{ac, bd, ad};
    const std::array<double, 3> values{ac.value, bd.value, ad.value};
    if (const double k = sine(values); !(ad.value > 0) || !(std::fabs(k) < 1))
        return kf::fail(errc::usage, "no square or parallelogram has these diagonals and this side");
    return propagated(
        [&](std::span<const double> l) {
            const double k = sine(l);
            return k / std::sqrt(1 - k * k);
        },
        lengths);
}

/// 3-4-5 at the lower right corner D: leg `a` from there along X to A, leg `b` along Y to C, and the way `c` from A to
/// C, which is longer than by Pythagoras when the lean is positive. At the lower left corner the sign is the other one.
/// errc::usage when these are no triangle.
[[nodiscard]] inline result<measurement> lean_by_triangle(const measurement& a, const measurement& b,
                                                          const measurement& c) {
    const auto sine = [](std::span<const double> l) {
        return (l[2] * l[2] - l[0] * l[0] - l[1] * l[1]) / (2 * l[0] * l[1]);
    };
    const std::array<measurement, 3> lengths{a, b, c};
    const std::array<double, 3> values{a.value, b.value, c.value};
    if (!(a.value > 0) || !(b.value > 0) || !(std::fabs(sine(values)) < 1))
        return kf::fail(errc::usage, "no triangle has these three sides");
    return propagated(
        [&](std::span<const double> l) {
            const double s = sine(l);
            return s / std::sqrt(1 - s * s);
        },
        lengths);
}

/// Reversal, without an instrument: an L with legs of length `leg` is drawn, the sheet turned by 90 degrees, its Y leg
/// laid along the X leg of the next L, which is drawn from the same corner. The new Y leg ends `aside` to the right of
/// the old X leg, by twice the lean. errc::usage when `leg` is not positive.
[[nodiscard]] inline result<measurement> lean_by_reversal(const measurement& aside, mm leg) {
    if (!(leg > 0)) return kf::fail(errc::usage, "the leg of a reversal has no length");
    return measurement{aside.value / (2 * leg), aside.u / (2 * leg), aside.dof};
}

/// How far the second X motor, `span` mm along Y from the first, must go so that Y stands straight, mm.
[[nodiscard]] inline measurement racking_move(const measurement& tangent, mm span) noexcept {
    return {-tangent.value * span, tangent.u * span, tangent.dof};
}

} // namespace kf::cal
