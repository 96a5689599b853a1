// SPDX-License-Identifier: MIT
#pragma once
/// The printer.cfg of the simulated printer: the gantry of seeds/5 as the recordings of the real one have it.
/// sim/config_object.hpp makes the configfile object of it that clients read, so that what they are told is what the
/// simulated machine does.

#include <kf/drawing/point.hpp>
#include <kf/klippy/cfg_text.hpp>
#include <kf/planner/lookahead.hpp>
#include <kf/sim/motor.hpp>
#include <kf/units.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kf::sim {

namespace fs = std::filesystem;

struct axis_config {
    mm min = 0;
    mm max = 0;
    mm endstop = 0; ///< where it triggers: anywhere from min to max
    mm_per_s homing_speed = 50;
    std::optional<mm_per_s> slower = {};        ///< second_homing_speed
    std::optional<mm_per_s> retract_speed = {}; ///< homing_retract_speed
    mm retract = 5;                             ///< homing_retract_dist; 0: it goes there once only
    bool homes_upwards = false;                 ///< homing_positive_dir

    [[nodiscard]] mm_per_s second_speed() const noexcept { return slower.value_or(homing_speed / 2); }
    [[nodiscard]] mm_per_s way_back_speed() const noexcept { return retract_speed.value_or(homing_speed); }
    [[nodiscard]] double direction() const noexcept { return homes_upwards ? 1 : -1; } ///< of homing
};

/// [safe_z_home]: before each G28 Z goes up, and it is homed at one place only.
struct safe_z_config {
    drawing::point at;
    mm z_hop = 0;
    mm_per_s z_hop_speed = 15;
    mm_per_s speed = 50;
    bool move_to_previous = false;
};

/// [homing_override]: a G28 that names one of `axes`, or none at all, runs `gcode` instead.
struct homing_override_config {
    std::string axes = "xyz";
    std::string gcode = {};
    std::array<std::optional<mm>, 3> position{}; ///< set_position_*: where the machine takes itself to be before
};

/// [delayed_gcode NAME]
struct delayed_gcode_config {
    std::string name;
    std::string gcode = {};
    seconds initial_duration = 0; ///< 0: it waits for UPDATE_DELAYED_GCODE
};

/// Whose host program it is: Kalico differs where a recording says so.
enum class host_program : std::uint8_t { klipper, kalico };

/// [gcode_macro NAME]. Its text is a template: sim/macro_template.hpp.
struct macro_config {
    std::string name;
    std::string gcode;
    std::string renames = {}; ///< rename_existing: the name of the built-in command that it hides
    std::vector<std::pair<std::string, std::string>> variables = {};
    std::string description = "G-Code macro";
};

/// Of a [skew_correction NAME]; the simulated printer bends by the first of them alone.
struct skew_profile {
    double xy = 0, xz = 0, yz = 0;
};

/// The motors of the gantry, as the recorded printer had them.
[[nodiscard]] inline std::vector<motor_config> own_motors() {
    return {{.section = "stepper_x",
             .step_pin = "gpio0",
             .dir_pin = "gpio1",
             .enable_pin = "!gpio2",
             .endstop_pin = "^gpio3"},
            {.section = "stepper_x1", .step_pin = "gpio4", .dir_pin = "gpio5", .enable_pin = "!gpio6"},
            {.section = "stepper_y",
             .step_pin = "gpio8",
             .dir_pin = "gpio9",
             .enable_pin = "!gpio10",
             .endstop_pin = "^gpio11"},
            {.section = "stepper_z",
             .step_pin = "gpio12",
             .dir_pin = "gpio13",
             .enable_pin = "!gpio14",
             .endstop_pin = "^gpio15"}};
}

struct printer_config {
    planner::motion_limits limits{};
    bool is_cartesian = true; ///< kinematics: none has no axes
    std::array<axis_config, 3> axes{{{0, 250, 0, 50}, {0, 350, 0, 50}, {-5, 40, 0, 20}}};
    std::vector<motor_config> motors = own_motors();
    /// The sections without motors, in the order of the file.
    std::vector<std::string> modules{"virtual_sdcard", "pause_resume", "display_status",
                                     "respond",        "force_move",   "gcode_macro CANCEL_PRINT"};
    seconds idle_timeout = 600;
    std::string idle_gcode = "\nM84\n";
    mm_per_s recover_velocity = 50; ///< of RESUME
    fs::path gcodes = "/home/pi/gcodes";
    std::string serial = "/home/pi/mcu_tty";
    std::string restart_method = "command";
    std::vector<macro_config> macros{{"CANCEL_PRINT", "\nBASE_CANCEL_PRINT", "BASE_CANCEL_PRINT"}};
    host_program program = host_program::klipper;
    std::optional<safe_z_config> safe_z = {};
    std::optional<homing_override_config> homing_override = {};
    std::vector<delayed_gcode_config> delayed = {};
    std::map<std::string, skew_profile> skew_profiles = {}; ///< [skew_correction NAME]
    planner::xyz carriage{20, 15, 8};                       ///< where the carriage stands at power-up
    std::string on_error_gcode = "\n";                      ///< of [virtual_sdcard]: runs when a line of a file fails
    std::string config_error = {};                 ///< what is wrong with the file: the printer ends in the state error
    std::vector<klippy::cfg_section> written = {}; ///< of a whole file: what it says, as it says it

    /// A printer of which a file says all: nothing of the simulation's own is left.
    [[nodiscard]] static printer_config whole() {
        printer_config c;
        c.motors.clear();
        c.modules.clear();
        c.macros.clear();
        c.idle_gcode = "\nTURN_OFF_HEATERS\nM84\n";
        return c;
    }
    [[nodiscard]] bool has(std::string_view module) const noexcept {
        return std::ranges::find(modules, module) != modules.end();
    }
    void add(std::string_view module) {
        if (!has(module)) modules.emplace_back(module);
    }
    [[nodiscard]] const macro_config* macro(std::string_view name) const noexcept {
        for (const auto& m : macros)
            if (m.name == name) return &m;
        return nullptr;
    }
    /// By its section; nothing when there is none.
    [[nodiscard]] const motor_config* motor_of(std::string_view section) const noexcept {
        const auto m = std::ranges::find(motors, section, &motor_config::section);
        return m == motors.end() ? nullptr : &*m;
    }
    /// The motors with an endstop, in Klipper's order; one that has the pin of another one shares it.
    [[nodiscard]] std::vector<std::size_t> endstops() const {
        std::vector<std::size_t> out;
        std::vector<std::string> pins;
        for (std::size_t i = 0; i < motors.size(); ++i) {
            if (!motors[i].endstop_pin) continue;
            const std::string name = pin::of(*motors[i].endstop_pin).name;
            if (std::ranges::find(pins, name) != pins.end()) continue;
            pins.push_back(name);
            out.push_back(i);
        }
        return out;
    }
    /// The first motor of an axis that is one of the kinematics; the simulation's own when there is none.
    [[nodiscard]] const motor_config& first_motor(std::size_t axis) const noexcept {
        static const std::vector<motor_config> own = own_motors();
        for (const motor_config& m : motors)
            if (const auto which = m.drives(); which && which != motor::x1 && axis_of(*which) == axis) return m;
        return own[axis == 0 ? 0 : axis + 1];
    }
};

} // namespace kf::sim
