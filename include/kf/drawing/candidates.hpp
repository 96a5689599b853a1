// SPDX-License-Identifier: MIT
#pragma once
/// The few travels from each stroke end that a good order may have: to the nearest ends, and to one in each quadrant, so
/// that an end in a row of a hatch sees beyond its row.

#include <kf/drawing/near_ends.hpp>
#include <kf/drawing/stroke_ends.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

namespace kf::drawing {

class candidates {
  public:
    struct travel {
        node to;
        grid_length length;
    };

  private:
    static constexpr std::size_t width = 8, plain = 5, looked_at = 20;

    std::vector<std::array<travel, width>> of_;
    std::vector<std::uint8_t> count_;

  public:
    static constexpr std::size_t most = width;

    explicit candidates(const stroke_ends& ends)
      : of_(ends.nodes())
      , count_(ends.nodes()) {
        std::vector<node> all(ends.nodes());
        std::iota(all.begin(), all.end(), 0U);
        const near_ends near(ends, all);
        std::vector<near_ends::found> found;
        for (const node v : all) {
            near.nearest(v, looked_at, found);
            const grid_point at = ends.at(v);
            const auto quadrant = [&](grid_point p) { return (p.x < at.x ? 1U : 0U) | (p.y < at.y ? 2U : 0U); };
            std::uint32_t chosen = 0, seen = 0; // bits
            std::size_t many = 0;
            const auto choose = [&](std::size_t i) {
                chosen |= 1U << i;
                seen |= 1U << quadrant(found[i].at);
                ++many;
            };
            for (std::size_t i = 0; i < found.size() && many < plain; ++i) choose(i);
            for (std::size_t i = many; i < found.size() && many < width; ++i)
                if ((seen >> quadrant(found[i].at) & 1U) == 0) choose(i);
            for (std::size_t i = plain; i < found.size() && many < width; ++i)
                if ((chosen >> i & 1U) == 0) choose(i);
            for (std::size_t i = 0; i < found.size(); ++i)
                if ((chosen >> i & 1U) != 0) of_[v][count_[v]++] = {found[i].v, found[i].length()};
        }
    }

    /// The shortest first. None for the stroke that is nowhere.
    [[nodiscard]] std::span<const travel> of(node v) const noexcept {
        if (v >= of_.size()) return {};
        return {of_[v].data(), count_[v]};
    }
};

} // namespace kf::drawing
