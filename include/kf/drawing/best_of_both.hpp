// SPDX-License-Identifier: MIT
#pragma once
/// The shorter parts of two orders of the same strokes, in one. Where two orders differ, their travels form rings: one
/// of ours, one of theirs, in turns (the AB-cycles of Nagata and Kobayashi, 1997). A ring's travels can be exchanged by
/// themselves; when the order falls apart into rounds by that, rings nearby are exchanged with it until it is one
/// again. Two long searches of drawing/shortest_order differ in some dozen places, and each is lucky elsewhere.

#include <kf/drawing/first_tour.hpp>
#include <kf/drawing/stroke_ends.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace kf::drawing {

namespace detail {

class crossing {
    struct ring {
        std::vector<node> nodes;
        std::int64_t gain; ///< by theirs
        bool taken = false;
    };
    struct cut {
        std::uint32_t at; ///< along the tour: two for each stroke
        node v;
    };
    static constexpr std::size_t partners_near = 64; // rings are numbered along the curve, as strokes are

    const stroke_ends* ends_;
    std::vector<node> ours_, theirs_; // of each end, the end at the other side of its travel
    std::vector<ring> rings_;
    std::vector<std::uint32_t> at_;       // of each end along our tour
    std::vector<std::uint32_t> position_; // of an end among the cuts
    std::vector<cut> cuts_;
    std::vector<std::uint8_t> passed_;

  public:
    crossing(const stroke_ends& ends, const entry_order& ours, const entry_order& theirs)
      : ends_(&ends)
      , ours_(mates(ours))
      , theirs_(mates(theirs))
      , at_(ours_.size())
      , position_(ours_.size()) {
        find_rings();
    }

    [[nodiscard]] entry_order best() {
        number();
        // What was taken later may make one round of what fell apart before.
        for (int sweep = 0; sweep < 2; ++sweep)
            for (std::size_t i = 0; i < rings_.size(); ++i)
                if (!rings_[i].taken && rings_[i].gain > 0) take_with_partners(i);
        entry_order order;
        order.reserve(at_.size() / 2);
        const node nowhere = ends_->nowhere();
        for (node v = ours_[nowhere ^ 1]; v / 2 != nowhere / 2; v = ours_[v ^ 1]) order.push_back(v);
        order.push_back(nowhere);
        return order;
    }

  private:
    [[nodiscard]] static std::vector<node> mates(const entry_order& order) {
        std::vector<node> mate(order.size() * 2);
        for (std::size_t i = 0; i < order.size(); ++i) {
            const node a = order[i] ^ 1, b = order[i + 1 == order.size() ? 0 : i + 1];
            mate[a] = b;
            mate[b] = a;
        }
        return mate;
    }
    void number() {
        node v = ends_->nowhere();
        for (std::uint32_t i = 0; i < at_.size(); v = ours_[v ^ 1]) {
            at_[v] = i++;
            at_[v ^ 1] = i++;
        }
    }
    void find_rings() {
        std::vector<std::uint8_t> seen(ours_.size());
        for (node start = 0; start < ours_.size(); ++start) {
            if (seen[start] != 0 || ours_[start] == theirs_[start]) continue;
            ring found{{}, 0};
            node v = start;
            do {
                const node w = ours_[v];
                seen[v] = seen[w] = 1;
                found.nodes.insert(found.nodes.end(), {v, w});
                found.gain += ends_->travel(v, w) - ends_->travel(w, theirs_[w]);
                v = theirs_[w];
            } while (v != start);
            rings_.push_back(std::move(found));
        }
    }

    /// How many rounds the tour is when these nodes have their travels.
    [[nodiscard]] std::size_t rounds(std::span<const node> nodes) {
        cuts_.clear();
        for (const node v : nodes) cuts_.push_back({at_[v], v});
        std::ranges::sort(cuts_, {}, &cut::at);
        const auto count = static_cast<std::uint32_t>(cuts_.size());
        for (std::uint32_t i = 0; i < count; ++i) position_[cuts_[i].v] = i;
        // The run from one cut to the next one: from an entry on, from an exit back.
        const auto run_from = [&](std::uint32_t i) {
            if ((cuts_[i].at & 1) == 0) return i + 1 == count ? 0 : i + 1;
            return i == 0 ? count - 1 : i - 1;
        };
        std::size_t found = 0;
        passed_.assign(count, 0);
        for (std::uint32_t start = 0; start < count; ++start) {
            if (passed_[start] != 0) continue;
            ++found;
            for (std::uint32_t i = start; passed_[i] == 0; i = position_[theirs_[cuts_[i].v]]) {
                passed_[i] = 1;
                i = run_from(i);
                passed_[i] = 1;
            }
        }
        return found;
    }

    void take_with_partners(std::size_t first) {
        std::vector<node> nodes = rings_[first].nodes, with;
        std::vector<std::size_t> members{first};
        std::int64_t gain = rings_[first].gain;
        const std::size_t begin = first - std::min(first, partners_near);
        const std::size_t end = std::min(rings_.size(), first + partners_near);
        for (std::size_t left = rounds(nodes); left > 1;) {
            std::size_t best = end, fewest = left;
            for (std::size_t i = begin; i < end; ++i) {
                const ring& r = rings_[i];
                if (r.taken || gain + r.gain <= 0 || std::ranges::find(members, i) != members.end()) continue;
                with = nodes;
                with.insert(with.end(), r.nodes.begin(), r.nodes.end());
                const std::size_t now = rounds(with);
                if (now < left && (best == end || r.gain > rings_[best].gain)) {
                    best = i;
                    fewest = now;
                }
            }
            if (best == end) return;
            members.push_back(best);
            nodes.insert(nodes.end(), rings_[best].nodes.begin(), rings_[best].nodes.end());
            gain += rings_[best].gain;
            left = fewest;
        }
        for (const std::size_t i : members) rings_[i].taken = true;
        for (const node v : nodes) ours_[v] = theirs_[v];
        number();
    }
};

} // namespace detail

/// No longer than the shorter of the two.
[[nodiscard]] inline entry_order best_of_both(const stroke_ends& ends, const entry_order& ours,
                                              const entry_order& theirs) {
    const bool swapped = travel_of(ends, theirs) < travel_of(ends, ours);
    return detail::crossing(ends, swapped ? theirs : ours, swapped ? ours : theirs).best();
}

} // namespace kf::drawing
