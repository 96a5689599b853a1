// SPDX-License-Identifier: MIT
#pragma once
/// What the fuzzers share: a device that answers with the fuzzer's bytes, and time that passes only while one waits.

#include <kf/io/transport.hpp>
#include <kf/sim/manual_clock.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdlib>

namespace kf::fuzz {

inline void demand(bool truth) {
    if (!truth) std::abort();
}

/// Each answer comes in pieces of the given size; when the bytes are used up, nobody answers any more.
class talker {
  public:
    talker(sim::manual_clock& clock, io::byte_view bytes, std::size_t piece)
      : clock_(&clock)
      , left_(bytes)
      , piece_(std::max<std::size_t>(piece, 1)) {}

    [[nodiscard]] result<std::size_t> read_some(std::span<std::uint8_t> in, io::time_point until) {
        if (left_.empty()) {
            clock_->sleep_until(until);
            return kf::fail(errc::timeout, "no answer in time");
        }
        const std::size_t n = std::min({piece_, left_.size(), in.size()});
        std::copy_n(left_.begin(), n, in.begin());
        left_ = left_.subspan(n);
        return n;
    }
    [[nodiscard]] result<void> write_all(io::byte_view, io::time_point) { return {}; }

  private:
    sim::manual_clock* clock_;
    io::byte_view left_;
    std::size_t piece_;
};

} // namespace kf::fuzz
