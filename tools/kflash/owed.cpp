// SPDX-License-Identifier: MIT
#include "owed.hpp"

#include <kf/host/service.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <sys/file.h>

namespace kf::kflash {

std::vector<std::string> owed_now(cli::invocation& in, const workplace& at) {
    auto units = host::read_owed(at.state / journal_name);
    if (units.empty()) return units;
    auto runner = make_runner(in);
    host::systemd manager(runner, at.systemctl, at.service_timeout);
    std::erase_if(units, [&](const std::string& unit) {
        const auto state = manager.show(unit);
        return state && state->runs();
    });
    return units;
}

void tell_owed(cli::invocation& in, const workplace& at) {
    const auto units = owed_now(in, at);
    if (units.empty()) return;
    const auto lock = at.state / "flash.lock";
    const io::unique_fd fd(::open(lock.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (fd && ::flock(fd.get(), LOCK_SH | LOCK_NB) != 0) return; // a live run: it is down because of that
    in.out.warn(fmt::format("{} was stopped by an earlier kflash that did not end well; start it: {}",
                            fmt::join(units, ", "), host::start_command(units)));
}

} // namespace kf::kflash
