// SPDX-License-Identifier: MIT
#pragma once
/// How Z gets to know where it is, and what must not happen before: the tool goes down only with a Z reference of this
/// run of Klipper, X and Y are homed only when the pen is known to be up. Klipper keeps the reference itself: it drops
/// Z from homed_axes when it restarts, after a fault and when the motors go off. On this machine +Z presses the pen.

#include <kf/klippy/client.hpp>
#include <kf/machine/machine.hpp>
#include <kf/run/macros.hpp>
#include <kf/run/pen_record.hpp>
#include <kf/run/preflight.hpp>
#include <kf/sink.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>

namespace kf::run {

/// What a person has said about the pen.
enum class pen_word { nothing, is_up };
/// Who can do a touch-off: a person at the machine, or nobody needs to (a simulated pen).
enum class touch_off_by { person, simulation };

enum class z_way { endstop, touch_off };

/// errc::mismatch when machine.yaml wants an endstop that the printer does not have.
[[nodiscard]] inline result<z_way> way_of_z(const machine::machine& m, const printer_facts& facts) {
    using method = machine::z_reference::way;
    if (z_by_touch_off(m)) return z_way::touch_off;
    if (facts.z_endstop) return z_way::endstop;
    if (m.z_reference.method == method::automatic) return z_way::touch_off;
    return kf::fail({errc::mismatch,
                     "machine.yaml wants Z by its endstop, and the printer has none",
                     "[stepper_z] has no endstop_pin",
                     "z_reference.method",
                     {"Set z_reference.method to touch_off, or wire an endstop."}});
}

[[nodiscard]] inline mm touch_height(const machine::machine& m) {
    return m.z_reference.touch_off_mm.value_or(m.tools.front().work_mm);
}

namespace detail {

/// Klipper's homing speed may be far below ours; nobody waits that long unless Klipper hangs.
inline seconds homing_time(const machine::machine& m) {
    constexpr mm_per_s slow = 5;
    return (m.work_area_mm.x - m.work_area_min_mm.x + m.work_area_mm.y - m.work_area_min_mm.y) / slow;
}
inline seconds z_time(const machine::machine& m) {
    return (m.work_area_mm.z - m.work_area_min_mm.z + 10) / std::max(0.1, m.tools.front().lift());
}

template<class Session>
io::time_point motion_deadline(Session& k, seconds planned) {
    return k.link().clock().now() + klippy::motion_allowance(planned);
}

/// One query, past the subscription: what the toolhead is now.
template<class Session>
result<klippy::toolhead_status> toolhead(Session& k) {
    KF_TRY(const auto now, k.link().query({{"toolhead", json::array{"homed_axes", "position"}},
                                           {"webhooks", json::array{"state", "state_message"}}},
                                          k.link().clock().now() + std::chrono::seconds(5)));
    klippy::printer_status s;
    KF_CHECK(s.merge(now.status, now.eventtime));
    if (!s.ready() || !s.toolhead) return kf::fail(klippy::api_error(s.webhooks.message, "objects/query"));
    return *s.toolhead;
}

} // namespace detail

/// To the travel height, waited for. Needs the Z reference.
template<class Session>
[[nodiscard]] result<void> lift(Session& k, const machine::machine& m, pen_record& record) {
    KF_CHECK(k.send_gcode(lift_script(m), klippy::barrier::motion_end, detail::motion_deadline(k, detail::z_time(m))));
    return record.is_up();
}

/// The pen touches the paper now: that is Z's height, and then it is lifted.
template<class Session>
[[nodiscard]] result<void> touch_off(Session& k, const machine::machine& m, printer_facts& facts, pen_record& record,
                                     mm height) {
    if (!facts.force_move)
        return kf::fail({errc::refused,
                         "this printer cannot be told where Z is",
                         "its configuration lacks [force_move]",
                         "SET_KINEMATIC_POSITION",
                         {"Add to printer.cfg:  [force_move]", "and below it:  enable_force_move: True",
                          "Send RESTART.", "kplot touch-off"}});
    KF_TRY(const auto before, detail::toolhead(k));
    KF_CHECK(k.send_gcode(fmt::format("SET_KINEMATIC_POSITION Z={} SET_HOMED=Z", io::to_decimal(height, 4)),
                          klippy::barrier::motion_end, detail::motion_deadline(k, 1)));
    KF_TRY(const auto after, detail::toolhead(k));
    // An older Klipper does not know SET_HOMED and takes X and Y for homed as well: nothing could be trusted then.
    if (before.homed_axes.find('x') == std::string::npos && after.homed_axes.find('x') != std::string::npos) {
        KF_CHECK(k.send_gcode("M84", klippy::barrier::processed, detail::motion_deadline(k, 1)));
        return kf::fail({errc::failed,
                         "this Klipper is too old for a touch-off",
                         "its SET_KINEMATIC_POSITION has no SET_HOMED and marks all axes as homed",
                         "SET_KINEMATIC_POSITION",
                         {"Update Klipper, or give Z an endstop."}});
    }
    facts.homed_axes = after.homed_axes;
    return lift(k, m, record);
}

/// Lets the tool go down from here on. Nothing is done when the reference of this run of Klipper is there.
template<class Session>
[[nodiscard]] result<void> reference_z(Session& k, const machine::machine& m, printer_facts& facts, pen_record& record,
                                       touch_off_by who, pen_word said) {
    if (facts.homed("z")) return lift(k, m, record);
    KF_TRY(const z_way way, way_of_z(m, facts));
    if (way == z_way::touch_off) {
        if (who == touch_off_by::simulation) return touch_off(k, m, facts, record, touch_height(m));
        return kf::fail({errc::refused,
                         "Z is not referenced, so the tool must not go down",
                         "a touch-off is needed after power-up, a shutdown or a fault: no endstop tells where Z is",
                         {},
                         {"Lower the pen by hand until it touches the paper.", "kplot touch-off"}});
    }
    // Homing Z moves away from where the pen may stand; it is not done blindly after a fault either.
    if (!record.doubt().empty() && said != pen_word::is_up && who != touch_off_by::simulation)
        return kf::fail({errc::refused,
                         "the pen may be down: " + record.doubt(),
                         "homing would drag it over the paper",
                         {},
                         {"Look at the pen; lift it by hand when it is down.",
                          "kplot recover --pen-is-up  (or: kplot home --pen-is-up)"}});
    KF_CHECK(k.home("G28 Z", detail::motion_deadline(k, detail::homing_time(m) + detail::z_time(m))));
    KF_TRY(const auto now, detail::toolhead(k));
    facts.homed_axes = now.homed_axes;
    return lift(k, m, record);
}

/// G28 X Y with the pen up: lifted when Z is referenced, otherwise by the word of a person or for lack of any doubt.
/// A printer with a Z endstop gets its reference on the way.
template<class Session, sink Sink>
[[nodiscard]] result<void> home_xy(Session& k, const machine::machine& m, printer_facts& facts, pen_record& record,
                                   touch_off_by who, pen_word said, Sink& out) {
    KF_TRY(const z_way way, way_of_z(m, facts));
    if (facts.homed("z") || way == z_way::endstop || who == touch_off_by::simulation) {
        KF_CHECK(reference_z(k, m, facts, record, who, said));
    } else if (said == pen_word::is_up) {
        KF_CHECK(record.is_up());
    } else if (!record.doubt().empty()) {
        return kf::fail({errc::refused,
                         "the pen may be down: " + record.doubt(),
                         "homing would drag it over the paper",
                         {},
                         {"Look at the pen; lift it by hand when it is down.",
                          "kplot recover --pen-is-up  (or: kplot home --pen-is-up)",
                          "or, with the pen on the paper: kplot touch-off"}});
    } else
        out.warn("Z is not referenced: X and Y are homed at the height at which the pen is");
    KF_CHECK(k.home("G28 X Y", detail::motion_deadline(k, detail::homing_time(m))));
    KF_TRY(const auto now, detail::toolhead(k));
    facts.homed_axes = now.homed_axes;
    const machine::xy want = machine::home_position(m);
    constexpr mm tolerance = 0.1;
    if (!facts.homed("xy") || std::fabs(now.position[0] - want.x) > tolerance ||
        std::fabs(now.position[1] - want.y) > tolerance)
        return kf::fail({errc::mismatch,
                         fmt::format("after homing the machine is at X{:.2f} Y{:.2f}, not at X{:.2f} Y{:.2f}",
                                     now.position[0], now.position[1], want.x, want.y),
                         "homing_side and the work area of machine.yaml do not fit position_endstop",
                         "G28 X Y",
                         {"Correct machine.yaml or printer.cfg; they have to agree."}});
    return {};
}

} // namespace kf::run
