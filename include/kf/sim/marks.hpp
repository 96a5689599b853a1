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

/// Ticks that were drawn one after the other at the same distance. An end of a tooth is low or high across the axis.
struct comb {
    struct tooth {
        std::array<mm, 2> at{}; ///< along the axis, at either end: it may lean
        std::array<mm, 2> end{};
        [[nodiscard]] mm length() const noexcept { return end[1] - end[0]; }
    };
    std::vector<tooth> teeth; ///< in the direction of the axis

    /// How much the ends of one side differ from each tooth to the next: little where the comb's line is.
    [[nodiscard]] mm raggedness(std::size_t side) const noexcept {
        mm sum = 0;
        for (std::size_t i = 1; i < teeth.size(); ++i) sum += std::fabs(teeth[i].end[side] - teeth[i - 1].end[side]);
        return sum;
    }
    [[nodiscard]] std::size_t base_side() const noexcept { return raggedness(0) <= raggedness(1) ? 0 : 1; }
    /// In the middle of it: along a leaning axis it is no straight line.
    [[nodiscard]] mm base() const noexcept { return teeth[teeth.size() / 2].end[base_side()]; }
    /// The only longest tooth, otherwise the one half a vernier above the first.
    [[nodiscard]] std::size_t zero(std::size_t divisions) const noexcept {
        const auto longest = std::ranges::max_element(teeth, {}, &tooth::length);
        const auto as_long =
            std::ranges::count_if(teeth, [&](const tooth& t) { return t.length() > longest->length() - 0.3; });
        return as_long > 1 ? divisions / 2 : static_cast<std::size_t>(longest - teeth.begin());
    }
};

[[nodiscard]] inline std::vector<comb> combs_alone(const std::vector<straight>& marks, axis of) {
    constexpr mm least = 0.3, most = 5, unsteady = 0.02; // of the distance from tooth to tooth
    constexpr mm in_line = 0.6;                          // a comb along a leaning axis is no straight one
    constexpr std::size_t few = 8;                       // fewer teeth are no comb
    std::vector<comb> out(1);
    std::array<mm, 2> pitch{};
    for (const straight& s : marks) {
        if (!s.is_tick_of(of)) {
            out.emplace_back();
            continue;
        }
        const auto [low, high] = across(of, s.a) < across(of, s.b) ? std::pair(s.a, s.b) : std::pair(s.b, s.a);
        const comb::tooth t{{along(of, low), along(of, high)}, {across(of, low), across(of, high)}};
        std::vector<comb::tooth>* now = &out.back().teeth;
        if (!now->empty()) {
            // One of the ends is on the comb's line; a tooth that leans has its other one elsewhere.
            const std::array<mm, 2> way{t.at[0] - now->back().at[0], t.at[1] - now->back().at[1]};
            const bool beside =
                std::min(std::fabs(t.end[0] - now->back().end[0]), std::fabs(t.end[1] - now->back().end[1])) < in_line;
            const bool steady = now->size() == 1
                                    ? std::fabs(way[0]) > least && std::fabs(way[0]) < most
                                    : std::min(std::fabs(way[0] - pitch[0]), std::fabs(way[1] - pitch[1])) < unsteady;
            if (!beside || !steady) now = &out.emplace_back().teeth;
            pitch = way;
        }
        now->push_back(t);
    }
    std::erase_if(out, [](const comb& c) { return c.teeth.size() < few; });
    for (comb& c : out) std::ranges::sort(c.teeth, {}, [](const comb::tooth& t) { return t.at[0]; });
    return out;
}

} // namespace detail

/// All pairs, in the direction across the axis. A vernier has fewer teeth than its comb, and lies on the other side of
/// the comb's line, or as far off as a tool is aside.
[[nodiscard]] inline std::vector<comb_pair> combs_of(const std::vector<straight>& marks, axis of) {
    constexpr mm beside = 9; // from the line of a comb to that of its vernier
    const std::vector<detail::comb> all = detail::combs_alone(marks, of);
    std::vector<comb_pair> out;
    for (const detail::comb& main : all)
        for (const detail::comb& second : all) {
            if (second.teeth.size() >= main.teeth.size() || second.base_side() == main.base_side()) continue;
            if (std::fabs(second.base() - main.base()) > beside) continue;
            comb_pair pair{.main_zero = main.zero(second.teeth.size() - 1), .base = main.base()};
            for (const auto& t : main.teeth) pair.main.push_back(t.at[main.base_side()]);
            for (const auto& t : second.teeth) pair.second.push_back(t.at[second.base_side()]);
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
