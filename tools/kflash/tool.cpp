// SPDX-License-Identifier: MIT
#include "commands.hpp"
#include "workplace.hpp"

namespace kf::kflash {

const cli::tool_row& tool() {
    static const cli::tool_row row{"kflash",
                                   "Builds Klipper or Kalico firmware for each of your boards and flashes it,\n"
                                   "with the printer's service always brought back.",
                                   workplace_options(),
                                   {flash_command(), build_command(), config_command(), list_command(), show_command(),
                                    identify_command(), add_command(), edit_command(), remove_command(),
                                    settings_command(), guard_command(), guardian_command()},
                                   {{"--list-devices", "list", "the same as list"},
                                    {"--add-device", "add", "the same as add"},
                                    {"--remove-device", "remove", "the same as remove"}},
                                   "flash"};
    return row;
}

} // namespace kf::kflash
