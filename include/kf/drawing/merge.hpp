// SPDX-License-Identifier: MIT
#pragma once
/// Joins lines whose ends meet, so that the pen is lifted as rarely as can be, and bends as rarely as that allows:
/// where lines cross, each goes straight on. The lines are the edges of a graph, and what comes out are its trails: as
/// many as half of its odd places, at least one for each part (Euler). Each layer for itself; drawing/order comes
/// after.

#include <kf/drawing/corner.hpp>
#include <kf/drawing/drawing.hpp>
#include <kf/drawing/joined_sets.hpp>
#include <kf/drawing/meeting_points.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <span>
#include <utility>
#include <vector>

namespace kf::drawing {

struct merge_options {
    mm tolerance = 0; ///< between ends that meet; the pen draws across the gap
};

struct merged {
    drawing result;
    std::size_t lines_before = 0, lines_after = 0;
};

namespace detail {

/// End 2i is where line i begins, 2i + 1 where it ends.
class trails {
    using line_end = std::uint32_t;
    static constexpr line_end none = ~line_end{0};

    const std::vector<polyline>* lines_;
    std::vector<std::vector<line_end>> at_; // the ends at each place
    std::vector<line_end> partner_;         // what the pen goes on with
    joined_sets sets_;                      // lines of one trail
    std::vector<std::uint8_t> is_open_;     // by set: it begins and ends somewhere

    /// Out of the line's end, into the line.
    [[nodiscard]] point way_in(line_end e) const noexcept {
        const polyline& line = (*lines_)[e / 2];
        const std::size_t last = line.size() - 1;
        const point from = (e & 1) == 0 ? line[0] : line[last], to = (e & 1) == 0 ? line[1] : line[last - 1];
        return {to.x - from.x, to.y - from.y};
    }
    /// What it bends to come by one and go on by the other: 0 straight on, 2 back.
    [[nodiscard]] double bend(line_end a, line_end b) const noexcept {
        const point in = way_in(a);
        return 1 - straightness({-in.x, -in.y}, way_in(b));
    }
    void pair(line_end a, line_end b) noexcept {
        partner_[a] = b;
        partner_[b] = a;
    }

    void pair_straight(const std::vector<line_end>& here) {
        if (here.size() > 32) return pair_opposite(here);
        struct choice {
            std::int64_t bend; // in billionths: what is as straight is taken as it comes
            line_end a, b;
        };
        std::vector<choice> choices;
        for (std::size_t i = 0; i < here.size(); ++i)
            for (std::size_t j = i + 1; j < here.size(); ++j)
                choices.push_back({std::llround(bend(here[i], here[j]) * 1e9), here[i], here[j]});
        std::stable_sort(choices.begin(), choices.end(),
                         [](const choice& x, const choice& y) { return x.bend < y.bend; });
        for (const choice& c : choices)
            if (partner_[c.a] == none && partner_[c.b] == none) pair(c.a, c.b);
    }
    /// Very many: by angle, each with the one half round.
    void pair_opposite(std::vector<line_end> here) {
        std::stable_sort(here.begin(), here.end(), [&](line_end a, line_end b) {
            const point p = way_in(a), q = way_in(b);
            return std::atan2(p.y, p.x) < std::atan2(q.y, q.x);
        });
        const std::size_t half = here.size() / 2;
        for (std::size_t i = 0; i < half; ++i) pair(here[i], here[i + half]);
    }

    void join(line_end a, line_end b) noexcept {
        const std::uint32_t x = sets_.of(a / 2), y = sets_.of(b / 2);
        const std::uint8_t open = is_open_[x] | is_open_[y];
        sets_.join(x, y);
        is_open_[sets_.of(x)] = open;
    }

