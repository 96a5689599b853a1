// SPDX-License-Identifier: MIT
#pragma once
/// Files that are either the old ones or the new ones, never half: a temporary in the same folder, fsync, rename,
/// fsync of the folder. Reading is bounded: nothing here swallows a file of unknown size.

#include <kf/io/effect.hpp>
#include <kf/io/fd_stream.hpp>
#include <kf/io/ownership.hpp>
#include <kf/io/unique_fd.hpp>

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <string>
#include <string_view>

namespace kf::io {

namespace fs = std::filesystem;

inline constexpr std::size_t default_read_limit = std::size_t{64} << 20;

/// How long a pipe, a terminal or a socket that is named as a file may stay silent.
inline constexpr std::chrono::seconds silent_file_wait{5};

/// The whole of a file. errc::not_found when there is none, errc::malformed when it is larger than `limit` bytes,
/// errc::timeout when it is a pipe into which nobody writes.
[[nodiscard]] inline result<std::string> read_file(const fs::path& path, std::size_t limit = default_read_limit) {
    const unique_fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!fd) {
        if (errno == ENOENT || errno == ENOTDIR)
            return kf::fail(
                error{errc::not_found, "there is no file " + path.string(), "its name or its folder may be mistyped"});
        return kf::fail(system_error("cannot open " + path.string()));
    }
    struct stat st{};
    if (::fstat(fd.get(), &st) != 0) return kf::fail(system_error("cannot read " + path.string()));
    if (S_ISDIR(st.st_mode)) return kf::fail(errc::malformed, path.string() + " is a directory, not a file");
    std::string text;
    char buffer[16384];
    for (;;) {
        if (!S_ISREG(st.st_mode) && !wait_ready(fd.get(), POLLIN, std::chrono::steady_clock::now() + silent_file_wait))
            return kf::fail(error{errc::timeout,
                                  path.string() + " gives nothing to read",
                                  "it is no regular file, and nobody writes into it",
                                  path.string(),
                                  {}});
        const ssize_t n = ::read(fd.get(), buffer, sizeof buffer);
        if (n == 0) return text;
        if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (n < 0) return kf::fail(system_error("cannot read " + path.string()));
        text.append(buffer, static_cast<std::size_t>(n));
        if (text.size() > limit)
            return kf::fail(errc::malformed, path.string() + " is larger than " + std::to_string(limit) + " bytes");
    }
}

/// mkdir -p, as the owner of the place.
[[nodiscard]] inline result<void> make_directories(const fs::path& path) {
    if (path.empty()) return {};
    const as_owner owner(path);
    std::error_code ec;
    if (fs::is_directory(path, ec)) return {};
    if (path.has_parent_path() && path.parent_path() != path) KF_CHECK(make_directories(path.parent_path()));
    KF_CHECK(effect(effect_kind::file, "mkdir " + path.string()));
    if (::mkdir(path.c_str(), 0755) != 0) {
        const int number = errno;
        // Another process may have been faster; a file of that name is another matter.
        if (number != EEXIST || !fs::is_directory(path, ec))
            return kf::fail(system_error("cannot make the directory " + path.string(), number));
    }
    return {};
}

