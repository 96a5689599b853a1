// SPDX-License-Identifier: MIT
#pragma once
/// An SVG becomes a job: import, then the filters of filters.hpp, then the composer, from value to value.

#include "../cli/command.hpp"

#include <kf/job/compose.hpp>
#include <kf/machine/machine.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace kf::kplot {

/// How a drawing becomes a job, wherever it is from.
[[nodiscard]] std::vector<cli::option_row> composing_options();

/// What becomes of an SVG, in the order in which it happens; for every command that takes one.
[[nodiscard]] std::vector<cli::option_row> drawing_options();

/// errc::usage for what is wrong with them whatever the drawing is. Before compose_svg().
[[nodiscard]] result<void> check_drawing_options(const cli::invocation& in);

/// `name` is the drawing's in errors. What the SVG has and a pen cannot draw is told as warnings.
[[nodiscard]] result<job::composed_job> compose_svg(cli::invocation& in, const machine::machine& m,
                                                    std::string_view text, const std::string& name);

/// Of a drawing that is there already; its notes are told as warnings.
[[nodiscard]] result<job::composed_job> compose_drawing(cli::invocation& in, const machine::machine& m,
                                                        drawing::drawing d, const std::string& name);

/// errc::usage when one of drawing_options() is given: a job has no layers, curves or page any more.
[[nodiscard]] result<void> refuse_drawing_options(const cli::invocation& in, const std::string& name);

} // namespace kf::kplot
