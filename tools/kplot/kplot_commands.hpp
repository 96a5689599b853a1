// SPDX-License-Identifier: MIT
#pragma once
/// The rows of kplot's table, one from each command's file.

#include "../cli/command.hpp"

namespace kf::kplot {

[[nodiscard]] cli::command_row run_command();
[[nodiscard]] cli::command_row import_command();
[[nodiscard]] cli::command_row text_command();
/// page, merge, order and their like: one for each row of filter_commands().
[[nodiscard]] std::vector<cli::command_row> filter_command_rows();
[[nodiscard]] cli::command_row gcode_command();
[[nodiscard]] cli::command_row preview_command();
[[nodiscard]] cli::command_row stats_command();
[[nodiscard]] cli::command_row estimate_command();
[[nodiscard]] cli::command_row status_command();
[[nodiscard]] cli::command_row pause_command();
[[nodiscard]] cli::command_row resume_command();
[[nodiscard]] cli::command_row cancel_command();
[[nodiscard]] cli::command_row estop_command();
[[nodiscard]] cli::command_row recover_command();
[[nodiscard]] cli::command_row home_command();
[[nodiscard]] cli::command_row touch_off_command();
[[nodiscard]] cli::command_row machine_command();

/// What --selftest proves of this tool alone.
[[nodiscard]] const std::vector<cli::check_row>& checks();
[[nodiscard]] const cli::tool_row& tool();

} // namespace kf::kplot
