// SPDX-License-Identifier: MIT
#pragma once
/// The filters that lay a drawing on the canvas (kf/drawing/page.hpp, crop.hpp), each with its option.

#include "filters.hpp"

namespace kf::kplot {

/// In the order in which they run.
[[nodiscard]] std::vector<filter_row> page_filters();

} // namespace kf::kplot
