// SPDX-License-Identifier: MIT
#include "commands.hpp"
#include "workplace.hpp"

#include <fmt/format.h>

namespace kf::kflash {
namespace {

result<void> set_flashable(cli::invocation& in, bool flashable) {
    KF_TRY(const auto b, open_boards(in));
    KF_TRY(const auto board, board::find(b.registry, in.operands[0]));
    KF_CHECK(board::update(b.at.registry_file, "kflash " + in.command, [&](board::registry& r) -> result<void> {
        KF_TRY(auto now, board::find(r, board.key));
        now.flashable = flashable;
        return board::replace(r, now);
    }));
    in.out.result({"edited",
                   fmt::format("{} {}", board.name, flashable ? "may be flashed" : "is shown, and never flashed"),
                   {{"key", board.key}}});
    return {};
}

} // namespace

cli::command_row exclude_command() {
    return {"exclude",
            "BOARD",
            1,
            1,
            "Never flashes a board; it is shown all the same.",
            {},
            {{"kflash exclude beacon", "the same as kflash edit beacon --exclude"}},
            [](cli::invocation& in) { return set_flashable(in, false); }};
}

cli::command_row include_command() {
    return {"include",
            "BOARD",
            1,
            1,
            "Lets a board be flashed that was excluded.",
            {},
            {{"kflash include octopus", "the same as kflash edit octopus --include"}},
            [](cli::invocation& in) { return set_flashable(in, true); }};
}

} // namespace kf::kflash
