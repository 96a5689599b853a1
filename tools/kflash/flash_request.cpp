// SPDX-License-Identifier: MIT
#include "flash_request.hpp"

#include "board_fields.hpp"

namespace kf::kflash {

result<flash_words> flash_words_of(const cli::invocation& in) {
    flash_words w;
    KF_TRY(const auto build, build_request_of(in));
    w.menuconfig = build.menuconfig;
    w.wanted.build = build.wishes;
    w.wanted.fallback = !in.has("no-fallback");
    if (in.has("assume-idle")) w.wanted.unknown = flash::unknown_printers::assumed_idle;
    w.wanted.day = today();
    w.dry_run = in.has("dry-run");
    w.ask = in.operands.empty() && !in.has("device") && !in.has("yes");
    if (in.has("wait")) w.busy = flash::when_busy::wait;
    return w;
}

std::vector<cli::option_row> flash_options(bool builds) {
    static const std::string methods = board::flash_method_words() + "; no fallback then";
    auto options = builds ? build_options() : std::vector<cli::option_row>{};
    options.insert(options.end(), {{"method", "METHOD", methods.c_str()},
                                   {"no-fallback", "", "do not try make_flash when katapult wrote nothing"},
                                   {"assume-idle", "", "go on when klippy cannot be asked, or not be seen"},
                                   {"wait", "", "wait for another flash to end, up to an hour"},
                                   {"dry-run,n", "", "print every command, path, check and reason; change nothing"},
                                   {"yes,y", "", "do not ask"}});
    return options;
}

} // namespace kf::kflash
