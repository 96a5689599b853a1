// SPDX-License-Identifier: MIT
#include "guided.hpp"
#include "kcal_commands.hpp"

#include <kf/cal/routine_backlash.hpp>

namespace kf::kcal {
namespace {

result<void> run_backlash(cli::invocation& in) {
    cal::backlash_options o;
    o.axis = in.operands[0][0];
    KF_TRY(const unsigned repeats, cli::count_option(in, "repeats", 5, 2, 10));
    o.repeats = static_cast<int>(repeats);
    KF_TRY(o.allowed, cli::number_option(in, "allowed", 0.1, 0.001, 10));
    return guide(in, options_given(in, {"repeats", "allowed"}),
                 [o](const auto& notes, const auto& m) { return cal::next_of_backlash(notes, m, o); });
}

} // namespace

cli::command_row backlash_command() {
    return {"backlash",
            "AXIS",
            1,
            1,
            "Finds how far X or Y turns back before it moves.",
            with_guided_options({{"repeats", "N", "combs that are drawn (5)"},
                                 {"allowed", "MM", "what a good axis has at most (0.1)"}}),
            {{"kcal backlash x", "a comb from one side, a vernier from the other"}},
            run_backlash};
}

} // namespace kf::kcal
