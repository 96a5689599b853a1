// SPDX-License-Identifier: MIT
#pragma once
/// The jog console without a screen: what a person asks goes in, a panel comes out. It owns the conversation with
/// Klipper: it finds it, and finds it again; it looks at everything before it moves anything; keys go to the jogger,
/// what takes longer (homing, touch-off, travel) is done with the verbs of run/, and what was asked meanwhile is
/// forgotten: whoever asked did not know what would be there by then. One thread: give() and turn() are called by
/// whoever waits (jog/console_thread.hpp, tests).

#include <kf/io/decimal.hpp>
#include <kf/jog/canvas_origin.hpp>
#include <kf/jog/choices.hpp>
#include <kf/jog/foreign_watch.hpp>
#include <kf/jog/jogger.hpp>
#include <kf/jog/motion_on_panel.hpp>
#include <kf/jog/panel.hpp>
#include <kf/jog/person_input.hpp>
#include <kf/jog/stop_button.hpp>
#include <kf/jog/tool_verbs.hpp>
#include <kf/klippy/session.hpp>
#include <kf/run/pen_record.hpp>
#include <kf/run/preflight.hpp>
#include <kf/run/square_record.hpp>
#include <kf/run/z_reference.hpp>
#include <kf/sink.hpp>

#include <boost/json.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kf::jog {

struct console_setup {
    std::filesystem::path machine_file = {}; ///< for `origin`; empty: a simulated machine, and nothing is written
    run::touch_off_by who = run::touch_off_by::person;
    mm_per_s speed = 20; ///< of jogging, at factor 1
};

template<klippy::connector Connect, io::clock Clock = io::steady_clock>
class console {
  public:
    using session_type = klippy::session<Connect, Clock>;

    console(const console&) = delete;
    console& operator=(const console&) = delete;
    ~console() {
        k_.on_status = [] {};
    }
    /// All of them outlive it.
    console(session_type& k, stop_button<Connect>& stop, machine::machine& m, run::pen_record& record,
            run::square_record& square, console_setup setup, Clock clock = {})
      : k_(k)
      , stop_(stop)
      , machine_(m)
      , record_(record)
      , square_(square)
      , setup_(std::move(setup))
      , clock_(clock)
      , jogger_(m) {
        panel_.step = m.interactive.default_jog_increment_mm;
        jogger_.set_step(panel_.step);
        set_factor(1);
        k_.keep_complaints();
        k_.on_status = [this] {
            if (verb_) show();
        };
    }

    /// Called with the new panel whenever something on it changed, also in the midst of give().
    std::function<void(const panel&)> on_change = [](const panel&) {};

    void give(const timed_input& in);
    /// Reads what is there and does what is due.
    void turn();
    /// When turn() has something to do although nothing was read.
    [[nodiscard]] io::time_point wake() const;
    [[nodiscard]] const panel& shown() const noexcept { return panel_; }
    [[nodiscard]] const jogger& keys() const noexcept { return jogger_; }

  private:
    using level = panel_message::level;

    [[nodiscard]] io::time_point now() const { return clock_.now(); }
    void find_klipper();
    void follow_state();
    void look_before_motion();
    void look_where_it_is();
    void renew_view();
    void send_orders();
    void take_answer();
    void on_lost(const error& why);
    void give_up_order();
    void set_factor(double f);

    template<class Verb>
    void run_verb(activity a, Verb&& verb);
    [[nodiscard]] workplace<session_type> here() noexcept { return {k_, machine_, facts_, record_}; }

