// SPDX-License-Identifier: MIT
#pragma once
/// The guardian: a process that stops and starts the units when kflash says so, and starts them by itself when kflash
/// and every flasher it left behind are gone: its input then ends. So the printer comes back after kill -9, a lost SSH
/// session, a crash. It is armed *before* anything is stopped. Either it is a child of kflash in a session of its own,
/// started through the right to manage services, or a unit of the service manager (host/guardian_unit.hpp).
///
/// Lines to it: "7 stop", "8 start", "done". Its answers: the hello, "7 taken" at once, then "7 ok" or "7 error TEXT":
/// the number tells an answer that came late from the one that is waited for. A "stop" from somebody who is gone is not
/// obeyed, as one who was frozen would find it. A "done" while units are stopped is not obeyed: they are started first.
/// What sudo or a shell prints besides is no line of the guardian's.

#include <kf/host/service_manager.hpp>
#include <kf/io/clock.hpp>
#include <kf/io/fd_stream.hpp>
#include <kf/io/interrupt.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace kf::host {

/// What it says once it is ready.
inline constexpr std::string_view guardian_hello = "kflash guardian armed";

/// The file that names the stopped units while they are, one a line: what is owed after a power cut.
struct owed_units {
    enum class written_by { kflash, guardian };
    std::filesystem::path file = {};
    written_by by = written_by::kflash;
    std::string remark = {};  ///< a line of the guardian's own in it
    bool from_before = false; ///< the units are stopped already: an earlier guardian was killed
};

[[nodiscard]] inline result<void> write_owed(const std::filesystem::path& file, const std::vector<std::string>& units,
                                             const std::string& remark = {}) {
    std::string text = remark.empty() ? remark : remark + "\n";
    for (const auto& u : units) text += u + "\n";
    return io::write_file(file, text);
}
/// Empty when nothing is owed; lines that are no names of units are left out.
[[nodiscard]] inline std::vector<std::string> read_owed(const std::filesystem::path& file) {
    std::vector<std::string> units;
    const auto text = io::read_file(file, 1 << 16);
    for (std::size_t from = 0; text && from < text->size();) {
        const auto end = std::min(text->find('\n', from), text->size());
        const std::string unit = text->substr(from, end - from);
        from = end + 1;
        if (is_unit_name(unit) && std::find(units.begin(), units.end(), unit) == units.end()) units.push_back(unit);
    }
    return units;
}

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

/// Nobody is left who could have asked: each writing end of `in` is closed.
[[nodiscard]] inline bool is_alone(int in) {
    pollfd p{in, POLLIN, 0};
    return ::poll(&p, 1, 0) > 0 && (p.revents & (POLLHUP | POLLERR)) != 0;
}
} // namespace detail

/// Each of them, although one fails; the first error. A job that "succeeded" is not yet a unit that runs.
template<service_manager Manager>
[[nodiscard]] result<void> start_each(Manager& manager, const std::vector<std::string>& units) {
    result<void> first{};
    for (const auto& unit : units) {
        auto done = manager.start(unit);
        if (done) done = detail::demand_up(manager, unit);
        if (!done && first) first = std::move(done);
    }
    return first;
}

/// Starts what is owed, again and again with growing pauses for two minutes: the service manager may be busy with the
/// job that was cut short. True when each of them runs; then the list goes too.
template<service_manager Manager, io::clock Clock>
[[nodiscard]] bool pay_back(Manager& manager, const std::vector<std::string>& units, Clock& clock,
                            const std::filesystem::path& list) {
    auto pause = std::chrono::milliseconds(200);
    const auto give_up = clock.now() + std::chrono::minutes(2);
    while (!start_each(manager, units)) {
        if (clock.now() >= give_up) return false;
        clock.sleep_until(clock.now() + pause);
        pause = std::min(pause * 2, std::chrono::milliseconds(10'000));
    }
    if (!list.empty()) ::unlink(list.c_str());
    return true;
}

/// Runs until "done" or the end of `in`. Gives true when at the end no unit is left stopped by us.
template<service_manager Manager, io::clock Clock>
[[nodiscard]] bool guard(Manager& manager, const std::vector<std::string>& units, int in, int out, Clock clock,
                         const owed_units& owed = {}) {
    io::interrupt::hold_back_all();

    bool stopped = owed.from_before; // a stop was asked for: it counts even when it failed or timed out
    const auto stop_all = [&]() -> result<void> {
        if (detail::is_alone(in)) return kf::fail(errc::refused, "whoever asked is gone");
        if (owed.by == owed_units::written_by::guardian) KF_CHECK(write_owed(owed.file, units, owed.remark));
        stopped = true;
        for (const auto& unit : units) KF_CHECK(manager.stop(unit));
        return {};
    };
    const auto start_all = [&]() -> result<void> {
        auto done = start_each(manager, units);
        if (done) {
            stopped = false;
            // What was started is no longer owed: a later run must not start it once more.
            if (!owed.file.empty()) ::unlink(owed.file.c_str());
        }
        return done;
    };
    const auto answer = [&](const std::string& number, const result<void>& r) {
        detail::say(
            out, number + (r ? " ok"
                             : " error " + r.error().what + (r.error().cause.empty() ? "" : ": " + r.error().cause)));
    };

    detail::say(out, std::string(guardian_hello));
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
        const bool known = !number.empty() && (word == " stop" || word == " start");
        if (known) {
            detail::say(out, number + " taken");
            answer(number, word == " stop" ? stop_all() : start_all());
        } else if (line == "done")
            done = true;
        else
            detail::say(out, (number.empty() ? "0" : number) + " error unknown command " + line);
        line.clear();
    }
    return !stopped || pay_back(manager, units, clock, owed.file);
}

} // namespace kf::host
