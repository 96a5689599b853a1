// SPDX-License-Identifier: MIT
#pragma once
/// One mover per printer: kplot, kcal and kjog hold this lock on a Klipper socket while they may move it, and the print
/// guard of kflash takes a held lock for a print. The lock file lies beside the socket, where every user of it looks.

#include <kf/io/file_lock.hpp>

#include <filesystem>
#include <string>

namespace kf::klippy {

/// Through links: two names of one socket are one printer.
[[nodiscard]] inline std::filesystem::path lock_path(const std::filesystem::path& socket) {
    std::error_code ec;
    const auto real = std::filesystem::weakly_canonical(socket, ec);
    return (ec ? socket : real).string() + ".kf-lock";
}

/// `who` is what others are told: "kplot run drawing.svg". errc::busy names the holder.
[[nodiscard]] inline result<io::file_lock> lock_printer(const std::filesystem::path& socket, const std::string& who) {
    return io::file_lock::take(lock_path(socket), who);
}

} // namespace kf::klippy
