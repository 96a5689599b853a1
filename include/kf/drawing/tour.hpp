// SPDX-License-Identifier: MIT
#pragma once
/// The order of strokes as a closed tour that is cheap to change: any run of strokes is turned round in about sqrt(n)
/// steps. What follows what is `mate`: the end at the other side of a travel. Where a stroke stands is kept in slices
/// of about sqrt(n) strokes, each with a rank and a direction, so that a long run turns by turning its slices
/// (the two-level list of Fredman, Johnson, McGeoch, Ostheimer, 1995; here over strokes).

#include <kf/drawing/stroke_ends.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <utility>
#include <vector>

namespace kf::drawing {

class tour {
    /// Within its slice, in the slice's own direction.
    struct place {
        std::int32_t number;
        std::uint32_t slice : 31;
        std::uint32_t turned : 1; // goes from its end to its beginning
    };
    /// The numbers of its strokes are first to last, without a gap.
    struct slice {
        std::int32_t first, last;
        std::int32_t rank;
        std::uint32_t reversed;
        [[nodiscard]] std::int32_t count() const noexcept { return last - first + 1; }
    };

    std::vector<node> mate_;
    std::vector<place> places_;
    std::vector<slice> slices_;
    std::vector<std::uint32_t> by_rank_;
    std::vector<std::uint32_t> run_; // strokes of a short run that is turned
    std::int32_t short_run_ = 0;     // strokes that are turned one by one

  public:
    /// In this order: the node by which each stroke is entered.
    explicit tour(std::span<const node> entries)
      : mate_(entries.size() * 2)
      , places_(entries.size()) {
        const auto n = static_cast<std::int32_t>(entries.size());
        const auto slices = std::max<std::int32_t>(
            1, n < 1000 ? 1 : static_cast<std::int32_t>(std::lround(std::sqrt(static_cast<double>(n) * slice_factor))));
        short_run_ = slices == 1 ? n : n / slices * 3 / 4;
        for (std::int32_t r = 0, begin = 0; r < slices; ++r) {
            const auto end = static_cast<std::int32_t>(static_cast<std::int64_t>(n) * (r + 1) / slices);
            slices_.push_back({0, end - begin - 1, r, 0});
            by_rank_.push_back(static_cast<std::uint32_t>(r));
            for (std::int32_t i = begin; i < end; ++i)
                places_[entries[static_cast<std::size_t>(i)] / 2] = {
                    i - begin, static_cast<std::uint32_t>(r) & 0x7fffffffU, entries[static_cast<std::size_t>(i)] & 1};
            begin = end;
        }
        for (std::size_t i = 0; i < entries.size(); ++i)
            join(entries[i] ^ 1, entries[i + 1 == entries.size() ? 0 : i + 1]);
    }
    static constexpr double slice_factor = 4; ///< at a million strokes the search takes a fifth less than with 1

    /// The end at the other side of v's travel.
    [[nodiscard]] node mate(node v) const noexcept { return mate_[v]; }

    /// Grows along the tour, from stroke to stroke, and starts again behind the last.
    using key = std::int64_t;
    [[nodiscard]] key key_of(node v) const noexcept {
        const place p = places_[v / 2];
        const slice& s = slices_[p.slice];
        return (static_cast<key>(s.rank) << 32) + (s.reversed != 0 ? -p.number : p.number);
    }
    /// One round of the keys.
    [[nodiscard]] key period() const noexcept { return static_cast<key>(slices_.size()) << 32; }
    /// Whether the tour comes to v by travel and goes on by its stroke.
    [[nodiscard]] bool is_entry(node v) const noexcept {
        const place p = places_[v / 2];
        return (v & 1) == (p.turned ^ slices_[p.slice].reversed);
    }

    /// before-[first ... last]-behind becomes before-[last ... first]-behind: two travels are exchanged for two
    /// others. What is called forward may be the other way round afterwards.
    void turn(node before, node first, node last, node behind) {
        if (!is_entry(first)) {
            std::swap(first, last);
            std::swap(before, behind);
        }
        turn_run(first, last, behind, before);
        join(before, last);
        join(first, behind);
    }

    /// first and last strokes by their entries, from anywhere, the whole round.
    [[nodiscard]] std::vector<node> entries_from(node entry) const {
        std::vector<node> all;
        all.reserve(places_.size());
        node v = entry;
        do {
            all.push_back(v);
            v = mate_[v ^ 1];
        } while (v != entry);
        return all;
    }

  private:
    void join(node a, node b) noexcept {
        mate_[a] = b;
        mate_[b] = a;
    }
    [[nodiscard]] slice& slice_of(node v) noexcept { return slices_[places_[v / 2].slice]; }
    /// Strokes of v's slice before v's own, along the tour.
    [[nodiscard]] std::int32_t before_in_slice(node v) noexcept {
        const slice& s = slice_of(v);
        const std::int32_t number = places_[v / 2].number;
        return s.reversed != 0 ? s.last - number : number - s.first;
    }
    /// Strokes from entry a to exit b when they are few; otherwise just more than few.
    [[nodiscard]] std::int32_t run_length(node a, node b) noexcept {
        const slice *sa = &slice_of(a), *sb = &slice_of(b);
        std::int32_t length = before_in_slice(b) + 1 - before_in_slice(a);
        if (sa == sb && length > 0) return length;
        const auto slices = static_cast<std::int32_t>(slices_.size());
        std::int32_t rank = sa->rank;
        do {
            length += slices_[by_rank_[static_cast<std::size_t>(rank)]].count();
            if (++rank == slices) rank = 0;
        } while (rank != sb->rank && length <= short_run_ + sb->count());
        return length;
    }

