// SPDX-License-Identifier: MIT
#pragma once
/// What pause, resume and cancel do: a running kplot is asked first, otherwise the printer itself.

#include "../cli/command.hpp"

#include <kf/run/steering.hpp>

namespace kf::kplot {

[[nodiscard]] result<void> steer(cli::invocation& in, run::order o);

} // namespace kf::kplot
