// SPDX-License-Identifier: MIT
#pragma once
/// Numbers 0 to n - 1 in sets that are joined two by two: which ends are on one chain, which lines on one trail.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

namespace kf::drawing {

class joined_sets {
    std::vector<std::uint32_t> up_;

  public:
    explicit joined_sets(std::size_t n)
      : up_(n) {
        std::iota(up_.begin(), up_.end(), 0U);
    }
    /// The same number for all of a set.
    [[nodiscard]] std::uint32_t of(std::uint32_t i) noexcept {
        while (up_[i] != i) i = up_[i] = up_[up_[i]];
        return i;
    }
    /// Whether they were two.
    bool join(std::uint32_t a, std::uint32_t b) noexcept {
        a = of(a), b = of(b);
        if (a == b) return false;
        up_[std::max(a, b)] = std::min(a, b);
        return true;
    }
};

} // namespace kf::drawing
