// SPDX-License-Identifier: MIT
#pragma once
/// What may be done to a drawing between its import and its job: the filters of kf/drawing, each with its option, and
/// the commands that do nothing else.

#include "../cli/command.hpp"

#include <kf/drawing/drawing.hpp>
#include <kf/machine/machine.hpp>

#include <optional>
#include <string>
#include <vector>

namespace kf::kplot {

struct filter_row {
    enum class when {
        given,    ///< only when its option is
        imported, ///< and whenever a drawing is read
        always    ///< and in each command that has its option
    };
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
    when runs = when::given;
    std::optional<range> takes = {};       ///< none: apply reads the value, and says what is wrong
    std::vector<const char*> belongs = {}; ///< without one of these options it is wrong use
    bool tells = false;                    ///< what it did, by itself
    const char* usual = nullptr;           ///< its value in the command of its name, where it is not given
};

/// In the order in which they run.
[[nodiscard]] const std::vector<filter_row>& filters();

/// A command that reads an SVG or a job, does what some of the filters do, and writes a job. The filter that has its
/// name works without its option, too.
struct filter_command {
    const char* name;
    const char* purpose;
    std::vector<const char*> options;
    std::vector<cli::example_row> examples;
    bool needs_one = false; ///< of its options
};
[[nodiscard]] const std::vector<filter_command>& filter_commands();

/// Which of the filters work: what runs whenever a drawing is imported has run for a job already.
struct filter_run {
    enum class source { drawing, job };
    source from = source::drawing;
    double most = 1; ///< as soon as it is more times as large as its source, the drawing comes back
};

/// The filters of the invocation, one after the other. What those that are given did is told, unless the drawing comes
/// back before their end.
[[nodiscard]] result<drawing::drawing> filtered(const cli::invocation& in, const machine::machine& m,
                                                drawing::drawing d, filter_run how);

/// errc::usage for what argv alone shows to be wrong: numbers out of range, options without the one they belong to.
[[nodiscard]] result<void> check_filter_options(const cli::invocation& in);

} // namespace kf::kplot
