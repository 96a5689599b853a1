// SPDX-License-Identifier: MIT
#pragma once
/// The words of a command line, by the table of its tool: which are options, and whether each may stand there.

#include "command.hpp"

#include <map>
#include <string>
#include <vector>

namespace kf::cli {

struct parsed {
    std::vector<std::string> operands;
    std::map<std::string, std::vector<std::string>> options;
};

/// Behind the name of the command. errc::usage.
[[nodiscard]] result<parsed> parse(const tool_row& tool, const command_row& command,
                                   const std::vector<std::string>& words);

/// With the command that may have been meant.
[[nodiscard]] error no_such_command(const tool_row& tool, const std::string& word);

} // namespace kf::cli
