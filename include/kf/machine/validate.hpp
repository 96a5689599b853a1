// SPDX-License-Identifier: MIT
#pragma once
/// Every rule that a machine must meet by itself, before any printer is asked: ranges, units, and how fields fit
/// together. What the printer says is compared in run/preflight. Spec: machine.yaml(5), CHECKS.

#include <kf/io/decimal.hpp>
#include <kf/io/printable.hpp>
#include <kf/machine/fields.hpp>
#include <kf/machine/problem.hpp>
#include <kf/machine/way.hpp>
#include <kf/units.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

namespace kf::machine {

namespace detail {

inline std::string range_text(const rule& r) {
    const std::string unit = *r.unit != '\0' ? fmt::format(" {}", r.unit) : "";
    if (std::isinf(r.max)) return std::isinf(r.min) ? "" : fmt::format("{}{} or more", io::to_decimal(r.min), unit);
    return fmt::format("{} to {}{}", io::to_decimal(r.min), io::to_decimal(r.max), unit);
}

/// Finds numbers outside of their field's own range, NaN included.
struct range_check {
    std::vector<problem>& found;

    void number(const std::string& path, double value, const rule& r) const {
        if (value >= r.min && value <= r.max) return;
        problem p{.field = path, .value = io::to_decimal(value), .allowed = range_text(r)};
        const bool speed = std::string_view(r.unit) == "mm/s";
        if (speed && value > r.max)
            p.text = fmt::format("Speeds here are in mm/s; {} mm/min is written {}.", io::to_decimal(value),
                                 io::to_decimal(from_f_word(value), 3));
        if (!std::isfinite(value)) p.text = "This must be an ordinary number.";
        found.push_back(std::move(p));
    }
    template<class T>
    void operator()(const std::string& path, const T& value, const rule& r) const {
        const auto known = [&](const problem& p) { return p.field.starts_with(path); };
        if (std::any_of(found.begin(), found.end(), known)) return; // it could not even be read
        if constexpr (std::is_same_v<T, double> || std::is_same_v<T, int>)
            number(path, value, r);
        else if constexpr (std::is_same_v<T, std::optional<double>> || std::is_same_v<T, std::optional<int>>) {
            if (value) number(path, *value, r);
        } else if constexpr (std::is_same_v<T, std::optional<xy>>) {
            if (value) (*this)(path, *value, r);
        } else if constexpr (std::is_same_v<T, xy>) {
            number(path + "[0]", value.x, r);
            number(path + "[1]", value.y, r);
        } else if constexpr (std::is_same_v<T, std::vector<double>>) {
            for (std::size_t i = 0; i < value.size(); ++i) number(fmt::format("{}[{}]", path, i), value[i], r);
        }
    }
};

/// The rules between fields. Each check assumes that the single fields are in their ranges.
class cross_check {
    const machine& m_;
    std::vector<problem>& found_;

    void add(problem::level level, std::string field, double value, std::string allowed, std::string text) const {
        found_.push_back({level, std::move(field), io::to_decimal(value), std::move(allowed), std::move(text)});
    }
    void error(std::string field, double value, std::string allowed, std::string text) const {
        add(problem::level::error, std::move(field), value, std::move(allowed), std::move(text));
    }
    void words(problem::level level, std::string field, std::string value, std::string text) const {
        found_.push_back({level, std::move(field), std::move(value), "", std::move(text)});
    }
    void within(const std::string& field, double value, double low, double high, const char* unit,
                const std::string& text) const {
        constexpr double rounding = 1e-9;
        if (value < low - rounding || value > high + rounding)
            error(field, value, range_text({{}, low, high, unit}), text);
    }

  public:
    cross_check(const machine& m, std::vector<problem>& found)
      : m_(m)
      , found_(found) {}

