// SPDX-License-Identifier: MIT
#pragma once
/// Signals that end a wait for a person, blocked as long as it lives: so that none comes between the last look and the
/// wait, and that a thread which is made meanwhile takes none of them away from the one that waits.

#include <signal.h>

#include <array>
#include <pthread.h>

namespace kf::io {

inline constexpr std::array waking_signals{SIGWINCH, SIGTSTP, SIGCONT, SIGINT, SIGTERM, SIGHUP, SIGQUIT};

class held_signals {
    sigset_t before_{};

  public:
    held_signals() {
        sigset_t held;
        sigemptyset(&held);
        for (const int number : waking_signals) sigaddset(&held, number);
        ::pthread_sigmask(SIG_BLOCK, &held, &before_);
    }
    held_signals(const held_signals&) = delete;
    held_signals& operator=(const held_signals&) = delete;
    ~held_signals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    /// The mask for the wait itself.
    [[nodiscard]] const sigset_t& before() const noexcept { return before_; }
};

} // namespace kf::io
