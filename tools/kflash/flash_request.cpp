// SPDX-License-Identifier: MIT
#include "flash_request.hpp"

#include "board_fields.hpp"

#include <kf/io/printable.hpp>

namespace kf::kflash {
namespace {

/// Empty: the person takes nothing upon himself.
result<std::string> assumed_because(const cli::invocation& in) {
    const auto reason = in.get("override-print-guard");
    if (!reason) return std::string(in.has("assume-idle") ? "--assume-idle" : "");
    if (reason->find_first_not_of(' ') == std::string::npos || reason->size() > 200)
        return kf::fail(errc::usage, "--override-print-guard wants a reason of 1 to 200 characters");
    return io::printable(*reason, 200);
}

} // namespace

result<flash_words> flash_words_of(const cli::invocation& in) {
    flash_words w;
    KF_TRY(const auto build, build_request_of(in));
    w.all = in.has("all");
    w.wanted.boards = in.operands;
    if (const auto board = in.get("device")) w.wanted.boards = {*board};
    if (w.all && !w.wanted.boards.empty())
        return kf::fail(errc::usage, "--all takes every board: " + w.wanted.boards.front() + " is named besides");
    w.skip_unready = in.has("skip-unready");
    w.force = in.has("force");
    w.if_needed = in.has("if-needed");
    if (w.force && w.if_needed) return kf::fail(errc::usage, "--force and --if-needed cannot both hold");
    // A batch takes what is cached: nobody sits through menuconfig five times.
    w.menuconfig = build.menuconfig && !w.all && !w.wanted.is_batch() && !w.if_needed;
    w.wanted.build = build.wishes;
    w.wanted.fallback = !in.has("no-fallback");
    KF_TRY(w.wanted.assumed_because, assumed_because(in));
    if (!w.wanted.assumed_because.empty()) w.wanted.unknown = flash::unknown_printers::assumed_idle;
    w.wanted.day = today();
    w.dry_run = in.has("dry-run");
    w.usual = in.has("yes") || w.dry_run || w.if_needed; // for a timer: nobody is there
    // A letter of the menu is pressed sooner than a name is typed.
    w.ask = (w.wanted.boards.empty() || in.asked_by_program) && !w.usual;
    if (in.has("wait")) w.busy = flash::when_busy::wait;
    return w;
}

std::vector<cli::option_row> write_options() {
    static const std::string methods = board::flash_method_words() + "; no fallback then";
    return {{"method", "METHOD", methods.c_str()},
            {"no-fallback", "", "do not try make_flash when katapult wrote nothing"},
            {"assume-idle", "", "go on when klippy cannot be asked, or not be seen"},
            {"override-print-guard", "REASON", "the same, and the ledger keeps why"},
            {"wait", "", "wait for another flash to end, up to an hour"},
            {"dry-run,n", "", "print every command, path, check and reason; change nothing"},
            {"yes,y", "", "do not ask: each question has its usual answer"}};
}

std::vector<cli::option_row> flash_options() {
    auto options = build_options();
    const auto writes = write_options();
    options.insert(options.end(), writes.begin(), writes.end());
    options.insert(options.end(), {{"all,a", "", "every board that may be flashed, in one stop of the printer"},
                                   {"skip-unready", "", "leave out boards without a configuration that fits"},
                                   {"force", "", "flash boards that run the sources already, too"},
                                   {"if-needed", "", "flash only what needs it; 3 when that is not known of a board"}});
    return options;
}

} // namespace kf::kflash
