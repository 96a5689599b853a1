// SPDX-License-Identifier: MIT
#pragma once
/// `TOOL --selftest`, hidden: what a static binary may lack although it starts. The packages run it on each
/// architecture; a person never needs it.

#include "command.hpp"

namespace kf::cli {

/// One line a check on stdout, "ok", "FAILED" or "absent"; the exit status is 1 when one failed.
[[nodiscard]] int selftest(const tool_row& tool);

} // namespace kf::cli
