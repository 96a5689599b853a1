// SPDX-License-Identifier: MIT
#pragma once
/// The rows of ksim's table, one from each command's file.

#include "../cli/command.hpp"

namespace kf::ksim {

[[nodiscard]] cli::command_row host_command();
[[nodiscard]] cli::command_row board_command();
[[nodiscard]] cli::command_row firmware_image_command();
[[nodiscard]] cli::command_row menuconfig_command();
[[nodiscard]] cli::command_row flash_usb_command();

/// `ksim systemctl` reads its words itself: they are systemctl's, not ours.
[[nodiscard]] int systemctl(int argc, char** argv);

[[nodiscard]] const cli::tool_row& tool();

} // namespace kf::ksim
