// SPDX-License-Identifier: MIT
#include "guided.hpp"
#include "kcal_commands.hpp"

#include <kf/cal/routine_z.hpp>

namespace kf::kcal {
namespace {

result<void> run_z(cli::invocation& in) {
    cal::z_options o;
    if (const auto tools = in.options.find("tool"); tools != in.options.end()) o.tools = tools->second;
    KF_TRY(o.step, cli::number_option(in, "step", 1, 0.05, 5));
    KF_TRY(o.resolution, cli::number_option(in, "resolution", 0.05, 0.005, 1));
    KF_TRY(o.clearance, cli::number_option(in, "clearance", 5, 0.5, 100));
    KF_TRY(o.press, cli::number_option(in, "press", 0, 0, 2));
    return guide(in, options_given(in, {"tool", "step", "resolution", "clearance", "press"}),
                 [o](const auto& notes, const auto& m) { return cal::next_of_z(notes, m, o); });
}

} // namespace

cli::command_row z_command() {
    return {"z",
            "",
            0,
            0,
            "Finds the height at which each tool touches the paper, and travel.",
            with_guided_options({{"tool", "NAME", "the first, and another one with a second --tool (the first alone)"},
                                 {"step", "MM", "of the way down: how deep a tool may press at worst (1)"},
                                 {"resolution", "MM", "how near the two last heights come (0.05)"},
                                 {"clearance", "MM", "of travel above the paper, with one tool (5)"},
                                 {"press", "MM", "how much farther than its touch a pen works (0)"}}),
            {{"kcal z", "the pen"}, {"kcal z --tool pen --tool airbrush", "both, travel half-way between"}},
            run_z};
}

} // namespace kf::kcal
