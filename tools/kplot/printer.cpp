// SPDX-License-Identifier: MIT
#include "printer.hpp"

#include "../cli/prompt.hpp"

#include <kf/run/file_run.hpp>

#include <fmt/format.h>

#include <poll.h>

#include <cstdio>
#include <utility>

namespace kf::kplot {

klippy::reconnect_policy policy_of(const machine::machine& m) {
    return {.attempts = m.connection.reconnect_attempts,
            .interval = m.connection.reconnect_interval_s,
            .auto_reconnect = m.connection.auto_reconnect};
}

std::string who_we_are(const cli::invocation& in) {
    std::string who = fmt::format("{} {}", in.tool, in.command);
    for (const auto& o : in.operands) who += " " + o;
    return who;
}

namespace {

error no_klipper(const workplace& w, error e) {
    e.what = "there is no Klipper: " + e.what;
    e.command = w.socket;
    if (e.steps.empty())
        e.steps = {"Is Klipper running?  systemctl status klipper", "Is its API socket on?  klippy.py -a " + w.socket,
                   "With no printer at hand, add --sim."};
    return e;
}

} // namespace

result<io::file_lock> take_printer(const cli::invocation& in, const workplace& w) {
    std::error_code ec;
    if (!fs::exists(w.socket, ec)) return kf::fail(no_klipper(w, {errc::not_found, "there is no socket " + w.socket}));
    return klippy::lock_printer(w.socket, who_we_are(in));
}

result<void> connect(printer& k, const workplace& w, klippy::need n, run::pen_record& record) {
    k.keep_complaints();
    auto opened = k.open(n);
    if (opened) opened = k.subscribe(klippy::state_objects());
    if (k.connected()) {
        const auto& at = k.status().webhooks;
        if (at.state == klippy::printer_state::shutdown || at.state == klippy::printer_state::error)
            KF_CHECK(record.may_be_down("Klipper stopped: " + klippy::first_line(at.message)));
    }
    if (opened) return {};
    error e = std::move(opened).error();
    if (e.code == errc::not_found || e.code == errc::not_connected) return kf::fail(no_klipper(w, std::move(e)));
    if (e.code == errc::refused) e.steps = {"Remove the cause named above.", "kplot recover"};
    return kf::fail(std::move(e));
}

result<run::printer_facts> prepare(cli::invocation& in, printer& k, const workplace& w, run::pen_record& record) {
    KF_CHECK(connect(k, w, klippy::need::ready, record));
    KF_TRY(auto facts, run::preflight(k.link(), w.machine,
                                      k.link().clock().now() + to_nanoseconds(w.machine.connection.timeout_s)));
    // A simulated printer is as ksim made it: nobody can correct its configuration.
    if (!w.simulated)
        for (const auto& text : facts.warnings) in.out.warn(text);
    return facts;
}

result<run::order> console_steering::stepped(std::size_t stroke) {
    if (asked_about_ != stroke) {
        asked_about_ = stroke;
        cli::forget_typed_ahead();
        std::fputs(fmt::format("Enter draws stroke {}, q cancels: ", stroke).c_str(), stderr);
        std::fflush(stderr);
        question_is_open_ = true;
    }
    pollfd p{STDIN_FILENO, POLLIN, 0};
    if (::poll(&p, 1, 0) <= 0) return run::order::none;
    char buffer[256];
    const ssize_t n = ::read(STDIN_FILENO, buffer, sizeof buffer);
    if (n < 0) return run::order::none;
    if (n > 0) question_is_open_ = false; // the key ended its line
    if (n == 0) return run::order::cancel;
    return buffer[0] == 'q' || buffer[0] == 'Q' ? run::order::cancel : run::order::resume;
}

void console_steering::leave_question() {
    if (std::exchange(question_is_open_, false)) std::fputc('\n', stderr);
}

namespace {

result<void> tell(cli::invocation& in, const std::string& text) {
    in.out.result({in.command, text, {{"text", text}}});
    return {};
}

/// Nobody runs: a file that goes on by itself is steered here.
result<void> steer_printer(cli::invocation& in, const workplace& w, run::order o) {
    KF_TRY(const auto lock, take_printer(in, w));
    run::pen_record record(w.records, w.socket);
    printer k(klipper_socket{w.socket}, policy_of(w.machine));
    KF_CHECK(connect(k, w, klippy::need::ready, record));
    KF_TRY(const auto now, k.link().query({{"configfile", boost::json::array{"settings"}}},
                                          k.link().clock().now() + std::chrono::seconds(5)));
    KF_TRY(const auto settings, klippy::settings::from_status(now.status));
    const auto commands = run::read_job_commands(w.machine, settings);
    KF_CHECK(run::refuse_foreign_macros(commands, run::foreign_macros::taken)); // Klipper's own have to be in reach
    switch (o) {
    case run::order::pause: {
        KF_TRY(const auto how, run::pause_job(k, w.machine, commands, record, [] { return run::patience::wait; }));
        return tell(in, how);
    }
    case run::order::resume: KF_CHECK(run::resume_job(k, w.machine, commands, record)); return tell(in, "goes on");
    case run::order::cancel:
        KF_CHECK(run::cancel_job(k, w.machine, commands, record));
        return tell(in, "cancelled, the tool is up");
    case run::order::none: break;
    }
    return {};
}

} // namespace

result<void> steer(cli::invocation& in, run::order o) {
    return with_workplace(in, open_workplace(in), [&](const workplace& w) -> result<void> {
        const auto until = std::chrono::steady_clock::now() + std::chrono::hours(1);
        auto answer = run::ask_running(run::control_path(w.socket), run::name(o), until);
        if (!answer && answer.error().code == errc::refused) { // not believed: the printer itself is asked
            in.out.warn(answer.error().what + ": " + answer.error().cause);
            return steer_printer(in, w, o);
        }
        const auto text = [&](const char* key) {
            const auto* v = (*answer)->if_contains(key);
            return v != nullptr && v->is_string() ? std::string(v->get_string()) : std::string();
        };
        // One that ended before it answered has not done it: then it is ours to do, once its lock is free.
        const bool ended = answer ? answer->has_value() && text("errc") == run::ended_first
                                  : answer.error().code == errc::connection_lost;
        if (!answer && !ended) return kf::fail(answer.error());
        if (ended) {
            const auto soon = std::chrono::steady_clock::now() + std::chrono::seconds(10);
            for (;;) {
                auto done = steer_printer(in, w, o);
                if (done || done.error().code != errc::busy || std::chrono::steady_clock::now() >= soon) return done;
                io::steady_clock{}.sleep_until(std::chrono::steady_clock::now() + std::chrono::milliseconds(100));
            }
        }
        if (!*answer) return steer_printer(in, w, o);
        if (const auto* ok = (*answer)->if_contains("ok"); ok != nullptr && ok->is_bool() && ok->get_bool())
            return tell(in, text("text"));
        return kf::fail(text("errc") == "refused" ? errc::refused : errc::failed, text("what"));
    });
}

} // namespace kf::kplot
