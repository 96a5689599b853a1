// SPDX-License-Identifier: MIT
#include "ksim_commands.hpp"

namespace kf::ksim {

const cli::tool_row& tool() {
    static const cli::tool_row row{
        "ksim",   "Simulates a printer's host: boards, Klipper, its service, a firmware tree.",
        {},       {host_command(), printer_command(), board_command(), moonraker_command()},
        {},       "",
        checks(), {{"SHELL", {"bash", "zsh", "fish"}}}};
    return row;
}

} // namespace kf::ksim
