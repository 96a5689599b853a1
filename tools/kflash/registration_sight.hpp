// SPDX-License-Identifier: MIT
#pragma once
/// What the questions for a new board look at, for both faces of them: kflash add, and the page of the menu.

#include "workplace.hpp"

#include <kf/menu/registration.hpp>

namespace kf::kflash {

/// Every new device; or, with its name or USB port, that one. errc::not_found when there is none, errc::usage when it
/// is registered already, errc::refused when it is blocked.
[[nodiscard]] result<menu::registration_view> look_for_new_boards(const known_boards& b,
                                                                  const std::optional<std::string>& wanted);
/// A configuration that a person named among the answers. It is read again when the board is registered, so a pipe is
/// none; nor does a screen wait for one. errc::usage.
[[nodiscard]] result<firmware::cached_config> read_named_config(const std::filesystem::path& file);

} // namespace kf::kflash
