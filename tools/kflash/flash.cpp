// SPDX-License-Identifier: MIT
#include "flash_questions.hpp"
#include "kflash_commands.hpp"
#include "needs.hpp"
#include "owed.hpp"

#include <kf/flash/refusal.hpp>
#include <kf/flash/run.hpp>
#include <kf/flash/stages.hpp>

#include <fmt/format.h>

namespace kf::kflash {
namespace {

flash::current_boards current_of(const flash_words& words) {
    return words.force ? flash::current_boards::flashed : flash::current_boards::asked_about;
}

/// The boards as they were named, or all, or the one that is asked for.
result<void> name_boards(flash_words& words, const known_boards& b, const terminal_questions& person) {
    auto& wanted = words.wanted;
    if (words.all) {
        const auto seen = board::scan(b.at.devices); // what cannot be seen is told when its boards are looked up
        flash::take_all(wanted, b.registry, seen ? seen->devices : std::vector<board::device>{});
        if (wanted.boards.empty()) KF_CHECK(board::find(b.registry, ""));
    } else if (wanted.boards.empty()) {
        KF_TRY(auto key, person.which_board(b.registry));
        wanted.boards = {std::move(key)};
    } else {
        for (auto& word : wanted.boards) {
            KF_TRY(const auto board, board::find(b.registry, word));
            word = board.key;
        }
    }
    return flash::check(wanted);
}

/// What is known and held when the images are there.
struct readied {
    std::optional<io::file_lock> turn = {};
    flash::survey seen = {};
};

/// All that comes before anything is stopped, and the images.
result<flash::built_plan> get_ready(cli::invocation& in, known_boards& b, flash_words& words,
                                    const terminal_questions& person, readied& r, auto& runner, auto& tell) {
    const io::steady_clock clock;
    KF_CHECK(flash::see_boards(words.wanted, b.registry, b.at, in.out)); // before the lock, which may be waited for
    KF_CHECK(person.can_be_asked());
    KF_TRY(r.turn, flash::take_turn(b.at, flash::name_of(words.wanted), words.busy, clock, in.out));
    KF_TRY(b.registry, board::read_registry(b.at.registry_file)); // the one before us may have changed it
    KF_CHECK(flash::learn_boards(words.wanted, b.registry, b.at, tell));
    if (words.menuconfig && !b.registry.settings.skip_menuconfig) {
        // What would not be flashed in the end is refused before a person is asked to choose.
        KF_TRY(const auto host, flash::survey_host(words.wanted, b.registry, b.at, runner, clock));
        KF_CHECK(flash::check_safety(words.wanted, host));
        for (const auto& board : host.boards) KF_CHECK(person.configure(board.board));
    }
    KF_TRY(r.seen, flash::survey_of(words.wanted, b.registry, b.at, runner, clock));
    KF_CHECK(flash::choose_boards(words.wanted, r.seen, current_of(words), person, in.out));
    KF_TRY(const auto plan, flash::plan(words.wanted, r.seen));
    if (!plan.boards.empty()) {
        KF_TRY(const bool yes, person.may_begin(plan));
        if (!yes) return kf::fail(errc::interrupted, "nothing was flashed");
    }
    return flash::build(plan, runner, [&](const std::string& key) { return flash::owned_sink(tell, key); });
}

result<void> dry_run(cli::invocation& in, const known_boards& b, flash_words& words, const terminal_questions& person) {
    auto runner = make_runner(in);
    KF_CHECK(flash::see_boards(words.wanted, b.registry, b.at, in.out));
    KF_TRY(const auto seen, flash::survey_of(words.wanted, b.registry, b.at, runner, io::steady_clock{}));
    KF_CHECK(flash::choose_boards(words.wanted, seen, current_of(words), person, in.out));
    KF_TRY(const auto plan, flash::plan(words.wanted, seen));
    if (!plan.boards.empty() || plan.wanted.is_batch()) show_plan(in, plan, plan_for::dry_run);
    return flash::first_failure(plan);
}

result<void> flash_named(cli::invocation& in, known_boards& b, flash_words& words, terminal_questions person) {
    if (words.dry_run) return dry_run(in, b, words, person);
    auto runner = make_runner(in);
    const io::steady_clock clock;
    flash::sink_reporter tell(in.out, words.wanted.boards.size());
    readied r;
    const auto built = get_ready(in, b, words, person, r, runner, tell);
    if (!built) {
        if (r.seen.boards.empty()) r.seen = flash::look_at_devices(words.wanted, b.registry, b.at);
        return flash::conclude_refused(words.wanted, r.seen, built.error(), tell);
    }
    if (built->boards().empty()) return flash::conclude(built->plan(), {}, tell);
    // menuconfig and build took their time, and sudo may have forgotten its password.
    const auto now = flash::survey_again(words.wanted, r.seen, runner, clock);
    return flash::conclude(built->plan(), flash::run(*built, now, *r.turn, runner, clock, tell), tell);
}

result<void> flash_boards(cli::invocation& in, known_boards& b, flash_words words) {
    const terminal_questions person{in, b, words};
    KF_CHECK(name_boards(words, b, person));
    if (words.complete) KF_CHECK(words.complete(in, b, words.wanted));
    if (!words.if_needed) return flash_named(in, b, words, person);
    KF_TRY(const auto never, keep_needed(in, b, words.wanted));
    words.force = true; // what is left needs it
    if (words.wanted.boards.size() > words.wanted.left_out.size()) KF_CHECK(flash_named(in, b, words, person));
    return never ? kf::fail(*never) : result<void>{};
}

result<void> run_flash(cli::invocation& in) {
    KF_TRY(const auto words, flash_words_of(in));
    return flash_with(in, words);
}

} // namespace

result<void> flash_with(cli::invocation& in, const flash_words& words) {
    KF_TRY(auto b, open_boards(in));
    io::interrupt::catch_signals();
    auto done = flash_boards(in, b, words);
    if (words.dry_run) return done;
    auto paid = pay_owed(in, b); // also when nothing was to be flashed
    if (paid) return done;
    if (done) return paid;
    in.out.warn(paid.error().what);
    return done;
}

cli::command_row flash_command() {
    return {"flash",
            "[BOARD...]",
            0,
            1000,
            "Builds the firmware of boards, writes it and proves that it runs.",
            flash_options(),
            {{"kflash flash octopus", "menuconfig, build, flash, verify, restart"},
             {"kflash flash octopus -s --dry-run", "see what would happen"},
             {"kflash flash --all", "every board, in one stop of the printer"},
             {"kflash flash octopus pico --sim", "try it without hardware"}},
            run_flash};
}

} // namespace kf::kflash
