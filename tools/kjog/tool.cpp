// SPDX-License-Identifier: MIT
#include "../plotter/plotter_site.hpp"
#include "../tui/frame_encoder.hpp"
#include "kjog_commands.hpp"

namespace kf::kjog {
const cli::tool_row& tool() {
    static const cli::tool_row row{.name = "kjog",
                                   .purpose =
                                       "Moves a Klipper gantry by hand: arrow keys, homing, tools, touch-off, and an\n"
                                       "emergency stop under one key.",
                                   .options = plotting::site_options(),
                                   .commands = {console_command()},
                                   .default_command = "console",
                                   .checks = {{"terminfo", tui::check_descriptions}},
                                   .values = {{"SHELL", {"bash", "zsh", "fish"}}},
                                   .alone = "console"};
    return row;
}

} // namespace kf::kjog
