// SPDX-License-Identifier: MIT
#pragma once
/// What style means for a pen: what is shown at all, where it lies, which tip draws dots, and which properties ask for
/// something a pen does not do. Read by svg_property. SVG 1.1, 6 and 11; the geometry properties of SVG 2.

#include <kf/svg/svg_colour.hpp>

#include <array>
#include <cstddef>
#include <iterator>
#include <string_view>

namespace kf::svg {

/// Fill or stroke.
struct svg_paint {
    enum { none, colour, current, server } kind = none; ///< current: currentColor; server: a gradient or a pattern
    svg_colour value = {};                              ///< of a colour; of a server's fallback otherwise
    bool has_fallback = false;
    std::string_view server_id = {};
};

/// Places that may be set by CSS as well as by attributes of their name.
inline constexpr std::string_view svg_geometry_names[] = {"x", "y", "width", "height", "cx", "cy", "r", "rx", "ry"};

/// The part that children inherit.
struct svg_inherited {
    bool visible = true, round_tip = false;
    bool clip_evenodd = false, fill_evenodd = false; ///< clip-rule, fill-rule; else nonzero
    std::string_view dashes = {}, dash_offset = {};  ///< as written; valid for svg_dashes, or empty
    svg_paint stroke = {}, fill = {.kind = svg_paint::colour};
    svg_colour color = {};
    double stroke_opacity = 1, fill_opacity = 1, stroke_width = 1; ///< the width only as far as it is 0
};

/// The part that is an element's own. Views point into the document.
struct svg_own {
    bool displayed = true, overflows = false;
    bool dark_background = false; ///< what CSS paints behind a root
    double opacity = 1;
    std::string_view transform = {}, origin = {}, path = {};
    std::string_view clip_path = {}; ///< as written; empty for none
    std::array<std::string_view, std::size(svg_geometry_names)> geometry = {};
    unsigned lacking = 0; ///< bit i: svg_lacks[i] applies
};

struct svg_style {
    svg_inherited inherited = {};
    svg_own own = {};
};

enum class svg_property_source { attribute, css };

struct svg_lack {
    std::string_view property, text;
    bool css_only = false; ///< the attribute of that name means something else
};

inline constexpr svg_lack svg_lacks[] = {
    {"mask", "mask is not applied: everything is drawn"},
    {"filter", "filter is not applied"},
    {"marker", "markers (arrow heads and the like) are not drawn"},
    {"marker-start", "markers (arrow heads and the like) are not drawn"},
    {"marker-mid", "markers (arrow heads and the like) are not drawn"},
    {"marker-end", "markers (arrow heads and the like) are not drawn"},
    {"transform-box", "transform-box is not applied: transform-origin counts from the view box"},
    {"rotate", "the CSS property rotate is not applied: use transform", true},
    {"scale", "the CSS property scale is not applied: use transform", true},
    {"translate", "the CSS property translate is not applied: use transform", true},
    {"offset-path", "the CSS property offset-path is not applied", true},
};

} // namespace kf::svg
