// SPDX-License-Identifier: MIT
#pragma once
/// The filters that change how the lines of a drawing are drawn, and in which order, each with its option. None of
/// them runs unasked.

#include "filters.hpp"

namespace kf::kplot {

/// In the order in which they run.
[[nodiscard]] std::vector<filter_row> line_filters();

} // namespace kf::kplot
