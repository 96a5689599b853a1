// SPDX-License-Identifier: MIT
#include "flash_questions.hpp"

#include <kf/flash/plan_text.hpp>

#include <fmt/format.h>

namespace kf::kflash {

namespace {

/// The least weight of what a terminal shows.
flash::weight shown_from(const flash::flash_plan& plan, plan_for whom) {
    if (whom != plan_for::question) return flash::weight::step;
    return plan.wanted.is_batch() ? flash::weight::gist : flash::weight::minor; // hundreds of lines are no help
}

void show_line(cli::invocation& in, const flash::plan_line& line, const std::string& text) {
    switch (line.is) {
    case flash::weight::warning: return in.out.warn(text);
    case flash::weight::note: return in.out.note(text);
    default: return in.out.step(line.in, text);
    }
}

} // namespace

void show_plan(cli::invocation& in, const flash::flash_plan& plan, plan_for whom) {
    const auto from = shown_from(plan, whom);
    std::string all;
    for (const auto& line : flash::lines(plan)) {
        const auto in_phase = fmt::format("[{}] {}", label(line.in), line.text);
        if (in.json) {
            record r{"plan",
                     {},
                     {{"phase", std::string(label(line.in))},
                      {"text", line.text},
                      {"weight", std::string(flash::name(line.is))}}};
            if (!line.board.empty()) r.fields.push_back({"board", line.board});
            in.out.result(r);
            in.out.detail("plan: " + in_phase); // for the log
        } else if (whom == plan_for::dry_run) {
            all += (all.empty() ? "" : "\n") + in_phase;
        } else if (line.is < from) {
            in.out.detail("plan: " + in_phase);
        } else {
            const bool says_whose = line.is >= flash::weight::step && plan.wanted.is_batch() && !line.board.empty();
            show_line(in, line, says_whose ? line.board + ": " + line.text : line.text);
        }
    }
    if (!all.empty()) in.out.result({"plan", all});
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
    show_plan(in, plan, words.ask ? plan_for::question : plan_for::run);
    if (!words.ask) return flash::answered_by_flags{}.may_begin(plan);
    auto question = beginning();
    if (plan.wanted.is_batch())
        question.text =
            fmt::format("Flash {} of {} boards in one stop?", plan.boards.size(), plan.wanted.boards.size());
    // Of the menu's one key for all boards Enter is no.
    return cli::confirm(in, question.text, !(plan.wanted.is_batch() && in.asked_by_program), question.flag);
}

result<void> terminal_questions::can_be_asked() const {
    if (!words.ask) return {};
    return cli::somebody_answers(in, beginning());
}

} // namespace kf::kflash
