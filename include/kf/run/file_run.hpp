// SPDX-License-Identifier: MIT
#pragma once
/// File mode: the whole job is written into Klipper's virtual_sdcard directory, and Klipper runs it by itself, also
/// when we are gone. Here it is started and followed to its end: progress, pause, resume, cancel, errors. Done means
/// that the motion has stopped and the tool is up.

#include <kf/io/atomic_file.hpp>
#include <kf/job/estimate.hpp>
#include <kf/job/timeline.hpp>
#include <kf/klippy/sdcard_files.hpp>
#include <kf/run/motor_hold.hpp>
#include <kf/run/pen_record.hpp>
#include <kf/run/preflight.hpp>
#include <kf/run/spool.hpp>
#include <kf/run/steering.hpp>
#include <kf/run/z_reference.hpp>
#include <kf/sink.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

namespace kf::run {

/// Plain ASCII, so that it needs no thought in any shell or macro: "my drawing.svg" -> "kplot-my_drawing.gcode".
[[nodiscard]] inline std::string job_file_name(std::string_view source) {
    std::string stem = std::filesystem::path(source).stem().string();
    if (source == "-" || source == "standard input" || stem.empty()) stem = "job";
    std::string out = "kplot-";
    for (const char c : stem.substr(0, 60)) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
        out += plain ? c : '_';
    }
    return out + ".gcode";
}

/// A source of strokes without the homing it begins with, for a run that has homed already.
template<class Strokes>
[[nodiscard]] auto without_first_homing(Strokes strokes) {
    return [strokes = std::move(strokes), begun = false]() mutable -> result<std::optional<job::stroke>> {
        KF_TRY(auto s, strokes());
        const auto homes = [](const job::stroke& one) {
            return one.steps.size() == 1 && std::holds_alternative<job::home_xy>(one.steps.front().op);
        };
        while (!begun && s && homes(*s)) {
            KF_TRY(s, strokes());
        }
        begun = true;
        return s;
    };
}

struct file_plan {
    std::string name;
    job::timeline timeline;
    job::estimate sum;
    std::size_t strokes = 0;
    std::uint64_t shift = 0; ///< of the timeline's offsets: what stands before the file in the plan
};

/// The job as a file in Klipper's directory: the old one or the new one, never half. With it goes the plan of its time.
template<class Strokes>
[[nodiscard]] result<file_plan> write_job_file(const std::filesystem::path& directory, std::string name,
                                               const machine::machine& m, job::gcode_options options,
                                               const printer_facts& facts, Strokes&& strokes) {
    std::error_code ec;
    if (!std::filesystem::is_directory(directory, ec))
        return kf::fail({errc::not_found,
                         fmt::format("there is no directory {}", directory.string()),
                         "Klipper's [virtual_sdcard] names it, and kplot has to run on the same computer",
                         "file_execution.gcode_directory",
                         {"Correct file_execution.gcode_directory in machine.yaml."}});
    file_plan plan{std::move(name), {}, {}, 0, 0};
    job::gcode_estimator estimator(facts.limits);
    // Where the machine stands when the file begins, and the speed factor of now.
    const machine::xy home = machine::home_position(m);
    const std::string before = fmt::format(
        "SET_KINEMATIC_POSITION X={} Y={} Z={}\nM220 S{}\n", io::to_decimal(home.x, 4), io::to_decimal(home.y, 4),
        io::to_decimal(m.z_states.travel_mm, 4), io::to_decimal(facts.speed_factor * 100, 2));
    plan.shift = before.size();
    KF_CHECK(estimator.feed(before));
    KF_TRY(auto file, io::atomic_writer::open(directory / plan.name));
    KF_TRY(const auto summary, job::write_gcode(m, std::move(options), std::forward<Strokes>(strokes),
                                                [&](std::string_view text) -> result<void> {
                                                    KF_CHECK(estimator.feed(text));
                                                    return file.write(text);
                                                }));
    KF_TRY(plan.sum, estimator.finish());
    plan.timeline = estimator.plan();
    plan.strokes = summary.strokes;
    KF_CHECK(file.commit());
    return plan;
}

namespace detail {

constexpr seconds most_of_a_stroke = 3600; ///< a boundary is waited for that long

/// The subscription's picture brought up to now: an older job's end is not taken for this one's.
template<class Session>
result<void> refresh(Session& k) {
    KF_TRY(const auto now, k.link().query(klippy::state_objects(), k.link().clock().now() + std::chrono::seconds(5)));
    return k.status().merge(now.status, now.eventtime);
}

} // namespace detail

