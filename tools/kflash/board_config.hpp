// SPDX-License-Identifier: MIT
#pragma once
/// What the commands share that build: their options, and the configuration of a board as a person changes it.

#include "workplace.hpp"

#include <kf/flash/configured.hpp>

namespace kf::kflash {

/// errc::usage for a word that names no method; `more`: a word that the option takes besides.
[[nodiscard]] result<board::flash_method> method_from(const std::string& word, std::string_view more = {});

/// The options that build and flash share.
[[nodiscard]] std::vector<cli::option_row> build_options();

/// What they say, checked before anything else happens.
struct build_request {
    bool menuconfig = true; ///< unless the settings say never
    flash::build_wishes wishes = {};
};
[[nodiscard]] result<build_request> build_request_of(const cli::invocation& in);

/// Opens menuconfig on the cached configuration of a board and caches what the person saved, if it is for that chip.
[[nodiscard]] result<void> edit_config(cli::invocation& in, const known_boards& b, const board::board& board);

/// What a person chose in menuconfig and saved, if it is for the board's chip; nothing when nothing was saved. It opens
/// on `before`, or on the chip where that is empty. Nothing is cached.
[[nodiscard]] result<std::optional<firmware::cached_config>>
choose_config(cli::invocation& in, const known_boards& b, const board::board& board, const std::string& before);

/// errc::needs_person; `instead`: the command that does without.
[[nodiscard]] result<void> menuconfig_needs_a_terminal(std::string instead);

using flash::check_config_mcu;

/// Caches it for the board, and tells when the board had that of another one until now.
[[nodiscard]] result<void> keep_config(cli::invocation& in, const known_boards& b, const board::board& board,
                                       std::string text);

/// A configuration as the source tree completes it, in a folder that is gone afterwards.
[[nodiscard]] result<firmware::source_config> complete_config(cli::invocation& in, const known_boards& b,
                                                              const firmware::cached_config& cached, seconds deadline);

/// A configuration that is to be cached for a board.
struct imported_config {
    std::string text;                             ///< its own when that names the MCU, the completed one otherwise
    std::optional<firmware::source_config> whole; ///< nothing when there is no source tree that works
};
/// A .config from a file for a board. Errors: mismatch (another chip, other sources), malformed (it names no MCU, and
/// no source tree completes it).
[[nodiscard]] result<imported_config> import_config(cli::invocation& in, const known_boards& b,
                                                    const board::board& board, const firmware::cached_config& given);

} // namespace kf::kflash
