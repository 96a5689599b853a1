// SPDX-License-Identifier: MIT
#pragma once
/// What add and edit share: the options that set fields of a board.

#include "../cli/command.hpp"

#include <kf/board/board.hpp>

#include <fmt/format.h>

#include <ctime>

namespace kf::kflash {

[[nodiscard]] inline std::vector<cli::option_row> board_options() {
    return {{"method", "METHOD", "katapult, katapult_script, make_flash or default"},
            {"exclude", "", "never flash it"},
            {"include", "", "it may be flashed"}};
}

[[nodiscard]] inline result<void> apply_board_options(const cli::invocation& in, board::board& b) {
    if (const auto m = in.get("method")) {
        const auto method = board::flash_method_from(*m);
        if (!method && *m != "default")
            return kf::fail(
                errc::usage,
                fmt::format("there is no method \"{}\": katapult, katapult_script, make_flash, default", *m));
        b.method = method;
    }
    if (in.has("exclude") && in.has("include"))
        return kf::fail(errc::usage, "--exclude and --include cannot both hold");
    if (in.has("exclude")) b.flashable = false;
    if (in.has("include")) b.flashable = true;
    return {};
}

[[nodiscard]] inline std::string today() {
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    ::gmtime_r(&now, &parts);
    return fmt::format("{:04}-{:02}-{:02}", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday);
}

} // namespace kf::kflash
