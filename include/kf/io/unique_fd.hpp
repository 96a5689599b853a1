// SPDX-License-Identifier: MIT
#pragma once
/// A file descriptor with one owner.

#include <kf/error.hpp>

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

namespace kf::io {

class unique_fd {
  public:
    unique_fd() = default;
    explicit unique_fd(int fd) noexcept
      : fd_(fd) {}
    unique_fd(unique_fd&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)) {}
    unique_fd& operator=(unique_fd&& other) noexcept {
        if (this != &other) {
            reset();
            fd_ = std::exchange(other.fd_, -1);
        }
        return *this;
    }
    ~unique_fd() { reset(); }

    [[nodiscard]] int get() const noexcept { return fd_; }
    [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }
    explicit operator bool() const noexcept { return fd_ >= 0; }
    void reset() noexcept {
        if (fd_ >= 0) ::close(std::exchange(fd_, -1));
    }

  private:
    int fd_ = -1;
};

/// The error of the system call that just failed: "cannot open X: No such file or directory".
[[nodiscard]] inline error system_error(const std::string& doing, int number = errno) {
    return error{errc::io, doing + ": " + std::strerror(number)};
}

} // namespace kf::io
