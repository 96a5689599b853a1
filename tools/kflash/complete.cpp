// SPDX-License-Identifier: MIT
#include "kflash_commands.hpp"
#include "workplace.hpp"

namespace kf::kflash {
namespace {

/// For the completion scripts: names, one in a line. Nothing is made, started or logged, and what cannot be read offers
/// nothing.
result<void> run_complete(cli::invocation& in) {
    KF_TRY(const auto b, open_boards(in));
    std::string text;
    if (in.operands[0] == "boards") {
        for (const auto& board : b.registry.boards) text += board.key + "\n";
    } else if (in.operands[0] == "devices") {
        KF_TRY(const auto seen, board::scan(b.at.devices));
        for (const auto& device : seen.devices) text += device.file_name + "\n";
    }
    in.results.put(scrubbed(text));
    return {};
}

} // namespace

cli::command_row complete_command() {
    return {"complete", "KIND",       1,   1, "Prints what completion offers (run by the completion scripts).", {},
            {},         run_complete, true};
}

} // namespace kf::kflash
