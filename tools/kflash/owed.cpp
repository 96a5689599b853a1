// SPDX-License-Identifier: MIT
#include "owed.hpp"

#include <kf/flash/guarding.hpp>
#include <kf/flash/right_to.hpp>
#include <kf/host/service.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <sys/file.h>

namespace kf::kflash {

std::vector<std::string> owed_now(cli::invocation& in, const workplace& at) {
    auto units = host::read_owed(at.journal());
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
    const auto lock = at.lock();
    const io::unique_fd fd(::open(lock.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (fd && ::flock(fd.get(), LOCK_SH | LOCK_NB) != 0) return; // a live run: it is down because of that
    in.out.warn(fmt::format("{} was stopped by an earlier kflash that did not end well; start it: {}",
                            fmt::join(units, ", "), host::start_command(units)));
}

result<void> pay_owed(cli::invocation& in, const known_boards& b) {
    const auto units = owed_now(in, b.at);
    if (units.empty()) return {};
    const auto lock = io::file_lock::take(b.at.lock(), "kflash flash");
    if (!lock) return {};
    auto runner = make_runner(in);
    in.out.step(phase::service,
                fmt::format("starting {}, which an earlier kflash left stopped", fmt::join(units, ", ")));
    // What they are asked for as a proof is what is owed to them.
    KF_TRY(const auto right, flash::right_to({units, units, units}, b.at, runner));
    host::systemd manager(runner, flash::privileged_systemctl(b.at, right), b.at.service_timeout);
    if (right.guardian_unit.empty() || right.name == "root") {
        KF_CHECK(host::start_each(manager, units));
    } else { // with the right to that unit alone: a stop of what is down and its start
        using lease_type = host::service_lease<decltype(manager), io::steady_clock>;
        auto guarded = flash::guardian_access_of({}, b.at.user, right, units, manager, runner);
        KF_TRY(auto lease,
               lease_type::arm(manager, io::steady_clock{}, {units, {}, guarded, b.at.proc, b.at.journal()}));
        KF_CHECK(lease.stop());
        KF_CHECK(lease.start());
    }
    return io::remove_file(b.at.journal());
}

} // namespace kf::kflash