    void work_area() const {
        const auto axis_ends = [&](const char* name, double low, double high) {
            if (low >= high)
                error(fmt::format("machine.work_area_min_mm.{}", name), low,
                      fmt::format("less than {} mm", io::to_decimal(high)), "An axis starts before it ends.");
        };
        axis_ends("x", m_.work_area_min_mm.x, m_.work_area_mm.x);
        axis_ends("y", m_.work_area_min_mm.y, m_.work_area_mm.y);
        axis_ends("z", m_.work_area_min_mm.z, m_.work_area_mm.z);
        const box area = m_.work_area();
        within("machine.park_mm[0]", m_.park_mm.x, area.min.x, area.max.x, "mm", "Parking is inside the work area.");
        within("machine.park_mm[1]", m_.park_mm.y, area.min.y, area.max.y, "mm", "Parking is inside the work area.");
        if (!m_.pen_change_mm) return;
        const std::string reach = "Pens are changed inside the work area.";
        within("machine.pen_change_mm[0]", m_.pen_change_mm->x, area.min.x, area.max.x, "mm", reach);
        within("machine.pen_change_mm[1]", m_.pen_change_mm->y, area.min.y, area.max.y, "mm", reach);
    }

    void canvas_fits() const {
        const canvas& c = m_.canvas;
        const auto fits = [&](const char* axis, const char* size, double offset, double length, double low,
                              double high) {
            if (length > high - low)
                error(fmt::format("canvas.{}", size), length, range_text({{}, 1, high - low, "mm"}),
                      fmt::format("The canvas is larger than the work area in {}.", axis));
            else
                within(fmt::format("canvas.offset_{}_mm", axis), offset, low, high - length, "mm",
                       fmt::format("With its {} mm the canvas leaves the work area ({} to {} mm).",
                                   io::to_decimal(length), io::to_decimal(low), io::to_decimal(high)));
            for (const tool& t : m_.tools) {
                const double shift = *axis == 'x' ? t.xy_offset_mm.x : t.xy_offset_mm.y;
                const double start = offset + shift, end = start + length;
                if (length <= high - low && offset >= low && offset + length <= high && (start < low || end > high))
                    add(problem::level::note, fmt::format("tools.{}.xy_offset_mm[{}]", t.name, *axis == 'x' ? 0 : 1),
                        shift, range_text({{}, low - offset, high - length - offset, "mm"}),
                        fmt::format("This tool cannot reach the whole canvas in {}.", axis));
            }
        };
        const box area = m_.work_area();
        fits("x", "width_mm", c.offset_x_mm, c.width_mm, area.min.x, area.max.x);
        fits("y", "height_mm", c.offset_y_mm, c.height_mm, area.min.y, area.max.y);
        const double most = std::min(c.width_mm, c.height_mm) / 2;
        if (c.margin_mm >= most)
            error("canvas.margin_mm", c.margin_mm, fmt::format("less than {} mm", io::to_decimal(most)),
                  "The margin leaves no canvas to draw on.");
    }

    /// Up is the travel height, on whichever side of the paper it lies; each tool works apart from it.
    void heights() const {
        const double low = m_.work_area_min_mm.z, high = m_.work_area_mm.z, travel = m_.z_states.travel_mm;
        constexpr double apart = 0.1;
        const std::string in_area = "Z heights are inside the work area.";
        within("z_states.travel_mm", travel, low, high, "mm", in_area);
        for (const tool& t : m_.tools) {
            const std::string field = "z_states." + t.name + "_work_mm";
            within(field, t.work_mm, low, high, "mm", in_area);
            if (std::fabs(t.work_mm - travel) < apart)
                error(
                    field, t.work_mm,
                    fmt::format("{} mm or more from travel_mm ({} mm)", io::to_decimal(apart), io::to_decimal(travel)),
                    "At travel height every tool is clear of the paper.");
            if (!t.floor_mm) continue;
            const std::string floor = "z_states." + t.name + "_floor_mm";
            within(floor, *t.floor_mm, low, high, "mm", in_area);
            if (t.work_mm > travel ? *t.floor_mm < t.work_mm : *t.floor_mm > t.work_mm)
                error(floor, *t.floor_mm,
                      fmt::format("{} mm, or farther from travel_mm ({} mm)", io::to_decimal(t.work_mm),
                                  io::to_decimal(travel)),
                      "The floor is where the tool works, or beyond.");
        }
        if (const auto touch = m_.z_reference.touch_off_mm; touch && !m_.tools.empty())
            if (const double work = m_.tools.front().work_mm; (*touch > travel) != (work > travel))
                error("z_reference.touch_off_mm", *touch,
                      fmt::format("on the side of travel_mm ({} mm) where {}_work_mm is ({} mm)",
                                  io::to_decimal(travel), m_.tools.front().name, io::to_decimal(work)),
                      "The tool touches the paper on the way to its work height.");
        if (m_.z_reference.touch_off_mm)
            within("z_reference.touch_off_mm", *m_.z_reference.touch_off_mm, low, high, "mm", in_area);
    }

