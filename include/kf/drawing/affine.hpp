// SPDX-License-Identifier: MIT
#pragma once
/// A plane affine map, written as SVG writes it: x' = a x + c y + e, y' = b x + d y + f. Used by the SVG reader for
/// its transform stack and by job/transform for the way from the canvas to the machine.

#include <kf/drawing/point.hpp>

#include <cmath>
#include <numbers>
#include <optional>

namespace kf::drawing {

struct affine {
    double a = 1, b = 0, c = 0, d = 1, e = 0, f = 0;
    bool operator==(const affine&) const = default;
};

[[nodiscard]] constexpr point apply(const affine& m, point p) noexcept {
    return {m.a * p.x + m.c * p.y + m.e, m.b * p.x + m.d * p.y + m.f};
}

/// outer * inner maps by inner first, as a list of SVG transforms reads.
[[nodiscard]] constexpr affine operator*(const affine& outer, const affine& inner) noexcept {
    return {outer.a * inner.a + outer.c * inner.b,           outer.b * inner.a + outer.d * inner.b,
            outer.a * inner.c + outer.c * inner.d,           outer.b * inner.c + outer.d * inner.d,
            outer.a * inner.e + outer.c * inner.f + outer.e, outer.b * inner.e + outer.d * inner.f + outer.f};
}

[[nodiscard]] constexpr affine translation(double x, double y) noexcept { return {1, 0, 0, 1, x, y}; }
[[nodiscard]] constexpr affine scaling(double x, double y) noexcept { return {x, 0, 0, y, 0, 0}; }

/// Positive turns +X towards +Y: clockwise on a canvas. Quarter turns are exact.
[[nodiscard]] inline affine rotation(double degrees) noexcept {
    const double turn = std::remainder(degrees, 360.0);
    double sine = std::sin(turn * std::numbers::pi / 180), cosine = std::cos(turn * std::numbers::pi / 180);
    if (std::fmod(turn, 90.0) == 0) {
        sine = std::round(sine);
        cosine = std::round(cosine);
    }
    return {cosine, sine, -sine, cosine, 0, 0};
}

/// Nothing when the map flattens the plane to a line or a point.
[[nodiscard]] inline std::optional<affine> inverse(const affine& m) noexcept {
    const double det = m.a * m.d - m.b * m.c;
    if (det == 0 || !std::isfinite(1 / det)) return std::nullopt;
    return affine{
        m.d / det, -m.b / det, -m.c / det, m.a / det, (m.c * m.f - m.d * m.e) / det, (m.b * m.e - m.a * m.f) / det};
}

} // namespace kf::drawing
