// SPDX-License-Identifier: MIT
#pragma once
/// Which places are one place: those that are equal, and, within a tolerance, the nearest first, as long as all of one
/// place stay within it. So lines whose ends were rounded apart meet all the same, and a row of dots is no place.

#include <kf/drawing/joined_sets.hpp>
#include <kf/drawing/point.hpp>
#include <kf/drawing/travel.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

namespace kf::drawing {

/// For each place a number, 0 to n - 1; the same for places that meet. In the order in which they first come.
[[nodiscard]] inline std::vector<std::uint32_t> meeting_points(std::span<const point> places, mm tolerance) {
    std::vector<std::uint32_t> by_place(places.size());
    std::iota(by_place.begin(), by_place.end(), 0U);
    std::sort(by_place.begin(), by_place.end(), [&](std::uint32_t a, std::uint32_t b) {
        const point p = places[a], q = places[b];
        return p.x != q.x ? p.x < q.x : p.y != q.y ? p.y < q.y : a < b;
    });
    std::vector<std::uint32_t> of(places.size()); // the distinct place
    std::vector<point> distinct;
    for (std::size_t i = 0; i < by_place.size(); ++i) {
        if (distinct.empty() || !(distinct.back() == places[by_place[i]])) distinct.push_back(places[by_place[i]]);
        of[by_place[i]] = static_cast<std::uint32_t>(distinct.size() - 1);
    }
    joined_sets sets(distinct.size());
    if (tolerance > 0) {
        struct pair {
            mm apart;
            std::uint32_t a, b;
        };
        std::vector<pair> pairs;
        // They are sorted by x: a window of one tolerance, of which a cell's rows would save little.
        std::unordered_map<std::int64_t, std::vector<std::uint32_t>> rows; // by y, of the window
        const auto row = [&](mm y) { return static_cast<std::int64_t>(std::floor(y / tolerance)); };
        std::size_t begin = 0;
        for (std::uint32_t i = 0; i < distinct.size(); ++i) {
            for (; distinct[i].x - distinct[begin].x > tolerance; ++begin) {
                std::vector<std::uint32_t>& old = rows[row(distinct[begin].y)];
                old.erase(old.begin()); // they came in the same order
            }
            for (std::int64_t r = row(distinct[i].y) - 1; r <= row(distinct[i].y) + 1; ++r) {
                const auto in = rows.find(r);
                if (in == rows.end()) continue;
                for (const std::uint32_t other : in->second)
                    if (const mm apart = distance(distinct[i], distinct[other]); apart <= tolerance)
                        pairs.push_back({apart, other, i});
            }
            rows[row(distinct[i].y)].push_back(i);
        }
        std::sort(pairs.begin(), pairs.end(), [](const pair& p, const pair& q) {
            return p.apart != q.apart ? p.apart < q.apart : p.a != q.a ? p.a < q.a : p.b < q.b;
        });
        std::vector<point> low = distinct, high = distinct;
        for (const pair& p : pairs) {
            const std::uint32_t a = sets.of(p.a), b = sets.of(p.b);
            const point lower{std::min(low[a].x, low[b].x), std::min(low[a].y, low[b].y)};
            const point upper{std::max(high[a].x, high[b].x), std::max(high[a].y, high[b].y)};
            if (a == b || distance(lower, upper) > tolerance * (1 + 1e-12)) continue;
            sets.join(a, b);
            low[std::min(a, b)] = lower;
            high[std::min(a, b)] = upper;
        }
    }
    std::vector<std::uint32_t> number(distinct.size(), ~0U), result(places.size());
    std::uint32_t next = 0;
    for (std::size_t i = 0; i < places.size(); ++i) {
        std::uint32_t& n = number[sets.of(of[i])];
        if (n == ~0U) n = next++;
        result[i] = n;
    }
    return result;
}

} // namespace kf::drawing
