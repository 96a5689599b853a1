// SPDX-License-Identifier: MIT
#pragma once
/// Travel that is no part of a job: to where a drawing begins, to the spot of a pause, to the parking place. It goes
/// round keep-outs, from wherever the machine stands.

#include <kf/io/printable.hpp>
#include <kf/job/motion_script.hpp>
#include <kf/machine/way.hpp>
#include <kf/run/lift.hpp>
#include <kf/run/loaded_skew.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace kf::run {

/// To a place above the paper, waited for. The tools are up; the one in use says which keep-outs stop it, and how fast
/// it goes. `base` is what Klipper adds to coordinates now.
/// errc::refused when no way round the keep-outs is left, or the machine stands in one; behind a skew the way has to be
/// free as the motors go, too.
template<class Session>
[[nodiscard]] result<void> travel_to(Session& k, const machine::machine& m, const machine::tool& tool,
                                     const loaded_skew& skew, machine::xy place, machine::xy base = {}) {
    std::vector<machine::xy> places{place};
    mm length = std::hypot(m.work_area_mm.x - m.work_area_min_mm.x, m.work_area_mm.y - m.work_area_min_mm.y);
    if (!m.keep_outs.empty()) {
        KF_TRY(const auto now, look_at(k));
        const klippy::xyz stands = detail::gcode_place(now);
        machine::xy at{stands[0], stands[1]};
        auto way = machine::way_to(m, tool, at, place);
        if (!way)
            return kf::fail(
                {errc::refused,
                 fmt::format("there is no way to X{} Y{} round the keep-out {}", io::to_decimal(place.x, 2),
                             io::to_decimal(place.y, 2), io::printable(way.error()->name)),
                 fmt::format("the tool is at X{} Y{}; the keep-out is {}", io::to_decimal(at.x, 2),
                             io::to_decimal(at.y, 2), machine::area_text(*way.error())),
                 {},
                 {"move the tool clear of it by hand, then try again", "or correct keep_outs in machine.yaml"}});
        places = *std::move(way);
        if (skew.bends())
            if (const auto met = machine::met_behind_skew(m, tool, at, places, skew.tangent))
                return kf::fail(
                    {errc::refused,
                     fmt::format("the way to X{} Y{} comes into the keep-out {} behind the skew profile \"{}\"",
                                 io::to_decimal(place.x, 2), io::to_decimal(place.y, 2), io::printable(met->what->name),
                                 skew.profile),
                     fmt::format("the tool is at X{} Y{}; the keep-out is {}", io::to_decimal(at.x, 2),
                                 io::to_decimal(at.y, 2), machine::area_text(*met->what)),
                     {},
                     steps_out_of_skew()});
        for (const machine::xy p : places) {
            length += std::hypot(p.x - at.x, p.y - at.y);
            at = p;
        }
    }
    const double factor = k.status().gcode_move ? std::clamp(k.status().gcode_move->speed_factor, 0.01, 1.0) : 1.0;
    std::string script;
    for (const machine::xy p : places) {
        if (!script.empty()) script += '\n';
        script += job::travel_script({p.x - base.x, p.y - base.y}, tool.travel_feed_mm_s);
    }
    return k.send_gcode(script, klippy::barrier::motion_end,
                        detail::motion_deadline(k, length / (tool.travel_feed_mm_s * factor)));
}

} // namespace kf::run
