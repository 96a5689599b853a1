// SPDX-License-Identifier: MIT
#include "board_fields.hpp"
#include "commands.hpp"

#include <fmt/format.h>

namespace kf::kflash {
namespace {

result<void> run_config(cli::invocation& in) {
    std::optional<firmware::cached_config> given;
    if (const auto file = in.get("import")) {
        KF_TRY(given, firmware::read_config_file(*file));
    }
    KF_TRY(const auto b, open_boards(in));
    KF_TRY(const auto board, pick_board(in, b));
    std::optional<firmware::source_config> whole;
    if (given) {
        KF_TRY(auto imported, import_config(in, b, board, *given));
        KF_CHECK(b.configs.store(board.key, std::move(imported.text)));
        whole = std::move(imported.whole);
    } else {
        if (!in.has("check")) KF_CHECK(edit_config(in, b, board));
        KF_TRY(given, b.configs.load(board.key));
        auto completed = complete_config(in, b, *given, b.registry.settings.build_timeout);
        if (!completed && completed.error().code == errc::mismatch) return kf::fail(std::move(completed).error());
        if (completed)
            whole = std::move(*completed);
        else
            in.out.warn(completed.error().what);
        KF_CHECK(check_config_mcu(board, whole ? whole->config : given->config));
    }
    if (whole && whole->drift.empty()) in.out.note("the source tree has the same options");
    if (whole)
        for (const auto& change : whole->drift) in.out.note(firmware::to_string(change));
    const auto& facts = whole ? whole->config : given->config;
    tell_method(in, b, board);
    const auto start = facts.application_start();
    in.out.result({"config",
                   b.configs.path(board.key).string(),
                   {{"key", board.key},
                    {"path", b.configs.path(board.key).string()},
                    {"mcu", facts.mcu().value_or("")},
                    {"application_start", start ? fmt::format("0x{:x}", *start) : std::string{}},
                    {"drift", static_cast<std::int64_t>(whole ? whole->drift.size() : 0)}},
                   true});
    return {};
}

} // namespace

cli::command_row config_command() {
    return {"config",
            "[BOARD]",
            0,
            1,
            "Opens menuconfig for a board, or takes a .config from a file.",
            {{"device,d", "BOARD", "the board"},
             {"import", "FILE", "take this .config"},
             {"check", "", "only compare the cached one with the source tree"}},
            {{"kflash config octopus", "menuconfig; saved for this board only"},
             {"kflash config octopus --import ~/klipper/.config", "take over what you have"}},
            run_config};
}

} // namespace kf::kflash
