// SPDX-License-Identifier: MIT
#pragma once
/// A place in the XY plane of the machine, in its own absolute millimetres (what G-code says and `toolhead.position`
/// answers), and areas of such places. Canvas coordinates are another type: drawing/point.

#include <kf/units.hpp>

#include <cmath>

namespace kf::machine {

struct xy {
    mm x = 0, y = 0;
    bool operator==(const xy&) const = default;
};

struct box {
    xy min, max;
    bool operator==(const box&) const = default;

    /// True for a place inside or on the edge; `slack` moves every edge outwards (negative: inwards).
    [[nodiscard]] constexpr bool contains(xy p, mm slack = 0) const noexcept {
        return p.x >= min.x - slack && p.x <= max.x + slack && p.y >= min.y - slack && p.y <= max.y + slack;
    }
};

struct disc {
    xy centre;
    mm radius = 0;
    bool operator==(const disc&) const = default;

    /// As box::contains().
    [[nodiscard]] bool contains(xy p, mm slack = 0) const noexcept {
        return std::hypot(p.x - centre.x, p.y - centre.y) <= radius + slack;
    }
};

} // namespace kf::machine
