// SPDX-License-Identifier: MIT
#pragma once
/// Before anything else a process sees to its three standard streams: one that is missing would give its number to the
/// next file that is opened, and messages would land in it.

#include <kf/io/interrupt.hpp>

#include <fcntl.h>

#include <cerrno>

namespace kf::io {

/// The first thing in main. Missing streams are /dev/null; a reader that went away, or a log beyond a limit of its
/// size, is an error of that write and not the end of the process.
inline void settle_standard_streams() noexcept {
    for (int fd = 0; fd < 3; ++fd)
        if (::fcntl(fd, F_GETFD) < 0 && errno == EBADF) (void)!::open("/dev/null", O_RDWR); // the lowest is taken
    interrupt::ignore_failed_writes();
}

} // namespace kf::io
