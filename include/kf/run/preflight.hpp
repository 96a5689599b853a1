// SPDX-License-Identifier: MIT
#pragma once
/// The last look before motion: the machine of machine.yaml against the printer as Klipper runs it now. What does not
/// fit, what would put the ink somewhere else (a pause, an offset, an unknown transform), and what would move by itself
/// inside of Klipper's commands (macros, sections of G28) is refused; what only a person can judge is a warning.
/// read_facts() is a pure function over what was asked; preflight() asks.

#include <kf/job/gcode.hpp>
#include <kf/klippy/client.hpp>
#include <kf/klippy/settings.hpp>
#include <kf/klippy/status.hpp>
#include <kf/machine/machine.hpp>
#include <kf/planner/lookahead.hpp>
#include <kf/run/loaded_skew.hpp>
#include <kf/run/macros.hpp>
#include <kf/run/settings_check.hpp>
#include <kf/run/transforms.hpp>

#include <boost/json.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace kf::run {

namespace json = boost::json;

/// What a run takes from the printer.
struct printer_facts {
    std::vector<std::string> objects; ///< objects/list
    planner::motion_limits limits;    ///< those that Klipper runs with
    double speed_factor = 1;          ///< M220
    std::string homed_axes;
    loaded_skew skew = {}; ///< what moves are bent by, and is reckoned with
    bool z_endstop = false, force_move = false;
    bool arcs = false;                        ///< G2 and G3 are known
    bool files = false;                       ///< virtual_sdcard and pause_resume are there
    job_commands commands;                    ///< by which Klipper's own pause, resume and cancel are reached
    std::string gcode_directory;              ///< of virtual_sdcard, as printer.cfg writes it
    bool z_homes_upwards = true;              ///< G28 Z moves the tool away from the paper
    std::vector<std::string> inside_g28 = {}; ///< sections that move by themselves in G28
    std::vector<std::string> transforms = {}; ///< sections that may bend coordinates: "[skew_correction]"
    std::vector<std::string> warnings = {};

    [[nodiscard]] bool homed(std::string_view axes) const {
        return std::all_of(axes.begin(), axes.end(), [&](char a) { return homed_axes.find(a) != std::string::npos; });
    }
};

/// One query's objects, for read_facts(). Of what bends coordinates only whether it is active.
[[nodiscard]] inline json::object preflight_objects(const std::vector<std::string>& live) {
    json::object wanted = klippy::state_objects();
    wanted["toolhead"] = json::array{
        "homed_axes", "position", "max_velocity", "max_accel", "square_corner_velocity", "minimum_cruise_ratio"};
    wanted["configfile"] = json::array{"settings"};
    const auto has = [&](std::string_view object) { return std::find(live.begin(), live.end(), object) != live.end(); };
    if (has("bed_mesh")) wanted["bed_mesh"] = json::array{"profile_name"};
    if (has("skew_correction")) wanted["skew_correction"] = json::array{"current_profile_name"};
    if (has("z_thermal_adjust")) wanted["z_thermal_adjust"] = json::array{"enabled"};
    return wanted;
}

namespace detail {

/// What would shift or bend the drawing, or is in the middle of another one.
inline result<void> refuse_state(const klippy::printer_status& now) {
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
    if (state == klippy::job_state::unknown)
        return kf::fail({errc::busy,
                         "Klipper does not say whether it runs a file",
                         "print_stats is missing, or in a state that kplot does not know",
                         "print_stats.state",
                         {"kplot status", "Wait for the end of the file, if there is one."}});
    if (state == klippy::job_state::printing || state == klippy::job_state::paused || paused ||
        (now.virtual_sdcard && now.virtual_sdcard->is_active))
        return kf::fail(
            {errc::busy,
             state == klippy::job_state::printing ? "the printer runs another file" : "the printer is in a pause",
             now.print_stats ? now.print_stats->filename : std::string(),
             {},
             {"kplot status", "Wait for its end, or: kplot cancel"}});
    return {};
}

inline void warn_of_config(const machine::machine& m, printer_facts& facts) {
    if (facts.files && !facts.commands.ours && facts.commands.foreign.empty() && facts.commands.outdated.empty())
        facts.warnings.emplace_back(
            "the Pause and Cancel buttons of a web interface leave the pen on the paper. Macros "
            "that lift it: kplot machine macros");
    if (facts.files && !facts.commands.error_lifts)
        facts.warnings.push_back(
            fmt::format("on_error_gcode of [virtual_sdcard] does not lift to Z{}: a file that fails "
                        "while nobody watches leaves the pen down. See: kplot machine macros",
                        io::to_decimal(m.z_states.travel_mm, 4)));
    if (facts.speed_factor != 1)
        facts.warnings.push_back(fmt::format("the speed factor is {} % (M220): all speeds are scaled by it",
                                             io::to_decimal(facts.speed_factor * 100, 1)));
}

} // namespace detail

