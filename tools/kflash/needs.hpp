// SPDX-License-Identifier: MIT
#pragma once
/// Which firmware each board runs and whether it needs a flash, for the commands that tell it.

#include "workplace.hpp"

#include <kf/flash/need_survey.hpp>

#include <string>
#include <vector>

namespace kf::kflash {

[[nodiscard]] result<flash::need_survey> look_at_needs(cli::invocation& in, const known_boards& b,
                                                       const std::vector<std::string>& keys,
                                                       const flash::build_wishes& wishes = {});

/// Of one board; one that was not asked about has nothing to say.
[[nodiscard]] flash::board_standing_now of_board(const flash::need_survey& all, const std::string& key);

/// "yes", "no", "unknown"; empty for a board that was not asked about.
[[nodiscard]] const char* name_of(const flash::board_need& need);

/// "runs v0.13.0-100-g0123456, behind by 47 commits; flash needed: yes, ..."
[[nodiscard]] std::string standing_text(const flash::board_standing_now& b);
/// "v0.13.0-100-g0123456 in /home/pi/klipper"
[[nodiscard]] std::string host_text(const flash::need_survey& all, const known_boards& b);

} // namespace kf::kflash
