// SPDX-License-Identifier: MIT
#pragma once
/// The height at which a tool touches the paper, by asking: down in steps that cannot hurt until it touches, then
/// halves between the last height that was clear and the first that was not. A value that says where to go next and
/// takes the answer; it moves nothing and asks nothing. Down is towards a greater Z on one machine and towards a lower
/// one on another; it never goes farther than its floor, until somebody sets another one.

#include <kf/cal/uncertainty.hpp>
#include <kf/error.hpp>
#include <kf/io/decimal.hpp>
#include <kf/units.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>

namespace kf::cal {

struct height_plan {
    mm clear = 0;         ///< where it certainly does not touch
    mm floor = 0;         ///< and where no tool goes beyond; on which side it lies is the sense of Z
    mm step = 0.5;        ///< of the way down: how deep a tool may press at worst
    mm resolution = 0.02; ///< halves go on until they are no larger than this
    mm paper = 0.02;      ///< standard deviation of paper and tip, from one dip to the next
};

enum class seen : std::uint8_t { clear, touching };

class height_search {
  public:
    enum class state : std::uint8_t {
        going_down, ///< next() is a step farther down
        halving,    ///< next() is between what was clear and what touched
        at_floor,   ///< the floor is reached and it does not touch: extend() or give up
        found,
    };

    /// errc::usage when there is no way down or no step.
    [[nodiscard]] static result<height_search> begin(const height_plan& p) {
        if (p.clear == p.floor || !(p.step > 0) || !(p.resolution > 0))
            return kf::fail(errc::usage, "a search for a height needs a way down, a step and a resolution");
        return height_search(p);
    }

    [[nodiscard]] state now() const noexcept { return state_; }
    /// Where the tool is to go for the next answer. Of going_down and halving only.
    [[nodiscard]] mm next() const noexcept {
        if (state_ == state::halving) return (clear_ + *touching_) / 2;
        const mm left = (plan_.floor - clear_) * down();
        return clear_ + down() * std::min(plan_.step, left);
    }
    /// What was seen at next().
    void answer(seen what) noexcept {
        const mm asked = next();
        if (what == seen::touching)
            touching_ = asked;
        else
            clear_ = asked;
        if (touching_)
            state_ = std::fabs(*touching_ - clear_) <= plan_.resolution * (1 + 1e-9) ? state::found : state::halving;
        else if ((plan_.floor - clear_) * down() <= 1e-9)
            state_ = state::at_floor;
    }
    /// A person's word that it may go on below the floor, to `floor`. errc::refused when that is not farther down.
    result<void> extend(mm floor) {
        if ((floor - plan_.floor) * down() <= 0)
            return kf::fail(errc::refused, fmt::format("{} is not beyond the floor at {}", io::to_decimal(floor, 3),
                                                       io::to_decimal(plan_.floor, 3)));
        plan_.floor = floor;
        if (state_ == state::at_floor) state_ = state::going_down;
        return {};
    }

    /// 1: down is towards a greater Z, -1: towards a lower one.
    [[nodiscard]] double down() const noexcept { return plan_.floor > plan_.clear ? 1 : -1; }
    [[nodiscard]] const height_plan& plan() const noexcept { return plan_; }
    /// Of found: the middle of the last interval; what its width leaves open, and that no two dips touch alike.
    [[nodiscard]] measurement touch() const noexcept {
        const doubt open = together(within(std::fabs(*touching_ - clear_) / 2), {plan_.paper});
        return {(*touching_ + clear_) / 2, open.u, open.dof};
    }
    /// The height at which one goes on for a second look: clear of the touch by a step, no higher than the first start.
    [[nodiscard]] height_plan again() const noexcept {
        height_plan p = plan_;
        const mm above = touch().value - down() * 1.5 * plan_.step;
        p.clear = (above - plan_.clear) * down() > 0 ? above : plan_.clear;
        return p;
    }

  private:
    explicit height_search(const height_plan& p) noexcept
      : plan_(p)
      , clear_(p.clear) {}

    height_plan plan_;
    state state_ = state::going_down;
    mm clear_;
    std::optional<mm> touching_{};
};

/// Where every tool is clear: half-way between two that touch on either side, or, with one alone, `clearance` away from
/// its touch against `down` (1 or -1).
[[nodiscard]] constexpr mm travel_between(mm one, mm other) noexcept { return (one + other) / 2; }
[[nodiscard]] constexpr mm travel_above(mm touch, double down, mm clearance) noexcept {
    return touch - down * clearance;
}

} // namespace kf::cal
