// SPDX-License-Identifier: MIT
#include "../plotter/plotter_site.hpp"
#include "../plotter/text_output.hpp"
#include "drawing_input.hpp"
#include "job_input.hpp"
#include "kplot_commands.hpp"

namespace kf::kplot {

using namespace plotting;
namespace {

result<void> run_import(cli::invocation& in) {
    KF_CHECK(stdout_is_free(in));
    KF_TRY(const auto m, any_machine(in));
    KF_TRY(const auto job, read_job(in, m.value, in.operands[0]));
    return give_job(in, job);
}

} // namespace

cli::command_row import_command() {
    std::vector<cli::option_row> options{{"output,o", "FILE", "write there, not to standard output"}, arcs_option()};
    for (const auto& o : input_options()) options.push_back(o);
    return {"import",
            "FILE|-",
            1,
            1,
            "Turns an SVG or an HP-GL plot into a job: lines of JSON, see kf-job(5).",
            options,
            {{"kplot import a.svg | kplot gcode - > a.gcode", "drawing, job, G-code"},
             {"kplot import a.svg -o a.jsonl", "keeps the job"}},
            run_import};
}

} // namespace kf::kplot
