// SPDX-License-Identifier: MIT
#pragma once
/// How far jogging may go: the work area, in Z no deeper than the paper as each tool meets it. A target beyond is moved
/// to the edge, not refused, so that a person gets there. Near an edge and away from the travel height a held key makes
/// no long moves: what runs on after the release would have nowhere to go.

#include <kf/io/printable.hpp>
#include <kf/jog/heading.hpp>
#include <kf/klippy/objects.hpp>
#include <kf/machine/keep_out.hpp>
#include <kf/machine/machine.hpp>
#include <kf/machine/way.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>

namespace kf::jog {

using klippy::xyz;

/// From here on to an edge there are single steps only.
inline constexpr mm edge_zone = 15;

struct reach {
    xyz low{}, high{};

    /// A place that lies outside already is no reason to jump: it may only come nearer.
    [[nodiscard]] xyz clamped(xyz to, const xyz& from) const noexcept {
        for (std::size_t i = 0; i < 3; ++i)
            to[i] = std::clamp(to[i], std::min(low[i], from[i]), std::max(high[i], from[i]));
        return to;
    }
    [[nodiscard]] bool is_near_edge(const xyz& at) const noexcept {
        for (std::size_t i = 0; i < 2; ++i)
            if (at[i] < low[i] + edge_zone - 1e-6 || at[i] > high[i] - edge_zone + 1e-6) return true;
        return false;
    }
    /// How far a held key may go that way before the zone of an edge begins.
    [[nodiscard]] mm room(const xyz& at, heading h) const noexcept {
        const std::size_t i = axis_of(h);
        const bool grows = h == heading::right || h == heading::farther;
        return std::max(0.0, grows ? high[i] - edge_zone - at[i] : at[i] - low[i] - edge_zone);
    }
};

[[nodiscard]] inline bool is_up(const machine::machine& m, mm z) noexcept {
    return std::fabs(z - m.z_states.travel_mm) <= machine::up_tolerance(m);
}

/// With this tool in use. Tools on its side of the travel height are out of the way of it; one on the other side meets
/// its paper there.
[[nodiscard]] inline reach reach_of(const machine::machine& m, const machine::tool& active) noexcept {
    const machine::axis_lengths &far = m.work_area_mm, &near = m.work_area_min_mm;
    reach r{{near.x, near.y, near.z}, {far.x, far.y, far.z}};
    const mm travel = m.z_states.travel_mm;
    const auto is_above = [&](const machine::tool& t) { return t.work_mm >= travel; };
    for (const machine::tool& t : m.tools) {
        if (is_above(t) == is_above(active) && t.name != active.name) continue;
        const mm floor = t.floor_mm.value_or(t.work_mm);
        if (is_above(t))
            r.high[2] = std::min(r.high[2], floor);
        else
            r.low[2] = std::max(r.low[2], floor);
    }
    return r;
}

/// What is in the way of a straight move, "" when nothing is.
[[nodiscard]] inline std::string in_the_way(const machine::machine& m, const machine::tool& t, const xyz& from,
                                            const xyz& to) {
    const bool up = is_up(m, from[2]) && is_up(m, to[2]);
    for (const machine::keep_out& k : m.keep_outs) {
        if (up && !machine::stops_travel(m, t, k)) continue;
        const machine::xy a{from[0], from[1]}, b{to[0], to[1]};
        // Who stands in it gets out of it.
        if (machine::meets(k, a, b) && !(machine::contains(k, a) && !machine::contains(k, b)))
            return fmt::format("the keep-out {} ({})", io::printable(k.name), machine::area_text(k));
    }
    return {};
}

} // namespace kf::jog
