// SPDX-License-Identifier: MIT
#include "commands.hpp"
#include "drawing_input.hpp"
#include "job_input.hpp"
#include "pen_filters.hpp"
#include "plotter_site.hpp"

#include <fmt/format.h>

namespace kf::kplot {
namespace {

result<void> run_stats(cli::invocation& in) {
    KF_TRY(const auto m, any_machine(in));
    KF_TRY(const auto job, read_job(in, m.value, in.operands[0]));
    KF_TRY(const auto summary, run::measure_job(job.strokes()));
    const auto& sum = summary.measure;
    std::string text = fmt::format("strokes      {}\npen down     {:.1f} mm\npen up       {:.1f} mm\noperations   {}",
                                   sum.strokes, sum.pen_down_mm, sum.pen_up_mm, summary.operations);
    for (const std::string& line : pen_lines(sum)) text += '\n' + line;
    in.out.result({"stats",
                   std::move(text),
                   {{"strokes", static_cast<std::int64_t>(sum.strokes)},
                    {"pen_down_mm", sum.pen_down_mm},
                    {"pen_up_mm", sum.pen_up_mm},
                    {"operations", static_cast<std::int64_t>(summary.operations)},
                    {"pens", static_cast<std::int64_t>(sum.pens.size())},
                    {"pauses", static_cast<std::int64_t>(sum.pauses)}}});
    return {};
}

} // namespace

cli::command_row stats_command() {
    return {"stats",
            "FILE|-",
            1,
            1,
            "Counts the strokes of a job or an SVG, its ink and its travel.",
            input_options(),
            {{"kplot stats a.svg --json", "strokes, pen_down_mm, pen_up_mm"}},
            run_stats};
}

} // namespace kf::kplot
