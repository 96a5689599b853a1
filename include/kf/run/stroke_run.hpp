// SPDX-License-Identifier: MIT
#pragma once
/// Interactive mode: one stroke at a time, each with a barrier behind it, so that between two strokes the machine
/// stands still with the tool up, and a pause, a cancel or an error finds it so. With `ahead` strokes queued the
/// barrier is saved (315 ms a stroke) and a pause comes that much later. A script is never sent twice: when the
/// connection or the micro-controller is lost the run ends with what is known of the last stroke. Between two strokes
/// any other client may move the machine or press Pause: each stroke begins with its own lift in absolute coordinates,
/// the way is watched, and a pause of the printer is obeyed.

#include <kf/job/gcode.hpp>
#include <kf/klippy/client.hpp>
#include <kf/planner/estimate.hpp>
#include <kf/run/lift.hpp>
#include <kf/run/motor_hold.hpp>
#include <kf/run/path_watch.hpp>
#include <kf/run/pen_record.hpp>
#include <kf/run/preflight.hpp>
#include <kf/run/steering.hpp>
#include <kf/run/z_reference.hpp>
#include <kf/sink.hpp>
#include <kf/sink/counted.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kf::run {

struct stroke_options {
    std::size_t ahead = 0; ///< strokes that may be queued behind the one that is drawn
    bool step = false;     ///< a person lets each stroke go
    std::size_t total = 0; ///< drawn strokes of the job, for progress
    std::string job = {};  ///< its name, for the record of the pen
};

struct stroke_outcome {
    enum class end { done, cancelled };
    end how = end::done;
    std::size_t strokes = 0; ///< drawn to their end
    seconds planned = 0;     ///< what the planner said of them
};

namespace detail {

/// Planned seconds of one script after the other, by Klipper's planner at the limits and the speed factor of now.
class script_planner {
    planner::gcode_estimator estimator_;
    seconds before_ = 0;

  public:
    script_planner(const planner::motion_limits& limits, double speed_factor)
      : estimator_(limits) {
        (void)estimator_.feed(fmt::format("M220 S{}\n", io::to_decimal(speed_factor * 100, 2)));
    }
    /// Each counts to a full stop, which without a barrier is a little more than it takes.
    [[nodiscard]] result<seconds> add(std::string_view script) {
        KF_CHECK(estimator_.feed(script));
        KF_CHECK(estimator_.feed(script.ends_with('\n') ? "M400\n" : "\nM400\n"));
        return estimator_.plan().total() - std::exchange(before_, estimator_.plan().total());
    }
};

/// The longest prefix of whole lines that fits one request; Klipper slows down with the square of a request's size.
[[nodiscard]] inline std::string_view take_piece(std::string_view& script) {
    constexpr std::size_t most = std::size_t{128} << 10;
    std::size_t end = script.size();
    if (end > most) {
        end = script.rfind('\n', most);
        end = end == std::string_view::npos ? script.size() : end + 1;
    }
    const std::string_view piece = script.substr(0, end);
    script.remove_prefix(end);
    return piece;
}

} // namespace detail

template<class Session, class Strokes, steering Steering, sink Sink>
class stroke_run {
    struct flight {
        std::size_t stroke = 0; ///< 0: an operation by itself
        std::vector<klippy::request_id> pieces = {};
        seconds planned = 0;
        std::size_t way = 0; ///< where its way begins in path_
    };

    Session& k_;
    const machine::machine& machine_;
    Strokes strokes_;
    Steering& steering_;
    pen_record& record_;
    Sink& out_;
    stroke_options options_;
    job::gcode_writer writer_;
    detail::script_planner planner_;
    path_watch path_;
    loaded_skew skew_;
    seconds looked_at_ = 0; ///< eventtime of the last place that was compared
    std::deque<flight> flights_;
    stroke_outcome outcome_;
    order asked_ = order::none;
    std::size_t sent_ = 0; ///< drawn strokes
    const char* state_ = "drawing";
    bool held_ = false;                    ///< the motors, since the first wait for a person
    bool moved_ = false;                   ///< by a person or a macro in a pause, since the last stroke was sent
    bool elsewhere_ = false;               ///< the pause was not asked of us: a button of a web interface
    std::optional<std::string> waits_for_; ///< the job's own pause

    static constexpr seconds most_of_a_macro = 600;

