// SPDX-License-Identifier: MIT
#pragma once
/// A place in the XY plane of the machine, in its own absolute millimetres (what G-code says and `toolhead.position`
/// answers), and a rectangle of such places. Canvas coordinates are another type: drawing/point.

#include <kf/units.hpp>

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

} // namespace kf::machine
