// SPDX-License-Identifier: MIT
#pragma once
/// Makes an order of strokes shorter by the moves of Lin and Kernighan (1973): a travel is taken out, another put in,
/// and so on, as long as what was taken out is longer. Each stroke end has one travel, so its mate says how it goes on.
/// A move is tried on drawing/tour_trial; the tour changes only when the move is a gain. Kicks (four travels near each
/// other exchanged) lead out of what no move makes shorter; the caller keeps them or has them undone.

#include <kf/drawing/candidates.hpp>
#include <kf/drawing/chance.hpp>
#include <kf/drawing/stroke_ends.hpp>
#include <kf/drawing/tour.hpp>
#include <kf/drawing/tour_trial.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace kf::drawing {

class lin_kernighan {
    /// What tour::turn takes.
    struct turned {
        node before, first, last, behind;
    };

    const stroke_ends* ends_;
    const candidates* near_;
    tour* tour_;
    std::size_t depth_, third_;
    std::vector<node> queue_; // ends to look at, from head_ on
    std::size_t head_ = 0;
    std::vector<std::uint8_t> queued_;
    std::vector<grid_length> length_; // of each end's travel
    std::vector<turned> done_;        // since keep()
    std::vector<turned> trying_;

  public:
    /// Moves exchange up to `depth` travels, tour_trial::most_exchanges at most. `third` ways are tried for the third
    /// of them, after five and three.
    lin_kernighan(const stroke_ends& ends, const candidates& near, tour& t, std::size_t depth, std::size_t third)
      : ends_(&ends)
      , near_(&near)
      , tour_(&t)
      , depth_(depth)
      , third_(third)
      , queued_(ends.nodes() + 2)
      , length_(ends.nodes() + 2) {
        for (node v = 0; v < length_.size(); ++v) length_[v] = ends.travel(v, t.mate(v));
    }

    void look_at(node v) {
        if (v < ends_->nodes() && std::exchange(queued_[v], std::uint8_t{1}) == 0) queue_.push_back(v);
    }

