// SPDX-License-Identifier: MIT
#pragma once
/// The rows of kcal's table, one from each command's file.

#include "../cli/command.hpp"

#include <kf/cal/printer_cfg_pins.hpp>

namespace kf::kcal {

[[nodiscard]] cli::command_row pattern_command();
[[nodiscard]] cli::command_row printer_cfg_command();
[[nodiscard]] cli::command_row check_command();
[[nodiscard]] cli::command_row bringup_command();
[[nodiscard]] cli::command_row steps_command();
[[nodiscard]] cli::command_row offset_command();
[[nodiscard]] cli::command_row z_command();
[[nodiscard]] cli::command_row speed_command();
[[nodiscard]] cli::command_row accel_command();
[[nodiscard]] cli::command_row endstop_command();
[[nodiscard]] cli::command_row backlash_command();
[[nodiscard]] cli::command_row square_command();
[[nodiscard]] cli::command_row bed_command();
[[nodiscard]] cli::command_row undo_command();
[[nodiscard]] cli::command_row history_command();

/// --pin, each time that it is given. errc::usage for what no motor of these axes has.
[[nodiscard]] result<cal::told_pins> pins_told(const cli::invocation& in, const machine::machine& m,
                                               std::string_view axes);

[[nodiscard]] const cli::tool_row& tool();

} // namespace kf::kcal
