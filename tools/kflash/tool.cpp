// SPDX-License-Identifier: MIT
#include "../net/ask_http.hpp"
#include "../tui/frame_encoder.hpp"
#include "kflash_commands.hpp"
#include "menu_selftest.hpp"
#include "workplace.hpp"

namespace kf::kflash {

const cli::tool_row& tool() {
    std::vector<const char*> method_names;
    for (const auto& m : board::flash_methods) method_names.push_back(m.name);
    static const cli::tool_row row{"kflash",
                                   "Builds Klipper or Kalico firmware for each of your boards and flashes it,\n"
                                   "with the printer's service always brought back.",
                                   workplace_options(),
                                   {flash_command(),    build_command(),    config_command(),  list_command(),
                                    show_command(),     identify_command(), history_command(), rollback_command(),
                                    doctor_command(),   report_command(),   add_command(),     edit_command(),
                                    exclude_command(),  include_command(),  remove_command(),  import_command(),
                                    settings_command(), status_command(),   menu_command(),    guard_command(),
                                    guardian_command(), complete_command()},
                                   {{"--list-devices", "list", "the same as list"},
                                    {"--add-device", "add", "the same as add"},
                                    {"--remove-device", "remove", "the same as remove"},
                                    {"--exclude-device", "exclude", "the same as exclude"},
                                    {"--include-device", "include", "the same as include"},
                                    {"flash-all", "flash --all", "the same as flash --all"}},
                                   "flash",
                                   {{"http", net::check_http},
                                    {"terminfo", tui::check_descriptions},
                                    {"menu and commands", check_menu_and_commands}},
                                   {{"METHOD", method_names},
                                    {"BOARD", {}, "boards"},
                                    {"DEVICE", {}, "devices"},
                                    {"SHELL", {"bash", "zsh", "fish"}}},
                                   "menu"};
    return row;
}

} // namespace kf::kflash
