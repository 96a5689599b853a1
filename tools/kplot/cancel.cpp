// SPDX-License-Identifier: MIT
#include "kplot_commands.hpp"
#include "steer.hpp"

namespace kf::kplot {

cli::command_row cancel_command() {
    return {"cancel",
            "",
            0,
            0,
            "Ends the drawing: pause, tool up, cancel.",
            {},
            {{"kplot cancel", "ends a run or a detached file"}},
            [](cli::invocation& in) { return steer(in, run::order::cancel); }};
}

} // namespace kf::kplot
