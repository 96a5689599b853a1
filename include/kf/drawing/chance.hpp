// SPDX-License-Identifier: MIT
#pragma once
/// Random numbers that are the same on every machine and library for a seed: splitmix64 (Steele, Lea, Flood 2014). The
/// search of drawing/order draws from it; std::uniform_int_distribution differs between libraries.

#include <cstdint>

namespace kf::drawing {

class chance {
    std::uint64_t state_;

  public:
    explicit chance(std::uint64_t seed) noexcept
      : state_(seed) {}

    std::uint64_t operator()() noexcept {
        std::uint64_t z = state_ += 0x9e3779b97f4a7c15U;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
        return z ^ (z >> 31);
    }
    /// 0 to n - 1. n is at least 1.
    std::uint32_t below(std::uint32_t n) noexcept {
        return static_cast<std::uint32_t>(((operator()() >> 32) * n) >> 32);
    }
};

} // namespace kf::drawing
