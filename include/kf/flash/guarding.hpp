// SPDX-License-Identifier: MIT
#pragma once
/// How the guardian of a flash is reached, as the right to manage services allows: a unit of its own, or a child.

#include <kf/flash/place.hpp>
#include <kf/host/guardian_unit.hpp>
#include <kf/host/right.hpp>
#include <kf/host/service.hpp>

#include <fmt/format.h>

#include <string>
#include <vector>

namespace kf::flash {

/// The command of a guardian that is a child: our own program, through the right.
[[nodiscard]] inline io::command guardian_child_of(const place& at, const host::right& right,
                                                   const std::vector<std::string>& units) {
    io::command c{right.prefix};
    c.argv.insert(c.argv.end(), {at.self, "guardian", fmt::format("--timeout={}", at.service_timeout),
                                 "--journal=" + at.journal().string()});
    const bool other = !right.systemctl.empty();
    if (other || at.simulated)
        for (const auto& word : other ? right.systemctl : at.systemctl) c.argv.push_back("--systemctl=" + word);
    c.argv.insert(c.argv.end(), units.begin(), units.end());
    return c;
}

/// What the person is told about the guardian, and what it does not survive.
[[nodiscard]] inline std::string guardian_note(const place& at, const host::right& right) {
    if (!right.systemctl.empty())
        return "the guardian is a child of kflash, and both need Moonraker to start the services again";
    if (at.simulated) return "the guardian is a child of kflash";
    if (!right.guardian_unit.empty())
        return "the guardian is a unit of its own: it outlives kflash, the login and their control groups";
    return "the guardian is a child of kflash: it outlives kflash, but not the end of a login with "
           "KillUserProcesses=yes, nor systemctl kill of the unit that kflash runs in";
}

/// systemctl with the right in front: if the guardian is lost, the lease starts the services by itself.
[[nodiscard]] inline std::vector<std::string> privileged_systemctl(const place& at, const host::right& right) {
    if (!right.systemctl.empty()) return right.systemctl;
    auto words = right.guardian_unit.empty() ? right.prefix : std::vector<std::string>{};
    words.insert(words.end(), at.systemctl.begin(), at.systemctl.end());
    return words;
}

/// `child`: used when the guardian is no unit.
template<host::service_manager Manager, io::process_runner Runner>
[[nodiscard]] host::guardian_access guardian_access_of(const io::command& child, const std::string& user,
                                                       const host::right& right, const std::vector<std::string>& units,
                                                       Manager& privileged, Runner& runner) {
    if (right.guardian_unit.empty()) return host::guardian_child(child);
    const auto job = [&runner, right](const char* verb) {
        io::command c{right.prefix};
        c.argv.insert(c.argv.end(), {"systemctl", "--no-ask-password", "--no-block", verb, right.guardian_unit});
        const io::run_limits limits{.total = 10, .interruptible = false};
        const auto ran = runner.run(c, limits, [](std::string_view) {});
        return ran && ran->status == 0;
    };
    return {right.guardian_unit,
            [=]() -> result<host::guardian_link> {
                const io::steady_clock clock;
                const auto until = clock.now() + std::chrono::seconds(20);
                result<host::guardian_link> link = kf::fail(errc::refused, right.guardian_unit + " cannot be started");
                // The one of an earlier run may be at its end: then it is started once more.
                while (clock.now() < until && job("start")) {
                    link = host::connect_to_guardian(host::guardian_runtime_of(user), units,
                                                     clock.now() + std::chrono::seconds(1));
                    if (link || link.error().code == errc::refused) break;
                }
                return link;
            },
            [=, &privileged] {
                // Frozen or gone: a new one finds in its list what is owed, and pays when we have called and hung up.
                // And whoever may start the units does.
                const io::steady_clock clock;
                if (job("restart"))
                    (void)host::connect_to_guardian(host::guardian_runtime_of(user), units,
                                                    clock.now() + std::chrono::seconds(10));
                for (const auto& unit : units) (void)privileged.start(unit);
            }};
}

} // namespace kf::flash
