// SPDX-License-Identifier: MIT
#pragma once
/// The jog console without a screen: what a person asks goes in, a panel comes out. Klipper is found and followed by
/// jog/printer_contact.hpp and looked at by jog/printer_look.hpp before anything moves; keys go to the jogger, what
/// takes longer (homing, touch-off, travel) is done with the verbs of run/, and what was asked meanwhile is forgotten:
/// whoever asked did not know what would be there by then. One thread: give() and turn() are called by whoever waits
/// (jog/console_thread.hpp, tests).

#include <kf/jog/canvas_origin.hpp>
#include <kf/jog/choices.hpp>
#include <kf/jog/jogger.hpp>
#include <kf/jog/motion_on_panel.hpp>
#include <kf/jog/order_line.hpp>
#include <kf/jog/panel.hpp>
#include <kf/jog/person_input.hpp>
#include <kf/jog/printer_contact.hpp>
#include <kf/jog/printer_look.hpp>
#include <kf/jog/stop_button.hpp>
#include <kf/jog/tool_verbs.hpp>
#include <kf/klippy/session.hpp>
#include <kf/run/pen_record.hpp>
#include <kf/run/square_record.hpp>
#include <kf/run/z_reference.hpp>
#include <kf/sink.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
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
      , machine_(m)
      , record_(record)
      , square_(square)
      , setup_(std::move(setup))
      , clock_(clock)
      , contact_(k, stop, clock, watched_objects())
      , look_(k, m, clock)
      , jogger_(m)
      , line_(k, m, record, jogger_)
      , origin_(setup_.machine_file) {
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
    void read_klipper(io::time_point t);
    void follow_state();
    void has_stopped();
    void look_before_motion();
    void look_where_it_is();
    void send_orders();
    void take_answer();
    /// Nothing that was sent is answered any more, and where the machine is nobody knows.
    void give_up_motion();
    void set_factor(double f);

    template<class Verb>
    void run_verb(activity a, Verb&& verb);
    [[nodiscard]] verb_stage<session_type> here() noexcept { return {k_, machine_, look_.facts(), record_}; }

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
        run_verb(activity::lowering, [&] { return tool_down(here(), jogger_.tool()); });
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
            return k_.send_gcode(l.text, klippy::barrier::motion_end, now() + klippy::motion_allowance(longest));
        });
    }
    void handle(const draw_stroke& d, io::time_point) {
        const std::size_t before = panel_.strokes_drawn;
        run_verb(activity::drawing, [&]() -> result<void> {
            KF_CHECK(draw_one(here(), *d.job, d.index));
            ++panel_.strokes_drawn;
            return {};
        });
        ++panel_.strokes_tried;
        // It may have chosen another tool: what it stands at is known, which tool is in use is ours to say.
        if (panel_.strokes_drawn == before) look_.is_displaced();
    }
    void handle(const stop_pressed&, io::time_point);

    void say(level l, std::string text, std::vector<std::string> steps = {}) {
        add_message(panel_, {l, std::move(text), std::move(steps)});
    }
    void tell_of_keys() {
        if (auto said = jogger_.take_message()) add_message(panel_, *std::move(said));
    }
    void tell(const error& e) {
        say(level::fault, e.cause.empty() ? e.what : fmt::format("{}: {}", e.what, e.cause), e.steps);
    }
    void show();

    session_type& k_;
    machine::machine& machine_;
    run::pen_record& record_;
    run::square_record& square_;
    console_setup setup_;
    Clock clock_;
    printer_contact<Connect, Clock> contact_;
    printer_look<session_type, Clock> look_;
    jogger jogger_;
    order_line<session_type> line_;
    panel panel_, last_shown_;
    std::optional<activity> verb_;
    io::time_point deaf_until_{}; ///< what was asked before is forgotten
    origin_draft origin_;
};

// --- contact