    void drive() const {
        const steppers& s = m_.steppers;
        const double belt = s.belt_pitch_mm * s.pulley_teeth;
        const std::string product = fmt::format("belt_pitch_mm x pulley_teeth = {} x {} = {} mm",
                                                io::to_decimal(s.belt_pitch_mm), s.pulley_teeth, io::to_decimal(belt));
        // Calibration moves rotation_distance by tenths of a percent; a wrong pulley by a tooth or more.
        const auto near_belt = [&](const std::string& field, mm distance) {
            if (const double off = std::fabs(distance - belt); off > belt * 0.02)
                error(field, distance, range_text({{}, belt * 0.98, belt * 1.02, "mm"}), product + ".");
            else if (off > 1e-6)
                add(problem::level::note, field, distance, "", fmt::format("Taken as calibrated; {}.", product));
        };
        near_belt("steppers.xy_rotation_distance", s.xy_rotation_distance);
        if (s.x_rotation_distance) near_belt("steppers.x_rotation_distance", *s.x_rotation_distance);
        if (s.y_rotation_distance) near_belt("steppers.y_rotation_distance", *s.y_rotation_distance);
        const int full_steps = full_steps_per_rev(s.motor_type);
        if (full_steps == 0)
            words(problem::level::error, "steppers.motor_type", s.motor_type, "Known types: 0.9deg, 1.8deg.");
        else if (full_steps * s.klipper_microsteps != s.driver_pulses_per_rev)
            error("steppers.klipper_microsteps", s.klipper_microsteps, "",
                  fmt::format("{} full steps x {} = {} pulses, but driver_pulses_per_rev is {}.", full_steps,
                              s.klipper_microsteps, full_steps * s.klipper_microsteps, s.driver_pulses_per_rev));
        if (s.wiring == "common_anode" && s.enable_pin_inverted)
            words(problem::level::note, "steppers.enable_pin_inverted", "true",
                  "With common-anode wiring an inverted enable pin never enables the driver.");
    }

    void speeds() const {
        const double most = m_.motion.max_velocity_mm_s;
        const auto at_most = [&](const std::string& field, double value, double limit, const char* limit_name) {
            if (value <= limit) return;
            std::string text = fmt::format("The limit is motion.{}.", limit_name);
            if (from_f_word(value) <= limit && value > 4 * limit)
                text += fmt::format(" Speeds are in mm/s; {} mm/min is written {}.", io::to_decimal(value),
                                    io::to_decimal(from_f_word(value), 3));
            error(field, value, range_text({{}, 0.01, limit, "mm/s"}), text);
        };
        at_most("motion.homing_speed_mm_s", m_.motion.homing_speed_mm_s, most, "max_velocity_mm_s");
        const double z_most = m_.motion.max_z_velocity_mm_s.value_or(std::numeric_limits<double>::infinity());
        for (const tool& t : m_.tools) {
            const std::string at = "tools." + t.name + ".";
            at_most(at + "feed_mm_s", t.feed_mm_s, most, "max_velocity_mm_s");
            at_most(at + "travel_feed_mm_s", t.travel_feed_mm_s, most, "max_velocity_mm_s");
            at_most(at + "plunge_feed_mm_s", t.plunge_feed_mm_s, std::min(most, z_most),
                    z_most < most ? "max_z_velocity_mm_s" : "max_velocity_mm_s");
            if (t.lift_feed_mm_s)
                at_most(at + "lift_feed_mm_s", *t.lift_feed_mm_s, std::min(most, z_most),
                        z_most < most ? "max_z_velocity_mm_s" : "max_velocity_mm_s");
        }
    }

