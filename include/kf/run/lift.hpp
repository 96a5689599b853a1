// SPDX-License-Identifier: MIT
#pragma once
/// The tool up: one absolute height of the machine, driven to before anything else moves, and proven by asking where
/// the machine is. Offsets that somebody put into Klipper since the start of a run change nothing of where it ends.

#include <kf/klippy/client.hpp>
#include <kf/klippy/status.hpp>
#include <kf/machine/machine.hpp>
#include <kf/run/macros.hpp>
#include <kf/run/pen_record.hpp>
#include <kf/run/transforms.hpp>

#include <boost/json.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

namespace kf::run {

namespace detail {

inline seconds z_time(const machine::machine& m) {
    return (m.work_area_mm.z - m.work_area_min_mm.z + 10) / std::max(0.1, m.tools.front().lift());
}

template<class Session>
io::time_point motion_deadline(Session& k, seconds planned) {
    return k.link().clock().now() + klippy::motion_allowance(planned);
}

/// The subscription's picture brought up to now: an older job's end is not taken for this one's.
template<class Session>
result<void> refresh(Session& k) {
    return k.refresh(klippy::state_objects());
}

/// Where G-code is: what a way begins from. Behind a skew the machine itself stands elsewhere.
inline klippy::xyz gcode_place(const klippy::printer_status& s) {
    return s.gcode_move ? s.gcode_move->position : s.toolhead->position;
}

} // namespace detail

/// One query, past the subscription: the toolhead, G-code's place and the pause as they are now. An error when Klipper
/// is not ready.
template<class Session>
[[nodiscard]] result<klippy::printer_status> look_at(Session& k) {
    KF_TRY(const auto now, k.link().query({{"toolhead", json::array{"homed_axes", "position"}},
                                           {"gcode_move", json::array{"homing_origin", "position", "gcode_position"}},
                                           {"pause_resume", json::array{"is_paused"}},
                                           {"webhooks", json::array{"state", "state_message"}}},
                                          k.link().clock().now() + std::chrono::seconds(5)));
    klippy::printer_status s;
    KF_CHECK(s.merge(now.status, now.eventtime));
    if (!s.ready() || !s.toolhead) return kf::fail(klippy::api_error(s.webhooks.message, "objects/query"));
    return s;
}

/// errc::failed when the machine is not at the travel height.
template<class Session>
[[nodiscard]] result<void> prove_up(Session& k, const machine::machine& m, pen_record& record) {
    KF_TRY(const auto now, look_at(k));
    const mm z = now.toolhead->position[2];
    if (std::fabs(z - m.z_states.travel_mm) > machine::up_tolerance(m))
        return kf::fail({errc::failed,
                         fmt::format("the tool is not up: Z is {}, up is {}", detail::mm_text(z),
                                     detail::mm_text(m.z_states.travel_mm)),
                         "something else moves the machine, or shifts its coordinates",
                         "G1 Z",
                         {"Look at the pen; lift it by hand when it is down.", "kplot recover --pen-is-up"}});
    return record.is_up();
}

/// To the travel height, waited for and proven. Needs the Z reference.
template<class Session>
[[nodiscard]] result<void> lift(Session& k, const machine::machine& m, pen_record& record) {
    KF_CHECK(k.send_gcode(lift_script(m, k.status().base()[2]), klippy::barrier::motion_end,
                          detail::motion_deadline(k, detail::z_time(m))));
    auto up = prove_up(k, m, record);
    if (up || up.error().code != errc::failed) return up;
    // An offset that came in the last quarter of a second was not seen.
    KF_TRY(const auto now, look_at(k));
    KF_CHECK(k.send_gcode(lift_script(m, now.base()[2]), klippy::barrier::motion_end,
                          detail::motion_deadline(k, detail::z_time(m))));
    return prove_up(k, m, record);
}

} // namespace kf::run
