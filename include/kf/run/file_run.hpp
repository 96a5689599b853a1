// SPDX-License-Identifier: MIT
#pragma once
/// File mode: the whole job is written into Klipper's virtual_sdcard directory, and Klipper runs it by itself, also
/// when we are gone. Here it is started and followed to its end: progress, pause, resume, cancel, errors, and whether
/// the machine is where the file wants it. Done means that the motion has stopped and the tool is up.
///
/// | way out                       | what is sent, in this order                                     | proof          |
/// | ----------------------------- | --------------------------------------------------------------- | -------------- |
/// | pause, with our macros        | a wish; KPLOT_BOUNDARY pauses after the stroke; lift            | position asked |
/// | pause, without                | Klipper's own PAUSE and the lift in one script                  | position asked |
/// | a pause of the file           | the file has the tool up at the place for changes; the lift     | position asked |
/// | resume                        | lift, above the spot, Klipper's own RESUME straight down        | status         |
/// | cancel, Ctrl+C twice, SIGTERM | Klipper's own PAUSE and the lift in one script; then the cancel | position asked |
/// | the file fails, or is gone    | the lift, behind what was planned                               | position asked |
/// | something else moves it       | as a cancel                                                     | position asked |
/// | detach, kill -9               | nothing: the printer's macros were looked at before the start   |                |
///
/// No macro of the printer that is not ours runs in any of them.

