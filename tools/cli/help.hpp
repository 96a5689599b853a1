// SPDX-License-Identifier: MIT
#pragma once
/// Help and shell completion, written from the table that also parses.

#include "command.hpp"

#include <string>

namespace kf::cli {

[[nodiscard]] std::string help_of(const tool_row& tool);
[[nodiscard]] std::string help_of(const tool_row& tool, const command_row& command);
/// shell: bash, zsh or fish. Empty for any other.
[[nodiscard]] std::string completion_of(const tool_row& tool, const std::string& shell);

} // namespace kf::cli
