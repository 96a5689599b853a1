// SPDX-License-Identifier: MIT
#pragma once
/// The geometry of a draw_arc from a known beginning: its length, the points where it bulges farthest, and points
/// along it no farther than a tolerance from the true arc. Canvas coordinates; angles grow from +X to +Y.

#include <kf/job/operation.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <expected>
#include <numbers>
#include <string>

namespace kf::job {

struct arc {
    point start, end, center;
    double radius = 0;      ///< at the start
    double end_radius = 0;  ///< differs from it by rounding only
    double start_angle = 0; ///< radians
    double sweep = 0;       ///< radians, positive from +X to +Y: clockwise as seen on the canvas

    [[nodiscard]] double length() const noexcept { return std::fabs(sweep) * (radius + end_radius) / 2; }
    [[nodiscard]] point at(double share) const noexcept {
        const double angle = start_angle + sweep * share, r = radius + (end_radius - radius) * share;
        return {center.x + r * std::cos(angle), center.y + r * std::sin(angle)};
    }
};

/// The arc of `op` from `start`, or why there is none.
[[nodiscard]] inline std::expected<arc, std::string> make_arc(point start, const draw_arc& op) {
    constexpr double full = 2 * std::numbers::pi, smallest = 1e-3, rounding = 0.05, same = 1e-6;
    arc a{.start = start, .end = op.to, .center = {start.x + op.center.x, start.y + op.center.y}};
    a.radius = std::hypot(op.center.x, op.center.y);
    a.end_radius = std::hypot(op.to.x - a.center.x, op.to.y - a.center.y);
    if (!(a.radius >= smallest)) return std::unexpected("its center lies on its beginning");
    if (!(std::fabs(a.radius - a.end_radius) <= rounding))
        return std::unexpected("its end is not as far from the center as its beginning");
    a.start_angle = std::atan2(-op.center.y, -op.center.x);
    const double end_angle = std::atan2(op.to.y - a.center.y, op.to.x - a.center.x);
    const bool clockwise = op.way == turn::clockwise;
    double turned = clockwise ? end_angle - a.start_angle : a.start_angle - end_angle;
    while (turned < 0) turned += full;
    while (turned >= full) turned -= full;
    const bool closes = std::fabs(op.to.x - start.x) <= same && std::fabs(op.to.y - start.y) <= same;
    a.sweep = (closes ? full : turned) * (clockwise ? 1 : -1);
    return a;
}

/// Calls visit(point) for the end and for each point of the arc at angle `first` plus any number of `step`, radians.
template<class Visit>
void for_each_at(const arc& a, double first, double step, Visit&& visit) {
    const double low = std::min(a.start_angle, a.start_angle + a.sweep);
    const double high = std::max(a.start_angle, a.start_angle + a.sweep);
    for (double k = std::ceil((low - first) / step); first + k * step <= high; ++k) {
        const double share = a.sweep != 0 ? (first + k * step - a.start_angle) / a.sweep : 0;
        visit(a.at(std::clamp(share, 0.0, 1.0)));
    }
    visit(a.end);
}

/// Calls visit(point) for the end and for each point where the arc turns back in X or Y: its bounding box.
template<class Visit>
void for_each_extreme(const arc& a, Visit&& visit) {
    for_each_at(a, 0, std::numbers::pi / 2, visit);
}

/// Calls visit(point) along the arc, its end last and exact, the chords at most `tolerance` inside of it.
template<class Visit>
void flatten(const arc& a, mm tolerance, Visit&& visit) {
    constexpr double most = 100000;
    const double radius = std::max(a.radius, a.end_radius);
    const double chord = 2 * std::acos(std::clamp(1 - tolerance / radius, 0.0, 1.0));
    const double pieces = std::clamp(std::ceil(std::fabs(a.sweep) / std::max(chord, 1e-9)), 1.0, most);
    for (double i = 1; i < pieces; ++i) visit(a.at(i / pieces));
    visit(a.end);
}

} // namespace kf::job
