// SPDX-License-Identifier: MIT
#pragma once
/// One mover per printer: kplot, kcal and kjog hold this lock on a Klipper socket while they may move it, and the print
/// guard of kflash takes a held lock for a print. The lock file lies beside the socket, where every user of it looks.

#include <kf/io/file_lock.hpp>

#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <utility>

namespace kf::klippy {

/// Through links: two names of one socket are one printer.
[[nodiscard]] inline std::filesystem::path lock_path(const std::filesystem::path& socket) {
    std::error_code ec;
    const auto real = std::filesystem::weakly_canonical(socket, ec);
    return (ec ? socket : real).string() + ".kf-lock";
}

/// Who holds the lock of that printer, empty when nobody does. Looks only: nothing is made, nothing is written.
[[nodiscard]] inline result<std::string> printer_lock_holder(const std::filesystem::path& socket) {
    const auto path = lock_path(socket);
    const io::unique_fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!fd && errno == ENOENT) return std::string{};
    if (!fd) return kf::fail(io::system_error("cannot open " + path.string()));
    if (::flock(fd.get(), LOCK_SH | LOCK_NB) == 0) return std::string{};
    if (errno != EWOULDBLOCK) return kf::fail(io::system_error("cannot look at " + path.string()));
    return io::describe_lock_owner(fd.get());
}

/// `who` is what others are told: "kplot run drawing.svg". errc::busy names the holder.
[[nodiscard]] inline result<io::file_lock> lock_printer(const std::filesystem::path& socket, const std::string& who) {
    KF_TRY(auto lock, io::file_lock::take(lock_path(socket), who));
    (void)::fchmod(lock.native_handle(), 0666); // whoever may move the printer leaves a name there, root and others
    return lock;
}

} // namespace kf::klippy
