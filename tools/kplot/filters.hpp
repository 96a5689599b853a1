// SPDX-License-Identifier: MIT
#pragma once
/// What may be done to a drawing between its import and its job: the filters of kf/drawing, each with its option.

#include "../cli/command.hpp"

#include <kf/drawing/drawing.hpp>
#include <kf/machine/machine.hpp>

#include <optional>
#include <vector>

namespace kf::kplot {

struct filter_row {
    enum class when { given, always };
    enum class number { real, whole };
    /// Of the value of the option; whole ones from 0 to 2^32 - 1.
    struct range {
        double least, most;
        number kind = number::real;
    };

    cli::option_row option;
    /// None: the option is a word for other rows. A lambda around a filter that cannot fail names its type:
    /// `-> result<drawing::drawing>`.
    result<drawing::drawing> (*apply)(drawing::drawing, const cli::invocation&, const machine::machine&);
    when runs = when::given;               ///< given: only when its option is
    std::optional<range> takes = {};       ///< none: apply reads the value, and says what is wrong
    std::vector<const char*> belongs = {}; ///< without one of these options it is wrong use
};

/// In the order in which they run.
[[nodiscard]] const std::vector<filter_row>& filters();

/// errc::usage for what argv alone shows to be wrong: numbers out of range, options without the one they belong to.
[[nodiscard]] result<void> check_filter_options(const cli::invocation& in);

} // namespace kf::kplot
