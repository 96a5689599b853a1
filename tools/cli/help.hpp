// SPDX-License-Identifier: MIT
#pragma once
/// Help and shell completion, written from the table that also parses.

#include "command.hpp"

#include <string>

namespace kf::cli {

/// `width`: columns, 40 at least.
[[nodiscard]] std::string help_of(const tool_row& tool, std::size_t width);
[[nodiscard]] std::string help_of(const tool_row& tool, const command_row& command, std::size_t width);
/// shell: bash, zsh or fish.
[[nodiscard]] std::string completion_of(const tool_row& tool, const std::string& shell);

struct spelled_option {
    std::string long_name, short_name; ///< without dashes; the short one may be empty
};
[[nodiscard]] spelled_option spell(const option_row& option);

/// What completion offers for a value or an operand.
struct candidates {
    enum class kind { nothing, files, folders, words, asked };
    kind what = kind::nothing;
    std::vector<std::string> words = {};
    std::string asked = {}; ///< `TOOL complete THIS`
    std::string name = {};  ///< "METHOD"
};
[[nodiscard]] candidates candidates_for(const tool_row& tool, const option_row& option);
/// Of `operands`, as in "[FILE|-]".
[[nodiscard]] candidates candidates_for(const tool_row& tool, const command_row& command);

} // namespace kf::cli
