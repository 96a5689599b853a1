// SPDX-License-Identifier: MIT
#pragma once
/// The right to manage services, proven before anything is stopped, and without a password prompt: root, `sudo -n`, or
/// polkit. What counts is whether it holds for a process without our terminal, since that is what the guardian is.

#include <kf/host/service_manager.hpp>

#include <string>
#include <vector>

namespace kf::host {

struct right {
    std::string name;                ///< "root", "sudo", "polkit"
    std::vector<std::string> prefix; ///< what stands before the guardian's command
};

/// `active_units`: starting an active unit changes nothing and needs the same authorisation as starting a stopped one.
template<io::process_runner Runner>
[[nodiscard]] result<right> find_right(Runner& runner, const std::vector<std::string>& active_units, bool is_root) {
    if (is_root) return right{"root", {}};
    const auto works = [&](std::vector<std::string> argv) {
        const auto ran = io::run_and_capture(runner, io::command{std::move(argv)}, 5);
        return ran && ran->first.status == 0;
    };
    if (works({"sudo", "-n", "true"})) return right{"sudo", {"sudo", "-n", "--"}};
    bool polkit = !active_units.empty();
    for (const auto& unit : active_units) polkit = polkit && works({"systemctl", "--no-ask-password", "start", unit});
    if (polkit) return right{"polkit", {}};
    return kf::fail(error{errc::refused,
                          "you have no right to stop and start the printer's service without a password",
                          "kflash must be sure that it can start the service again before it stops it",
                          {},
                          {"run it as root: sudo kflash ...", "or allow sudo without a password for your user",
                           "or write a polkit rule that lets your user manage that service"}});
}

} // namespace kf::host
