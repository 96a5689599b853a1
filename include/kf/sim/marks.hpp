// SPDX-License-Identifier: MIT
#pragma once
/// What a person recognises on a sheet that was drawn: ticks, crosses, combs with their verniers, dots. All of it comes
/// from the ink, in mm of a good ruler; what it was meant to be does not enter.

#include <kf/drawing/point.hpp>
#include <kf/sim/pen_trace.hpp>
#include <kf/units.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace kf::sim {

enum class axis : std::uint8_t { x, y };

[[nodiscard]] constexpr mm along(axis a, drawing::point p) noexcept { return a == axis::x ? p.x : p.y; }
[[nodiscard]] constexpr mm across(axis a, drawing::point p) noexcept { return a == axis::x ? p.y : p.x; }

/// A straight line of ink.
struct straight {
    drawing::point a, b;

    [[nodiscard]] drawing::point middle() const noexcept { return {(a.x + b.x) / 2, (a.y + b.y) / 2}; }
    [[nodiscard]] mm length() const noexcept { return std::hypot(b.x - a.x, b.y - a.y); }
    /// It lies across the axis, so that its middle is a place along it.
    [[nodiscard]] bool is_tick_of(axis of) const noexcept {
        constexpr double steep = 10;
        return std::fabs(across(of, b) - across(of, a)) > steep * std::fabs(along(of, b) - along(of, a));
    }
};

/// The strokes that are straight; dots are none, nor is what an eye sees to be bent.
[[nodiscard]] inline std::vector<straight> straight_marks(const std::vector<ink_line>& ink) {
    std::vector<straight> out;
    for (const ink_line& line : ink) {
        const straight s{line.points.front(), line.points.back()};
        mm way = 0;
        for (std::size_t i = 1; i < line.points.size(); ++i)
            way += std::hypot(line.points[i].x - line.points[i - 1].x, line.points[i].y - line.points[i - 1].y);
        if (s.length() > 0.5 && way < s.length() * 1.01 + 0.1) out.push_back(s);
    }
    return out;
}

/// Ticks along an axis, in its direction.
[[nodiscard]] inline std::vector<straight> ticks_of(const std::vector<straight>& marks, axis of) {
    std::vector<straight> out;
    for (const straight& s : marks)
        if (s.is_tick_of(of)) out.push_back(s);
    std::ranges::sort(out, {}, [of](const straight& s) { return along(of, s.middle()); });
    return out;
}

/// Where two strokes of like length cross in their middles.
[[nodiscard]] inline std::vector<drawing::point> crosses_of(const std::vector<straight>& marks) {
    std::vector<drawing::point> out;
    for (const straight& flat : marks)
        for (const straight& upright : marks) {
            if (!flat.is_tick_of(axis::y) || !upright.is_tick_of(axis::x)) continue;
            const drawing::point f = flat.middle();
            const drawing::point u = upright.middle();
            if (std::hypot(f.x - u.x, f.y - u.y) > 0.2 * flat.length() + 0.2) continue;
            // The upright one at the height of the flat one, and the flat one there.
            const double share = (f.y - upright.a.y) / (upright.b.y - upright.a.y);
            const mm x = upright.a.x + share * (upright.b.x - upright.a.x);
            const double along_flat = (x - flat.a.x) / (flat.b.x - flat.a.x);
            out.push_back({x, flat.a.y + along_flat * (flat.b.y - flat.a.y)});
        }
    return out;
}

/// The corners of a figure: A lower left, D lower right, C upper right, B upper left. Of three crosses the missing one
/// is the nearest other one.
struct corners {
    drawing::point a, d, c, b;
};
[[nodiscard]] inline std::optional<corners> corners_of(const std::vector<drawing::point>& crosses) {
    if (crosses.size() < 3) return std::nullopt;
    const auto most = [&](double x, double y) {
        return *std::ranges::max_element(crosses, {}, [&](drawing::point p) { return p.x * x + p.y * y; });
    };
    return corners{most(-1, -1), most(1, -1), most(1, 1), most(-1, 1)};
}

/// A comb and the vernier beside it: places along the axis of the ends of teeth that face each other.
struct comb_pair {
    std::vector<mm> main, second;
    std::size_t main_zero = 0; ///< which tooth of the comb is its zero
    mm base = 0;               ///< where the two are, across the axis
};