    /// first ... last forward, and beyond ... until is the rest of the tour.
    void turn_run(node first, node last, node beyond, node until) {
        const std::int32_t inner = run_length(first, last);
        if (inner <= short_run_ && (slices_.size() > 1 || inner <= static_cast<std::int32_t>(places_.size() / 2)))
            return turn_one_by_one(first, inner);
        const std::int32_t outer = run_length(beyond, until);
        if (outer <= short_run_) return turn_one_by_one(beyond, outer);
        cut_before(first);
        cut_behind(last, first);
        const auto n = static_cast<std::int32_t>(slices_.size());
        std::int32_t i = slice_of(first).rank, j = slice_of(last).rank;
        std::int32_t many = j - i + 1;
        if (many <= 0) many += n;
        if (many * 2 > n) {
            many = n - many;
            i = std::exchange(j, (i == 0 ? n : i) - 1) + 1;
            if (i == n) i = 0;
        }
        for (; many > 0; many -= 2) {
            slice &a = slices_[by_rank_[static_cast<std::size_t>(i)]],
                  &b = slices_[by_rank_[static_cast<std::size_t>(j)]];
            a.reversed ^= 1;
            if (i != j) {
                b.reversed ^= 1;
                std::swap(a.rank, b.rank);
                std::swap(by_rank_[static_cast<std::size_t>(i)], by_rank_[static_cast<std::size_t>(j)]);
            }
            if (++i == n) i = 0;
            if (--j < 0) j = n - 1;
        }
    }

    void turn_one_by_one(node entry, std::int32_t count) {
        run_.clear();
        for (node v = entry; count > 0; --count, v = mate_[v ^ 1]) run_.push_back(v / 2);
        for (std::size_t i = 0, j = run_.size(); i < j--; ++i) {
            place &a = places_[run_[i]], &b = places_[run_[j]];
            const std::uint32_t turned_a = a.turned ^ slices_[a.slice].reversed ^ 1,
                                turned_b = b.turned ^ slices_[b.slice].reversed ^ 1;
            std::swap(a, b);
            a.turned = (turned_a ^ slices_[a.slice].reversed) & 1;
            if (i != j) b.turned = (turned_b ^ slices_[b.slice].reversed) & 1;
        }
    }

    /// Makes entry v's stroke the first of a slice.
    void cut_before(node v) {
        const std::int32_t left = before_in_slice(v), right = slice_of(v).count() - left;
        if (left == 0) return;
        if (left <= right)
            append(mate_[v], left);
        else
            prepend(v, right);
    }
    /// Makes exit v's stroke the last of a slice, and leaves the cut before `kept` alone.
    void cut_behind(node v, node kept) {
        const std::int32_t left = before_in_slice(v) + 1, right = slice_of(v).count() - left;
        if (right == 0) return;
        const std::uint32_t next = places_[mate_[v] / 2].slice; // right > 0: the same slice
        const bool kept_here = places_[kept / 2].slice == next && before_in_slice(kept) == 0;
        const std::int32_t rank = slices_[next].rank + 1;
        const std::uint32_t behind =
            by_rank_[rank == static_cast<std::int32_t>(slices_.size()) ? 0 : static_cast<std::size_t>(rank)];
        const bool kept_behind = places_[kept / 2].slice == behind && before_in_slice(kept) == 0;
        if (kept_here || (right <= left && !kept_behind))
            prepend(mate_[v], right);
        else
            append(v, left);
    }
    /// Moves `count` strokes, the last of which is left by exit v and which begin a slice, to the end of the slice
    /// before.
    void append(node v, std::int32_t count) {
        slice& from = slice_of(v);
        const std::uint32_t to = by_rank_[static_cast<std::size_t>(
            from.rank == 0 ? static_cast<std::int32_t>(slices_.size()) - 1 : from.rank - 1)];
        take(from, true, count);
        slice& s = slices_[to];
        const std::int32_t step = s.reversed != 0 ? -1 : 1;
        std::int32_t number = s.reversed != 0 ? s.first - count : s.last + count;
        (s.reversed != 0 ? s.first : s.last) = number;
        for (; count > 0; --count, number -= step, v = mate_[v ^ 1])
            places_[v / 2] = {number, to & 0x7fffffffU, ((v & 1) ^ 1 ^ s.reversed) & 1};
        renumber_when_worn(to, v);
    }
    /// Moves `count` strokes, the first of which is entered at v and which end a slice, to the start of the slice
    /// behind.
    void prepend(node v, std::int32_t count) {
        slice& from = slice_of(v);
        const std::uint32_t to = by_rank_[static_cast<std::size_t>(
            from.rank + 1 == static_cast<std::int32_t>(slices_.size()) ? 0 : from.rank + 1)];
        take(from, false, count);
        slice& s = slices_[to];
        const std::int32_t step = s.reversed != 0 ? -1 : 1;
        std::int32_t number = s.reversed != 0 ? s.last + count : s.first - count;
        (s.reversed != 0 ? s.last : s.first) = number;
        for (; count > 0; --count, number += step, v = mate_[v ^ 1])
            places_[v / 2] = {number, to & 0x7fffffffU, ((v & 1) ^ s.reversed) & 1};
        renumber_when_worn(to, v);
    }
    static void take(slice& from, bool at_start, std::int32_t count) noexcept {
        if (at_start == (from.reversed == 0))
            from.first += count;
        else
            from.last -= count;
    }
    /// Numbers only ever grow at the ends.
    void renumber_when_worn(std::uint32_t which, node) {
        slice& s = slices_[which];
        if (s.first > -(1 << 29) && s.last < (1 << 29)) return;
        const std::int32_t shift = s.first;
        for (place& p : places_)
            if (p.slice == which) p.number -= shift;
        s.first -= shift;
        s.last -= shift;
    }
};

} // namespace kf::drawing
