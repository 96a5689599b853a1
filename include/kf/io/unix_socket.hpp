// SPDX-License-Identifier: MIT
#pragma once
/// A connected Unix stream socket: the transport of Klipper's API.

#include <kf/io/fd_stream.hpp>

#include <sys/socket.h>
#include <sys/un.h>

#include <optional>
#include <string>

namespace kf::io {

class unix_socket {
  public:
    explicit unix_socket(unique_fd fd) noexcept
      : fd_(std::move(fd)) {}

    /// errc::not_found when there is no such socket, errc::not_connected when nobody listens on it.
    [[nodiscard]] static result<unix_socket> connect(const std::string& path, time_point until) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        if (path.empty() || path.size() >= sizeof address.sun_path)
            return kf::fail(errc::usage, "socket path is empty or longer than " +
                                             std::to_string(sizeof address.sun_path - 1) + " bytes: " + path);
        path.copy(address.sun_path, path.size());
        unique_fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        if (!fd) return kf::fail(system_error("socket"));
        for (;;) {
            if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
                return unix_socket(std::move(fd));
            if (errno == ENOENT) return kf::fail(errc::not_found, "there is no socket " + path);
            if (errno == ECONNREFUSED) return kf::fail(errc::not_connected, "nobody listens on " + path);
            if (errno == EINTR) continue;
            if (errno != EAGAIN) return kf::fail(system_error("connect to " + path));
            // The listener's backlog is full: Linux gives EAGAIN at once for Unix sockets, poll() does not help.
            if (std::chrono::steady_clock::now() >= until)
                return kf::fail(errc::timeout, path + " does not accept connections");
            pollfd none{-1, 0, 0};
            ::poll(&none, 1, 5);
        }
    }

    [[nodiscard]] result<std::size_t> read_some(std::span<std::uint8_t> in, time_point until) {
        return read_some_fd(fd_.get(), in, until);
    }
    [[nodiscard]] result<void> write_all(byte_view out, time_point until) {
        // A peer that is gone is an error here, never a SIGPIPE.
        return write_all_with([&](byte_view rest) { return ::send(fd_.get(), rest.data(), rest.size(), MSG_NOSIGNAL); },
                              fd_.get(), out, until);
    }
    /// Who listens at the other end: the process that called listen(). A pid of 0 is one of another pid namespace.
    [[nodiscard]] std::optional<ucred> peer() const noexcept {
        ucred who{};
        socklen_t size = sizeof who;
        if (::getsockopt(fd_.get(), SOL_SOCKET, SO_PEERCRED, &who, &size) != 0) return std::nullopt;
        return who;
    }
    [[nodiscard]] int native_handle() const noexcept { return fd_.get(); }

  private:
    unique_fd fd_;
};
static_assert(transport<unix_socket>);

} // namespace kf::io
