// SPDX-License-Identifier: MIT
#pragma once
/// What add and edit share: the options that set fields of a board.

#include "board_config.hpp"

#include <ctime>

namespace kf::kflash {

[[nodiscard]] const std::vector<cli::option_row>& board_options();

/// What the options of a board say, checked before anything else happens.
struct board_request {
    std::optional<board::flash_method> method = {};
    bool default_method = false; ///< --method default
    std::optional<bool> flashable = {};

    void apply(board::board& b) const {
        if (method || default_method) b.method = method;
        if (flashable) b.flashable = *flashable;
    }
};
[[nodiscard]] result<board_request> board_request_of(const cli::invocation& in);

/// A method, or nothing for "default".
[[nodiscard]] result<std::optional<board::flash_method>> method_or_default(const std::string& text);

/// errc::mismatch when the method needs Katapult, and there is none for the board's chip.
[[nodiscard]] result<void> check_chip(board::flash_method method, const board::board& board);

/// Warns when this board cannot be flashed with its method as it is configured now: better than after a build.
void tell_method(cli::invocation& in, const known_boards& b, const board::board& board);

[[nodiscard]] inline std::string today() {
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    ::gmtime_r(&now, &parts);
    return fmt::format("{:04}-{:02}-{:02}", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday);
}

} // namespace kf::kflash
