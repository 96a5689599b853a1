// SPDX-License-Identifier: MIT
#pragma once
/// A file that a person names for a result (-o, --ink). It is the old one or the new one, never half of it, where that
/// can be: a regular file is replaced, with its mode and its owner, through links. What cannot be replaced without
/// changing what it is (a device, a pipe, a file of two names, another one's file) is written through, as `>` does.

#include <kf/io/atomic_file.hpp>
#include <kf/io/interrupt.hpp>

#include <sys/xattr.h>

#include <charconv>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace kf::io {

namespace detail {

/// "/dev/stdout", "/dev/fd/3": the number of one of our own descriptors, which may not be openable a second time.
[[nodiscard]] inline std::optional<int> own_descriptor(std::string_view path) {
    if (path == "/dev/stdin") return 0;
    if (path == "/dev/stdout") return 1;
    if (path == "/dev/stderr") return 2;
    for (const std::string_view folder : {"/dev/fd/", "/proc/self/fd/"}) {
        if (!path.starts_with(folder)) continue;
        const auto text = path.substr(folder.size());
        int fd = -1;
        const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), fd);
        if (bad == std::errc{} && end == text.data() + text.size() && fd >= 0) return fd;
    }
    return std::nullopt;
}

/// Where links end. A link to nothing ends where the file would be made.
[[nodiscard]] inline result<fs::path> through_links(fs::path path) {
    for (int hops = 0; hops < 40; ++hops) {
        if (own_descriptor(path.native())) return path;
        std::error_code ec;
        const auto target = fs::read_symlink(path, ec);
        if (ec) return path;
        path = target.is_absolute() ? target : path.parent_path() / target;
    }
    return kf::fail(errc::usage, path.string() + " is a link that leads to itself");
}

} // namespace detail

class output_file {
  public:
    /// How long a pipe may have no reader, and how long a reader may take nothing.
    static constexpr std::chrono::seconds patience{10};

    /// What open() would refuse, before the work whose result it is. Nothing is made.
    [[nodiscard]] static result<void> check(const fs::path& named) {
        KF_TRY(const auto target, detail::through_links(named));
        std::error_code ec;
        if (fs::is_directory(target, ec)) return kf::fail(errc::usage, named.string() + " is a folder, not a file");
        const auto folder = target.has_parent_path() ? target.parent_path() : fs::path(".");
        if (!fs::is_directory(folder, ec)) return kf::fail(no_folder(folder, named));
        return {};
    }

    /// errc::not_found when its folder is not there: none is made for a name that may be mistyped.
    [[nodiscard]] static result<output_file> open(const fs::path& named) {
        output_file out(named);
        KF_TRY(const auto target, detail::through_links(named));
        if (const auto number = detail::own_descriptor(target.native())) {
            out.fd_ = unique_fd(::fcntl(*number, F_DUPFD_CLOEXEC, 3));
            if (!out.fd_) return kf::fail(system_error("cannot write to " + named.string()));
            return out;
        }
        const auto folder = target.has_parent_path() ? target.parent_path() : fs::path(".");
        struct stat st{};
        if (::stat(target.c_str(), &st) != 0) {
            if (errno != ENOENT && errno != ENOTDIR) return kf::fail(system_error("cannot write " + named.string()));
            if (::stat(folder.c_str(), &st) != 0 || !S_ISDIR(st.st_mode)) return kf::fail(no_folder(folder, named));
            const mode_t mask = ::umask(0);
            ::umask(mask);
            KF_TRY(auto writer, atomic_writer::open(target, 0666 & ~mask));
            out.replacement_.emplace(std::move(writer));
            return out;
        }
        if (S_ISDIR(st.st_mode)) return kf::fail(errc::usage, named.string() + " is a folder, not a file");
        if (S_ISSOCK(st.st_mode)) return kf::fail(errc::usage, named.string() + " is a socket, not a file");
        if (S_ISREG(st.st_mode) && st.st_nlink == 1 && !has_acl(target) && ::access(target.c_str(), W_OK) == 0 &&
            (st.st_uid == ::geteuid() || ::geteuid() == 0)) {
            if (auto writer = atomic_writer::open(target, st.st_mode & 07777U)) {
                if (writer->give_to(st.st_uid, st.st_gid)) {
                    out.replacement_.emplace(*std::move(writer));
                    return out;
                }
            } // a folder that we may not write in: the file itself is written
        }
        KF_CHECK(out.write_through(target, S_ISREG(st.st_mode)));
        return out;
    }

    [[nodiscard]] result<void> write(std::string_view text) {
        if (replacement_) return replacement_->write(text);
        auto stalled = std::chrono::steady_clock::now() + patience;
        while (!text.empty()) {
            const ssize_t n = ::write(fd_.get(), text.data(), text.size());
            if (n > 0) {
                text.remove_prefix(static_cast<std::size_t>(n));
                stalled = std::chrono::steady_clock::now() + patience;
                continue;
            }
            if (errno != EAGAIN && errno != EINTR) return kf::fail(system_error("cannot write " + named_.string()));
            KF_CHECK(interrupt::check());
            if (std::chrono::steady_clock::now() >= stalled)
                return kf::fail(errc::timeout, "nobody takes what is written into " + named_.string());
            pollfd p{fd_.get(), POLLOUT, 0};
            ::poll(&p, 1, 100);
        }
        return {};
    }

    /// Until then the old file is there.
    [[nodiscard]] result<void> commit() {
        if (replacement_) return replacement_->commit();
        // Some file systems say only now that the disk is full.
        if (::close(fd_.release()) != 0) return kf::fail(system_error("cannot write " + named_.string()));
        return {};
    }

  private:
    explicit output_file(fs::path named)
      : named_(std::move(named)) {}

    [[nodiscard]] static error no_folder(const fs::path& folder, const fs::path& named) {
        return {errc::not_found,
                "there is no folder " + folder.string(),
                "none is made for an output file: its name may be mistyped",
                named.string(),
                {"mkdir -p " + folder.string(), "or name another file"}};
    }

    [[nodiscard]] static bool has_acl(const fs::path& path) {
        return ::getxattr(path.c_str(), "system.posix_acl_access", nullptr, 0) > 0;
    }

    [[nodiscard]] result<void> write_through(const fs::path& target, bool regular) {
        KF_CHECK(effect(effect_kind::file, "write into " + target.string()));
        const auto until = std::chrono::steady_clock::now() + patience;
        for (;;) {
            fd_ = unique_fd(
                ::open(target.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | (regular ? O_TRUNC : 0)));
            if (fd_) return {};
            if (errno != ENXIO && errno != EINTR) return kf::fail(system_error("cannot write " + named_.string()));
            KF_CHECK(interrupt::check());
            if (std::chrono::steady_clock::now() >= until)
                return kf::fail(errc::timeout, "nobody reads from " + named_.string());
            pollfd none{-1, 0, 0};
            ::poll(&none, 1, 20);
        }
    }

    fs::path named_;
    std::optional<atomic_writer> replacement_;
    unique_fd fd_;
};

/// The whole text at once.
[[nodiscard]] inline result<void> write_output(const fs::path& named, std::string_view text) {
    KF_TRY(auto out, output_file::open(named));
    KF_CHECK(out.write(text));
    return out.commit();
}

} // namespace kf::io
