// SPDX-License-Identifier: MIT
#pragma once
/// What a caller may ask of the HP-GL reader, and the bounds that no input gets beyond.

#include <kf/drawing/clip.hpp>
#include <kf/units.hpp>

#include <cstddef>

namespace kf::hpgl {

struct hpgl_options {
    mm tolerance_mm = 0.01;              ///< the farthest that ink may be from a curve
    mm max_coordinate_mm = 100'000;      ///< a line that reaches farther is not drawn
    std::size_t max_points = 50'000'000; ///< a drawing that needs more than this is refused
    drawing::clip_effort max_clipping = {};
};

} // namespace kf::hpgl
