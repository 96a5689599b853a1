// SPDX-License-Identifier: MIT
#include "kplot_commands.hpp"
#include "steer.hpp"

namespace kf::kplot {

cli::command_row pause_command() {
    return {"pause",
            "",
            0,
            0,
            "Pauses the drawing, with the tool up.",
            {},
            {{"kplot pause", "from any shell, also when the run was detached"}},
            [](cli::invocation& in) { return steer(in, run::order::pause); }};
}

} // namespace kf::kplot
