// SPDX-License-Identifier: MIT
#pragma once
/// One motor during bring-up, as G-code: a [manual_stepper] of a bring-up file, which the planner drives past all
/// kinematics, or the motor of an axis by FORCE_MOVE: every way out has the same way back. And its two pins alone,
/// enable and step: pulses without any planner, half a turn. Specs:
/// https://www.klipper3d.org/G-Codes.html#manual_stepper

#include <kf/cal/printer_cfg_file.hpp>
#include <kf/cal/printer_cfg_pins.hpp>
#include <kf/io/decimal.hpp>
#include <kf/machine/machine.hpp>
#include <kf/units.hpp>

#include <fmt/format.h>

#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>

namespace kf::cal {

struct bringup_motor {
    enum class by { manual_stepper, force_move };
    std::string name; ///< "stepper_x1"
    by way = by::manual_stepper;

    [[nodiscard]] std::string enable(bool on) const {
        return way == by::manual_stepper ? fmt::format("MANUAL_STEPPER STEPPER={} ENABLE={}", name, on ? 1 : 0)
                                         : fmt::format("SET_STEPPER_ENABLE STEPPER={} ENABLE={}", name, on ? 1 : 0);
    }
    [[nodiscard]] std::string buzz() const {
        return way == by::manual_stepper ? fmt::format("STEPPER_BUZZ STEPPER=\"manual_stepper {}\"", name)
                                         : fmt::format("STEPPER_BUZZ STEPPER={}", name);
    }
    /// By `way` mm, counted from where it stands.
    [[nodiscard]] std::string turn(mm distance, mm_per_s speed, mm_per_s2 accel) const {
        return way == by::manual_stepper
                   ? fmt::format("MANUAL_STEPPER STEPPER={} SET_POSITION=0 MOVE={} SPEED={} ACCEL={}", name,
                                 io::to_decimal(distance, 4), io::to_decimal(speed, 3), io::to_decimal(accel, 1))
                   : fmt::format("FORCE_MOVE STEPPER={} DISTANCE={} VELOCITY={} ACCEL={}", name,
                                 io::to_decimal(distance, 4), io::to_decimal(speed, 3), io::to_decimal(accel, 1));
    }
    /// There, the pause, and back, `times` times.
    [[nodiscard]] std::string there_and_back(mm distance, mm_per_s speed, mm_per_s2 accel, seconds pause,
                                             int times) const {
        const std::string rest = fmt::format("G4 P{}", io::to_decimal(std::round(pause * 1000), 0));
        std::string out;
        for (int i = 0; i < times; ++i)
            out += fmt::format("{}{}\n{}\n{}\n{}", i == 0 ? "" : "\n", turn(distance, speed, accel), rest,
                               turn(-distance, speed, accel), rest);
        return out;
    }
};

/// Seconds of there_and_back().
[[nodiscard]] inline seconds lasts(mm distance, mm_per_s speed, mm_per_s2 accel, seconds pause, int times) {
    return times * 2 * (distance / speed + speed / accel + pause);
}

namespace detail {

inline std::string pulse_pin(std::string_view motor, std::string_view pin) {
    return fmt::format("kcal_{}_{}", motor, pin);
}

} // namespace detail

/// Pulses on the step pin for a while, a quarter of a turn a second.
[[nodiscard]] inline std::string pulse_script(std::string_view motor, seconds duration) {
    return fmt::format("SET_PIN PIN={0} VALUE=1\nG4 P500\nSET_PIN PIN={1} VALUE=0.5\nG4 P{2}\nSET_PIN PIN={1} VALUE=0",
                       detail::pulse_pin(motor, "enable"), detail::pulse_pin(motor, "step"),
                       io::to_decimal(duration * 1000, 0));
}
[[nodiscard]] inline std::string pulse_pins_off(std::string_view motor) {
    return fmt::format("SET_PIN PIN={} VALUE=0", detail::pulse_pin(motor, "enable"));
}

/// The sections for that, instead of the motor's own: a pin belongs to one section alone. The step pin is a [pwm_tool],
/// whose pulses the board ends by itself when Klipper does not renew them: a host that dies lets no motor run on.
/// Klipper makes them in software on any pin; hardware_pwm on a pin that its firmware has no timer for (PF13, PF11 and
/// PG4 of an STM32H723 are such) is a shutdown.
[[nodiscard]] inline std::string pulse_sections(const machine::machine& m, char axis, const printer_cfg_request& told) {
    std::string out;
    const auto sections = stepper_sections(axis, axis_of(m, axis));
    const double pulses_a_second =
        machine::full_steps_per_rev(m.steppers.motor_type) * m.steppers.klipper_microsteps / 4.0;
    for (std::size_t i = 0; i < sections.size(); ++i) {
        const motor_pins pins = pins_of_motor(m, axis, i);
        const auto pin = [&](const char* option, const std::string& known) {
            const auto by_person = told.pins.find(sections[i] + "." + option);
            return by_person != told.pins.end() ? by_person->second : known.empty() ? std::string(not_known) : known;
        };
        const std::string polarity = m.steppers.enable_pin_inverted && !pins.enable.empty() ? "!" : "";
        out += fmt::format("[output_pin {}]\npin: {}\n\n[pwm_tool {}]\npin: {}\nhardware_pwm: False  # True "
                           "only where the chip has a timer on this pin\ncycle_time: {}\nmaximum_mcu_duration: 1  # "
                           "the board stops it "
                           "when Klipper is gone\nvalue: 0\nshutdown_value: 0\n\n",
                           detail::pulse_pin(sections[i], "enable"), polarity + pin("enable_pin", pins.enable),
                           detail::pulse_pin(sections[i], "step"), pin("step_pin", pins.step),
                           io::to_decimal(1 / pulses_a_second, 6));
    }
    return out;
}

} // namespace kf::cal
