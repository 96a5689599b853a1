// SPDX-License-Identifier: MIT
#pragma once
/// What may be done to a drawing between its import and its job: the filters of kf/drawing, each with its option.

#include "../cli/command.hpp"

#include <kf/drawing/drawing.hpp>
#include <kf/machine/machine.hpp>

#include <vector>

namespace kf::kplot {

struct filter_row {
    enum class when { given, always };
    cli::option_row option;
    /// A lambda around a filter that cannot fail names its type: `-> result<drawing::drawing>`.
    result<drawing::drawing> (*apply)(drawing::drawing, const cli::invocation&, const machine::machine&);
    when runs = when::given; ///< given: only when its option is
};

/// In the order in which they run.
[[nodiscard]] const std::vector<filter_row>& filters();

} // namespace kf::kplot
