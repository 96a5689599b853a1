// SPDX-License-Identifier: MIT
#pragma once
/// The greatest speed or acceleration of a row of trials at which no step was lost. The truth lies between it and the
/// next one of the row: that distance is all that such a test can say.

#include <kf/error.hpp>

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>
#include <vector>

namespace kf::cal {

/// One trial: good when the marks before and after it met.
struct trial {
    double value = 0;
    bool good = false;
};

struct grid_decision {
    double best = 0;             ///< it and every smaller one was good each time
    std::optional<double> bad{}; ///< the next one of the row; none: no limit was met, there may be more
    bool has_good_above = false; ///< some greater one was good: resonance, or a mark that was misread

    /// What to set: a machine that is warm, worn or loaded stalls earlier.
    [[nodiscard]] double with_margin(double share = 0.8) const noexcept { return best * share; }
    [[nodiscard]] bool holds(double truth) const noexcept { return truth >= best && (!bad || truth < *bad); }
};

/// Trials in any order, each value as often as one likes; one bad trial makes its value bad. errc::failed when the
/// least one is bad already: then there is no good one to begin with; errc::usage without any.
[[nodiscard]] inline result<grid_decision> decide_on_grid(std::span<const trial> trials) {
    if (trials.empty()) return kf::fail(errc::usage, "no trial was made");
    std::vector<trial> row(trials.begin(), trials.end());
    std::ranges::stable_sort(row, {}, &trial::value);
    std::optional<double> bad;
    for (const trial& t : row)
        if (!t.good && !bad) bad = t.value;
    grid_decision out{.best = 0, .bad = bad};
    bool any = false;
    for (const trial& t : row) {
        if (!bad || t.value < *bad) out.best = t.value, any = true;
        out.has_good_above = out.has_good_above || (bad && t.value > *bad && t.good);
    }
    if (!any)
        return kf::fail({.code = errc::failed,
                         .what = "steps were lost at the least value of the row already",
                         .cause = "the row begins too high, or something else is wrong: a tight belt, a weak driver",
                         .steps = {"begin with a smaller value"}});
    return out;
}

/// first, first + step, ... up to `last`.
[[nodiscard]] inline std::vector<double> trial_row(double first, double last, double step) {
    std::vector<double> row;
    for (int i = 0; step > 0 && first + i * step <= last + step * 1e-9; ++i) row.push_back(first + i * step);
    return row;
}

} // namespace kf::cal
