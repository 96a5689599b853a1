// SPDX-License-Identifier: MIT
#pragma once
/// The shape elements, from their attributes to an outline. SVG 1.1, 8 and 9. Attributes come through svg_measures, so
/// that nothing here depends on the XML parser.

#include <kf/drawing/outline.hpp>
#include <kf/svg/svg_length.hpp>
#include <kf/svg/svg_path.hpp>
#include <kf/svg/svg_tag.hpp>
#include <kf/svg/svg_view.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>
#include <string_view>

namespace kf::svg {

using drawing::elliptical_arc;
using drawing::outline;

/// Clockwise from the left end of the top side. Radii are cut to half the sides.
inline void draw_svg_rect(outline& out, const svg_rect& r, double rx, double ry) {
    rx = std::min(rx, r.width / 2);
    ry = std::min(ry, r.height / 2);
    if (!(rx > 0 && ry > 0)) rx = ry = 0;
    const double right = r.x + r.width, bottom = r.y + r.height;
    const elliptical_arc corner{.rx = rx, .ry = ry, .rotation_deg = 0, .large = false, .clockwise = true};
    out.move_to(r.x + rx, r.y);
    out.line_to(right - rx, r.y);
    out.arc_to(corner, right, r.y + ry);
    out.line_to(right, bottom - ry);
    out.arc_to(corner, right - rx, bottom);
    out.line_to(r.x + rx, bottom);
    out.arc_to(corner, r.x, bottom - ry);
    out.line_to(r.x, r.y + ry);
    out.arc_to(corner, r.x + rx, r.y);
    out.close();
}

/// What became of a shape: not `sized` means that its size makes nothing of it (SVG's "disables rendering"); a `fault`
/// is where its data stopped making sense, and what came before is drawn.
struct drawn_shape {
    bool sized = true;
    std::string fault = {};
};

/// `path` is the data of a <path>.
template<class Get>
drawn_shape draw_svg_shape(svg_tag tag, std::string_view path, svg_measures<Get>& in, outline& out) {
    const auto up_to = [](const result<void>& read) { return drawn_shape{.fault = read ? "" : read.error().what}; };
    // A radius that is not given is the other one.
    const auto radii = [&](double& rx, double& ry) {
        rx = in.x("rx", -1);
        ry = in.y("ry", -1);
        if (rx < 0) rx = ry;
        if (ry < 0) ry = rx;
    };
    switch (tag) {
    case svg_tag::path: return up_to(read_svg_path(path, out));
    case svg_tag::open_points: return up_to(read_svg_points(in.get("points"), svg_points::open, out));
    case svg_tag::closed_points: return up_to(read_svg_points(in.get("points"), svg_points::closed, out));
    case svg_tag::line:
        out.move_to(in.x("x1"), in.y("y1"));
        out.line_to(in.x("x2"), in.y("y2"));
        out.finish();
        return {};
    case svg_tag::rect: {
        const svg_rect r{in.x("x"), in.y("y"), in.x("width"), in.y("height")};
        double rx = 0, ry = 0;
        radii(rx, ry);
        if (!(r.width > 0 && r.height > 0)) return {.sized = false};
        draw_svg_rect(out, r, rx, ry);
        return {};
    }
    case svg_tag::circle: {
        const double cx = in.x("cx"), cy = in.y("cy");
        const double r = in.number("r", std::hypot(in.width, in.height) / std::numbers::sqrt2);
        if (!(r > 0)) return {.sized = false};
        out.ellipse(cx, cy, r, r);
        return {};
    }
    case svg_tag::ellipse: {
        const double cx = in.x("cx"), cy = in.y("cy");
        double rx = 0, ry = 0;
        radii(rx, ry);
        if (!(rx > 0 && ry > 0)) return {.sized = false};
        out.ellipse(cx, cy, rx, ry);
        return {};
    }
    default: return {};
    }
}

} // namespace kf::svg
