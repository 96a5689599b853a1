// SPDX-License-Identifier: MIT
#pragma once
/// The rows of kflash's table, one from each command's file.

#include "../cli/command.hpp"

namespace kf::kflash {

[[nodiscard]] cli::command_row flash_command();
[[nodiscard]] cli::command_row build_command();
[[nodiscard]] cli::command_row config_command();
[[nodiscard]] cli::command_row list_command();
[[nodiscard]] cli::command_row show_command();
[[nodiscard]] cli::command_row identify_command();
[[nodiscard]] cli::command_row history_command();
[[nodiscard]] cli::command_row rollback_command();
[[nodiscard]] cli::command_row doctor_command();
[[nodiscard]] cli::command_row report_command();
[[nodiscard]] cli::command_row add_command();
[[nodiscard]] cli::command_row edit_command();
[[nodiscard]] cli::command_row exclude_command();
[[nodiscard]] cli::command_row include_command();
[[nodiscard]] cli::command_row remove_command();
[[nodiscard]] cli::command_row import_command();
[[nodiscard]] cli::command_row settings_command();
[[nodiscard]] cli::command_row status_command();
[[nodiscard]] cli::command_row menu_command();
[[nodiscard]] cli::command_row guard_command();
[[nodiscard]] cli::command_row guardian_command();
/// Stands for systemctl where only Moonraker has the right to services; gives its exit status.
[[nodiscard]] int via_moonraker(int argc, char** argv);
[[nodiscard]] cli::command_row complete_command();

[[nodiscard]] const cli::tool_row& tool();

} // namespace kf::kflash
