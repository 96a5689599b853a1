// SPDX-License-Identifier: MIT
#pragma once
/// The whole search for a short order of strokes: a first tour, the moves of drawing/lin_kernighan, then kicks for as
/// long as wanted. A long search is many short ones, and the best parts of all (drawing/best_of_both): one alone gains
/// ever less. What is found depends on the strokes, the seed and the number of kicks alone, unless it is ended from
/// outside.

#include <kf/drawing/best_of_both.hpp>
#include <kf/drawing/candidates.hpp>
#include <kf/drawing/chance.hpp>
#include <kf/drawing/first_tour.hpp>
#include <kf/drawing/lin_kernighan.hpp>
#include <kf/drawing/stroke_ends.hpp>
#include <kf/drawing/tour.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace kf::drawing {

/// How the search goes about strokes of a kind.
struct search_style {
    std::size_t depth = 10;           ///< travels exchanged by one move, at most
    std::size_t third = 2;            ///< ways tried for the third of them
    std::uint32_t kick_run = 30;      ///< strokes in each of the three runs of a kick along the tour, at most
    std::uint32_t around = 2;         ///< of four kicks: those across the tour
    std::size_t plain = 5, width = 8; ///< of drawing/candidates
};
/// Rows of a hatch are shifted by one only when very many travels change at once.
inline constexpr search_style strewn{10, 2, 30, 2, 5, 8}, hatched{50, 1, 50, 0, 8, 12};

/// An order, and how to search on from it.
struct found_order {
    entry_order entries;
    search_style style = strewn;
};

/// The shorter of two first tours. From each stroke to the nearest left wins where strokes lie in rows.
[[nodiscard]] inline found_order first_order(const stroke_ends& ends, const candidates& near) {
    entry_order by_travel = shortest_travels_first(ends, near), by_nearness = nearest_first(ends);
    if (travel_of(ends, by_nearness) < travel_of(ends, by_travel)) return {std::move(by_nearness), hatched};
    return {std::move(by_travel), strewn};
}

/// At least as short as what it is given. `go_on` is asked all the time, and may end the search at any time.
template<class GoOn>
[[nodiscard]] found_order shorten(const stroke_ends& ends, const candidates& near, found_order order,
                                  std::uint64_t kicks, chance& random, GoOn&& go_on) {
    if (order.entries.size() < 3) return order;
    tour t(order.entries);
    lin_kernighan search(ends, near, t, order.style.depth, order.style.third);
    for (const node entry : order.entries) {
        search.look_at(entry ^ 1);
        search.look_at(entry);
    }
    search.improve(go_on);
    search.keep();
    // With the stroke that is nowhere there is one more, and a kick leaves one out.
    const std::uint32_t longest = std::min(order.style.kick_run, ends.strokes() / 3);
    // One sweep after the other: strokes are numbered along a curve, so what is near in number is near in memory.
    const std::uint32_t stride = std::min<std::uint32_t>(100, ends.nodes());
    node at = 0;
    if (longest == 0) kicks = 0;
    for (; kicks > 0 && go_on(); --kicks) {
        at = (at + 1 + random.below(stride)) % ends.nodes();
        const bool across = kicks % 4 < order.style.around;
        const std::int64_t cost = across ? search.kick_around(at, random) : search.kick_along(at, longest, random);
        if (search.improve(go_on) >= cost)
            search.keep();
        else
            search.undo();
    }
    const node nowhere = ends.nowhere();
    order.entries = t.entries_from(t.is_entry(nowhere) ? nowhere : nowhere ^ 1);
    std::rotate(order.entries.begin(), order.entries.begin() + 1, order.entries.end());
    return order;
}

/// Kicks for each stroke: of a search from the first order, and of one that goes on from the best parts.
inline constexpr std::uint64_t kicks_afresh = 5, kicks_onward = 2;
/// The best parts of two orders are found in less than 0.1 s.
inline constexpr std::uint32_t soon_crossed = 100'000;

/// As shorten(), in searches of their own when there are kicks for several.
template<class GoOn>
[[nodiscard]] found_order shorten_in_turns(const stroke_ends& ends, const candidates& near, const found_order& first,
                                           std::uint64_t kicks, chance& random, GoOn&& go_on) {
    if (ends.strokes() < 3) return first; // of which none is kicked
    const auto search = [&](found_order from, std::uint64_t each) {
        const std::uint64_t now = std::min(kicks, each * std::max(ends.strokes(), 100U));
        kicks -= now;
        return shorten(ends, near, std::move(from), now, random, go_on);
    };
    found_order best = search(first, kicks_afresh);
    while (kicks > 0 && go_on()) {
        const found_order other = search(first, kicks_afresh);
        if (ends.strokes() > soon_crossed && !go_on()) break;
        best.entries = best_of_both(ends, best.entries, other.entries);
        best = search(std::move(best), kicks_onward);
    }
    return best;
}

} // namespace kf::drawing
