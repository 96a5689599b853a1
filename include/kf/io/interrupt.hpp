// SPDX-License-Identifier: MIT
#pragma once
/// SIGINT, SIGTERM and SIGHUP are remembered, never acted on in the handler. Code that may be interrupted asks
/// interrupt::pending() at its safe points; code that must not be (a board is being written) simply does not ask.

#include <kf/error.hpp>

#include <signal.h>

#include <array>
#include <csignal>

namespace kf::io::interrupt {

namespace detail {
inline volatile std::sig_atomic_t first_signal = 0;
inline volatile std::sig_atomic_t count = 0;
inline void remember(int number) {
    if (first_signal == 0) first_signal = number;
    count = count + 1;
}
} // namespace detail

inline constexpr std::array signals{SIGINT, SIGTERM, SIGHUP, SIGQUIT};

/// Called once by a tool that has something to put back before it ends. System calls return EINTR, so that waits end.
inline void catch_signals() {
    struct sigaction action{};
    action.sa_handler = detail::remember;
    sigemptyset(&action.sa_mask);
    for (const int number : signals) ::sigaction(number, &action, nullptr);
    struct sigaction ignore{};
    ignore.sa_handler = SIG_IGN;
    ::sigaction(SIGPIPE, &ignore, nullptr);
}

/// While a service is stopped nobody may freeze us: Ctrl+Z and a write from the background are ignored.
inline void refuse_stops() {
    for (const int number : {SIGTSTP, SIGTTIN, SIGTTOU}) ::signal(number, SIG_IGN);
}

/// The first signal that came in, or 0.
[[nodiscard]] inline int pending() noexcept { return detail::first_signal; }
/// How many came in all: a second SIGINT means more than the first.
[[nodiscard]] inline int count() noexcept { return detail::count; }
inline void clear() noexcept {
    detail::first_signal = 0;
    detail::count = 0;
}

[[nodiscard]] inline const char* signal_name(int number) noexcept {
    switch (number) {
    case SIGINT: return "Ctrl+C";
    case SIGTERM: return "SIGTERM";
    case SIGHUP: return "SIGHUP (the terminal went away)";
    default: return "a signal";
    }
}

/// An error when a signal is pending: for the safe points of a long operation.
[[nodiscard]] inline result<void> check() {
    if (const int number = pending())
        return kf::fail(errc::interrupted, std::string("interrupted by ") + signal_name(number));
    return {};
}

} // namespace kf::io::interrupt
