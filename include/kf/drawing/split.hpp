// SPDX-License-Identifier: MIT
#pragma once
/// Cuts lines: into their straight pieces, or into pieces of no more than a length, to fetch ink in between.

#include <kf/drawing/drawing.hpp>
#include <kf/drawing/travel.hpp>

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace kf::drawing {

struct split_options {
    std::optional<mm> longest = {}; ///< more than 0; none: each straight piece by itself
};

namespace detail {

inline void cut_apart(const polyline& line, std::vector<polyline>& into) {
    for (std::size_t i = 1; i < line.size(); ++i) into.push_back({line[i - 1], line[i]});
}

inline void cut_to_length(const polyline& line, mm longest, std::vector<polyline>& into) {
    polyline piece = {line.front()};
    mm left = longest;
    for (std::size_t i = 1; i < line.size(); ++i) {
        const point to = line[i];
        for (mm way = distance(piece.back(), to); way > left; way = distance(piece.back(), to)) {
            const point from = piece.back();
            const point cut{from.x + (to.x - from.x) * (left / way), from.y + (to.y - from.y) * (left / way)};
            if (cut == from || cut == to) break; // nothing is left to cut
            piece.push_back(cut);
            into.push_back(std::move(piece));
            piece = {cut};
            left = longest;
        }
        left -= distance(piece.back(), to);
        piece.push_back(to);
    }
    into.push_back(std::move(piece));
}

} // namespace detail

[[nodiscard]] inline drawing split(drawing d, const split_options& options = {}) {
    for (layer& l : d.layers) {
        std::vector<polyline> pieces;
        for (polyline& line : l.lines)
            if (line.size() < 2)
                pieces.push_back(std::move(line));
            else if (options.longest)
                detail::cut_to_length(line, *options.longest, pieces);
            else
                detail::cut_apart(line, pieces);
        l.lines = std::move(pieces);
    }
    return d;
}

} // namespace kf::drawing
