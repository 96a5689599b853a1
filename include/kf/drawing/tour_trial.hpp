// SPDX-License-Identifier: MIT
#pragma once
/// A tour with some of its travels exchanged, on trial: nothing but a short list of runs of the real tour, each one way
/// or the other. It is a path from a fixed end to an open one; each exchange gives it another open end. The searches of
/// drawing/lin_kernighan make and drop thousands of these for each change of the real tour.

#include <kf/drawing/tour.hpp>

#include <algorithm>
#include <array>
#include <cstddef>

namespace kf::drawing {

class tour_trial {
    /// Strokes from key low to high, counted along the path as it was.
    struct run {
        tour::key low, high;
        bool reversed;
    };

  public:
    /// Exchanges, at most; two for each that goes around.
    static constexpr std::size_t most_exchanges = 60;

    /// Where a node is in the trial.
    struct place {
        tour::key key;
        std::size_t run;
        bool leads_on; ///< its travel goes on towards the open end
        bool free;     ///< its travel is one of the real tour's, and still there
    };

  private:
    const tour* tour_;
    tour::key origin_, period_;
    bool forward_;
    std::size_t count_ = 1;
    std::array<run, most_exchanges + 4> runs_;

    [[nodiscard]] tour::key key_of(node v) const noexcept {
        const tour::key k = forward_ ? tour_->key_of(v) - origin_ : origin_ - tour_->key_of(v);
        return k < 0 ? k + period_ : k;
    }
    void split(std::size_t at, tour::key last, tour::key next) noexcept {
        for (std::size_t i = count_++; i > at + 1; --i) runs_[i] = runs_[i - 1];
        const run r = runs_[at];
        runs_[at] = r.reversed ? run{last, r.high, true} : run{r.low, last, false};
        runs_[at + 1] = r.reversed ? run{r.low, next, true} : run{next, r.high, false};
    }
    void reverse(std::size_t begin, std::size_t end) noexcept {
        for (std::size_t i = begin, j = end; i < j--; ++i) {
            const run r = runs_[i];
            runs_[i] = {runs_[j].low, runs_[j].high, !runs_[j].reversed};
            if (i != j) runs_[j] = {r.low, r.high, !r.reversed};
        }
    }

  public:
    /// Without the travel between the two.
    tour_trial(const tour& t, node fixed, node open) noexcept
      : tour_(&t)
      , origin_(t.key_of(fixed))
      , period_(t.period())
      , forward_(t.is_entry(fixed)) {
        runs_[0] = {0, key_of(open), false};
    }
    tour_trial(const tour_trial& other) noexcept // what is beyond the count is never read
      : tour_(other.tour_)
      , origin_(other.origin_)
      , period_(other.period_)
      , forward_(other.forward_)
      , count_(other.count_) {
        std::copy_n(other.runs_.begin(), count_, runs_.begin());
    }
    tour_trial& operator=(const tour_trial&) = delete;

    [[nodiscard]] place find(node v) const noexcept {
        place p{key_of(v), 0, false, false};
        while (p.key < runs_[p.run].low || p.key > runs_[p.run].high) ++p.run;
        const run& r = runs_[p.run];
        const bool up = tour_->is_entry(v) != forward_; // towards higher keys
        p.free = p.key != (up ? r.high : r.low);
        p.leads_on = up != r.reversed;
        return p;
    }
    [[nodiscard]] bool is_behind(const place& p, const place& from) const noexcept {
        if (p.run != from.run) return p.run > from.run;
        return runs_[p.run].reversed ? p.key < from.key : p.key > from.key;
    }
    [[nodiscard]] bool has_room() const noexcept { return count_ + 3 < runs_.size(); }

    /// c leads on to d: fixed...c d...open becomes fixed...c open...d.
    void fold(const place& c, node d) noexcept {
        split(c.run, c.key, key_of(d));
        reverse(c.run + 1, count_);
    }
    /// d leads on to c, f to g or g to f: fixed...d, c...f g...open becomes fixed...d f...c open...g; fixed...d c...g
    /// f...open becomes fixed...d f...open c...g.
    void go_around(node d, const place& c, const place& f, node g) noexcept {
        split(c.run, key_of(d), c.key);
        const std::size_t begin = c.run + 1;
        const std::size_t middle = f.run + 2;
        if (f.leads_on)
            split(f.run + 1, f.key, key_of(g));
        else
            split(f.run + 1, key_of(g), f.key);
        if (f.leads_on) {
            reverse(begin, middle);
            reverse(middle, count_);
        } else {
            std::rotate(runs_.begin() + static_cast<std::ptrdiff_t>(begin),
                        runs_.begin() + static_cast<std::ptrdiff_t>(middle),
                        runs_.begin() + static_cast<std::ptrdiff_t>(count_));
        }
    }
};

} // namespace kf::drawing