    [[nodiscard]] json::object status() const {
        json::object now{{"state", state_},           {"mode", "interactive"},
                         {"job", options_.job},       {"stroke", outcome_.strokes},
                         {"strokes", options_.total}, {"queued", flights_.size()}};
        if (waits_for_) now["waits_for"] = *waits_for_;
        return now;
    }
    void look() {
        const order o = steering_.next([this] { return status(); });
        if (o == order::resume && asked_ == order::pause) {
            steering_.settle("goes on, the pause was taken back");
            asked_ = order::none;
        } else
            asked_ = std::max(asked_, o);
        if (!paused_by_printer() || asked_ >= order::pause) return;
        elsewhere_ = true;
        asked_ = order::pause;
    }
    [[nodiscard]] bool paused_by_printer() const {
        return k_.status().pause_resume && k_.status().pause_resume->is_paused;
    }
    /// An error when the machine is beside the way of what was sent.
    result<void> watch() {
        const auto& s = k_.status();
        const auto live = s.live_position();
        // Its PAUSE may park the tool, and its RESUME is over for Klipper while the tool is still on the way back.
        if (paused_by_printer()) let_go();
        if (!live || s.eventtime == looked_at_ || paused_by_printer()) return {};
        looked_at_ = s.eventtime;
        if (path_.on_the_way(skew_.before(*live))) return {};
        return kf::fail(
            {errc::failed,
             fmt::format("something else moves the machine: it was at X{:.2f} Y{:.2f} Z{:.2f}, beside the way "
                         "of the drawing",
                         (*live)[0], (*live)[1], (*live)[2]),
             {},
             options_.job,
             {"Look for another client of this printer: a web interface, a [delayed_gcode], a macro."}});
    }
    void let_go() noexcept {
        path_.let_go();
        moved_ = true;
    }
    /// After a pause the next stroke begins where whoever moved the tool left it, be that on the way of an older one.
    result<void> find_place() {
        if (!moved_ || !flights_.empty()) return {};
        moved_ = false;
        KF_TRY(const auto now, look_at(k_));
        const klippy::xyz place = detail::gcode_place(now);
        path_.stands_at(place);
        writer_.stands_at({place[0], place[1]});
        path_.let_go(); // it may be on its way there still
        return {};
    }
    [[nodiscard]] seconds in_flight() const {
        seconds sum = 0;
        for (const flight& f : flights_) sum += f.planned;
        return sum;
    }
    [[nodiscard]] io::time_point now() const { return k_.link().clock().now(); }
    [[nodiscard]] io::time_point deadline(seconds planned) const { return now() + klippy::motion_allowance(planned); }

