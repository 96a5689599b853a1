// SPDX-License-Identifier: MIT
#pragma once
/// What is left of one line when parts of it are taken away, by a crop, a clip or dashes: its pieces, in its order and
/// direction. A closed line begins somewhere, and is one piece there.

#include <kf/drawing/drawing.hpp>

#include <cstddef>
#include <utility>
#include <vector>

namespace kf::drawing {

class line_pieces {
  public:
    /// The pieces are appended to `out`; the line outlives this.
    line_pieces(const polyline& line, std::vector<polyline>& out)
      : line_(line)
      , out_(out)
      , before_(out.size()) {}

    /// One straight piece more. It goes on with the one before where that ended.
    void add(point from, point to) {
        if (!piece_.empty() && piece_.back() != from) cut();
        if (piece_.empty()) piece_.push_back(from);
        if (piece_.back() != to) piece_.push_back(to);
    }
    /// What follows is another piece. One point alone is where a line only touches what takes it away: no ink.
    void cut() {
        if (piece_.size() > 1) out_.push_back(std::move(piece_));
        piece_.clear();
    }
    void finish() {
        cut();
        if (!closed(line_) || out_.size() < before_ + 2) return;
        polyline& first = out_[before_];
        polyline& last = out_.back();
        if (first.front() != line_.front() || last.back() != line_.front()) return;
        last.insert(last.end(), first.begin() + 1, first.end());
        first = std::move(last);
        out_.pop_back();
    }

  private:
    const polyline& line_;
    std::vector<polyline>& out_;
    std::size_t before_;
    polyline piece_ = {};
};

} // namespace kf::drawing
