// SPDX-License-Identifier: MIT
#include "../cli/prompt.hpp"
#include "board_fields.hpp"
#include "device_choice.hpp"
#include "kflash_commands.hpp"

#include <kf/board/board_change.hpp>

#include <fmt/format.h>

namespace kf::kflash {
namespace {

/// The board as the device that a person says it is: what was known of another one is forgotten.
result<board::board> be_device(cli::invocation& in, const known_boards& b, board::board board,
                               const std::string& name) {
    KF_TRY(const auto seen, board::scan(b.at.devices));
    for (const auto& s : seen.skipped) in.out.detail(fmt::format("{}: {}", s.file_name, s.why));
    KF_TRY(const auto device, find_device(seen.devices, name));
    if (const auto reason = board::blocked_reason(b.registry, device))
        return kf::fail(errc::refused, fmt::format("{}: {}", name, *reason));
    for (const auto* owner : board::claimants(b.registry, device))
        if (owner->key != board.key && board::judge(*owner, device).claim > board::claim::unsure)
            return kf::fail(errc::refused, fmt::format("{} is already registered as {}", name, owner->name));
    board.usb_port.clear();
    board.as_klipper = {};
    board.as_katapult = {};
    KF_CHECK(name_by(board, device));
    return board::remember(board, device, board::firmware_on(board, device), today());
}

result<void> run_edit(cli::invocation& in) {
    KF_TRY(const auto wanted, board_request_of(in));
    KF_TRY(auto b, open_boards(in));
    // A key that is another board's name as well can still be told apart from it: here, by its --name.
    const auto by_key = board::with_key(b.registry, in.operands[0]);
    KF_TRY(const auto old, by_key&& in.has("name") ? by_key : board::find(b.registry, in.operands[0]));
    auto changed = old;
    bool given = false;
    for (const char* name : {"name", "mcu", "pattern", "usb", "method", "exclude", "include"})
        given = given || in.has(name);
    if (given) {
        if (const auto v = in.get("name")) changed.name = *v;
        if (const auto v = in.get("mcu")) changed.mcu = *v;
        if (const auto v = in.get("pattern")) changed.serial_pattern = *v;
        if (const auto v = in.get("usb")) {
            if (in.has("pattern"))
                return kf::fail(errc::usage, "--usb makes the pattern: give one of --usb and --pattern");
            KF_TRY(changed, be_device(in, b, changed, *v));
        }
        wanted.apply(changed);
    } else {
        KF_TRY(changed.name, cli::ask(in, {"Name", old.name, "--name NAME"}));
        KF_TRY(changed.mcu, cli::ask(in, {"MCU", old.mcu, "--mcu MCU"}));
        KF_TRY(changed.serial_pattern, cli::ask(in, {"Pattern", old.serial_pattern, "--pattern GLOB"}));
        KF_TRY(const auto method, cli::ask(in, {fmt::format("Method ({})", board::flash_method_words("default")),
                                                old.method ? board::name(*old.method) : "default", "--method METHOD"}));
        KF_TRY(changed.method, method_or_default(method));
        KF_TRY(changed.flashable, cli::confirm(in, "May it be flashed?", old.flashable, "--include or --exclude"));
    }
    if (changed.method) KF_CHECK(check_chip(*changed.method, changed));
    if (changed.serial_pattern != old.serial_pattern) KF_CHECK(check_pattern(b, changed));
    KF_CHECK(board::update(b.at.registry_file, "kflash edit", [&](board::registry& r) -> result<void> {
        KF_TRY(auto now, board::with_key(r, old.key));
        board::take_changes(now, old, changed);
        if (changed.name != old.name) KF_CHECK(board::check_name(r, now.name, now.key));
        return board::replace(r, now);
    }));
    tell_method(in, b, changed);
    in.out.result({"edited", fmt::format("{} is saved", changed.name), {{"key", old.key}}});
    return {};
}

} // namespace

cli::command_row edit_command() {
    std::vector<cli::option_row> options{
        {"name", "NAME", "what you call the board"},
        {"mcu", "MCU", "its chip, as in stm32h723"},
        {"usb", "DEVICE", "the device that it is now, or its port, as kflash list shows"},
        {"pattern", "GLOB", "its pattern in /dev/serial/by-id"}};
    const auto shared = board_options();
    options.insert(options.end(), shared.begin(), shared.end());
    return {"edit",
            "BOARD",
            1,
            1,
            "Changes a registered board; without options it asks.",
            std::move(options),
            {{"kflash edit octopus --method make_flash", "a board without Katapult"},
             {"kflash edit toolhead --usb 1-1.4", "the board that is plugged in there"},
             {"kflash edit beacon --exclude", "shown, never flashed"}},
            run_edit};
}

} // namespace kf::kflash
