// SPDX-License-Identifier: MIT
#pragma once
/// Pause, resume and cancel of a file that Klipper runs, by us or by nobody: the tool goes up before anything else
/// moves, and only Klipper's own commands or our macros are called, never one that somebody else wrote.

#include <kf/io/decimal.hpp>
#include <kf/klippy/sdcard_files.hpp>
#include <kf/machine/machine.hpp>
#include <kf/run/lift.hpp>
#include <kf/run/macros.hpp>
#include <kf/run/motor_hold.hpp>
#include <kf/run/pen_record.hpp>
#include <kf/run/travel_to.hpp>

#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>

namespace kf::run {

namespace detail {

constexpr seconds most_of_a_stroke = 3600; ///< a boundary is waited for that long

/// Klipper's pause with the lift right behind it: no request in between, in which the pen would rest on the paper.
template<class Session>
std::string pause_and_lift(Session& k, const machine::machine& m, const job_commands& c) {
    return fmt::format("{}\n{}", c.pause, lift_script(m, k.status().base()[2]));
}

} // namespace detail

/// Whether whoever waits for the end of a stroke goes on waiting.
enum class patience { wait, enough };

/// Stops the running file with the tool up and says how. With our macros in printer.cfg that is between two strokes;
/// otherwise in the middle of one, lifted at once. `look()` is called while it takes time, and may end the wait: then
/// errc::interrupted, and the file runs on.
template<class Session, class Look>
[[nodiscard]] result<std::string> pause_job(Session& k, const machine::machine& m, const job_commands& c,
                                            pen_record& record, Look&& look) {
    using klippy::job_state;
    const auto take_back = [&] {
        return k.send_gcode(request_boundary_pause(false), klippy::barrier::processed, detail::motion_deadline(k, 10));
    };
    if (c.boundary) {
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
            if (look() == patience::wait) continue;
            KF_CHECK(take_back());
            return kf::fail(errc::interrupted, "the pause was not waited for");
        }
        if (k.status().job() != job_state::paused) {
            (void)take_back();
            return kf::fail(errc::refused, "the file came to its end before the pause");
        }
        KF_CHECK(k.send_gcode("", klippy::barrier::motion_end, detail::motion_deadline(k, 10)));
        KF_CHECK(lift(k, m, record));
    } else {
        KF_CHECK(klippy::pause_file(k.link(), detail::pause_and_lift(k, m, c), detail::motion_deadline(k, 120)));
        if (!prove_up(k, m, record)) KF_CHECK(lift(k, m, record));
    }
    KF_TRY(const auto now, look_at(k));
    KF_CHECK(record.set_pause_point(detail::gcode_place(now)));
    KF_CHECK(hold_motors(k));
    return c.boundary ? std::string("paused between two strokes, the tool is up")
                      : std::string("paused in the middle of a stroke and lifted: the printer has no KPLOT_BOUNDARY "
                                    "macro (kplot machine macros)");
}

/// Goes above the point where the file was paused and lets Klipper lower the tool there and go on.
template<class Session>
[[nodiscard]] result<void> resume_job(Session& k, const machine::machine& m, const job_commands& c, pen_record& record,
                                      const loaded_skew& skew) {
    KF_TRY(const auto before, klippy::job_status(k.link(), detail::motion_deadline(k, 0)));
    const machine::tool& tool = m.tools.front();
    const bool can = before.job() == klippy::job_state::paused && before.homed("xyz") == true;
    // Our own macro lifts and goes above the spot itself, also when the pause was a button's, but knows no keep-outs.
    if (can && (!c.ours || !m.keep_outs.empty())) {
        KF_CHECK(lift(k, m, record));
        if (const auto at = record.pause_point()) {
            const auto base = k.status().base();
            KF_CHECK(travel_to(k, m, tool, skew, {(*at)[0], (*at)[1]}, {base[0], base[1]}));
        }
    }
    KF_CHECK(record.may_be_down("a file is running"));
    const std::string command =
        c.ours ? c.resume : fmt::format("{} VELOCITY={}", c.resume, io::to_decimal(tool.plunge_feed_mm_s, 3));
    KF_CHECK(klippy::resume_file(k.link(), command, detail::motion_deadline(k, 10)));
    KF_CHECK(record.set_pause_point(std::nullopt));
    return release_motors(k);
}

/// Pause and lift, proven, then the cancel, and up again: nothing else moves while the pen may be down.
template<class Session>
[[nodiscard]] result<void> cancel_job(Session& k, const machine::machine& m, const job_commands& c,
                                      pen_record& record) {
    using klippy::job_state;
    KF_TRY(const auto before, klippy::job_status(k.link(), detail::motion_deadline(k, 0)));
    const auto state = before.job();
    const bool over = state == job_state::none || state == job_state::done || state == job_state::cancelled ||
                      state == job_state::finishing;
    if (over && before.pause_resume->is_paused) { // of nothing: PAUSE with no file running
        if (before.homed("z") == true) KF_CHECK(lift(k, m, record));
        return k.send_gcode("CLEAR_PAUSE", klippy::barrier::processed, detail::motion_deadline(k, 10));
    }
    if (over) return kf::fail({errc::refused, "no file is running", {}, c.cancel});
    const bool knows_z = before.homed("z") == true;
    if (state == job_state::printing) {
        // It may come to its end, or fail, just now: then there is nothing left to pause.
        const auto paused = klippy::pause_file(k.link(), knows_z ? detail::pause_and_lift(k, m, c) : c.pause,
                                               detail::motion_deadline(k, 120));
        if (!paused && paused.error().code != errc::refused) return paused;
    }
    if (knows_z) KF_CHECK(lift(k, m, record));
    KF_CHECK(klippy::cancel_file(k.link(), c.cancel, detail::motion_deadline(k, 120)));
    // Klipper's CANCEL_PRINT does nothing to a file that it stopped reading by itself.
    if (state == job_state::stalled)
        KF_CHECK(k.send_gcode("SDCARD_RESET_FILE", klippy::barrier::processed, detail::motion_deadline(k, 10)));
    KF_TRY(const auto after, look_at(k));
    if (after.toolhead->homed_axes.find('z') != std::string::npos) KF_CHECK(lift(k, m, record));
    KF_CHECK(record.set_pause_point(std::nullopt));
    if (c.boundary)
        KF_CHECK(
            k.send_gcode(request_boundary_pause(false), klippy::barrier::processed, detail::motion_deadline(k, 10)));
    return release_motors(k);
}

} // namespace kf::run
