// SPDX-License-Identifier: MIT
#pragma once
/// The deeds of a routine on a printer: the doer of cal/routine_run over a session with Klipper. Whatever lowers the
/// pen is one script that also lifts it, so that the pen is up again when this process ends in the middle; the motors
/// are held on from make_ready on, so that nobody who measures loses the place of the machine.

#include <kf/cal/routine_run.hpp>
#include <kf/cal/routine_step.hpp>
#include <kf/io/decimal.hpp>
#include <kf/job/gcode.hpp>
#include <kf/job/stroke.hpp>
#include <kf/klippy/client.hpp>
#include <kf/klippy/settings.hpp>
#include <kf/machine/machine.hpp>
#include <kf/run/first_place.hpp>
#include <kf/run/job_check.hpp>
#include <kf/run/lift.hpp>
#include <kf/run/lower.hpp>
#include <kf/run/motor_hold.hpp>
#include <kf/run/person_word.hpp>
#include <kf/run/preflight.hpp>
#include <kf/run/square_record.hpp>
#include <kf/run/steering.hpp>
#include <kf/run/stroke_run.hpp>
#include <kf/run/travel_to.hpp>
#include <kf/run/z_reference.hpp>

#include <boost/json.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace kf::cal {

/// Ctrl+C ends a drawing at the end of its stroke; nothing else steers it.
struct routine_steering : run::unsteered {
    template<class Status>
    [[nodiscard]] run::order next(Status&&) const {
        return io::interrupt::pending() != 0 ? run::order::cancel : run::order::none;
    }
};
static_assert(run::steering<routine_steering>);

/// What of printer.cfg routines reckon with; the look of a routine puts it into the journal.
[[nodiscard]] inline json::object look_of(const klippy::settings& s, const std::vector<std::string>& objects) {
    json::object saw;
    for (const char axis : {'x', 'y', 'z'}) {
        const auto rotation = s.rotation_distance(axis);
        const auto micro = s.microsteps(axis), full = s.full_steps_per_rotation(axis);
        if (rotation) saw[fmt::format("rotation_{}", axis)] = *rotation;
        if (rotation && micro && full)
            saw[fmt::format("microstep_{}", axis)] =
                *rotation / (*micro * *full * s.gear_ratio(fmt::format("stepper_{}", axis)).value_or(1));
    }
    saw["second_x"] = s.has_section("stepper_x1");
    saw["force_move"] = s.flag("force_move", "enable_force_move").value_or(false);
    if (const auto v = s.max_velocity()) saw["max_velocity"] = *v;
    if (const auto a = s.max_accel()) saw["max_accel"] = *a;
    saw["endstop_phase"] = std::find(objects.begin(), objects.end(), "endstop_phase") != objects.end();
    // A section without options is in no settings: the object counts, too.
    saw["skew_module"] = s.has_section("skew_correction") ||
                         std::find(objects.begin(), objects.end(), "skew_correction") != objects.end();
    json::object profiles;
    constexpr std::string_view prefix = "skew_correction ";
    for (const std::string& section : s.sections())
        if (section.starts_with(prefix))
            profiles[section.substr(prefix.size())] = s.number(section, "xy_skew").value_or(0);
    saw["skew_profiles"] = std::move(profiles);
    return saw;
}

/// What bring-up turns motors by; as look_at_motors has it.
[[nodiscard]] inline json::object motors_of(const klippy::settings& s) {
    json::object saw;
    const bool forced = s.flag("force_move", "enable_force_move").value_or(false);
    for (const std::string& section : s.sections()) {
        constexpr std::string_view manual = "manual_stepper ", pulses = "output_pin kcal_", enable = "_enable";
        const bool by_hand = section.starts_with(manual);
        const std::string motor = by_hand ? section.substr(manual.size()) : section;
        if (section.starts_with(pulses) && section.ends_with(enable)) {
            const std::string name = section.substr(pulses.size(), section.size() - pulses.size() - enable.size());
            saw["pulses_" + name] = s.has_section(fmt::format("pwm_tool kcal_{}_step", name));
        }
        if (!motor.starts_with("stepper_")) continue;
        if (by_hand || forced) saw[(by_hand ? "manual_" : "own_") + motor] = true;
        saw["dir_" + motor] = s.text(section, "dir_pin").value_or("");
        if (const auto turn = s.number(section, "rotation_distance")) saw["turn_" + motor] = *turn;
    }
    return saw;
}

