// SPDX-License-Identifier: MIT
#pragma once
/// A line with dashes: pieces drawn and left out in turn. Lengths are those of the space that the line was made in, and
/// the line is in millimetres: under a skew a dash is longer in one direction than in another. SVG 2, 13.5.6.

#include <kf/drawing/affine.hpp>
#include <kf/drawing/drawing.hpp>
#include <kf/drawing/line_pieces.hpp>

#include <cmath>
#include <cstddef>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

namespace kf::drawing {

struct dash_pattern {
    std::vector<double> lengths = {}; ///< drawn, left out, drawn ...; an odd list repeats with its turns changed
    double offset = 0;                ///< where in the pattern a line begins
    affine from_mm = {};              ///< to the space of the lengths

    [[nodiscard]] double period() const noexcept {
        return std::accumulate(lengths.begin(), lengths.end(), 0.0) * (lengths.size() % 2 == 0 ? 1 : 2);
    }
    [[nodiscard]] double distance(point a, point b) const noexcept {
        const double x = b.x - a.x, y = b.y - a.y;
        return std::hypot(from_mm.a * x + from_mm.c * y, from_mm.b * x + from_mm.d * y);
    }
    [[nodiscard]] double length_of(std::span<const polyline> lines) const noexcept {
        double sum = 0;
        for (const polyline& line : lines)
            for (std::size_t i = 1; i < line.size(); ++i) sum += distance(line[i - 1], line[i]);
        return sum;
    }
};

/// What a dash of no length leaves: nothing, or a dot of a round or square tip.
enum class empty_dash { nothing, dot };

/// Appends the dashes of one line. The period is positive; the caller bounds how many there are.
inline void dash(const polyline& line, const dash_pattern& pattern, empty_dash empty, std::vector<polyline>& out) {
    const std::size_t count = pattern.lengths.size();
    std::size_t turn = 0;
    double rest = std::fmod(pattern.offset, pattern.period());
    if (rest < 0) rest += pattern.period();
    for (; rest >= pattern.lengths[turn % count]; ++turn) {
        const bool dot = pattern.lengths[turn % count] == 0 && rest == 0 && turn % 2 == 0;
        if (dot && empty == empty_dash::dot && !line.empty()) out.push_back({line.front()});
        rest -= pattern.lengths[turn % count];
    }
    rest = pattern.lengths[turn % count] - rest; // of this turn
    if (line.size() < 2) {
        if (turn % 2 == 0 && !line.empty()) out.push_back(line);
        return;
    }
    const double hair = 1e-9 * pattern.period(); // what rounding may leave at a corner or at the end
    line_pieces pieces(line, out);
    const auto next_turn = [&](point at) {
        if (turn % 2 == 0) pieces.cut();
        do {
            rest = pattern.lengths[++turn % count];
            if (rest == 0 && turn % 2 == 0 && empty == empty_dash::dot) out.push_back({at});
        } while (rest == 0);
    };
    for (std::size_t i = 1; i < line.size(); ++i) {
        const double length = pattern.distance(line[i - 1], line[i]);
        point at = line[i - 1];
        double done = 0;
        while (length - done > rest + hair) {
            done += rest;
            const point to{std::lerp(line[i - 1].x, line[i].x, done / length),
                           std::lerp(line[i - 1].y, line[i].y, done / length)};
            if (turn % 2 == 0) pieces.add(at, to);
            next_turn(to);
            at = to;
        }
        if (turn % 2 == 0) pieces.add(at, line[i]);
        rest -= length - done;
        if (rest <= hair) next_turn(line[i]);
    }
    pieces.finish();
}

} // namespace kf::drawing
