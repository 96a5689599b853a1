// SPDX-License-Identifier: MIT
#pragma once
/// The way of a tool that travels: straight where nothing is in the way, else the shortest one round the keep-outs,
/// along the corners of what they take (A* over those that see each other). The one answer for the check of a job, its
/// G-code, and every travel of a run.

#include <kf/machine/machine.hpp>
#include <kf/machine/skew_limits.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <expected>
#include <limits>
#include <numbers>
#include <optional>
#include <queue>
#include <utility>
#include <vector>

namespace kf::machine {

/// How far a way round stays clear of a keep-out where it can.
inline constexpr mm keep_out_clearance = 0.5;

/// Whether this tool, travelling, has to go round it. "Up" is the side of the work height on which travel_mm lies.
[[nodiscard]] inline bool stops_travel(const machine& m, const tool& t, const keep_out& k) noexcept {
    if (k.applies != keep_out::when::always) return false;
    if (!k.height_mm) return true;
    const mm travel = m.z_states.travel_mm;
    return travel >= t.work_mm ? travel < *k.height_mm : travel > *k.height_mm;
}

namespace detail {

/// Round one keep-out, as far away as a way shall be.
inline void add_corners(const box& b, std::vector<xy>& out) {
    constexpr mm c = keep_out_clearance;
    for (const xy p : {xy{b.min.x - c, b.min.y - c}, xy{b.max.x + c, b.min.y - c}, xy{b.max.x + c, b.max.y + c},
                       xy{b.min.x - c, b.max.y + c}})
        out.push_back(p);
}
inline void add_corners(const disc& d, std::vector<xy>& out) {
    constexpr int sides = 12;
    const double step = 2 * std::numbers::pi / sides;
    const mm away = (d.radius + keep_out_clearance) / std::cos(step / 2);
    for (int i = 0; i < sides; ++i)
        out.push_back({d.centre.x + away * std::cos(step * i), d.centre.y + away * std::sin(step * i)});
}

/// What is in the way of one tool.
class obstacles {
    std::vector<const keep_out*> all_;

  public:
    obstacles(const machine& m, const tool& t) {
        for (const keep_out& k : m.keep_outs)
            if (stops_travel(m, t, k)) all_.push_back(&k);
    }
    [[nodiscard]] const std::vector<const keep_out*>& all() const noexcept { return all_; }
    /// The first that the straight way meets; none: null.
    [[nodiscard]] const keep_out* between(xy a, xy b) const noexcept {
        for (const keep_out* k : all_)
            if (meets(*k, a, b)) return k;
        return nullptr;
    }
    [[nodiscard]] bool clear_between(xy a, xy b) const noexcept {
        constexpr mm clear = 0.9 * keep_out_clearance; // corners are as far away as a whole one
        return std::none_of(all_.begin(), all_.end(), [&](const keep_out* k) {
            // Who stands closer than that has to get away from there.
            const bool close = contains(*k, a, clear) || contains(*k, b, clear);
            return meets(*k, a, b, close ? 0 : clear);
        });
    }
};

} // namespace detail

/// The places to go to one after the other, `to` the last of them. When there is no way: a keep-out that is in it. Both
/// ends are inside of the work area, and so is the way.
[[nodiscard]] inline std::expected<std::vector<xy>, const keep_out*> way_to(const machine& m, const tool& t, xy from,
                                                                            xy to) {
    if (m.keep_outs.empty()) return std::vector{to};
    const detail::obstacles obstacles(m, t);
    const keep_out* const first = obstacles.between(from, to);
    if (first == nullptr) return std::vector{to};
    for (const xy end : {to, from})
        for (const keep_out* k : obstacles.all())
            if (contains(*k, end)) return std::unexpected(k);

    std::vector<xy> places{from, to};
    for (const keep_out* k : obstacles.all())
        std::visit([&](const auto& area) { detail::add_corners(area, places); }, k->area);
    const box area = m.work_area();
    places.erase(std::remove_if(places.begin() + 2, places.end(),
                                [&](xy p) { return !area.contains(p) || !obstacles.clear_between(p, p); }),
                 places.end());

    struct reached {
        mm way = std::numeric_limits<mm>::infinity();
        std::size_t before = 0;
        bool done = false;
    };
    const auto distance = [&](std::size_t a, std::size_t b) {
        return std::hypot(places[a].x - places[b].x, places[a].y - places[b].y);
    };
    std::vector<reached> seen(places.size());
    using entry = std::pair<mm, std::size_t>; // the least that the whole way can have, by this place
    std::priority_queue<entry, std::vector<entry>, std::greater<>> open;
    seen[0].way = 0;
    open.emplace(distance(0, 1), 0);
    while (!open.empty()) {
        const std::size_t at = open.top().second;
        open.pop();
        if (std::exchange(seen[at].done, true)) continue;
        if (at == 1) break;
        for (std::size_t next = 1; next < places.size(); ++next) {
            const mm way = seen[at].way + distance(at, next);
            if (seen[next].done || way >= seen[next].way || !obstacles.clear_between(places[at], places[next]))
                continue;
            seen[next].way = way;
            seen[next].before = at;
            open.emplace(way + distance(next, 1), next);
        }
    }
    if (!seen[1].done) return std::unexpected(first);
    std::vector<xy> way;
    for (std::size_t at = 1; at != 0; at = seen[at].before) way.push_back(places[at]);
    std::reverse(way.begin(), way.end());
    return way;
}

/// A straight part of a way that comes into a keep-out.
struct met_keep_out {
    const keep_out* what;
    xy to; ///< where that part ends, as G-code names the place
};
/// The first part of `way`, from `from`, that does so where a skew correction of that tangent takes it: a way is found
/// among the places of G-code.
[[nodiscard]] inline std::optional<met_keep_out> met_behind_skew(const machine& m, const tool& t, xy from,
                                                                 const std::vector<xy>& way, double tangent) {
    const detail::obstacles obstacles(m, t);
    for (const xy to : way) {
        if (const keep_out* k = obstacles.between(behind_skew(from, tangent), behind_skew(to, tangent)))
            return met_keep_out{k, to};
        from = to;
    }
    return std::nullopt;
}

} // namespace kf::machine