struct routine_doing {
    run::person_word person = {};
    std::string routine = {}; ///< for the record of the pen: "kcal square"
};

template<class Session, sink Sink>
class routine_printer {
    Session& k_;
    const machine::machine& machine_;
    run::printer_facts& facts_;
    run::pen_record& record_;
    run::square_record& square_;
    Sink& out_;
    routine_doing how_;

    [[nodiscard]] io::time_point deadline(seconds planned) const {
        return k_.link().clock().now() + klippy::motion_allowance(planned);
    }

    void note_skew(json::object& saw) const {
        if (facts_.skew.bends()) saw["skew_loaded"] = facts_.skew.profile;
        saw["skew_tangent"] = facts_.skew.tangent;
    }

    /// A profile may have been loaded, or cleared, since the run began. Gives the printer's own settings, too.
    result<json::object> look_at_skew() {
        KF_TRY(auto now,
               k_.link().query({{"configfile", json::array{"settings"}}, {"skew_correction", nullptr}}, deadline(0)));
        KF_TRY(const auto places, run::look_at(k_));
        KF_TRY(facts_.skew, run::read_loaded_skew(now.status, places));
        KF_CHECK(run::reaches_behind_skew(machine_, facts_.skew));
        return std::move(now.status);
    }

    result<json::object> does(const look& l) {
        KF_TRY(const auto now, look_at_skew());
        if (l.as_before) KF_CHECK(run::refuse_other_skew(*l.as_before, facts_.skew));
        KF_TRY(const auto settings, klippy::settings::from_status(now));
        json::object saw = look_of(settings, facts_.objects);
        if (!square_.text().empty()) saw["racked"] = square_.text();
        note_skew(saw);
        if (facts_.limits.max_accel > 0) saw["accel_now"] = facts_.limits.max_accel;
        return saw;
    }
    result<json::object> does(const make_ready&) {
        KF_CHECK(run::refuse_foreign_macros(facts_.commands, how_.person.foreign));
        KF_CHECK(run::home_xy(k_, machine_, facts_, record_, how_.person.touch_off, how_.person.pen, out_));
        KF_CHECK(run::reference_z(k_, machine_, facts_, record_, how_.person.touch_off, how_.person.pen));
        KF_CHECK(run::hold_motors(k_));
        return json::object{{"homed", facts_.homed_axes}};
    }

    result<void> set_acceleration(mm_per_s2 accel) {
        return k_.send_gcode(fmt::format("SET_VELOCITY_LIMIT ACCEL={}", io::to_decimal(accel, 3)),
                             klippy::barrier::processed, deadline(1));
    }
    result<json::object> does(const draw& d) {
        KF_CHECK(look_at_skew());
        machine::machine m = machine_;
        for (machine::tool& t : m.tools)
            t.travel_feed_mm_s = std::min(t.travel_feed_mm_s, d.travel.value_or(t.travel_feed_mm_s));
        if (d.reach != 0)
            for (machine::tool& t : m.tools)
                if (t.spray_height_mm) t.work_mm += std::copysign(d.reach, t.work_mm - m.z_states.travel_mm);
        if (d.up_to) m.motion.max_velocity_mm_s = std::max(m.motion.max_velocity_mm_s, *d.up_to);
        KF_TRY(const auto summary, run::check_job(job::strokes_of(d.operations), m, {}, facts_.skew.tangent));
        job::gcode_options options;
        options.arcs = job::arc_style::flattened;
        options.live_objects = facts_.objects;
        options.pause.clear(); // stroke by stroke we wait by ourselves
        if (summary.begins_at) KF_CHECK(run::prove_place(k_, m, facts_, record_, *summary.begins_at));
        run::printer_facts facts = facts_;
        if (d.accel) {
            facts.limits.max_accel = *d.accel;
            KF_CHECK(set_acceleration(*d.accel));
        }
        constexpr std::size_t queued = 4; // combs have hundreds of short strokes
        routine_steering steering;
        run::stroke_run run(k_, m, facts, options, job::strokes_of(d.operations), steering, record_, out_,
                            {.ahead = queued, .total = summary.measure.strokes, .job = how_.routine});
        auto drawn = run();
        if (d.accel && k_.connected() && k_.status().ready())
            KF_CHECK(set_acceleration(d.accel_after.value_or(facts_.limits.max_accel)));
        if (!drawn) return kf::fail(std::move(drawn).error());
        if (drawn->how == run::stroke_outcome::end::cancelled)
            return kf::fail(
                {errc::interrupted, fmt::format("stopped after stroke {} of {}; the tool is up and the motors are on",
                                                drawn->strokes, summary.measure.strokes)});
        json::object saw{{"strokes", drawn->strokes}};
        note_skew(saw);
        return saw;
    }

