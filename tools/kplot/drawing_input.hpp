// SPDX-License-Identifier: MIT
#pragma once
/// An SVG, an HP-GL plot or a job becomes a job: read as a drawing, then the filters of filters.hpp, then the composer,
/// from value to value.

#include "../cli/command.hpp"

#include <kf/drawing/arcs.hpp>
#include <kf/job/compose.hpp>
#include <kf/job/job_file.hpp>
#include <kf/machine/machine.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kf::kplot {

/// How a drawing becomes a job, wherever it is from.
[[nodiscard]] std::vector<cli::option_row> composing_options();
/// How an SVG is read.
[[nodiscard]] std::vector<cli::option_row> reading_options();
/// What becomes of a drawing, in the order in which it happens.
[[nodiscard]] std::vector<cli::option_row> drawing_options();
/// Both, for every command that takes a drawing or a job.
[[nodiscard]] std::vector<cli::option_row> input_options();

/// For commands whose result may have arcs. read_job() takes it.
[[nodiscard]] cli::option_row arcs_option();

/// How far arcs may be from the lines of a drawing, which were read so much finer, and from those of a job.
[[nodiscard]] drawing::arc_fit_options arcs_of_drawing(const cli::invocation& in);
[[nodiscard]] drawing::arc_fit_options arcs_of_job();

/// errc::usage for what is wrong with them whatever the drawing is. Before compose_drawing() and compose_job().
[[nodiscard]] result<void> check_drawing_options(const cli::invocation& in);

enum class drawing_kind { svg, hpgl };

/// A drawing as it was read from a file or a pipe; `name` is what errors call it.
struct drawing_source_text {
    drawing_kind kind;
    std::string_view bytes;
    std::string name;
};

/// What the drawing has and a pen cannot draw is told as warnings.
[[nodiscard]] result<job::composed_job> compose_drawing(cli::invocation& in, const machine::machine& m,
                                                        const drawing_source_text& from);

/// Of a drawing that is there already; its notes are told as warnings.
[[nodiscard]] result<job::composed_job> compose_drawing(cli::invocation& in, const machine::machine& m,
                                                        drawing::drawing d, const std::string& name);

/// What becomes of a job that is read.
enum class job_as {
    it_is,  ///< each operation at its place, unless a filter or another option for a drawing is given
    drawing ///< its strokes, in any case
};

/// Nothing when the job stays as it is: then no byte was taken. errc::usage when an option for an SVG is given,
/// errc::refused when the job has what no filter could keep.
[[nodiscard]] result<std::optional<job::composed_job>> compose_job(cli::invocation& in, const machine::machine& m,
                                                                   job_as how, const job::job_bytes& bytes,
                                                                   const std::string& name);

/// errc::usage when one of input_options() is given: G-code is made already.
[[nodiscard]] result<void> refuse_input_options(const cli::invocation& in, const std::string& name);

} // namespace kf::kplot
