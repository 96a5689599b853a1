// SPDX-License-Identifier: MIT
#pragma once
/// Straight pieces by where they lie: cells about as wide as a piece is long, so that those near another piece are
/// found without looking at all.

#include <kf/drawing/drawing.hpp>
#include <kf/drawing/point.hpp>
#include <kf/drawing/segment.hpp>
#include <kf/drawing/travel.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

namespace kf::drawing {

class segment_cells {
    mm left_ = 0, top_ = 0, cell_ = 1, margin_;
    std::int64_t columns_ = 1, rows_ = 1;
    std::vector<std::vector<std::uint32_t>> cells_;
    std::vector<segment> segments_;
    std::vector<std::uint32_t> seen_; // by which question
    std::uint32_t question_ = 0;

    template<class Visit>
    void each_cell(const segment& s, Visit&& visit) const {
        const auto column = [&](mm x) {
            return std::clamp(static_cast<std::int64_t>((x - left_) / cell_), std::int64_t{0}, columns_ - 1);
        };
        const auto row = [&](mm y) {
            return std::clamp(static_cast<std::int64_t>((y - top_) / cell_), std::int64_t{0}, rows_ - 1);
        };
        const segment r = s.from.x <= s.to.x ? s : segment{s.to, s.from};
        const mm slope = r.to.x > r.from.x ? (r.to.y - r.from.y) / (r.to.x - r.from.x) : 0;
        const std::int64_t last = column(r.to.x + margin_);
        for (std::int64_t c = column(r.from.x - margin_); c <= last; ++c) {
            mm low = std::min(r.from.y, r.to.y), high = std::max(r.from.y, r.to.y);
            if (r.to.x - r.from.x > cell_) { // only where it is, in this column
                const mm begin = left_ + static_cast<mm>(c) * cell_ - margin_, end = begin + cell_ + 2 * margin_;
                const mm a = r.from.y + slope * (std::clamp(begin, r.from.x, r.to.x) - r.from.x);
                const mm b = r.from.y + slope * (std::clamp(end, r.from.x, r.to.x) - r.from.x);
                low = std::min(a, b);
                high = std::max(a, b);
            }
            const std::int64_t bottom = row(high + margin_);
            for (std::int64_t y = row(low - margin_); y <= bottom; ++y)
                visit(static_cast<std::size_t>(y * columns_ + c));
        }
    }

  public:
    /// For the pieces of these lines, to be asked within `margin`.
    segment_cells(const std::vector<polyline>& lines, mm margin)
      : margin_(margin * 2) {
        point low{std::numeric_limits<mm>::max(), std::numeric_limits<mm>::max()}, high{-low.x, -low.y};
        std::size_t pieces = 0;
        mm length = 0;
        for (const polyline& line : lines) {
            for (const point& p : line) {
                low = {std::min(low.x, p.x), std::min(low.y, p.y)};
                high = {std::max(high.x, p.x), std::max(high.y, p.y)};
            }
            length += length_of(line);
            pieces += line.empty() ? 0 : line.size() - 1;
        }
        if (pieces == 0) low = high = {};
        left_ = low.x;
        top_ = low.y;
        const mm width = high.x - low.x, height = high.y - low.y;
        const double n = static_cast<double>(std::max<std::size_t>(pieces, 1));
        cell_ = std::max({length / n, std::sqrt(width * height / n), (width + height) / n, margin_ * 4, 1e-9});
        columns_ = static_cast<std::int64_t>(width / cell_) + 1;
        rows_ = static_cast<std::int64_t>(height / cell_) + 1;
        cells_.resize(static_cast<std::size_t>(columns_ * rows_));
        segments_.reserve(pieces);
    }

    void add(const segment& s) {
        const auto i = static_cast<std::uint32_t>(segments_.size());
        segments_.push_back(s);
        seen_.push_back(question_);
        each_cell(s, [&](std::size_t cell) { cells_[cell].push_back(i); });
    }
    /// Visits those that may be within the margin, each once.
    template<class Visit>
    void near(const segment& s, Visit&& visit) {
        ++question_;
        each_cell(s, [&](std::size_t cell) {
            for (const std::uint32_t i : cells_[cell])
                if (std::exchange(seen_[i], question_) != question_) visit(segments_[i]);
        });
    }
};

} // namespace kf::drawing