template<klippy::connector N, io::clock C>
void console<N, C>::turn() {
    const auto t = now();
    read_klipper(t);
    take_answer(); // before the state: a stop leaves no answer that would mark the pen as up
    follow_state();
    if (contact_.has_missed_stop(t)) // before anything that waits for a Klipper that may hang
        say(level::fault, "Klipper has not confirmed the emergency stop",
            {"Cut the power of the motors if anything still moves."});
    if (contact_.state() == contact::ready && !contact_.awaits_stop()) {
        if (const auto& head = k_.status().toolhead)
            if (auto held = square_.hold_against(head->homed_axes); !held) tell(held.error());
        contact_.arm(t);
        if (!jogger_.rests(t)) look_.foreign().ours(t);
        look_.foreign().look(k_.status(), jogger_.target(), t);
        if (look_.is_due(t)) look_before_motion();
        if (look_.has_looked() && (look_.foreign().is_over(t) || (!look_.is_placed() && jogger_.rests(t))))
            look_where_it_is();
    }
    jogger_.sees(look_.renew(contact_.obstacle()));
    send_orders();
    show();
}

template<klippy::connector N, io::clock C>
io::time_point console<N, C>::wake() const {
    const auto t = now();
    auto at = contact_.wake(t);
    if (!k_.connected()) return at;
    // What Klipper says meanwhile is a reason of its own to turn.
    const bool may_look = contact_.state() == contact::ready && !contact_.awaits_stop();
    if (const auto w = look_.wake(); w && may_look) at = std::min(at, *w);
    if (const auto w = jogger_.wake(t)) at = std::min(at, *w);
    if (const auto w = look_.foreign().wake(); w && may_look && look_.has_looked()) at = std::min(at, *w);
    return std::max(at, t);
}

template<klippy::connector N, io::clock C>
void console<N, C>::read_klipper(io::time_point t) {
    if (!k_.connected()) give_up_motion(); // whoever found out that it is gone
    switch (contact_.read(t)) {
    case contact_news::lost:
        give_up_motion();
        look_.forget();
        return tell(contact_.loss());
    case contact_news::found:
    case contact_news::absent:
        look_.forget();
        deaf_until_ = now();
        return;
    default: return;
    }
}

template<klippy::connector N, io::clock C>
void console<N, C>::give_up_motion() {
    line_.give_up(now());
    jogger_.is_lost();
}

template<klippy::connector N, io::clock C>
void console<N, C>::follow_state() {
    const contact_news news = contact_.follow();
    if (news == contact_news::ready) look_.forget();
    if (contact_.state() != contact::ready) jogger_.is_lost();
    if (news == contact_news::stopped) has_stopped();
}

template<klippy::connector N, io::clock C>
void console<N, C>::has_stopped() {
    const std::string why = contact_.reason();
    if (auto noted = record_.may_be_down("Klipper stopped: " + why); !noted) tell(noted.error());
    if (auto lost = square_.forget(); !lost) tell(lost.error()); // no motor holds it
    say(level::fault, "Klipper has stopped: " + why, {"R  restarts Klipper", "H  home, after that"});
    if (machine_.connection.auto_reconnect && contact_.asks_for_restart()) handle(restart{}, now());
}

template<klippy::connector N, io::clock C>
void console<N, C>::handle(const restart&, io::time_point asked) {
    if (k_.connected() && k_.pump(now()) && k_.status().ready())
        return say(level::note, "Klipper is ready: there is nothing to restart");
    give_up_motion();
    contact_.is_recovering();
    show();
    auto back = contact_.restart(asked);
    look_.forget();
    deaf_until_ = now();
    if (back)
        say(level::note, "Klipper is ready again; nothing is referenced", {"H  home"});
    else
        tell(back.error());
}

// --- before motion

template<klippy::connector N, io::clock C>
void console<N, C>::look_before_motion() {
    const auto seen = look_.before_motion();
    deaf_until_ = now(); // until then the panel said that nothing goes
    if (seen)
        contact_.is_well();
    else if (k_.connected())
        tell(seen.error());
}

template<klippy::connector N, io::clock C>
void console<N, C>::look_where_it_is() {
    const auto at = look_.where_it_is();
    if (!at) return tell(at.error());
    if (*at) jogger_.stands_at(**at);
}

// --- motion

template<klippy::connector N, io::clock C>
void console<N, C>::send_orders() {
    if (!line_.is_free()) return;
    const auto t = now();
    const auto o = jogger_.next(t);
    tell_of_keys();
    if (!o) return;
    panel_.lowered = panel_.lowered || o->may_lower;
    if (auto sent = line_.send(*o, t); !sent) {
        look_.is_displaced();
        tell(sent.error());
    }
}

