// SPDX-License-Identifier: MIT
#include "history.hpp"

#include "kflash_commands.hpp"

#include <kf/flash/kept_images.hpp>

#include <fmt/format.h>

#include <array>

namespace kf::kflash {

result<flash::ledger> open_ledger(cli::invocation& in, const workplace& at) {
    return flash::read_ledger(at.ledger(), in.out);
}

namespace {

/// Columns as wide as what stands in them.
std::string history_table(const std::vector<std::array<std::string, 6>>& rows) {
    std::array<std::size_t, 6> widths{};
    for (const auto& row : rows)
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
    std::string text;
    for (const auto& row : rows) {
        if (!text.empty()) text += '\n';
        for (std::size_t i = 0; i < row.size(); ++i) text += fmt::format("{:<{}}  ", row[i], widths[i]);
        while (text.ends_with(' ')) text.pop_back();
    }
    return text;
}

result<void> run_history(cli::invocation& in) {
    KF_TRY(const auto b, open_boards(in));
    KF_TRY(const auto all, open_ledger(in, b.at));
    std::string key = in.operands.empty() ? "" : in.operands[0];
    if (const auto board = board::find(b.registry, key); !key.empty() && board)
        key = board->key;
    else if (!key.empty() && board.error().code == errc::usage)
        return kf::fail(board.error()); // several boards answer to it
    else if (!key.empty() && std::ranges::none_of(all.entries, [&](const auto& e) { return e.board == key; }))
        return kf::fail(board.error()); // a board that was removed has its history all the same
    const flash::kept_images images(b.at.images());
    std::vector<std::array<std::string, 6>> rows{{"TIME", "BOARD", "VERSION", "METHOD", "RESULT", "IMAGE"}};
    for (const auto& e : all.entries) {
        if (!key.empty() && e.board != key) continue;
        const bool kept = images.has(e);
        if (in.json) {
            in.out.result({"history",
                           {},
                           {{"time", e.time},
                            {"key", e.board},
                            {"action", e.action.empty() ? "flash" : e.action},
                            {"mcu", e.mcu},
                            {"version", e.version},
                            {"sha256", e.sha256},
                            {"inputs", e.inputs},
                            {"protocol", e.protocol},
                            {"method", e.method},
                            {"result", e.result},
                            {"what", e.what},
                            {"wrote", e.wrote},
                            {"service", e.service},
                            {"kept", kept},
                            {"write_s", e.write_time},
                            {"verify_s", e.verify_time},
                            {"downtime_s", e.downtime}}});
            continue;
        }
        const auto cell = [](const std::string& text) { return scrubbed(text, ""); };
        std::string ended = e.result == flash::begun ? "begun, its end is not known" : cell(e.result);
        if (!e.what.empty()) ended += ": " + cell(e.what);
        rows.push_back({cell(e.time), cell(e.board), cell(e.version),
                        cell(e.action == "rollback" ? e.method + ", rollback" : e.method),
                        e.verified() ? "verified" : std::move(ended),
                        cell(e.sha256.substr(0, 12)) + (kept ? ", kept" : "")});
    }
    if (in.json) return {};
    if (rows.size() == 1) {
        in.out.result({"history", key.empty() ? "nothing was flashed yet" : "nothing was flashed to " + key + " yet"});
        return {};
    }
    in.out.result({"history", history_table(rows)});
    return {};
}

} // namespace

cli::command_row history_command() {
    return {"history",
            "[BOARD]",
            0,
            1,
            "Shows what was flashed when, and how it ended.",
            {},
            {{"kflash history octopus", "of one board, oldest first"},
             {"kflash history --json", "one JSON object a flash, for scripts"}},
            run_history};
}

} // namespace kf::kflash
