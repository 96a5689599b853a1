// SPDX-License-Identifier: MIT
#pragma once
/// The file of the log of runs: rotated by size, so that it never fills a card, and opened so that nothing waits for
/// it.

#include <kf/io/ownership.hpp>
#include <kf/io/unique_fd.hpp>

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>

namespace kf::io {

/// x.log -> x.log.1 -> ... -> x.log.4 -> gone, once x.log is larger than `limit` bytes.
inline void rotate(const std::filesystem::path& log, std::uintmax_t limit = 1 << 20) {
    const as_owner owner(log);
    std::error_code ec;
    const auto size = std::filesystem::file_size(log, ec);
    if (ec || size <= limit) return;
    const auto numbered = [&](int n) { return std::filesystem::path(fmt::format("{}.{}", log.string(), n)); };
    for (int n = 3; n >= 1; --n) std::filesystem::rename(numbered(n), numbered(n + 1), ec);
    std::filesystem::rename(log, numbered(1), ec);
}

/// For appending. A pipe that nobody reads is an error, and a write to one that is full does not wait.
[[nodiscard]] inline result<unique_fd> open_log(const std::filesystem::path& path) {
    const as_owner owner(path);
    unique_fd fd(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0644));
    if (fd) return fd;
    if (errno == ENXIO) return kf::fail(errc::io, "cannot write the log " + path.string() + ": nobody reads from it");
    return kf::fail(system_error("cannot write the log " + path.string()));
}

} // namespace kf::io
