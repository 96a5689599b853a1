// SPDX-License-Identifier: MIT
#pragma once
/// A clock that stands still until somebody waits. Tests give it to code and to an in-memory transport, so that a
/// timeout of five seconds passes in no time.

#include <kf/io/clock.hpp>

#include <algorithm>

namespace kf::sim {

class manual_clock {
  public:
    [[nodiscard]] io::time_point now() const noexcept { return now_; }
    void sleep_until(io::time_point t) noexcept { now_ = std::max(now_, t); }
    void advance(io::duration d) noexcept { now_ += d; }

  private:
    io::time_point now_ = io::time_point(std::chrono::hours(1));
};
static_assert(io::clock<manual_clock>);

} // namespace kf::sim
