// SPDX-License-Identifier: MIT
#pragma once
/// The few travels from each stroke end that a good order may have: to the nearest ends, and to one in each quadrant,
/// so that an end in a row of a hatch sees beyond its row.

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
    static constexpr std::size_t most = 12;
    struct travel {
        node to;
        grid_length length;
    };

  private:
    static constexpr std::size_t looked_at = 12, looked_far = 64;

    std::vector<std::array<travel, most>> of_;
    std::vector<std::uint8_t> count_;

  public:
    /// `plain` of the nearest, `width` in all, `most` at most.
    explicit candidates(const stroke_ends& ends, std::size_t plain = 5, std::size_t width = 8)
      : of_(ends.nodes())
      , count_(ends.nodes()) {
        std::vector<node> all(ends.nodes());
        std::iota(all.begin(), all.end(), 0U);
        const near_ends near(ends, all);
        std::vector<near_ends::found> found;
        for (const node v : all) {
            const grid_point at = ends.at(v);
            const auto quadrant = [&](const near_ends::found& f) {
                return 1U << ((f.at.x < at.x ? 1U : 0U) | (f.at.y < at.y ? 2U : 0U));
            };
            near.nearest(v, looked_at, found);
            std::uint32_t seen = 0;
            for (const auto& f : found) seen |= quadrant(f);
            if (seen != 15) near.nearest(v, looked_far, found);
            // The nearest come first, then the first of each quadrant, then whatever is next.
            const std::size_t sure = std::min(plain, found.size());
            seen = 0;
            for (std::size_t i = 0; i < sure; ++i) seen |= quadrant(found[i]);
            std::stable_partition(found.begin() + static_cast<std::ptrdiff_t>(sure), found.end(), [&](const auto& f) {
                const bool is_new = (seen & quadrant(f)) == 0;
                seen |= quadrant(f);
                return is_new;
            });
            if (found.size() > width) found.resize(width);
            std::sort(found.begin(), found.end());
            for (const auto& f : found) of_[v][count_[v]++] = {f.v, f.length()};
        }
    }

    /// The shortest first. None for the stroke that is nowhere.
    [[nodiscard]] std::span<const travel> of(node v) const noexcept {
        if (v >= of_.size()) return {};
        return {of_[v].data(), count_[v]};
    }
};

} // namespace kf::drawing
