// SPDX-License-Identifier: MIT
#pragma once
/// What build and flash share: from a registered board to an image that is proven to belong to it.

#include "workplace.hpp"

#include <kf/firmware/build.hpp>
#include <kf/firmware/proofs.hpp>

namespace kf::kflash {

[[nodiscard]] firmware::build_site site_of(const bench& b, const board::board& board, const std::string& who);

/// Opens menuconfig on the cached configuration of a board and caches what the person saved, if it is for that chip.
[[nodiscard]] result<void> edit_config(cli::invocation& in, const bench& b, const board::board& board);

/// A configuration may only be cached for, or built for, a board of its chip.
[[nodiscard]] result<void> check_config_mcu(const board::board& board, const firmware::kconfig& config);

struct built_board {
    firmware::build_outcome build;
    firmware::image image;
    std::vector<firmware::proof> proofs;
    std::string tree_version;
};

/// Loads the cached configuration (menuconfig first where it is wanted), builds, pins and proves. `usb_mcu` is empty
/// when no device is known.
[[nodiscard]] result<built_board> prepare(cli::invocation& in, const bench& b, const board::board& board,
                                          const std::string& usb_mcu);

/// --method, else the board's, else the default of the settings. errc::usage for an unknown name.
[[nodiscard]] result<board::flash_method> method_of(const cli::invocation& in, const bench& b,
                                                    const board::board& board);

/// Writes down what a look at the board's device taught (board::remember), in the registry and in `board`. A registry
/// that cannot be written is a warning. `runs`: when it is known better than by the device's names.
void remember_device(cli::invocation& in, const bench& b, board::board& board, const board::device& device,
                     std::optional<board::usb_firmware> runs = {});

} // namespace kf::kflash
