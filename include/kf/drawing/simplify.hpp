// SPDX-License-Identifier: MIT
#pragma once
/// Leaves out points that a line does without: what remains is nowhere further than the tolerance from what was
/// (Douglas and Peucker, 1973). Corners are kept where they are.

#include <kf/drawing/corner.hpp>
#include <kf/drawing/drawing.hpp>
#include <kf/drawing/travel.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace kf::drawing {

struct simplify_options {
    mm tolerance = 0.02;
};

/// From p to the straight way between a and b.
[[nodiscard]] inline mm distance_to_segment(point p, point a, point b) noexcept {
    const point way{b.x - a.x, b.y - a.y};
    const double squared = way.x * way.x + way.y * way.y;
    if (!(squared > 0)) return distance(p, a);
    const double along = std::clamp(((p.x - a.x) * way.x + (p.y - a.y) * way.y) / squared, 0.0, 1.0);
    return distance(p, {a.x + along * way.x, a.y + along * way.y});
}

namespace detail {

inline void keep_between(const polyline& line, std::size_t begin, std::size_t end, mm tolerance,
                         std::vector<std::uint8_t>& kept) {
    std::vector<std::pair<std::size_t, std::size_t>> open = {{begin, end}};
    while (!open.empty()) {
        const auto [from, to] = open.back();
        open.pop_back();
        mm farthest = tolerance;
        std::size_t at = from;
        for (std::size_t i = from + 1; i < to; ++i)
            if (const mm d = distance_to_segment(line[i], line[from], line[to]); d > farthest) {
                farthest = d;
                at = i;
            }
        if (at == from) continue;
        kept[at] = 1;
        open.emplace_back(from, at);
        open.emplace_back(at, to);
    }
}

[[nodiscard]] inline polyline simplified(const polyline& line, mm tolerance) {
    if (line.size() < 3) return line;
    std::vector<std::uint8_t> kept(line.size());
    kept.front() = kept.back() = 1;
    for (std::size_t i = 1; i + 1 < line.size(); ++i)
        if (distance(line[i - 1], line[i]) > tolerance && distance(line[i], line[i + 1]) > tolerance &&
            is_corner(line[i - 1], line[i], line[i + 1]))
            kept[i] = 1;
    // A point now and then, so that a line of a million points does not take its square in steps.
    constexpr std::size_t often = 4096;
    for (std::size_t i = often; i < line.size(); i += often) kept[i] = 1;
    if (closed(line)) {
        std::size_t farthest = 0;
        for (std::size_t i = 1; i < line.size(); ++i)
            if (distance(line[0], line[i]) > distance(line[0], line[farthest])) farthest = i;
        kept[farthest] = 1;
    }
    for (std::size_t from = 0, i = 1; i < line.size(); ++i) {
        if (kept[i] == 0) continue;
        keep_between(line, from, i, tolerance, kept);
        from = i;
    }
    polyline result;
    for (std::size_t i = 0; i < line.size(); ++i)
        if (kept[i] != 0) result.push_back(line[i]);
    return result;
}

} // namespace detail

[[nodiscard]] inline drawing simplify(drawing d, const simplify_options& options = {}) {
    for (layer& l : d.layers)
        for (polyline& line : l.lines) line = detail::simplified(line, options.tolerance);
    return d;
}

} // namespace kf::drawing
