// SPDX-License-Identifier: MIT
#pragma once
/// One run of the simulated printer behind klippy's API: its parts, and what each status object says. A restart makes a
/// new one; the gantry stays.

#include <kf/sim/config_object.hpp>
#include <kf/sim/delayed_gcodes.hpp>
#include <kf/sim/gcode_host.hpp>
#include <kf/sim/homing.hpp>
#include <kf/sim/idle_timeout.hpp>
#include <kf/sim/manual_steppers.hpp>
#include <kf/sim/printer_commands.hpp>
#include <kf/sim/printer_config.hpp>
#include <kf/sim/skew_correction.hpp>
#include <kf/sim/toolhead.hpp>
#include <kf/sim/virtual_sdcard.hpp>

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kf::sim {

/// What all of klippy's objects know: is it ready, and if not, why.
struct printer_state {
    std::string name = "startup"; ///< startup, ready, shutdown, error
    std::string message;          ///< all of the text
};

class printer_objects {
  public:
    printer_objects(reactor& r, const printer_config& c, gantry& g, const printer_state& s)
      : config(c)
      , state(s)
      , head(r, c, g)
      , gcode(r, c, head)
      , commands(r, head, gcode, c)
      , manual(r, head, gcode, c)
      , home(head, gcode, c)
      , skew(head, gcode, c)
      , delayed(r, gcode, c)
      , sdcard(r, gcode, c)
      , idle(r, head, gcode, c) {
        gcode.state_message = [this] { return state.message; };
        gcode.status = [this, &r](const std::string& name) { return status(name, r.now()); };
        settings_ = config_settings(c);
        strings_ = config_strings(c);
    }
    printer_objects(const printer_objects&) = delete;
    printer_objects& operator=(const printer_objects&) = delete;

    /// The names of objects/list, in Klipper's order.
    [[nodiscard]] std::vector<std::string> names() const;
    /// The fields of an object; empty when there is none of this name.
    [[nodiscard]] boost::json::object status(std::string_view name, seconds now);
    /// Parts of the plan for motion_report/dump_trapq: [time, duration, velocity, acceleration, place, direction], from
    /// `after` on.
    [[nodiscard]] boost::json::array planned_since(seconds after) const;

    /// Steps of a motor for motion_report/dump_stepper, of moves from `after` on that were sent to the machine; nothing
    /// when it made none. Each move is as if its steps came evenly. `after` moves on.
    [[nodiscard]] std::optional<boost::json::object> stepped_since(const motor_config& m, seconds& after) const;

    /// The extended commands have help texts, G1 and M400 do not.
    static bool has_help(std::string_view n) { return n != "ECHO" && !(n.size() > 1 && n[1] >= '0' && n[1] <= '9'); }
    static constexpr const char* help = "simulated";

    const printer_config& config;
    const printer_state& state;
    toolhead head;
    gcode_host gcode;
    printer_commands commands;
    manual_steppers manual;
    homing home;
    skew_correction skew;
    delayed_gcodes delayed;
    virtual_sdcard sdcard;
    idle_timeout idle;

  private:
    static boost::json::array coordinates(const planner::xyz& p, double e = 0) { return {p.x, p.y, p.z, e}; }
    [[nodiscard]] boost::json::object toolhead_status() const;
    [[nodiscard]] boost::json::object gcode_move_status() const;
    [[nodiscard]] boost::json::object motion_report_status() const;
    [[nodiscard]] boost::json::object endstop_phase_status() const;

    boost::json::object settings_, strings_;
};

/// Each section brings its objects when it is loaded, and what it needs before itself; the tool head comes last.
inline std::vector<std::string> printer_objects::names() const {
    std::vector<std::string> all{"gcode", "webhooks", "configfile", "mcu"};
    const auto add = [&all](const std::string& name) {
        if (std::ranges::find(all, name) == all.end()) all.push_back(name);
    };
    const auto motors = [&](const auto& which) {
        const auto stops = config.endstops();
        for (std::size_t i = 0; i < config.motors.size(); ++i) {
            if (!std::invoke(which, config.motors[i])) continue;
            if (std::ranges::find(stops, i) != stops.end()) add("query_endstops");
            add("stepper_enable");
            add("motion_report");
        }
    };
    motors(&motor_config::is_manual);
    for (const std::string& module : config.modules) {
        if (module.starts_with("gcode_macro ")) {
            add("gcode_move");
            for (const auto& m : config.macros) add("gcode_macro " + m.name);
        } else if (module == "virtual_sdcard") {
            for (const char* name : {"gcode_move", "print_stats", "virtual_sdcard"}) add(name);
        } else if (module == "gcode_arcs") {
            add("gcode_move");
        } else if (module == "pause_resume" || module == "display_status" || module == "skew_correction" ||
                   module == "endstop_phase" || module == "idle_timeout") {
            add(module);
        }
    }
    if (!config.config_error.empty()) return all; // it got no further
    motors([](const motor_config& m) { return !m.is_manual(); });
    for (const char* late : {"query_endstops", "stepper_enable", "motion_report", "toolhead", "idle_timeout",
                             "gcode_move", "system_stats", "manual_probe"})
        add(late);
    return all;
}

inline boost::json::object printer_objects::toolhead_status() const {
    namespace json = boost::json;
    // Without axes there are no ends.
    const auto a = config.is_cartesian ? config.axes : std::array<axis_config, 3>{};
    const auto& l = head.motion().planner().limits();
    return {{"homed_axes", head.homed_axes()},
            {"axis_minimum", json::array{a[0].min, a[1].min, a[2].min, 0}},
            {"axis_maximum", json::array{a[0].max, a[1].max, a[2].max, 0}},
            {"print_time", head.queue.print_time()},
            {"stalls", head.queue.stalls()},
            {"estimated_print_time", head.queue.clock()},
            {"extruder", ""},
            {"position", coordinates(head.position())},
            {"max_velocity", l.max_velocity},
            {"max_accel", l.max_accel},
            {"minimum_cruise_ratio", l.minimum_cruise_ratio},
            {"square_corner_velocity", l.square_corner_velocity},
            {"extra_axes", json::object{}}};
}

inline boost::json::object printer_objects::gcode_move_status() const {
    namespace json = boost::json;
    const planner::gcode_state& s = head.motion().state();
    const auto four = [](const std::array<double, 4>& v) { return json::array{v[0], v[1], v[2], v[3]}; };
    return {{"speed_factor", s.speed_factor * 60.0},
            {"speed", s.speed / s.speed_factor},
            {"extrude_factor", s.extrude_factor},
            {"absolute_coordinates", s.absolute},
            {"absolute_extrude", s.absolute_extrude},
            {"homing_origin", four(s.homing)},
            {"position", four(s.last)},
            {"gcode_position", json::array{s.last[0] - s.base[0], s.last[1] - s.base[1], s.last[2] - s.base[2],
                                           (s.last[3] - s.base[3]) / s.extrude_factor}},
            {"axis_map", json::object{{"X", 0}, {"Y", 1}, {"Z", 2}, {"E", 3}}}};
}

inline boost::json::object printer_objects::motion_report_status() const {
    namespace json = boost::json;
    // Before the first connection to the machine there is no motion to report.
    const auto [at, speed] = state.name == "startup" ? std::pair(planner::xyz{}, 0.0) : head.live();
    json::array steppers, plans;
    for (const motor_config& m : config.motors) {
        steppers.emplace_back(m.section);
        if (m.is_manual() && config.program == host_program::klipper) plans.emplace_back(m.section);
    }
    plans.emplace_back("toolhead");
    return {{"live_position", coordinates(at)},
            {"live_velocity", speed},
            {"live_extruder_velocity", 0.0},
            {"steppers", std::move(steppers)},
            {"trapq", std::move(plans)}};
}

/// Steps at which the endstops triggered last: Klipper's Status_Reference, endstop_phase.
inline boost::json::object printer_objects::endstop_phase_status() const {
    namespace json = boost::json;
    json::object last;
    for (const motor_config& m : config.motors) {
        if (m.is_manual()) continue;
        const auto at = head.homed_at(axis_of(*m.drives()));
        if (!at) continue;
        const long steps = m.steps_of(*at);
        const long phases = 4 * m.microsteps;
        last[m.section] =
            json::object{{"phase", (steps % phases + phases) % phases}, {"phases", phases}, {"mcu_position", steps}};
    }
    return {{"last_home", std::move(last)}};
}

inline boost::json::object printer_objects::status(std::string_view name, seconds now) {
    namespace json = boost::json;
    if (name == "webhooks") return {{"state", state.name}, {"state_message", state.message}};
    if (const bool is_job = name == "print_stats" || name == "virtual_sdcard"; is_job && !config.has("virtual_sdcard"))
        return {};
    if (name == "pause_resume" && !config.has(name)) return {};
    if (name == "display_status" && !config.has(name)) return {};
    if (name == "print_stats") return sdcard.stats().status(now);
    if (name == "virtual_sdcard") return sdcard.status();
    if (name == "pause_resume") return {{"is_paused", sdcard.is_paused()}};
    if (name == "skew_correction" && config.has(name)) return skew.status();
    if (name == "endstop_phase" && config.has(name)) return endstop_phase_status();
    if (name == "toolhead") return toolhead_status();
    if (name == "gcode_move") return gcode_move_status();
    if (name == "motion_report") return motion_report_status();
    if (name == "idle_timeout")
        return {{"state", idle.state()}, {"printing_time", idle.printing_time()}, {"idle_timeout", idle.timeout()}};
    if (name == "display_status")
        return {{"progress", sdcard.is_active() && commands.progress() == 0 ? sdcard.status().at("progress").as_double()
                                                                            : commands.progress()},
                {"message", commands.message() ? json::value(*commands.message()) : json::value(nullptr)}};
    if (name == "query_endstops") {
        json::object last;
        for (const auto& [endstop, triggered] : commands.endstops()) last[endstop] = triggered ? 1 : 0;
        return {{"last_query", std::move(last)}};
    }
    if (name == "stepper_enable") {
        json::object on;
        for (std::size_t i = 0; i < config.motors.size(); ++i) on[config.motors[i].section] = head.is_enabled(i);
        return {{"steppers", std::move(on)}};
    }
    if (name == "configfile")
        return {{"config", strings_},
                {"warnings", json::array{}},
                {"save_config_pending", false},
                {"save_config_pending_items", json::object{}},
                {"settings", settings_}};
    if (name == "gcode") {
        json::object all;
        for (const auto& n : gcode.names()) all[n] = has_help(n) ? json::object{{"help", help}} : json::object{};
        return {{"commands", std::move(all)}};
    }
    if (name == "mcu")
        return {{"mcu_version", "simulated"},
                {"mcu_build_versions", "simulated"},
                {"mcu_constants", json::object{{"CLOCK_FREQ", 50000000}, {"MCU", "linux"}}},
                {"last_stats", json::object{{"mcu_awake", 0.0}, {"freq", 50000000}}}};
    if (name == "system_stats") return {{"sysload", 0.1}, {"cputime", now}, {"memavail", 1000000}};
    if (name == "manual_probe")
        return {{"is_active", false},
                {"z_position", nullptr},
                {"z_position_lower", nullptr},
                {"z_position_upper", nullptr}};
    if (name.starts_with("gcode_macro ")) {
        json::object own;
        const std::string macro(name.substr(12));
        if (const auto* variables = gcode.variables(macro))
            for (const auto& [key, value] : *variables) own[key] = literal(value);
        return own;
    }
    return {};
}

inline boost::json::array printer_objects::planned_since(seconds after) const {
    namespace json = boost::json;
    json::array out;
    const auto homing = head.homing_since();
    for (const planner::planned_move& m : head.history()) {
        if (homing && m.at + m.duration() >= *homing) break; // it may still be cut short
        seconds at = m.at;
        mm way = 0;
        const auto part = [&](seconds duration, mm_per_s velocity, mm_per_s2 accel, bool always) {
            if (duration <= 0 && !always) return;
            if (at > after)
                out.push_back(json::array{at, duration, velocity, accel,
                                          json::array{m.start.x + m.direction.x * way, m.start.y + m.direction.y * way,
                                                      m.start.z + m.direction.z * way},
                                          json::array{m.direction.x, m.direction.y, m.direction.z}});
            at += duration;
            way += (velocity + 0.5 * accel * duration) * duration;
        };
        if (m.distance == 0) {
            part(0, 0, 0, true);
            continue;
        }
        part(m.accel_t, m.start_v, m.accel, false);
        part(m.cruise_t, m.cruise_v, 0, false);
        part(m.decel_t, m.cruise_v, -m.accel, false);
    }
    return out;
}

inline std::optional<boost::json::object> printer_objects::stepped_since(const motor_config& m, seconds& after) const {
    namespace json = boost::json;
    constexpr double clocks = 50e6;
    const auto drives = m.drives();
    if (!drives || m.is_manual() || head.homing_since()) return std::nullopt;
    const std::size_t axis = axis_of(*drives);
    const mm step = m.rotation_distance / m.steps_per_turn();
    const mm shift = along(head.counted(), axis) - along(head.position(), axis);
    json::array data;
    json::object out;
    for (const planner::planned_move& move : head.history()) {
        if (move.distance == 0) { // what is before it was counted from elsewhere
            data.clear();
            continue;
        }
        const mm way = along(move.end, axis) - along(move.start, axis);
        if (way == 0 || move.at <= after || move.at + move.duration() > head.queue.clock()) continue;
        const long count = std::lround(way / step);
        if (data.empty()) {
            out["start_position"] = along(move.start, axis);
            out["start_mcu_position"] = std::lround((along(move.start, axis) + shift) / step);
            out["first_clock"] = std::llround(move.at * clocks);
            out["first_step_time"] = move.at;
        }
        data.push_back(json::array{
            count == 0 ? 0 : std::llround(move.duration() * clocks / static_cast<double>(std::abs(count))), count, 0});
        out["last_step_time"] = move.at + move.duration();
        out["last_clock"] = std::llround((move.at + move.duration()) * clocks);
        after = move.at;
    }
    if (data.empty()) return std::nullopt;
    out["data"] = std::move(data);
    out["step_distance"] = step;
    return out;
}

} // namespace kf::sim
