// SPDX-License-Identifier: MIT
#include "guided.hpp"
#include "kcal_commands.hpp"

#include <kf/cal/routine_bed.hpp>

namespace kf::kcal {
namespace {

result<void> run_bed(cli::invocation& in) {
    cal::bed_options o;
    KF_TRY(o.range, cli::number_option(in, "range", 0.6, 0.05, 5));
    KF_TRY(o.step, cli::number_option(in, "step", 0.1, 0.01, 1));
    KF_TRY(o.allowed, cli::number_option(in, "allowed", 0.2, 0.01, 10));
    return guide(in, options_given(in, {"range", "step", "allowed"}),
                 [o](const auto& notes, const auto& m) { return cal::next_of_bed(notes, m, o); });
}

} // namespace

cli::command_row bed_command() {
    return {"bed",
            "",
            0,
            0,
            "Finds how the paper lies, at three by three places.",
            with_guided_options({{"range", "MM", "dips on either side of the work height (0.6)"},
                                 {"step", "MM", "from dip to dip (0.1)"},
                                 {"allowed", "MM", "from the lowest place to the highest (0.2)"}}),
            {{"kcal bed", "after kcal z"}},
            run_bed};
}

} // namespace kf::kcal
