// SPDX-License-Identifier: MIT
#pragma once
/// The printer as a jogger sees it: what it may do, where its coordinates are, which motors its axes have.

#include <kf/klippy/objects.hpp>
#include <kf/klippy/settings.hpp>
#include <kf/klippy/status.hpp>
#include <kf/machine/machine.hpp>
#include <kf/units.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <vector>

namespace kf::jog {

/// What the jogger has to know of the printer.
struct machine_view {
    std::string obstacle = "there is no Klipper yet"; ///< why nothing may move, "" when it may
    bool xy_homed = false, z_referenced = false;
    bool force_move = false;                             ///< [force_move], on a machine whose motors are its axes
    std::array<std::vector<std::string>, 3> motors = {}; ///< the stepper sections of each axis
    double speed_factor = 1;                             ///< M220
    klippy::xyz base{};                                  ///< what Klipper adds to coordinates
    mm_per_s max_velocity = 0;
    mm_per_s2 max_accel = 0;
    double minimum_cruise_ratio = 0.5;

    /// The printer's own settings, with which the look before motion goes on.
    void has(const klippy::settings& settings, bool has_force_move) {
        force_move = has_force_move && settings.kinematics() == "cartesian";
        for (std::size_t i = 0; i < 3; ++i) {
            const std::string first = fmt::format("stepper_{}", "xyz"[i]);
            motors[i].clear();
            for (std::string name = first; settings.has_section(name); name = first + std::to_string(motors[i].size()))
                motors[i].push_back(name);
        }
    }
    /// What changes as it runs.
    void follow(const klippy::printer_status& s, const machine::machine& m) {
        xy_homed = s.homed("xy").value_or(false);
        z_referenced = s.homed("z").value_or(false);
        if (s.gcode_move) {
            speed_factor = s.gcode_move->speed_factor;
            base = s.base();
        }
        if (s.toolhead) {
            max_velocity = std::min(s.toolhead->max_velocity, m.motion.max_velocity_mm_s);
            max_accel = s.toolhead->max_accel;
            minimum_cruise_ratio = s.toolhead->minimum_cruise_ratio;
        }
    }
};

} // namespace kf::jog
