// SPDX-License-Identifier: MIT
#include "../plotter/plotter.hpp"
#include "console_steering.hpp"
#include "drawing_input.hpp"
#include "job_input.hpp"
#include "kplot_commands.hpp"
#include "pen_filters.hpp"

#include <kf/run/file_run.hpp>
#include <kf/run/first_place.hpp>
#include <kf/run/stroke_run.hpp>

#include <fmt/format.h>

namespace kf::kplot {

using namespace plotting;
namespace {

enum class mode { file, interactive };

struct request {
    mode how = mode::file;
    bool detach = false, step = false;
    run::foreign_macros foreign = run::foreign_macros::refused;
    std::size_t ahead = 0;
};

result<request> read_request(const cli::invocation& in) {
    request r;
    r.step = in.has("step");
    r.detach = in.has("detach");
    r.foreign = foreign_macros(in);
    if (in.has("ahead")) {
        KF_TRY(const double n, number_option(in, "ahead", 0, 0, 100));
        if (n != static_cast<double>(static_cast<std::size_t>(n)))
            return kf::fail({errc::usage, "--ahead takes a whole number", {}, "--ahead"});
        r.ahead = static_cast<std::size_t>(n);
    }
    const std::string word = in.get("mode").value_or(r.step || in.has("ahead") ? "interactive" : "file");
    r.how = word == "file" ? mode::file : mode::interactive;
    if (r.how == mode::file && (r.step || in.has("ahead")))
        return kf::fail({errc::usage, "--step and --ahead belong to --mode interactive"});
    if (r.how == mode::interactive && r.detach)
        return kf::fail({errc::usage, "--detach belongs to --mode file: Klipper goes on alone only with a file"});
    if (r.step && r.ahead != 0) return kf::fail({errc::usage, "--step and --ahead exclude each other"});
    if (r.detach && in.has("sim") && !in.has("socket"))
        return kf::fail(
            {errc::usage,
             "--detach has nothing to leave behind: the simulated printer ends with kplot",
             {},
             "--detach --sim",
             {"ksim printer --socket /tmp/klippy_uds", "kplot run FILE --detach --sim --socket /tmp/klippy_uds"}});
    if (r.step && (!in.interactive || in.operands[0] == "-"))
        return kf::fail({errc::needs_person, "--step asks after each stroke, and there is no terminal to ask at"});
    return r;
}

std::string job_name(const std::string& operand) {
    return operand == "-" ? "standard input" : fs::path(operand).filename().string();
}

result<void> tell_end(cli::invocation& in, const run::job_summary& summary, bool cancelled, std::size_t strokes,
                      seconds duration, const std::string& name, std::string_view how) {
    if (cancelled)
        return kf::fail({errc::interrupted, strokes < summary.measure.strokes && how == "interactive"
                                                ? fmt::format("cancelled after stroke {} of {}; the tool is up",
                                                              strokes, summary.measure.strokes)
                                                : std::string("cancelled; the tool is up")});
    std::string text = fmt::format("{} is drawn: {}, {:.1f} mm of ink, {:.1f} s", name, counted(strokes, "stroke"),
                                   summary.measure.pen_down_mm, duration);
    std::vector<field> fields{{"job", name},
                              {"mode", std::string(how)},
                              {"strokes", static_cast<std::int64_t>(strokes)},
                              {"pen_down_mm", summary.measure.pen_down_mm},
                              {"seconds", duration}};
    if (const auto ink = in.get("ink")) {
        text += fmt::format("\nthe ink is in {}", *ink);
        fields.push_back({"ink", *ink});
    }
    in.out.result({"plotted", std::move(text), std::move(fields)});
    return {};
}

/// Klipper's own word for its directory, unless it begins with its ~, which may not be ours.
fs::path gcode_directory(const plotter_site& site, const run::printer_facts& facts) {
    return facts.gcode_directory.starts_with('/') ? facts.gcode_directory : site.machine.gcode_directory;
}

result<void> draw(cli::invocation& in, const plotter_site& site, const request& wanted, run::whole_job& job,
                  const run::job_summary& summary) {
    const std::string name = job_name(in.operands[0]);
    KF_TRY(const auto p, open_plotter(in, site, {.hold = holding::steered, .klipper = readiness::preflighted}));
    console_steering steering(*std::move(p->control));
    auto& k = p->session;
    auto& facts = p->facts;
    auto& record = p->record;
    KF_CHECK(run::refuse_foreign_macros(facts.commands, wanted.foreign));
    KF_CHECK(run::refuse_hidden_homing(facts.inside_g28));
    KF_CHECK(run::refuse_missing_macros(summary.measure, facts.objects));
    if (wanted.how == mode::file && !facts.files)
        return kf::fail({errc::not_found,
                         "this printer cannot run files",
                         "its configuration lacks [virtual_sdcard] or [pause_resume]",
                         {},
                         {"kplot machine macros  (prints what to add)", "or: kplot run FILE --mode interactive"}});

    if (job.arcs()) {
        if (!facts.arcs)
            return kf::fail(
                {errc::refused,
                 "this printer knows no arcs",
                 "its configuration lacks [gcode_arcs]",
                 "--arcs",
                 {"add [gcode_arcs] and resolution: 0.1 to printer.cfg, then RESTART", "or leave out --arcs"}});
        auto how = *job.arcs();
        how.piece = facts.limits.arc_resolution;
        job.keep_arcs(how);
        KF_CHECK(run::check_job(job.strokes(), site.machine, {.arcs = job::arc_style::native}, facts.skew.tangent));
    } else if (facts.skew.bends())
        KF_CHECK(run::check_job(job.strokes(), site.machine, {}, facts.skew.tangent));
    job::gcode_options options;
    options.arcs = facts.arcs ? job::arc_style::native : job::arc_style::flattened;
    options.live_objects = facts.objects;
    options.pause.clear(); // stroke by stroke we wait by ourselves
    auto strokes = run::without_first_homing(job.strokes());
    KF_CHECK(io::interrupt::check());

    // With the files written first, a full disk is found before anything moves.
    std::optional<run::file_plan> plan;
    if (wanted.how == mode::file) {
        job::gcode_options with_boundary = options;
        with_boundary.pause = facts.commands.pause;
        if (facts.commands.boundary) with_boundary.boundary_macro = run::boundary_macro;
        KF_TRY(plan, run::write_job_file(gcode_directory(site, facts), run::job_file_name(in.operands[0]), site.machine,
                                         with_boundary, facts,
                                         summary.begins_at.value_or(machine::home_position(site.machine)), strokes));
        in.out.step(phase::plan, fmt::format("{}, {}, {:.1f} s, for {}", plan->name, counted(plan->strokes, "stroke"),
                                             plan->timeline.total(), site.machine_name));
    } else
        in.out.step(phase::plan,
                    fmt::format("{}, {}, for {}", name, counted(summary.measure.strokes, "stroke"), site.machine_name));
    for (const std::string& line : pen_lines(summary.measure)) in.out.step(phase::plan, line);
    KF_TRY(const auto way, run::way_of_z(site.machine, facts));
    const bool z_comes_last = way == run::z_way::endstop && !facts.z_homes_upwards;
    if (!facts.homed("z") && !z_comes_last) {
        in.out.step(phase::run, "Z reference");
        KF_CHECK(run::reference_z(k, site.machine, facts, record, touch_off_by(site), pen_word(in)));
    }
    if (summary.homes_first || !facts.homed("xyz")) {
        in.out.step(phase::run, "homing X and Y");
        KF_CHECK(run::home_xy(k, site.machine, facts, record, touch_off_by(site), pen_word(in), in.out));
    }
    KF_CHECK(io::interrupt::check());
    if (summary.begins_at) KF_CHECK(run::prove_place(k, site.machine, facts, record, *summary.begins_at));
    KF_CHECK(io::interrupt::check());

    if (plan) {
        run::file_run run(k, site.machine, facts, *plan, steering, record, in.out);
        KF_TRY(const bool begins, run.may_start());
        if (!begins) return kf::fail(errc::interrupted, "cancelled before anything was drawn; the tool is up");
        KF_CHECK(run.start());
        if (wanted.detach) {
            KF_TRY(const auto left, run.leave());
            if (left.how == run::file_outcome::end::cancelled)
                return kf::fail(errc::interrupted, "cancelled; the tool is up");
            in.out.result({"started",
                           fmt::format("{} runs by itself", plan->name),
                           {{"job", plan->name}, {"planned_s", plan->timeline.total()}}});
            if (!in.json) in.out.note("kplot status, pause, resume, cancel and estop work from any shell");
            return {};
        }
        KF_TRY(const auto outcome, run.follow());
        return tell_end(in, summary, outcome.how == run::file_outcome::end::cancelled, plan->strokes, outcome.duration,
                        name, "file");
    }
    if (wanted.ahead != 0)
        in.out.note(fmt::format("up to {} queued ahead: a pause comes after that, and up to 2 s later",
                                counted(wanted.ahead, "stroke")));
    run::stroke_run run(k, site.machine, facts, options, std::move(strokes), steering, record, in.out,
                        {wanted.ahead, wanted.step, summary.measure.strokes, name});
    KF_TRY(const auto outcome, run());
    return tell_end(in, summary, outcome.how == run::stroke_outcome::end::cancelled, outcome.strokes, outcome.planned,
                    name, "interactive");
}

result<void> run_job(cli::invocation& in) {
    KF_TRY(const auto wanted, read_request(in));
    io::interrupt::catch_signals();
    KF_TRY(auto chosen, open_machine(in));
    // The whole job, to its last operation, before anything is started or asked.
    KF_TRY(auto job, read_job(in, chosen.value, in.operands[0]));
    KF_TRY(const auto summary, run::check_job(job.strokes(), chosen.value, {}));
    tell_warnings(in, summary);
    return with_site(open_site(in, std::move(chosen)),
                     [&](const plotter_site& site) { return draw(in, site, wanted, job, summary); });
}

} // namespace

cli::command_row run_command() {
    std::vector<cli::option_row> options{
        {"mode", "MODE", "file (Klipper runs it by itself) or interactive (stroke by stroke)"},
        {"step", "", "interactive, and a person lets each stroke go"},
        {"ahead", "N", "interactive, with N strokes queued: faster, a pause comes later"},
        {"detach", "", "start the file and leave it to Klipper"},
        {"pen-is-up", "", "you have looked: the pen is clear of the paper"},
        {"foreign-macros", "", "nobody will press Pause, Resume or Cancel in a web interface"},
        arcs_option(),
        {"file-order", "", "draw the lines of an SVG as they are and in its order: no --merge, no --order"},
        {"ink", "FILE", "with --sim: a picture of what the pen drew, .svg or .png"}};
    for (const auto& o : input_options()) options.push_back(o);
    return {"run",
            "FILE|-",
            1,
            1,
            "Draws an SVG, an HP-GL plot or a job.",
            options,
            {{"kplot run a.svg --sim --ink ink.svg", "on a simulated printer, with a picture"},
             {"kplot run a.svg", "as a file, lines merged and ordered; Ctrl+C pauses, twice cancels"},
             {"kplot run job.jsonl --step", "stroke by stroke"}},
            run_job};
}

} // namespace kf::kplot
