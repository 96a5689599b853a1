// SPDX-License-Identifier: MIT
#include "steer.hpp"

#include "../plotter/plotter.hpp"

#include <kf/io/json_fields.hpp>
#include <kf/run/job_control.hpp>

namespace kf::kplot {

using namespace plotting;
namespace {

result<void> tell(cli::invocation& in, const std::string& text) {
    in.out.result({in.command, text, {{"text", text}}});
    return {};
}

/// Nobody runs: a file that goes on by itself is steered here. A run that is just ending has the lock for a moment.
result<void> steer_printer(cli::invocation& in, const plotter_site& site, run::order o, seconds lock_within = 0) {
    KF_TRY(const auto p, open_plotter(in, site, {.klipper = readiness::ready, .lock_within = lock_within}));
    auto& k = p->session;
    KF_TRY(const auto now,
           k.link().query({{"configfile", boost::json::array{"settings"}}, {"skew_correction", nullptr}},
                          k.link().clock().now() + std::chrono::seconds(5)));
    KF_TRY(const auto settings, klippy::settings::from_status(now.status));
    const auto commands = run::read_job_commands(site.machine, settings);
    KF_CHECK(run::refuse_foreign_macros(commands, run::foreign_macros::taken)); // Klipper's own have to be in reach
    switch (o) {
    case run::order::pause: {
        KF_TRY(const auto how,
               run::pause_job(k, site.machine, commands, p->record, [] { return run::patience::wait; }));
        return tell(in, how);
    }
    case run::order::resume: {
        run::loaded_skew skew; // matters to ways round keep-outs only
        if (!site.machine.keep_outs.empty()) {
            KF_TRY(const auto places, run::look_at(k));
            KF_TRY(skew, run::read_loaded_skew(now.status, places));
        }
        KF_CHECK(run::resume_job(k, site.machine, commands, p->record, skew));
        return tell(in, "goes on");
    }
    case run::order::cancel:
        KF_CHECK(run::cancel_job(k, site.machine, commands, p->record));
        return tell(in, "cancelled, the tool is up");
    case run::order::none: break;
    }
    return {};
}

result<void> steer_site(cli::invocation& in, const plotter_site& site, run::order o) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::hours(1);
    const auto asked = run::ask_running(run::control_path(site.socket), run::name(o), until);
    if (!asked && asked.error().code == errc::refused) { // not believed: the printer itself is asked
        in.out.warn(asked.error().what + ": " + asked.error().cause);
        return steer_printer(in, site, o);
    }
    // One that ended before it answered has not done it: then it is ours to do, once its lock is free.
    if (!asked && asked.error().code != errc::connection_lost) return kf::fail(asked.error());
    if (asked && !*asked) return steer_printer(in, site, o);
    const auto answer = asked ? **asked : boost::json::object{{"errc", run::ended_first}};
    if (io::text_at(answer, "errc") == run::ended_first) return steer_printer(in, site, o, 10);
    if (io::value_at<bool>(answer, "ok").value_or(false)) return tell(in, io::text_at(answer, "text"));
    return kf::fail(io::text_at(answer, "errc") == "refused" ? errc::refused : errc::failed,
                    io::text_at(answer, "what"));
}

} // namespace

result<void> steer(cli::invocation& in, run::order o) {
    return with_site(open_site(in), [&](const plotter_site& site) { return steer_site(in, site, o); });
}

} // namespace kf::kplot