    void forget(const person_input& what, const char* words);
    void handle(const strike& s, io::time_point at) { jogger_.strike(s, at); }
    void handle(const release& r, io::time_point) { jogger_.release(r.of); }
    void handle(let_go, io::time_point) { jogger_.stop(); }
    void handle(step_change c, io::time_point);
    void handle(speed_change c, io::time_point);
    void handle(const home& h, io::time_point);
    void handle(const select_tool& s, io::time_point) {
        run_verb(activity::lifting, [&]() -> result<void> {
            KF_TRY(const machine::tool* t, change_to(here(), s.name));
            jogger_.set_tool(*t);
            set_factor(panel_.speed_factor); // each tool has its own limit
            return {};
        });
    }
    void handle(tool_move t, io::time_point) {
        if (t == tool_move::up) return run_verb(activity::lifting, [&] { return tool_up(here()); });
        run_verb(activity::lowering, [&] {
            panel_.lowered = true;
            return tool_down(here(), jogger_.tool());
        });
    }
    void handle(const touch_off&, io::time_point) {
        run_verb(activity::touching_off, [&] { return touch_off_here(here()); });
    }
    void handle(const go_to& g, io::time_point) {
        run_verb(activity::travelling, [&] { return travel_up_to(here(), jogger_.tool(), g.place); });
    }
    void handle(origin o, io::time_point);
    void handle(const restart&, io::time_point);
    void handle(const console_line& l, io::time_point) {
        constexpr seconds longest = 120;
        run_verb(activity::console, [&] {
            panel_.lowered = true; // perhaps
            return k_.send_gcode(l.text, klippy::barrier::motion_end, now() + klippy::motion_allowance(longest));
        });
    }
    void handle(const draw_stroke& d, io::time_point) {
        const std::size_t before = panel_.strokes_drawn;
        run_verb(activity::drawing, [&]() -> result<void> {
            panel_.lowered = true;
            KF_CHECK(draw_one(here(), *d.job, d.index));
            ++panel_.strokes_drawn;
            return {};
        });
        ++panel_.strokes_tried;
        // It may have chosen another tool: what it stands at is known, which tool is in use is ours to say.
        if (panel_.strokes_drawn == before) placed_ = false;
    }
    void handle(const stop_pressed&, io::time_point);
    [[nodiscard]] result<void> propose_origin();

    void say(level l, std::string text, std::vector<std::string> steps = {}) {
        constexpr std::size_t kept = 50;
        panel_message m{l, std::move(text), std::move(steps)};
        if (!panel_.messages.empty() && panel_.messages.back() == m) return;
        panel_.messages.push_back(std::move(m));
        if (panel_.messages.size() > kept) panel_.messages.pop_front();
    }
    void tell(const error& e) {
        say(level::fault, e.cause.empty() ? e.what : fmt::format("{}: {}", e.what, e.cause), e.steps);
    }
    void show();

    session_type& k_;
    stop_button<Connect>& stop_;
    machine::machine& machine_;
    run::pen_record& record_;
    run::square_record& square_;
    console_setup setup_;
    Clock clock_;
    jogger jogger_;
    panel panel_, last_shown_;
    std::optional<activity> verb_;
    foreign_watch foreign_;
    run::printer_facts facts_;
    machine_view view_;
    std::string fault_;   ///< why the printer must not be moved though it is ready
    bool looked_ = false; ///< the look before motion was had, since this contact
    bool placed_ = false; ///< and it is known where the machine is
    bool armed_ = false;
    bool restarted_ = false; ///< by ourselves, after the micro-controller was lost
    io::time_point look_again_{}, find_again_{}, arm_again_{};
    std::optional<io::time_point> stop_due_; ///< when Klipper should have obeyed it
    io::time_point deaf_until_{};            ///< what was asked before is forgotten
    std::optional<klippy::request_id> sent_;
    std::optional<origin_change> origin_;
};

namespace detail {

/// What a console has to see: the state of everybody, and the limits with which a move is planned.
[[nodiscard]] inline boost::json::object watched_objects() {
    boost::json::object o = klippy::state_objects();
    o["toolhead"] = boost::json::array{"homed_axes", "position", "max_velocity", "max_accel", "minimum_cruise_ratio"};
    return o;
}

} // namespace detail

// --- contact

template<klippy::connector N, io::clock C>
void console<N, C>::turn() {
    const auto t = now();
    if (!k_.connected())
        find_klipper();
    else if (auto read = k_.pump(t); !read && !k_.connected())
        on_lost(read.error());
    take_answer();
    follow_state();
    if (stop_due_ && t >= *stop_due_) { // before anything that waits for a Klipper that may hang
        stop_due_.reset();
        say(level::fault, "Klipper has not confirmed the emergency stop",
            {"Cut the power of the motors if anything still moves."});
    }
    if (panel_.klipper == contact::ready && !stop_due_) {
        if (const auto& head = k_.status().toolhead)
            if (auto held = square_.hold_against(head->homed_axes); !held) tell(held.error());
        if (t >= arm_again_) {
            armed_ = stop_.arm(t);
            arm_again_ = t + std::chrono::seconds(1);
        }
        if (!jogger_.rests(t)) foreign_.ours(t);
        foreign_.look(k_.status(), jogger_.target(), t);
        if (!looked_ && t >= look_again_) look_before_motion();
        if (looked_ && (foreign_.is_over(t) || (!placed_ && jogger_.rests(t)))) look_where_it_is();
    }
    renew_view();
    send_orders();
    show();
}

