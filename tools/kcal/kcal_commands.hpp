// SPDX-License-Identifier: MIT
#pragma once
/// The rows of kcal's table, one from each command's file.

#include "../cli/command.hpp"

namespace kf::kcal {

[[nodiscard]] cli::command_row pattern_command();

[[nodiscard]] const cli::tool_row& tool();

} // namespace kf::kcal
