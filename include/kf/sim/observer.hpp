// SPDX-License-Identifier: MIT
#pragma once
/// A person with an instrument, who reads marks as well as one can: the graduation of the instrument is off by
/// something within its limit, each line is met to about a tenth of its width, the last digit is rounded, and on a
/// vernier the same eye takes the same line for the right one again and again.

#include <kf/cal/instrument.hpp>
#include <kf/cal/vernier.hpp>
#include <kf/sim/marks.hpp>
#include <kf/sim/noise.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace kf::sim {

class observer {
  public:
    observer(std::uint64_t seed, const cal::instrument& with) noexcept
      : chance_(seed)
      , with_(with)
      , graduation_(with.longest > 0 ? chance_.within(with.limit / with.longest) : 0)
      , eye_(chance_.within(with.resolution / 2)) {}

    /// A length, or a place on a ruler from its zero, as it is read.
    [[nodiscard]] mm reads(mm length) noexcept {
        const mm seen = length * (1 + graduation_) + chance_.normal(with_.placing);
        return std::round(seen / with_.resolution) * with_.resolution;
    }
    [[nodiscard]] mm reads(drawing::point a, drawing::point b) noexcept {
        return reads(std::hypot(b.x - a.x, b.y - a.y));
    }
    /// The lines of a comb and its vernier that seem to meet.
    [[nodiscard]] cal::coincidence meets(const comb_pair& combs) noexcept {
        cal::coincidence best;
        mm least = std::numeric_limits<double>::infinity();
        for (std::size_t k = 0; k < combs.second.size(); ++k)
            for (std::size_t j = 0; j < combs.main.size(); ++j) {
                const mm between = combs.second[k] - combs.main[j];
                if (std::fabs(between) > 0.5) continue; // these are not taken for one
                const mm seen = std::fabs(between + eye_ + chance_.normal(with_.placing));
                if (seen >= least) continue;
                least = seen;
                best = {static_cast<int>(j) - static_cast<int>(combs.main_zero), static_cast<int>(k)};
            }
        return best;
    }
    /// How much higher than elsewhere the paper is where the tool dips next.
    [[nodiscard]] mm unevenness(mm deviation) noexcept { return chance_.normal(deviation); }
    /// Where a ruler is laid: its zero is not just at the first mark.
    [[nodiscard]] mm lays(mm about) noexcept { return chance_.within(about); }

  private:
    noise chance_;
    cal::instrument with_;
    double graduation_; ///< relative
    mm eye_;            ///< on a vernier
};

} // namespace kf::sim
