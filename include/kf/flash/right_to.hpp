// SPDX-License-Identifier: MIT
#pragma once
/// The right to stop and start services: the person's own, or else that of somebody who does it for him.

#include <kf/flash/place.hpp>
#include <kf/host/guardian_unit.hpp>
#include <kf/host/right.hpp>

namespace kf::flash {

template<io::process_runner Runner>
[[nodiscard]] result<host::right> right_to(const host::service_question& asked, const place& at, Runner& runner) {
    if (at.own == own_right::needless) return host::right{"none is needed", {}};
    result<host::right> own = kf::fail(errc::refused, "you have no right to stop and start the printer's service");
    if (at.own == own_right::looked_for)
        own = host::find_right(runner, asked.running, at.is_root, host::guardian_unit_of(at.user));
    if (own || !at.other_right) return own;
    auto other = at.other_right(asked);
    if (other) return other;
    if (other.error().code == errc::refused) // it is there, and says why it may not
        own.error().steps.push_back("or through Moonraker: " + other.error().what);
    return own;
}

} // namespace kf::flash
