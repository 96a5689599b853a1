// SPDX-License-Identifier: MIT
#pragma once
/// How Z gets to know where it is, and what must not happen before: the tool goes down only with a Z reference of this
/// run of Klipper, X and Y are homed only when the pen is known to be up. Klipper keeps the reference itself: it drops
/// Z from homed_axes when it restarts, after a fault and when the motors go off.

#include <kf/io/ascii.hpp>
#include <kf/klippy/client.hpp>
#include <kf/machine/machine.hpp>
#include <kf/run/lift.hpp>
#include <kf/run/pen_record.hpp>
#include <kf/run/preflight.hpp>
#include <kf/sink.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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

/// The pen may stand on the paper, and nobody said that it does not.
inline std::unexpected<error> pen_may_be_down(const pen_record& record, std::vector<std::string> more = {}) {
    std::vector<std::string> steps{"Look at the pen; lift it by hand when it is down.",
                                   "kplot recover --pen-is-up  (or: kplot home --pen-is-up)"};
    steps.insert(steps.end(), more.begin(), more.end());
    return kf::fail({errc::refused,
                     "the pen may be down: " + record.doubt(),
                     "homing would drag it over the paper",
                     {},
                     std::move(steps)});
}

/// One homing, and what it left: the place is Klipper's to say (it may retract from the endstop), that it knows it is
/// not ours to guess.
template<class Session>
result<void> home(Session& k, const machine::machine& m, printer_facts& facts, std::string_view axes) {
    KF_CHECK(refuse_hidden_homing(facts.inside_g28));
    std::string script = "G28";
    for (const char a : axes) script += fmt::format(" {}", io::to_upper(a));
    const seconds time = homing_time(m) + (axes == "z" ? z_time(m) : 0);
    KF_TRY(const auto before, look_at(k));
    KF_CHECK(k.home(script, motion_deadline(k, time)));
    KF_TRY(const auto now, look_at(k));
    facts.homed_axes = now.toolhead->homed_axes;
    if (now.pause_resume && now.pause_resume->is_paused)
        return kf::fail({errc::busy,
                         "the printer was paused while it homed",
                         "somebody else did it, perhaps with a button of a web interface",
                         script,
                         {"kplot cancel  (ends the pause)", "Run the same command again."}});
    if (!facts.homed(axes))
        return kf::fail({errc::failed,
                         fmt::format("after homing, only \"{}\" counts as homed", facts.homed_axes),
                         "something else switched the motors off, or restarted Klipper",
                         script,
                         {"kplot recover"}});
    const bool z_was_known = before.toolhead->homed_axes.find('z') != std::string::npos;
    if (axes != "z" && z_was_known &&
        std::fabs(now.toolhead->position[2] - before.toolhead->position[2]) > up_tolerance(m))
        return kf::fail({errc::refused,
                         fmt::format("Z moved from {} to {} while X and Y homed", mm_text(before.toolhead->position[2]),
                                     mm_text(now.toolhead->position[2])),
                         "something of this printer moves Z inside of G28, or something else moved it",
                         script,
                         {"Look at the pen.", "Take what moves Z out of printer.cfg."}});
    return {};
}

} // namespace detail

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
    KF_TRY(const auto before, look_at(k));
    KF_CHECK(k.send_gcode(fmt::format("SET_KINEMATIC_POSITION Z={} SET_HOMED=Z", io::to_decimal(height, 4)),
                          klippy::barrier::motion_end, detail::motion_deadline(k, 1)));
    KF_TRY(const auto after, look_at(k));
    // An older Klipper does not know SET_HOMED and takes X and Y for homed as well: nothing could be trusted then.
    const std::string& had = before.toolhead->homed_axes;
    const std::string& has = after.toolhead->homed_axes;
    if (had.find('x') == std::string::npos && has.find('x') != std::string::npos) {
        KF_CHECK(k.send_gcode("M84", klippy::barrier::processed, detail::motion_deadline(k, 1)));
        return kf::fail({errc::failed,
                         "this Klipper is too old for a touch-off",
                         "its SET_KINEMATIC_POSITION has no SET_HOMED and marks all axes as homed",
                         "SET_KINEMATIC_POSITION",
                         {"Update Klipper, or give Z an endstop."}});
    }
    facts.homed_axes = has;
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
    // Whichever way Z goes, it is not homed blindly after a fault.
    if (!record.doubt().empty() && said != pen_word::is_up && who != touch_off_by::simulation)
        return detail::pen_may_be_down(record);
    KF_CHECK(detail::home(k, m, facts, "z"));
    return lift(k, m, record);
}

/// G28 X Y with the pen up: lifted when Z is referenced, otherwise by the word of a person or for lack of any doubt.
/// A printer with a Z endstop gets its reference on the way: before X and Y where that lifts the tool, after them where
/// Z is homed towards the paper.
template<class Session, sink Sink>
[[nodiscard]] result<void> home_xy(Session& k, const machine::machine& m, printer_facts& facts, pen_record& record,
                                   touch_off_by who, pen_word said, Sink& out) {
    KF_CHECK(refuse_hidden_homing(facts.inside_g28));
    KF_TRY(const z_way way, way_of_z(m, facts));
    const bool z_afterwards = way == z_way::endstop && !facts.homed("z") && !facts.z_homes_upwards;
    if (facts.homed("z") || (way == z_way::endstop && !z_afterwards) || who == touch_off_by::simulation) {
        KF_CHECK(reference_z(k, m, facts, record, who, said));
    } else if (said == pen_word::is_up) {
        KF_CHECK(record.is_up());
    } else if (!record.doubt().empty()) {
        if (z_afterwards) return detail::pen_may_be_down(record);
        return detail::pen_may_be_down(record, {"or, with the pen on the paper: kplot touch-off"});
    } else
        out.warn("Z is not referenced: X and Y are homed at the height at which the pen is");
    KF_CHECK(detail::home(k, m, facts, "xy"));
    if (!z_afterwards || facts.homed("z")) return {};
    return reference_z(k, m, facts, record, who, said);
}

} // namespace kf::run
