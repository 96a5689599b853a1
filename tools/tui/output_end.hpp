// SPDX-License-Identifier: MIT
#pragma once
/// Standard output for who may not wait for it. A terminal that is held (Ctrl+S, a slow line) says that there is room
/// and then blocks a write that is longer: so a terminal is opened anew, and that opening does not block. Of a pipe at
/// most PIPE_BUF bytes may be written when it says that there is room.

#include <kf/io/unique_fd.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <array>

namespace kf::tui {

class output_end {
    io::unique_fd own_;

  public:
    output_end() {
        std::array<char, 256> name{};
        if (::ttyname_r(STDOUT_FILENO, name.data(), name.size()) == 0)
            own_ = io::unique_fd(::open(name.data(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    }
    /// Standard output itself where it is no terminal, or one that may not be opened.
    [[nodiscard]] int get() const noexcept { return own_ ? own_.get() : STDOUT_FILENO; }
};

} // namespace kf::tui
