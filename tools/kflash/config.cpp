// SPDX-License-Identifier: MIT
#include "board_fields.hpp"
#include "kflash_commands.hpp"

#include <fmt/format.h>

namespace kf::kflash {
namespace {

/// As the source tree completes it; its own text where no tree can.
result<firmware::kconfig> completed_or_own(cli::invocation& in, const known_boards& b,
                                           const firmware::cached_config& given) {
    auto whole = complete_config(in, b, given, b.registry.settings.build_timeout);
    if (whole) return std::move(whole->config);
    if (whole.error().code == errc::mismatch || whole.error().code == errc::interrupted)
        return kf::fail(std::move(whole).error());
    in.out.warn(whole.error().what);
    return given.config;
}

/// What the board's configuration would become: of `given`, or of the source tree.
result<void> tell_diff(cli::invocation& in, const known_boards& b, const board::board& board,
                       const std::optional<firmware::cached_config>& given) {
    KF_TRY(const auto cached, b.configs.load(board.key));
    std::vector<firmware::symbol_change> changes;
    if (given) {
        KF_TRY(const auto before, completed_or_own(in, b, cached));
        KF_TRY(const auto after, completed_or_own(in, b, *given));
        changes = firmware::diff(before, after);
    } else {
        KF_TRY(auto whole, complete_config(in, b, cached, b.registry.settings.build_timeout));
        changes = std::move(whole.drift);
    }
    for (const auto& c : changes)
        in.out.result({"change",
                       firmware::diff_text(c),
                       {{"key", board.key}, {"symbol", c.symbol}, {"before", c.before}, {"after", c.after}},
                       true});
    if (changes.empty()) in.out.note("nothing differs");
    return {};
}

result<void> run_config(cli::invocation& in) {
    std::optional<firmware::cached_config> given;
    if (in.has("import") && in.has("share-with"))
        return kf::fail(errc::usage, "--import and --share-with both say which configuration: give one of them");
    if (const auto file = in.get("import")) {
        KF_TRY(given, firmware::read_config_file(*file));
    }
    KF_TRY(const auto b, open_boards(in));
    KF_TRY(const auto board, pick_board(in, b));
    std::string shared;
    if (const auto name = in.get("share-with")) {
        KF_TRY(const auto other, board::find(b.registry, *name));
        KF_TRY(given, b.configs.load(other.key));
        shared = other.key;
    }
    if (in.has("diff")) return tell_diff(in, b, board, given);
    std::optional<firmware::source_config> whole;
    if (given) {
        KF_TRY(auto imported, import_config(in, b, board, *given));
        if (shared.empty())
            KF_CHECK(keep_config(in, b, board, std::move(imported.text)));
        else
            KF_CHECK(b.configs.share(board.key, shared));
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
                    {"shared_with", b.configs.shared_with(board.key).value_or("")},
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
             {"share-with", "BOARD", "have the configuration of that board from now on"},
             {"check", "", "only compare the cached one with the source tree"},
             {"diff", "", "only print what would change, a line for each option"}},
            {{"kflash config octopus", "menuconfig; saved for this board only"},
             {"kflash config octopus --import ~/klipper/.config", "take over what you have"},
             {"kflash config octopus --diff", "what the source tree makes of it"},
             {"kflash config left --share-with right", "two boards of a kind: one configuration"}},
            run_config};
}

} // namespace kf::kflash