    result<json::object> does(const touch_paper& t) {
        const machine::tool* tool = machine::find_tool(machine_, t.tool);
        if (tool == nullptr) return kf::fail(errc::not_found, fmt::format("there is no tool {}", t.tool));
        if (t.z < machine_.work_area_min_mm.z || t.z > machine_.work_area_mm.z)
            return kf::fail({errc::out_of_bounds,
                             fmt::format("Z {} is outside of the work area", io::to_decimal(t.z, 3)),
                             fmt::format("Z goes from {} to {}", io::to_decimal(machine_.work_area_min_mm.z, 3),
                                         io::to_decimal(machine_.work_area_mm.z, 3))});
        KF_CHECK(run::lift(k_, machine_, record_));
        KF_CHECK(run::travel_to(k_, machine_, *tool, facts_.skew, t.at));
        KF_CHECK(run::lower_and_lift(k_, machine_, record_,
                                     {.to = t.z,
                                      .feed = tool->plunge_feed_mm_s,
                                      .unfinished = fmt::format("{} did not come to its end", how_.routine)}));
        return json::object{{"z", t.z}};
    }

    result<json::object> does(const home_again& h) {
        KF_CHECK(run::refuse_hidden_homing(facts_.inside_g28));
        KF_CHECK(run::lift(k_, machine_, record_));
        KF_CHECK(run::travel_to(k_, machine_, machine_.tools.front(), facts_.skew, h.away));
        constexpr mm_per_s slow = 5;
        KF_CHECK(k_.home(fmt::format("G28 {}", io::to_upper(h.axis)),
                         deadline((machine_.work_area_mm.x - machine_.work_area_min_mm.x + machine_.work_area_mm.y -
                                   machine_.work_area_min_mm.y) /
                                  slow)));
        KF_TRY(const auto now, run::look_at(k_));
        if (now.toolhead->homed_axes.find(h.axis) == std::string::npos)
            return kf::fail({errc::failed, fmt::format("after homing, {} does not count as homed", h.axis)});
        const std::size_t index = h.axis == 'x' ? 0 : h.axis == 'y' ? 1 : 2;
        KF_TRY(const mm triggered, trigger_place(h.axis, now.toolhead->position));
        return json::object{{"position", triggered}, {"at", now.toolhead->position[index]}};
    }

