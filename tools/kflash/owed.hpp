// SPDX-License-Identifier: MIT
#pragma once
/// Services that an earlier flash stopped and did not bring back: a power cut, or kflash and its guardian were killed
/// together. The list of them is written before the stop and goes when they are proven to run.

#include "workplace.hpp"

#include <string>
#include <vector>

namespace kf::kflash {

/// Those of the list that do not run now; one of which nobody knows counts as down.
[[nodiscard]] std::vector<std::string> owed_now(cli::invocation& in, const workplace& at);

/// One warning for the person, with the command that mends it; nothing while another flash is at work.
void tell_owed(cli::invocation& in, const workplace& at);

/// A flash brings back what an earlier one owed also when it came to nothing or had nothing to do, unless a live run is
/// at work.
[[nodiscard]] result<void> pay_owed(cli::invocation& in, const known_boards& b);

} // namespace kf::kflash
