// SPDX-License-Identifier: MIT
#pragma once
/// What argv says about a flash: the request for the core, and what concerns only who asked.

#include "board_config.hpp"

#include <kf/flash/request.hpp>
#include <kf/flash/turn.hpp>

namespace kf::kflash {

struct flash_words {
    flash::request wanted = {}; ///< its boards as they were named: which they are may have to be asked
    bool all = false;           ///< of the boards that may be flashed
    bool menuconfig = true;
    bool dry_run = false;
    bool usual = false; ///< --yes: each question has its usual answer
    bool ask = false;   ///< whether to begin: nothing says which board, nor --yes
    bool skip_unready = false;
    bool force = false;     ///< current boards too
    bool if_needed = false; ///< only boards that need it
    flash::when_busy busy = flash::when_busy::refuse;
    /// What the request needs besides, once its boards are known; may be null.
    result<void> (*complete)(cli::invocation&, const known_boards&, flash::request&) = nullptr;
};

[[nodiscard]] result<flash_words> flash_words_of(const cli::invocation& in);
[[nodiscard]] std::vector<cli::option_row> flash_options();
/// Those of them that are about the write, and not about a build or a batch.
[[nodiscard]] std::vector<cli::option_row> write_options();

/// The whole flow of a flash.
[[nodiscard]] result<void> flash_with(cli::invocation& in, const flash_words& words);

} // namespace kf::kflash