/// The limits of now, SET_VELOCITY_LIMIT included; those of Z are printer.cfg's.
[[nodiscard]] inline result<planner::motion_limits> live_limits(const json::object& status) {
    KF_TRY(const auto settings, klippy::settings::from_status(status));
    klippy::printer_status now;
    if (const json::value* o = status.if_contains("toolhead")) KF_CHECK(now.merge({{"toolhead", *o}}, 0));
    const klippy::toolhead_status t = now.toolhead.value_or(klippy::toolhead_status{});
    if (t.max_velocity <= 0 || t.max_accel <= 0)
        return kf::fail(errc::protocol, "Klipper does not say how fast the machine may go");
    return planner::motion_limits{.max_velocity = t.max_velocity,
                                  .max_accel = t.max_accel,
                                  .square_corner_velocity = t.square_corner_velocity,
                                  .minimum_cruise_ratio = t.minimum_cruise_ratio,
                                  .max_z_velocity = settings.max_z_velocity(),
                                  .max_z_accel = settings.max_z_accel()};
}

/// Macros that a web interface's buttons, or Klipper itself at an error, would run with the pen on the paper; the
/// person may take that upon himself. Those that hide Klipper's own commands from us are refused all the same.
enum class foreign_macros { refused, taken };

[[nodiscard]] inline result<void> refuse_foreign_macros(const job_commands& c, foreign_macros person) {
    const auto refuse = [&](std::vector<std::string> names, std::string cause, bool may_be_taken) {
        std::vector<std::string> steps{"kplot machine macros  (prints macros that lift first)",
                                       "Put them at the end of printer.cfg, behind every [include]; send RESTART."};
        if (may_be_taken) steps.emplace_back("or, never touching those buttons: kplot run FILE --foreign-macros");
        return kf::fail({errc::refused,
                         fmt::format("macros of this printer are not made for a pen: {}", fmt::join(names, ", ")),
                         std::move(cause),
                         {},
                         std::move(steps)});
    };
    std::vector<std::string> names = c.foreign;
    names.insert(names.end(), c.outdated.begin(), c.outdated.end());
    if (c.pause.empty() || c.resume.empty() || c.cancel.empty())
        return refuse(names, "Klipper's own PAUSE, RESUME or CANCEL_PRINT cannot be reached behind them", false);
    if (names.empty() || person == foreign_macros::taken) return {};
    return refuse(names,
                  c.foreign.empty() ? "they are kplot's, of another machine.yaml or another version"
                                    : "a button of a web interface, or an error, runs them with the pen on the paper",
                  true);
}

/// errc::refused when sections of printer.cfg move by themselves inside of G28.
[[nodiscard]] inline result<void> refuse_hidden_homing(const std::vector<std::string>& inside_g28) {
    if (inside_g28.empty()) return {};
    return kf::fail({errc::refused,
                     fmt::format("G28 of this printer moves by {}", fmt::join(inside_g28, ", ")),
                     "such a move may press the pen, or drag it over the paper",
                     "G28",
                     {"Take it out of printer.cfg: kplot lifts the tool itself before it homes.", "Send RESTART."}});
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
    facts.commands = read_job_commands(m, s);
    detail::warn_of_config(m, facts);
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
[[nodiscard]] inline result<printer_facts> read_facts(const machine::machine& m, std::vector<std::string> objects,
                                                      const json::object& status) {
    klippy::printer_status now;
    json::object known = status;
    for (const char* ours : {"configfile", "bed_mesh", "skew_correction", "z_thermal_adjust"}) known.erase(ours);
    KF_CHECK(now.merge(known, 0));
    KF_CHECK(detail::refuse_state(now));
    printer_facts facts;
    KF_TRY(facts.skew, read_loaded_skew(status, now));
    KF_CHECK(detail::refuse_transforms(status, now, facts.skew));
    KF_TRY(const auto settings, klippy::settings::from_status(status));
    KF_CHECK(compare_settings(m, settings));
    KF_CHECK(reaches_behind_skew(m, facts.skew));

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
    facts.commands = read_job_commands(m, settings);
    facts.gcode_directory = settings.gcode_directory().value_or("");
    facts.inside_g28 = moves_inside_g28(settings);
    facts.transforms = detail::transform_sections(status);
    const mm up = m.z_states.travel_mm - m.tools.front().work_mm;
    facts.z_homes_upwards = detail::homes_up(settings, 'z').value_or(up > 0) == (up > 0);
    detail::warn_of_config(m, facts);
    return facts;
}

template<class Client>
[[nodiscard]] result<printer_facts> preflight(Client& k, const machine::machine& m, io::time_point until) {
    KF_TRY(const klippy::server_info info, k.info(until));
    if (info.state != klippy::printer_state::ready) {
        klippy::printer_status now;
        now.webhooks = {info.state, info.message};
        KF_CHECK(detail::refuse_state(now));
    }
    KF_TRY(auto objects, k.list_objects(until));
    KF_TRY(const klippy::snapshot now, k.query(preflight_objects(objects), until));
    return read_facts(m, std::move(objects), now.status);
}

} // namespace kf::run
