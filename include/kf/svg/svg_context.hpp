// SPDX-License-Identifier: MIT
#pragma once
/// What an element of an SVG takes over from those around it, as the walk of svg/svg goes down.

#include <kf/drawing/affine.hpp>
#include <kf/drawing/drawing.hpp>
#include <kf/svg/svg_document.hpp>
#include <kf/svg/svg_length.hpp>
#include <kf/svg/svg_style.hpp>

#include <cstddef>
#include <iterator>
#include <optional>
#include <span>

namespace kf::svg {

using drawing::affine;
using drawing::point;
using drawing::polyline;

/// The rectangle of an inner <svg>, to which viewers clip and this reader does not.
struct svg_window {
    affine from_mm;
    double width, height;
    svg_window* outer = nullptr;
    bool crossed = false;
};

/// What an element takes over from those around it.
struct svg_context {
    affine to_mm = {};
    double width = 0, height = 0; ///< of the viewport in user units; NaN when the page has no size
    svg_style style = {};         ///< once resolved, the element's own
    double opacity = 1;           ///< of it and of all around it
    std::optional<std::size_t> layer = {};
    enum { top, inside, used } place = inside; ///< top: where groups are layers; used: reached through <use>
    std::size_t depth = 0;
    svg_window* window = nullptr;
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

/// Marks the windows that these lines, in mm, reach out of.
inline void mark_crossed(svg_window* innermost, std::span<const polyline> lines) {
    for (svg_window* w = innermost; w != nullptr; w = w->outer) {
        const double slack = 1e-6 * (w->width + w->height);
        for (std::size_t i = 0; i < lines.size() && !w->crossed; ++i)
            for (const point& on_page : lines[i]) {
                const point p = apply(w->from_mm, on_page);
                if (p.x < -slack || p.y < -slack || p.x > w->width + slack || p.y > w->height + slack)
                    w->crossed = true;
            }
    }
}

} // namespace kf::svg
