// SPDX-License-Identifier: MIT
#include "guided.hpp"
#include "kcal_commands.hpp"

#include <kf/cal/routine_square.hpp>

namespace kf::kcal {
namespace {

result<void> run_square(cli::invocation& in) {
    using method = cal::square_options::method;
    cal::square_options o;
    const std::string how = in.get("by").value_or("diagonals");
    o.how = how == "triangle" ? method::triangle : how == "reversal" ? method::reversal : method::diagonals;
    KF_TRY(o.size, cli::number_option(in, "size", 0, 20, 2000));
    KF_TRY(o.reading.with, instrument_given(in, o.how == method::reversal ? "vernier" : "caliper"));
    KF_TRY(const unsigned times, cli::count_option(in, "readings", 1, 1, 20));
    o.reading.times = static_cast<int>(times);
    if (o.reading.times == 2)
        return kf::fail(
            {errc::usage, "two readings do not show how much readings scatter: 1, or 3 and more", {}, "--readings 2"});
    o.profile = in.get("profile").value_or(o.profile);
    return guide(in, options_given(in, {"by", "size", "with", "readings", "profile"}),
                 [o](const auto& notes, const auto& m) { return cal::next_of_square(notes, m, o); });
}

} // namespace

cli::command_row square_command() {
    return {"square",
            "",
            0,
            0,
            "Finds by how much Y leans against X, and corrects it in one way.",
            with_guided_options({{"by", "METHOD", "diagonals, triangle (3-4-5) or reversal (the sheet is turned)"},
                                 {"size", "MM", "along X (300, or what canvas and instrument have)"},
                                 instrument_option("what lengths are read with (caliper; reversal: vernier)"),
                                 {"readings", "N", "of each length: 1, or 3 and more (1)"},
                                 {"profile", "NAME", "of skew_correction in printer.cfg (kcal)"}}),
            {{"kcal square", "two diagonals and a side"},
             {"kcal square --by reversal", "without an instrument"},
             {"kcal square --by triangle --answer as=profile", "3-4-5, the result as a profile"}},
            run_square};
}

} // namespace kf::kcal
