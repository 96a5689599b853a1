// SPDX-License-Identifier: MIT
#pragma once
/// The printer.cfg of the simulated printer: the gantry of seeds/5 as the recordings of the real one have it. It makes
/// the configfile object that clients read, so that what they are told is what the simulated machine does.

#include <kf/drawing/point.hpp>
#include <kf/io/ascii.hpp>
#include <kf/planner/lookahead.hpp>
#include <kf/units.hpp>

#include <boost/json.hpp>

#include <fmt/format.h>

#include <array>
#include <cmath>
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

inline constexpr std::array<const char*, 3> axis_steppers{"stepper_x", "stepper_y", "stepper_z"};

struct axis_config {
    mm min = 0;
    mm max = 0;
    mm endstop = 0; ///< where it triggers: anywhere from min to max
    mm_per_s homing_speed = 50;
    mm rotation_distance = 32;
    int microsteps = 4;
    int full_steps = 400;       ///< full_steps_per_rotation
    mm retract = 5;             ///< homing_retract_dist; 0: it goes there once only
    bool homes_upwards = false; ///< homing_positive_dir

    [[nodiscard]] mm_per_s second_speed() const noexcept { return homing_speed / 2; }
    [[nodiscard]] mm_per_s retract_speed() const noexcept { return homing_speed; }
    [[nodiscard]] double direction() const noexcept { return homes_upwards ? 1 : -1; } ///< of homing
    [[nodiscard]] int steps_per_turn() const noexcept { return full_steps * microsteps; }
    [[nodiscard]] long steps_of(mm way) const noexcept {
        return std::lround(way / rotation_distance * steps_per_turn());
    }
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
};

/// Of a [skew_correction NAME]; the simulated printer bends by the first of them alone.
struct skew_profile {
    double xy = 0, xz = 0, yz = 0;
};

struct printer_config {
    planner::motion_limits limits{};
    std::array<axis_config, 3> axes{{{0, 250, 0, 50}, {0, 350, 0, 50}, {-5, 40, 0, 20}}};
    seconds idle_timeout = 600;
    mm_per_s recover_velocity = 50; ///< of RESUME
    fs::path gcodes = "/home/pi/gcodes";
    std::string serial = "/home/pi/mcu_tty";
    std::vector<macro_config> macros{{"CANCEL_PRINT", "\nBASE_CANCEL_PRINT", "BASE_CANCEL_PRINT"}};
    host_program program = host_program::klipper;
    std::optional<safe_z_config> safe_z = {};
    std::optional<homing_override_config> homing_override = {};
    std::vector<delayed_gcode_config> delayed = {};
    bool has_skew_correction = false;
    std::map<std::string, skew_profile> skew_profiles = {}; ///< [skew_correction NAME]
    bool has_endstop_phase = false;
    planner::xyz carriage{20, 15, 8};  ///< where the carriage stands at power-up
    std::string on_error_gcode = "\n"; ///< of [virtual_sdcard]: runs when a line of a file fails
    std::string config_error = {};     ///< what is wrong with the file: the printer ends in the state error

    [[nodiscard]] const macro_config* macro(std::string_view name) const noexcept {
        for (const auto& m : macros)
            if (m.name == name) return &m;
        return nullptr;
    }
};

/// The values as printer.cfg writes them, all of them text.
[[nodiscard]] inline boost::json::object config_strings(const printer_config& c);
/// The values as Klipper understood them, defaults included.
[[nodiscard]] inline boost::json::object config_settings(const printer_config& c);

namespace detail {

struct stepper_pins {
    const char* name;
    std::size_t axis;
    int step; ///< step_pin is gpioN, the others follow it
    bool has_endstop;
};
inline constexpr std::array<stepper_pins, 4> steppers{
    {{"stepper_x", 0, 0, true}, {"stepper_x1", 0, 4, false}, {"stepper_y", 1, 8, true}, {"stepper_z", 2, 12, true}}};

} // namespace detail

inline boost::json::object config_strings(const printer_config& c) {
    namespace json = boost::json;
    const auto text = [](double v) { return fmt::format("{}", v); };
    json::object all{{"mcu", json::object{{"serial", c.serial}, {"restart_method", "command"}}},
                     {"printer", json::object{{"kinematics", "cartesian"},
                                              {"max_velocity", text(c.limits.max_velocity)},
                                              {"max_accel", text(c.limits.max_accel)}}}};
    auto& printer = all["printer"].as_object();
    if (c.limits.max_z_velocity) printer["max_z_velocity"] = text(*c.limits.max_z_velocity);
    if (c.limits.max_z_accel) printer["max_z_accel"] = text(*c.limits.max_z_accel);
    for (const auto& s : detail::steppers) {
        const axis_config& a = c.axes[s.axis];
        json::object o{{"step_pin", fmt::format("gpio{}", s.step)},
                       {"dir_pin", fmt::format("gpio{}", s.step + 1)},
                       {"enable_pin", fmt::format("!gpio{}", s.step + 2)},
                       {"microsteps", fmt::format("{}", a.microsteps)},
                       {"rotation_distance", text(a.rotation_distance)},
                       {"full_steps_per_rotation", fmt::format("{}", a.full_steps)}};
        if (s.has_endstop) {
            o["endstop_pin"] = fmt::format("^gpio{}", s.step + 3);
            o["position_endstop"] = text(a.endstop);
            o["position_min"] = text(a.min);
            o["position_max"] = text(a.max);
            o["homing_speed"] = text(a.homing_speed);
            if (a.retract != 5) o["homing_retract_dist"] = text(a.retract);
            if (a.homes_upwards) o["homing_positive_dir"] = "true";
        }
        all[s.name] = std::move(o);
    }
    all["virtual_sdcard"] = json::object{{"path", c.gcodes.string()}};
    for (const char* bare : {"pause_resume", "display_status", "respond"}) all[bare] = json::object{};
    all["force_move"] = json::object{{"enable_force_move", "True"}};
    for (const auto& m : c.macros) {
        json::object o;
        if (!m.renames.empty()) o["rename_existing"] = m.renames;
        for (const auto& [name, value] : m.variables) o["variable_" + name] = value;
        o["gcode"] = m.gcode;
        all["gcode_macro " + m.name] = std::move(o);
    }
    if (const auto& s = c.safe_z)
        all["safe_z_home"] =
            json::object{{"home_xy_position", fmt::format("{},{}", s->at.x, s->at.y)}, {"z_hop", text(s->z_hop)}};
    if (const auto& h = c.homing_override) {
        json::object o{{"axes", h->axes}, {"gcode", h->gcode}};
        for (std::size_t i = 0; i < 3; ++i)
            if (h->position[i]) o[fmt::format("set_position_{}", "xyz"[i])] = text(*h->position[i]);
        all["homing_override"] = std::move(o);
    }
    for (const auto& d : c.delayed) all["delayed_gcode " + d.name] = json::object{{"gcode", d.gcode}};
    if (c.has_skew_correction) all["skew_correction"] = json::object{};
    for (const auto& [name, s] : c.skew_profiles)
        all["skew_correction " + name] =
            json::object{{"xy_skew", text(s.xy)}, {"xz_skew", text(s.xz)}, {"yz_skew", text(s.yz)}};
    if (c.has_endstop_phase) all["endstop_phase"] = json::object{};
    if (c.limits.arc_resolution > 0) all["gcode_arcs"] = json::object{{"resolution", text(c.limits.arc_resolution)}};
    return all;
}

