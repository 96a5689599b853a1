// SPDX-License-Identifier: MIT
#include "flash_questions.hpp"

#include <fmt/format.h>

namespace kf::kflash {

void show_plan(cli::invocation& in, const flash::flash_plan& plan, plan_for whom) {
    std::string text;
    for (const auto& line : flash::lines(plan)) {
        const auto name = std::string(label(line.in));
        if (in.json) {
            record r{"plan", {}, {{"phase", name}, {"text", line.text}}};
            if (!line.board.empty()) r.fields.push_back({"board", line.board});
            in.out.result(r);
        }
        text += fmt::format("{}[{}] {}", text.empty() ? "" : "\n", name, line.text);
        if (whom == plan_for::run) in.out.detail(fmt::format("plan: [{}] {}", name, line.text));
        if (whom == plan_for::question) in.out.step(line.in, line.text);
    }
    if (whom == plan_for::dry_run && !in.json) in.out.result({"plan", text});
}

result<std::string> terminal_questions::which_board(const board::registry& r) const {
    KF_TRY(const auto board, ask_board(in, r));
    return board.key;
}

result<void> terminal_questions::configure(const board::board& board) const { return edit_config(in, b, board); }

result<bool> terminal_questions::may_leave_out(const std::vector<flash::board_readiness>& ready) const {
    if (words.skip_unready) return true;
    if (words.usual || !in.can_ask()) return flash::answered_by_flags{}.may_leave_out(ready);
    for (const auto& one : ready)
        if (!one.ready) in.out.warn(fmt::format("{}: {}", one.name, one.ready.error().what));
    return cli::confirm(in, "Go on without them?", false, "--skip-unready");
}

result<bool> terminal_questions::leave_out(const flash::version_question& q) const {
    if (words.usual) return flash::answered_by_flags{}.leave_out(q);
    KF_TRY(const bool yes, cli::confirm(in, q.text, q.usual, "--yes for the usual answer, or --force to flash all"));
    return yes == q.leaves_out;
}

cli::question terminal_questions::beginning() const {
    if (words.wanted.is_batch()) return {fmt::format("Flash {} boards?", words.wanted.boards.size()), {}, "--yes"};
    const auto board = board::with_key(b.registry, words.wanted.boards.front());
    return {
        fmt::format("Flash {}?", board ? board->name : words.wanted.boards.front()), {}, "--yes, or name the board"};
}

result<bool> terminal_questions::may_begin(const flash::flash_plan& plan) const {
    if (!words.ask) return flash::answered_by_flags{}.may_begin(plan);
    auto question = beginning();
    if (plan.wanted.is_batch()) // hundreds of lines are no help
        question.text =
            fmt::format("Flash {} of {} boards in one stop?", plan.boards.size(), plan.wanted.boards.size());
    else
        show_plan(in, plan, plan_for::question);
    // Of the menu's one key for all boards Enter is no.
    return cli::confirm(in, question.text, !(plan.wanted.is_batch() && in.asked_by_program), question.flag);
}

result<void> terminal_questions::can_be_asked() const {
    if (!words.ask) return {};
    return cli::somebody_answers(in, beginning());
}

} // namespace kf::kflash
