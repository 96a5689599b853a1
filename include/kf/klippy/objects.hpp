// SPDX-License-Identifier: MIT
#pragma once
/// Klipper's status objects, typed: webhooks, toolhead, motion_report, gcode_move, virtual_sdcard, print_stats,
/// pause_resume, idle_timeout. Members are what Klipper says, believed or not (status.hpp says what to believe).
/// Lengths in mm, times in s. Spec: https://www.klipper3d.org/Status_Reference.html

#include <kf/error.hpp>
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

/// Reads the fields of one object that are there; null means that Klipper has no such field.
class field_reader {
  public:
    field_reader(std::string_view object_name, const json::object& fields)
      : object_(object_name)
      , fields_(fields) {}

    void operator()(std::string_view key, double& out) {
        if (const json::value* v = find(key); v != nullptr && want(v->is_number(), key)) out = v->to_number<double>();
    }
    void operator()(std::string_view key, std::int64_t& out) {
        if (const json::value* v = find(key); v != nullptr && want(v->is_int64(), key)) out = v->get_int64();
    }
    void operator()(std::string_view key, bool& out) {
        if (const json::value* v = find(key); v != nullptr && want(v->is_bool(), key)) out = v->get_bool();
    }
    void operator()(std::string_view key, std::string& out) {
        if (const json::value* v = find(key); v != nullptr && want(v->is_string(), key))
            out = std::string(v->get_string());
    }
    void operator()(std::string_view key, xyz& out) {
        const json::value* v = find(key);
        if (v == nullptr || !want(v->is_array() && v->get_array().size() >= out.size(), key)) return;
        const json::array& from = v->get_array();
        for (std::size_t i = 0; i < out.size(); ++i)
            if (want(from[i].is_number(), key)) out[i] = from[i].to_number<double>();
    }
    [[nodiscard]] const std::optional<error>& problem() const noexcept { return problem_; }

  private:
    [[nodiscard]] const json::value* find(std::string_view key) const {
        const json::value* v = fields_.if_contains(json::string_view(key.data(), key.size()));
        return v == nullptr || v->is_null() ? nullptr : v;
    }
    bool want(bool right_type, std::string_view key) {
        if (!right_type && !problem_)
            problem_ = error{errc::protocol, fmt::format("Klipper's {}.{} has an unknown form", object_, key),
                             "this Klipper may be newer than kf knows"};
        return right_type;
    }

    std::string_view object_;
    const json::object& fields_;
    std::optional<error> problem_;
};

inline void read(field_reader& f, webhooks_status& s) {
    std::string state;
    f("state", state);
    if (!state.empty()) s.state = printer_state_from(state);
    f("state_message", s.message);
}
inline void read(field_reader& f, toolhead_status& s) {
    f("homed_axes", s.homed_axes);
    f("position", s.position);
    f("axis_minimum", s.axis_minimum);
    f("axis_maximum", s.axis_maximum);
    f("max_velocity", s.max_velocity);
    f("max_accel", s.max_accel);
    f("minimum_cruise_ratio", s.minimum_cruise_ratio);
    f("square_corner_velocity", s.square_corner_velocity);
    f("print_time", s.print_time);
    f("estimated_print_time", s.estimated_print_time);
}
inline void read(field_reader& f, motion_status& s) {
    f("live_position", s.live_position);
    f("live_velocity", s.live_velocity);
}
inline void read(field_reader& f, gcode_move_status& s) {
    f("speed_factor", s.speed_factor);
    f("extrude_factor", s.extrude_factor);
    f("speed", s.speed_f_word);
    f("absolute_coordinates", s.absolute_coordinates);
    f("homing_origin", s.homing_origin);
    f("position", s.position);
    f("gcode_position", s.gcode_position);
}
inline void read(field_reader& f, virtual_sdcard_status& s) {
    f("file_path", s.file_path);
    f("progress", s.progress);
    f("is_active", s.is_active);
    f("file_position", s.file_position);
    f("file_size", s.file_size);
}
inline void read(field_reader& f, print_stats_status& s) {
    std::string state;
    f("state", state);
    if (!state.empty()) {
        s.state = print_state::unknown;
        for (const auto known : {print_state::standby, print_state::printing, print_state::paused,
                                 print_state::complete, print_state::cancelled, print_state::error})
            if (state == name(known)) s.state = known;
    }
    f("filename", s.filename);
    f("message", s.message);
    f("total_duration", s.total_duration);
}
inline void read(field_reader& f, pause_resume_status& s) { f("is_paused", s.is_paused); }
inline void read(field_reader& f, idle_timeout_status& s) {
    std::string state;
    f("state", state);
    if (!state.empty())
        s.state = state == "Idle"       ? motion_state::idle
                  : state == "Ready"    ? motion_state::ready
                  : state == "Printing" ? motion_state::printing
                                        : motion_state::unknown;
    f("printing_time", s.printing_time);
    f("idle_timeout", s.idle_timeout);
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
