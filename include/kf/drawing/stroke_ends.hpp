// SPDX-License-Identifier: MIT
#pragma once
/// What the search for an order sees of a drawing: the two ends of each stroke, on a fine integer grid, so that sums of
/// lengths are exact and the same everywhere. Node 2s is where stroke s begins, 2s + 1 where it ends, v ^ 1 the other
/// end of v's stroke. Behind the strokes stands one that is nowhere, at no distance from anything: the tour of
/// drawing/tour is closed, and it is where the pen's way begins and ends.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace kf::drawing {

using node = std::uint32_t;

/// A place on the grid.
struct grid_point {
    std::int32_t x = 0, y = 0;
    bool operator==(const grid_point&) const = default;
};

/// On the grid, rounded; sums are 64 bits wide.
using grid_length = std::int32_t;

[[nodiscard]] inline double squared_distance(grid_point a, grid_point b) noexcept {
    const double dx = a.x - b.x, dy = a.y - b.y;
    return dx * dx + dy * dy;
}
[[nodiscard]] inline grid_length rounded_root(double squared) noexcept {
    return static_cast<grid_length>(std::sqrt(squared) + 0.5);
}

class stroke_ends {
    std::vector<grid_point> at_;

  public:
    /// Two points for each stroke, within ±2^25.
    explicit stroke_ends(std::vector<grid_point> at)
      : at_(std::move(at)) {}

    /// Without the one that is nowhere.
    [[nodiscard]] std::uint32_t strokes() const noexcept { return static_cast<std::uint32_t>(at_.size() / 2); }
    [[nodiscard]] std::uint32_t nodes() const noexcept { return static_cast<std::uint32_t>(at_.size()); }
    [[nodiscard]] node nowhere() const noexcept { return nodes(); }
    [[nodiscard]] grid_point at(node v) const noexcept { return at_[v]; }
    void move(node v, grid_point to) noexcept { at_[v] = to; }

    /// The pen-up way between two ends.
    [[nodiscard]] grid_length travel(node a, node b) const noexcept {
        if (std::max(a, b) >= nodes()) return 0;
        return rounded_root(squared_distance(at_[a], at_[b]));
    }
};

} // namespace kf::drawing
