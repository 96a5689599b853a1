// SPDX-License-Identifier: MIT
#include "commands.hpp"
#include "drawing_input.hpp"
#include "job_input.hpp"
#include "pen_filters.hpp"
#include "plotter_site.hpp"

#include <fmt/format.h>

namespace kf::kplot {
namespace {

result<void> run_gcode(cli::invocation& in) {
    KF_CHECK(stdout_is_free(in));
    KF_TRY(const auto m, open_machine(in));
    job::gcode_options options;
    if (in.has("arcs")) options.arcs = job::arc_style::native;
    KF_TRY(const auto job, read_job(in, m.value, in.operands.empty() ? "-" : in.operands[0]));
    KF_TRY(const auto summary, run::check_job(job.strokes(), m.value, options));
    tell_warnings(in, summary);
    KF_TRY(auto out, text_output::open(in));
    KF_TRY(const auto written,
           job::write_gcode(m.value, options, job.strokes(), [&](std::string_view text) { return out.write(text); }));
    KF_CHECK(out.close());
    in.out.note(fmt::format("{}, {} of G-code, for {}", counted(written.strokes, "stroke"),
                            counted(written.bytes, "byte"), m.name));
    for (const std::string& line : pen_lines(summary.measure)) in.out.note(line);
    return {};
}

} // namespace

cli::command_row gcode_command() {
    std::vector<cli::option_row> options{{"output,o", "FILE", "write there, not to standard output"},
                                         {"arcs", "", "keep arcs as G2 and G3, for a printer with [gcode_arcs]"}};
    for (const auto& o : input_options()) options.push_back(o);
    return {"gcode",
            "[FILE|-]",
            0,
            1,
            "Turns a job or an SVG into G-code, checked against the machine.",
            options,
            {{"kplot gcode a.svg -o a.gcode", "from a drawing"},
             {"kplot import a.svg | kplot gcode > a.gcode", "from a pipe"}},
            run_gcode};
}

} // namespace kf::kplot
