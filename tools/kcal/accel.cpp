// SPDX-License-Identifier: MIT
#include "guided.hpp"
#include "kcal_commands.hpp"

#include <kf/cal/routine_limits.hpp>

namespace kf::kcal {
namespace {

result<void> run_accel(cli::invocation& in) {
    cal::limits_options o;
    o.of = cal::limits_options::what::acceleration;
    o.axis = in.operands[0][0];
    KF_TRY(o.first, cli::number_option(in, "from", 0, 10, 100000));
    KF_TRY(o.last, cli::number_option(in, "to", 0, 10, 100000));
    KF_TRY(o.step, cli::number_option(in, "by", 0, 10, 50000));
    return guide(in, options_given(in, {"from", "to", "by"}),
                 [o](const auto& notes, const auto& m) { return cal::next_of_limits(notes, m, o); });
}

} // namespace

cli::command_row accel_command() {
    return {"accel",
            "AXIS",
            1,
            1,
            "Finds the greatest acceleration at which no step is lost.",
            with_guided_options({{"from", "MM_S2", "the gentlest trial (a quarter of the hardest)"},
                                 {"to", "MM_S2", "the hardest (max_accel of the printer, which is the most)"},
                                 {"by", "MM_S2", "from trial to trial: so well is the limit known (a 16th)"}}),
            {{"kcal accel y --from 500 --to 3000 --by 500", "six trials"}},
            run_accel};
}

} // namespace kf::kcal
