// SPDX-License-Identifier: MIT
#pragma once
/// Whether everything that a flash needs is there: what kflash doctor tells, and what an issue report has.

#include "workplace.hpp"

#include <string>
#include <vector>

namespace kf::kflash {

struct health_check {
    std::string name;                    ///< "sources", "compiler of octopus"
    bool well = false;                   ///< what could not be looked at is not well
    std::string says;                    ///< what was seen
    std::vector<std::string> steps = {}; ///< what to do; empty when it is well
};

/// Looks at everything and changes nothing, but for the probe of find_right().
[[nodiscard]] std::vector<health_check> look_at_health(cli::invocation& in, const known_boards& b);

/// One line each, with what to do below it.
[[nodiscard]] std::string health_text(const std::vector<health_check>& all);

} // namespace kf::kflash
