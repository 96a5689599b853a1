// SPDX-License-Identifier: MIT
#include "../cli/number.hpp"
#include "kflash_commands.hpp"
#include "workplace.hpp"

#include <kf/host/guardian.hpp>
#include <kf/io/posix_process.hpp>

#include <unistd.h>

namespace kf::kflash {
namespace {

/// kflash's other half: started through the right to manage services, see kf/host/guardian.hpp.
result<void> run_guardian(cli::invocation& in) {
    std::vector<std::string> units, systemctl{"systemctl"};
    for (const auto& u : in.operands) {
        if (!host::is_unit_name(u)) return kf::fail(errc::usage, "not the name of a service: " + u);
        units.push_back(u);
    }
    // Root never runs a program that its caller names: the stand-in is for an unprivileged guardian only, or for one
    // whose caller is root already.
    if (const auto found = in.options.find("systemctl"); found != in.options.end()) {
        if (::getenv("SUDO_UID") != nullptr && ::geteuid() == 0)
            return kf::fail(errc::refused, "--systemctl is not taken under sudo");
        systemctl = found->second;
    }
    KF_TRY(const seconds timeout, cli::number_option(in, "timeout", host::service_timeout, 0.1, 3600));
    io::posix_runner runner;
    host::systemd manager(runner, systemctl, timeout);
    // It may run as root: the only file that it ever removes has this very name.
    const fs::path journal = in.get("journal").value_or("");
    if (!journal.empty() && journal.filename() != journal_name)
        return kf::fail(errc::refused, "this is not the list of stopped units: " + journal.string());
    if (!host::guard(manager, units, STDIN_FILENO, STDOUT_FILENO, io::steady_clock{}, host::owed_units{journal}))
        return kf::fail(errc::service_down, "the service could not be started again");
    return {};
}

} // namespace

cli::command_row guardian_command() {
    return {"guardian",
            "UNIT...",
            1,
            64,
            "Starts services again when kflash is gone (run by kflash itself).",
            {{"systemctl", "WORD", "a word of the command that stands for systemctl", true},
             {"timeout", "S", "seconds for one job", true},
             {"journal", "FILE", "the list of the stopped units", true}},
            {},
            run_guardian,
            true};
}

} // namespace kf::kflash