/// Stops the running file with the tool up and says how. With our macro in printer.cfg that is between two strokes;
/// otherwise in the middle of one, lifted at once. `look()` is called while it takes time.
template<class Session, class Look>
[[nodiscard]] result<std::string> pause_job(Session& k, const machine::machine& m, bool boundary, pen_record& record,
                                            Look&& look) {
    using klippy::job_state;
    if (boundary) {
        KF_CHECK(detail::refresh(k));
        if (k.status().job() != job_state::printing && k.status().job() != job_state::paused)
            return kf::fail({errc::refused, "no file is running", {}, "PAUSE"});
        KF_CHECK(
            k.send_gcode(request_boundary_pause(true), klippy::barrier::processed, detail::motion_deadline(k, 10)));
        const auto until = k.link().clock().now() + to_nanoseconds(detail::most_of_a_stroke);
        while (k.status().job() == job_state::printing) {
            if (k.link().clock().now() >= until)
                return kf::fail(errc::timeout, "the stroke did not end within an hour");
            KF_CHECK(k.pump(k.link().clock().now() + std::chrono::milliseconds(50)));
            look();
        }
        if (k.status().job() != job_state::paused) {
            (void)k.send_gcode(request_boundary_pause(false), klippy::barrier::processed,
                               detail::motion_deadline(k, 10));
            return kf::fail(errc::refused, "the file came to its end before the pause");
        }
        KF_CHECK(k.send_gcode("", klippy::barrier::motion_end, detail::motion_deadline(k, 10)));
    } else
        KF_CHECK(klippy::pause_file(k.link(), detail::motion_deadline(k, 120)));
    KF_TRY(const auto at, detail::toolhead(k));
    KF_CHECK(record.set_pause_point(at.position));
    KF_CHECK(lift(k, m, record));
    KF_CHECK(hold_motors(k));
    return boundary ? std::string("paused between two strokes, the tool is up")
                    : std::string("paused in the middle of a stroke and lifted: the printer has no KPLOT_BOUNDARY "
                                  "macro (kplot machine macros)");
}

/// Goes above the point where the file was paused, lowers the tool there, and lets Klipper go on.
template<class Session>
[[nodiscard]] result<void> resume_job(Session& k, const machine::machine& m, pen_record& record) {
    KF_TRY(const auto before, klippy::detail::job_status(k.link(), detail::motion_deadline(k, 0)));
    if (before.job() == klippy::job_state::paused && before.homed("xyz") == true && record.pause_point()) {
        const klippy::xyz at = *record.pause_point();
        const machine::tool& tool = m.tools.front();
        KF_CHECK(lift(k, m, record));
        KF_CHECK(record.may_be_down("a file is running"));
        const seconds way = std::hypot(m.work_area_mm.x, m.work_area_mm.y) / tool.travel_feed_mm_s;
        std::string script = fmt::format("G90\nG0 X{} Y{} F{}", io::to_decimal(at[0], 4), io::to_decimal(at[1], 4),
                                         io::to_decimal(f_word(tool.travel_feed_mm_s), 3));
        script +=
            fmt::format("\nG1 Z{} F{}", io::to_decimal(at[2], 4), io::to_decimal(f_word(tool.plunge_feed_mm_s), 3));
        KF_CHECK(
            k.send_gcode(script, klippy::barrier::motion_end, detail::motion_deadline(k, way + detail::z_time(m))));
    }
    KF_CHECK(record.may_be_down("a file is running"));
    KF_CHECK(klippy::resume_file(k.link(), detail::motion_deadline(k, 10)));
    KF_CHECK(record.set_pause_point(std::nullopt));
    return release_motors(k);
}

/// Pause, lift to the travel height, CANCEL_PRINT, and up again: whatever that macro does, the tool is up in between.
template<class Session>
[[nodiscard]] result<void> cancel_job(Session& k, const machine::machine& m, bool boundary, pen_record& record) {
    using klippy::job_state;
    KF_TRY(const auto before, klippy::detail::job_status(k.link(), detail::motion_deadline(k, 0)));
    const auto state = before.job();
    const bool over = state == job_state::none || state == job_state::done || state == job_state::cancelled;
    if (over && before.pause_resume->is_paused) { // of nothing: PAUSE with no file running
        if (before.homed("z") == true) KF_CHECK(lift(k, m, record));
        return k.send_gcode("CLEAR_PAUSE", klippy::barrier::processed, detail::motion_deadline(k, 10));
    }
    if (over) return kf::fail({errc::refused, "no file is running", {}, "CANCEL_PRINT"});
    if (state == job_state::printing) {
        // It may come to its end, or fail, just now: then there is nothing left to pause.
        const auto paused = klippy::pause_file(k.link(), detail::motion_deadline(k, 120));
        if (!paused && paused.error().code != errc::refused) return paused;
    }
    if (before.homed("z") == true) KF_CHECK(lift(k, m, record));
    KF_CHECK(klippy::cancel_file(k.link(), detail::motion_deadline(k, 120)));
    // Klipper's CANCEL_PRINT does nothing to a file that it stopped reading by itself.
    if (state == job_state::stalled)
        KF_CHECK(k.send_gcode("SDCARD_RESET_FILE", klippy::barrier::processed, detail::motion_deadline(k, 10)));
    KF_TRY(const auto after, detail::toolhead(k));
    if (after.homed_axes.find('z') != std::string::npos) KF_CHECK(lift(k, m, record));
    KF_CHECK(record.set_pause_point(std::nullopt));
    if (boundary)
        KF_CHECK(
            k.send_gcode(request_boundary_pause(false), klippy::barrier::processed, detail::motion_deadline(k, 10)));
    return release_motors(k);
}

