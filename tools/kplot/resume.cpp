// SPDX-License-Identifier: MIT
#include "kplot_commands.hpp"
#include "steer.hpp"

namespace kf::kplot {

cli::command_row resume_command() {
    return {"resume",
            "",
            0,
            0,
            "Goes on after a pause: above the point first, then down.",
            {},
            {{"kplot resume", "goes on where kplot pause stopped"}},
            [](cli::invocation& in) { return steer(in, run::order::resume); }};
}

} // namespace kf::kplot
