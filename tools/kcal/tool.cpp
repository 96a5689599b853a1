// SPDX-License-Identifier: MIT
#include "../plotter/plotter_site.hpp"
#include "kcal_commands.hpp"

#include <kf/cal/patterns/pattern_table.hpp>

namespace kf::kcal {

const cli::tool_row& tool() {
    std::vector<const char*> names;
    for (const cal::pattern_row& p : cal::patterns()) names.push_back(p.name);
    static const cli::tool_row row{"kcal",
                                   "Measures and sets right a pen gantry: what it draws as 50 mm is 50 mm.",
                                   plotting::site_options(),
                                   {pattern_command()},
                                   {},
                                   "",
                                   {},
                                   {{"PATTERN", names}, {"SHELL", {"bash", "zsh", "fish"}}}};
    return row;
}

} // namespace kf::kcal