    /// A ring and another trail that meet here become one: two pairs are exchanged, or the ring takes the place of an
    /// end. What bends least. Whether there were any.
    bool take_in_a_ring(const std::vector<line_end>& here) {
        double least = std::numeric_limits<double>::max();
        line_end best_a = none, best_c = none;
        const bool few = here.size() <= 32;
        for (std::size_t i = 0; i < here.size(); ++i)
            for (std::size_t j = 0; j < here.size(); ++j) {
                const line_end a = here[i], c = here[j]; // a of a ring
                const std::uint32_t x = sets_.of(a / 2), y = sets_.of(c / 2);
                if (x == y || is_open_[x] != 0) continue;
                const line_end b = partner_[a], d = partner_[c];
                const double more =
                    d == none ? bend(a, c) - bend(a, b) : bend(a, c) + bend(b, d) - bend(a, b) - bend(c, d);
                if (more >= least - 1e-9) continue;
                least = more;
                best_a = a, best_c = c;
                if (!few) i = j = here.size() - 1; // the first will do
            }
        if (best_a == none) return false;
        const line_end b = partner_[best_a], d = partner_[best_c];
        pair(best_a, best_c);
        if (d != none)
            pair(b, d);
        else
            partner_[b] = none;
        join(best_a, best_c);
        return true;
    }

  public:
    /// Of lines of two points and more. `place` numbers the place of each end.
    trails(const std::vector<polyline>& lines, std::span<const std::uint32_t> place)
      : lines_(&lines)
      , partner_(lines.size() * 2, none)
      , sets_(lines.size())
      , is_open_(lines.size()) {
        for (line_end e = 0; e < place.size(); ++e) {
            if (place[e] >= at_.size()) at_.resize(place[e] + std::size_t{1});
            at_[place[e]].push_back(e);
        }
        for (const auto& here : at_) pair_straight(here);
        for (line_end e = 0; e < partner_.size(); ++e)
            if (partner_[e] != none) sets_.join(e / 2, partner_[e] / 2);
        for (line_end e = 0; e < partner_.size(); ++e)
            if (partner_[e] == none) is_open_[sets_.of(e / 2)] = 1;
        for (const auto& here : at_)
            while (take_in_a_ring(here)) {}
    }

    /// As lines, in the order of the first line of each.
    [[nodiscard]] std::vector<polyline> drawn() const {
        std::vector<polyline> result;
        std::vector<std::uint8_t> done(lines_->size());
        const auto follow = [&](line_end from) {
            polyline line;
            for (line_end e = from; e != none && done[e / 2] == 0; e = partner_[e ^ 1]) {
                done[e / 2] = 1;
                polyline next = (*lines_)[e / 2];
                if ((e & 1) != 0) std::ranges::reverse(next);
                const bool touches = !line.empty() && line.back() == next.front();
                line.insert(line.end(), next.begin() + (touches ? 1 : 0), next.end());
            }
            return line;
        };
        for (std::uint32_t i = 0; i < lines_->size(); ++i) {
            if (done[i] != 0) continue;
            line_end begin = 2 * i; // back to where its trail begins, or once round
            while (partner_[begin] != none && (partner_[begin] ^ 1) != 2 * i) begin = partner_[begin] ^ 1;
            const bool ring = partner_[begin] != none;
            polyline line = follow(ring ? 2 * i : begin);
            if (ring && line.front() != line.back()) line.push_back(line.front());
            result.push_back(std::move(line));
        }
        return result;
    }
};

inline void merge_lines(std::vector<polyline>& lines, mm tolerance) {
    std::vector<polyline> strokes, dots;
    for (polyline& line : lines)
        if (!line.empty()) (line.size() == 1 ? dots : strokes).push_back(std::move(line));
    std::vector<point> ends;
    ends.reserve(strokes.size() * 2);
    for (const polyline& line : strokes) {
        ends.push_back(line.front());
        ends.push_back(line.back());
    }
    lines = trails(strokes, meeting_points(ends, tolerance)).drawn();
    std::ranges::move(dots, std::back_inserter(lines));
}

} // namespace detail

[[nodiscard]] inline merged merge(drawing d, const merge_options& options = {}) {
    const std::size_t before = line_count(d);
    for (layer& l : d.layers) detail::merge_lines(l.lines, options.tolerance);
    const std::size_t after = line_count(d);
    return {std::move(d), before, after};
}

} // namespace kf::drawing
