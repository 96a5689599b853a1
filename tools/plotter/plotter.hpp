// SPDX-License-Identifier: MIT
#pragma once
/// The plotter that a command works on. What a command needs of it stands in its request; open_plotter() is a command's
/// only way to a session with Klipper, so that none forgets the lock, the record of the pen or the look before motion.
/// hold_printer() is the only way to that lock and those records: the console of kjog has a session of its own, on its
/// thread (jog/console_thread.hpp), and holds its printer by it. An emergency stop waits for nothing and holds nothing.

#include "plotter_site.hpp"

#include <kf/klippy/session.hpp>
#include <kf/klippy/socket_connector.hpp>
#include <kf/klippy/socket_lock.hpp>
#include <kf/run/held_printer.hpp>
#include <kf/run/person_word.hpp>
#include <kf/run/preflight.hpp>
#include <kf/run/steering.hpp>
#include <kf/run/z_reference.hpp>

#include <memory>
#include <optional>

namespace kf::plotting {

/// Who is kept away meanwhile.
enum class holding {
    nobody, ///< it is only looked at
    others, ///< the printer's lock: one moves the machine at a time
    steered ///< the lock, and orders of other shells are taken on the control socket
};

/// How far Klipper has to be.
enum class readiness {
    contact,     ///< in any state; a simulated printer of our own is waited for
    ready,       ///< its start is waited for; shutdown and error are errors
    preflighted, ///< ready, and all is looked at that could spoil a motion: plotter::facts
    recovered    ///< the same, and what has stopped is restarted first
};

struct plotter_request {
    holding hold = holding::others;
    readiness klipper = readiness::preflighted;
    seconds lock_within = 0; ///< how long a lock that somebody has is waited for
};

struct plotter {
    const plotter_site& site; ///< outlives it
    std::optional<io::file_lock> lock = {};
    std::optional<run::control_socket> control = {}; ///< with holding::steered
    run::pen_record record;
    run::square_record square; ///< held against what Klipper says of its references
    klippy::session<klippy::socket_connector> session;
    run::printer_facts facts = {}; ///< from readiness::preflighted on
};

/// errc::not_found: there is no such socket. Its name may be mistyped, and a lock would leave a file beside it.
/// errc::busy names who has the lock, after `within`.
[[nodiscard]] result<run::held_printer> hold_printer(const cli::invocation& in, const plotter_site& site, holding hold,
                                                     seconds within = 0);

/// A Klipper in shutdown or error is a doubt about the pen, and stands in the record. With readiness::preflighted the
/// warnings of the printer's configuration are told. Whoever waits for an answer is waited for connection.timeout_s.
[[nodiscard]] result<std::unique_ptr<plotter>> open_plotter(cli::invocation& in, const plotter_site& site,
                                                            const plotter_request& request);

[[nodiscard]] inline run::touch_off_by touch_off_by(const plotter_site& site) {
    return site.simulated ? run::touch_off_by::simulation : run::touch_off_by::person;
}
[[nodiscard]] inline run::pen_word pen_word(const cli::invocation& in) {
    return in.has("pen-is-up") ? run::pen_word::is_up : run::pen_word::nothing;
}
[[nodiscard]] inline run::foreign_macros foreign_macros(const cli::invocation& in) {
    return in.has("foreign-macros") ? run::foreign_macros::taken : run::foreign_macros::refused;
}
[[nodiscard]] inline run::person_word person_word(const cli::invocation& in, const plotter_site& site) {
    return {touch_off_by(site), pen_word(in), foreign_macros(in)};
}

} // namespace kf::plotting
