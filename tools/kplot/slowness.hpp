// SPDX-License-Identifier: MIT
#pragma once
/// What makes a job slow, and what each remedy would save: tried one by one on the very job.

#include <kf/job/time_use.hpp>
#include <kf/machine/machine.hpp>
#include <kf/run/whole_job.hpp>

#include <string>
#include <vector>

namespace kf::kplot {

/// A way to be faster, as a person would ask for it.
struct remedy {
    std::string name; ///< "--order", "z_states.travel_mm: 15"
    seconds saved = 0;
};

/// The figures in lines, the largest share first.
[[nodiscard]] std::vector<std::string> why_slow(const job::time_use& use, const machine::machine& m);

/// Those that save something worth having, the best first. errc::refused for a job that filters cannot work on.
[[nodiscard]] result<std::vector<remedy>> remedies(const run::whole_job& job, const machine::machine& m,
                                                   const job::time_use& as_it_is);

} // namespace kf::kplot
