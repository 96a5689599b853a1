// SPDX-License-Identifier: MIT
#pragma once
/// The guardian as a unit of the service manager's own: kflash-guard@USER.service. It is in no control group of
/// kflash's, so it outlives `systemctl kill`, the end of the login and an OOM kill of the session. The only right that
/// the person needs is to start that unit; what it stops and starts are services that run klippy, and those that go
/// down with them.
///
/// kflash connects to its socket and sends "units a.service b.service"; from then on it is the same guardian
/// (host/guardian.hpp). What it owes stands in its runtime folder, where only root writes: a guardian that was killed
/// is started again by the service manager, finds it there and pays it back.

#include <kf/host/guardian.hpp>
#include <kf/host/guardian_link.hpp>
#include <kf/io/unix_listener.hpp>

#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>
#include <vector>

namespace kf::host {

/// Its name for a person; empty when the name could mean anything else in a unit's name.
[[nodiscard]] inline std::string guardian_unit_of(std::string_view user) {
    const bool plain = !user.empty() && user.size() <= 32 && user.front() != '-' &&
                       user.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-") == std::string_view::npos;
    return plain ? "kflash-guard@" + std::string(user) + ".service" : std::string{};
}

/// Where it listens, and where it writes down what it owes.
struct guardian_place {
    std::filesystem::path socket, owed;
};
[[nodiscard]] inline guardian_place guardian_place_in(const std::filesystem::path& runtime) {
    return {runtime / "socket", runtime / "stopped-units"};
}
[[nodiscard]] inline std::filesystem::path guardian_runtime_of(std::string_view user) {
    return "/run/kflash-guard-" + std::string(user);
}

/// A process by its number and when it began: numbers come back.
struct process_id {
    int pid = 0;
    std::string began = {}; ///< field 22 of /proc/PID/stat
    bool operator==(const process_id&) const = default;
};
/// began is empty when there is no such process.
[[nodiscard]] inline process_id identify_process(int pid, const std::filesystem::path& proc = "/proc") {
    process_id p{pid};
    const auto text = io::read_file(proc / std::to_string(pid) / "stat", 1 << 16);
    auto at = text ? text->rfind(')') : std::string::npos; // the name in front may have anything in it
    for (int field = 3; text && at != std::string::npos && field <= 22; ++field) at = text->find(' ', at + 1);
    if (text && at != std::string::npos) p.began = text->substr(at + 1, text->find(' ', at + 1) - at - 1);
    return p;
}
[[nodiscard]] inline std::string owed_to(const process_id& p) {
    return "# owed to " + std::to_string(p.pid) + " " + p.began;
}
/// Whether the process of the list's remark still is at work.
[[nodiscard]] inline bool creditor_is_alive(const std::filesystem::path& list) {
    const auto text = io::read_file(list, 1 << 16);
    constexpr std::string_view word = "# owed to ";
    if (!text || !text->starts_with(word)) return false;
    int pid = 0;
    (void)std::from_chars(text->data() + word.size(), text->data() + text->size(), pid);
    const auto now = identify_process(pid);
    return pid > 0 && !now.began.empty() && text->substr(0, text->find('\n')) == owed_to(now);
}

/// The units of "units a.service b.service", if each of them runs klippy or goes down with one that does. Nothing else
/// may be stopped through us, whoever asks.
template<service_manager Manager>
[[nodiscard]] result<std::vector<std::string>> read_units_to_guard(Manager& manager, std::string_view line) {
    constexpr std::string_view word = "units ";
    if (!line.starts_with(word)) return kf::fail(errc::protocol, "the first line names no units");
    std::vector<std::string> asked, allowed;
    line.remove_prefix(word.size());
    while (!line.empty()) {
        const auto end = line.find(' ');
        const std::string name(line.substr(0, end));
        line.remove_prefix(end == std::string_view::npos ? line.size() : end + 1);
        if (!is_unit_name(name)) return kf::fail(errc::refused, "not the name of a service");
        if (std::find(asked.begin(), asked.end(), name) == asked.end()) asked.push_back(name);
    }
    if (asked.empty() || asked.size() > 64) return kf::fail(errc::refused, "no units are named, or too many");
    KF_TRY(const auto klippys, manager.klippy_units());
    for (const auto& k : klippys) {
        if (!k.certain) continue;
        allowed.push_back(k.id);
        allowed.insert(allowed.end(), k.dependents.begin(), k.dependents.end());
    }
    for (const auto& name : asked)
        if (std::find(allowed.begin(), allowed.end(), name) == allowed.end())
            return kf::fail(errc::refused, name + " does not run klippy, nor go down with one that does");
    return asked;
}

namespace detail {
struct guardian_caller {
    io::unique_fd fd;
    int pid = 0;
};
/// The first caller that is `uid` or root; errc::timeout when none came.
[[nodiscard]] inline result<guardian_caller> accept_from(int listener, unsigned uid, io::time_point until) {
    for (;;) {
        KF_CHECK(io::wait_ready(listener, POLLIN, until));
        if (std::chrono::steady_clock::now() >= until) return kf::fail(errc::timeout, "nobody who may came in time");
        io::unique_fd fd(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
        ucred who{};
        socklen_t size = sizeof who;
        if (fd && ::getsockopt(fd.get(), SOL_SOCKET, SO_PEERCRED, &who, &size) == 0 && (who.uid == uid || who.uid == 0))
            return guardian_caller{std::move(fd), who.pid};
    }
}
} // namespace detail

/// Serves one run of kflash and comes back when nothing is owed any more. errc::service_down: something still is.
template<service_manager Manager, io::clock Clock>
[[nodiscard]] result<void> serve_guardian(Manager& manager, const std::filesystem::path& runtime, unsigned uid,
                                          Clock clock, io::duration patience = std::chrono::seconds(30)) {
    io::interrupt::hold_back_all();
    const auto place = guardian_place_in(runtime);
    const auto down = [] { return kf::fail(errc::service_down, "the service could not be started again"); };
    const auto owed = read_owed(place.owed);
    const auto pay = [&]() -> result<void> {
        if (!owed.empty() && !pay_back(manager, owed, clock, place.owed)) return down();
        return {};
    };
    const bool waits = !owed.empty() && creditor_is_alive(place.owed);
    if (!waits) KF_CHECK(pay());
    detail::guardian_caller caller;
    {
        // Everybody may connect: the kernel says who does.
        KF_TRY(const auto listener, io::listen_at(place.socket, 0666, 4));
        const auto look = waits ? io::duration(std::chrono::milliseconds(100)) : patience;
        auto came = detail::accept_from(listener.get(), uid, std::chrono::steady_clock::now() + look);
        while (waits && !came && came.error().code == errc::timeout) {
            if (!creditor_is_alive(place.owed)) return pay();
            came = detail::accept_from(listener.get(), uid, std::chrono::steady_clock::now() + look);
        }
        ::unlink(place.socket.c_str());
        if (!came && came.error().code == errc::timeout) return {}; // it was only asked whether we could be started
        if (!came) return kf::fail(std::move(came).error());
        caller = std::move(*came);
    }
    std::string line;
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    for (char c = 0; c != '\n' && line.size() < 65536;) {
        if (!io::wait_ready(caller.fd.get(), POLLIN, until) || ::read(caller.fd.get(), &c, 1) != 1)
            return waits ? pay() : result<void>{};
        if (c != '\n') line += c;
    }
    const auto units = read_units_to_guard(manager, line);
    if (!units) {
        detail::say(caller.fd.get(), "refused: " + units.error().what);
        return waits ? pay() : result<void>{};
    }
    const owed_units list{place.owed, owed_units::written_by::guardian, owed_to(identify_process(caller.pid)), waits};
    const int fd = caller.fd.get();
    return guard(manager, waits ? owed : *units, fd, fd, clock, list) ? result<void>{} : down();
}

/// Connects to the guard of a unit that was started just now.
[[nodiscard]] inline result<guardian_link>
connect_to_guardian(const std::filesystem::path& runtime, const std::vector<std::string>& units, io::time_point until) {
    for (;;) {
        auto link = io::unix_socket::connect(guardian_place_in(runtime).socket.string(), until);
        if (link) {
            const auto peer = link->peer();
            if (!peer || (peer->uid != 0 && peer->uid != ::geteuid()))
                return kf::fail(errc::refused, "somebody else listens in the place of the guardian");
            guardian_link guard(std::move(*link));
            std::string line = "units";
            for (const auto& u : units) line += " " + u;
            KF_CHECK(guard.write_line(line));
            return guard;
        }
        if (std::chrono::steady_clock::now() >= until) return kf::fail(std::move(link).error());
        pollfd none{-1, 0, 0};
        ::poll(&none, 1, 20);
    }
}

} // namespace kf::host
