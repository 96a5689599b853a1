// SPDX-License-Identifier: MIT
#pragma once
/// How the lines of a G-code act, as Klipper's gcode_move object knows it: offsets, modes, factors.
/// planner/gcode_motion keeps it.

#include <kf/units.hpp>

#include <array>

namespace kf::planner {

/// What Klipper's gcode_move object knows. Indices are X, Y, Z, E.
struct gcode_state {
    std::array<double, 4> last{};   ///< machine position at the end of the last move
    std::array<double, 4> base{};   ///< machine position of the G-code zero (G92, SET_GCODE_OFFSET)
    std::array<double, 4> homing{}; ///< the part of base that is SET_GCODE_OFFSET's
    mm_per_s speed = 25;
    double speed_factor = from_f_word(1); ///< M220, and mm/min to mm/s
    double extrude_factor = 1;
    bool absolute = true;
    bool absolute_extrude = true;
};

} // namespace kf::planner
