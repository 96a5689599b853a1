// SPDX-License-Identifier: MIT
#pragma once
/// Of lines only the parts that lie in regions, cut where they cross a border; what runs along a border is kept. The
/// cuts of a straight piece are found first, and each part between two of them is inside or outside as its middle is:
/// so touching corners and edges that lie on each other need no cases of their own.

#include <kf/drawing/line_pieces.hpp>
#include <kf/drawing/region.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace kf::drawing {

/// How much looking at edges a clip may cost; nothing is left when a drawing asks for more than any person waits for.
struct clip_effort {
    std::size_t left = 5'000'000'000;
    [[nodiscard]] bool spend(std::size_t work) noexcept {
        left -= std::min(left, work);
        return left > 0;
    }
};

namespace detail {

struct line_cut {
    double along = 0; ///< 0 to 1
    point at = {};
};

/// Where `s` meets the edge. Corners of borders are cuts as they stand; an edge along an axis gives its own coordinate.
inline void cut_at(const segment& s, const segment& e, std::vector<line_cut>& cuts) {
    const double dx = s.to.x - s.from.x, dy = s.to.y - s.from.y, length = std::hypot(dx, dy);
    const auto side = [&](point q) { return (dx * (q.y - s.from.y) - dy * (q.x - s.from.x)) / length; };
    const auto corner = [&](point q, double beside) {
        const double along = (dx * (q.x - s.from.x) + dy * (q.y - s.from.y)) / (length * length);
        if (std::abs(beside) <= on_the_border && along > 0 && along < 1) cuts.push_back({along, q});
    };
    const double a = side(e.from), b = side(e.to);
    corner(e.from, a);
    corner(e.to, b);
    if (!((a > on_the_border && b < -on_the_border) || (a < -on_the_border && b > on_the_border))) return;
    const double share = a / (a - b);
    point at{std::lerp(e.from.x, e.to.x, share), std::lerp(e.from.y, e.to.y, share)};
    const double along = (dx * (at.x - s.from.x) + dy * (at.y - s.from.y)) / (length * length);
    if (!(along > 0 && along < 1)) return;
    // On a line along an axis its own coordinate is the truer one, unless the edge is such a line.
    if (dx == 0 && e.from.y != e.to.y) at.x = s.from.x;
    if (dy == 0 && e.from.x != e.to.x) at.y = s.from.y;
    if (dx == 0 && e.from.y == e.to.y) at = {s.from.x, e.from.y};
    if (dy == 0 && e.from.x == e.to.x) at = {e.from.x, s.from.y};
    cuts.push_back({along, at});
}

/// Both ends included, none closer to the one before than a border is thick.
inline void find_cuts(const segment& s, std::span<const region::shape* const> shapes, std::vector<line_cut>& cuts,
                      std::size_t& work) {
    cuts.clear();
    const auto [low, high] = std::minmax(s.from.y, s.to.y);
    const auto [left, right] = std::minmax(s.from.x, s.to.x);
    for (const region::shape* shape : shapes)
        shape->edges.visit(low - on_the_border, high + on_the_border, [&](const segment& e) {
            ++work;
            if (std::max(e.from.x, e.to.x) < left - on_the_border || std::min(e.from.x, e.to.x) > right + on_the_border)
                return;
            cut_at(s, e, cuts);
        });
    std::sort(cuts.begin(), cuts.end(), [](const line_cut& a, const line_cut& b) { return a.along < b.along; });
    const double least = on_the_border / std::hypot(s.to.x - s.from.x, s.to.y - s.from.y);
    std::size_t kept = 0;
    for (const line_cut& c : cuts)
        if (c.along >= least && c.along <= 1 - least && (kept == 0 || c.along - cuts[kept - 1].along >= least))
            cuts[kept++] = c;
    cuts.resize(kept);
    cuts.insert(cuts.begin(), {0, s.from});
    cuts.push_back({1, s.to});
}

[[nodiscard]] inline std::vector<const region::shape*> shapes_of(std::span<const std::shared_ptr<const region>> clips) {
    std::vector<const region::shape*> shapes;
    for (const auto& r : clips) r->visit_shapes([&](const region::shape& s) { shapes.push_back(&s); });
    return shapes;
}

[[nodiscard]] inline bool in_all(std::span<const std::shared_ptr<const region>> clips, point p, std::size_t& work) {
    return std::all_of(clips.begin(), clips.end(), [&](const auto& r) { return r->contains(p, work); });
}

/// The parts of `line` for which `kept(from, to)` is true, between the cuts of these shapes.
template<class Kept>
void part_line(const polyline& line, std::span<const region::shape* const> shapes, std::vector<polyline>& out,
               std::size_t& work, Kept kept) {
    std::vector<line_cut> cuts;
    line_pieces pieces(line, out);
    for (std::size_t i = 1; i < line.size(); ++i) {
        if (line[i - 1] == line[i]) continue;
        find_cuts({line[i - 1], line[i]}, shapes, cuts, work);
        for (std::size_t from = 0; from + 1 < cuts.size();) {
            std::size_t to = from;
            while (to + 1 < cuts.size() && kept(cuts[to].at, cuts[to + 1].at)) ++to;
            if (to > from) pieces.add(cuts[from].at, cuts[to].at);
            if (to + 1 < cuts.size()) pieces.cut();
            from = to + 1;
        }
    }
    pieces.finish();
}

[[nodiscard]] inline point between(point a, point b) noexcept { return {(a.x + b.x) / 2, (a.y + b.y) / 2}; }

} // namespace detail

