// SPDX-License-Identifier: MIT
#pragma once
/// An flock with a name: the lock file says who holds it, and a refusal repeats that when the kernel says the same. The
/// kernel drops the lock when its holder dies, so a stale file never blocks anybody.

#include <kf/io/atomic_file.hpp>
#include <kf/io/clock.hpp>
#include <kf/io/lock_owner.hpp>

#include <sys/file.h>

#include <string>

namespace kf::io {

class file_lock {
  public:
    /// Takes the lock or waits for it until `until`. `who` is what others are told ("kflash flash octopus").
    /// errc::busy names the holder.
    template<clock Clock = steady_clock>
    [[nodiscard]] static result<file_lock> take(const fs::path& path, const std::string& who,
                                                time_point until = time_point::min(), Clock time = {}) {
        KF_CHECK(make_directories(path.parent_path()));
        KF_CHECK(effect(effect_kind::file, "lock " + path.string()));
        KF_TRY(auto fd, open_file(path));
        while (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
            if (errno != EWOULDBLOCK && errno != EINTR) return kf::fail(system_error("cannot lock " + path.string()));
            if (time.now() >= until) return busy(path, fd.get());
            time.sleep_until(time.now() + std::chrono::milliseconds(20));
        }
        const std::string text = std::to_string(::getpid()) + " " + who + "\n";
        const bool ours = (::fcntl(fd.get(), F_GETFL) & O_ACCMODE) == O_RDWR;
        if (ours && (::ftruncate(fd.get(), 0) != 0 ||
                     ::pwrite(fd.get(), text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())))
            return kf::fail(system_error("cannot write the lock " + path.string()));
        return file_lock(std::move(fd));
    }

    file_lock(file_lock&&) = default;
    file_lock& operator=(file_lock&&) = default;

    /// A child that inherits it keeps the lock after us.
    [[nodiscard]] int native_handle() const noexcept { return fd_.get(); }

  private:
    explicit file_lock(unique_fd fd)
      : fd_(std::move(fd)) {}

    /// An existing file is opened without O_CREAT, which the kernel refuses even to root for another one's file in
    /// /tmp; one that may only be read can be locked all the same, just without our name in it.
    [[nodiscard]] static result<unique_fd> open_file(const fs::path& path) {
        // A FIFO of that name is no reason to wait.
        constexpr int flags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
        const as_owner owner(path);
        for (int attempt = 0; attempt < 3; ++attempt) { // the file may come or go between two looks
            unique_fd fd(::open(path.c_str(), O_RDWR | flags));
            if (!fd && (errno == EACCES || errno == EPERM)) fd = unique_fd(::open(path.c_str(), O_RDONLY | flags));
            if (!fd && errno == ENOENT) fd = unique_fd(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | flags, 0644));
            if (fd) return fd;
            if (errno != EEXIST && errno != ENOENT) break;
        }
        return kf::fail(system_error("cannot open the lock " + path.string()));
    }

    [[nodiscard]] static std::unexpected<error> busy(const fs::path& path, int fd) {
        return kf::fail(error{errc::busy,
                              "another run holds " + path.string(),
                              "it is held by " + describe_lock_owner(fd),
                              {},
                              {"wait until it has ended, then run this again"}});
    }

    unique_fd fd_;
};

} // namespace kf::io
