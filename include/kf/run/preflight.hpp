// SPDX-License-Identifier: MIT
#pragma once
/// The last look before motion: the machine of machine.yaml against the printer as Klipper runs it now. What does not
/// fit, and what would put the ink somewhere else (a pause, an offset, a mesh, a skew), is refused; what only a person
/// can judge is a warning. judge() is a pure function over what was asked; preflight() asks.

#include <kf/job/gcode.hpp>
#include <kf/job/lookahead.hpp>
#include <kf/klippy/client.hpp>
#include <kf/klippy/settings.hpp>
#include <kf/klippy/status.hpp>
#include <kf/machine/machine.hpp>
#include <kf/run/macros.hpp>

#include <boost/json.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace kf::run {

namespace json = boost::json;

/// What a run takes from the printer.
struct printer_facts {
    std::vector<std::string> objects; ///< objects/list
    job::motion_limits limits;        ///< those that Klipper runs with
    double speed_factor = 1;          ///< M220
    std::string homed_axes;
    bool z_endstop = false, force_move = false;
    bool arcs = false;           ///< G2 and G3 are known
    bool files = false;          ///< virtual_sdcard and pause_resume are there
    bool boundary = false;       ///< our macro is there
    std::string gcode_directory; ///< of virtual_sdcard, as printer.cfg writes it
    std::vector<std::string> warnings = {};

    [[nodiscard]] bool homed(std::string_view axes) const {
        return std::all_of(axes.begin(), axes.end(), [&](char a) { return homed_axes.find(a) != std::string::npos; });
    }
};

/// One query's objects, for judge(). Of a mesh and a skew only whether one is active.
[[nodiscard]] inline json::object preflight_objects(const std::vector<std::string>& live) {
    json::object wanted = klippy::state_objects();
    wanted["toolhead"] = json::array{
        "homed_axes", "position", "max_velocity", "max_accel", "square_corner_velocity", "minimum_cruise_ratio"};
    wanted["configfile"] = json::array{"settings"};
    const auto has = [&](std::string_view object) { return std::find(live.begin(), live.end(), object) != live.end(); };
    if (has("bed_mesh")) wanted["bed_mesh"] = json::array{"profile_name"};
    if (has("skew_correction")) wanted["skew_correction"] = json::array{"current_profile_name"};
    return wanted;
}

namespace detail {

inline std::string mm_text(double v) { return io::to_decimal(v, 4); }

/// All faults of one look, so that one look mends them all.
class fault_list {
    std::string text_;
    std::size_t count_ = 0;

