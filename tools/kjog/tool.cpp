// SPDX-License-Identifier: MIT
#include "../plotter/plotter_site.hpp"
#include "../tui/frame_encoder.hpp"
#include "kjog_commands.hpp"

namespace kf::kjog {
namespace {

/// A static binary has descriptions of terminals in itself.
result<void> check_terminal() {
    KF_TRY(auto encoder, tui::frame_encoder::open("no-such-terminal", {20, 3}, true));
    tui::text_grid frame({20, 3});
    tui::pane(frame).put(2, 1, "kjog", tui::look::strong);
    if (encoder.show(frame).find("kjog") == std::string::npos) return kf::fail(errc::failed, "a frame lost its text");
    (void)encoder.end();
    return {};
}

} // namespace

const cli::tool_row& tool() {
    static const cli::tool_row row{.name = "kjog",
                                   .purpose =
                                       "Moves a Klipper gantry by hand: arrow keys, homing, tools, touch-off, and an\n"
                                       "emergency stop under one key.",
                                   .options = plotting::site_options(),
                                   .commands = {console_command()},
                                   .default_command = "console",
                                   .checks = {{"terminfo", check_terminal}},
                                   .values = {{"SHELL", {"bash", "zsh", "fish"}}},
                                   .alone = "console"};
    return row;
}

} // namespace kf::kjog