    /// Looks at all that is to be looked at, and at what changes; `go_on` is asked before each and may end it. What was
    /// gained.
    template<class GoOn>
    std::int64_t improve(GoOn&& go_on) {
        std::int64_t gained = 0;
        while (head_ < queue_.size() && go_on()) {
            const node v = queue_[head_++];
            queued_[v] = 0;
            while (const std::int64_t gain = improve_at(v)) gained += gain;
        }
        if (head_ == queue_.size()) {
            queue_.clear();
            head_ = 0;
        } else if (head_ * 2 > queue_.size()) {
            queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(head_));
            head_ = 0;
        }
        return gained;
    }

    /// Exchanges four travels that lie one behind the other near v, with up to `longest` strokes between them; their
    /// ends are to be looked at. The tour has more than 3 * `longest` strokes. What it costs.
    std::int64_t kick_along(node v, std::uint32_t longest, chance& random) {
        if (!tour_->is_entry(v)) v ^= 1;
        std::array<node, 4> entries{};
        for (node& each : entries) {
            each = v;
            for (std::uint32_t n = random.below(longest) + 1; n > 0; --n) v = tour_->mate(v ^ 1);
        }
        return exchange_at(entries);
    }

    /// The same with four travels that a short walk from v meets, wherever they are in the tour. Nothing when it meets
    /// fewer.
    std::int64_t kick_around(node v, chance& random) {
        std::array<node, 4> entries{};
        std::size_t count = 0;
        for (int step = 0; step < 12 && count < entries.size(); ++step) {
            const node entry = tour_->is_entry(v) ? v : tour_->mate(v);
            const auto end = entries.begin() + static_cast<std::ptrdiff_t>(count);
            if (std::find(entries.begin(), end, entry) == end) entries[count++] = entry;
            const auto near = near_->of(v);
            if (near.empty()) break;
            v = near[random.below(static_cast<std::uint32_t>(std::min<std::size_t>(near.size(), 5)))].to;
            if ((random() & 1) != 0) v ^= 1;
        }
        if (count < entries.size()) return 0;
        std::ranges::sort(entries, {}, [&](node entry) { return tour_->key_of(entry); });
        return exchange_at(entries);
    }

    void keep() noexcept { done_.clear(); }
    void undo() {
        for (; !done_.empty(); done_.pop_back()) {
            const turned& t = done_.back();
            exchange({t.before, t.last, t.first, t.behind});
        }
    }

  private:
    /// The three runs between the travels to these entries, which follow each other, a b c, become c b a.
    std::int64_t exchange_at(const std::array<node, 4>& entry) {
        const std::array<node, 4> exit{tour_->mate(entry[0]), tour_->mate(entry[1]), tour_->mate(entry[2]),
                                       tour_->mate(entry[3])};
        const auto length = [&] {
            std::int64_t sum = 0;
            for (const node v : entry) sum += length_[v];
            return sum;
        };
        const std::int64_t old = length();
        turn({exit[0], entry[0], exit[3], entry[3]});
        turn({exit[0], exit[3], entry[2], exit[2]});
        turn({exit[3], exit[2], entry[1], exit[1]});
        turn({exit[2], exit[1], entry[0], entry[3]});
        for (std::size_t i = 0; i < 4; ++i) {
            look_at(exit[i]);
            look_at(entry[i]);
        }
        return length() - old;
    }
    void exchange(const turned& t) {
        tour_->turn(t.before, t.first, t.last, t.behind);
        length_[t.before] = length_[t.last] = ends_->travel(t.before, t.last);
        length_[t.first] = length_[t.behind] = ends_->travel(t.first, t.behind);
    }
    void turn(const turned& t) {
        exchange(t);
        done_.push_back(t);
    }

    /// 0 when there is no gain.
    std::int64_t improve_at(node fixed) {
        const node open = tour_->mate(fixed);
        const grid_length out = length_[fixed];
        if (out == 0 || open >= ends_->nodes()) return 0;
        tour_trial trial(*tour_, fixed, open);
        trying_.clear();
        const std::int64_t gain = extend(trial, fixed, open, out, 1);
        if (gain == 0) return 0;
        for (const turned& t : trying_) {
            turn(t);
            for (const node each : {t.before, t.first, t.last, t.behind}) look_at(each);
        }
        return gain;
    }

    /// How many ways are tried from the open end.
    [[nodiscard]] std::size_t breadth(std::size_t depth) const noexcept {
        return depth == 1 ? 5 : depth == 2 ? 3 : depth == 3 ? third_ : 1;
    }

    struct way {
        node to;
        grid_length worth; ///< its end's travel less the way there
    };

    /// `gain` is what was taken out less what was put in. What the first way on that gains, gains, or 0; its turns are
    /// in trying_.
    std::int64_t extend(tour_trial& trial, node fixed, node open, std::int64_t gain, std::size_t depth) {
        std::array<way, candidates::most> ways;
        std::size_t count = 0;
        for (const auto& [to, length] : near_->of(open)) {
            if (length >= gain) break;
            const grid_length worth = length_[to] - length;
            std::size_t at = count++;
            for (; at > 0 && ways[at - 1].worth < worth; --at) ways[at] = ways[at - 1];
            ways[at] = {to, worth};
        }
        const std::size_t breadth_here = breadth(depth);
        const way* around = nullptr;
        std::size_t tried = 0;
        for (std::size_t i = 0; i < count && tried < breadth_here; ++i) {
            const node c = ways[i].to;
            const tour_trial::place place = trial.find(c);
            if (!place.free) continue;
            if (!place.leads_on) {
                if (breadth_here > 1) {
                    ++tried;
                    if (const auto won = go_around(trial, fixed, open, c, place, gain + ways[i].worth, depth))
                        return won;
                } else if (around == nullptr) {
                    around = &ways[i];
                }
                continue;
            }
            ++tried;
            const node d = tour_->mate(c);
            const std::int64_t left = gain + ways[i].worth;
            trying_.push_back({c, d, open, fixed});
            if (const std::int64_t closed = left - ends_->travel(d, fixed); closed > 0) return closed;
            if (depth < depth_ && trial.has_room()) {
                if (breadth_here == 1) {
                    trial.fold(place, d);
                    if (const auto won = extend(trial, fixed, d, left, depth + 1)) return won;
                } else {
                    tour_trial next = trial;
                    next.fold(place, d);
                    if (const auto won = extend(next, fixed, d, left, depth + 1)) return won;
                }
            }
            trying_.pop_back();
        }
        if (tried == 0 && around != nullptr)
            return go_around(trial, fixed, open, around->to, trial.find(around->to), gain + around->worth, depth);
        return 0;
    }

    /// fixed...d, c...open, where d's travel to c is out and c...open is made a ring by the way from open to c. The
    /// ring is opened at its nearest travel f-g and comes behind d.
    std::int64_t go_around(const tour_trial& trial, node fixed, node open, node c, const tour_trial::place& place,
                           std::int64_t gain, std::size_t depth) {
        const node d = tour_->mate(c);
        for (const auto& [f, length] : near_->of(d)) {
            if (length >= gain) break;
            const tour_trial::place there = trial.find(f);
            if (!there.free || !trial.is_behind(there, place)) continue;
            const node g = tour_->mate(f);
            const std::int64_t left = gain - length + length_[f];
            const std::size_t before = trying_.size();
            if (there.leads_on) { // d, c...f g...open -> d f...c open...g
                trying_.push_back({d, c, f, g});
                trying_.push_back({c, g, open, fixed});
            } else { // d, c...g f...open -> d f...open c...g
                trying_.push_back({d, c, open, fixed});
                trying_.push_back({d, open, f, g});
                trying_.push_back({open, g, c, fixed});
            }
            if (const std::int64_t closed = left - ends_->travel(g, fixed); closed > 0) return closed;
            if (depth + 1 < depth_ && trial.has_room()) {
                tour_trial next = trial;
                next.go_around(d, place, there, g);
                if (const auto won = extend(next, fixed, g, left, depth + 2)) return won;
            }
            trying_.resize(before);
            break;
        }
        return 0;
    }
};

} // namespace kf::drawing
