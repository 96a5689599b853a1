// SPDX-License-Identifier: MIT
#pragma once
/// Which sections of a printer.cfg are known to do nothing unasked, and what the others do; one that stands in neither
/// list is named by whoever looks. Spec: https://www.klipper3d.org/Config_Reference.html

#include <algorithm>
#include <array>
#include <string_view>

namespace kf::cal {

struct section_word {
    std::string_view type; ///< the first word of a section's name
    const char* does;
};

/// What is known to move nothing unasked. Their G-code is looked at all the same.
[[nodiscard]] inline bool is_quiet(std::string_view type) {
    static constexpr std::array quiet{"mcu",
                                      "printer",
                                      "include",
                                      "virtual_sdcard",
                                      "pause_resume",
                                      "force_move",
                                      "gcode_arcs",
                                      "idle_timeout",
                                      "gcode_macro",
                                      "respond",
                                      "display_status",
                                      "exclude_object",
                                      "save_variables",
                                      "board_pins",
                                      "output_pin",
                                      "pwm_tool",
                                      "static_digital_output",
                                      "gcode_button",
                                      "duplicate_pin_override",
                                      "delayed_gcode",
                                      "manual_stepper",
                                      "servo",
                                      "fan",
                                      "heater_fan",
                                      "controller_fan",
                                      "fan_generic",
                                      "temperature_fan",
                                      "temperature_sensor",
                                      "temperature_host",
                                      "temperature_mcu",
                                      "thermistor",
                                      "adc_temperature",
                                      "heater_bed",
                                      "heater_generic",
                                      "verify_heater",
                                      "extruder",
                                      "input_shaper",
                                      "led",
                                      "neopixel",
                                      "dotstar",
                                      "display",
                                      "query_adc",
                                      "adxl345",
                                      "lis2dw",
                                      "resonance_tester",
                                      "stepper_enable",
                                      "motion_report",
                                      "query_endstops",
                                      "system_stats",
                                      "statistics",
                                      "gcode",
                                      "gcode_move",
                                      "webhooks",
                                      "configfile",
                                      "heaters",
                                      "tuning_tower",
                                      "manual_probe",
                                      "buttons",
                                      "danger_options",
                                      "telemetry",
                                      "static_pwm_clock",
                                      "temperature_combined",
                                      "firmware_retraction",
                                      "endstop_phase",
                                      "constants"};
    return std::any_of(quiet.begin(), quiet.end(), [&](const char* q) { return type == q; }) ||
           type.starts_with("stepper_") || type.starts_with("tmc");
}

namespace detail {

inline constexpr std::array<section_word, 13> moving_sections{
    {{"safe_z_home", "moves inside of G28"},
     {"homing_override", "moves inside of G28"},
     {"bed_mesh", "moves Z inside of every other move, once a mesh is loaded"},
     {"z_thermal_adjust", "moves Z while other axes move, as the temperature changes"},
     {"axis_twist_compensation", "moves Z where a probe is used"},
     {"skew_correction", "bends X and Y, once a skew is set"},
     {"z_tilt", "moves the Z motors against each other"},
     {"z_tilt_ng", "moves the Z motors against each other"},
     {"quad_gantry_level", "moves the Z motors against each other"},
     {"probe", "lowers the tool where G28 Z or a probing command says"},
     {"bltouch", "lowers the tool where G28 Z or a probing command says"},
     {"filament_switch_sensor", "pauses a drawing by itself"},
     {"filament_motion_sensor", "pauses a drawing by itself"}}};

} // namespace detail

/// What is known to move, bend or pause.
[[nodiscard]] inline bool moves(std::string_view type) {
    return std::any_of(detail::moving_sections.begin(), detail::moving_sections.end(),
                       [&](const section_word& k) { return k.type == type; });
}

/// What the others do, where that is known.
[[nodiscard]] inline const char* what_it_does(std::string_view type) {
    for (const section_word& k : detail::moving_sections)
        if (k.type == type) return k.does;
    return "not known to do nothing by itself";
}

} // namespace kf::cal
