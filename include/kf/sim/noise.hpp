// SPDX-License-Identifier: MIT
#pragma once
/// Noise that is the same everywhere for a seed: of endstops, of eyes and of instruments.

#include <kf/drawing/chance.hpp>

#include <cmath>
#include <cstdint>
#include <numbers>

namespace kf::sim {

class noise {
  public:
    explicit noise(std::uint64_t seed) noexcept
      : draw_(seed) {}

    /// Any value from -half_width to half_width alike.
    [[nodiscard]] double within(double half_width) noexcept { return (2 * share() - 1) * half_width; }
    /// Normally distributed about 0, after Box and Muller.
    [[nodiscard]] double normal(double deviation) noexcept {
        const double radius = std::sqrt(-2 * std::log(1 - share()));
        return deviation * radius * std::cos(2 * std::numbers::pi * share());
    }

  private:
    /// From 0 to less than 1.
    double share() noexcept { return static_cast<double>(draw_() >> 11) * 0x1p-53; }

    drawing::chance draw_;
};

} // namespace kf::sim
