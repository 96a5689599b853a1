// SPDX-License-Identifier: MIT
#pragma once
/// The questions policy: who answers what only a person can. No board and no service was touched yet.
///
/// | expression             | meaning                                                             |
/// | ---------------------- | ------------------------------------------------------------------- |
/// | q.which_board(r)       | which board is meant; none was named                                |
/// | q.configure(b)         | the board's configuration as the person wants it is cached then     |
/// | q.may_leave_out(ready) | go on without the boards that are not ready                         |
/// | q.leave_out(question)  | are the boards of this question left out                            |
/// | q.may_begin(p)         | may this plan be run: it is shown here, whoever answers             |
///
/// Models: answered_by_flags; a terminal (tools/kflash).

#include <kf/flash/plan.hpp>
#include <kf/flash/readiness.hpp>
#include <kf/flash/standing.hpp>

#include <concepts>

namespace kf::flash {

template<class Q>
concept questions = requires(Q& q, const flash_plan& p, const board::registry& r, const board::board& b,
                             const std::vector<board_readiness>& ready, const version_question& question) {
    { q.which_board(r) } -> std::same_as<result<std::string>>;
    { q.configure(b) } -> std::same_as<result<void>>;
    { q.may_leave_out(ready) } -> std::same_as<result<bool>>;
    { q.leave_out(question) } -> std::same_as<result<bool>>;
    { q.may_begin(p) } -> std::same_as<result<bool>>;
};

/// Each question has its usual answer: what --yes means.
struct answered_by_flags {
    [[nodiscard]] result<std::string> which_board(const board::registry& r) const {
        if (r.boards.size() == 1) return r.boards.front().key;
        return kf::fail(errc::needs_person, "no board is named");
    }
    [[nodiscard]] result<void> configure(const board::board&) const { return {}; }
    [[nodiscard]] result<bool> may_leave_out(const std::vector<board_readiness>&) const { return false; }
    [[nodiscard]] result<bool> leave_out(const version_question& q) const { return q.usual == q.leaves_out; }
    [[nodiscard]] result<bool> may_begin(const flash_plan&) const { return true; }
};
static_assert(questions<answered_by_flags>);

} // namespace kf::flash
