// SPDX-License-Identifier: MIT
#pragma once
/// The guardian: a process in a session of its own, started through the right to manage services *before* anything is
/// stopped. It stops and starts the units when kflash says so, and starts them by itself when kflash and every flasher
/// it left behind are gone: its standard input then ends. So the printer comes back after kill -9, a lost SSH session,
/// a crash.
///
/// Lines on stdin: "7 stop", "8 start", "done". Answers on stdout: "armed", "7 ok", "8 error TEXT": the number tells an
/// answer that came late from the one that is waited for. A "done" while units are stopped is not obeyed: they are
/// started first.

#include <kf/host/service_manager.hpp>
#include <kf/io/clock.hpp>
#include <kf/io/fd_stream.hpp>

#include <signal.h>

#include <algorithm>
#include <string>
#include <vector>

namespace kf::host {

namespace detail {
inline void say(int fd, std::string text) {
    std::replace(text.begin(), text.end(), '\n', ' ');
    text += '\n';
    (void)!::write(fd, text.data(), text.size()); // a reader that is gone is the case that we are here for
}

template<service_manager Manager>
[[nodiscard]] result<void> demand_up(Manager& manager, const std::string& unit) {
    KF_TRY(const auto state, manager.show(unit));
    if (state.runs()) return {};
    return kf::fail(errc::service_down, unit + " is " + state.active + " (" + state.sub + ") after its start");
}
} // namespace detail

/// `journal`: the file that names the stopped units; it goes when they run again.
/// Runs until "done" or the end of `in`. Gives true when at the end no unit is left stopped by us.
template<service_manager Manager, io::clock Clock>
[[nodiscard]] bool guard(Manager& manager, const std::vector<std::string>& units, int in, int out, Clock clock,
                         const std::filesystem::path& journal = {}) {
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU})
        ::signal(number, SIG_IGN);

    bool stopped = false; // a stop was asked for: it counts even when it failed or timed out
    const auto stop_all = [&]() -> result<void> {
        stopped = true;
        for (const auto& unit : units) KF_CHECK(manager.stop(unit));
        return {};
    };
    const auto start_all = [&]() -> result<void> {
        result<void> first{};
        for (const auto& unit : units) {
            auto done = manager.start(unit);
            if (done) done = detail::demand_up(manager, unit); // a job that "succeeded" is not a unit that runs
            if (!done && first) first = std::move(done);
        }
        if (first) {
            stopped = false;
            // What was started is no longer owed: a later run must not start it once more.
            if (!journal.empty()) ::unlink(journal.c_str());
        }
        return first;
    };
    const auto answer = [&](const std::string& number, const result<void>& r) {
        detail::say(
            out, number + (r ? " ok"
                             : " error " + r.error().what + (r.error().cause.empty() ? "" : ": " + r.error().cause)));
    };

    detail::say(out, "armed");
    std::string line;
    bool done = false;
    while (!done) {
        char c = 0;
        const ssize_t n = ::read(in, &c, 1);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == EAGAIN) {
            (void)io::wait_ready(in, POLLIN, clock.now() + std::chrono::hours(1));
            continue;
        }
        if (n <= 0) break;
        if (c != '\n') {
            if (line.size() < 64) line += c;
            continue;
        }
        const auto digits = line.find_first_not_of("0123456789");
        const std::string number = line.substr(0, digits), word = digits == line.npos ? "" : line.substr(digits);
        if (!number.empty() && word == " stop")
            answer(number, stop_all());
        else if (!number.empty() && word == " start")
            answer(number, start_all());
        else if (line == "done")
            done = true;
        else
            detail::say(out, (number.empty() ? "0" : number) + " error unknown command " + line);
        line.clear();
    }
    // The service manager may be busy with the job that was cut short: try again, with growing pauses, for two minutes.
    auto pause = std::chrono::milliseconds(200);
    const auto give_up = clock.now() + std::chrono::minutes(2);
    while (stopped) {
        if (start_all()) break;
        if (clock.now() >= give_up) return false;
        clock.sleep_until(clock.now() + pause);
        pause = std::min(pause * 2, std::chrono::milliseconds(10'000));
    }
    return true;
}

} // namespace kf::host
