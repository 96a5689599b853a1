// SPDX-License-Identifier: MIT
#include "../plotter/plotter.hpp"
#include "kplot_commands.hpp"

#include <kf/io/json_fields.hpp>
#include <kf/klippy/sdcard_files.hpp>
#include <kf/planner/estimate.hpp>

#include <fmt/format.h>

#include <fstream>

namespace kf::kplot {

using namespace plotting;
namespace {

/// Seconds until a file that runs by itself is over, from its own G-code; nothing when that cannot be told quickly.
std::optional<seconds> eta_of_file(const klippy::printer_status& s, const planner::motion_limits& limits) {
    constexpr std::int64_t quick = 32 << 20;
    if (!s.virtual_sdcard || s.virtual_sdcard->file_path.empty() || s.virtual_sdcard->file_size > quick ||
        !s.print_stats)
        return std::nullopt;
    std::ifstream in(s.virtual_sdcard->file_path, std::ios::binary);
    if (!in) return std::nullopt;
    planner::gcode_estimator estimator(limits);
    std::vector<char> piece(std::size_t{64} << 10);
    while (in) {
        in.read(piece.data(), static_cast<std::streamsize>(piece.size()));
        if (!estimator.feed({piece.data(), static_cast<std::size_t>(in.gcount())})) return std::nullopt;
    }
    if (!estimator.finish()) return std::nullopt;
    return planner::remaining(estimator.plan(), static_cast<std::uint64_t>(s.virtual_sdcard->file_position),
                              s.print_stats->total_duration);
}

result<void> show_status(cli::invocation& in, const plotter_site& site) {
    const auto soon = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    const auto asked = run::ask_running(run::control_path(site.socket), "status", soon);
    // It may be homing, or have ended just now: what Klipper says is worth having all the same.
    const auto running = asked ? *asked : std::nullopt;
    if (!asked && !in.json) in.out.note("a running kplot does not answer now: " + asked.error().what);
    KF_TRY(const auto p, open_plotter(in, site, {.hold = holding::nobody, .klipper = readiness::contact}));
    const auto& s = p->session.status();

    std::string text = fmt::format("Klipper   {}", klippy::name(s.webhooks.state));
    std::vector<field> fields{{"klipper", std::string(klippy::name(s.webhooks.state))}};
    if (!s.ready()) text += ": " + klippy::first_line(s.webhooks.message);
    const auto job = klippy::progress(s);
    fields.push_back({"job_state", std::string(klippy::name(job.state))});
    if (running) {
        const auto number = [&](const char* key) { return io::value_at<double>(*running, key).value_or(0); };
        const auto state = io::text_at(*running, "state"), mode = io::text_at(*running, "mode"),
                   name = io::text_at(*running, "job");
        text += fmt::format("\nrun       {} ({}), {}", name, mode, state);
        fields.insert(fields.end(), {{"run_state", state}, {"mode", mode}, {"job", name}});
        fields.push_back({"strokes", static_cast<std::int64_t>(number("strokes"))});
        if (running->contains("waits_for")) {
            const auto pen = io::text_at(*running, "waits_for");
            if (!pen.empty()) text += " for: " + pen;
            fields.push_back({"waits_for", pen});
        }
        if (mode == "file") {
            text += fmt::format(", {:.0f} s left", number("eta_s"));
            fields.insert(
                fields.end(),
                {{"eta_s", number("eta_s")}, {"moving_s", number("moving_s")}, {"planned_s", number("planned_s")}});
        } else {
            text += fmt::format(", {:.0f} of {:.0f} strokes", number("stroke"), number("strokes"));
            fields.push_back({"stroke", static_cast<std::int64_t>(number("stroke"))});
        }
    } else if (!job.file_name.empty()) {
        text +=
            fmt::format("\nfile      {}, {}, {:.0f} % read", job.file_name, klippy::name(job.state), job.read * 100);
        fields.insert(fields.end(), {{"job", job.file_name}, {"read", job.read}});
        if (!job.message.empty()) {
            text += ": " + job.message;
            fields.push_back({"message", job.message});
        }
        if (s.ready() && job.state == klippy::job_state::printing) {
            KF_TRY(const auto objects, p->session.link().list_objects(soon));
            KF_TRY(const auto now, p->session.link().query(run::preflight_objects(objects), soon));
            KF_TRY(const auto limits, run::live_limits(now.status));
            if (const auto left = eta_of_file(s, limits)) {
                text += fmt::format(", {:.0f} s left", *left);
                fields.push_back({"eta_s", *left});
            }
        }
    }
    if (const auto at = s.live_position()) {
        text += fmt::format("\nposition  X{:.2f} Y{:.2f} Z{:.2f}", (*at)[0], (*at)[1], (*at)[2]);
        fields.insert(fields.end(), {{"x", (*at)[0]}, {"y", (*at)[1]}, {"z", (*at)[2]}});
    }
    if (s.ready() && s.toolhead) {
        const std::string& homed = s.toolhead->homed_axes;
        text += "\nhomed     " + (homed.empty() ? std::string("nothing") : homed);
        fields.push_back({"homed_axes", homed});
        if (!p->square.text().empty()) {
            text += "\nsquare    " + p->square.text();
            fields.push_back({"square", p->square.text()});
        }
    }
    const bool moving = running.has_value() || job.state == klippy::job_state::printing;
    if (!p->record.doubt().empty() && !moving) {
        text += "\npen       may be down: " + p->record.doubt();
        fields.push_back({"pen_doubt", p->record.doubt()});
    }
    in.out.result({"status", text, std::move(fields)});
    return {};
}

} // namespace

cli::command_row status_command() {
    return {"status",
            "",
            0,
            0,
            "Shows what the printer and a running kplot do.",
            {},
            {{"kplot status", "state, job, time left, position"}, {"kplot status --json", "for a program"}},
            [](cli::invocation& in) {
                return with_site(open_site(in), [&](const plotter_site& site) { return show_status(in, site); });
            }};
}

} // namespace kf::kplot
