// SPDX-License-Identifier: MIT
#pragma once
/// Cuts lines: into their straight pieces, or into pieces of no more than a length, to fetch ink in between.

#include <kf/drawing/drawing.hpp>
#include <kf/drawing/travel.hpp>

#include <algorithm>
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
    const auto end_piece = [&] {
        const point at = piece.back();
        into.push_back(std::move(piece));
        piece = {at};
        left = longest;
    };
    for (std::size_t i = 1; i < line.size(); ++i) {
        const point from = line[i - 1], to = line[i];
        const mm length = distance(from, to);
        for (mm done = 0; done < length;) {
            if (left <= longest * 1e-9) end_piece();
            const mm part = std::min(left, length - done);
            left -= part;
            done += part;
            if (done >= length || done == done - part) break;
            piece.push_back({from.x + (to.x - from.x) * (done / length), from.y + (to.y - from.y) * (done / length)});
        }
        piece.push_back(to);
    }
    if (piece.size() > 1) into.push_back(std::move(piece));
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
