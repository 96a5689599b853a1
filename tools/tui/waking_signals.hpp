// SPDX-License-Identifier: MIT
#pragma once
/// Signals that end the wait of a screen. They are blocked except while it waits, so that none comes between the look
/// and the wait.

#include <signal.h>

#include <array>

namespace kf::tui {

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
    [[nodiscard]] const sigset_t& before() const noexcept { return before_; }
};

} // namespace kf::tui
