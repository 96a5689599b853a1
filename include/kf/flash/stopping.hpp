// SPDX-License-Identifier: MIT
#pragma once
/// Which services have to be stopped for a flash: the units of the klippys that have to do with its boards, as far as
/// they are up. Pure: it reads what a survey saw.

#include <kf/board/identity.hpp>
#include <kf/host/print_guard.hpp>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace kf::flash {

/// What printer.cfg calls a serial port is a name of the board: its by-id names, its place, its pattern.
[[nodiscard]] inline bool names_board(const std::string& serial, const board::board& board,
                                      const board::device& device) {
    const std::string name = std::filesystem::path(serial).filename().string();
    if (board::same_board(board::parse_usb_name(name), device.usb)) return true;
    for (const auto* known : {&device.place, &board.as_klipper.name, &board.as_katapult.name})
        if (!known->empty() && name == *known) return true;
    return board::pattern_matches(board.serial_pattern, name);
}

/// A klippy has to do with the board when one of its MCUs is on the board's port, or under a name of the board, or when
/// it does not say on which ports its MCUs are.
[[nodiscard]] inline bool concerns(const host::printer_activity& a, const board::board& board,
                                   const board::device& device) {
    bool says = false;
    for (const auto& m : a.mcus) {
        if (m.serial.empty()) continue;
        says = true;
        if ((!m.port.empty() && m.port == device.resolved) || names_board(m.serial, board, device)) return true;
    }
    return !says;
}

/// What the service manager says: of the units that are set up to run klippy, and of any other that was asked for.
struct units_seen {
    result<std::vector<host::unit_state>> klippys = std::vector<host::unit_state>{};
    std::map<std::string, result<host::unit_state>> others = {};

    [[nodiscard]] result<host::unit_state> state_of(const std::string& unit) const {
        if (klippys)
            for (const auto& u : *klippys)
                if (u.id == unit) return u;
        if (const auto found = others.find(unit); found != others.end()) return found->second;
        return kf::fail(errc::not_found, "there is no service " + unit);
    }
    [[nodiscard]] bool runs_klippy(const std::string& unit) const {
        return klippys && std::ranges::any_of(*klippys, [&](const auto& u) { return u.id == unit; });
    }
};

struct to_stop {
    struct klippy {
        std::string unit;
        bool was_ready = false;
    };
    std::vector<klippy> klippys;    ///< run now; each has to be as it was
    std::vector<std::string> units; ///< of the klippys, and those that are owed a start besides
    std::vector<int> pids;

    void add(const std::string& unit) {
        if (std::ranges::find(units, unit) == units.end()) units.push_back(unit);
    }
};

/// errc::refused for a klippy that could be stopped, but not started again.
[[nodiscard]] inline result<to_stop> services_of(const std::vector<host::idle_printer>& printers,
                                                 const units_seen& units) {
    to_stop found;
    for (const auto& p : printers) {
        const auto& process = p.instance.process;
        // The control group alone proves nothing: a klippy that cron or ssh started lies in cron's or ssh's.
        bool runs_it = false;
        result<host::unit_state> state = kf::fail(errc::not_found, "no service runs it");
        if (host::is_unit_name(process.unit)) {
            state = units.state_of(process.unit);
            runs_it = (state && state->main_pid == process.pid) || units.runs_klippy(process.unit);
        }
        if (!runs_it && process.pid == 0 && p.state.empty())
            continue; // assumed idle; the port has to be free all the same
        if (!runs_it)
            return kf::fail(
                error{errc::refused,
                      process.pid != 0
                          ? fmt::format("klippy runs as process {}, but no service runs it", process.pid)
                          : fmt::format("klippy answers on {}, but no service is seen to run it", p.instance.socket),
                      "kflash could stop it, but not start it again",
                      {},
                      {"stop it yourself, then run this again"}});
        found.add(process.unit);
        found.klippys.push_back({process.unit, p.state == "ready"});
        found.pids.push_back(process.pid);
        // What systemd takes down with klippy (Requires=, BindsTo=, PartOf=) it does not bring back with it.
        KF_CHECK(state);
        for (const auto& name : state->dependents)
            if (const auto dependent = units.state_of(name); dependent && dependent->is_up()) found.add(name);
    }
    // A unit between two of its own restarts has no process now, but would have one in the middle of the flash.
    KF_CHECK(units.klippys);
    for (const auto& u : *units.klippys)
        if (u.active == "activating") found.add(u.id);
    return found;
}

} // namespace kf::flash
