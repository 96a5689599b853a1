// SPDX-License-Identifier: MIT
#pragma once
/// The grid of a job file: its numbers have job_decimals places. A drawing lies on it from filter to filter, so that
/// one process makes of it what a pipe of several does, to the last bit.

#include <kf/drawing/drawing.hpp>
#include <kf/job/operation.hpp>

#include <cmath>

namespace kf::job {

[[nodiscard]] inline double on_grid(double value) noexcept {
    constexpr double grid = 1e6;
    static_assert(job_decimals == 6);
    return std::round(value * grid) / grid;
}
[[nodiscard]] inline point on_grid(point p) noexcept { return {on_grid(p.x), on_grid(p.y)}; }

/// Page and ink.
inline void lay_on_grid(drawing::drawing& d) noexcept {
    d.width = on_grid(d.width);
    d.height = on_grid(d.height);
    for (drawing::layer& l : d.layers)
        for (drawing::polyline& line : l.lines)
            for (point& p : line) p = on_grid(p);
}

} // namespace kf::job