template<klippy::connector N, io::clock C>
io::time_point console<N, C>::wake() const {
    const auto t = now();
    if (!k_.connected()) return find_again_;
    auto at = t + std::chrono::seconds(1);
    if (panel_.klipper == contact::ready && !stop_due_) { // what Klipper says meanwhile is a reason of its own to turn
        at = arm_again_;
        if (!looked_) at = std::min(at, look_again_);
    }
    if (stop_due_) at = std::min(at, *stop_due_);
    if (const auto w = jogger_.wake(t)) at = std::min(at, *w);
    if (const auto w = foreign_.wake()) at = std::min(at, *w);
    return std::max(at, t);
}

template<klippy::connector N, io::clock C>
void console<N, C>::find_klipper() {
    give_up_order(); // the connection that would have answered it is gone, whoever found that out
    jogger_.is_lost();
    if (now() < find_again_) return;
    auto opened = k_.open(klippy::need::contact);
    if (opened) opened = k_.subscribe(detail::watched_objects());
    find_again_ = now() + std::chrono::milliseconds(500);
    looked_ = placed_ = armed_ = false;
    look_again_ = arm_again_ = {};
    deaf_until_ = now();
    if (opened) return;
    panel_.klipper = contact::away;
    panel_.reason = opened.error().what;
    stop_due_.reset();
}

template<klippy::connector N, io::clock C>
void console<N, C>::give_up_order() {
    if (sent_) jogger_.answered(false, now());
    sent_.reset();
}

template<klippy::connector N, io::clock C>
void console<N, C>::on_lost(const error& why) {
    give_up_order();
    jogger_.is_lost();
    looked_ = placed_ = armed_ = false;
    stop_due_.reset();
    panel_.klipper = contact::away;
    panel_.reason = why.what;
    tell(why);
}

template<klippy::connector N, io::clock C>
void console<N, C>::follow_state() {
    if (!k_.connected()) return;
    const auto& at = k_.status().webhooks;
    const contact before = panel_.klipper;
    panel_.klipper = at.state == klippy::printer_state::ready      ? contact::ready
                     : at.state == klippy::printer_state::shutdown ? contact::stopped
                     : at.state == klippy::printer_state::error    ? contact::stopped
                                                                   : contact::starting;
    panel_.reason = panel_.klipper == contact::ready ? std::string() : klippy::first_line(at.message);
    if (panel_.klipper == contact::ready) {
        if (before != contact::ready) {
            looked_ = placed_ = false;
            look_again_ = {};
        }
        return;
    }
    jogger_.is_lost();
    if (panel_.klipper == contact::stopped) stop_due_.reset();
    if (panel_.klipper != contact::stopped || before == contact::stopped) return;
    if (auto noted = record_.may_be_down("Klipper stopped: " + panel_.reason); !noted) tell(noted.error());
    if (auto lost = square_.forget(); !lost) tell(lost.error()); // no motor holds it
    say(level::fault, "Klipper has stopped: " + panel_.reason, {"R  restarts Klipper", "H  home, after that"});
    // Its motors are without power: a restart moves nothing, and is what a person would do.
    const bool lost_board = panel_.reason.starts_with("Lost communication with MCU");
    if (lost_board && machine_.connection.auto_reconnect && !std::exchange(restarted_, true)) handle(restart{}, now());
}

template<klippy::connector N, io::clock C>
void console<N, C>::handle(const restart&, io::time_point asked) {
    if (k_.connected() && k_.pump(now()) && k_.status().ready())
        return say(level::note, "Klipper is ready: there is nothing to restart");
    give_up_order();
    jogger_.is_lost();
    panel_.klipper = contact::recovering;
    show();
    const int before = k_.generation();
    auto back = k_.recover([&]() -> result<void> {
        if (!stop_.was_pressed_since(asked)) return {};
        return kf::fail({errc::interrupted,
                         "Klipper is not restarted any further",
                         "the emergency stop was pressed",
                         {},
                         {"R  restarts Klipper"}});
    });
    // What becomes of it is seen, however far it came.
    if (!back && k_.connected() && k_.generation() != before) (void)k_.subscribe(detail::watched_objects());
    looked_ = placed_ = armed_ = false;
    look_again_ = arm_again_ = {};
    deaf_until_ = now();
    if (back)
        say(level::note, "Klipper is ready again; nothing is referenced", {"H  home"});
    else
        tell(back.error());
    if (!k_.connected()) panel_.klipper = contact::away;
}

// --- before motion

