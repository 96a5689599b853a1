// SPDX-License-Identifier: MIT
#pragma once
/// Draws no ink twice: of each straight piece only what no piece before it covers, within a tolerance, whatever the
/// direction and wherever lines begin. Each layer for itself: two pens over each other are meant.

#include <kf/drawing/drawing.hpp>
#include <kf/drawing/segment_cells.hpp>
#include <kf/drawing/travel.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <set>
#include <utility>
#include <vector>

namespace kf::drawing {

struct dedupe_options {
    mm tolerance = 0.01; ///< ink that is left out is no farther than this from ink that is drawn
};

namespace detail {

/// Along a straight piece, from its beginning.
struct stretch {
    mm from, to;
};

/// What `over` covers of `s`: where they go side by side, with no more than the tolerance between them.
[[nodiscard]] inline stretch covered(const segment& s, const segment& over, mm tolerance) noexcept {
    const mm length = distance(s.from, s.to), other = distance(over.from, over.to);
    const point way{(s.to.x - s.from.x) / length, (s.to.y - s.from.y) / length};
    const auto along = [&](point p) { return (p.x - s.from.x) * way.x + (p.y - s.from.y) * way.y; };
    const auto beside = [&](point p) { return std::abs((p.x - s.from.x) * way.y - (p.y - s.from.y) * way.x); };
    const auto beside_other = [&](point p) {
        return std::abs((p.x - over.from.x) * (over.to.y - over.from.y) -
                        (p.y - over.from.y) * (over.to.x - over.from.x)) /
               other;
    };
    if ((beside(over.from) > tolerance || beside(over.to) > tolerance) &&
        (beside_other(s.from) > tolerance || beside_other(s.to) > tolerance))
        return {0, 0};
    const mm a = along(over.from), b = along(over.to);
    return {std::max<mm>(0, std::min(a, b)), std::min(length, std::max(a, b))};
}

[[nodiscard]] inline std::vector<polyline> without_doubles(const std::vector<polyline>& lines, mm tolerance) {
    segment_cells drawn(lines, tolerance);
    std::vector<polyline> result;
    std::set<std::pair<mm, mm>> dots;
    std::vector<stretch> doubles;
    for (const polyline& line : lines) {
        if (std::ranges::all_of(line, [&](const point& p) { return p == line.front(); })) { // a dot, or nothing
            if (!line.empty() && dots.emplace(line.front().x, line.front().y).second) result.push_back({line.front()});
            continue;
        }
        polyline piece;
        const auto end_piece = [&] {
            if (piece.size() > 1) result.push_back(std::move(piece));
            piece.clear();
        };
        for (std::size_t i = 1; i < line.size(); ++i) {
            const segment s{line[i - 1], line[i]};
            const mm length = distance(s.from, s.to);
            if (!(length > 0)) continue;
            doubles.clear();
            drawn.near(s, [&](const segment& over) {
                const stretch each = covered(s, over, tolerance);
                if (each.to - each.from > length * 1e-9) doubles.push_back(each);
            });
            std::sort(doubles.begin(), doubles.end(), [](stretch a, stretch b) { return a.from < b.from; });
            const auto draw = [&](mm from, mm to) {
                if (from > 0 || piece.empty()) end_piece();
                const auto at = [&](mm way) -> point {
                    if (way <= 0) return s.from;
                    if (way >= length) return s.to;
                    return {s.from.x + (s.to.x - s.from.x) * (way / length),
                            s.from.y + (s.to.y - s.from.y) * (way / length)};
                };
                if (piece.empty()) piece.push_back(at(from));
                piece.push_back(at(to));
                drawn.add({at(from), at(to)});
                if (to < length) end_piece();
            };
            mm at = 0;
            for (const stretch& each : doubles) {
                if (each.from - at > tolerance) draw(at, each.from);
                at = std::max(at, each.to);
            }
            if (doubles.empty() || length - at > tolerance)
                draw(at, length);
            else
                end_piece();
        }
        end_piece();
    }
    return result;
}

} // namespace detail

[[nodiscard]] inline drawing dedupe(drawing d, const dedupe_options& options = {}) {
    // Coordinates are doubles that other programs rounded: exactly the same is not asked for.
    // Half of the tolerance is for what goes side by side, half for what is too short between two overlaps.
    const mm tolerance = std::max(options.tolerance, 1e-6) / 2;
    for (layer& l : d.layers) l.lines = detail::without_doubles(l.lines, tolerance);
    return d;
}

} // namespace kf::drawing