    /// The answer, while whoever asks for the status gets it.
    result<void> await(klippy::request_id id) {
        for (;;) {
            if (auto answer = k_.link().take(id)) {
                if (!*answer) return kf::fail(std::move(*answer).error());
                return k_.pump(now()); // success counts only while Klipper is not shut down
            }
            look();
            if (auto read = k_.pump(now() + std::chrono::milliseconds(50)); !read) {
                // What its own answer says of the end is better than what the state says.
                if (auto answer = k_.link().take(id); answer && !*answer) return kf::fail(std::move(*answer).error());
                return read;
            }
            KF_CHECK(watch());
        }
    }
    result<void> finish_front() {
        for (const auto id : flights_.front().pieces) KF_CHECK(await(id));
        const flight done = std::move(flights_.front());
        flights_.pop_front();
        path_.prune_before(done.way, k_.status().gcode_move ? k_.status().gcode_move->speed_factor : 1);
        outcome_.planned += done.planned;
        if (done.stroke != 0) {
            outcome_.strokes = done.stroke;
            out_.progress({phase::run, outcome_.strokes, options_.total, "strokes", outcome_.planned});
        }
        return {};
    }
    /// Until the machine stands still, with the tool up: strokes are whole.
    result<void> drain() {
        while (!flights_.empty()) KF_CHECK(finish_front());
        if (options_.ahead == 0) return {}; // each had its barrier
        return script("", klippy::barrier::motion_end, static_cast<double>(options_.ahead) * 2.0);
    }
    result<void> script(std::string_view text, klippy::barrier b, seconds planned) {
        KF_TRY(const auto id, k_.link().send_script(text, b, deadline(planned)));
        return await(id);
    }
    result<void> send(const job::stroke& s, std::string_view text) {
        KF_TRY(const seconds planned, planner_.add(text));
        flight f{s.number, {}, planned, path_.mark()};
        path_.feed(text);
        // How long a macro takes is its own affair.
        const bool calls = std::holds_alternative<job::call_macro>(s.steps.front().op);
        const auto until = deadline(in_flight() + planned + (calls ? most_of_a_macro : 0));
        for (std::string_view rest = text; !rest.empty();) {
            const std::string_view piece = detail::take_piece(rest);
            const bool last = rest.empty();
            const auto b = last && options_.ahead == 0 ? klippy::barrier::motion_end : klippy::barrier::processed;
            auto id = k_.link().send_script(piece, b, until);
            if (!id) {
                flights_.push_back(std::move(f));
                return kf::fail(std::move(id).error());
            }
            f.pieces.push_back(*id);
        }
        flights_.push_back(std::move(f));
        if (s.draws()) sent_ = s.number;
        return {};
    }
    [[nodiscard]] std::string doubt() const { return fmt::format("a run of {} did not come to its end", options_.job); }
    result<void> hold() {
        if (held_) return {};
        held_ = true;
        return hold_motors(k_);
    }
    result<void> clear_pause() {
        if (!paused_by_printer()) return {};
        KF_CHECK(script("CLEAR_PAUSE", klippy::barrier::processed, 1));
        KF_CHECK(detail::refresh(k_));
        if (std::exchange(elsewhere_, false) && asked_ == order::pause) asked_ = order::none; // the one that has ended
        return {};
    }
    /// Waits at the boundary; gives resume or cancel.
    result<order> pause() {
        const seconds lag = in_flight();
        const std::size_t queued = flights_.size();
        if (queued > 1 || options_.ahead != 0)
            out_.note(fmt::format("the pause comes after {}, about {:.1f} s", counted(queued, "queued stroke"), lag));
        KF_CHECK(drain());
        KF_CHECK(hold());
        state_ = "paused";
        // A macro of the printer may have moved the tool.
        if (paused_by_printer()) KF_CHECK(lift(k_, machine_, record_));
        let_go();
        std::string where =
            fmt::format("paused {}after stroke {} of {}, the tool is up",
                        std::exchange(elsewhere_, false) ? "by somebody else " : "", outcome_.strokes, options_.total);
        if (waits_for_)
            where += fmt::format(" at the place for changes{}{}", waits_for_->empty() ? "" : ": ", *waits_for_);
        out_.step(phase::run, where + "; kplot resume goes on, Ctrl+C cancels");
        const order meanwhile = std::exchange(asked_, order::none);
        if (meanwhile == order::resume) steering_.refuse({errc::refused, "nothing was paused yet"});
        steering_.settle(where);
        for (bool cancels = meanwhile == order::cancel;;) {
            if (std::exchange(cancels, false)) asked_ = order::cancel;
            KF_CHECK(k_.pump(now() + std::chrono::milliseconds(100)));
            look();
            const order o = std::exchange(asked_, order::none);
            if (o == order::pause) steering_.settle(where);
            if (o != order::resume && o != order::cancel) continue;
            // Only our own word goes on: the end of the printer's pause may as well have been its Cancel button.
            KF_CHECK(clear_pause());
            state_ = "drawing";
            return o;
        }
    }
    /// Step mode: until a person lets the stroke go.
    result<order> step_on(std::size_t stroke) {
        KF_CHECK(hold());
        state_ = "paused";
        for (;;) {
            KF_TRY(order o, steering_.stepped(stroke));
            look();
            o = std::max(o, std::exchange(asked_, order::none));
            if (o == order::pause) steering_.settle(fmt::format("stands before stroke {}, the tool is up", stroke));
            if (o == order::resume) steering_.settle("goes on");
            if (o == order::resume || o == order::cancel) {
                state_ = "drawing";
                return o;
            }
            KF_CHECK(k_.pump(now() + std::chrono::milliseconds(50)));
        }
    }
    result<void> cancel() {
        KF_CHECK(drain());
        KF_CHECK(clear_pause());
        state_ = "cancelled";
        outcome_.how = stroke_outcome::end::cancelled;
        const std::string where =
            fmt::format("cancelled after stroke {} of {}, the tool is up", outcome_.strokes, options_.total);
        out_.step(phase::run, where);
        steering_.settle(where);
        return {};
    }
    /// True when the run goes on.
    result<bool> obey(order o) {
        if (o == order::pause) {
            KF_TRY(o, pause());
            if (o == order::resume) {
                steering_.settle("goes on");
                KF_CHECK(lift(k_, machine_, record_)); // who knows what was done by hand meanwhile
                KF_CHECK(record_.may_be_down(doubt()));
            }
        } else if (o == order::resume) {
            steering_.refuse({errc::refused, "nothing is paused"});
        }
        if (o != order::cancel) return true;
        KF_CHECK(cancel());
        return false;
    }

