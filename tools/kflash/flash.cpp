// SPDX-License-Identifier: MIT
#include "../cli/prompt.hpp"
#include "commands.hpp"
#include "flash_request.hpp"
#include "owed.hpp"

#include <kf/flash/questions.hpp>
#include <kf/flash/run.hpp>

#include <fmt/format.h>

namespace kf::kflash {
namespace {

/// The only place that shows a plan. A dry run's plan is its result, a run's is for programs and for the log, and a
/// person who is asked sees it first.
enum class plan_for { dry_run, run, question };

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

/// Asks at the terminal.
struct terminal_questions {
    cli::invocation& in;
    cli::question question;

    [[nodiscard]] result<bool> may_begin(const flash::flash_plan& plan) const {
        show_plan(in, plan, plan_for::question);
        return cli::confirm(in, question.text, true, question.flag);
    }
};
static_assert(flash::questions<terminal_questions>);

/// Each is there; which of them, and what is no device of a board, is told.
result<void> see_boards(cli::invocation& in, const known_boards& b, const flash::request& wanted) {
    const auto seen = flash::look_at_devices(wanted, b.registry, b.at);
    for (const auto& s : seen.skipped) in.out.detail(fmt::format("{}: {}", s.file_name, s.why));
    for (const auto& one : seen.boards)
        if (one.target)
            in.out.step(phase::discovery, fmt::format("{} is {}", one.board.name, one.target->by_id_name()));
    return flash::check_connected(seen.boards);
}

/// A survey, with the configurations as the person wants them.
result<flash::survey> survey_for(cli::invocation& in, const known_boards& b, const flash_words& words,
                                 runner_type& runner, io::steady_clock clock) {
    if (words.menuconfig && !b.registry.settings.skip_menuconfig) {
        // What would not be flashed in the end is refused before a person is asked to choose.
        KF_TRY(const auto host, flash::survey_host(words.wanted, b.registry, b.at, runner, clock));
        KF_CHECK(flash::check_safety(words.wanted, host));
        for (const auto& board : host.boards) KF_CHECK(edit_config(in, b, board.board));
    }
    return flash::survey_of(words.wanted, b.registry, b.at, runner, clock);
}

/// Before anything may refuse the flash: one that is cut short leaves a board in Katapult, maybe under a name and
/// serial number that nobody has seen. Its port is what it can be found by then.
result<void> learn_boards(const known_boards& b, const flash::request& wanted, auto& tell) {
    const auto seen = flash::look_at_devices(wanted, b.registry, b.at);
    KF_CHECK(flash::check_connected(seen.boards)); // the lock may have been waited for
    for (const auto& board : seen.boards) {
        flash::owned_sink out(tell, board.board.key);
        KF_TRY(auto registered, board::find(b.registry, board.board.key));
        flash::learn(b.at.registry_file, registered, board.target->device(), {}, wanted.day, out);
    }
    return {};
}

result<void> flash_boards(cli::invocation& in, const known_boards& b, flash_words words) {
    KF_TRY(const auto board, pick_board(in, b));
    words.wanted.boards = {board.key};
    if (words.prepare) KF_CHECK(words.prepare(in, b, words.wanted));
    auto runner = make_runner(in);
    const io::steady_clock clock;
    // Before the lock, which may be waited for.
    KF_CHECK(see_boards(in, b, words.wanted));
    if (words.dry_run) {
        KF_TRY(const auto seen, flash::survey_of(words.wanted, b.registry, b.at, runner, clock));
        KF_TRY(const auto plan, flash::plan(words.wanted, seen));
        show_plan(in, plan, plan_for::dry_run);
        return {};
    }
    const terminal_questions person{in, {fmt::format("Flash {}?", board.name), {}, "--yes, or name the board"}};
    if (words.ask) KF_CHECK(cli::somebody_answers(in, person.question));
    KF_TRY(const auto turn, flash::take_turn(b.at, "kflash flash " + board.key, words.busy, clock, in.out));
    flash::sink_reporter tell(in.out, words.wanted.boards.size());
    KF_CHECK(learn_boards(b, words.wanted, tell));
    KF_TRY(const auto seen, survey_for(in, b, words, runner, clock));
    KF_TRY(auto plan, flash::plan(words.wanted, seen));
    in.out.step(phase::safety, plan.idle.printers.empty() ? "no klippy has to do with this board" : "klippy is idle");
    const auto go = words.ask ? person.may_begin(plan) : flash::answered_by_flags{}.may_begin(plan);
    KF_TRY(const bool yes, go);
    if (!yes) return kf::fail(errc::interrupted, "nothing was flashed");
    show_plan(in, plan, plan_for::run);
    KF_TRY(const auto built,
           flash::build(plan, runner, [&](const std::string& key) { return flash::owned_sink(tell, key); }));
    // menuconfig and build took their time, and sudo may have forgotten its password.
    KF_TRY(const auto now, flash::survey_again(words.wanted, seen, runner, clock));
    KF_TRY(const auto outcome, flash::run(built, now, turn, runner, clock, tell));
    return flash::conclude(built, outcome, tell);
}

result<void> run_flash(cli::invocation& in) {
    KF_TRY(const auto words, flash_words_of(in));
    return flash_with(in, words);
}

} // namespace

result<void> flash_with(cli::invocation& in, const flash_words& words) {
    KF_TRY(const auto b, open_boards(in));
    io::interrupt::catch_signals();
    auto done = flash_boards(in, b, words);
    if (!done && !words.dry_run)
        if (const auto paid = pay_owed(in, b); !paid) in.out.warn(paid.error().what);
    return done;
}

cli::command_row flash_command() {
    return {"flash",
            "[BOARD]",
            0,
            1,
            "Builds the firmware of a board, writes it and proves that it runs.",
            flash_options(),
            {{"kflash flash octopus", "menuconfig, build, flash, verify, restart"},
             {"kflash flash octopus -s --dry-run", "see what would happen"},
             {"kflash flash octopus --sim -s", "try it without hardware"}},
            run_flash};
}

} // namespace kf::kflash
