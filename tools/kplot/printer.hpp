// SPDX-License-Identifier: MIT
#pragma once
/// The printer that the commands work on: its lock, the session with Klipper, and the steering of a run.

#include "workplace.hpp"

#include <kf/io/unix_socket.hpp>
#include <kf/klippy/session.hpp>
#include <kf/klippy/socket_lock.hpp>
#include <kf/run/pen_record.hpp>
#include <kf/run/preflight.hpp>
#include <kf/run/steering.hpp>
#include <kf/run/z_reference.hpp>

#include <string>

namespace kf::kplot {

struct klipper_socket {
    std::string path;
    [[nodiscard]] result<io::unix_socket> operator()(io::time_point until) const {
        return io::unix_socket::connect(path, until);
    }
};
using printer = klippy::session<klipper_socket>;

[[nodiscard]] klippy::reconnect_policy policy_of(const machine::machine& m);

/// The lock on the printer. Of a socket that is not there nothing is locked: its name may be mistyped, and a lock would
/// leave a file beside it.
[[nodiscard]] result<io::file_lock> take_printer(const cli::invocation& in, const workplace& w);

/// The first contact, with words that help when there is none. A Klipper in shutdown or error is a doubt about the pen.
[[nodiscard]] result<void> connect(printer& k, const workplace& w, klippy::need n, run::pen_record& record);

/// Connects, looks at everything before motion, and tells the warnings.
[[nodiscard]] result<run::printer_facts> prepare(cli::invocation& in, printer& k, const workplace& w,
                                                 run::pen_record& record);

/// "kplot run drawing.svg", for those who meet our lock.
[[nodiscard]] std::string who_we_are(const cli::invocation& in);

[[nodiscard]] inline run::touch_off_by touch_off_by(const workplace& w) {
    return w.simulated ? run::touch_off_by::simulation : run::touch_off_by::person;
}
[[nodiscard]] inline run::pen_word pen_word(const cli::invocation& in) {
    return in.has("pen-is-up") ? run::pen_word::is_up : run::pen_word::nothing;
}

/// Signals, the control socket, and in step mode the terminal.
class console_steering {
    cli::invocation& in_;
    run::control_socket control_;
    run::signal_orders signals_;
    std::size_t asked_about_ = 0;   ///< stroke
    bool question_is_open_ = false; ///< the cursor stands behind it

    /// What is said next begins a line.
    void leave_question();

  public:
    console_steering(cli::invocation& in, run::control_socket control)
      : in_(in)
      , control_(std::move(control)) {}

    template<class Status>
    [[nodiscard]] run::order next(Status&& status) {
        const run::order o = std::max(control_.next(status), signals_.next());
        if (o != run::order::none) leave_question();
        return o;
    }
    void settle(const std::string& text) { control_.settle(text); }
    void refuse(const error& e) { control_.refuse(e); }
    [[nodiscard]] result<run::order> stepped(std::size_t stroke);
};
static_assert(run::steering<console_steering>);

/// What pause, resume and cancel do: a running kplot is asked first, otherwise the printer itself.
[[nodiscard]] result<void> steer(cli::invocation& in, run::order o);

/// Runs `work(workplace)` and closes the workplace whatever comes of it.
template<class Work>
[[nodiscard]] result<void> with_workplace(cli::invocation& in, result<workplace> opened, Work&& work) {
    (void)in;
    if (!opened) return kf::fail(std::move(opened).error());
    auto done = work(*opened);
    opened->close();
    // Whatever was asked for: there is one way back, and it begins with a look.
    if (!done && done.error().code == errc::connection_lost) {
        error e = std::move(done).error();
        e.steps = {"Look at the machine: is the pen up?", "kplot recover"};
        return kf::fail(std::move(e));
    }
    return done;
}

} // namespace kf::kplot
