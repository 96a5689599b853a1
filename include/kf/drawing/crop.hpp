// SPDX-License-Identifier: MIT
#pragma once
/// A filter: of a drawing only the ink inside of a rectangle. Lines are cut where they cross its edges, at points whose
/// coordinate across the edge is the edge's own, and what runs along an edge is kept. Half-plane clipping of segments
/// (Sutherland and Hodgman 1974), without the polygon's closing edges: a pen draws lines.

#include <kf/drawing/line_pieces.hpp>
#include <kf/drawing/rectangle.hpp>
#include <kf/drawing/segment.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace kf::drawing {

/// Closer than this to an edge is on it: a job has no finer digits, and a frame at the edge of a page in px would be
/// lost to rounding.
inline constexpr mm on_the_edge = 1e-6;

/// Lines that leave become several; layers of which nothing is left are gone.
[[nodiscard]] drawing crop(drawing d, const rectangle& r);

namespace detail {

/// The part on the side of `edge` where `sign * coordinate` is the greater.
inline bool clip(segment& s, mm point::* across, mm point::* along, mm edge, int sign) noexcept {
    const mm from = sign * (s.from.*across - edge), to = sign * (s.to.*across - edge);
    if (from >= 0 && to >= 0) return true;
    if (from < 0 && to < 0) return false;
    point cut;
    cut.*across = edge;
    cut.*along = std::lerp(s.from.*along, s.to.*along, from / (from - to));
    (from < 0 ? s.from : s.to) = cut;
    return true;
}

inline mm on_edge(mm value, mm edge) noexcept { return std::abs(value - edge) <= on_the_edge ? edge : value; }
inline point on_edge(point p, const rectangle& r) noexcept {
    return {on_edge(on_edge(p.x, r.left), r.right), on_edge(on_edge(p.y, r.top), r.bottom)};
}

inline std::optional<segment> part_inside(segment s, const rectangle& r) noexcept {
    const bool some = clip(s, &point::x, &point::y, r.left, 1) && clip(s, &point::x, &point::y, r.right, -1) &&
                      clip(s, &point::y, &point::x, r.top, 1) && clip(s, &point::y, &point::x, r.bottom, -1);
    if (!some) return std::nullopt;
    return segment{on_edge(s.from, r), on_edge(s.to, r)};
}

inline bool is_dot(const polyline& line) noexcept {
    return std::all_of(line.begin(), line.end(), [&](point p) { return p == line.front(); });
}

/// Appends the parts of one line, in its order and direction.
inline void crop_line(polyline line, const rectangle& r, std::vector<polyline>& out) {
    for (point& p : line) p = on_edge(p, r);
    if (std::all_of(line.begin(), line.end(), [&](point p) { return contains(r, p); })) {
        if (!line.empty()) out.push_back(std::move(line));
        return;
    }
    if (is_dot(line)) return;
    line_pieces pieces(line, out);
    for (std::size_t i = 1; i < line.size(); ++i) {
        const auto s = part_inside({line[i - 1], line[i]}, r);
        if (s) pieces.add(s->from, s->to);
        if (!s || s->to != line[i]) pieces.cut();
    }
    pieces.finish();
}

} // namespace detail

inline drawing crop(drawing d, const rectangle& r) {
    for (layer& l : d.layers) {
        std::vector<polyline> inside;
        inside.reserve(l.lines.size());
        for (polyline& line : l.lines) detail::crop_line(std::move(line), r, inside);
        l.lines = std::move(inside);
    }
    std::erase_if(d.layers, [](const layer& l) { return l.lines.empty(); });
    return d;
}

} // namespace kf::drawing