  public:
    void add(std::string line) {
        if (count_++ != 0) text_ += '\n';
        text_ += line;
    }
    /// Both are numbers with one unit.
    void differs(std::string_view what, double ours, std::string_view key, double klippers) {
        add(fmt::format("{}: machine.yaml has {}, Klipper's {} is {}.", what, mm_text(ours), key, mm_text(klippers)));
    }
    [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
    [[nodiscard]] std::string take() { return std::move(text_); }
};

inline bool same(double a, double b) { return std::fabs(a - b) <= 1e-6 * std::max({1.0, std::fabs(a), std::fabs(b)}); }

inline void compare_axes(const machine::machine& m, const klippy::settings& s, fault_list& faults) {
    const bool z_is_known = m.steppers.z_rotation_distance.has_value();
    for (const char axis : {'x', 'y', 'z'}) {
        const std::string section = fmt::format("stepper_{}", axis);
        if (!s.has_section(section)) {
            faults.add(fmt::format("Klipper has no [{}].", section));
            continue;
        }
        const mm far = axis == 'x' ? m.work_area_mm.x : axis == 'y' ? m.work_area_mm.y : m.work_area_mm.z;
        const mm near = axis == 'x' ? m.work_area_min_mm.x : axis == 'y' ? m.work_area_min_mm.y : m.work_area_min_mm.z;
        if (const auto theirs = s.position_max(axis); theirs && !same(*theirs, far))
            faults.differs(fmt::format("machine.work_area_mm.{}", axis), far, section + ".position_max", *theirs);
        // Z may reach lower on the printer than any tool of ours goes; X and Y begin where they are homed.
        if (const auto theirs = s.position_min(axis); theirs && (axis == 'z' ? near < *theirs : !same(*theirs, near)))
            faults.differs(fmt::format("machine.work_area_min_mm.{}", axis), near, section + ".position_min", *theirs);
        if (axis != 'z') {
            const machine::xy home = machine::home_position(m);
            constexpr mm tolerance = 0.1; // as after homing
            const mm ours = axis == 'x' ? home.x : home.y;
            if (const auto theirs = s.position_endstop(axis); theirs && std::fabs(*theirs - ours) > tolerance)
                faults.differs(fmt::format("axes.{}.homing_side", axis), ours, section + ".position_endstop", *theirs);
        }
        if (axis == 'z' && !z_is_known) continue; // machine.yaml does not say what drives Z
        const mm rotation = axis == 'z' ? *m.steppers.z_rotation_distance : m.steppers.xy_rotation_distance;
        const std::string key = axis == 'z' ? "steppers.z_rotation_distance" : "steppers.xy_rotation_distance";
        std::vector<std::string> motors{section};
        for (int i = 1; s.has_section(section + std::to_string(i)); ++i) motors.push_back(section + std::to_string(i));
        for (const std::string& motor : motors) {
            if (const auto theirs = s.number(motor, "rotation_distance"); theirs && !same(*theirs, rotation))
                faults.differs(key, rotation, motor + ".rotation_distance", *theirs);
            if (const auto theirs = s.number(motor, "microsteps");
                theirs && !same(*theirs, m.steppers.klipper_microsteps))
                faults.differs("steppers.klipper_microsteps", m.steppers.klipper_microsteps, motor + ".microsteps",
                               *theirs);
            const int full_steps = machine::full_steps_per_rev(m.steppers.motor_type);
            if (const auto theirs = s.number(motor, "full_steps_per_rotation");
                theirs && full_steps != 0 && !same(*theirs, full_steps))
                faults.differs("steppers.motor_type (full steps a turn)", full_steps,
                               motor + ".full_steps_per_rotation", *theirs);
        }
    }
}

inline void compare_limits(const machine::machine& m, const klippy::settings& s, fault_list& faults) {
    const auto above = [&](std::string_view key, std::optional<double> ours, std::string_view theirs_name,
                           std::optional<double> theirs) {
        if (ours && theirs && *ours > *theirs && !same(*ours, *theirs))
            faults.add(fmt::format("motion.{} is {}, above Klipper's {} of {}.", key, mm_text(*ours), theirs_name,
                                   mm_text(*theirs)));
    };
    above("max_velocity_mm_s", m.motion.max_velocity_mm_s, "max_velocity", s.max_velocity());
    above("max_accel_mm_s2", m.motion.max_accel_mm_s2, "max_accel", s.max_accel());
    above("max_z_velocity_mm_s", m.motion.max_z_velocity_mm_s, "max_z_velocity", s.max_z_velocity());
    above("max_z_accel_mm_s2", m.motion.max_z_accel_mm_s2, "max_z_accel", s.max_z_accel());
    above("square_corner_velocity_mm_s", m.motion.square_corner_velocity_mm_s, "square_corner_velocity",
          s.square_corner_velocity());
}

inline std::string text_field(const json::object& status, std::string_view object, std::string_view key) {
    if (const json::value* o = status.if_contains(object); o != nullptr && o->is_object())
        if (const json::value* v = o->get_object().if_contains(key); v != nullptr && v->is_string())
            return std::string(v->get_string());
    return {};
}

/// What would shift or bend the drawing, or is in the middle of another one.
inline result<void> refuse_state(const json::object& status, const klippy::printer_status& now) {
    if (!now.ready()) {
        const bool starting = now.webhooks.state == klippy::printer_state::startup;
        return kf::fail({starting ? errc::not_connected : errc::refused,
                         fmt::format("Klipper is not ready ({}): {}", klippy::name(now.webhooks.state),
                                     klippy::first_line(now.webhooks.message)),
                         {},
                         {},
                         {"Remove the cause named above.", "kplot recover"}});
    }
    const auto state = now.job();
    const bool paused = now.pause_resume && now.pause_resume->is_paused;
    if (state == klippy::job_state::printing || state == klippy::job_state::paused || paused ||
        (now.virtual_sdcard && now.virtual_sdcard->is_active))
        return kf::fail(
            {errc::busy,
             state == klippy::job_state::printing ? "the printer runs another file" : "the printer is in a pause",
             now.print_stats ? now.print_stats->filename : std::string(),
             {},
             {"kplot status", "Wait for its end, or: kplot cancel"}});
    if (now.gcode_move)
        for (const double offset : now.gcode_move->homing_origin)
            if (offset != 0)
                return kf::fail(
                    {errc::refused,
                     fmt::format("Klipper has a G-code offset: X {} Y {} Z {}",
                                 mm_text(now.gcode_move->homing_origin[0]), mm_text(now.gcode_move->homing_origin[1]),
                                 mm_text(now.gcode_move->homing_origin[2])),
                     "everything would be drawn that much beside its place",
                     {},
                     {"Send SET_GCODE_OFFSET X=0 Y=0 Z=0"}});
    if (const auto mesh = text_field(status, "bed_mesh", "profile_name"); !mesh.empty())
        return kf::fail({errc::refused,
                         fmt::format("the bed mesh \"{}\" is active", mesh),
                         "it would move Z while the pen draws",
                         {},
                         {"Send BED_MESH_CLEAR"}});
    if (const auto skew = text_field(status, "skew_correction", "current_profile_name"); !skew.empty())
        return kf::fail({errc::refused,
                         fmt::format("the skew correction \"{}\" is active", skew),
                         "checked coordinates would not be the ones that are driven to",
                         {},
                         {"Send SET_SKEW CLEAR=1"}});
    return {};
}

inline void warn_of_config(const machine::machine& m, const klippy::settings& s, printer_facts& facts) {
    if (const auto cancel = s.text("gcode_macro cancel_print", "gcode"); cancel && moves_z_relatively(*cancel))
        facts.warnings.emplace_back("the printer's CANCEL_PRINT moves Z relatively, and on this machine +Z presses the "
                                    "pen; kplot cancel lifts the pen first. A better macro: kplot machine macros");
    if (facts.files) {
        const auto on_error = s.text("virtual_sdcard", "on_error_gcode");
        const std::string lift = fmt::format("Z{}", io::to_decimal(m.z_states.travel_mm, 4));
        if (!on_error || on_error->find(lift) == std::string::npos)
            facts.warnings.push_back(fmt::format("on_error_gcode of [virtual_sdcard] does not lift to {}: a file that "
                                                 "fails while nobody watches leaves the pen down. See: kplot machine "
                                                 "macros",
                                                 lift));
    }
    if (facts.speed_factor != 1)
        facts.warnings.push_back(fmt::format("the speed factor is {} % (M220): all speeds are scaled by it",
                                             io::to_decimal(facts.speed_factor * 100, 1)));
}

} // namespace detail

/// The limits of now, SET_VELOCITY_LIMIT included; those of Z are printer.cfg's.
[[nodiscard]] inline result<job::motion_limits> live_limits(const json::object& status) {
    KF_TRY(const auto settings, klippy::settings::from_status(status));
    klippy::toolhead_status t;
    if (const json::value* o = status.if_contains("toolhead"); o != nullptr && o->is_object()) {
        klippy::detail::field_reader f("toolhead", o->get_object());
        klippy::detail::read(f, t);
        if (f.problem()) return kf::fail(*f.problem());
    }
    if (t.max_velocity <= 0 || t.max_accel <= 0)
        return kf::fail(errc::protocol, "Klipper does not say how fast the machine may go");
    return job::motion_limits{.max_velocity = t.max_velocity,
                              .max_accel = t.max_accel,
                              .square_corner_velocity = t.square_corner_velocity,
                              .minimum_cruise_ratio = t.minimum_cruise_ratio,
                              .max_z_velocity = settings.max_z_velocity(),
                              .max_z_accel = settings.max_z_accel()};
}

/// Dimensions, motors and limits against printer.cfg as Klipper has read it, all differences at once: errc::mismatch.
[[nodiscard]] inline result<void> compare_settings(const machine::machine& m, const klippy::settings& s) {
    detail::fault_list faults;
    detail::compare_axes(m, s, faults);
    detail::compare_limits(m, s, faults);
    if (faults.empty()) return {};
    return kf::fail({errc::mismatch,
                     "machine.yaml does not fit this printer",
                     faults.take(),
                     {},
                     {"Correct machine.yaml or printer.cfg; they have to agree.", "kplot machine show"}});
}

/// Whether machine.yaml says that a person shows Z where the paper is. Klipper cannot tell whether Z has an endstop: a
/// cartesian machine must name a pin for it, wired or not, and homing Z to a pin with nothing on it would run into the
/// frame. So it is axes.z.endstop_pin that counts.
[[nodiscard]] inline bool z_by_touch_off(const machine::machine& m) {
    using way = machine::z_reference::way;
    return m.z_reference.method == way::touch_off || (m.z_reference.method == way::automatic && !m.axes.z.endstop_pin);
}

/// What of printer.cfg a plotter wants otherwise, though it can work with it.
[[nodiscard]] inline std::vector<std::string> advice(const machine::machine& m, const klippy::settings& s) {
    printer_facts facts;
    facts.files = s.has_section("virtual_sdcard") && s.has_section("pause_resume");
    facts.force_move = s.flag("force_move", "enable_force_move").value_or(false);
    detail::warn_of_config(m, s, facts);
    if (!facts.files)
        facts.warnings.emplace_back(
            "without [virtual_sdcard] and [pause_resume] only --mode interactive can draw. See: "
            "kplot machine macros");
    else if (!s.has_section(fmt::format("gcode_macro {}", boundary_macro)))
        facts.warnings.push_back(fmt::format("there is no {} macro: a file is paused in the middle of a stroke. See: "
                                             "kplot machine macros",
                                             boundary_macro));
    if (z_by_touch_off(m) && !facts.force_move)
        facts.warnings.emplace_back(
            "Z has no endstop, and without [force_move] and enable_force_move: True a touch-off "
            "is not possible. See: kplot machine macros");
    return std::move(facts.warnings);
}

/// `status` is the answer to preflight_objects(). errc::mismatch: machine.yaml is not this printer's.
[[nodiscard]] inline result<printer_facts> judge(const machine::machine& m, std::vector<std::string> objects,
                                                 const json::object& status) {
    klippy::printer_status now;
    json::object known = status;
    for (const char* ours : {"configfile", "bed_mesh", "skew_correction"}) known.erase(ours);
    KF_CHECK(now.merge(known, 0));
    KF_CHECK(detail::refuse_state(status, now));
    KF_TRY(const auto settings, klippy::settings::from_status(status));

    KF_CHECK(compare_settings(m, settings));

    printer_facts facts;
    facts.objects = std::move(objects);
    const auto has = [&](std::string_view object) {
        return std::find(facts.objects.begin(), facts.objects.end(), object) != facts.objects.end();
    };
    if (now.toolhead) facts.homed_axes = now.toolhead->homed_axes;
    KF_TRY(facts.limits, live_limits(status));
    if (now.gcode_move) facts.speed_factor = now.gcode_move->speed_factor;
    facts.z_endstop = settings.has_endstop('z');
    facts.force_move = settings.flag("force_move", "enable_force_move").value_or(false);
    facts.arcs = has("gcode_arcs") || settings.has_section("gcode_arcs");
    if (facts.arcs) facts.limits.arc_resolution = settings.number("gcode_arcs", "resolution").value_or(1.0);
    facts.files = has("virtual_sdcard") && has("pause_resume");
    facts.boundary = job::detail::has_macro(facts.objects, boundary_macro);
    facts.gcode_directory = settings.gcode_directory().value_or("");
    detail::warn_of_config(m, settings, facts);
    return facts;
}

template<class Client>
[[nodiscard]] result<printer_facts> preflight(Client& k, const machine::machine& m, io::time_point until) {
    KF_TRY(const klippy::server_info info, k.info(until));
    if (info.state != klippy::printer_state::ready) {
        klippy::printer_status now;
        now.webhooks = {info.state, info.message};
        KF_CHECK(detail::refuse_state({}, now));
    }
    KF_TRY(auto objects, k.list_objects(until));
    KF_TRY(const klippy::snapshot now, k.query(preflight_objects(objects), until));
    return judge(m, std::move(objects), now.status);
}

} // namespace kf::run
