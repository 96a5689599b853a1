// SPDX-License-Identifier: MIT
#pragma once
/// The configfile object of the simulated printer: its printer.cfg as it is written, all of it text, and as Klipper
/// understood it, defaults included. Figures: recordings of a live klippy.

#include <kf/io/ascii.hpp>
#include <kf/sim/printer_config.hpp>

#include <boost/json.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

namespace kf::sim {

/// The values as printer.cfg writes them, all of them text.
[[nodiscard]] inline boost::json::object config_strings(const printer_config& c);
/// The values as Klipper understood them.
[[nodiscard]] inline boost::json::object config_settings(const printer_config& c);

namespace detail {

inline boost::json::object motor_settings(const motor_config& m, const printer_config& c) {
    boost::json::object o;
    const auto endstop = [&](const axis_config& a) {
        o["endstop_pin"] = *m.endstop_pin;
        o["position_endstop"] = a.endstop;
        o["homing_speed"] = a.homing_speed;
        o["second_homing_speed"] = a.second_speed();
        o["homing_retract_speed"] = a.way_back_speed();
        o["homing_retract_dist"] = a.retract;
        o["homing_positive_dir"] = a.homes_upwards;
    };
    const auto which = m.drives();
    if (m.is_manual()) {
        if (m.endstop_pin) endstop({.endstop = m.endstop, .homing_speed = m.homing_speed});
        if (m.min) o["position_min"] = *m.min;
        if (m.max) o["position_max"] = *m.max;
        o["velocity"] = m.velocity;
        o["accel"] = m.accel;
    } else if (which && which != motor::x1) {
        const axis_config& a = c.axes[axis_of(*which)];
        endstop(a);
        o["position_min"] = a.min;
        o["position_max"] = a.max;
    } else if (m.endstop_pin) {
        o["endstop_pin"] = *m.endstop_pin;
    }
    o["step_pin"] = m.step_pin;
    o["dir_pin"] = m.dir_pin;
    o["rotation_distance"] = m.rotation_distance;
    o["microsteps"] = m.microsteps;
    o["full_steps_per_rotation"] = m.full_steps;
    o["gear_ratio"] = boost::json::array{};
    if (m.pulse) o["step_pulse_duration"] = *m.pulse;
    if (!m.enable_pin.empty()) o["enable_pin"] = m.enable_pin;
    return o;
}

/// Of a whole file. The folder of its virtual_sdcard is the simulation's.
inline boost::json::object written_strings(const printer_config& c) {
    boost::json::object file;
    for (const klippy::cfg_section& s : c.written) {
        boost::json::value& at = file[s.name];
        if (!at.is_object()) at.emplace_object();
        for (const klippy::cfg_option& o : s.options)
            at.get_object()[o.key] = s.name == "virtual_sdcard" && o.key == "path" ? c.gcodes.string() : o.value;
    }
    return file;
}

} // namespace detail

inline boost::json::object config_strings(const printer_config& c) {
    namespace json = boost::json;
    if (!c.written.empty()) return detail::written_strings(c);
    const auto text = [](double v) { return fmt::format("{}", v); };
    json::object all{{"mcu", json::object{{"serial", c.serial}, {"restart_method", c.restart_method}}},
                     {"printer", json::object{{"kinematics", "cartesian"},
                                              {"max_velocity", text(c.limits.max_velocity)},
                                              {"max_accel", text(c.limits.max_accel)}}}};
    auto& printer = all["printer"].as_object();
    if (c.limits.max_z_velocity) printer["max_z_velocity"] = text(*c.limits.max_z_velocity);
    if (c.limits.max_z_accel) printer["max_z_accel"] = text(*c.limits.max_z_accel);
    for (const motor_config& m : c.motors) {
        json::object o{{"step_pin", m.step_pin},
                       {"dir_pin", m.dir_pin},
                       {"enable_pin", m.enable_pin},
                       {"microsteps", fmt::format("{}", m.microsteps)},
                       {"rotation_distance", text(m.rotation_distance)},
                       {"full_steps_per_rotation", fmt::format("{}", m.full_steps)}};
        if (m.endstop_pin) {
            const axis_config& a = c.axes[axis_of(m.drives().value_or(motor::x))];
            o["endstop_pin"] = *m.endstop_pin;
            o["position_endstop"] = text(a.endstop);
            o["position_min"] = text(a.min);
            o["position_max"] = text(a.max);
            o["homing_speed"] = text(a.homing_speed);
            if (a.retract != 5) o["homing_retract_dist"] = text(a.retract);
            if (a.homes_upwards) o["homing_positive_dir"] = "true";
        }
        all[m.section] = std::move(o);
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
    for (const char* bare : {"skew_correction", "endstop_phase"})
        if (c.has(bare)) all[bare] = json::object{};
    for (const auto& [name, k] : c.skew_profiles)
        all["skew_correction " + name] =
            json::object{{"xy_skew", text(k.xy)}, {"xz_skew", text(k.xz)}, {"yz_skew", text(k.yz)}};
    if (c.limits.arc_resolution > 0) all["gcode_arcs"] = json::object{{"resolution", text(c.limits.arc_resolution)}};
    return all;
}

inline boost::json::object config_settings(const printer_config& c) {
    namespace json = boost::json;
    json::object all{{"mcu", json::object{{"serial", c.serial}, {"baud", 250000}}}};
    if (!c.restart_method.empty()) all["mcu"].as_object()["restart_method"] = c.restart_method;
    if (c.has("virtual_sdcard"))
        all["virtual_sdcard"] = json::object{{"path", c.gcodes.string()}, {"on_error_gcode", c.on_error_gcode}};
    if (c.has("pause_resume")) all["pause_resume"] = json::object{{"recover_velocity", c.recover_velocity}};
    if (c.has("respond")) all["respond"] = json::object{{"default_type", "echo"}, {"default_prefix", "echo:"}};
    if (c.has("force_move")) all["force_move"] = json::object{{"enable_force_move", true}};
    for (const auto& m : c.macros) {
        json::object o{{"gcode", m.gcode}};
        if (!m.renames.empty()) o["rename_existing"] = m.renames;
        for (const auto& [name, value] : m.variables) o["variable_" + io::to_lower(name)] = value;
        o["description"] = m.description;
        all["gcode_macro " + io::to_lower(m.name)] = std::move(o);
    }
    const auto& l = c.limits;
    all["printer"] = json::object{{"max_velocity", l.max_velocity},
                                  {"max_accel", l.max_accel},
                                  {"minimum_cruise_ratio", l.minimum_cruise_ratio},
                                  {"square_corner_velocity", l.square_corner_velocity},
                                  {"kinematics", c.is_cartesian ? "cartesian" : "none"}};
    if (c.is_cartesian) {
        all["printer"].as_object()["max_z_velocity"] = l.max_z_velocity.value_or(l.max_velocity);
        all["printer"].as_object()["max_z_accel"] = l.max_z_accel.value_or(l.max_accel);
    }
    for (const motor_config& m : c.motors) all[m.section] = detail::motor_settings(m, c);
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
    if (c.limits.arc_resolution > 0) all["gcode_arcs"] = json::object{{"resolution", c.limits.arc_resolution}};
    for (const auto& [name, k] : c.skew_profiles)
        all["skew_correction " + io::to_lower(name)] =
            json::object{{"xy_skew", k.xy}, {"xz_skew", k.xz}, {"yz_skew", k.yz}};
    all["idle_timeout"] = json::object{{"timeout", c.idle_timeout}, {"gcode", c.idle_gcode}};
    return all;
}

} // namespace kf::sim