[[nodiscard]] inline result<void> sync_directory(const fs::path& directory) {
    const unique_fd fd(::open(directory.empty() ? "." : directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd || ::fsync(fd.get()) != 0) return kf::fail(system_error("cannot sync " + directory.string()));
    return {};
}

/// A file being written beside `target`, that becomes `target` on commit() and vanishes otherwise.
class atomic_writer {
  public:
    [[nodiscard]] static result<atomic_writer> open(const fs::path& target, mode_t mode = 0644) {
        KF_CHECK(make_directories(target.parent_path()));
        KF_CHECK(effect(effect_kind::file, "create " + target.string()));
        const as_owner owner(target);
        std::string name = target.string() + ".XXXXXX";
        unique_fd fd(::mkostemp(name.data(), O_CLOEXEC));
        if (!fd) return kf::fail(system_error("cannot write in " + target.parent_path().string()));
        atomic_writer writer(std::move(fd), name, target);
        if (::fchmod(writer.fd_.get(), mode) != 0) return kf::fail(system_error("cannot chmod " + name));
        return writer;
    }
    atomic_writer(atomic_writer&& other) noexcept
      : fd_(std::move(other.fd_))
      , temporary_(std::exchange(other.temporary_, {}))
      , target_(std::move(other.target_)) {}
    atomic_writer& operator=(atomic_writer&&) = delete;
    ~atomic_writer() {
        if (temporary_.empty()) return;
        const as_owner owner(temporary_);
        ::unlink(temporary_.c_str());
    }

    /// As the file before it. False when that may not be.
    [[nodiscard]] bool give_to(uid_t uid, gid_t gid) const noexcept {
        struct stat now{}, then{};
        if (::fstat(fd_.get(), &now) != 0) return false;
        if (now.st_uid == uid && now.st_gid == gid) return true;
        // A change of the owner drops set-id bits: the mode is set again.
        return ::fchown(fd_.get(), uid, gid) == 0 && ::fchmod(fd_.get(), now.st_mode & 07777U) == 0 &&
               ::fstat(fd_.get(), &then) == 0 && then.st_uid == uid && then.st_gid == gid;
    }

    [[nodiscard]] result<void> write(std::string_view text) {
        while (!text.empty()) {
            const ssize_t n = ::write(fd_.get(), text.data(), text.size());
            if (n < 0 && errno == EINTR) continue;
            if (n < 0) return kf::fail(system_error("cannot write " + target_.string()));
            text.remove_prefix(static_cast<std::size_t>(n));
        }
        return {};
    }

    [[nodiscard]] result<void> commit() {
        KF_CHECK(effect(effect_kind::file, "write " + target_.string()));
        if (::fsync(fd_.get()) != 0) return kf::fail(system_error("cannot sync " + target_.string()));
        KF_CHECK(effect(effect_kind::file, "rename to " + target_.string()));
        const as_owner owner(target_);
        if (::rename(temporary_.c_str(), target_.c_str()) != 0)
            return kf::fail(system_error("cannot replace " + target_.string()));
        temporary_.clear();
        return sync_directory(target_.parent_path());
    }

  private:
    atomic_writer(unique_fd fd, std::string temporary, fs::path target)
      : fd_(std::move(fd))
      , temporary_(std::move(temporary))
      , target_(std::move(target)) {}
    unique_fd fd_;
    std::string temporary_;
    fs::path target_;
};

[[nodiscard]] inline result<void> write_file(const fs::path& target, std::string_view text, mode_t mode = 0644) {
    KF_TRY(auto writer, atomic_writer::open(target, mode));
    KF_CHECK(writer.write(text));
    return writer.commit();
}

namespace detail {
/// The last byte of a file is no line's end: a power cut, or a full disk, took the rest of that line.
[[nodiscard]] inline bool ends_in_a_torn_line(const fs::path& file) {
    const unique_fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    struct stat st{};
    char last = '\n';
    if (!fd || ::fstat(fd.get(), &st) != 0 || !S_ISREG(st.st_mode) || st.st_size == 0) return false;
    return ::pread(fd.get(), &last, 1, st.st_size - 1) == 1 && last != '\n';
}
} // namespace detail

/// Adds one line to a log-like file: one write() of one line, so that two processes never mix theirs. Behind a line
/// that was cut short it begins a new one. Synced to disk.
[[nodiscard]] inline result<void> append_line(const fs::path& target, std::string_view line) {
    KF_CHECK(make_directories(target.parent_path()));
    KF_CHECK(effect(effect_kind::file, "append to " + target.string()));
    const as_owner owner(target);
    const unique_fd fd(::open(target.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0644));
    if (!fd) return kf::fail(system_error("cannot open " + target.string()));
    // Another one's line that is being written is no torn one. Whoever holds the file for long is not waited for.
    for (int turn = 0; turn < 100 && ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK; ++turn)
        (void)::poll(nullptr, 0, 10);
    const std::string whole = (detail::ends_in_a_torn_line(target) ? "\n" : "") + std::string(line) + '\n';
    if (::write(fd.get(), whole.data(), whole.size()) != static_cast<ssize_t>(whole.size()) || ::fsync(fd.get()) != 0)
        return kf::fail(system_error("cannot write " + target.string()));
    return {};
}

/// rm of one file; not being there is fine.
[[nodiscard]] inline result<void> remove_file(const fs::path& path) {
    KF_CHECK(effect(effect_kind::file, "remove " + path.string()));
    const as_owner owner(path);
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return kf::fail(system_error("cannot remove " + path.string()));
    return {};
}

} // namespace kf::io
