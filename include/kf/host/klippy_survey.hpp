// SPDX-License-Identifier: MIT
#pragma once
/// Every klippy of this host, found by ways that do not depend on each other: its process, the service that is set up
/// to run it, the socket that somebody listens on. One that /proc does not show (hidepid, another pid namespace, a
/// container) is there all the same, with the evidence for it: not seen is not "not there".

#include <kf/host/systemctl_show.hpp>

#include <fmt/format.h>

#include <string>
#include <vector>

namespace kf::host {

/// `units`: what service_manager::klippy_units() gives.
[[nodiscard]] inline result<std::vector<klippy_instance>> survey_klippys(const fs::path& proc,
                                                                         const std::vector<unit_state>& units) {
    KF_TRY(auto found, find_klippy(proc));
    for (const auto& u : units) {
        // Between two of its own restarts a unit has no process; an "exited" one has none any more.
        if (!u.runs() && (u.main_pid == 0 || !u.is_up())) continue;
        bool covered = false;
        for (auto& k : found) {
            if (k.process.unit != u.id && (u.main_pid == 0 || k.process.pid != u.main_pid)) continue;
            covered = true;
            if (k.socket.empty() && k.process.pid == u.main_pid) k.socket = u.api_socket; // a relative path, or none
        }
        if (covered) continue;
        const auto shown = io::read_file(proc / std::to_string(u.main_pid) / "cmdline", 1 << 20);
        const bool other_program = u.main_pid != 0 && shown && !shown->empty();
        if (other_program && !u.certain) continue; // it could have been klippy, and is not
        std::string evidence;
        if (u.main_pid == 0)
            evidence = fmt::format("{} is active, but /proc shows no klippy of it", u.id);
        else if (other_program)
            evidence = fmt::format("{} is active, but its process {} is no klippy that can be seen", u.id, u.main_pid);
        else
            evidence = fmt::format("{} is active, but /proc does not show its process {}", u.id, u.main_pid);
        found.push_back({{u.main_pid, {}, u.id}, u.api_socket, std::move(evidence)});
    }
    const auto real = [](const std::string& path) {
        std::error_code ec;
        const auto canonical = fs::weakly_canonical(path, ec);
        return ec ? fs::path(path) : canonical;
    };
    for (const auto& path : listening_sockets(proc)) {
        bool wanted = is_klippy_socket_name(path), covered = false;
        for (const auto& u : units) wanted = wanted || (!u.api_socket.empty() && real(u.api_socket) == real(path));
        for (const auto& k : found) covered = covered || (!k.socket.empty() && real(k.socket) == real(path));
        if (wanted && !covered)
            found.push_back({{}, path, fmt::format("somebody who cannot be seen listens on {}", path)});
    }
    return found;
}

} // namespace kf::host