template<klippy::connector N, io::clock C>
void console<N, C>::take_answer() {
    const auto answer = line_.take_answer(look_.view().z_referenced, now());
    if (!answer || *answer) return;
    look_.is_displaced();
    tell(answer->error());
}

template<klippy::connector N, io::clock C>
template<class Verb>
void console<N, C>::run_verb(activity a, Verb&& verb) {
    jogger_.stop();
    while (!line_.is_free() && k_.connected()) {
        (void)k_.pump(now() + std::chrono::milliseconds(20));
        take_answer();
    }
    turn();
    if (!look_.view().obstacle.empty()) return say(level::fault, look_.view().obstacle);
    verb_ = a;
    show();
    look_before_motion();
    result<void> done;
    if (look_.has_looked()) {
        const bool may_lower = a == activity::lowering || a == activity::drawing || a == activity::console;
        panel_.lowered = panel_.lowered || may_lower;
        done = verb();
    }
    verb_.reset();
    look_.foreign().ours(now());
    if (!done) tell(done.error());
    look_.is_displaced();
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
    tell_of_keys();
    turn();
}

template<klippy::connector N, io::clock C>
void console<N, C>::forget(const person_input& what, const char* words) {
    if (std::holds_alternative<strike>(what)) return; // a key that is held says it thirty times a second
    if (std::holds_alternative<draw_stroke>(what)) ++panel_.strokes_tried;
    if (std::holds_alternative<origin>(what)) origin_.forget();
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
        if (h.pen == run::pen_word::nothing && !record_.doubt().empty() && !look_.facts().homed("z") &&
            setup_.who == run::touch_off_by::person)
            return kf::fail({errc::refused,
                             "the pen may be down: " + record_.doubt(),
                             "homing would drag it over the paper",
                             {},
                             {"Look at the pen; lift it by hand when it is down.", "H  again, and say that it is up",
                              "T  when it touches the paper"}});
        silent_sink quiet;
        return run::home_xy(k_, machine_, look_.facts(), record_, setup_.who, h.pen, quiet);
    });
}

template<klippy::connector N, io::clock C>
void console<N, C>::handle(const stop_pressed& s, io::time_point at) {
    jogger_.is_lost();
    look_.is_displaced(); // when it did not get out, the machine goes on to somewhere
    deaf_until_ = std::max(deaf_until_, at);
    if (s.did_not_get_out.empty()) {
        say(level::warning, "emergency stop", {"R  restarts Klipper"});
        contact_.expect_stop(at);
    } else
        say(level::fault, s.did_not_get_out, {"Cut the power of the motors if anything still moves."});
    if (auto noted = record_.may_be_down("an emergency stop"); !noted) tell(noted.error());
}

template<klippy::connector N, io::clock C>
void console<N, C>::handle(origin o, io::time_point) {
    result<void> done;
    switch (o) {
    case origin::propose: {
        const auto& at = jogger_.target();
        done = origin_.propose(machine_, jogger_.tool(),
                               look_.view().xy_homed && at ? std::optional(machine::xy{(*at)[0], (*at)[1]})
                                                           : std::nullopt);
        break;
    }
    case origin::forget: origin_.forget(); break;
    case origin::write:
        if (!origin_.shown()) break;
        done = origin_.write(machine_.canvas);
        if (done) say(level::note, origin_.what_was_written(machine_.canvas));
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
    p.klipper = contact_.state();
    p.reason = contact_.reason();
    p.doing = verb_.value_or(jogger_.doing(t));
    tell_motion(p, s, jogger_, look_.view(), machine_, verb_.has_value(), t);
    if (!verb_ && p.place == tool_place::up && record_.doubt().empty()) p.lowered = false;
    p.square = square_.text();
    p.pen_doubt = record_.doubt();
    p.foreign = look_.foreign().text();
    p.stop_armed = contact_.armed();
    p.origin = origin_.shown();
    if (p == last_shown_) return;
    last_shown_ = p;
    on_change(p);
}

} // namespace kf::jog
