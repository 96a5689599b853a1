// SPDX-License-Identifier: MIT
#pragma once
/// A value of a setting, held against this machine: what the settings command and the menu ask before they save it.

#include "workplace.hpp"

#include <kf/board/setting.hpp>

namespace kf::kflash {

/// Takes the text into `s` as it is kept. errc::usage for no such value, errc::not_found for a folder that is not there
/// or holds other things than it should.
[[nodiscard]] result<void> take_setting(const fs::path& home, const board::setting_row& row, board::flash_settings& s,
                                        const std::string& text);

} // namespace kf::kflash
