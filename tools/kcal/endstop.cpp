// SPDX-License-Identifier: MIT
#include "guided.hpp"
#include "kcal_commands.hpp"

#include <kf/cal/routine_endstop.hpp>

namespace kf::kcal {
namespace {

result<void> run_endstop(cli::invocation& in) {
    cal::endstop_options o;
    o.axis = in.operands[0][0];
    KF_TRY(const unsigned cycles, cli::count_option(in, "cycles", 10, 3, 1000));
    o.cycles = static_cast<int>(cycles);
    KF_TRY(o.allowed, cli::number_option(in, "allowed", 0.1, 0.001, 10));
    return guide(in, options_given(in, {"cycles", "allowed"}),
                 [o](const auto& notes, const auto& m) { return cal::next_of_endstop(notes, m, o); });
}

} // namespace

cli::command_row endstop_command() {
    return {"endstop",
            "AXIS",
            1,
            1,
            "Homes X or Y again and again, and says how well its endstop repeats.",
            with_guided_options({{"cycles", "N", "how often it is homed (10)"},
                                 {"allowed", "MM", "from the least place to the greatest (0.1)"}}),
            {{"kcal endstop x", "ten cycles"}},
            run_endstop};
}

} // namespace kf::kcal
