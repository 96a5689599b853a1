// SPDX-License-Identifier: MIT
#pragma once
/// A job from wherever it comes: an SVG, a job file, or either of them on standard input. It is read whole before
/// anything of it is used.

#include "../cli/command.hpp"
#include "drawing_input.hpp"

#include <kf/machine/machine.hpp>
#include <kf/run/job_check.hpp>
#include <kf/run/whole_job.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace kf::kplot {

/// `operand` is a path or "-". What an SVG has and a pen cannot draw is told as warnings.
[[nodiscard]] result<run::whole_job> read_job(cli::invocation& in, const machine::machine& m,
                                              const std::string& operand, job_as how = job_as::it_is);

/// A whole file, or standard input for "-".
[[nodiscard]] result<std::string> read_text(const std::string& operand, std::size_t most);

/// Writes the job where --output says, and tells what it is.
[[nodiscard]] result<void> give_job(cli::invocation& in, const run::whole_job& job);

/// Tells what the check found that a person should know.
void tell_warnings(cli::invocation& in, const run::job_summary& summary);

} // namespace kf::kplot
