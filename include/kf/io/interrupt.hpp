// SPDX-License-Identifier: MIT
#pragma once
/// Signals are remembered, never acted on in the handler. Code that may be interrupted asks interrupt::pending() at its
/// safe points; code that must not be (a board is being written) simply does not ask.
///
/// A tool that has something to put back catches the signals by which people end programs. While a service is stopped
/// every signal is held back that can be: a list of the usual ones is always too short.

#include <kf/error.hpp>
#include <kf/io/signal_names.hpp>

#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <string>

namespace kf::io::interrupt {

namespace detail {
// A handler runs in whichever thread it likes, and others ask.
inline std::atomic<int> first_signal = 0, count = 0;
static_assert(std::atomic<int>::is_always_lock_free);
} // namespace detail

/// What the handler does with a signal, and all that it does.
inline void remember(int number) {
    int none = 0;
    detail::first_signal.compare_exchange_strong(none, number);
    ++detail::count;
}

namespace detail {
inline constexpr std::array faults{SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGTRAP};
/// By default nothing happens: a child ended, go on, the window has another size, urgent data.
inline constexpr std::array harmless{SIGCHLD, SIGCONT, SIGWINCH, SIGURG};

[[nodiscard]] inline bool is_in(const auto& list, int number) {
    for (const int n : list)
        if (n == number) return true;
    return false;
}

/// A crash of our own act is a crash; the same signal from somebody else is one to be remembered.
inline void remember_unless_own(int number, siginfo_t* info, void*) {
    const bool sent = info != nullptr && info->si_code <= 0 && info->si_pid != ::getpid();
    if (sent) return remember(number);
    ::signal(number, SIG_DFL);
    ::raise(number); // blocked until we return: a fault happens again by itself, abort() is raised here
}

inline void remember_with(int number, int flags) {
    struct sigaction action{};
    sigemptyset(&action.sa_mask);
    action.sa_flags = flags;
    if ((flags & SA_SIGINFO) != 0)
        action.sa_sigaction = remember_unless_own;
    else
        action.sa_handler = remember;
    ::sigaction(number, &action, nullptr);
}
} // namespace detail

inline constexpr std::array signals{SIGINT, SIGTERM, SIGHUP, SIGQUIT};

/// A write to a pipe that nobody reads, or beyond RLIMIT_FSIZE, is an error of that write and no more: first thing in
/// each tool, before its log is written.
inline void ignore_failed_writes() {
    for (const int number : {SIGPIPE, SIGXFSZ}) ::signal(number, SIG_IGN);
}

/// Called once by a tool that has something to put back before it ends. System calls return EINTR, so that waits end.
inline void catch_signals() {
    for (const int number : signals) detail::remember_with(number, 0);
    ignore_failed_writes();
}

/// While a person is asked, signals are an answer: the command ends in good order. Afterwards they are what they were.
class remembered_signals {
    std::array<struct sigaction, signals.size()> before_{};

  public:
    remembered_signals() {
        for (std::size_t i = 0; i < before_.size(); ++i) {
            ::sigaction(signals[i], nullptr, &before_[i]);
            if (before_[i].sa_handler == SIG_DFL) detail::remember_with(signals[i], 0);
        }
    }
    remembered_signals(const remembered_signals&) = delete;
    remembered_signals& operator=(const remembered_signals&) = delete;
    ~remembered_signals() {
        for (std::size_t i = 0; i < before_.size(); ++i) ::sigaction(signals[i], &before_[i], nullptr);
    }
};

/// While a service is stopped only SIGKILL, SIGSTOP and a crash of our own act end or freeze us: Ctrl+Z and a write
/// from the background are ignored, everything else is remembered. Children start with the defaults.
inline void hold_back_all() {
    for (int number = 1; number <= SIGRTMAX; ++number) {
        if (number == SIGKILL || number == SIGSTOP || detail::is_in(detail::harmless, number)) continue;
        if (number == SIGTSTP || number == SIGTTIN || number == SIGTTOU)
            ::signal(number, SIG_IGN);
        else if (number != SIGPIPE && number != SIGXFSZ)
            detail::remember_with(number, detail::is_in(detail::faults, number) ? SA_SIGINFO : 0);
    }
    ignore_failed_writes();
}

/// The first signal that came in, or 0.
[[nodiscard]] inline int pending() noexcept { return detail::first_signal; }
/// How many came in all: a second SIGINT means more than the first.
[[nodiscard]] inline int count() noexcept { return detail::count; }
inline void clear() noexcept {
    detail::first_signal = 0;
    detail::count = 0;
}

[[nodiscard]] inline std::string signal_name(int number) {
    switch (number) {
    case SIGINT: return "Ctrl+C";
    case SIGHUP: return "SIGHUP (the terminal went away)";
    default: return io::signal_name(number);
    }
}

/// An error when a signal is pending: for the safe points of a long operation.
[[nodiscard]] inline result<void> check() {
    if (const int number = pending()) return kf::fail(errc::interrupted, "interrupted by " + signal_name(number));
    return {};
}

} // namespace kf::io::interrupt