template<klippy::connector N, io::clock C>
void console<N, C>::look_before_motion() {
    const auto until = now() + std::chrono::seconds(5);
    auto seen = [&]() -> result<void> {
        KF_TRY(facts_, run::preflight(k_.link(), machine_, until));
        KF_CHECK(run::refuse_skew(facts_.skew, "kjog"));
        KF_TRY(const auto all, k_.link().query({{"configfile", boost::json::array{"settings"}}}, until));
        KF_TRY(const auto settings, klippy::settings::from_status(all.status));
        view_.has(settings, facts_.force_move);
        return {};
    }();
    looked_ = seen.has_value();
    deaf_until_ = now(); // until then the panel said that nothing goes
    fault_ = looked_ ? std::string() : seen.error().what;
    if (looked_) {
        restarted_ = false;
        return;
    }
    look_again_ = now() + std::chrono::seconds(2);
    if (k_.connected()) tell(seen.error());
}

template<klippy::connector N, io::clock C>
void console<N, C>::look_where_it_is() {
    if (const auto seen = k_.refresh(detail::watched_objects()); !seen) return tell(seen.error());
    foreign_.settled();
    const auto at = k_.status().position();
    placed_ = at.has_value();
    if (!placed_) return;
    facts_.homed_axes = k_.status().toolhead->homed_axes;
    jogger_.stands_at(*at);
}

template<klippy::connector N, io::clock C>
void console<N, C>::renew_view() {
    const klippy::printer_status& s = k_.status();
    view_.obstacle = panel_.klipper != contact::ready ? fmt::format("Klipper is not ready ({})", name(panel_.klipper))
                     : !fault_.empty()                ? fault_
                     : !looked_                       ? "the printer is being looked at"
                     : !armed_                        ? "the emergency stop has no connection"
                                                      : foreign_.text();
    view_.follow(s, machine_);
    jogger_.sees(view_);
}

// --- motion

template<klippy::connector N, io::clock C>
void console<N, C>::send_orders() {
    if (sent_) return;
    const auto t = now();
    const auto o = jogger_.next(t);
    if (auto said = jogger_.take_message()) say(said->kind, std::move(said->text), std::move(said->steps));
    if (!o) return;
    auto sent = [&]() -> result<klippy::request_id> {
        if (o->may_lower) {
            panel_.lowered = true;
            KF_CHECK(record_.may_be_down("kjog lowered the tool"));
        }
        return k_.link().send_script(o->script, o->until, t + klippy::motion_allowance(o->takes));
    }();
    if (sent) {
        sent_ = *sent;
        return;
    }
    jogger_.answered(false, t);
    placed_ = false;
    tell(sent.error());
}

template<klippy::connector N, io::clock C>
void console<N, C>::take_answer() {
    if (!sent_) return;
    auto answer = k_.link().take(*sent_);
    if (!answer) return;
    sent_.reset();
    jogger_.answered(answer->has_value(), now());
    if (!*answer) {
        placed_ = false;
        return tell(answer->error());
    }
    const auto& at = jogger_.target();
    if (view_.z_referenced && at && is_up(machine_, (*at)[2]))
        if (auto noted = record_.is_up(); !noted) tell(noted.error());
}

template<klippy::connector N, io::clock C>
template<class Verb>
void console<N, C>::run_verb(activity a, Verb&& verb) {
    jogger_.stop();
    while (sent_ && k_.connected()) {
        (void)k_.pump(now() + std::chrono::milliseconds(20));
        take_answer();
    }
    turn();
    if (!view_.obstacle.empty()) return say(level::fault, view_.obstacle);
    verb_ = a;
    show();
    look_before_motion();
    result<void> done;
    if (looked_) done = verb();
    verb_.reset();
    foreign_.ours(now());
    if (!done) tell(done.error());
    placed_ = false;
    if (k_.connected() && k_.status().ready()) look_where_it_is();
    deaf_until_ = now();
}

// --- what a person asks

template<klippy::connector N, io::clock C>
void console<N, C>::give(const timed_input& in) {
    if (const char* words = what_it_begins(in.what); words != nullptr && in.at < deaf_until_)
        forget(in.what, words);
    else
        std::visit([&](const auto& what) { handle(what, in.at); }, in.what);
    if (auto said = jogger_.take_message()) say(said->kind, std::move(said->text), std::move(said->steps));
    turn();
}

template<klippy::connector N, io::clock C>
void console<N, C>::forget(const person_input& what, const char* words) {
    if (std::holds_alternative<strike>(what)) return; // a key that is held says it thirty times a second
    if (std::holds_alternative<draw_stroke>(what)) ++panel_.strokes_tried;
    if (std::holds_alternative<origin>(what)) origin_.reset();
    say(level::note, fmt::format("\"{}\" came while something else was under way: it is forgotten", words));
}

