// SPDX-License-Identifier: MIT
#pragma once
/// What the stand-in firmware tree's Makefile calls of ksim: `firmware-image`, `olddefconfig`, `menuconfig`.

#include <kf/error.hpp>

#include <filesystem>
#include <string>

namespace kf::ksim {

/// Writes the image for a .config; its kind is that of the file name (.bin, .uf2, .elf.hex, .elf).
[[nodiscard]] result<void> write_firmware_image(const std::filesystem::path& config_file,
                                                const std::filesystem::path& out, const std::string& version);

/// Drops what `symbols` (one in a line) does not name; a missing or empty .config becomes the default board's.
[[nodiscard]] result<void> update_config(const std::filesystem::path& symbols, const std::filesystem::path& config);

/// A chooser of sample boards on the terminal: a number chooses, "s" saves and ends, "q" ends.
[[nodiscard]] result<void> choose_config(const std::filesystem::path& config);

// The same with argv as make gives it: --config F --out F --version V, --symbols F --config F, --config F.
int firmware_image(int argc, char** argv);
int olddefconfig(int argc, char** argv);
int menuconfig(int argc, char** argv);

} // namespace kf::ksim
