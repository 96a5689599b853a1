// SPDX-License-Identifier: MIT
#pragma once
/// The shape elements, from their attributes to an outline. SVG 1.1, 8 and 9. Attributes come through svg_measures, so
/// that nothing here depends on the XML parser.

#include <kf/job/outline.hpp>
#include <kf/job/svg_length.hpp>
#include <kf/job/svg_path.hpp>
#include <kf/job/svg_tag.hpp>
#include <kf/job/svg_view.hpp>

#include <algorithm>
#include <cmath>

namespace kf::job {

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

/// False for a shape that its size makes nothing of (SVG's "disables rendering").
template<class Get>
result<bool> draw_svg_shape(svg_tag tag, svg_measures<Get>& in, outline& out) {
    switch (tag) {
    case svg_tag::path: KF_CHECK(read_svg_path(in.get("d"), out)); return true;
    case svg_tag::open_points: KF_CHECK(read_svg_points(in.get("points"), svg_points::open, out)); return true;
    case svg_tag::closed_points: KF_CHECK(read_svg_points(in.get("points"), svg_points::closed, out)); return true;
    case svg_tag::line: {
        KF_TRY(const double x1, in.x("x1"));
        KF_TRY(const double y1, in.y("y1"));
        KF_TRY(const double x2, in.x("x2"));
        KF_TRY(const double y2, in.y("y2"));
        out.move_to(x1, y1);
        out.line_to(x2, y2);
        out.finish();
        return true;
    }
    case svg_tag::rect: {
        svg_rect r;
        KF_TRY(r.x, in.x("x"));
        KF_TRY(r.y, in.y("y"));
        KF_TRY(r.width, in.x("width"));
        KF_TRY(r.height, in.y("height"));
        // A radius that is not given is the other one.
        KF_TRY(double rx, in.x("rx", -1));
        KF_TRY(double ry, in.y("ry", -1));
        if (rx < 0) rx = ry;
        if (ry < 0) ry = rx;
        if (!(r.width > 0 && r.height > 0)) return false;
        draw_svg_rect(out, r, rx, ry);
        return true;
    }
    case svg_tag::circle: {
        KF_TRY(const double cx, in.x("cx"));
        KF_TRY(const double cy, in.y("cy"));
        KF_TRY(const double r, in.number("r", std::hypot(in.width, in.height) / std::sqrt(2.0)));
        if (!(r > 0)) return false;
        out.ellipse(cx, cy, r, r);
        return true;
    }
    case svg_tag::ellipse: {
        KF_TRY(const double cx, in.x("cx"));
        KF_TRY(const double cy, in.y("cy"));
        KF_TRY(double rx, in.x("rx", -1));
        KF_TRY(double ry, in.y("ry", -1));
        if (rx < 0) rx = ry;
        if (ry < 0) ry = rx;
        if (!(rx > 0 && ry > 0)) return false;
        out.ellipse(cx, cy, rx, ry);
        return true;
    }
    default: return true;
    }
}

} // namespace kf::job
