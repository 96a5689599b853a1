// SPDX-License-Identifier: MIT
#include "commands.hpp"
#include "prepare.hpp"

#include <fmt/format.h>

namespace kf::kflash {
namespace {

result<void> run(cli::invocation& in) {
    KF_TRY(const auto b, open_bench(in));
    KF_TRY(const auto seen, board::scan(b.at.by_id, b.at.sysfs));
    const auto rows = board::classify(b.registry, seen.devices);
    std::string text;
    for (const auto& row : rows) {
        if (row.owner && row.device && row.device->usb.firmware == board::usb_firmware::katapult)
            remember_katapult(in, b, *row.owner);
        const std::string name = row.owner ? row.owner->name : "-";
        const std::string key = row.owner ? row.owner->key : "";
        const std::string mcu = row.owner ? row.owner->mcu : row.device ? row.device->usb.mcu : "";
        const std::string device = row.device ? row.device->file_name : row.owner ? row.owner->serial_pattern : "";
        const std::string runs = row.device ? board::name(row.device->usb.firmware) : "";
        const bool excluded = row.owner && !row.owner->flashable;
        const std::string state =
            excluded ? fmt::format("{}, excluded", board::name(row.state)) : board::name(row.state);
        if (in.json) {
            in.out.result({"device",
                           {},
                           {{"state", std::string(board::name(row.state))},
                            {"key", key},
                            {"name", name},
                            {"mcu", mcu},
                            {"device", row.device ? row.device->file_name : std::string{}},
                            {"runs", runs},
                            {"flashable", !excluded},
                            {"reason", row.reason}}});
            continue;
        }
        text += fmt::format("{:<21} {:<18} {:<14} {}{}\n", state, key.empty() ? name : key, mcu, device,
                            row.reason.empty() ? "" : fmt::format("\n{:<21} {}", "", row.reason));
    }
    for (const auto& s : seen.skipped) in.out.warn(fmt::format("{}: {}", s.file_name, s.why));
    if (in.json) return {};
    if (rows.empty()) {
        in.out.result({"devices", "no board is registered and none is plugged in"});
        in.out.note("plug a board in and run: kflash add");
        return {};
    }
    text.pop_back();
    in.out.result({"devices", fmt::format("{:<21} {:<18} {:<14} {}\n{}", "STATE", "BOARD", "MCU", "DEVICE", text)});
    return {};
}

} // namespace

cli::command_row list_command() {
    return {"list",
            "",
            0,
            0,
            "Shows registered, new, blocked and disconnected boards.",
            {},
            {{"kflash list", "a table"}, {"kflash list --json", "one JSON object a device, for scripts"}},
            run};
}

} // namespace kf::kflash
