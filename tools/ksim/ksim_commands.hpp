// SPDX-License-Identifier: MIT
#pragma once
/// The rows of ksim's table, one from each command's file, and the stand-ins that are no rows.

#include "../cli/command.hpp"

namespace kf::ksim {

[[nodiscard]] cli::command_row host_command();
[[nodiscard]] cli::command_row board_command();
[[nodiscard]] cli::command_row moonraker_command();
[[nodiscard]] cli::command_row printer_command();
[[nodiscard]] cli::command_row measure_command();
[[nodiscard]] cli::command_row press_command();
[[nodiscard]] cli::command_row release_command();
[[nodiscard]] cli::command_row look_command();
[[nodiscard]] cli::command_row restart_command();

/// ksim systemctl --state FILE VERB UNIT
[[nodiscard]] int systemctl(int argc, char** argv);
/// ksim flash-usb DEVICE IMAGE START: what the stand-in tree's `make flash` runs.
[[nodiscard]] int flash_usb(int argc, char** argv);

/// What --selftest proves of this tool alone.
[[nodiscard]] const std::vector<cli::check_row>& checks();
[[nodiscard]] const cli::tool_row& tool();

} // namespace kf::ksim
