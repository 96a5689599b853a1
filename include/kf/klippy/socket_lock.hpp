// SPDX-License-Identifier: MIT
#pragma once
/// One mover per printer: kplot, kcal and kjog hold this lock on a Klipper socket while they may move it, and the print
/// guard of kflash takes a held lock for a print. The lock file lies beside the socket, where every user of it looks.

#include <kf/io/file_lock.hpp>

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>

namespace kf::klippy {

/// Through links: two names of one socket are one printer.
[[nodiscard]] inline std::filesystem::path real_socket(const std::filesystem::path& socket) {
    std::error_code ec;
    const auto real = std::filesystem::weakly_canonical(socket, ec);
    return ec ? socket : real;
}
[[nodiscard]] inline std::filesystem::path lock_path(const std::filesystem::path& socket) {
    return real_socket(socket).string() + ".kf-lock";
}
/// As a part of the name of a file that is about this printer: "%tmp%klippy_uds".
[[nodiscard]] inline std::string socket_in_a_name(const std::filesystem::path& socket) {
    std::string name = real_socket(socket).string();
    std::ranges::replace(name, '/', '%');
    return name;
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

namespace detail {
/// In a folder where everybody may write, the owner of a lock file may put another one in its place while it is held:
/// then two would move one printer. So it has to be root's, ours, or that of whoever owns the printer's socket.
[[nodiscard]] inline result<void> demand_owner(int fd, const std::filesystem::path& socket) {
    struct stat lock{}, folder{}, printer{};
    const auto path = lock_path(socket);
    if (::fstat(fd, &lock) != 0 || ::stat(path.parent_path().c_str(), &folder) != 0)
        return kf::fail(io::system_error("cannot look at " + path.string()));
    const bool shared = (folder.st_mode & S_IWOTH) != 0;
    const bool known = ::stat(socket.c_str(), &printer) == 0;
    if (!shared || lock.st_uid == 0 || lock.st_uid == ::geteuid() || (known && lock.st_uid == printer.st_uid))
        return {};
    return kf::fail(error{errc::refused,
                          "the lock of the printer belongs to user " + std::to_string(lock.st_uid),
                          "in " + path.parent_path().string() +
                              " everybody may write, so a lock of somebody else's cannot be relied on",
                          path.string(),
                          {"sudo rm " + path.string(), "run this again"}});
}
} // namespace detail

/// `who` is what others are told: "kplot run drawing.svg". errc::busy names the holder.
[[nodiscard]] inline result<io::file_lock> lock_printer(const std::filesystem::path& socket, const std::string& who) {
    KF_TRY(auto lock, io::file_lock::take(lock_path(socket), who));
    KF_CHECK(detail::demand_owner(lock.native_handle(), socket));
    (void)::fchmod(lock.native_handle(), 0666); // whoever may move the printer leaves a name there, root and others
    return lock;
}

} // namespace kf::klippy
