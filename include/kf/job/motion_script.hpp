// SPDX-License-Identifier: MIT
#pragma once
/// Motion as text for Klipper: absolute places, fixed notation, and F, which is the only speed in mm/min. The generator
/// (job/gcode) and everything that moves the machine by itself write it here. Spec:
/// https://www.klipper3d.org/G-Codes.html.

#include <kf/io/decimal.hpp>
#include <kf/machine/xy.hpp>
#include <kf/units.hpp>

#include <string>
#include <string_view>

namespace kf::job {

inline constexpr int place_decimals = 4; ///< 0.1 um, far below a step

/// " X25.5"
inline void append_word(std::string& out, char letter, double value, int decimals = place_decimals) {
    out += ' ';
    out += letter;
    io::append_decimal(out, value, decimals);
}

/// " F1500"
inline void append_feed(std::string& out, mm_per_s speed) { append_word(out, 'F', f_word(speed), 3); }

/// Travel to a place of the machine, at whatever height it is. No newline at its end.
[[nodiscard]] inline std::string travel_script(machine::xy to, mm_per_s speed) {
    std::string out = "G90\nG0";
    append_word(out, 'X', to.x);
    append_word(out, 'Y', to.y);
    append_feed(out, speed);
    return out;
}

/// To a height; `z` is a number, or the template of a macro that gives one. No newline at its end.
[[nodiscard]] inline std::string height_script(std::string_view z, mm_per_s speed) {
    std::string out = "G90\nG1 Z";
    out += z;
    append_feed(out, speed);
    return out;
}
[[nodiscard]] inline std::string height_script(mm z, mm_per_s speed) {
    return height_script(io::to_decimal(z, place_decimals), speed);
}

} // namespace kf::job
