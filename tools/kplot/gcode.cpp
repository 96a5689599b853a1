// SPDX-License-Identifier: MIT
#include "../plotter/plotter_site.hpp"
#include "../plotter/text_output.hpp"
#include "drawing_input.hpp"
#include "job_input.hpp"
#include "kplot_commands.hpp"
#include "pen_filters.hpp"

#include <kf/drawing/arcs.hpp>
#include <kf/job/arc.hpp>

#include <fmt/format.h>

#include <optional>
#include <variant>

namespace kf::kplot {

using namespace plotting;
namespace {

constexpr mm klipper_resolution = 1; // of [gcode_arcs], where nothing else is set

/// Klipper makes chords of arcs, and of a small circle only a few.
result<void> warn_of_coarse_arcs(cli::invocation& in, const run::whole_job& job) {
    mm farthest = 0, radius = 0;
    std::optional<job::point> at;
    for (auto operations = job.operations();;) {
        KF_TRY(const auto s, operations());
        if (!s) break;
        if (const auto* arc = std::get_if<job::draw_arc>(&s->op); arc != nullptr && at) {
            const auto made = job::make_arc(*at, *arc);
            const mm error = made ? drawing::chord_error(made->radius, made->sweep, klipper_resolution) : 0;
            if (error > farthest) {
                farthest = error;
                radius = made->radius;
            }
        }
        at = job::end_of(s->op, at);
    }
    if (farthest > job.arcs()->chord_tolerance)
        in.out.warn(fmt::format("Klipper draws arcs in pieces of 1 mm unless [gcode_arcs] resolution says less: an arc "
                                "of radius {:.2f} mm is {:.2f} mm off then; set resolution: 0.1, or give "
                                "--arc-resolution 1, which keeps such arcs as lines",
                                radius, farthest));
    return {};
}

result<void> run_gcode(cli::invocation& in) {
    KF_CHECK(stdout_is_free(in));
    KF_TRY(const auto m, open_machine(in));
    job::gcode_options options;
    if (in.has("arcs")) options.arcs = job::arc_style::native;
    KF_TRY(const double piece, number_option(in, "arc-resolution", klipper_resolution, 0.001, 1000));
    if (in.has("arc-resolution") && !in.has("arcs"))
        return kf::fail({errc::usage, "--arc-resolution belongs to --arcs", {}, "--arc-resolution"});
    KF_TRY(auto job, read_job(in, m.value, in.operands.empty() ? "-" : in.operands[0]));
    if (in.has("arc-resolution")) {
        auto how = *job.arcs();
        how.piece = piece;
        job.keep_arcs(how);
    } else if (in.has("arcs"))
        KF_CHECK(warn_of_coarse_arcs(in, job));
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
    std::vector<cli::option_row> options{
        {"output,o", "FILE", "write there, not to standard output"},
        arcs_option(),
        {"arc-resolution", "MM", "the resolution of [gcode_arcs]: what it makes too coarse stays lines"}};
    for (const auto& o : input_options()) options.push_back(o);
    return {"gcode",
            "[FILE|-]",
            0,
            1,
            "Turns a job, an SVG or an HP-GL plot into G-code, checked against the machine.",
            options,
            {{"kplot gcode a.svg -o a.gcode", "from a drawing"},
             {"kplot import a.svg | kplot gcode > a.gcode", "from a pipe"}},
            run_gcode};
}

} // namespace kf::kplot
