// SPDX-License-Identifier: MIT
#pragma once
/// Which firmware each board runs and whether it needs a flash, for the commands that tell it.

#include "workplace.hpp"

#include <kf/flash/need_survey.hpp>

#include <optional>
#include <string>
#include <vector>

namespace kf::kflash {

[[nodiscard]] result<flash::need_survey> look_at_needs(cli::invocation& in, const known_boards& b,
                                                       const std::vector<std::string>& keys,
                                                       const flash::build_wishes& wishes = {});

/// Of one board; one that was not asked about has nothing to say.
[[nodiscard]] flash::board_standing of_board(const flash::need_survey& all, const std::string& key);

/// "yes", "no", "unknown"; empty for a board that was not asked about.
[[nodiscard]] const char* name_of(const flash::board_need& need);

/// Leaves out of the request what needs no flash, and tells of each board. The error is about the boards that are never
/// flashed although they were asked for, if there are any: it is not known whether they need it, or they are excluded.
[[nodiscard]] result<std::optional<error>> keep_needed(cli::invocation& in, const known_boards& b,
                                                       flash::request& wanted);

/// "runs v0.13.0-100-g0123456, behind by 47 commits; flash needed: yes, ..."
[[nodiscard]] std::string standing_text(const flash::board_standing& b);
/// "v0.13.0-100-g0123456 in /home/pi/klipper"
[[nodiscard]] std::string host_text(const flash::need_survey& all, const known_boards& b);

} // namespace kf::kflash
