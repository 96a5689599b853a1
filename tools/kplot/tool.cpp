// SPDX-License-Identifier: MIT
#include "../plotter/plotter_site.hpp"
#include "kplot_commands.hpp"

#include <algorithm>
#include <string_view>

namespace kf::kplot {

using namespace plotting;

const cli::tool_row& tool() {
    static const cli::tool_row row = [] {
        cli::tool_row made{"kplot",
                           "Turns drawings into checked G-code and draws them on a Klipper gantry,\n"
                           "as a file that Klipper runs by itself or stroke by stroke.",
                           site_options(),
                           {run_command(), import_command(), text_command(), gcode_command(), preview_command(),
                            stats_command(), estimate_command(), status_command(), pause_command(), resume_command(),
                            cancel_command(), estop_command(), recover_command(), home_command(), touch_off_command(),
                            machine_command()},
                           {},
                           "",
                           checks(),
                           {{"MODE", {"file", "interactive"}},
                            {"VERB", {"init", "check", "show", "macros"}},
                            {"SHELL", {"bash", "zsh", "fish"}}}};
        // Between what reads a drawing and what makes G-code of it, as in a pipe.
        auto filters = filter_command_rows();
        const auto gcode =
            std::ranges::find_if(made.commands, [](const auto& c) { return c.name == std::string_view("gcode"); });
        made.commands.insert(gcode, filters.begin(), filters.end());
        return made;
    }();
    return row;
}

} // namespace kf::kplot
