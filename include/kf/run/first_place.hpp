// SPDX-License-Identifier: MIT
#pragma once
/// The proof that coordinates are places: with the tool up the machine drives to where the drawing begins, and is asked
/// where it is. A skew, a mesh or any module that bends coordinates shows there, whatever it is called; at the home
/// position, where most coordinates are zero, it may not. A loaded skew profile bends them by what it says.

#include <kf/machine/machine.hpp>
#include <kf/run/lift.hpp>
#include <kf/run/preflight.hpp>
#include <kf/run/transforms.hpp>
#include <kf/run/travel_to.hpp>

#include <fmt/format.h>

#include <cmath>

namespace kf::run {

/// `first` is where the first stroke begins, in machine coordinates. errc::refused when the machine is elsewhere.
template<class Session>
[[nodiscard]] result<void> prove_place(Session& k, const machine::machine& m, const printer_facts& facts,
                                       pen_record& record, machine::xy first) {
    KF_CHECK(lift(k, m, record));
    KF_CHECK(travel_to(k, m, first));
    KF_TRY(const auto now, look_at(k));
    const machine::xy behind = machine::behind_skew(first, facts.skew.tangent);
    const klippy::xyz wanted{behind.x, behind.y, m.z_states.travel_mm};
    const klippy::xyz asked{first.x, first.y, m.z_states.travel_mm};
    const klippy::xyz& at = now.toolhead->position;
    bool there = true;
    for (std::size_t i = 0; i < 3; ++i) there = there && std::fabs(at[i] - wanted[i]) <= detail::same_place;
    if (there) return {};
    const bool shifted = now.gcode_move && std::fabs(now.gcode_move->position[0] - asked[0]) +
                                                   std::fabs(now.gcode_move->position[1] - asked[1]) +
                                                   std::fabs(now.gcode_move->position[2] - asked[2]) >
                                               3 * detail::same_place;
    return kf::fail(
        {errc::refused,
         fmt::format("the machine went to {}, not to {}", detail::place_text(at), detail::place_text(wanted)),
         shifted ? "something else moved it, or shifted its coordinates meanwhile"
                 : fmt::format("a transform bends its coordinates: {}",
                               detail::named(facts.transforms, "one that kplot does not know")),
         {},
         {"Switch it off (SET_SKEW CLEAR=1, BED_MESH_CLEAR), or send RESTART.", "Nothing was drawn."}});
}

} // namespace kf::run
