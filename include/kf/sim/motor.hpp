// SPDX-License-Identifier: MIT
#pragma once
/// The motors of the gantry, and a motor as a printer.cfg has it: of an axis, or a [manual_stepper]. What Klipper calls
/// "stepper_x1" or "manual_stepper stepper_x1" is one motor of one machine.

#include <kf/io/ascii.hpp>
#include <kf/units.hpp>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kf::sim {

/// A motor of the gantry; x1 is the second one of X. Each may have a switch at its end.
enum class motor : std::uint8_t { x, x1, y, z };
inline constexpr std::array<std::string_view, 4> motor_names{"x", "x1", "y", "z"};

[[nodiscard]] constexpr std::size_t axis_of(motor m) noexcept { return m == motor::z ? 2 : m == motor::y ? 1 : 0; }
[[nodiscard]] constexpr std::size_t index_of(motor m) noexcept { return static_cast<std::size_t>(m); }

/// From "x1", "stepper_x1" or "manual_stepper stepper_x1"; nothing when the gantry has no such motor.
[[nodiscard]] constexpr std::optional<motor> find_motor(std::string_view name) noexcept {
    if (name.starts_with("manual_stepper ")) name.remove_prefix(15);
    if (name.starts_with("stepper_")) name.remove_prefix(8);
    for (std::size_t i = 0; i < motor_names.size(); ++i)
        if (name == motor_names[i]) return static_cast<motor>(i);
    return std::nullopt;
}

/// A pin as an option writes it: "^!PG6".
struct pin {
    std::string name;
    bool inverted = false;
    bool pulled_up = false;

    [[nodiscard]] static pin of(std::string_view text) {
        pin out;
        for (text = io::trim(text);
             !text.empty() && (text.front() == '!' || text.front() == '^' || text.front() == '~');
             text = io::trim(text.substr(1)))
            (text.front() == '!' ? out.inverted : out.pulled_up) |= text.front() != '~';
        out.name = std::string(text);
        return out;
    }
};

struct motor_config {
    std::string section; ///< "stepper_x1", "manual_stepper stepper_x1"
    std::string step_pin = {}, dir_pin = {}, enable_pin = {};
    std::optional<std::string> endstop_pin = {};
    mm rotation_distance = 32;
    int microsteps = 4;
    int full_steps = 400;              ///< full_steps_per_rotation
    std::optional<seconds> pulse = {}; ///< step_pulse_duration
    // Of a [manual_stepper] alone:
    mm_per_s velocity = 5;
    mm_per_s2 accel = 0;
    mm_per_s homing_speed = 5;
    mm endstop = 0;
    std::optional<mm> min = {}, max = {};

    [[nodiscard]] bool is_manual() const noexcept { return section.starts_with("manual_stepper "); }
    /// "stepper_x1" of both kinds.
    [[nodiscard]] std::string_view name() const noexcept {
        return std::string_view(section).substr(is_manual() ? 15 : 0);
    }
    /// Nothing: it is connected with nothing that moves.
    [[nodiscard]] std::optional<motor> drives() const noexcept { return find_motor(section); }
    /// What Klipper calls its endstop: that of a first motor is the motor's, that of a second one "x1".
    [[nodiscard]] std::string endstop_name() const { return section == "stepper_x1" ? "x1" : section; }
    [[nodiscard]] int steps_per_turn() const noexcept { return full_steps * microsteps; }
    [[nodiscard]] long steps_of(mm way) const noexcept {
        return std::lround(way / rotation_distance * steps_per_turn());
    }
};

} // namespace kf::sim
