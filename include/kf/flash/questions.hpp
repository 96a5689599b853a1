// SPDX-License-Identifier: MIT
#pragma once
/// The questions policy: who answers what only a person can, once the plan is known.
///
/// | expression      | meaning                 | guarantees                                           |
/// | --------------- | ----------------------- | ---------------------------------------------------- |
/// | q.may_begin(p)  | may this plan be run    | p was shown before; no board, no service was touched |
///
/// Models: answered_by_flags; a terminal (tools/kflash).

#include <kf/flash/plan.hpp>

#include <concepts>

namespace kf::flash {

template<class Q>
concept questions = requires(Q& q, const flash_plan& p) {
    { q.may_begin(p) } -> std::same_as<result<bool>>;
};

/// The board was named, or --yes was said.
struct answered_by_flags {
    [[nodiscard]] result<bool> may_begin(const flash_plan&) const { return true; }
};
static_assert(questions<answered_by_flags>);

} // namespace kf::flash
