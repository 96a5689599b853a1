// SPDX-License-Identifier: MIT
#include "plotter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace kf::plotting {
namespace {

klippy::reconnect_policy policy_of(const machine::connection& c, readiness wanted) {
    auto policy = run::policy_of(c);
    policy.auto_reconnect = policy.auto_reconnect || wanted == readiness::recovered;
    return policy;
}

/// "kplot run drawing.svg", for those who meet our lock.
std::string who_we_are(const cli::invocation& in) {
    std::string who = fmt::format("{} {}", in.tool, in.command);
    for (const auto& o : in.operands) who += " " + o;
    return who;
}

error no_klipper(const plotter_site& site, error e) {
    e.what = "there is no Klipper: " + e.what;
    e.command = site.socket;
    if (e.steps.empty())
        e.steps = {"Is Klipper running?  systemctl status klipper",
                   "Is its API socket on?  klippy.py -a " + site.socket, "With no printer at hand, add --sim."};
    return e;
}

result<io::file_lock> lock_plotter(const cli::invocation& in, const plotter_site& site, seconds within) {
    const io::steady_clock clock;
    const auto until = clock.now() + to_nanoseconds(within);
    for (;;) {
        std::error_code ec;
        if (!fs::exists(site.socket, ec))
            return kf::fail(no_klipper(site, {errc::not_found, "there is no socket " + site.socket}));
        auto lock = klippy::lock_printer(site.socket, who_we_are(in));
        if (lock || lock.error().code != errc::busy || clock.now() >= until) return lock;
        clock.sleep_until(clock.now() + std::chrono::milliseconds(100));
    }
}

/// The first contact, with words that help when there is none.
result<void> connect(plotter& p, klippy::need n) {
    p.session.keep_complaints();
    auto opened = p.session.open(n);
    if (opened) opened = p.session.subscribe(klippy::state_objects());
    if (p.session.connected()) {
        // The lock is not needed for it: what is forgotten here holds for nobody any more.
        if (const auto& head = p.session.status().toolhead) KF_CHECK(p.square.hold_against(head->homed_axes));
        const auto& at = p.session.status().webhooks;
        if (at.state == klippy::printer_state::shutdown || at.state == klippy::printer_state::error)
            KF_CHECK(p.record.may_be_down("Klipper stopped: " + klippy::first_line(at.message)));
    }
    if (opened) return {};
    error e = std::move(opened).error();
    if (e.code == errc::not_found || e.code == errc::not_connected) return kf::fail(no_klipper(p.site, std::move(e)));
    if (e.code == errc::refused) e.steps = {"Remove the cause named above.", "kplot recover"};
    return kf::fail(std::move(e));
}

/// Back to ready; the firmware is restarted when Klipper has stopped.
result<void> restart(cli::invocation& in, plotter& p) {
    const auto contact = connect(p, klippy::need::contact);
    const auto& at = p.session.status().webhooks;
    if (contact && at.state == klippy::printer_state::ready) return {};
    if (contact)
        in.out.step(phase::run,
                    fmt::format("Klipper is in {}: {}", klippy::name(at.state), klippy::first_line(at.message)));
    else if (contact.error().code == errc::not_found || contact.error().code == errc::usage)
        return contact;
    KF_CHECK(p.session.recover());
    in.out.step(phase::run, "Klipper is ready again");
    return p.session.subscribe(klippy::state_objects());
}

result<void> bring_to(cli::invocation& in, plotter& p, readiness wanted) {
    switch (wanted) {
    case readiness::contact: return connect(p, p.site.simulator ? klippy::need::ready : klippy::need::contact);
    case readiness::ready: return connect(p, klippy::need::ready);
    case readiness::preflighted: KF_CHECK(connect(p, klippy::need::ready)); break;
    case readiness::recovered: KF_CHECK(restart(in, p)); break;
    }
    auto& k = p.session.link();
    // After a restart Klipper may be slow to answer, however short the machine's own time is.
    const seconds most = std::max(p.site.machine.connection.timeout_s, wanted == readiness::recovered ? 5.0 : 0.0);
    KF_TRY(p.facts, run::preflight(k, p.site.machine, k.clock().now() + to_nanoseconds(most)));
    KF_CHECK(run::refuse_double_correction(p.facts.skew, p.square));
    // A simulated printer is as ksim made it: nobody can correct its configuration.
    if (wanted == readiness::preflighted && !p.site.simulated)
        for (const auto& text : p.facts.warnings) in.out.warn(text);
    return {};
}

} // namespace

result<run::held_printer> hold_printer(const cli::invocation& in, const plotter_site& site, holding hold,
                                       seconds within) {
    std::optional<io::file_lock> lock;
    if (hold != holding::nobody) {
        KF_TRY(lock, lock_plotter(in, site, within));
    }
    return run::held_printer{std::move(lock), {site.records, site.socket}, {site.records, site.socket}};
}

result<std::unique_ptr<plotter>> open_plotter(cli::invocation& in, const plotter_site& site,
                                              const plotter_request& request) {
    KF_TRY(auto held, hold_printer(in, site, request.hold, request.lock_within));
    std::optional<run::control_socket> control;
    if (request.hold == holding::steered) {
        KF_TRY(auto listening, run::control_socket::listen(run::control_path(site.socket)));
        control.emplace(std::move(listening));
    }
    std::unique_ptr<plotter> p(new plotter{.site = site,
                                           .lock = std::move(held.lock),
                                           .control = std::move(control),
                                           .record = std::move(held.record),
                                           .square = std::move(held.square),
                                           .session = klippy::session<klippy::socket_connector>(
                                               {site.socket}, policy_of(site.machine.connection, request.klipper))});
    KF_CHECK(bring_to(in, *p, request.klipper));
    return p;
}

} // namespace kf::plotting