    result<void> draw() {
        KF_TRY(const auto before, look_at(k_));
        path_.stands_at(detail::gcode_place(before));
        std::string text;
        writer_.begin(text);
        path_.feed(text);
        KF_TRY(const seconds first, planner_.add(text));
        KF_CHECK(script(text, klippy::barrier::motion_end, first + detail::z_time(machine_)));
        for (;;) {
            look();
            KF_TRY(const bool on, obey(std::exchange(asked_, order::none)));
            if (!on) return {};
            KF_TRY(const auto s, strokes_());
            if (!s) break;
            if (options_.step && s->draws()) {
                KF_TRY(const order o, step_on(s->number));
                if (o == order::cancel) return cancel();
            }
            text.clear();
            writer_.restate(text);
            KF_CHECK(find_place());
            KF_CHECK(writer_.write(*s, text));
            KF_CHECK(send(*s, text));
            while (flights_.size() > options_.ahead) KF_CHECK(finish_front());
            if (std::holds_alternative<job::call_macro>(s->steps.front().op)) {
                KF_CHECK(drain());
                KF_CHECK(lift(k_, machine_, record_)); // who knows what it left behind
                KF_CHECK(record_.may_be_down(doubt()));
            }
            if (const auto* stop = std::get_if<job::await_person>(&s->steps.front().op)) {
                waits_for_ = stop->text;
                KF_TRY(const bool goes_on, obey(order::pause));
                waits_for_.reset();
                if (!goes_on) return {};
            }
        }
        return drain();
    }

    /// What is known of a run that broke: which strokes are drawn, and whether the pen is up.
    std::unexpected<error> broken(error e) {
        const std::string drawn =
            outcome_.strokes == 0 ? std::string("no stroke is finished")
                                  : fmt::format("strokes 1 to {} of {} are drawn", outcome_.strokes, options_.total);
        const std::string last = sent_ > outcome_.strokes ? fmt::format("; stroke {} may be drawn in part", sent_) : "";
        const bool printer_goes_on =
            e.code != errc::connection_lost && e.code != errc::timeout && k_.connected() && k_.status().ready();
        std::string pen = "the pen may be down";
        if (printer_goes_on && lift(k_, machine_, record_)) pen = "the tool is up";
        if (printer_goes_on && held_) (void)release_motors(k_);
        e.cause = fmt::format("{}{}{}{}; {}", e.cause, e.cause.empty() ? "" : "; ", drawn, last, pen);
        if (const auto seen = k_.status().last_seen();
            seen && e.code == errc::connection_lost && e.cause.find("last seen") == std::string::npos)
            e.cause += fmt::format("; it was last seen at X{:.2f} Y{:.2f} Z{:.2f}", (*seen)[0], (*seen)[1], (*seen)[2]);
        if (!printer_goes_on) e.steps = {"Look at the machine: is the pen up?", "kplot recover"};
        steering_.refuse(e);
        return kf::fail(std::move(e));
    }

  public:
    stroke_run(Session& k, const machine::machine& m, const printer_facts& facts, job::gcode_options gcode,
               Strokes strokes, Steering& s, pen_record& record, Sink& out, stroke_options options)
      : k_(k)
      , machine_(m)
      , strokes_(std::move(strokes))
      , steering_(s)
      , record_(record)
      , out_(out)
      , options_(std::move(options))
      , writer_(m, std::move(gcode))
      , planner_(facts.limits, facts.speed_factor)
      , path_(facts.limits.arc_resolution)
      , skew_(facts.skew) {}

    [[nodiscard]] result<stroke_outcome> operator()() {
        KF_CHECK(record_.may_be_down(doubt()));
        if (auto drawn = draw(); !drawn) return broken(std::move(drawn).error());
        KF_CHECK(lift(k_, machine_, record_));
        if (held_) KF_CHECK(release_motors(k_));
        return outcome_;
    }
};

} // namespace kf::run
