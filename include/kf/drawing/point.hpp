// SPDX-License-Identifier: MIT
#pragma once
/// A point on the canvas: millimetres, origin at the top left, +Y down, as SVG and the Job IR have it. Machine
/// coordinates begin only behind job/transform.

#include <kf/units.hpp>

namespace kf::drawing {

struct point {
    mm x = 0, y = 0;
    bool operator==(const point&) const = default;
};

} // namespace kf::drawing
