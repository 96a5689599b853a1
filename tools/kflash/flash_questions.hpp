// SPDX-License-Identifier: MIT
#pragma once
/// Who answers the questions of a flash at a terminal, and the only place that shows a plan.

#include "../cli/prompt.hpp"
#include "flash_request.hpp"

#include <kf/flash/questions.hpp>

namespace kf::kflash {

/// A dry run's plan is its result. Otherwise it is shown once, before anybody is asked whether it may be run: to a
/// program and the log whole, on a terminal by the weight of its lines.
enum class plan_for { dry_run, run, question };
void show_plan(cli::invocation& in, const flash::flash_plan& plan, plan_for whom);

/// --yes, --force and --skip-unready answer too; a question that nobody is there to answer is errc::needs_person.
struct terminal_questions {
    cli::invocation& in;
    const known_boards& b;
    const flash_words& words;

    [[nodiscard]] result<std::string> which_board(const board::registry& r) const;
    [[nodiscard]] result<void> configure(const board::board& board) const;
    [[nodiscard]] result<bool> may_leave_out(const std::vector<flash::board_readiness>& ready) const;
    [[nodiscard]] result<bool> leave_out(const flash::version_question& q) const;
    [[nodiscard]] result<bool> may_begin(const flash::flash_plan& plan) const;
    /// Whether somebody could be asked at the end: known before anything is done.
    [[nodiscard]] result<void> can_be_asked() const;

  private:
    [[nodiscard]] cli::question beginning() const;
};
static_assert(flash::questions<terminal_questions>);

} // namespace kf::kflash
