// SPDX-License-Identifier: MIT
#pragma once
/// The pen's way between the lines of a drawing, in their order: what drawing/order makes short.

#include <kf/drawing/drawing.hpp>
#include <kf/drawing/point.hpp>

#include <cmath>

namespace kf::drawing {

[[nodiscard]] inline mm distance(point a, point b) noexcept { return std::hypot(b.x - a.x, b.y - a.y); }

/// Calls visit(mm) for the way from the end of each line to the start of the next, from layer to layer too.
template<class Visit>
void for_each_travel(const drawing& d, Visit&& visit) {
    const polyline* last = nullptr;
    for (const layer& l : d.layers)
        for (const polyline& line : l.lines) {
            if (line.empty()) continue;
            if (last != nullptr) visit(distance(last->back(), line.front()));
            last = &line;
        }
}

[[nodiscard]] inline mm pen_up_mm(const drawing& d) {
    mm sum = 0;
    for_each_travel(d, [&](mm way) { sum += way; });
    return sum;
}

/// Each way by itself from rest to rest, without what lifting and lowering take.
[[nodiscard]] inline seconds pen_up_seconds(const drawing& d, mm_per_s speed, mm_per_s2 acceleration) {
    const mm both_ramps = speed * speed / acceleration;
    seconds sum = 0;
    for_each_travel(d, [&](mm way) {
        sum += way < both_ramps ? 2 * std::sqrt(way / acceleration) : way / speed + speed / acceleration;
    });
    return sum;
}

[[nodiscard]] inline mm length_of(const polyline& line) noexcept {
    mm sum = 0;
    for (std::size_t i = 1; i < line.size(); ++i) sum += distance(line[i - 1], line[i]);
    return sum;
}

} // namespace kf::drawing