struct file_outcome {
    enum class end { done, cancelled, detached };
    end how = end::done;
    seconds duration = 0; ///< of Klipper's clock, pauses left out
};

template<class Session, steering Steering, sink Sink>
class file_run {
    Session& k_;
    const machine::machine& machine_;
    const printer_facts& facts_;
    const file_plan& plan_;
    Steering& steering_;
    pen_record& record_;
    Sink& out_;
    seconds last_event_ = 0, moving_ = 0;
    bool pause_told_ = false;
    order asked_ = order::none;
    const char* state_ = "starting";

    [[nodiscard]] io::time_point now() const { return k_.link().clock().now(); }

    /// Klipper begins to move this long after the start.
    static constexpr seconds start_latency = 0.3;

    [[nodiscard]] seconds left() const {
        const auto& sd = k_.status().virtual_sdcard;
        if (!sd) return plan_.timeline.total();
        return job::remaining(plan_.timeline,
                              static_cast<std::uint64_t>(std::max<std::int64_t>(0, sd->file_position)) + plan_.shift,
                              std::max(0.0, moving_ - start_latency));
    }
    [[nodiscard]] json::object status() const {
        return {{"state", state_},
                {"mode", "file"},
                {"job", plan_.name},
                {"strokes", plan_.strokes},
                {"planned_s", plan_.timeline.total()},
                {"moving_s", moving_},
                {"eta_s", left()}};
    }
    void follow_clock() {
        const seconds at = k_.status().eventtime;
        const bool draws = state_ == std::string_view("drawing") || state_ == std::string_view("pausing");
        if (last_event_ != 0 && draws) moving_ += std::max(0.0, at - last_event_);
        last_event_ = at;
    }
    void tell_progress() {
        const seconds total = plan_.timeline.total();
        const seconds done = std::clamp(total - left(), 0.0, total);
        // Whole seconds, the last one only at the end.
        const auto whole = static_cast<std::uint64_t>(std::ceil(total));
        out_.progress({phase::run, std::min(static_cast<std::uint64_t>(done), whole - 1), whole, "s", done});
    }
    std::unexpected<error> broken(error e) {
        steering_.refuse(e);
        return kf::fail(std::move(e));
    }
    std::unexpected<error> lost(error e) {
        e.cause += fmt::format("{}{} s of {} s were drawn; the pen may be down", e.cause.empty() ? "" : "; ",
                               io::to_decimal(moving_, 1), io::to_decimal(plan_.timeline.total(), 1));
        e.steps = {"Look at the machine: is the pen up?", "kplot recover"};
        return broken(std::move(e));
    }
    /// Klipper stopped at a line: what was planned is run out, then the tool goes up.
    std::unexpected<error> failed(std::string_view what, std::string_view why) {
        const bool up = lift(k_, machine_, record_).has_value();
        return broken({errc::failed,
                       fmt::format("{}: {}", what, why.empty() ? "Klipper gives no reason" : why),
                       up ? "the rest is not drawn; the tool is up" : "the rest is not drawn; the pen may be down",
                       plan_.name,
                       {"kplot status"}});
    }
    result<file_outcome> end(file_outcome::end how, std::string_view text) {
        state_ = "ended";
        KF_CHECK(lift(k_, machine_, record_));
        KF_CHECK(record_.set_pause_point(std::nullopt));
        steering_.settle(std::string(text));
        return file_outcome{how, moving_};
    }

    void look() {
        const order o = steering_.next([this] { return status(); });
        asked_ = std::max(asked_, o);
    }
    /// Klipper needs no connection to draw a file. When only that broke (this program was stopped for a while, say) the
    /// file is there still, and is followed again. Nothing is sent that moves.
    bool back_at_the_file(const error& why) {
        if (k_.connected()) return false;
        out_.warn(why.what + "; looking whether Klipper goes on with the file");
        if (!k_.reattach() || !k_.status().print_stats || k_.status().print_stats->filename != plan_.name) return false;
        using klippy::job_state;
        const job_state is = k_.status().job();
        if (is == job_state::unknown || is == job_state::none || is == job_state::stalled) return false;
        out_.step(phase::run, "connected again: Klipper goes on with the file");
        return true;
    }