template<klippy::connector N, io::clock C>
void console<N, C>::handle(step_change c, io::time_point) {
    panel_.step = neighbour(machine_.interactive.jog_increments_mm, panel_.step, c == step_change::longer);
    jogger_.set_step(panel_.step);
}

template<klippy::connector N, io::clock C>
void console<N, C>::handle(speed_change c, io::time_point) {
    set_factor(neighbour(speed_factors, panel_.speed_factor, c == speed_change::faster));
}

template<klippy::connector N, io::clock C>
void console<N, C>::set_factor(double f) {
    panel_.speed_factor = f;
    jogger_.set_speed(std::min({setup_.speed * f, jogger_.tool().travel_feed_mm_s, machine_.motion.max_velocity_mm_s}));
}

template<klippy::connector N, io::clock C>
void console<N, C>::handle(const home& h, io::time_point) {
    run_verb(activity::homing, [&]() -> result<void> {
        if (h.pen == run::pen_word::nothing && !record_.doubt().empty() && !facts_.homed("z") &&
            setup_.who == run::touch_off_by::person)
            return kf::fail({errc::refused,
                             "the pen may be down: " + record_.doubt(),
                             "homing would drag it over the paper",
                             {},
                             {"Look at the pen; lift it by hand when it is down.", "H  again, and say that it is up",
                              "T  when it touches the paper"}});
        silent_sink quiet;
        return run::home_xy(k_, machine_, facts_, record_, setup_.who, h.pen, quiet);
    });
}

template<klippy::connector N, io::clock C>
void console<N, C>::handle(const stop_pressed& s, io::time_point at) {
    jogger_.is_lost();
    placed_ = false; // when it did not get out, the machine goes on to somewhere
    deaf_until_ = std::max(deaf_until_, at);
    if (s.did_not_get_out.empty()) {
        say(level::warning, "emergency stop", {"R  restarts Klipper"});
        if (panel_.klipper == contact::ready) stop_due_ = at + std::chrono::seconds(1);
    } else
        say(level::fault, s.did_not_get_out, {"Cut the power of the motors if anything still moves."});
    if (auto noted = record_.may_be_down("an emergency stop"); !noted) tell(noted.error());
}

template<klippy::connector N, io::clock C>
result<void> console<N, C>::propose_origin() {
    if (!view_.xy_homed || !jogger_.target())
        return kf::fail({errc::refused, "X and Y are not homed: H first", "", {}, {"H  home"}});
    if (setup_.machine_file.empty())
        return kf::fail(errc::refused, "a simulated machine has no machine.yaml to write to");
    const std::string name = setup_.machine_file.string();
    KF_TRY(const std::string text, machine::read_text(name));
    const xyz& at = *jogger_.target();
    KF_TRY(origin_, origin_here(text, name, machine_, jogger_.tool(), {at[0], at[1]}));
    return {};
}

template<klippy::connector N, io::clock C>
void console<N, C>::handle(origin o, io::time_point) {
    result<void> done;
    switch (o) {
    case origin::propose: done = propose_origin(); break;
    case origin::forget: origin_.reset(); break;
    case origin::write:
        if (!origin_) break;
        done = write_origin(setup_.machine_file, *origin_);
        if (done) {
            machine_.canvas = origin_->machine.canvas;
            say(level::note,
                fmt::format("the canvas begins at X{} Y{}; the file before it is {}",
                            io::to_decimal(machine_.canvas.offset_x_mm, 3),
                            io::to_decimal(machine_.canvas.offset_y_mm, 3), kept_beside(setup_.machine_file).string()));
        }
        origin_.reset();
        break;
    }
    if (!done) tell(done.error());
}

// --- the panel

template<klippy::connector N, io::clock C>
void console<N, C>::show() {
    const auto t = now();
    const klippy::printer_status& s = k_.status();
    panel& p = panel_;
    p.doing = verb_.value_or(jogger_.doing(t));
    tell_motion(p, s, jogger_, view_, machine_, verb_.has_value(), t);
    if (!verb_ && p.place == tool_place::up && record_.doubt().empty()) p.lowered = false;
    p.square = square_.text();
    p.pen_doubt = record_.doubt();
    p.foreign = foreign_.text();
    p.stop_armed = armed_;
    p.origin = origin_ ? std::optional(origin_->shown) : std::nullopt;
    if (p == last_shown_) return;
    last_shown_ = p;
    on_change(p);
}

} // namespace kf::jog