namespace detail {

/// A tick by its ends, the low one and the high one across the axis.
struct tooth {
    std::array<mm, 2> at{}; ///< along the axis, at either end: it may lean
    std::array<mm, 2> end{};
};

/// Takes the largest set of teeth out of `from` that have the low end (0) or the high end (1) in common.
[[nodiscard]] inline std::vector<tooth> take_comb(std::vector<tooth>& from, std::size_t which) {
    constexpr mm in_line = 0.6; // a comb along a leaning axis is no straight one
    std::ranges::sort(from, {}, [which](const tooth& t) { return t.end[which]; });
    std::size_t best = 0;
    std::size_t most = 0;
    for (std::size_t first = 0, last = 0; first < from.size(); ++first) {
        while (last < from.size() && from[last].end[which] - from[first].end[which] <= in_line) ++last;
        if (last - first > most) most = last - first, best = first;
    }
    const auto begin = from.begin() + static_cast<std::ptrdiff_t>(best);
    const auto end = begin + static_cast<std::ptrdiff_t>(most);
    std::vector<tooth> comb(begin, end);
    from.erase(begin, end);
    std::ranges::sort(comb, {}, [which](const tooth& t) { return t.at[which]; });
    return comb;
}

/// The only longest tooth, otherwise the one half a vernier above the first.
[[nodiscard]] inline std::size_t zero_of(const std::vector<tooth>& comb, std::size_t divisions) {
    std::size_t zero = 0;
    std::size_t as_long = 0;
    mm longest = 0;
    for (std::size_t i = 0; i < comb.size(); ++i) {
        const mm length = comb[i].end[1] - comb[i].end[0];
        if (length > longest + 0.3)
            longest = length, as_long = 1, zero = i;
        else if (length > longest - 0.3)
            ++as_long;
    }
    return as_long > 1 ? divisions / 2 : zero;
}

} // namespace detail

/// All pairs, in the direction across the axis. The teeth of a comb end at a line, those of its vernier, which are
/// fewer, begin at about that line, on the other side.
[[nodiscard]] inline std::vector<comb_pair> combs_of(const std::vector<straight>& marks, axis of) {
    constexpr mm gap = 4;          // more than this across: another pair
    constexpr std::size_t few = 8; // fewer teeth are no comb
    std::vector<detail::tooth> teeth;
    for (const straight& s : ticks_of(marks, of)) {
        const auto& [low, high] = across(of, s.a) < across(of, s.b) ? std::pair(s.a, s.b) : std::pair(s.b, s.a);
        teeth.push_back({{along(of, low), along(of, high)}, {across(of, low), across(of, high)}});
    }
    std::ranges::sort(teeth, {}, [](const detail::tooth& t) { return t.end[0]; });
    std::vector<std::vector<detail::tooth>> rows;
    mm reached = 0;
    for (const detail::tooth& t : teeth) {
        if (rows.empty() || t.end[0] > reached + gap) {
            rows.emplace_back();
            reached = t.end[1];
        }
        reached = std::max(reached, t.end[1]);
        rows.back().push_back(t);
    }
    std::vector<comb_pair> out;
    for (const std::vector<detail::tooth>& row : rows) {
        std::array<std::vector<detail::tooth>, 2> main;
        std::array<std::vector<detail::tooth>, 2> rest{row, row};
        for (std::size_t end = 0; end < 2; ++end) main[end] = detail::take_comb(rest[end], end);
        const std::size_t end = main[0].size() >= main[1].size() ? 0 : 1;
        const std::vector<detail::tooth> second = detail::take_comb(rest[end], 1 - end);
        if (second.size() < few) continue;
        comb_pair pair;
        for (const detail::tooth& t : main[end]) pair.main.push_back(t.at[end]);
        for (const detail::tooth& t : second) pair.second.push_back(t.at[1 - end]);
        pair.main_zero = detail::zero_of(main[end], second.size() - 1);
        pair.base = main[end].front().end[end];
        out.push_back(std::move(pair));
    }
    std::ranges::sort(out, {}, &comb_pair::base);
    return out;
}

/// Whether there is ink within `reach` of a place.
[[nodiscard]] inline bool has_ink(const std::vector<ink_line>& ink, drawing::point at, mm reach) noexcept {
    for (const ink_line& line : ink)
        for (const drawing::point p : line.points)
            if (std::hypot(p.x - at.x, p.y - at.y) <= reach) return true;
    return false;
}

} // namespace kf::sim
