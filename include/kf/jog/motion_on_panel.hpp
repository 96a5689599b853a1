// SPDX-License-Identifier: MIT
#pragma once
/// What the panel tells of motion: where the tool is and goes, what it may do there, how far and how fast.

#include <kf/jog/jogger.hpp>
#include <kf/jog/machine_view.hpp>
#include <kf/jog/panel.hpp>
#include <kf/klippy/status.hpp>
#include <kf/machine/machine.hpp>

#include <algorithm>
#include <cmath>

namespace kf::jog {

/// `by_a_verb`: what moves is none of the jogger's (homing, travel), so that Klipper knows where it comes to rest.
inline void tell_motion(panel& p, const klippy::printer_status& s, const jogger& j, const machine_view& v,
                        const machine::machine& m, bool by_a_verb, io::time_point now) {
    p.live = s.live_position();
    p.commanded = by_a_verb ? s.position() : j.target();
    p.xy_homed = v.xy_homed;
    p.z_referenced = v.z_referenced;
    p.tool = j.tool().name;
    p.place = tool_place::unknown;
    if (p.z_referenced && p.commanded) {
        const mm z = (*p.commanded)[2], work = j.tool().work_mm;
        p.place = is_up(m, z)                                       ? tool_place::up
                  : std::fabs(z - work) <= machine::up_tolerance(m) ? tool_place::down
                                                                    : tool_place::between;
    }
    p.speed = j.speed();
    p.bound = std::max(j.bound(), j.to_go(now));
    p.unreferenced = v.obstacle.empty() && v.force_move && !(p.xy_homed && p.z_referenced);
    p.single_steps = j.single_steps();
    p.low = j.limits().low;
    p.high = j.limits().high;
}

} // namespace kf::jog
