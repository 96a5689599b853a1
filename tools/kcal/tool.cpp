// SPDX-License-Identifier: MIT
#include "../plotter/plotter_site.hpp"
#include "kcal_commands.hpp"

#include <kf/cal/patterns/pattern_sheet.hpp>

namespace kf::kcal {

const cli::tool_row& tool() {
    std::vector<const char*> names;
    for (const cal::pattern_row& p : cal::patterns()) names.push_back(p.name);
    static const cli::tool_row row{"kcal",
                                   "Measures and sets right a pen gantry: what it draws as 50 mm is 50 mm.",
                                   plotting::site_options(),
                                   {pattern_command(), printer_cfg_command(), check_command(), bringup_command(),
                                    steps_command(), offset_command(), z_command(), speed_command(), accel_command(),
                                    endstop_command(), backlash_command(), square_command(), bed_command(),
                                    undo_command(), history_command()},
                                   {},
                                   "",
                                   {},
                                   {{"PATTERN", names},
                                    {"AXIS", {"x", "y"}},
                                    {"METHOD", {"diagonals", "triangle", "reversal"}},
                                    {"INSTRUMENT", {"caliper", "ruler", "film", "vernier"}},
                                    {"SHELL", {"bash", "zsh", "fish"}}}};
    return row;
}

} // namespace kf::kcal