    void homing() const {
        const auto must_home = [&](const char* name, const axis& a) {
            if (!a.homing_side)
                words(problem::level::error, fmt::format("axes.{}.homing_side", name), "",
                      "X and Y home against an endstop: min or max.");
        };
        must_home("x", m_.axes.x);
        must_home("y", m_.axes.y);
        if (m_.z_reference.method == z_reference::way::endstop && !m_.axes.z.endstop_pin)
            words(problem::level::error, "z_reference.method", "endstop", "axes.z.endstop_pin names no endstop.");
    }

    void paths() const {
        const std::string& socket = m_.connection.socket_path;
        constexpr std::size_t sun_path = 107; // what a Unix socket address holds, without its final zero
        if (!socket.starts_with('/') || socket.size() > sun_path || socket.find('\0') != std::string::npos)
            words(problem::level::error, "connection.socket_path", socket,
                  "A socket path starts with / and has 107 bytes at most.");
        const std::string& folder = m_.gcode_directory;
        if (!folder.starts_with('/') || folder.find('\0') != std::string::npos)
            words(problem::level::error, "file_execution.gcode_directory", folder,
                  "This is the whole path of [virtual_sdcard] in printer.cfg; it starts with /.");
        else if (folder.find('#') != std::string::npos || folder.find(" ;") != std::string::npos)
            words(problem::level::error, "file_execution.gcode_directory", folder,
                  "Klipper ends a path of printer.cfg at a # and at a ; behind a blank: such a folder has no name "
                  "there.");
    }

    void jog_steps() const {
        const auto& steps = m_.interactive.jog_increments_mm;
        if (steps.empty())
            words(problem::level::error, "interactive.jog_increments_mm", "", "At least one step is needed.");
        else if (std::find(steps.begin(), steps.end(), m_.interactive.default_jog_increment_mm) == steps.end())
            error("interactive.default_jog_increment_mm", m_.interactive.default_jog_increment_mm, "",
                  "It must be one of jog_increments_mm.");
    }

    void keep_outs() const {
        for (std::size_t i = 0; i < m_.keep_outs.size(); ++i) {
            const keep_out& k = m_.keep_outs[i];
            const std::string at = fmt::format("keep_outs[{}].", i);
            constexpr double far = 5000;
            const auto number = [&](const char* name, double value, double least) {
                if (value >= least && value <= far) return true;
                error(at + name, value, range_text({{}, least, far, "mm"}), "");
                return false;
            };
            const auto side = [&](const char* name, double low, double high) {
                if (number(name, low, -far) && number(name, high, -far) && low >= high)
                    error(at + name, low, fmt::format("less than {} mm", io::to_decimal(high)),
                          "A keep-out is [from, to], with from before to.");
            };
            if (const auto* rectangle = std::get_if<box>(&k.area)) {
                side("x", rectangle->min.x, rectangle->max.x);
                side("y", rectangle->min.y, rectangle->max.y);
            } else {
                const disc& circle = std::get<disc>(k.area);
                number("x", circle.centre.x, -far);
                number("y", circle.centre.y, -far);
                number("radius", circle.radius, 0.001);
            }
            if (k.height_mm) {
                within(at + "height_mm", *k.height_mm, m_.work_area_min_mm.z, m_.work_area_mm.z, "mm",
                       "The top of a keep-out is a machine Z, as z_states.travel_mm.");
                if (k.applies == keep_out::when::tool_down)
                    words(problem::level::error, at + "height_mm", "",
                          "A keep-out with when: tool_down lets every travel pass: leave out one of the two.");
            }
            if (std::none_of(m_.tools.begin(), m_.tools.end(), [&](const tool& t) { return stops_travel(m_, t, k); }))
                continue;
            if (contains(k, m_.park_mm))
                words(problem::level::error, "machine.park_mm", "",
                      fmt::format("Parking is inside keep-out {}.", io::printable(k.name)));
            if (m_.pen_change_mm && contains(k, *m_.pen_change_mm))
                words(problem::level::error, "machine.pen_change_mm", "",
                      fmt::format("Pens would be changed inside keep-out {}.", io::printable(k.name)));
            if (contains(k, home_position(m_)))
                words(problem::level::error, at + "x", "", "The home position is inside this keep-out.");
        }
    }

