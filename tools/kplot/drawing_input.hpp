// SPDX-License-Identifier: MIT
#pragma once
/// An SVG or an HP-GL plot becomes a job: import, then the filters of filters.hpp, then the composer, from value to
/// value.

#include "../cli/command.hpp"

#include <kf/drawing/arcs.hpp>
#include <kf/job/compose.hpp>
#include <kf/machine/machine.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace kf::kplot {

/// What becomes of an SVG, in the order in which it happens; for every command that takes one.
[[nodiscard]] std::vector<cli::option_row> drawing_options();

/// For commands whose result may have arcs. read_job() takes it.
[[nodiscard]] cli::option_row arcs_option();

/// How far arcs may be from the lines of a drawing, which were read so much finer, and from those of a job.
[[nodiscard]] drawing::arc_fit_options arcs_of_drawing(const cli::invocation& in);
[[nodiscard]] drawing::arc_fit_options arcs_of_job();

/// errc::usage for what is wrong with them whatever the drawing is. Before compose_drawing().
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

/// errc::usage when one of drawing_options() is given: a job has no layers, curves or page any more.
[[nodiscard]] result<void> refuse_drawing_options(const cli::invocation& in, const std::string& name);

} // namespace kf::kplot
