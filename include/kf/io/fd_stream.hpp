// SPDX-License-Identifier: MIT
#pragma once
/// Reads and writes of a non-blocking descriptor under a deadline: what unix_socket and serial_port share.

#include <kf/io/transport.hpp>
#include <kf/io/unique_fd.hpp>

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <span>
#include <string>

namespace kf::io {

/// Milliseconds that poll() may wait until `until`: rounded up, so that a deadline is never met early by spinning.
[[nodiscard]] inline int poll_timeout(time_point until) noexcept {
    const auto now = std::chrono::steady_clock::now();
    if (until <= now) return 0; // before any subtraction: time_point::min() would overflow
    const auto ms = std::chrono::ceil<std::chrono::milliseconds>(until - now).count();
    return static_cast<int>(std::min<long long>(ms, 60'000));
}

/// Waits until `fd` is ready for `events` (POLLIN, POLLOUT). EINTR goes on waiting: interruption is asked for
/// elsewhere.
[[nodiscard]] inline result<void> wait_ready(int fd, short events, time_point until) {
    for (;;) {
        pollfd p{fd, events, 0};
        const int n = ::poll(&p, 1, poll_timeout(until));
        if (n > 0) return {};
        if (n < 0 && errno != EINTR) return kf::fail(system_error("poll"));
        if (std::chrono::steady_clock::now() >= until) return kf::fail(errc::timeout, "no answer in time");
    }
}

[[nodiscard]] inline result<std::size_t> read_some_fd(int fd, std::span<std::uint8_t> in, time_point until) {
    for (;;) {
        const ssize_t n = ::read(fd, in.data(), in.size());
        if (n > 0) return static_cast<std::size_t>(n);
        if (n == 0) return kf::fail(errc::connection_lost, "the other side closed the connection");
        if (errno == EINTR) continue;
        if (errno == EIO || errno == ECONNRESET || errno == ENXIO || errno == ENODEV)
            return kf::fail(errc::connection_lost, "the other side is gone");
        if (errno != EAGAIN && errno != EWOULDBLOCK) return kf::fail(system_error("read"));
        KF_CHECK(wait_ready(fd, POLLIN, until));
    }
}

/// The next line of a peer, without its newline; `buffer` keeps what came behind it. `read(room) -> result<size_t>`.
template<class Read>
[[nodiscard]] result<std::string> next_line(std::string& buffer, Read&& read) {
    for (;;) {
        if (const auto end = buffer.find('\n'); end != std::string::npos) {
            std::string line = buffer.substr(0, end);
            buffer.erase(0, end + 1);
            return line;
        }
        std::uint8_t chunk[512];
        KF_TRY(const std::size_t n, read(std::span<std::uint8_t>(chunk)));
        buffer.append(reinterpret_cast<const char*>(chunk), n);
        if (buffer.size() > 65536) return kf::fail(errc::protocol, "the other side wrote a line without end");
    }
}

/// `put(out)` is write() or send() of the descriptor.
template<class Put>
[[nodiscard]] result<void> write_all_with(Put&& put, int fd, byte_view out, time_point until) {
    while (!out.empty()) {
        const ssize_t n = put(out);
        if (n > 0) {
            out = out.subspan(static_cast<std::size_t>(n));
            continue;
        }
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && (errno == EIO || errno == EPIPE || errno == ECONNRESET || errno == ENXIO || errno == ENODEV))
            return kf::fail(errc::connection_lost, "the other side is gone");
        if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK) return kf::fail(system_error("write"));
        KF_CHECK(wait_ready(fd, POLLOUT, until));
    }
    return {};
}

[[nodiscard]] inline result<void> write_all_fd(int fd, byte_view out, time_point until) {
    return write_all_with([&](byte_view rest) { return ::write(fd, rest.data(), rest.size()); }, fd, out, until);
}

} // namespace kf::io
