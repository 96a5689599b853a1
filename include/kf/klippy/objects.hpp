// SPDX-License-Identifier: MIT
#pragma once
/// Klipper's status objects, typed: webhooks, toolhead, motion_report, gcode_move, virtual_sdcard, print_stats,
/// pause_resume, idle_timeout. Members are what Klipper says, believed or not (status.hpp says what to believe).
/// Lengths in mm, times in s. Spec: https://www.klipper3d.org/Status_Reference.html

#include <kf/error.hpp>
#include <kf/io/json_fields.hpp>
#include <kf/klippy/rpc.hpp>
#include <kf/units.hpp>

#include <boost/json.hpp>

#include <fmt/format.h>

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace kf::klippy {

using xyz = std::array<mm, 3>;

enum class printer_state { unknown, startup, ready, shutdown, error };
enum class print_state { unknown, standby, printing, paused, complete, cancelled, error };
enum class motion_state { unknown, idle, ready, printing }; ///< of idle_timeout; printing means any motion

[[nodiscard]] constexpr const char* name(printer_state s) noexcept {
    switch (s) {
    case printer_state::unknown: return "unknown";
    case printer_state::startup: return "startup";
    case printer_state::ready: return "ready";
    case printer_state::shutdown: return "shutdown";
    case printer_state::error: return "error";
    }
    return "unknown";
}
[[nodiscard]] constexpr printer_state printer_state_from(std::string_view text) noexcept {
    for (const auto s : {printer_state::startup, printer_state::ready, printer_state::shutdown, printer_state::error})
        if (text == name(s)) return s;
    return printer_state::unknown;
}
[[nodiscard]] constexpr const char* name(print_state s) noexcept {
    switch (s) {
    case print_state::unknown: return "unknown";
    case print_state::standby: return "standby";
    case print_state::printing: return "printing";
    case print_state::paused: return "paused";
    case print_state::complete: return "complete";
    case print_state::cancelled: return "cancelled";
    case print_state::error: return "error";
    }
    return "unknown";
}
/// The line of a state_message that says why; Klipper begins some with an empty line.
[[nodiscard]] inline std::string first_line(std::string_view text) {
    const auto begin = text.find_first_not_of(" \n");
    if (begin == std::string_view::npos) return {};
    return std::string(text.substr(begin, text.find('\n', begin) - begin));
}

struct webhooks_status {
    printer_state state = printer_state::unknown;
    std::string message;
};
struct toolhead_status {
    std::string homed_axes; ///< gains a letter when its homing begins: see homed()
    xyz position{};         ///< where the last accepted move ends, not where the pen is
    xyz axis_minimum{};
    xyz axis_maximum{};
    mm_per_s max_velocity = 0;
    mm_per_s2 max_accel = 0;
    double minimum_cruise_ratio = 0;
    mm_per_s square_corner_velocity = 0;
    seconds print_time = 0;
    seconds estimated_print_time = 0;
};
/// Below this speed the machine stands: Klipper's planner leaves residues such as 7e-15 mm/s at the end of a move, and
/// no feed of ours is below 0.01 mm/s.
inline constexpr mm_per_s rest_velocity = 1e-4;

struct motion_status {
    xyz live_position{}; ///< what Klipper said; see live_position()
    mm_per_s live_velocity = 0;

    [[nodiscard]] bool moves() const noexcept { return live_velocity > rest_velocity; }
};
struct gcode_move_status {
    double speed_factor = 1;
    double extrude_factor = 1;
    double speed_f_word = 0; ///< mm/min, as Klipper keeps it
    bool absolute_coordinates = true;
    xyz homing_origin{};  ///< the gcode offset
    xyz position{};       ///< the last accepted place, before any transform
    xyz gcode_position{}; ///< the same as G-code would write it

    /// What Klipper adds to every coordinate of a script: G92 and SET_GCODE_OFFSET together.
    [[nodiscard]] xyz base() const noexcept {
        return {position[0] - gcode_position[0], position[1] - gcode_position[1], position[2] - gcode_position[2]};
    }
};
struct virtual_sdcard_status {
    std::string file_path; ///< "" when no file is loaded
    double progress = 0;   ///< bytes read, of all: leads the pen by 1 to 2 s
    bool is_active = false;
    std::int64_t file_position = 0;
    std::int64_t file_size = 0;
};
struct print_stats_status {
    print_state state = print_state::unknown;
    std::string filename;
    std::string message;
    seconds total_duration = 0; ///< pauses included. print_duration stays 0 on a machine without an extruder
};
struct pause_resume_status {
    bool is_paused = false;
};
struct idle_timeout_status {
    motion_state state = motion_state::unknown;
    seconds printing_time = 0;
    seconds idle_timeout = 0; ///< after so long without motion, a pause included, the motors go off
};

namespace detail {

/// What Klipper's object `name` has in a form that is not Klipper's.
[[nodiscard]] inline error unknown_form(std::string_view name, const io::json_fault& fault) {
    return error{errc::protocol, fmt::format("Klipper's {}.{} has an unknown form", name, fault.key),
                 "this Klipper may be newer than kf knows"};
}

inline void read(io::json_fields& f, webhooks_status& s) {
    std::string state;
    f.read("state", state);
    if (!state.empty()) s.state = printer_state_from(state);
    f.read("state_message", s.message);
}
inline void read(io::json_fields& f, toolhead_status& s) {
    f.read("homed_axes", s.homed_axes);
    f.read("position", s.position);
    f.read("axis_minimum", s.axis_minimum);
    f.read("axis_maximum", s.axis_maximum);
    f.read("max_velocity", s.max_velocity);
    f.read("max_accel", s.max_accel);
    f.read("minimum_cruise_ratio", s.minimum_cruise_ratio);
    f.read("square_corner_velocity", s.square_corner_velocity);
    f.read("print_time", s.print_time);
    f.read("estimated_print_time", s.estimated_print_time);
}
inline void read(io::json_fields& f, motion_status& s) {
    f.read("live_position", s.live_position);
    f.read("live_velocity", s.live_velocity);
}
inline void read(io::json_fields& f, gcode_move_status& s) {
    f.read("speed_factor", s.speed_factor);
    f.read("extrude_factor", s.extrude_factor);
    f.read("speed", s.speed_f_word);
    f.read("absolute_coordinates", s.absolute_coordinates);
    f.read("homing_origin", s.homing_origin);
    f.read("position", s.position);
    f.read("gcode_position", s.gcode_position);
}
inline void read(io::json_fields& f, virtual_sdcard_status& s) {
    f.read("file_path", s.file_path);
    f.read("progress", s.progress);
    f.read("is_active", s.is_active);
    f.read("file_position", s.file_position);
    f.read("file_size", s.file_size);
}
inline void read(io::json_fields& f, print_stats_status& s) {
    std::string state;
    f.read("state", state);
    if (!state.empty()) {
        s.state = print_state::unknown;
        for (const auto known : {print_state::standby, print_state::printing, print_state::paused,
                                 print_state::complete, print_state::cancelled, print_state::error})
            if (state == name(known)) s.state = known;
    }
    f.read("filename", s.filename);
    f.read("message", s.message);
    f.read("total_duration", s.total_duration);
}
inline void read(io::json_fields& f, pause_resume_status& s) { f.read("is_paused", s.is_paused); }
inline void read(io::json_fields& f, idle_timeout_status& s) {
    std::string state;
    f.read("state", state);
    if (!state.empty())
        s.state = state == "Idle"       ? motion_state::idle
                  : state == "Ready"    ? motion_state::ready
                  : state == "Printing" ? motion_state::printing
                                        : motion_state::unknown;
    f.read("printing_time", s.printing_time);
    f.read("idle_timeout", s.idle_timeout);
}

template<class S>
[[nodiscard]] S& value_of(std::optional<S>& s) {
    if (!s) s.emplace();
    return *s;
}
template<class S>
[[nodiscard]] S& value_of(S& s) {
    return s;
}

} // namespace detail

} // namespace kf::klippy
