// SPDX-License-Identifier: MIT
#include "../cli/number.hpp"
#include "kflash_commands.hpp"

#include <kf/host/guardian_unit.hpp>

#include <fmt/format.h>

#include <pwd.h>

#include <cstdlib>

namespace kf::kflash {
namespace {

/// What kflash-guard@USER.service runs, see kf/host/guardian_unit.hpp.
result<void> run_guard(cli::invocation& in) {
    const std::string& user = in.operands[0];
    const passwd* person = host::guardian_unit_of(user).empty() ? nullptr : ::getpwnam(user.c_str());
    if (person == nullptr) return kf::fail(errc::not_found, "there is no user " + user);
    const char* runtime = std::getenv("RUNTIME_DIRECTORY");
    if (runtime == nullptr || *runtime != '/')
        return kf::fail(error{errc::usage,
                              "this is run by the service manager only",
                              {},
                              host::guardian_unit_of(user),
                              {"systemctl start " + host::guardian_unit_of(user)}});
    KF_TRY(const seconds timeout, cli::number_option(in, "timeout", host::service_timeout, 0.1, 3600));
    io::posix_runner runner;
    host::systemd manager(runner, {"systemctl"}, timeout);
    return host::serve_guardian(manager, runtime, person->pw_uid, io::steady_clock{});
}

} // namespace

cli::command_row guard_command() {
    return {"guard",
            "USER",
            1,
            1,
            "The guardian as a unit of its own (run by kflash-guard@.service).",
            {{"timeout", "S", "seconds for one job", true}},
            {},
            run_guard,
            true};
}

} // namespace kf::kflash
