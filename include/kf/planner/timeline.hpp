// SPDX-License-Identifier: MIT
#pragma once
/// The ETA of a file that Klipper runs: bytes of the file -> planned seconds, from the planned moves of estimate.hpp,
/// and what is left, from the byte that Klipper has read and the time since the start.

#include <kf/units.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace kf::planner {

/// Where in planned time the reader of a file is, in bounded memory (a few thousand knots, linear between them).
class timeline {
  public:
    /// All that stands before byte `offset` is over `at` seconds after the start. Both only grow.
    void note(std::uint64_t offset, seconds at);
    [[nodiscard]] seconds at(std::uint64_t offset) const noexcept;
    [[nodiscard]] seconds total() const noexcept { return end_.at; }
    [[nodiscard]] seconds longest() const noexcept { return longest_; }

  private:
    struct knot {
        std::uint64_t offset = 0;
        seconds at = 0;
    };
    static constexpr std::size_t most_knots = 4096;
    std::vector<knot> knots_;
    knot end_;
    seconds longest_ = 0;
    std::uint64_t every_ = 1;
    std::uint64_t skipped_ = 0;
};

/// Seconds until the pen stops, for a file of which Klipper has read `file_position` bytes and which has been moving
/// for `moving_for` seconds, pauses left out. Klipper reads ahead of the pen, but not farther than its buffers and one
/// move: inside of that window the clock is right, outside of it the bytes are (M220, a stall, a pause not noticed).
[[nodiscard]] inline seconds remaining(const timeline& plan, std::uint64_t file_position, seconds moving_for) noexcept {
    constexpr seconds buffers = 2.5; // up to 1 s planned, up to 1 s in the look-ahead, a 250 ms tick on each side
    const seconds read = plan.at(file_position);
    const seconds done = std::clamp(moving_for, std::max(0.0, read - buffers - plan.longest()), read);
    return plan.total() - done;
}

inline void timeline::note(std::uint64_t offset, seconds at) {
    longest_ = std::max(longest_, at - end_.at);
    end_ = {offset, at};
    if (skipped_++ % every_ != 0) return;
    if (knots_.size() == most_knots) {
        for (std::size_t i = 0; i < most_knots / 2; ++i) knots_[i] = knots_[2 * i];
        knots_.resize(most_knots / 2);
        every_ *= 2;
    }
    knots_.push_back(end_);
}

inline seconds timeline::at(std::uint64_t offset) const noexcept {
    if (offset >= end_.offset) return end_.at;
    const auto after = std::upper_bound(knots_.begin(), knots_.end(), offset,
                                        [](std::uint64_t o, const knot& k) { return o < k.offset; });
    const knot to = after == knots_.end() ? end_ : *after;
    const knot from = after == knots_.begin() ? knot{} : *(after - 1);
    const double part = static_cast<double>(offset - from.offset) / static_cast<double>(to.offset - from.offset);
    return from.at + part * (to.at - from.at);
}

} // namespace kf::planner