#include <kf/klippy/sdcard_files.hpp>
#include <kf/planner/timeline.hpp>
#include <kf/run/file_plan.hpp>
#include <kf/run/job_control.hpp>
#include <kf/run/path_watch.hpp>
#include <kf/run/pen_record.hpp>
#include <kf/run/preflight.hpp>
#include <kf/run/steering.hpp>
#include <kf/sink.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace kf::run {

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
    file_watch watch_;
    seconds last_event_ = 0, moving_ = 0;
    io::time_point last_news_{};
    bool pause_told_ = false;
    order asked_ = order::none;
    const char* state_ = "starting";
    const job::gcode_stop* stop_ = nullptr; ///< of the file, where it waits

    [[nodiscard]] io::time_point now() const { return k_.link().clock().now(); }

    /// An error and what Klipper does about it are not further apart; an older one is another client's.
    static constexpr seconds at_once = 5;
    /// Klipper begins to move this long after the start.
    static constexpr seconds start_latency = 0.3;

    [[nodiscard]] seconds left() const {
        const auto& sd = k_.status().virtual_sdcard;
        if (!sd) return plan_.timeline.total();
        return planner::remaining(
            plan_.timeline, static_cast<std::uint64_t>(std::max<std::int64_t>(0, sd->file_position)) + plan_.shift,
            std::max(0.0, moving_ - start_latency));
    }
    [[nodiscard]] json::object status() const {
        json::object now{{"state", state_},
                         {"mode", "file"},
                         {"job", plan_.name},
                         {"strokes", plan_.strokes},
                         {"planned_s", plan_.timeline.total()},
                         {"moving_s", moving_},
                         {"eta_s", left()}};
        if (stop_ != nullptr) now["waits_for"] = stop_->text;
        return now;
    }
    /// The pause of the file that Klipper stands at.
    [[nodiscard]] const job::gcode_stop* stop_here() const {
        const auto& sd = k_.status().virtual_sdcard;
        if (!sd) return nullptr;
        const auto at = std::find_if(plan_.stops.begin(), plan_.stops.end(), [&](const job::gcode_stop& s) {
            return static_cast<std::int64_t>(s.bytes) == sd->file_position;
        });
        return at == plan_.stops.end() ? nullptr : &*at;
    }
    void follow_clock() {
        const seconds at = k_.status().eventtime;
        const bool draws = state_ == std::string_view("drawing") || state_ == std::string_view("pausing");
        if (last_event_ != 0 && draws) moving_ += std::max(0.0, at - last_event_);
        if (at != last_event_) last_news_ = now();
        last_event_ = at;
    }
    /// While a file runs or is paused Klipper tells the job's time four times a second: silence is a Klipper that
    /// hangs, or a file that is over.
    result<void> ping() {
        constexpr std::chrono::seconds silence{10};
        if (now() - last_news_ < silence) return {};
        last_news_ = now();
        return detail::refresh(k_);
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
    /// The drawing is spoilt, and two masters move one pen: ours is taken up and the file ended.
    std::unexpected<error> strayed(const klippy::xyz& at) {
        const bool ended = cancel_job(k_, machine_, facts_.commands, record_).has_value();
        return broken(
            {errc::failed,
             fmt::format("something else moves the machine: it was at X{:.2f} Y{:.2f} Z{:.2f}, beside the way "
                         "of the drawing",
                         at[0], at[1], at[2]),
             ended ? "the file was ended; the tool is up" : "the pen may be down",
             plan_.name,
             {"Look for another client of this printer: a web interface, a [delayed_gcode], a macro."}});
    }
    /// A file that somebody else cancelled; on_error_gcode may have been that somebody, and left the reason unsaid.
    result<file_outcome> cancelled_elsewhere() {
        if (const auto why = k_.complaint(at_once); !why.empty() && facts_.commands.error_cancels)
            return failed("Klipper stopped the file", why);
        out_.warn("the file was cancelled by somebody else");
        return end(file_outcome::end::cancelled, "it was cancelled by somebody else");
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

    result<void> pause() {
        if (k_.status().job() == klippy::job_state::paused) {
            steering_.settle("paused already");
            return {};
        }
        state_ = facts_.commands.boundary ? "pausing" : "drawing";
        // While a boundary is waited for the pen draws on; a cancel ends the wait.
        auto paused = pause_job(k_, machine_, facts_.commands, record_, [this] {
            follow_clock();
            look();
            return asked_ == order::cancel ? patience::enough : patience::wait;
        });
        if (!paused) {
            if (paused.error().code == errc::interrupted) return {}; // for the cancel that waits in asked_
            if (paused.error().code != errc::refused) return kf::fail(std::move(paused).error());
            steering_.refuse(paused.error()); // it came to its end first
            return {};
        }
        state_ = "paused";
        pause_told_ = true;
        watch_.let_go();
        out_.step(phase::run, *paused + "; kplot resume goes on, Ctrl+C cancels");
        steering_.settle(*paused);
        return detail::refresh(k_);
    }
    result<void> resume() {
        if (auto resumed = resume_job(k_, machine_, facts_.commands, record_, facts_.skew); !resumed) {
            steering_.refuse(resumed.error());
            if (resumed.error().code != errc::refused) return resumed;
            out_.warn(resumed.error().what);
            return {};
        }
        state_ = "drawing";
        stop_ = nullptr;
        pause_told_ = false;
        watch_.let_go();
        out_.step(phase::run, "goes on");
        steering_.settle("goes on");
        return detail::refresh(k_);
    }
    /// A pause of the file itself, or somebody's, perhaps a button's. Our own macro has lifted the tool; Klipper's own
    /// command leaves it on the paper.
    result<void> paused_elsewhere() {
        pause_told_ = true;
        watch_.let_go();
        if (!facts_.commands.ours) {
            KF_CHECK(k_.send_gcode("", klippy::barrier::motion_end, detail::motion_deadline(k_, 10)));
            KF_TRY(const auto now, look_at(k_));
            KF_CHECK(record_.set_pause_point(detail::gcode_place(now)));
            auto up = lift(k_, machine_, record_);
            KF_CHECK(detail::refresh(k_));
            // Whoever paused it may have resumed it meanwhile: then the pen is where the file wants it.
            if (!up && k_.status().job() == klippy::job_state::paused) return up;
        }
        stop_ = stop_here();
        if (stop_ == nullptr) {
            out_.step(phase::run, "paused by somebody else; kplot resume goes on");
            return {};
        }
        if (!facts_.commands.ours) KF_CHECK(hold_motors(k_)); // our macro does
        out_.step(phase::run, fmt::format("{}the tool is up at the place for changes; kplot resume goes on, Ctrl+C "
                                          "cancels",
                                          stop_->text.empty() ? "" : stop_->text + ": "));
        return {};
    }
    /// Ends the file with the tool up; nothing when it came to its end just now.
    result<std::optional<file_outcome>> cancel() {
        state_ = "cancelling";
        if (auto cancelled = cancel_job(k_, machine_, facts_.commands, record_); !cancelled) {
            if (cancelled.error().code != errc::refused) return kf::fail(std::move(cancelled).error());
            KF_CHECK(detail::refresh(k_));
            return std::nullopt;
        }
        out_.step(phase::run, "cancelled, the tool is up");
        steering_.settle("cancelled, the tool is up");
        return file_outcome{file_outcome::end::cancelled, moving_};
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
      , out_(out)
      , watch_(plan.file, facts.limits.arc_resolution, facts.skew) {}

    /// Obeys what was asked for while the machine homed: false when that was a cancel, and nothing of the file is
    /// drawn.
    [[nodiscard]] result<bool> may_start() {
        for (;;) {
            look();
            const order o = std::exchange(asked_, order::none);
            if (o == order::cancel) {
                steering_.settle("cancelled before anything was drawn, the tool is up");
                return false;
            }
            if (o == order::pause) {
                if (!pause_told_) out_.step(phase::run, "paused before the first stroke; kplot resume goes on");
                pause_told_ = true;
                state_ = "paused";
                steering_.settle("paused before the first stroke, the tool is up");
            }
            if (o == order::resume && !pause_told_) steering_.refuse({errc::refused, "nothing is paused"});
            if (o == order::resume && pause_told_) steering_.settle("goes on");
            if (!pause_told_ || o == order::resume) break;
            KF_CHECK(k_.pump(now() + std::chrono::milliseconds(50)));
        }
        pause_told_ = false;
        return true;
    }
    /// Lets Klipper begin. From here on it draws, whatever becomes of us.
    [[nodiscard]] result<void> start() {
        KF_TRY(const auto before, look_at(k_));
        watch_.begins_at(detail::gcode_place(before));
        KF_CHECK(record_.may_be_down(fmt::format("{} did not come to its end", plan_.name)));
        KF_CHECK(record_.set_pause_point(std::nullopt));
        k_.forget_complaint();
        const auto older = k_.status().print_stats;
        auto begun = klippy::start_file(k_.link(), plan_.name, detail::motion_deadline(k_, 10));
        auto seen = begun ? detail::refresh(k_) : result<void>(kf::fail(begun.error()));
        // A connection may break right behind the start. A file of this name that is over already was an older one, if
        // nothing that Klipper tells of it is new.
        const auto is_older = [&] {
            const auto& is = k_.status().print_stats;
            return older && is && older->filename == is->filename && older->state == is->state &&
                   older->total_duration == is->total_duration;
        };
        if (!seen && (!back_at_the_file(seen.error()) || is_older())) {
            if (begun) return lost(std::move(seen).error());
            return seen;
        }
        state_ = "drawing";
        // The clock of the job began with the start, a few hundred milliseconds ago.
        last_event_ = k_.status().eventtime;
        last_news_ = now();
        if (k_.status().print_stats) moving_ = k_.status().print_stats->total_duration;
        return {};
    }
    /// Leaves the file to Klipper, but not before what was asked of us until now is done.
    [[nodiscard]] result<file_outcome> leave() {
        look();
        const order o = std::exchange(asked_, order::none);
        if (o == order::pause) KF_CHECK(pause());
        if (o == order::resume) steering_.refuse({errc::refused, "nothing is paused"});
        if (o == order::cancel || std::exchange(asked_, order::none) == order::cancel) {
            KF_TRY(const auto over, cancel());
            if (over) return *over;
        }
        return file_outcome{file_outcome::end::detached, moving_};
    }

    /// To the end of the file, or until a person ends it.
    [[nodiscard]] result<file_outcome> follow() {
        using klippy::job_state;
        for (;;) {
            auto read = k_.pump(now() + std::chrono::milliseconds(50));
            if (read) read = ping();
            if (!read && !back_at_the_file(read.error())) return lost(std::move(read).error());
            follow_clock();
            look();
            const job_state is = k_.status().job();
            switch (is) {
            case job_state::done:
            case job_state::finishing: { // what is left of it ends before the lift, which waits for its own end
                const auto total = static_cast<std::uint64_t>(std::ceil(plan_.timeline.total()));
                auto ended = end(file_outcome::end::done, "the file came to its end");
                if (!ended) return lost(std::move(ended).error());
                out_.progress({phase::run, total, total, "s", moving_});
                return ended;
            }
            case job_state::failed: {
                const auto& message = k_.status().print_stats->message;
                return failed("Klipper stopped the file", message.empty() ? k_.complaint(at_once) : message);
            }
            case job_state::stalled: return failed("Klipper stopped reading the file", "it takes it for paused");
            case job_state::cancelled: return cancelled_elsewhere();
            case job_state::none:
                return broken(
                    {errc::failed, "the file is gone from the printer", "somebody reset it, or Klipper", plan_.name});
            case job_state::paused:
                state_ = "paused";
                if (!pause_told_)
                    if (auto done = paused_elsewhere(); !done) return lost(std::move(done).error());
                break;
            case job_state::printing:
                if (const auto& name = k_.status().print_stats->filename; !name.empty() && name != plan_.name)
                    return broken({errc::failed, fmt::format("the printer runs another file now: {}", name),
                                   "somebody cancelled ours and began that one", plan_.name});
                if (state_ == std::string_view("paused")) {
                    if (stop_ != nullptr) out_.step(phase::run, "goes on");
                    stop_ = nullptr;
                    pause_told_ = false;
                    watch_.let_go();
                }
                state_ = "drawing";
                if (const auto at = watch_.stray(k_.status())) return strayed(*at);
                tell_progress();
                break;
            case job_state::unknown: break;
            }
            const order o = std::exchange(asked_, order::none);
            if (o == order::pause)
                if (auto done = pause(); !done) return lost(std::move(done).error());
            if (o == order::resume)
                if (auto done = resume(); !done) return lost(std::move(done).error());
            if (o != order::cancel) continue;
            auto over = cancel();
            if (!over) return lost(std::move(over).error());
            if (*over) return **over;
        }
    }
};

} // namespace kf::run
