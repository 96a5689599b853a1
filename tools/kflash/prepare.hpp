// SPDX-License-Identifier: MIT
#pragma once
/// What build and flash share: from a registered board to an image that is proven to belong to it. What the command
/// line, the configuration and the tools of this machine can refuse is refused before the build, which takes minutes.

#include "workplace.hpp"

#include <kf/firmware/build.hpp>
#include <kf/firmware/proofs.hpp>

namespace kf::kflash {

/// errc::usage for a word that names no method; `more`: a word that the option takes besides.
[[nodiscard]] result<board::flash_method> method_from(const std::string& word, std::string_view more = {});

/// The options that build and flash share.
[[nodiscard]] std::vector<cli::option_row> build_options();

/// What they say, checked before anything else happens.
struct build_request {
    bool menuconfig = true; ///< unless the settings say never
    unsigned jobs = 0;      ///< 0: as many as there are cores
    std::optional<seconds> build_timeout = {}, git_timeout = {};
    std::optional<board::flash_method> method = {};
};
[[nodiscard]] result<build_request> build_request_of(const cli::invocation& in);

[[nodiscard]] firmware::build_site site_of(const bench& b, const board::board& board, const std::string& who);

/// Opens menuconfig on the cached configuration of a board and caches what the person saved, if it is for that chip.
[[nodiscard]] result<void> edit_config(cli::invocation& in, const bench& b, const board::board& board);

/// A configuration may only be cached for, or built for, a board of its chip.
[[nodiscard]] result<void> check_config_mcu(const board::board& board, const firmware::kconfig& config);

/// A configuration as the source tree completes it, in a folder that is gone afterwards.
[[nodiscard]] result<firmware::source_config> complete_config(cli::invocation& in, const bench& b,
                                                              const firmware::cached_config& cached, seconds deadline);

/// A configuration that is to be cached for a board.
struct imported_config {
    std::string text;                             ///< its own when that names the MCU, the completed one otherwise
    std::optional<firmware::source_config> whole; ///< nothing when there is no source tree that works
};
/// A .config from a file for a board. Errors: mismatch (another chip, other sources), malformed (it names no MCU, and
/// no source tree completes it).
[[nodiscard]] result<imported_config> import_config(cli::invocation& in, const bench& b, const board::board& board,
                                                    const firmware::cached_config& given);

/// A board of which nothing is known that speaks against a build and, as far as it can be told now, a flash.
struct ready_board {
    firmware::build_site site;
    firmware::source_config source;
    board::flash_method method = board::flash_method::katapult;
    firmware::image_target target;

    [[nodiscard]] firmware::image_kind kind() const { return firmware::expected_kind(source.config); }
};

/// menuconfig where it is wanted, the cached configuration, git, olddefconfig, and every proof that needs no image.
/// `usb_mcu` is empty when no device is known. Changes nothing when `request.menuconfig` is false.
[[nodiscard]] result<ready_board> make_ready(cli::invocation& in, const bench& b, const board::board& board,
                                             const build_request& request, const std::string& usb_mcu);

struct built_board {
    firmware::build_outcome build;
    firmware::image image;
};

/// Builds, pins and proves.
[[nodiscard]] result<built_board> build_ready(cli::invocation& in, const bench& b, const board::board& board,
                                              const build_request& request, const ready_board& ready);

/// Writes down what a look at the board's device taught (board::remember), in the registry and in `board`. A registry
/// that cannot be written is a warning. `runs`: when it is known better than by the device's names.
void remember_device(cli::invocation& in, const bench& b, board::board& board, const board::device& device,
                     std::optional<board::usb_firmware> runs = {});

} // namespace kf::kflash
