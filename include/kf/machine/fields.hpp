// SPDX-License-Identifier: MIT
#pragma once
/// The one table of machine.yaml's fields: path, member, range, unit, and whether the file must have it. The reader
/// fills members by it, validation checks ranges by it, unknown keys are found by it, and the manual page lists it.

#include <kf/machine/machine.hpp>

#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>

namespace kf::machine {

enum class need { optional, required };

/// What a field may hold. Ranges are inclusive; `unit` is what the number counts, empty for words.
struct rule {
    need presence = need::optional;
    double min = -std::numeric_limits<double>::infinity();
    double max = std::numeric_limits<double>::infinity();
    const char* unit = "";
};

[[nodiscard]] constexpr auto words_of(keep_out::when) { return std::array<std::string_view, 2>{"always", "tool_down"}; }
[[nodiscard]] constexpr auto words_of(axis::side) { return std::array<std::string_view, 2>{"min", "max"}; }
[[nodiscard]] constexpr auto words_of(z_reference::way) {
    return std::array<std::string_view, 3>{"auto", "endstop", "touch_off"};
}

/// Calls visit(path, member, rule) for each scalar and list field. Tools must already be in `m.tools` by name.
/// `Machine` is machine or const machine.
template<class Machine, class Visit>
void for_each_field(Machine& m, Visit&& visit) {
    constexpr auto must = need::required;
    constexpr rule text{}, needed_text{must}, word{}, flag{};
    constexpr rule length{must, 1, 5000, "mm"}, place{must, -5000, 5000, "mm"}, maybe_place{{}, -5000, 5000, "mm"};
    constexpr rule speed{must, 0.01, 2000, "mm/s"}, maybe_speed{{}, 0.01, 2000, "mm/s"};

    visit("connection.socket_path", m.connection.socket_path, text);
    visit("connection.timeout_s", m.connection.timeout_s, rule{{}, 0.1, 600, "s"});
    visit("connection.reconnect_attempts", m.connection.reconnect_attempts, rule{{}, 0, 1000, ""});
    visit("connection.reconnect_interval_s", m.connection.reconnect_interval_s, rule{{}, 0.1, 600, "s"});
    visit("connection.auto_reconnect", m.connection.auto_reconnect, flag);

    visit("machine.work_area_mm.x", m.work_area_mm.x, length);
    visit("machine.work_area_mm.y", m.work_area_mm.y, length);
    visit("machine.work_area_mm.z", m.work_area_mm.z, length);
    visit("machine.work_area_min_mm.x", m.work_area_min_mm.x, maybe_place);
    visit("machine.work_area_min_mm.y", m.work_area_min_mm.y, maybe_place);
    visit("machine.work_area_min_mm.z", m.work_area_min_mm.z, maybe_place);
    visit("machine.park_mm", m.park_mm, maybe_place);
    visit("machine.pen_change_mm", m.pen_change_mm, maybe_place);

    visit("canvas.offset_x_mm", m.canvas.offset_x_mm, place);
    visit("canvas.offset_y_mm", m.canvas.offset_y_mm, place);
    visit("canvas.width_mm", m.canvas.width_mm, length);
    visit("canvas.height_mm", m.canvas.height_mm, length);
    visit("canvas.margin_mm", m.canvas.margin_mm, rule{{}, 0, 1000, "mm"});
    visit("canvas.flip_y", m.canvas.flip_y, flag);

    visit("z_states.travel_mm", m.z_states.travel_mm, place);
    visit("z_reference.method", m.z_reference.method, word);
    visit("z_reference.touch_off_mm", m.z_reference.touch_off_mm, maybe_place);

    for (auto& t : m.tools) {
        const std::string at = "tools." + t.name + ".";
        visit("z_states." + t.name + "_work_mm", t.work_mm, place);
        visit("z_states." + t.name + "_floor_mm", t.floor_mm, maybe_place);
        visit(at + "xy_offset_mm", t.xy_offset_mm, rule{must, -150, 150, "mm"});
        visit(at + "feed_mm_s", t.feed_mm_s, speed);
        visit(at + "travel_feed_mm_s", t.travel_feed_mm_s, speed);
        visit(at + "plunge_feed_mm_s", t.plunge_feed_mm_s, speed);
        visit(at + "lift_feed_mm_s", t.lift_feed_mm_s, maybe_speed);
        visit(at + "spray_height_mm", t.spray_height_mm, rule{{}, 0, 1000, "mm"});
    }

    visit("steppers.motor_type", m.steppers.motor_type, text);
    visit("steppers.driver", m.steppers.driver, text);
    visit("steppers.driver_pulses_per_rev", m.steppers.driver_pulses_per_rev, rule{must, 1, 1000000, "pulses"});
    visit("steppers.wiring", m.steppers.wiring, text);
    visit("steppers.enable_pin_inverted", m.steppers.enable_pin_inverted, flag);
    visit("steppers.step_pulse_duration_s", m.steppers.step_pulse_duration_s, rule{{}, 0, 0.001, "s"});
    visit("steppers.direction_reversal_pause_s", m.steppers.direction_reversal_pause_s, rule{must, 0, 60, "s"});
    visit("steppers.klipper_microsteps", m.steppers.klipper_microsteps, rule{must, 1, 256, "microsteps"});
    visit("steppers.xy_rotation_distance", m.steppers.xy_rotation_distance, rule{must, 0.1, 1000, "mm"});
    visit("steppers.x_rotation_distance", m.steppers.x_rotation_distance, rule{{}, 0.1, 1000, "mm"});
    visit("steppers.y_rotation_distance", m.steppers.y_rotation_distance, rule{{}, 0.1, 1000, "mm"});
    visit("steppers.z_rotation_distance", m.steppers.z_rotation_distance, rule{{}, 0.1, 1000, "mm"});
    visit("steppers.belt_type", m.steppers.belt_type, text);
    visit("steppers.belt_pitch_mm", m.steppers.belt_pitch_mm, rule{must, 0.1, 100, "mm"});
    visit("steppers.pulley_teeth", m.steppers.pulley_teeth, rule{must, 1, 1000, "teeth"});
    visit("steppers.pulley_bore_mm", m.steppers.pulley_bore_mm, rule{{}, 0, 100, "mm"});

    const auto axis_fields = [&](const std::string& at, auto& a) {
        visit(at + "octopus_slot", a.octopus_slot, text);
        visit(at + "motors", a.motors, rule{{}, 1, 4, "motors"});
        visit(at + "endstop_pin", a.endstop_pin, text);
        visit(at + "endstop_type", a.endstop_type, text);
        visit(at + "homing_side", a.homing_side, word);
    };
    axis_fields("axes.x.", m.axes.x);
    axis_fields("axes.y.", m.axes.y);
    axis_fields("axes.z.", m.axes.z);

    visit("motion.max_velocity_mm_s", m.motion.max_velocity_mm_s, speed);
    visit("motion.max_accel_mm_s2", m.motion.max_accel_mm_s2, rule{must, 1, 100000, "mm/s^2"});
    visit("motion.junction_deviation_mm", m.motion.junction_deviation_mm, rule{{}, 0, 10, "mm"});
    visit("motion.homing_speed_mm_s", m.motion.homing_speed_mm_s, speed);
    visit("motion.max_z_velocity_mm_s", m.motion.max_z_velocity_mm_s, maybe_speed);
    visit("motion.max_z_accel_mm_s2", m.motion.max_z_accel_mm_s2, rule{{}, 1, 100000, "mm/s^2"});
    visit("motion.square_corner_velocity_mm_s", m.motion.square_corner_velocity_mm_s, rule{{}, 0, 1000, "mm/s"});

    visit("interactive.jog_increments_mm", m.interactive.jog_increments_mm, rule{{}, 0.001, 1000, "mm"});
    visit("interactive.default_jog_increment_mm", m.interactive.default_jog_increment_mm, rule{{}, 0.001, 1000, "mm"});
    visit("interactive.position_poll_interval_ms", m.interactive.position_poll_interval_ms, rule{{}, 1, 60000, "ms"});

    visit("file_execution.gcode_directory", m.gcode_directory, needed_text);
    visit("pumps.enabled", m.pumps_enabled, flag);
    visit("servos.enabled", m.servos_enabled, flag);
}

} // namespace kf::machine
