// SPDX-License-Identifier: MIT
#pragma once
/// The proof that coordinates are places: with the tool up the machine drives to where the drawing begins, and is asked
/// where it is. A skew, a mesh or any module that bends coordinates shows there, whatever it is called; at the home
/// position, where most coordinates are zero, it may not. A loaded skew profile bends them by what it says.

#include <kf/job/transform.hpp>
#include <kf/machine/machine.hpp>
#include <kf/machine/skew_limits.hpp>
#include <kf/run/lift.hpp>
#include <kf/run/preflight.hpp>
#include <kf/run/transforms.hpp>
#include <kf/run/travel_to.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <utility>

namespace kf::run {

namespace detail {

/// Away from Y 0 a skew of that tangent shows.
inline bool shows_skew(machine::xy place, double tangent) noexcept {
    return std::fabs(place.y * tangent) > 2 * same_place;
}

/// A place above the canvas at which the skew shows and no keep-out lies, the middle before any other.
inline std::optional<machine::xy> place_that_shows(const machine::machine& m, double tangent) {
    const auto canvas = job::place(m, m.tools.front());
    for (const auto& [x, y] :
         {std::pair{0.5, 0.5}, {0.5, 0.25}, {0.5, 0.75}, {0.25, 0.5}, {0.75, 0.5}, {0.5, 0.05}, {0.5, 0.95}}) {
        const machine::xy at = canvas.to_machine({x * m.canvas.width_mm, y * m.canvas.height_mm});
        const bool free = std::none_of(m.keep_outs.begin(), m.keep_outs.end(), [&](const machine::keep_out& k) {
            return contains(k, at) || contains(k, machine::behind_skew(at, tangent));
        });
        if (free && shows_skew(at, tangent)) return at;
    }
    return std::nullopt;
}

template<class Session>
result<void> prove_at(Session& k, const machine::machine& m, const printer_facts& facts, machine::xy place) {
    KF_CHECK(travel_to(k, m, m.tools.front(), facts.skew, place));
    KF_TRY(const auto now, look_at(k));
    const machine::xy behind = machine::behind_skew(place, facts.skew.tangent);
    const klippy::xyz wanted{behind.x, behind.y, m.z_states.travel_mm};
    const klippy::xyz asked{place.x, place.y, m.z_states.travel_mm};
    const klippy::xyz& at = now.toolhead->position;
    const auto same = [](const klippy::xyz& a, const klippy::xyz& b) {
        bool all = true;
        for (std::size_t i = 0; i < 3; ++i) all = all && std::fabs(a[i] - b[i]) <= same_place;
        return all;
    };
    if (same(at, wanted)) return {};
    if (same(at, asked) && shows_skew(place, facts.skew.tangent))
        return kf::fail(
            {errc::refused,
             fmt::format("Klipper names the skew profile \"{}\", and it is not in effect", facts.skew.profile),
             fmt::format("the machine went to {}; behind it that is {}", place_text(at), place_text(wanted)),
             {},
             {"run the same command again: from here it shows that no skew is on",
              fmt::format("or, to draw behind it: SKEW_PROFILE LOAD={}", facts.skew.profile), "Nothing was drawn."}});
    const bool shifted = now.gcode_move && std::fabs(now.gcode_move->position[0] - asked[0]) +
                                                   std::fabs(now.gcode_move->position[1] - asked[1]) +
                                                   std::fabs(now.gcode_move->position[2] - asked[2]) >
                                               3 * same_place;
    return kf::fail({errc::refused,
                     fmt::format("the machine went to {}, not to {}", place_text(at), place_text(wanted)),
                     shifted ? "something else moved it, or shifted its coordinates meanwhile"
                             : fmt::format("a transform bends its coordinates: {}",
                                           named(facts.transforms, "one that kplot does not know")),
                     {},
                     {"Switch it off (SET_SKEW CLEAR=1, BED_MESH_CLEAR), or send RESTART.", "Nothing was drawn."}});
}

} // namespace detail

/// `first` is where the first stroke begins, in machine coordinates. errc::refused when the machine is elsewhere. Where
/// a loaded skew would not show there, it is proven above the canvas before: its name in the status proves nothing.
template<class Session>
[[nodiscard]] result<void> prove_place(Session& k, const machine::machine& m, const printer_facts& facts,
                                       pen_record& record, machine::xy first) {
    KF_CHECK(lift(k, m, record));
    if (facts.skew.bends() && !detail::shows_skew(first, facts.skew.tangent)) {
        if (const auto other = detail::place_that_shows(m, facts.skew.tangent))
            KF_CHECK(detail::prove_at(k, m, facts, *other));
        else if (!m.keep_outs.empty())
            return kf::fail(
                {errc::refused,
                 fmt::format("it does not show whether the skew profile \"{}\" is in effect", facts.skew.profile),
                 "keep-outs lie wherever above the canvas it would show, and its name proves nothing",
                 {},
                 steps_out_of_skew()});
    }
    return detail::prove_at(k, m, facts, first);
}

} // namespace kf::run
