// SPDX-License-Identifier: MIT
#pragma once
/// Steps that a motor does not follow: while it is to go faster than it can, or to speed up or slow down harder, it
/// stands, and klippy does not know. Afterwards it goes on from where it is.

#include <kf/planner/planned_move.hpp>
#include <kf/sim/mechanics.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

namespace kf::sim {

namespace detail {

/// A part of a move with one acceleration.
struct stretch {
    seconds duration = 0;
    mm_per_s from = 0, to = 0;
    [[nodiscard]] mm way() const noexcept { return (from + to) / 2 * duration; }
};

/// Stretches that are cut in two where they pass the speed `limit`.
[[nodiscard]] inline std::vector<stretch> cut_at(mm_per_s limit, const std::vector<stretch>& stretches) {
    std::vector<stretch> out;
    for (const stretch& p : stretches) {
        if ((p.from - limit) * (p.to - limit) >= 0) {
            out.push_back(p);
            continue;
        }
        const double share = (limit - p.from) / (p.to - p.from);
        out.push_back({p.duration * share, p.from, limit});
        out.push_back({p.duration * (1 - share), limit, p.to});
    }
    return out;
}

} // namespace detail

/// The move of the motors as they follow it: itself when nothing stalls, otherwise in pieces, in which an axis that
/// stalls has no way. Speeds are those of the axes.
[[nodiscard]] inline std::vector<planner::planned_move> followed(const planner::planned_move& m, const mechanics& of) {
    const std::array<double, 2> share{std::fabs(m.direction.x), std::fabs(m.direction.y)};
    const auto too_fast = [&](std::size_t axis, mm_per_s v) { return share[axis] * v > of.stall_speed[axis]; };
    const auto too_hard = [&](std::size_t axis) { return share[axis] * m.accel > of.stall_accel[axis]; };
    const mm_per_s fastest = std::max({m.start_v, m.cruise_v, m.end_v});
    const bool changes = m.accel_t > 0 || m.decel_t > 0;
    if (!too_fast(0, fastest) && !too_fast(1, fastest) && !(changes && (too_hard(0) || too_hard(1)))) return {m};

    std::vector<detail::stretch> stretches;
    for (const detail::stretch& p :
         {detail::stretch{m.accel_t, m.start_v, m.cruise_v}, detail::stretch{m.cruise_t, m.cruise_v, m.cruise_v},
          detail::stretch{m.decel_t, m.cruise_v, m.end_v}})
        if (p.duration > 0) stretches.push_back(p);
    for (std::size_t i = 0; i < 2; ++i) stretches = detail::cut_at(of.stall_speed[i] / share[i], stretches);
    std::vector<planner::planned_move> out;
    planner::xyz here = m.start;
    seconds at = m.at;
    for (const detail::stretch& p : stretches) {
        const bool speeds_up = p.to > p.from;
        const bool slows_down = p.to < p.from;
        planner::planned_move piece = m;
        std::array<double*, 2> direction{&piece.direction.x, &piece.direction.y};
        for (std::size_t i = 0; i < 2; ++i)
            if (too_fast(i, (p.from + p.to) / 2) || ((speeds_up || slows_down) && too_hard(i))) *direction[i] = 0;
        piece.start = here;
        piece.distance = p.way();
        piece.start_v = p.from;
        piece.end_v = p.to;
        piece.cruise_v = std::max(p.from, p.to);
        piece.accel_t = speeds_up ? p.duration : 0;
        piece.decel_t = slows_down ? p.duration : 0;
        piece.cruise_t = speeds_up || slows_down ? 0 : p.duration;
        piece.at = at;
        here = {here.x + piece.direction.x * p.way(), here.y + piece.direction.y * p.way(),
                here.z + piece.direction.z * p.way()};
        piece.end = here;
        at += p.duration;
        out.push_back(piece);
    }
    if (out.empty()) return {m};
    out.back().end.z = m.end.z;
    return out;
}

/// Cuts off what would go through the frame. `off` is how far the carriage is from where the piece would begin; it
/// grows by what the piece loses.
inline void stop_at_frame(planner::planned_move& piece, std::array<mm, 2>& off, const mechanics& of) noexcept {
    const std::array<double*, 2> start{&piece.start.x, &piece.start.y};
    const std::array<double*, 2> end{&piece.end.x, &piece.end.y};
    const std::array<double*, 2> direction{&piece.direction.x, &piece.direction.y};
    for (std::size_t i = 0; i < 2; ++i) {
        *start[i] += off[i];
        *end[i] += off[i];
        const mm reached = std::clamp(*end[i], of.frame_min[i], of.frame_max[i]);
        if (reached == *end[i]) continue;
        *direction[i] *= (reached - *start[i]) / (*end[i] - *start[i]);
        off[i] += reached - *end[i];
        *end[i] = reached;
    }
}

} // namespace kf::sim
