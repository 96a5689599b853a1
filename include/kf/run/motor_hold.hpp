// SPDX-License-Identifier: MIT
#pragma once
/// Keeps the motors on while a drawing stands and a person thinks. Klipper's idle_timeout counts a pause as rest, and
/// with the motors go the homing and the Z reference: the drawing could not go on where it stopped.
/// Spec: https://www.klipper3d.org/Config_Reference.html#idle_timeout

#include <kf/io/decimal.hpp>
#include <kf/klippy/client.hpp>
#include <kf/klippy/settings.hpp>

#include <boost/json.hpp>

#include <fmt/format.h>

#include <chrono>

namespace kf::run {

namespace detail {

template<class Session>
result<void> set_idle_timeout(Session& k, seconds timeout) {
    return k.send_gcode(fmt::format("SET_IDLE_TIMEOUT TIMEOUT={}", io::to_decimal(timeout, 0)),
                        klippy::barrier::processed, k.link().clock().now() + klippy::motion_allowance(10));
}

} // namespace detail

/// For a day: whoever forgets a drawing for longer loses its place, not the motors.
template<class Session>
[[nodiscard]] result<void> hold_motors(Session& k) {
    constexpr seconds a_day = 86400;
    return detail::set_idle_timeout(k, a_day);
}

/// As printer.cfg has it.
template<class Session>
[[nodiscard]] result<void> release_motors(Session& k) {
    KF_TRY(const auto now, k.link().query({{"configfile", boost::json::array{"settings"}}},
                                          k.link().clock().now() + std::chrono::seconds(5)));
    KF_TRY(const auto settings, klippy::settings::from_status(now.status));
    if (const auto timeout = settings.number("idle_timeout", "timeout")) return detail::set_idle_timeout(k, *timeout);
    return {};
}

} // namespace kf::run
