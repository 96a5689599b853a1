// SPDX-License-Identifier: MIT
#include "guided.hpp"
#include "kcal_commands.hpp"

#include <kf/cal/routine_steps.hpp>

namespace kf::kcal {
namespace {

result<void> run_steps(cli::invocation& in) {
    cal::steps_options o;
    o.axis = in.operands[0][0];
    KF_TRY(o.length, cli::number_option(in, "length", 0, 20, 2000));
    KF_TRY(const unsigned marks, cli::count_option(in, "marks", 7, 2, 40));
    o.marks = static_cast<int>(marks);
    KF_TRY(o.with, instrument_given(in, "ruler"));
    return guide(in, options_given(in, {"length", "marks", "with"}),
                 [o](const auto& notes, const auto& m) { return cal::next_of_steps(notes, m, o); });
}

} // namespace

cli::command_row steps_command() {
    return {"steps",
            "AXIS",
            1,
            1,
            "Finds how far X or Y really goes, and its rotation_distance.",
            with_guided_options(
                {{"length", "MM", "from the first tick to the last (300, or what canvas and instrument have)"},
                 {"marks", "N", "ticks that are drawn and read (7)"},
                 instrument_option("what the ticks are read with (ruler)")}),
            {{"kcal steps x", "asks and says what moves"},
             {"kcal steps y --with film --answers y.txt", "with readings from a file"}},
            run_steps};
}

} // namespace kf::kcal
