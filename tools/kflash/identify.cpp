// SPDX-License-Identifier: MIT
#include "kflash_commands.hpp"
#include "workplace.hpp"

#include <kf/firmware/git_version.hpp>
#include <kf/flash/verify.hpp>

#include <fmt/format.h>

#include <unistd.h>

namespace kf::kflash {
namespace {

result<void> run_identify(cli::invocation& in) {
    KF_TRY(const auto b, open_boards(in));
    KF_TRY(const auto board, pick_board(in, b));
    KF_TRY(const auto seen, board::scan(b.at.devices));
    KF_TRY(const auto device, board::locate(b.registry, board, seen.devices));
    if (board::firmware_on(board, device) != board::usb_firmware::klipper)
        return kf::fail(error{errc::not_connected,
                              fmt::format("{} is in its bootloader, no firmware runs on it", board.name),
                              {},
                              device.file_name,
                              {fmt::format("kflash flash {}", board.key)}});
    // This command never stops the service: who holds the port keeps it.
    if (const auto holders = host::holders_of(b.at.proc, device.resolved, ::getpid()); !holders.seen.empty())
        return kf::fail(
            error{errc::busy,
                  fmt::format("{} is in use by process {}: {}", device.file_name, holders.seen[0].pid,
                              holders.seen[0].command),
                  "Klipper talks to the board; kflash identify does not stop it",
                  {},
                  {"stop the service yourself and run this again", "or read the version in Mainsail or Fluidd"}});
    io::steady_clock clock;
    KF_TRY(const auto running, flash::identify_node(device, clock, clock.now() + flash::identify_wait));
    in.out.result({"firmware",
                   fmt::format("{} runs {} {} on {}", board.name, running.app, running.version, running.mcu),
                   {{"key", board.key},
                    {"app", running.app},
                    {"version", running.version},
                    {"mcu", running.mcu},
                    {"build_versions", running.build_versions}}});
    return {};
}

} // namespace

cli::command_row identify_command() {
    return {"identify",
            "[BOARD]",
            0,
            1,
            "Asks the board itself which firmware it runs; never stops the service.",
            {{"device,d", "BOARD", "the board"}},
            {{"kflash identify octopus", "its version, MCU and compiler"}},
            run_identify};
}

} // namespace kf::kflash
