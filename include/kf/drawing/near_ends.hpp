// SPDX-License-Identifier: MIT
#pragma once
/// Which stroke ends are near a place, from a grid of cells that hold a few each. Of ends that are as near, those
/// come first that follow v in number: each of very many in one place sees others of them, and soon.

#include <kf/drawing/stroke_ends.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace kf::drawing {

/// Some nodes, in order, to be asked for the nearest. A node can be taken out.
class near_ends {
    struct entry {
        grid_point at;
        node v;
    };
    const stroke_ends* ends_;
    std::int32_t left_ = 0, top_ = 0, columns_ = 1, rows_ = 1;
    double cell_ = 1;
    std::vector<std::uint32_t> begin_; // of each cell in entries_, row by row
    std::vector<std::uint32_t> end_;   // less than the next cell's begin when nodes were taken out
    std::vector<entry> entries_;

    [[nodiscard]] std::int32_t column(std::int32_t x) const noexcept {
        return std::clamp(static_cast<std::int32_t>((x - left_) / cell_), 0, columns_ - 1);
    }
    [[nodiscard]] std::int32_t row(std::int32_t y) const noexcept {
        return std::clamp(static_cast<std::int32_t>((y - top_) / cell_), 0, rows_ - 1);
    }
    [[nodiscard]] std::size_t cell(std::int32_t c, std::int32_t r) const noexcept {
        return static_cast<std::size_t>(r) * static_cast<std::size_t>(columns_) + static_cast<std::size_t>(c);
    }

  public:
    near_ends(const stroke_ends& ends, std::span<const node> some)
      : ends_(&ends) {
        grid_point low{std::numeric_limits<std::int32_t>::max(), std::numeric_limits<std::int32_t>::max()};
        grid_point high{std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::min()};
        for (const node v : some) {
            const grid_point p = ends.at(v);
            low = {std::min(low.x, p.x), std::min(low.y, p.y)};
            high = {std::max(high.x, p.x), std::max(high.y, p.y)};
        }
        if (some.empty()) low = high = {};
        left_ = low.x, top_ = low.y;
        const double width = 1.0 + high.x - low.x, height = 1.0 + high.y - low.y;
        const double cells = std::max(1.0, static_cast<double>(some.size()) / 2.5);
        cell_ = std::max({std::sqrt(width * height / cells), width / cells, height / cells});
        columns_ = static_cast<std::int32_t>(width / cell_) + 1;
        rows_ = static_cast<std::int32_t>(height / cell_) + 1;
        begin_.assign(cell(0, rows_) + 1, 0);
        std::vector<std::uint32_t> of(some.size());
        for (std::size_t i = 0; i < some.size(); ++i) {
            const grid_point p = ends.at(some[i]);
            of[i] = static_cast<std::uint32_t>(cell(column(p.x), row(p.y)));
            ++begin_[of[i] + 1];
        }
        for (std::size_t i = 1; i < begin_.size(); ++i) begin_[i] += begin_[i - 1];
        end_.assign(begin_.begin(), begin_.end() - 1);
        entries_.resize(some.size());
        for (std::size_t i = 0; i < some.size(); ++i) entries_[end_[of[i]]++] = {ends.at(some[i]), some[i]};
    }

    void take_out(node v) noexcept {
        const grid_point p = ends_->at(v);
        const std::size_t in = cell(column(p.x), row(p.y));
        const auto begin = entries_.begin() + begin_[in], end = entries_.begin() + end_[in];
        const auto at = std::find_if(begin, end, [v](const entry& e) { return e.v == v; });
        if (at == end) return;
        std::copy(at + 1, end, at);
        --end_[in];
    }

    struct found {
        double squared; ///< exact: the grid is fine, and not larger than a double's integers
        node v;
        grid_point at;
        bool operator<(const found& other) const noexcept { return squared < other.squared; }
        [[nodiscard]] grid_length length() const noexcept { return rounded_root(squared); }
    };

    /// Up to `most` (at least 1) ends of other strokes, the nearest to node v first. `into` is written over.
    void nearest(node v, std::size_t most, std::vector<found>& into) const {
        into.clear();
        const grid_point from = ends_->at(v);
        const std::int32_t cx = column(from.x), cy = row(from.y);
        const auto is_full = [&] { return into.size() == most && !(into.back().squared > 0); };
        const auto consider = [&](const entry& e) {
            if (e.v / 2 == v / 2) return;
            const found f{squared_distance(from, e.at), e.v, e.at};
            if (into.size() < most)
                into.push_back(f);
            else if (!(f < into.back()))
                return;
            std::size_t at = into.size() - 1;
            for (; at > 0 && f < into[at - 1]; --at) into[at] = into[at - 1];
            into[at] = f;
        };
        const auto look = [&](std::int32_t c, std::int32_t r) {
            if (r < 0 || r >= rows_ || c < 0 || c >= columns_) return;
            const std::size_t in = cell(c, r);
            for (std::uint32_t i = begin_[in]; i < end_[in]; ++i) consider(entries_[i]);
        };
        const std::size_t own = cell(cx, cy);
        const auto begin = entries_.begin() + begin_[own], end = entries_.begin() + end_[own];
        const auto behind = std::lower_bound(begin, end, v, [](const entry& e, node n) { return e.v < n; });
        for (auto e = behind; e != end && !is_full(); ++e) consider(*e);
        for (auto e = begin; e != behind && !is_full(); ++e) consider(*e);
        if (is_full()) return;
        const double x = (from.x - left_) / cell_ - cx, y = (from.y - top_) / cell_ - cy;
        const double inset = std::min({x, 1 - x, y, 1 - y});
        const std::int32_t rings = std::max({cx, columns_ - 1 - cx, cy, rows_ - 1 - cy});
        for (std::int32_t ring = 1; ring <= rings; ++ring) {
            // Nothing in this ring is nearer than the edge of those before.
            const double reach = std::max(0.0, (ring - 1 + inset) * cell_);
            if (into.size() == most && into.back().squared < reach * reach) break;
            for (std::int32_t c = cx - ring; c <= cx + ring; ++c) {
                look(c, cy - ring);
                look(c, cy + ring);
            }
            for (std::int32_t r = cy - ring + 1; r < cy + ring; ++r) {
                look(cx - ring, r);
                look(cx + ring, r);
            }
        }
    }
};

} // namespace kf::drawing