    result<void> obey(order o) {
        if (o == order::pause) {
            if (k_.status().job() == klippy::job_state::paused) {
                steering_.settle("paused already");
                return {};
            }
            state_ = facts_.boundary ? "pausing" : "drawing";
            // While a boundary is waited for the pen draws on; a cancel is obeyed after it.
            auto paused = pause_job(k_, machine_, facts_.boundary, record_, [this] {
                follow_clock();
                look();
            });
            if (!paused) {
                if (paused.error().code != errc::refused) return kf::fail(std::move(paused).error());
                steering_.refuse(paused.error()); // it came to its end first
                return {};
            }
            state_ = "paused";
            pause_told_ = true;
            out_.step(phase::run, *paused + "; kplot resume goes on, Ctrl+C cancels");
            steering_.settle(*paused);
            return detail::refresh(k_);
        }
        if (o == order::resume) {
            if (auto resumed = resume_job(k_, machine_, record_); !resumed) {
                steering_.refuse(resumed.error());
                if (resumed.error().code != errc::refused) return resumed;
                out_.warn(resumed.error().what);
                return {};
            }
            state_ = "drawing";
            pause_told_ = false;
            out_.step(phase::run, "goes on");
            steering_.settle("goes on");
            return detail::refresh(k_);
        }
        return {};
    }

  public:
    file_run(Session& k, const machine::machine& m, const printer_facts& facts, const file_plan& plan, Steering& s,
             pen_record& record, Sink& out)
      : k_(k)
      , machine_(m)
      , facts_(facts)
      , plan_(plan)
      , steering_(s)
      , record_(record)
      , out_(out) {}

    /// Lets Klipper begin. From here on it draws, whatever becomes of us.
    [[nodiscard]] result<void> start() {
        KF_CHECK(record_.may_be_down(fmt::format("{} did not come to its end", plan_.name)));
        KF_CHECK(record_.set_pause_point(std::nullopt));
        if (auto begun = klippy::start_file(k_.link(), plan_.name, detail::motion_deadline(k_, 10)); !begun)
            return kf::fail(std::move(begun).error());
        state_ = "drawing";
        KF_CHECK(detail::refresh(k_));
        // The clock of the job began with the start, a few hundred milliseconds ago.
        last_event_ = k_.status().eventtime;
        if (k_.status().print_stats) moving_ = k_.status().print_stats->total_duration;
        return {};
    }

    /// To the end of the file, or until a person ends it.
    [[nodiscard]] result<file_outcome> follow() {
        using klippy::job_state;
        for (;;) {
            if (auto read = k_.pump(now() + std::chrono::milliseconds(50)); !read && !back_at_the_file(read.error()))
                return lost(std::move(read).error());
            follow_clock();
            look();
            const job_state is = k_.status().job();
            switch (is) {
            case job_state::done: {
                const auto total = static_cast<std::uint64_t>(std::ceil(plan_.timeline.total()));
                out_.progress({phase::run, total, total, "s", moving_});
                return end(file_outcome::end::done, "the file came to its end");
            }
            case job_state::failed: return failed("Klipper stopped the file", k_.status().print_stats->message);
            case job_state::stalled: return failed("Klipper stopped reading the file", "it takes it for paused");
            case job_state::cancelled:
                out_.warn("the file was cancelled by somebody else");
                return end(file_outcome::end::cancelled, "it was cancelled by somebody else");
            case job_state::none:
                return broken(
                    {errc::failed, "the file is gone from the printer", "somebody reset it, or Klipper", plan_.name});
            case job_state::paused:
                if (!pause_told_) out_.step(phase::run, "paused by somebody else; kplot resume goes on");
                pause_told_ = true;
                state_ = "paused";
                break;
            case job_state::printing:
                if (state_ == std::string_view("paused")) pause_told_ = false;
                state_ = "drawing";
                tell_progress();
                break;
            case job_state::unknown:
            case job_state::finishing: break;
            }
            const order o = std::exchange(asked_, order::none);
            if (o == order::cancel) {
                state_ = "cancelling";
                if (auto cancelled = cancel_job(k_, machine_, facts_.boundary, record_); !cancelled) {
                    if (cancelled.error().code == errc::refused) continue; // it came to its end just now
                    return lost(std::move(cancelled).error());
                }
                out_.step(phase::run, "cancelled, the tool is up");
                steering_.settle("cancelled, the tool is up");
                return file_outcome{file_outcome::end::cancelled, moving_};
            }
            if (auto done = obey(o); !done) return lost(std::move(done).error());
        }
    }
};

} // namespace kf::run
