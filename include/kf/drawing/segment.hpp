// SPDX-License-Identifier: MIT
#pragma once
/// A straight piece of a line, in canvas millimetres.

#include <kf/drawing/point.hpp>

namespace kf::drawing {

struct segment {
    point from, to;
};

} // namespace kf::drawing
