// SPDX-License-Identifier: MIT
#include "health.hpp"
#include "history.hpp"
#include "kflash_commands.hpp"
#include "needs.hpp"

#include <kf/version.hpp>

#include <fmt/format.h>

#include <unistd.h>

#include <set>

namespace kf::kflash {
namespace {

/// Without what tells one board, or one person, from others: serial numbers, and the name of the home folder.
std::string anonymous(std::string text, const std::set<std::string, std::greater<>>& secrets, const std::string& home) {
    const auto hide = [&](const std::string& word, const char* instead) {
        if (word.size() < 4) return; // nobody's own
        for (auto at = text.find(word); at != text.npos; at = text.find(word, at))
            text.replace(at, word.size(), instead);
    };
    for (const auto& word : secrets) hide(word, "<serial>");
    hide(home, "~");
    return text;
}

std::string host_name() {
    char name[256] = {};
    return ::gethostname(name, sizeof name - 1) == 0 ? name : "";
}

result<void> run_report(cli::invocation& in) {
    KF_TRY(const auto b, open_boards(in));
    KF_TRY(const auto board, pick_board(in, b));
    KF_TRY(const auto all, open_ledger(in, b.at));
    std::set<std::string, std::greater<>> secrets;
    if (const auto seen = board::scan(b.at.devices))
        for (const auto& d : seen->devices) secrets.insert({d.usb.serial, d.facts.serial});
    for (const auto& one : b.registry.boards) {
        secrets.insert({one.as_klipper.serial, one.as_katapult.serial,
                        board::parse_usb_name(one.serial_pattern.substr(0, one.serial_pattern.find('*'))).serial});
    }
    for (const auto& e : all.entries) secrets.insert(e.serial);
    for (const auto& one : b.registry.boards)
        if (const auto config = b.configs.load(one.key))
            secrets.insert(config->config.text("USB_SERIAL_NUMBER").value_or(""));
    secrets.insert(host_name()); // a build with changes has it in its version
    const auto needs = look_at_needs(in, b, {board.key});
    const auto config = b.configs.load(board.key);
    std::string text =
        fmt::format("kflash      {}\nboard       {}, {}, {}\npattern     {}\n", KF_VERSION_STRING, board.key, board.mcu,
                    board::name(board.method.value_or(b.registry.settings.default_flash_method)), board.serial_pattern);
    text += fmt::format("seen        as Klipper {}, as Katapult {}\n",
                        board.as_klipper.empty() ? "never" : board.as_klipper.name,
                        board.as_katapult.empty() ? "never" : board.as_katapult.name);
    if (needs) {
        text += fmt::format("firmware    {}\n", standing_text(of_board(*needs, board.key)));
        text += fmt::format("host        {}\n", host_text(*needs, b));
    } else {
        text += fmt::format("firmware    {}\n", needs.error().what);
    }
    text += "\nChecks\n" + health_text(look_at_health(in, b)) + "\n\nHistory\n";
    for (const auto& e : all.entries)
        if (e.board == board.key)
            text += fmt::format("{} {} {} {} {}{}{}\n", e.time, e.action, e.version, e.method, e.result,
                                e.what.empty() ? "" : ": ", e.what);
    text += "\nConfiguration\n" + (config ? config->text : config.error().what);
    while (text.ends_with('\n')) text.pop_back();
    text = anonymous(std::move(text), secrets, b.at.home.string());
    in.out.result({"report", text, {{"key", board.key}, {"text", text}}});
    return {};
}

} // namespace

cli::command_row report_command() {
    return {"report",
            "[BOARD]",
            0,
            1,
            "Prints what an issue report needs about a board, without serial numbers.",
            {{"device,d", "BOARD", "the board"}},
            {{"kflash report octopus > report.txt", "read it before you send it"}},
            run_report};
}

} // namespace kf::kflash
