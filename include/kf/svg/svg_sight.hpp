// SPDX-License-Identifier: MIT
#pragma once
/// What somebody sees of a shape: paint that one can see through, or that is the paper's own, leaves nothing to draw;
/// white on something dark does. SVG 1.1, 11 and 14.5.

#include <kf/drawing/drawing.hpp>
#include <kf/svg/svg_style.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace kf::svg {

using drawing::point;
using drawing::polyline;

/// The trace that fill or stroke leaves on the paper, least first.
enum class svg_trace { none, clear, paper, ink };

/// `opacity` is the paint's with those of the elements around it. `has` answers whether a paint server of an id exists.
template<class Has>
[[nodiscard]] svg_trace trace_of(const svg_paint& p, const svg_colour& current, double opacity, Has has) {
    constexpr double least = 1.0 / 512; // half a step of what a screen shows
    svg_colour c = p.kind == svg_paint::current ? current : p.value;
    if (p.kind == svg_paint::none) return svg_trace::none;
    if (p.kind == svg_paint::server) {
        if (has(p.server_id)) return opacity < least ? svg_trace::clear : svg_trace::ink;
        if (!p.has_fallback) return svg_trace::none;
    }
    if (c.alpha * opacity < least) return svg_trace::clear;
    return c.is_paper() ? svg_trace::paper : svg_trace::ink;
}

/// Of what leaves a trace; empty for a gradient or a pattern.
template<class Has>
[[nodiscard]] std::string colour_of(const svg_paint& p, const svg_colour& current, Has has) {
    if (p.kind == svg_paint::current) return current.text();
    if (p.kind == svg_paint::none || (p.kind == svg_paint::server && has(p.server_id))) return {};
    return p.value.text();
}

/// Whether a fill of this outline covers anything: not all of its points are on one straight line.
[[nodiscard]] inline bool encloses(const polyline& line) noexcept {
    if (line.size() < 3) return false;
    const point o = line.front();
    point far{};
    double reach = 0;
    for (const point& p : line)
        if (const double d = std::hypot(p.x - o.x, p.y - o.y); d > reach) {
            reach = d;
            far = {p.x - o.x, p.y - o.y};
        }
    return std::any_of(line.begin(), line.end(), [&](const point& p) {
        return std::abs(far.x * (p.y - o.y) - far.y * (p.x - o.x)) > 1e-9 * reach * reach;
    });
}

/// Where dark fills lie, as boxes.
class svg_dark_areas {
  public:
    void add(std::span<const polyline> lines) {
        const box b = box_of(lines);
        if (boxes_.size() < most)
            boxes_.push_back(b);
        else
            boxes_.back() = {std::min(boxes_.back().left, b.left), std::min(boxes_.back().top, b.top),
                             std::max(boxes_.back().right, b.right), std::max(boxes_.back().bottom, b.bottom)};
    }
    void add_everything() { boxes_.push_back({-far, -far, far, far}); }
    [[nodiscard]] bool empty() const noexcept { return boxes_.empty(); }
    [[nodiscard]] bool touched_by(std::span<const polyline> lines) const {
        const box b = box_of(lines);
        return std::any_of(boxes_.begin(), boxes_.end(), [&](const box& dark) {
            return b.left < dark.right && dark.left < b.right && b.top < dark.bottom && dark.top < b.bottom;
        });
    }

  private:
    static constexpr std::size_t most = 4096;
    static constexpr mm far = 1e300;
    struct box {
        mm left, top, right, bottom;
    };
    static box box_of(std::span<const polyline> lines) noexcept {
        box b{far, far, -far, -far};
        for (const polyline& line : lines)
            for (const point& p : line)
                b = {std::min(b.left, p.x), std::min(b.top, p.y), std::max(b.right, p.x), std::max(b.bottom, p.y)};
        return b;
    }
    std::vector<box> boxes_ = {};
};

} // namespace kf::svg
