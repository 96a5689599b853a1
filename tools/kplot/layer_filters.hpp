// SPDX-License-Identifier: MIT
#pragma once
/// The filters that choose layers (kf/drawing/layer_choice.hpp), each with its option.

#include "filters.hpp"

namespace kf::kplot {

/// In the order in which they run.
[[nodiscard]] std::vector<filter_row> layer_filters();

} // namespace kf::kplot
