// SPDX-License-Identifier: MIT
#include "guided.hpp"
#include "kcal_commands.hpp"

#include <kf/cal/routine_limits.hpp>

namespace kf::kcal {
namespace {

result<void> run_speed(cli::invocation& in) {
    cal::limits_options o;
    o.axis = in.operands[0][0];
    KF_TRY(o.first, cli::number_option(in, "from", 0, 1, 2000));
    KF_TRY(o.last, cli::number_option(in, "to", 0, 1, 2000));
    KF_TRY(o.step, cli::number_option(in, "by", 0, 0.5, 500));
    return guide(in, options_given(in, {"from", "to", "by"}),
                 [o](const auto& notes, const auto& m) { return cal::next_of_limits(notes, m, o); });
}

} // namespace

cli::command_row speed_command() {
    return {"speed",
            "AXIS",
            1,
            1,
            "Finds the greatest speed at which no step is lost.",
            with_guided_options({{"from", "MM_S", "the slowest trial (a quarter of the fastest)"},
                                 {"to", "MM_S", "the fastest (max_velocity of the printer, which is the most)"},
                                 {"by", "MM_S", "from trial to trial: so well is the limit known (a 16th)"}}),
            {{"kcal speed x --from 20 --to 80 --by 10", "seven trials"}},
            run_speed};
}

} // namespace kf::kcal