/// Appends the parts of the lines that are in all of the regions. False when the effort is spent; what is there then is
/// not whole.
[[nodiscard]] inline bool clip(std::span<const polyline> lines, std::span<const std::shared_ptr<const region>> clips,
                               std::vector<polyline>& out, clip_effort& effort) {
    const auto shapes = detail::shapes_of(clips);
    for (const polyline& line : lines) {
        std::size_t work = 1;
        const bool dot = std::all_of(line.begin(), line.end(), [&](point p) { return p == line.front(); });
        if (dot && !line.empty() && detail::in_all(clips, line.front(), work)) out.push_back(line);
        if (!dot)
            detail::part_line(line, shapes, out, work,
                              [&](point a, point b) { return detail::in_all(clips, detail::between(a, b), work); });
        if (!effort.spend(work)) return false;
    }
    return true;
}

/// Appends the borders that the regions give to a filled area: where there is ink on one side of them and none on the
/// other. What lies on the area's own outline is left out, as that is drawn by itself.
[[nodiscard]] inline bool clip_borders(const region& filled, std::span<const std::shared_ptr<const region>> clips,
                                       std::vector<polyline>& out, clip_effort& effort) {
    constexpr mm beside = 1e-3;
    auto shapes = detail::shapes_of(clips);
    const std::size_t borders = shapes.size();
    filled.visit_shapes([&](const region::shape& s) { shapes.push_back(&s); });
    for (std::size_t i = 0; i < borders; ++i)
        for (polyline line : shapes[i]->outlines) {
            if (line.size() < 3) continue;
            if (line.front() != line.back()) line.push_back(line.front());
            std::size_t work = 1;
            const auto shows = [&](point p) { return filled.contains(p, work) && detail::in_all(clips, p, work); };
            detail::part_line(line, shapes, out, work, [&](point a, point b) {
                const point m = detail::between(a, b);
                const double length = std::hypot(b.x - a.x, b.y - a.y);
                const point n{(a.y - b.y) / length * beside, (b.x - a.x) / length * beside};
                if (shows({m.x + n.x, m.y + n.y}) == shows({m.x - n.x, m.y - n.y})) return false;
                return std::none_of(shapes.begin(), shapes.end(), [&, k = std::size_t{0}](const auto* other) mutable {
                    const bool drawn = k < i || k >= borders;
                    ++k;
                    return drawn && other->place_of(m, work) == region::shape::border;
                });
            });
            if (!effort.spend(work)) return false;
        }
    return true;
}

} // namespace kf::drawing
