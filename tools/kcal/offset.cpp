// SPDX-License-Identifier: MIT
#include "guided.hpp"
#include "kcal_commands.hpp"

#include <kf/cal/routine_offset.hpp>

namespace kf::kcal {
namespace {

result<void> run_offset(cli::invocation& in) {
    cal::offset_options o;
    o.tool = in.get("tool").value_or("");
    KF_TRY(const unsigned repeats, cli::count_option(in, "repeats", 4, 2, 6));
    o.repeats = static_cast<int>(repeats);
    return guide(in, options_given(in, {"tool", "repeats"}),
                 [o](const auto& notes, const auto& m) { return cal::next_of_offset(notes, m, o); });
}

} // namespace

cli::command_row offset_command() {
    return {"offset",
            "",
            0,
            0,
            "Finds how far a second tool draws beside the first one.",
            with_guided_options({{"tool", "NAME", "the second tool (the second of machine.yaml)"},
                                 {"repeats", "N", "combs along each axis (4)"}}),
            {{"kcal offset", "with a pen in the holder of the airbrush"}},
            run_offset};
}

} // namespace kf::kcal
