// SPDX-License-Identifier: MIT
#pragma once
/// The right to manage services, proven before anything is stopped, and without a password prompt. First the right to
/// start the guardian's own unit, which is all that is needed then; else root, `sudo -n`, or polkit for the services
/// themselves. What counts is whether it holds for a process without our terminal, since that is what the guardian is.

#include <kf/host/service_manager.hpp>

#include <poll.h>

#include <string>
#include <vector>

namespace kf::host {

/// Services that are to be stopped and started, as whoever has the right to it is asked about them.
struct service_question {
    std::vector<std::string> units;
    std::vector<std::string> running = {}; ///< of them: a start of these changes nothing, and shows the right to it
    std::vector<std::string> owed = {};    ///< of them: down since an earlier flash, which had shown that
};

struct right {
    std::string name;                        ///< "root", "sudo", "polkit"
    std::vector<std::string> prefix;         ///< what stands before the guardian's command, or before systemctl
    std::string guardian_unit = {};          ///< the guardian is this unit; empty: a child of kflash
    std::vector<std::string> systemctl = {}; ///< what stands for it where the right is another program's
};

/// `active_units`: starting an active unit changes nothing and needs the same authorisation as starting a stopped one.
/// `guardian_unit`: what guardian_unit_of() gives; it is started to see whether it can be, and ends by itself when
/// nobody connects to it. Empty: not looked for.
template<io::process_runner Runner>
[[nodiscard]] result<right> find_right(Runner& runner, const std::vector<std::string>& active_units, bool is_root,
                                       const std::string& guardian_unit = {}) {
    const auto works = [&](std::vector<std::string> argv) {
        const auto ran = io::run_and_capture(runner, io::command{std::move(argv)}, 5);
        return ran && ran->first.status == 0;
    };
    if (!guardian_unit.empty()) {
        const auto shown = io::run_and_capture(
            runner, io::command{{"systemctl", "show", guardian_unit, "--no-pager", "-p", "LoadState"}}, 5);
        const bool installed = shown && shown->second.find("LoadState=loaded") != std::string::npos;
        // One that is just ending may refuse its start; a child in its place would survive less.
        for (int attempt = 0; installed && attempt < 4; ++attempt) {
            if (works({"systemctl", "--no-ask-password", "start", guardian_unit}))
                return right{is_root ? "root" : "polkit", {}, guardian_unit};
            if (!is_root && works({"sudo", "-n", "--", "systemctl", "--no-ask-password", "start", guardian_unit}))
                return right{"sudo", {"sudo", "-n", "--"}, guardian_unit};
            pollfd none{-1, 0, 0};
            ::poll(&none, 1, 100);
        }
    }
    if (is_root) return right{"root", {}};
    if (works({"sudo", "-n", "true"})) return right{"sudo", {"sudo", "-n", "--"}};
    bool polkit = !active_units.empty();
    for (const auto& unit : active_units) polkit = polkit && works({"systemctl", "--no-ask-password", "start", unit});
    if (polkit) return right{"polkit", {}};
    return kf::fail(error{errc::refused,
                          "you have no right to stop and start the printer's service without a password",
                          "kflash must be sure that it can start the service again before it stops it",
                          {},
                          {"run it as root: sudo kflash ...", "or allow sudo without a password for your user",
                           "or use the package's polkit rule: sudo usermod -aG kflash $USER"}});
}

} // namespace kf::host
