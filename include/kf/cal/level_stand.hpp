// SPDX-License-Identifier: MIT
#pragma once
/// What levels 2 to 5 stand on: a machine that is homed with its tool up, moves that are looked at afterwards, a file
/// that Klipper runs. The motors stay on from the first homing, whatever ends a level.

#include <kf/cal/level_table.hpp>
#include <kf/job/gcode.hpp>
#include <kf/job/stroke.hpp>
#include <kf/job/transform.hpp>
#include <kf/machine/machine.hpp>
#include <kf/run/file_run.hpp>
#include <kf/run/first_place.hpp>
#include <kf/run/job_check.hpp>
#include <kf/run/lower.hpp>
#include <kf/run/motor_hold.hpp>
#include <kf/run/person_word.hpp>
#include <kf/run/preflight.hpp>
#include <kf/run/travel_to.hpp>
#include <kf/run/z_reference.hpp>
#include <kf/sink.hpp>

#include <boost/json.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kf::cal {

namespace json = boost::json;

template<class Session, sink Sink>
class level_stand {
    Session& k_;
    const machine::machine& machine_;
    run::printer_facts& facts_;
    run::pen_record& record_;
    Sink& out_;
    run::person_word person_;
    std::string z_lacks_;
    bool held_ = false;

  public:
    static constexpr mm close_enough = 0.1; ///< of the plan: where a move ends

    level_stand(Session& k, const machine::machine& m, run::printer_facts& facts, run::pen_record& record, Sink& out,
                run::person_word person)
      : k_(k)
      , machine_(m)
      , facts_(facts)
      , record_(record)
      , out_(out)
      , person_(person) {}

    [[nodiscard]] Session& session() noexcept { return k_; }
    [[nodiscard]] const machine::machine& machine() const noexcept { return machine_; }
    [[nodiscard]] run::printer_facts& facts() noexcept { return facts_; }
    [[nodiscard]] run::pen_record& record() noexcept { return record_; }
    [[nodiscard]] Sink& out() noexcept { return out_; }
    [[nodiscard]] bool knows_z() const { return facts_.homed("z"); }

    /// X and Y homed, Z with its reference where it can be had, the motors held.
    [[nodiscard]] result<void> make_ready() {
        KF_TRY(const auto now, run::look_at(k_));
        facts_.homed_axes = now.toolhead->homed_axes;
        if (!facts_.homed("xy"))
            KF_CHECK(run::home_xy(k_, machine_, facts_, record_, person_.touch_off, person_.pen, out_));
        if (!knows_z()) {
            auto known = run::reference_z(k_, machine_, facts_, record_, person_.touch_off, person_.pen);
            if (!known && known.error().code != errc::refused) return known;
            if (!known) z_lacks_ = known.error().what;
        }
        if (!std::exchange(held_, true)) KF_CHECK(run::hold_motors(k_));
        return {};
    }
    /// After a stop that came with the tool up: the person's word is not needed for what we saw.
    [[nodiscard]] result<void> prepare_after_stop() {
        held_ = false; // a restart has the idle_timeout of printer.cfg again
        person_.pen = run::pen_word::is_up;
        KF_CHECK(record_.is_up());
        return make_ready();
    }
    /// The same, and Z is known: errc::refused otherwise.
    [[nodiscard]] result<void> prepare_with_z() {
        KF_CHECK(make_ready());
        if (knows_z()) return up();
        return kf::fail(
            {errc::refused, z_lacks_, {}, {}, {"Lower the pen until it touches the paper.", "kplot touch-off"}});
    }
    /// Whether travel over the paper is anybody's to allow.
    [[nodiscard]] bool may_travel() const { return knows_z() || person_.pen == run::pen_word::is_up; }
    /// The tool up, before anything moves over the paper. Nobody may know that: then a person has to say so.
    [[nodiscard]] result<void> up() {
        if (knows_z()) return run::lift(k_, machine_, record_);
        if (may_travel()) return {};
        return kf::fail({errc::refused,
                         "nobody knows whether the pen is up: " + z_lacks_,
                         {},
                         {},
                         {"kplot touch-off", "or, when you have looked: --pen-is-up"}});
    }
    [[nodiscard]] result<void> travel(machine::xy to) {
        KF_CHECK(up());
        return run::travel_to(k_, machine_, machine_.tools.front(), facts_.skew, to);
    }
    [[nodiscard]] machine::xy middle(const machine::tool& t) const {
        return job::place(machine_, t).to_machine({machine_.canvas.width_mm / 2, machine_.canvas.height_mm / 2});
    }
    /// Of a tool that is above its place: down to its work height, where it stays.
    [[nodiscard]] result<void> down(const machine::tool& t) {
        return run::lower(k_, record_, {t.work_mm, t.plunge_feed_mm_s, "a check of a level did not come to its end"});
    }