    /// Where the endstop of an axis that was homed just now triggered, in mm of the motor's own count of steps.
    /// [endstop_phase] says it of drivers whose phases Klipper knows; of any other the steps of the next move do: the
    /// place in their count less the place that Klipper takes it for, which homing makes anew. Spec: Klipper's
    /// API_Server.md, motion_report/dump_stepper.
    result<mm> trigger_place(char axis, const klippy::xyz& here) {
        const std::string stepper = fmt::format("stepper_{}", axis);
        KF_TRY(const auto phase,
               k_.link().query({{"endstop_phase", nullptr}, {"configfile", json::array{"settings"}}}, deadline(0)));
        const auto& last =
            io::object_at(io::object_at(io::object_at(phase.status, "endstop_phase"), "last_home"), stepper);
        KF_TRY(const auto settings, klippy::settings::from_status(phase.status));
        const auto microstep = io::value_at<double>(look_of(settings, {}), fmt::format("microstep_{}", axis));
        if (const auto steps = io::value_at<double>(last, "mcu_position"); steps && microstep)
            return *steps * *microstep;
        const auto counted = std::make_shared<std::optional<mm>>();
        k_.link().on_push([counted](const klippy::push& p) {
            const auto steps = io::value_at<double>(p.params, "start_mcu_position"),
                       length = io::value_at<double>(p.params, "step_distance"),
                       place = io::value_at<double>(p.params, "start_position");
            if (steps && length && place) *counted = *steps * *length - *place;
        });
        const auto told =
            k_.link().call("motion_report/dump_stepper",
                           {{"name", stepper}, {"response_template", json::object{{"kf", stepper}}}}, deadline(0));
        if (told) {
            constexpr mm aside = 5;
            const machine::box area = machine_.work_area();
            machine::xy to{here[0], here[1]};
            if (axis == 'x') to.x += here[0] < (area.min.x + area.max.x) / 2 ? aside : -aside;
            if (axis == 'y') to.y += here[1] < (area.min.y + area.max.y) / 2 ? aside : -aside;
            KF_CHECK(run::travel_to(k_, machine_, machine_.tools.front(), facts_.skew, to));
            constexpr auto batches = std::chrono::seconds(3); // Klipper sends what was stepped each half second
            for (const auto until = k_.link().clock().now() + batches; !*counted && k_.link().clock().now() < until;)
                KF_CHECK(k_.pump(k_.link().clock().now() + std::chrono::milliseconds(50)));
        }
        if (*counted) return **counted;
        return kf::fail({errc::refused,
                         "Klipper does not say at which step the endstop triggered",
                         "it knows neither the steps of its motors (motion_report) nor their phases",
                         "endstop_phase",
                         {"with TMC drivers: add a line [endstop_phase] to printer.cfg; it moves nothing",
                          "send RESTART", "run the same command again"}});
    }

    result<json::object> does(const hover& h) {
        KF_CHECK(run::lift(k_, machine_, record_));
        KF_CHECK(run::travel_to(k_, machine_, machine_.tools.front(), facts_.skew, h.at));
        return json::object{};
    }

    result<json::object> does(const rack& r) {
        if (!facts_.force_move)
            return kf::fail({errc::refused,
                             "the second X motor cannot be moved alone",
                             "the printer's configuration lacks [force_move]",
                             "FORCE_MOVE",
                             {"add to printer.cfg:  [force_move]", "and below it:  enable_force_move: True",
                              "send RESTART, home, and run the same command again"}});
        KF_CHECK(run::lift(k_, machine_, record_));
        constexpr mm_per_s slow = 2;
        // Before it moves: what ends this run in between leaves a gantry that may be racked.
        KF_CHECK(square_.add(r.distance, how_.routine));
        KF_CHECK(k_.send_gcode(fmt::format("FORCE_MOVE STEPPER=stepper_x1 DISTANCE={} VELOCITY={}",
                                           io::to_decimal(r.distance, 4), io::to_decimal(slow)),
                               klippy::barrier::motion_end, deadline(std::fabs(r.distance) / slow + 1)));
        return json::object{{"distance", r.distance}};
    }

    result<json::object> does(const look_at_motors&) {
        KF_TRY(const auto now, k_.link().query({{"configfile", json::array{"settings"}}}, deadline(0)));
        KF_TRY(const auto settings, klippy::settings::from_status(now.status));
        return motors_of(settings);
    }
    result<json::object> does(const look_at_endstops&) {
        KF_TRY(const auto seen, k_.link().call("query_endstops/status", {}, deadline(1)));
        return io::as_object(seen);
    }
    result<json::object> does(const motor_script& s) {
        KF_CHECK(k_.send_gcode(s.gcode, klippy::barrier::motion_end, deadline(s.lasts)));
        return json::object{};
    }

  public:
    routine_printer(Session& k, const machine::machine& m, run::printer_facts& facts, run::pen_record& record,
                    run::square_record& square, Sink& out, routine_doing how)
      : k_(k)
      , machine_(m)
      , facts_(facts)
      , record_(record)
      , square_(square)
      , out_(out)
      , how_(std::move(how)) {}

    [[nodiscard]] result<bool> keeps_place() {
        KF_TRY(const auto now, run::look_at(k_));
        facts_.homed_axes = now.toolhead->homed_axes;
        return facts_.homed("xyz");
    }
    [[nodiscard]] result<json::object> operator()(const act& a) {
        return std::visit([this](const auto& what) { return this->does(what); }, a);
    }
    /// The routine is over: the printer's own idle_timeout counts again.
    [[nodiscard]] result<void> release() { return run::release_motors(k_); }
};

} // namespace kf::cal
