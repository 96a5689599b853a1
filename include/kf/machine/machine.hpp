// SPDX-License-Identifier: MIT
#pragma once
/// The machine as machine.yaml describes it: the single source of every dimension, speed and height. Members carry the
/// names of the file's keys, units included. Nothing here has a dimension of its own: a machine comes from
/// machine_file (or from sim_machine()). "Up" is the absolute z_states.travel_mm and nothing else, on whichever side of
/// the paper it lies. Spec: machine.yaml(5).

#include <kf/machine/keep_out.hpp>
#include <kf/units.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kf::machine {

struct connection {
    std::string socket_path = "/tmp/klippy_uds";
    seconds timeout_s = 5;
    int reconnect_attempts = 5;
    seconds reconnect_interval_s = 2;
    bool auto_reconnect = true;
};

struct axis_lengths {
    mm x = 0, y = 0, z = 0;
};

struct canvas {
    mm offset_x_mm = 0, offset_y_mm = 0; ///< from X, Y home to the lower left corner of the canvas
    mm width_mm = 0, height_mm = 0;
    mm margin_mm = 0;   ///< no ink closer than this to the edge
    bool flip_y = true; ///< the canvas counts Y down from its top, the machine counts it up
};

struct z_states {
    mm travel_mm = 0; ///< every tool is clear of the paper; the work heights are with the tools
};

/// How Z gets to know where it is. automatic: by endstop when the printer has one, else by touch-off.
struct z_reference {
    enum class way { automatic, endstop, touch_off };
    way method = way::automatic;
    std::optional<mm> touch_off_mm; ///< Z at the moment the pen touches; none: the work height of the first tool
};

struct tool {
    std::string name = {};           ///< its key under tools:
    mm work_mm = 0;                  ///< z_states.<name>_work_mm
    std::optional<mm> floor_mm = {}; ///< z_states.<name>_floor_mm: no pen goes farther; none: work_mm
    xy xy_offset_mm = {};            ///< added to every machine position while this tool draws
    mm_per_s feed_mm_s = 0, travel_feed_mm_s = 0, plunge_feed_mm_s = 0;
    std::optional<mm_per_s> lift_feed_mm_s = {}; ///< none: lifted as fast as lowered
    std::optional<mm> spray_height_mm = {};

    [[nodiscard]] mm_per_s lift() const noexcept { return lift_feed_mm_s.value_or(plunge_feed_mm_s); }
};

struct steppers {
    std::string motor_type = "0.9deg", driver, wiring;
    int driver_pulses_per_rev = 0;
    bool enable_pin_inverted = false;
    seconds step_pulse_duration_s = 0;
    seconds direction_reversal_pause_s = 0;
    int klipper_microsteps = 0;
    mm xy_rotation_distance = 0;
    std::optional<mm> x_rotation_distance, y_rotation_distance; ///< of one axis, as calibrated; none: both alike
    std::optional<mm> z_rotation_distance;
    std::string belt_type;
    mm belt_pitch_mm = 0;
    int pulley_teeth = 0;
    mm pulley_bore_mm = 0;

    [[nodiscard]] mm rotation_of_x() const noexcept { return x_rotation_distance.value_or(xy_rotation_distance); }
    [[nodiscard]] mm rotation_of_y() const noexcept { return y_rotation_distance.value_or(xy_rotation_distance); }
};

struct axis {
    enum class side { min, max };
    std::string octopus_slot;
    int motors = 1;
    std::optional<std::string> endstop_pin, endstop_type;
    std::optional<side> homing_side;
};

struct axes {
    axis x, y, z;
};

struct motion {
    mm_per_s max_velocity_mm_s = 0;
    mm_per_s2 max_accel_mm_s2 = 0;
    std::optional<mm> junction_deviation_mm; ///< accepted and explained: Klipper has no such limit
    mm_per_s homing_speed_mm_s = 0;
    std::optional<mm_per_s> max_z_velocity_mm_s, square_corner_velocity_mm_s;
    std::optional<mm_per_s2> max_z_accel_mm_s2;
};

struct interactive {
    std::vector<mm> jog_increments_mm{0.1, 1, 10, 50};
    mm default_jog_increment_mm = 1;
    std::optional<int> position_poll_interval_ms; ///< accepted and explained: Klipper pushes each 250 ms
};

struct machine {
    struct connection connection;
    axis_lengths work_area_mm;     ///< the far end of each axis, as position_max in printer.cfg
    axis_lengths work_area_min_mm; ///< the near end, as position_min
    xy park_mm;
    std::optional<xy> pen_change_mm; ///< none: park_mm
    std::vector<keep_out> keep_outs;
    struct canvas canvas;
    struct z_states z_states;
    struct z_reference z_reference;
    std::vector<tool> tools; ///< at least one; the first is active until a job selects another
    struct steppers steppers;
    struct axes axes;
    struct motion motion;
    struct interactive interactive;
    std::string gcode_directory; ///< file_execution.gcode_directory
    bool pumps_enabled = false, servos_enabled = false;

    [[nodiscard]] box work_area() const noexcept {
        return {{work_area_min_mm.x, work_area_min_mm.y}, {work_area_mm.x, work_area_mm.y}};
    }
};

/// Where the head stands, tool up, while somebody puts another pen into its holder.
[[nodiscard]] inline xy pen_change_place(const machine& m) noexcept { return m.pen_change_mm.value_or(m.park_mm); }

/// How far from the travel height a tool still counts as up: a quarter of the way to the nearest work height, half a
/// millimetre at most.
[[nodiscard]] inline mm up_tolerance(const machine& m) noexcept {
    mm way = std::numeric_limits<double>::infinity();
    for (const tool& t : m.tools) way = std::min(way, std::fabs(t.work_mm - m.z_states.travel_mm));
    return std::min(0.5, way / 4);
}

[[nodiscard]] inline const tool* find_tool(const machine& m, std::string_view name) noexcept {
    for (const tool& t : m.tools)
        if (t.name == name) return &t;
    return nullptr;
}

/// Where X and Y stand after G28 X Y: the ends at which their endstops sit.
[[nodiscard]] inline xy home_position(const machine& m) noexcept {
    const box area = m.work_area();
    return {m.axes.x.homing_side == axis::side::max ? area.max.x : area.min.x,
            m.axes.y.homing_side == axis::side::max ? area.max.y : area.min.y};
}

/// Full steps of one turn of a motor of this type, 0 for a type we don't know.
[[nodiscard]] inline int full_steps_per_rev(std::string_view motor_type) noexcept {
    if (motor_type == "0.9deg") return 400;
    if (motor_type == "1.8deg") return 200;
    return 0;
}

/// Above this speed of an axis (one motor turn a second) its motor stalls when it is turned back at once.
[[nodiscard]] inline mm_per_s reversal_limit(const machine& m) noexcept { return m.steppers.xy_rotation_distance; }

} // namespace kf::machine
