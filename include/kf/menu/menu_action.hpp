// SPDX-License-Identifier: MIT
#pragma once
/// What can be done in the menu: one row for each action, with the command that does it. A test holds these rows and
/// the table of kflash's commands together: each has the other one, or its reason.

#include <kf/menu/board_list.hpp>

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace kf::menu {

enum class action : std::uint8_t {
    flash,
    flash_all,
    add,
    edit,
    menuconfig,
    refresh,
    remove,
    settings,
    show,
    history,
    doctor,
    rollback,
    build,
    identify,
    toggle_excluded,
    report,
    take_over,
    help,
    quit,
};

/// Of which board an action is.
enum class concerns : std::uint8_t { nothing, any_row, registered, connected };

/// How its command runs.
enum class runs : std::uint8_t {
    here,     ///< no command: a page of the menu
    asking,   ///< its events on a page, its questions asked there
    quietly,  ///< what it says in one line
    as_text,  ///< its text on a page
    on_screen ///< it gets the whole terminal
};

struct action_row {
    action does;
    char32_t key;
    const char* label;                        ///< in the footer; empty: in the help only
    const char* help;                         ///< one line
    std::array<const char*, 2> runs_commands; ///< by their names; null: none
    concerns of;
    runs how;
};

inline constexpr std::array action_rows{
    action_row{action::flash,
               U'f',
               "flash",
               "builds the board's firmware and flashes it",
               {"flash"},
               concerns::connected,
               runs::asking},
    action_row{action::flash_all,
               U'b',
               "flash all",
               "every board, in one stop of the printer; asks first",
               {"flash"},
               concerns::nothing,
               runs::asking},
    action_row{action::add,
               U'a',
               "add",
               "registers a new board, question by question",
               {"add"},
               concerns::nothing,
               runs::asking},
    action_row{action::edit,
               U'e',
               "edit",
               "the name, MCU, method of a board; S saves them together",
               {"edit"},
               concerns::registered,
               runs::quietly},
    action_row{action::menuconfig,
               U'm',
               "menuconfig",
               "the board's configuration",
               {"config"},
               concerns::registered,
               runs::on_screen},
    action_row{action::refresh,
               U'd',
               "refresh",
               "looks again at boards, sources and services",
               {"list", "status"},
               concerns::nothing,
               runs::quietly},
    action_row{action::remove,
               U'r',
               "remove",
               "takes a board out of the registry; asks first",
               {"remove"},
               concerns::registered,
               runs::asking},
    action_row{action::settings,
               U'c',
               "settings",
               "what holds for all boards",
               {"settings"},
               concerns::nothing,
               runs::quietly},
    action_row{action::show, U'v', "", "all that is known of a board", {"show"}, concerns::registered, runs::as_text},
    action_row{action::history,
               U'h',
               "",
               "what was flashed when, and how it ended",
               {"history"},
               concerns::nothing,
               runs::as_text},
    action_row{action::doctor,
               U'o',
               "",
               "whether all is there that a flash needs",
               {"doctor"},
               concerns::nothing,
               runs::as_text},
    action_row{action::rollback,
               U'k',
               "",
               "writes the image of the flash before; asks first",
               {"rollback"},
               concerns::connected,
               runs::asking},
    action_row{action::build,
               U'u',
               "",
               "builds a board's firmware and flashes nothing",
               {"build"},
               concerns::registered,
               runs::as_text},
    action_row{action::identify,
               U'i',
               "",
               "asks the board itself which firmware it runs",
               {"identify"},
               concerns::connected,
               runs::as_text},
    action_row{action::toggle_excluded,
               U'x',
               "",
               "excludes a board from flashing, or includes it",
               {"exclude", "include"},
               concerns::registered,
               runs::quietly},
    action_row{action::report,
               U't',
               "",
               "what an issue report needs about a board",
               {"report"},
               concerns::registered,
               runs::as_text},
    action_row{action::take_over,
               U'w',
               "",
               "takes over what kalico-flash and Klipper have",
               {"import"},
               concerns::nothing,
               runs::as_text},
    action_row{action::help, U'?', "help", "these lines", {}, concerns::nothing, runs::here},
    action_row{action::quit, U'q', "quit", "leaves the menu", {}, concerns::nothing, runs::here},
};

/// Commands that are no action of the menu, each with its reason.
struct command_without_action {
    const char* command;
    const char* why;
};
inline constexpr std::array commands_without_action{
    command_without_action{"completion", "a shell reads it when it starts"},
    command_without_action{"menu", "it is the menu"},
};

[[nodiscard]] constexpr const action_row& row_of(action a) noexcept { return action_rows[static_cast<std::size_t>(a)]; }
static_assert([] {
    for (std::size_t i = 0; i < action_rows.size(); ++i)
        if (action_rows[i].does != static_cast<action>(i)) return false;
    return true;
}());

/// Why an action cannot be done with that row (null: there is none); empty when it can.
[[nodiscard]] inline std::string objection(action a, const board_row* row) {
    const auto of = row_of(a).of;
    if (of == concerns::nothing) return {};
    if (row == nullptr) return "no board is in hand: choose one by its number or the arrow keys";
    if (of == concerns::any_row) return {};
    if (!row->is_registered())
        return row->group == board_group::blocked ? row->name + " is blocked: " + row->reason
                                                  : row->name + " is not registered yet: A adds it";
    if (of == concerns::registered) return {};
    if (!row->flashable && a != action::identify) return row->name + " is excluded from flashing: X includes it";
    if (row->state == "ambiguous") return row->name + ": " + row->reason;
    if (!row->is_there()) return row->name + " is not connected";
    return {};
}

/// The words of the command for a row (null: none is needed), without the tool's name.
[[nodiscard]] inline std::vector<std::string> words_of(action a, const board_row* row) {
    const std::string key = row == nullptr ? "" : row->key;
    switch (a) {
    case action::flash: return {"flash", key, "--skip-menuconfig"};
    case action::flash_all: return {"flash", "--all"};
    case action::toggle_excluded: return {row != nullptr && row->flashable ? "exclude" : "include", key};
    case action::rollback: return {"rollback", key};
    case action::build: return {"build", key, "--skip-menuconfig"};
    case action::history:
        if (row == nullptr || !row->is_registered()) return {"history"};
        return {"history", key};
    default: break;
    }
    const auto& its = row_of(a);
    if (its.runs_commands[0] == nullptr) return {};
    if (its.of == concerns::nothing) return {its.runs_commands[0]};
    return {its.runs_commands[0], key};
}

} // namespace kf::menu
