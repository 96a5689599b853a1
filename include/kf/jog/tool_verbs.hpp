// SPDX-License-Identifier: MIT
#pragma once
/// What the console does besides jogging, as the verbs of run/ put together: the tool down, another tool, a place. Each
/// is waited for. What is not known is refused with the key that helps.

#include <kf/jog/reach.hpp>
#include <kf/run/lift.hpp>
#include <kf/run/lower.hpp>
#include <kf/run/pen_record.hpp>
#include <kf/run/preflight.hpp>
#include <kf/run/travel_to.hpp>
#include <kf/run/z_reference.hpp>

#include <fmt/format.h>

#include <string>

namespace kf::jog {

/// A session with all that a verb needs.
template<class Session>
struct verb_stage {
    Session& k;
    const machine::machine& machine;
    run::printer_facts& facts;
    run::pen_record& record;
};

[[nodiscard]] inline result<void> demand_z(const run::printer_facts& facts) {
    if (facts.homed("z")) return {};
    return kf::fail({errc::refused, "Z has no reference: T first", "", {}, {"T  touch-off"}});
}

[[nodiscard]] inline result<void> demand_homed(const run::printer_facts& facts) {
    if (!facts.homed("xy")) return kf::fail({errc::refused, "X and Y are not homed: H first", "", {}, {"H  home"}});
    return demand_z(facts);
}

template<class Session>
[[nodiscard]] result<void> tool_up(verb_stage<Session> w) {
    KF_CHECK(demand_z(w.facts));
    return run::lift(w.k, w.machine, w.record);
}

template<class Session>
[[nodiscard]] result<void> tool_down(verb_stage<Session> w, const machine::tool& t) {
    KF_CHECK(demand_homed(w.facts));
    KF_TRY(const auto now, run::look_at(w.k));
    const xyz& at = now.toolhead->position;
    if (const auto taken = in_the_way(w.machine, t, {at[0], at[1], t.work_mm}, {at[0], at[1], t.work_mm});
        !taken.empty())
        return kf::fail({errc::refused, "the tool stands over " + taken});
    return run::lower(w.k, w.record, {t.work_mm, t.plunge_feed_mm_s, "kjog lowered the tool"});
}

template<class Session>
[[nodiscard]] result<void> touch_off_here(verb_stage<Session> w) {
    KF_TRY(const auto way, run::way_of_z(w.machine, w.facts));
    if (way == run::z_way::endstop)
        return kf::fail(
            {errc::refused, "this printer finds Z by its endstop", "a touch-off would contradict it", {}, {"H  home"}});
    return run::touch_off(w.k, w.machine, w.facts, w.record, run::touch_height(w.machine));
}

/// Another tool comes into use with every tool up.
template<class Session>
[[nodiscard]] result<const machine::tool*> change_to(verb_stage<Session> w, const std::string& name) {
    const machine::tool* t = machine::find_tool(w.machine, name);
    if (t == nullptr)
        return kf::fail(errc::not_found, fmt::format("machine.yaml has no tool named {}", io::printable(name)));
    if (w.facts.homed("z")) KF_CHECK(run::lift(w.k, w.machine, w.record));
    return t;
}

template<class Session>
[[nodiscard]] result<void> travel_up_to(verb_stage<Session> w, const machine::tool& t, machine::xy place) {
    KF_CHECK(demand_homed(w.facts));
    if (!w.machine.work_area().contains(place))
        return kf::fail(
            {errc::out_of_bounds,
             fmt::format("X{} Y{} lies outside of the work area", io::to_decimal(place.x, 3),
                         io::to_decimal(place.y, 3)),
             fmt::format("it goes from X{} Y{} to X{} Y{}", io::to_decimal(w.machine.work_area().min.x, 3),
                         io::to_decimal(w.machine.work_area().min.y, 3), io::to_decimal(w.machine.work_area().max.x, 3),
                         io::to_decimal(w.machine.work_area().max.y, 3))});
    KF_CHECK(run::lift(w.k, w.machine, w.record));
    const xyz base = w.k.status().base();
    return run::travel_to(w.k, w.machine, t, w.facts.skew, place, {base[0], base[1]});
}

} // namespace kf::jog
