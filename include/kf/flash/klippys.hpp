// SPDX-License-Identifier: MIT
#pragma once
/// The klippys of this host and what each says it does, at one instant. Nothing is changed.

#include <kf/flash/place.hpp>
#include <kf/host/klippy_survey.hpp>
#include <kf/host/printer_activity.hpp>
#include <kf/host/service_manager.hpp>

#include <vector>

namespace kf::flash {

struct klippys_seen {
    result<std::vector<host::unit_state>> units = std::vector<host::unit_state>{}; ///< the error: who could not be seen
    std::vector<host::printer_sight> printers = {};
};

/// Within `patience` with each; `moonraker` may be nobody. Those that the service manager does not tell of are looked
/// for among the processes all the same.
template<host::service_manager Manager>
[[nodiscard]] klippys_seen look_at_klippys(Manager& manager, const place& at, io::duration patience,
                                           const host::second_source& moonraker) {
    klippys_seen seen;
    seen.units = manager.klippy_units();
    const auto found = host::survey_klippys(at.proc, seen.units.value_or(std::vector<host::unit_state>{}));
    if (found)
        seen.printers = host::look_at_printers(*found, patience, moonraker);
    else if (seen.units)
        seen.units = kf::fail(found.error());
    return seen;
}

} // namespace kf::flash
