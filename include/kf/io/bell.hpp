// SPDX-License-Identifier: MIT
#pragma once
/// Wakes a thread that sleeps in poll() on its descriptor: readable from a ring() on, until settle(). Any thread may
/// ring it; rings that nobody has seen yet are one.

#include <kf/io/unique_fd.hpp>

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

namespace kf::io {

class bell {
    unique_fd fd_{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};

  public:
    /// False where the system gave none: then nobody is woken.
    explicit operator bool() const noexcept { return static_cast<bool>(fd_); }
    [[nodiscard]] int native_handle() const noexcept { return fd_.get(); }
    void ring() const noexcept {
        const std::uint64_t one = 1;
        (void)!::write(fd_.get(), &one, sizeof one);
    }
    void settle() const noexcept {
        std::uint64_t count = 0;
        (void)!::read(fd_.get(), &count, sizeof count);
    }
};

} // namespace kf::io
