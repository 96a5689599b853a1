// SPDX-License-Identifier: MIT
#pragma once
/// What --selftest proves of the menu.

#include <kf/error.hpp>

namespace kf::kflash {

/// Every command that help shows is an action of the menu, or has a reason why not; and the reverse.
[[nodiscard]] result<void> check_menu_and_commands();

} // namespace kf::kflash
