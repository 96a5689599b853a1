// SPDX-License-Identifier: MIT
#pragma once
/// What a caller may ask of the SVG reader, and the bounds that no input gets beyond.

#include <kf/drawing/clip.hpp>
#include <kf/units.hpp>

#include <cstddef>

namespace kf::svg {

/// Of what is there and not hidden, yet leaves no trace: transparent, without stroke and fill, or white on the paper.
enum class svg_invisible { skip, draw };

/// What becomes a layer: a group of the drawing, or the ink of one colour in it.
enum class svg_layering { groups, groups_and_colours };

inline constexpr mm least_tolerance_mm = 1e-5;

struct svg_options {
    mm tolerance_mm = 0.01; ///< the farthest that ink may be from a curve
    double dpi = 96;        ///< px of an inch; programs of old had 72 or 90
    svg_invisible invisible = svg_invisible::skip;
    svg_layering layering = svg_layering::groups;
    mm max_coordinate_mm = 100'000;                 ///< a shape that reaches farther is not drawn
    std::size_t max_points = 50'000'000;            ///< a drawing that needs more than this is refused
    std::size_t max_elements = 10'000'000;          ///< counted as often as <use> repeats them
    std::size_t max_depth = 256;                    ///< of elements in elements
    std::size_t max_bytes = std::size_t{512} << 20; ///< of a packed file, unpacked
    drawing::clip_effort max_clipping = {};         ///< a drawing whose clips need more is refused
};

} // namespace kf::svg
