// SPDX-License-Identifier: MIT
#pragma once
/// Signals by name, as kill -l has them. glibc's sigabbrev_np is not there in musl.

#include <kf/io/ascii.hpp>

#include <signal.h>

#include <charconv>
#include <optional>
#include <string>
#include <string_view>

namespace kf::io {

struct signal_row {
    int number;
    std::string_view name;
};
inline constexpr signal_row signal_rows[] = {
    {SIGHUP, "HUP"},       {SIGINT, "INT"},   {SIGQUIT, "QUIT"},   {SIGILL, "ILL"},   {SIGTRAP, "TRAP"},
    {SIGABRT, "ABRT"},     {SIGBUS, "BUS"},   {SIGFPE, "FPE"},     {SIGKILL, "KILL"}, {SIGUSR1, "USR1"},
    {SIGSEGV, "SEGV"},     {SIGUSR2, "USR2"}, {SIGPIPE, "PIPE"},   {SIGALRM, "ALRM"}, {SIGTERM, "TERM"},
    {SIGCHLD, "CHLD"},     {SIGCONT, "CONT"}, {SIGSTOP, "STOP"},   {SIGTSTP, "TSTP"}, {SIGTTIN, "TTIN"},
    {SIGTTOU, "TTOU"},     {SIGURG, "URG"},   {SIGXCPU, "XCPU"},   {SIGXFSZ, "XFSZ"}, {SIGVTALRM, "VTALRM"},
    {SIGPROF, "PROF"},     {SIGIO, "IO"},     {SIGWINCH, "WINCH"}, {SIGSYS, "SYS"},
#ifdef SIGPWR
    {SIGPWR, "PWR"},
#endif
#ifdef SIGSTKFLT
    {SIGSTKFLT, "STKFLT"},
#endif
};

/// "SIGTERM", "signal 34" for one without a name.
[[nodiscard]] inline std::string signal_name(int number) {
    for (const auto& row : signal_rows)
        if (row.number == number) return "SIG" + std::string(row.name);
    return "signal " + std::to_string(number);
}

/// "term", "SIGTERM", "rtmin+3", "34".
[[nodiscard]] inline std::optional<int> signal_number(std::string_view text) {
    std::string name = to_upper(text);
    if (name.starts_with("SIG")) name.erase(0, 3);
    for (const auto& row : signal_rows)
        if (row.name == name) return row.number;
    int base = 0, number = 0;
    std::string_view digits = name;
    if (digits.starts_with("RTMIN")) {
        base = SIGRTMIN;
        digits.remove_prefix(5);
        if (digits.empty()) return base;
        if (digits.front() != '+') return std::nullopt;
        digits.remove_prefix(1);
    }
    const auto [end, bad] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (bad != std::errc{} || end != digits.data() + digits.size() || number < 0 || base + number > SIGRTMAX ||
        base + number == 0)
        return std::nullopt;
    return base + number;
}

} // namespace kf::io