inline boost::json::object config_settings(const printer_config& c) {
    namespace json = boost::json;
    json::object all{
        {"mcu", json::object{{"serial", c.serial}, {"baud", 250000}, {"restart_method", "command"}}},
        {"virtual_sdcard", json::object{{"path", c.gcodes.string()}, {"on_error_gcode", c.on_error_gcode}}},
        {"pause_resume", json::object{{"recover_velocity", c.recover_velocity}}},
        {"respond", json::object{{"default_type", "echo"}, {"default_prefix", "echo:"}}},
        {"force_move", json::object{{"enable_force_move", true}}}};
    for (const auto& m : c.macros) {
        json::object o{{"gcode", m.gcode}};
        if (!m.renames.empty()) o["rename_existing"] = m.renames;
        for (const auto& [name, value] : m.variables) o["variable_" + io::to_lower(name)] = value;
        o["description"] = "G-Code macro";
        all["gcode_macro " + io::to_lower(m.name)] = std::move(o);
    }
    const auto& l = c.limits;
    all["printer"] = json::object{{"max_velocity", l.max_velocity},
                                  {"max_accel", l.max_accel},
                                  {"minimum_cruise_ratio", l.minimum_cruise_ratio},
                                  {"square_corner_velocity", l.square_corner_velocity},
                                  {"kinematics", "cartesian"},
                                  {"max_z_velocity", l.max_z_velocity.value_or(l.max_velocity)},
                                  {"max_z_accel", l.max_z_accel.value_or(l.max_accel)}};
    for (const auto& s : detail::steppers) {
        const axis_config& a = c.axes[s.axis];
        json::object o;
        if (s.has_endstop)
            o = {{"endstop_pin", fmt::format("^gpio{}", s.step + 3)},
                 {"position_endstop", a.endstop},
                 {"position_min", a.min},
                 {"position_max", a.max},
                 {"homing_speed", a.homing_speed},
                 {"second_homing_speed", a.second_speed()},
                 {"homing_retract_speed", a.retract_speed()},
                 {"homing_retract_dist", a.retract},
                 {"homing_positive_dir", a.homes_upwards}};
        o["step_pin"] = fmt::format("gpio{}", s.step);
        o["dir_pin"] = fmt::format("gpio{}", s.step + 1);
        o["rotation_distance"] = a.rotation_distance;
        o["microsteps"] = a.microsteps;
        o["full_steps_per_rotation"] = a.full_steps;
        o["gear_ratio"] = json::array{};
        o["enable_pin"] = fmt::format("!gpio{}", s.step + 2);
        all[s.name] = std::move(o);
    }
    if (const auto& s = c.safe_z)
        all["safe_z_home"] = json::object{{"home_xy_position", json::array{s->at.x, s->at.y}},
                                          {"z_hop", s->z_hop},
                                          {"z_hop_speed", s->z_hop_speed},
                                          {"speed", s->speed},
                                          {"move_to_previous", s->move_to_previous}};
    if (const auto& h = c.homing_override) {
        json::object o{{"axes", h->axes}, {"gcode", h->gcode}};
        for (std::size_t i = 0; i < 3; ++i)
            if (h->position[i]) o[fmt::format("set_position_{}", "xyz"[i])] = *h->position[i];
        all["homing_override"] = std::move(o);
    }
    for (const auto& d : c.delayed)
        all["delayed_gcode " + io::to_lower(d.name)] =
            json::object{{"gcode", d.gcode}, {"initial_duration", d.initial_duration}};
    for (const auto& [name, s] : c.skew_profiles)
        all["skew_correction " + io::to_lower(name)] =
            json::object{{"xy_skew", s.xy}, {"xz_skew", s.xz}, {"yz_skew", s.yz}};
    if (c.limits.arc_resolution > 0) all["gcode_arcs"] = json::object{{"resolution", c.limits.arc_resolution}};
    all["idle_timeout"] = json::object{{"timeout", c.idle_timeout}, {"gcode", "\nM84\n"}};
    return all;
}

} // namespace kf::sim