    /// Accepted fields that don't do what their name says.
    void explanations() const {
        if (m_.motion.junction_deviation_mm)
            add(problem::level::note, "motion.junction_deviation_mm", *m_.motion.junction_deviation_mm, "",
                "Accepted and not used: Klipper rounds corners by square_corner_velocity in printer.cfg.");
        if (m_.interactive.position_poll_interval_ms)
            add(problem::level::note, "interactive.position_poll_interval_ms",
                *m_.interactive.position_poll_interval_ms, "",
                "Accepted and not used: Klipper sends positions by itself, every 250 ms.");
        if (m_.pumps_enabled || m_.servos_enabled)
            words(problem::level::note, m_.pumps_enabled ? "pumps.enabled" : "servos.enabled", "true",
                  "This version drives no pumps and no servos: spray operations are refused.");
    }
};

} // namespace detail

/// Everything wrong with `m` by itself, behind what is `known` already (fields that the file lacks or that could not be
/// read). Lines are not known here. A rule between fields waits until those fields are right by themselves.
[[nodiscard]] inline std::vector<problem> validate(const machine& m, std::vector<problem> known = {}) {
    std::vector<problem> found = std::move(known);
    for_each_field(m, detail::range_check{found});
    if (m.tools.empty() && found.empty())
        found.push_back({.field = "tools", .text = "At least one tool is needed, as tools.pen."});
    std::vector<std::string> wrong;
    for (const problem& p : found) wrong.push_back(p.field);
    const auto right = [&](std::initializer_list<std::string_view> groups) {
        return std::none_of(wrong.begin(), wrong.end(), [&](const std::string& field) {
            return std::any_of(groups.begin(), groups.end(), [&](std::string_view g) { return field.starts_with(g); });
        });
    };
    const detail::cross_check check(m, found);
    if (right({"machine"})) check.work_area();
    if (right({"machine", "canvas", "tools"})) check.canvas_fits();
    if (right({"machine", "z_", "tools"})) check.heights();
    if (right({"steppers"})) check.drive();
    if (right({"motion", "tools"})) check.speeds();
    if (right({"axes", "z_reference"})) check.homing();
    if (right({"connection", "file_execution"})) check.paths();
    if (right({"interactive"})) check.jog_steps();
    if (right({"machine", "axes", "z_states", "tools", "keep_outs"})) check.keep_outs();
    check.explanations();
    return found;
}

/// A note when no socket waits at connection.socket_path: Klipper is not running, or elsewhere.
[[nodiscard]] inline std::optional<problem> missing_socket(const machine& m) {
    std::error_code code;
    if (std::filesystem::is_socket(m.connection.socket_path, code)) return std::nullopt;
    return problem{.severity = problem::level::note,
                   .field = "connection.socket_path",
                   .value = m.connection.socket_path,
                   .text = "No socket is there now: Klipper is not running, or was started without -a."};
}

[[nodiscard]] inline bool has_errors(const std::vector<problem>& problems) noexcept {
    return std::any_of(problems.begin(), problems.end(),
                       [](const problem& p) { return p.severity == problem::level::error; });
}

} // namespace kf::machine
