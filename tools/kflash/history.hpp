// SPDX-License-Identifier: MIT
#pragma once
/// The ledger, for the commands that read it.

#include "workplace.hpp"

#include <kf/flash/ledger.hpp>

namespace kf::kflash {

/// Lines that were cut short are told.
[[nodiscard]] result<flash::ledger> open_ledger(cli::invocation& in, const workplace& at);

} // namespace kf::kflash
