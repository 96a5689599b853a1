// SPDX-License-Identifier: MIT
#include "flash_request.hpp"
#include "history.hpp"
#include "kflash_commands.hpp"

#include <kf/flash/rollback.hpp>

#include <fmt/format.h>

namespace kf::kflash {
namespace {

/// Puts the image before this one into the request.
result<void> choose_image(cli::invocation& in, const known_boards& b, flash::request& wanted) {
    KF_TRY(const auto all, open_ledger(in, b.at));
    KF_TRY(const auto seen, board::scan(b.at.devices));
    for (const auto& key : wanted.boards) {
        KF_TRY(const auto board, board::with_key(b.registry, key));
        const auto device = board::locate(b.registry, board, seen.devices);
        // The image of one that stood here before is another board's.
        KF_TRY(const auto back, flash::rollback_of(all, {board.key, device ? device->usb.serial : ""}));
        KF_TRY(auto stored, flash::kept_images(b.at.images()).find(back));
        in.out.step(phase::plan, fmt::format("back to {}, flashed and verified on {}", back.version, back.time));
        auto runner = make_runner(in);
        const auto host =
            firmware::describe_tree(runner, b.klipper_dir(), b.at.build_as, b.registry.settings.git_timeout);
        if (const auto why = flash::protocol_warning(all, back, host.value_or(""))) in.out.warn(*why);
        wanted.stored.emplace(key, std::move(stored));
    }
    return {};
}

result<void> run_rollback(cli::invocation& in) {
    KF_TRY(auto words, flash_words_of(in));
    words.menuconfig = false;
    words.ask = in.can_ask() && !in.has("yes"); // whoever is there sees the warning first
    words.complete = choose_image;
    return flash_with(in, words);
}

} // namespace

cli::command_row rollback_command() {
    return {"rollback",
            "BOARD",
            1,
            1,
            "Writes the image of the verified flash before this one; nothing is built.",
            write_options(),
            {{"kflash rollback octopus --dry-run", "which image that is, and every step"},
             {"kflash rollback octopus", "and once more leads forward again"}},
            run_rollback};
}

} // namespace kf::kflash
