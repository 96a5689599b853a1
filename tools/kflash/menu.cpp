// SPDX-License-Identifier: MIT
#include "../tui/line_screen.hpp"
#include "../tui/terminal_screen.hpp"
#include "kflash_commands.hpp"
#include "menu_selftest.hpp"
#include "menu_session.hpp"

#include <kf/menu/menu_action.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

namespace kf::kflash {
namespace {

result<void> run_menu_command(cli::invocation& in) {
    // Lines may go on through a pipe, to a program that speaks them.
    const bool spoken = in.has("plain") && ::isatty(STDIN_FILENO) != 0;
    if (in.json || !(in.interactive || spoken))
        return kf::fail(error{errc::needs_person,
                              "the menu needs a terminal",
                              "its input, output or errors go elsewhere",
                              {},
                              {"the same by commands: kflash --help"}});
    in.quiet = true; // a simulation's words would stand in the middle of the screen
    KF_TRY(auto b, open_boards(in));
    // The commands that run beside it work where it works.
    auto root = in.get("sim-root").value_or(b.at.simulator ? b.at.simulator->text("root") : "");
    io::interrupt::catch_signals();
    menu_session session(in, std::move(b), std::move(root));
    if (spoken) {
        KF_TRY(auto screen, tui::line_screen::open(in.unicode));
        return menu::run_menu(session, screen);
    }
    KF_TRY(auto screen, tui::terminal_screen::open(tui::look_by_environment(false, in.coloured, in.unicode)));
    return menu::run_menu(session, screen);
}

} // namespace

result<void> check_menu_and_commands() {
    std::vector<std::string> wrong;
    std::vector<std::string> known;
    for (const auto& row : menu::action_rows)
        for (const char* command : row.runs_commands)
            if (command != nullptr) known.emplace_back(command);
    for (const auto& row : menu::commands_without_action) known.emplace_back(row.command);
    std::vector<std::string> shown;
    for (const auto* command : cli::shown_commands(tool())) shown.emplace_back(command->name);
    for (const auto& name : shown)
        if (std::ranges::find(known, name) == known.end())
            wrong.push_back(fmt::format("kflash {} is no action of the menu, and no reason says why", name));
    for (const auto& name : known)
        if (std::ranges::find(shown, name) == shown.end())
            wrong.push_back(fmt::format("the menu runs kflash {}, which is no command", name));
    if (wrong.empty()) return {};
    return kf::fail(errc::failed, fmt::format("{}", fmt::join(wrong, "; ")));
}

cli::command_row menu_command() {
    return {"menu",
            "",
            0,
            0,
            "Opens the menu on this terminal, as kflash alone does.",
            {{"plain", "", "lines instead of a screen, for a screen reader"}},
            {{"kflash", "the menu"}, {"kflash --sim", "try it without hardware"}},
            run_menu_command};
}

} // namespace kf::kflash
