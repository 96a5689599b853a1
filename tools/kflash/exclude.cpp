// SPDX-License-Identifier: MIT
#include "kflash_commands.hpp"
#include "workplace.hpp"

#include <fmt/format.h>

namespace kf::kflash {
namespace {

/// Devices by their names, registered or not.
result<void> set_pattern(cli::invocation& in, const std::string& pattern, bool blocked) {
    if (!in.operands.empty())
        return kf::fail(errc::usage, "--pattern names devices, and " + in.operands[0] + " a board: give one of them");
    const auto reason = in.get("reason").value_or("");
    KF_TRY(const auto b, open_boards(in));
    KF_TRY(const auto now, board::update(b.at.registry_file, "kflash " + in.command, [&](board::registry& r) {
               return blocked ? board::block(r, {pattern, reason}) : board::unblock(r, pattern);
           }));
    if (const auto seen = board::scan(b.at.devices))
        for (const auto& device : seen->devices)
            if (const auto owners = board::claimants(now, device);
                !owners.empty() && board::blocked_reason(now, device) && !board::blocked_reason(b.registry, device))
                in.out.warn(fmt::format("{} is one of them, and is not flashed any more", owners.front()->name));
    in.out.result({"pattern",
                   fmt::format("devices named {} {}", pattern, blocked ? "are never flashed" : "may be flashed"),
                   {{"pattern", pattern}, {"blocked", blocked}, {"reason", reason}}});
    return {};
}

result<void> set_flashable(cli::invocation& in, bool flashable) {
    if (const auto pattern = in.get("pattern")) return set_pattern(in, *pattern, !flashable);
    if (in.has("reason")) return kf::fail(errc::usage, "--reason is for --pattern");
    if (in.operands.empty()) return kf::fail(errc::usage, "name the board, or give --pattern");
    KF_TRY(const auto b, open_boards(in));
    KF_TRY(const auto board, board::find(b.registry, in.operands[0]));
    KF_CHECK(board::update(b.at.registry_file, "kflash " + in.command, [&](board::registry& r) -> result<void> {
        KF_TRY(auto now, board::with_key(r, board.key));
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
            "[BOARD]",
            0,
            1,
            "Never flashes a board; it is shown all the same.",
            {{"pattern", "GLOB", "block all devices of these names, registered or not"},
             {"reason", "TEXT", "why; kflash list shows it"}},
            {{"kflash exclude beacon", "the same as kflash edit beacon --exclude"},
             {"kflash exclude --pattern 'usb-Cartographer_*' --reason 'the probe'", "devices that are no board"}},
            [](cli::invocation& in) { return set_flashable(in, false); }};
}

cli::command_row include_command() {
    return {"include",
            "[BOARD]",
            0,
            1,
            "Lets a board be flashed that was excluded.",
            {{"pattern", "GLOB", "no longer block the devices of these names"}},
            {{"kflash include octopus", "the same as kflash edit octopus --include"}},
            [](cli::invocation& in) { return set_flashable(in, true); }};
}

} // namespace kf::kflash
