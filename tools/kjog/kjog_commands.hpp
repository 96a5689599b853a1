// SPDX-License-Identifier: MIT
#pragma once
/// The rows of kjog's table, one from each command's file.

#include "../cli/command.hpp"

namespace kf::kjog {

[[nodiscard]] cli::command_row console_command();

[[nodiscard]] const cli::tool_row& tool();

} // namespace kf::kjog
