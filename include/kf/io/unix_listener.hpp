// SPDX-License-Identifier: MIT
#pragma once
/// A Unix stream socket that takes connections at a path: the control socket of a run, the guardian's, ksim's.

#include <kf/io/unique_fd.hpp>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>

namespace kf::io {

/// Listens at `path`, in the place of whatever has that name, with the permissions `mode`. It never blocks in accept().
/// errc::usage when the path is longer than an address holds; what the system refused otherwise.
[[nodiscard]] inline result<unique_fd> listen_at(const std::filesystem::path& path, mode_t mode, int backlog) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string& name = path.native();
    if (name.size() >= sizeof address.sun_path) return kf::fail(errc::usage, "the socket's path is too long: " + name);
    name.copy(address.sun_path, name.size());
    unique_fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) return kf::fail(system_error("socket"));
    ::unlink(name.c_str());
    const mode_t old = ::umask(~mode & 0777);
    const bool good = ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
                      ::listen(fd.get(), backlog) == 0;
    const int number = errno;
    ::umask(old);
    if (!good) return kf::fail(system_error("cannot listen on " + name, number));
    return fd;
}

} // namespace kf::io
