// SPDX-License-Identifier: MIT
#pragma once
/// A first order of strokes, to be made shorter by drawing/lin_kernighan: by the shortest travels anywhere, or from
/// each stroke to the nearest that is left. The first is better for strewn strokes and text, the second for hatches.

#include <kf/drawing/candidates.hpp>
#include <kf/drawing/joined_sets.hpp>
#include <kf/drawing/near_ends.hpp>
#include <kf/drawing/stroke_ends.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

namespace kf::drawing {

/// The nodes by which the strokes are entered, in order. The stroke that is nowhere is the last.
using entry_order = std::vector<node>;

/// On the grid, from the first stroke to the last.
[[nodiscard]] inline std::int64_t travel_of(const stroke_ends& ends, std::span<const node> order) noexcept {
    std::int64_t sum = 0;
    for (std::size_t i = 1; i < order.size(); ++i) sum += ends.travel(order[i - 1] ^ 1, order[i]);
    return sum;
}

[[nodiscard]] inline entry_order shortest_travels_first(const stroke_ends& ends, const candidates& near) {
    struct travel {
        grid_length length;
        node a, b;
    };
    constexpr node none = ~node{0};
    std::vector<node> mate(ends.nodes(), none), open(ends.nodes());
    std::iota(open.begin(), open.end(), 0U);
    joined_sets chains(ends.strokes());
    std::vector<travel> some;
    const auto offer = [&](node a, node b, grid_length length) {
        if (chains.of(a / 2) != chains.of(b / 2)) some.push_back({length, std::min(a, b), std::max(a, b)});
    };
    std::uint32_t left = ends.strokes();
    const auto join = [&] {
        std::sort(some.begin(), some.end(), [](const travel& x, const travel& y) {
            return x.length != y.length ? x.length < y.length : x.a != y.a ? x.a < y.a : x.b < y.b;
        });
        for (const travel& t : some) {
            if (mate[t.a] != none || mate[t.b] != none || !chains.join(t.a / 2, t.b / 2)) continue;
            mate[t.a] = t.b;
            mate[t.b] = t.a;
            --left;
        }
        some.clear();
        std::erase_if(open, [&](node v) { return mate[v] != none; });
    };
    for (const node v : open)
        for (const auto& c : near.of(v))
            if (v < c.to || std::ranges::none_of(near.of(c.to), [v](const auto& back) { return back.to == v; }))
                offer(v, c.to, c.length);
    join();
    // Chains have two open ends each: among six of the nearest there is another chain's, and each round leaves fewer.
    std::vector<near_ends::found> found;
    while (left > 1) {
        const near_ends among(ends, open);
        for (const node v : open) {
            among.nearest(v, 6, found);
            for (const auto& f : found) offer(v, f.v, f.length());
        }
        join();
    }
    entry_order order;
    order.reserve(ends.strokes() + 1);
    if (!open.empty())
        for (node v = open.front(); v != none; v = mate[v ^ 1]) order.push_back(v);
    order.push_back(ends.nowhere());
    return order;
}

[[nodiscard]] inline entry_order nearest_first(const stroke_ends& ends) {
    std::vector<node> all(ends.nodes());
    std::iota(all.begin(), all.end(), 0U);
    near_ends left(ends, all);
    entry_order order;
    order.reserve(ends.strokes() + 1);
    std::vector<near_ends::found> found;
    for (node v = 0; order.size() < ends.strokes();) {
        order.push_back(v);
        left.take_out(v);
        left.take_out(v ^ 1);
        left.nearest(v ^ 1, 1, found);
        if (!found.empty()) v = found.front().v;
    }
    order.push_back(ends.nowhere());
    return order;
}

} // namespace kf::drawing
