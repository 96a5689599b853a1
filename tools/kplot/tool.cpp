// SPDX-License-Identifier: MIT
#include "commands.hpp"
#include "plotter_site.hpp"

namespace kf::kplot {

const cli::tool_row& tool() {
    static const cli::tool_row row{"kplot",
                                   "Turns drawings into checked G-code and draws them on a Klipper gantry,\n"
                                   "as a file that Klipper runs by itself or stroke by stroke.",
                                   site_options(),
                                   {run_command(), import_command(), text_command(), gcode_command(), preview_command(),
                                    stats_command(), estimate_command(), status_command(), pause_command(),
                                    resume_command(), cancel_command(), estop_command(), recover_command(),
                                    home_command(), touch_off_command(), machine_command()},
                                   {},
                                   "",
                                   checks(),
                                   {{"MODE", {"file", "interactive"}},
                                    {"VERB", {"init", "check", "show", "macros"}},
                                    {"SHELL", {"bash", "zsh", "fish"}}}};
    return row;
}

} // namespace kf::kplot