    struct standing {
        klippy::xyz commanded, live;
    };
    /// Where the machine stands, with nothing left to move.
    [[nodiscard]] result<standing> stands() {
        const auto until = k_.link().clock().now() + klippy::motion_allowance(1);
        KF_CHECK(k_.send_gcode("", klippy::barrier::motion_end, until));
        KF_TRY(const auto now, k_.link().query({{"webhooks", json::array{"state", "state_message"}},
                                                {"toolhead", json::array{"position"}},
                                                {"motion_report", json::array{"live_position", "live_velocity"}}},
                                               until));
        klippy::printer_status s;
        KF_CHECK(s.merge(now.status, now.eventtime));
        if (!s.toolhead || !s.motion_report)
            return kf::fail(errc::protocol, "Klipper does not say where the machine stands");
        return standing{s.toolhead->position, s.motion_report->live_position};
    }
    /// Both the commanded and the reported place are the wanted one; axes without a wanted place count as right.
    [[nodiscard]] result<verdict> arrived(std::optional<mm> x, std::optional<mm> y, std::optional<mm> z) {
        KF_TRY(const standing at, stands());
        bool there = true;
        const std::array<std::optional<mm>, 3> wanted{x, y, z};
        for (std::size_t i = 0; i < 3; ++i)
            if (wanted[i])
                there = there && std::fabs(at.commanded[i] - *wanted[i]) <= close_enough &&
                        std::fabs(at.live[i] - *wanted[i]) <= close_enough;
        return verdict_of(there, place_text(at.live));
    }

    /// A job as a file that Klipper runs by itself, with the machine made ready and its tool up.
    template<run::steering Steering>
    [[nodiscard]] result<run::file_outcome> draw_file(const std::vector<job::operation>& operations,
                                                      const std::string& name, Steering& steering) {
        KF_CHECK(run::refuse_foreign_macros(facts_.commands, person_.foreign));
        if (!facts_.files)
            return kf::fail({errc::not_found,
                             "this printer cannot run files",
                             "its configuration lacks [virtual_sdcard] or [pause_resume]",
                             {},
                             {"kcal printer-cfg  (writes a whole printer.cfg)"}});
        KF_TRY(const auto summary, run::check_job(job::strokes_of(operations), machine_, {}));
        job::gcode_options options;
        options.arcs = job::arc_style::flattened;
        options.live_objects = facts_.objects;
        options.pause = facts_.commands.pause;
        if (facts_.commands.boundary) options.boundary_macro = run::boundary_macro;
        const machine::xy begins = summary.begins_at.value_or(machine::home_position(machine_));
        const std::filesystem::path folder =
            facts_.gcode_directory.starts_with('/') ? facts_.gcode_directory : machine_.gcode_directory;
        KF_TRY(const auto plan,
               run::write_job_file(folder, name, machine_, options, facts_, begins, job::strokes_of(operations)));
        KF_CHECK(run::prove_place(k_, machine_, facts_, record_, begins));
        run::file_run run(k_, machine_, facts_, plan, steering, record_, out_);
        KF_TRY(const bool starts, run.may_start());
        if (!starts) return kf::fail(errc::interrupted, "stopped before anything was drawn; the tool is up");
        KF_CHECK(run.start());
        return run.follow();
    }
};

/// Ctrl+C ends a drawing with the tool up; that is no verdict.
[[nodiscard]] inline result<run::file_outcome> to_its_end(result<run::file_outcome> drawn) {
    if (drawn && drawn->how == run::file_outcome::end::cancelled)
        return kf::fail(errc::interrupted, "cancelled; the tool is up and the motors are on");
    return drawn;
}

} // namespace kf::cal
