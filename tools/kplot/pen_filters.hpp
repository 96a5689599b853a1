// SPDX-License-Identifier: MIT
#pragma once
/// The filter that gives layers their pens, and what is told of pens.

#include "filters.hpp"

#include <kf/job/measure.hpp>

#include <string>
#include <vector>

namespace kf::kplot {

/// Before the filters of lines: they work within the layers that this makes one pen's.
[[nodiscard]] std::vector<filter_row> pen_filters();

/// A line for each pen of a job, and one for its pauses; none when it is drawn by the tool as it is, without a pause.
[[nodiscard]] std::vector<std::string> pen_lines(const job::job_measure& sum);

} // namespace kf::kplot
