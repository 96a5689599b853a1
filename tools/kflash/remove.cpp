// SPDX-License-Identifier: MIT
#include "../cli/prompt.hpp"
#include "kflash_commands.hpp"
#include "workplace.hpp"

#include <fmt/format.h>

namespace kf::kflash {
namespace {

result<void> run_remove(cli::invocation& in) {
    KF_TRY(auto b, open_boards(in));
    KF_TRY(const auto board, board::find(b.registry, in.operands[0]));
    if (!in.has("yes")) {
        KF_TRY(const bool go,
               cli::confirm(in, fmt::format("Remove {} from the registry?", board.name), false, "--yes"));
        if (!go) return kf::fail(errc::interrupted, "nothing was removed");
    }
    bool drop = in.has("with-config");
    if (!drop && !in.has("yes") && b.configs.has(board.key)) {
        KF_TRY(drop, cli::confirm(in, "Remove its cached configuration too?", false, "--with-config"));
    }
    KF_CHECK(board::update(b.at.registry_file, "kflash remove",
                           [&](board::registry& r) { return board::remove(r, board.key); }));
    KF_CHECK(drop ? b.configs.remove(board.key) : b.configs.hand_over(board.key));
    in.out.result({"removed",
                   fmt::format("{} is removed{}", board.name, drop ? ", its configuration too" : ""),
                   {{"key", board.key}, {"config_removed", drop}}});
    return {};
}

} // namespace

cli::command_row remove_command() {
    return {"remove",
            "BOARD",
            1,
            1,
            "Removes a board from the registry.",
            {{"yes,y", "", "do not ask"}, {"with-config", "", "remove its cached configuration too"}},
            {{"kflash remove octopus --yes", "its cached configuration is kept"}},
            run_remove};
}

} // namespace kf::kflash
