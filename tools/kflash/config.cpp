// SPDX-License-Identifier: MIT
#include "commands.hpp"
#include "prepare.hpp"

#include <fmt/format.h>

namespace kf::kflash {
namespace {

result<void> run(cli::invocation& in) {
    KF_TRY(const auto b, open_bench(in));
    KF_TRY(const auto board, pick_board(in, b));
    auto runner = make_runner(in);
    if (const auto file = in.get("import")) {
        KF_TRY(const auto text, io::read_file(*file, 1 << 20));
        KF_TRY(const auto config, firmware::kconfig::parse(text));
        KF_CHECK(check_config_mcu(board, config));
        KF_CHECK(b.configs.import_file(board.key, *file));
    } else if (!in.has("check")) {
        KF_CHECK(edit_config(in, b, board));
    }
    KF_TRY(const auto cached, b.configs.load(board.key));
    KF_CHECK(check_config_mcu(board, cached.config));
    const auto drift = firmware::config_drift(runner, site_of(b, board, "kflash config"), cached);
    if (!drift)
        in.out.warn(drift.error().what);
    else if (drift->empty())
        in.out.note("the source tree has the same options");
    else
        for (const auto& change : *drift) in.out.note(firmware::to_string(change));
    const auto start = cached.config.application_start();
    in.out.result({"config",
                   b.configs.path(board.key).string(),
                   {{"key", board.key},
                    {"path", b.configs.path(board.key).string()},
                    {"mcu", cached.config.mcu().value_or("")},
                    {"application_start", start ? fmt::format("0x{:x}", *start) : std::string{}},
                    {"drift", static_cast<std::int64_t>(drift ? drift->size() : 0)}}});
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
            run};
}

} // namespace kf::kflash
