// SPDX-License-Identifier: MIT
#pragma once
/// What an element of an SVG takes over from those around it, as the walk of svg/svg goes down.

#include <kf/drawing/affine.hpp>
#include <kf/drawing/region.hpp>
#include <kf/svg/svg_document.hpp>
#include <kf/svg/svg_length.hpp>
#include <kf/svg/svg_style.hpp>

#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <vector>

namespace kf::svg {

using drawing::affine;

/// What an element takes over from those around it.
struct svg_context {
    affine to_mm = {};
    double width = 0, height = 0; ///< of the viewport in user units; NaN when the page has no size
    svg_style style = {};         ///< once resolved, the element's own
    double opacity = 1;           ///< of it and of all around it
    std::optional<std::size_t> layer = {};
    enum { top, inside, used } place = inside; ///< top: where groups are layers; used: reached through <use>
    std::size_t depth = 0;
    std::vector<std::shared_ptr<const drawing::region>> clips = {}; ///< in mm on the page; all of them bound
};

/// Lengths of an element whose style is resolved in its context.
[[nodiscard]] inline auto measures_of(svg_node n, const svg_context& c) {
    const auto get = [n, &c](const char* name) {
        for (std::size_t i = 0; i < std::size(svg_geometry_names); ++i)
            if (svg_geometry_names[i] == name) return c.style.own.geometry[i];
        return attribute(n, name);
    };
    return svg_measures<decltype(get)>{get, c.width, c.height};
}

} // namespace kf::svg
