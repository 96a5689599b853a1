// SPDX-License-Identifier: MIT
#include "../plotter/plotter.hpp"
#include "answering.hpp"
#include "kcal_commands.hpp"

#include <kf/cal/level_connection.hpp>
#include <kf/cal/level_control.hpp>
#include <kf/cal/level_drawing.hpp>
#include <kf/cal/level_motion.hpp>
#include <kf/cal/level_run.hpp>
#include <kf/cal/level_tool.hpp>
#include <kf/io/interrupt.hpp>

#include <fmt/format.h>

namespace kf::kcal {

using namespace plotting;
namespace {

result<void> list_checks(cli::invocation& in) {
    for (const cal::level_row& r : cal::level_rows()) {
        std::string asks;
        for (const cal::question& q : r.asks) asks += (asks.empty() ? "" : " ") + q.name;
        in.out.result({"check_row",
                       fmt::format("{} {:<15} {}\n{:<18}{}{}", r.level, r.name, r.procedure, "", r.criterion,
                                   asks.empty() ? "" : fmt::format(" [{}]", asks)),
                       {{"level", static_cast<std::int64_t>(r.level)},
                        {"name", r.name},
                        {"procedure", r.procedure},
                        {"criterion", r.criterion},
                        {"asks", asks}}});
    }
    return {};
}

/// Those of one level, or of them the ones that --only names.
result<std::vector<cal::level_row>> rows_wanted(const cli::invocation& in, int level) {
    std::vector<cal::level_row> rows = cal::rows_of_level(level);
    if (!in.has("only")) return rows;
    std::vector<cal::level_row> some;
    for (const std::string& word : in.options.at("only")) {
        const auto row = std::ranges::find_if(rows, [&](const cal::level_row& r) { return word == r.name; });
        if (row == rows.end())
            return kf::fail({errc::usage,
                             fmt::format("level {} has no check {}", level, word),
                             {},
                             "--only " + word,
                             {"kcal check  (lists them)"}});
        some.push_back(*row);
    }
    return some;
}

void tell_counts(cli::invocation& in, int level, const cal::level_report& r) {
    const auto number = [](auto n) { return static_cast<std::int64_t>(n); };
    const std::string text = fmt::format("level {}: {} passed, {} failed, {} left out{}", level, r.passed, r.failed,
                                         r.left_out, r.not_run == 0 ? "" : fmt::format(", {} not run", r.not_run));
    in.out.result({"level_report",
                   text,
                   {{"level", number(level)},
                    {"passed", number(r.passed)},
                    {"failed", number(r.failed)},
                    {"left_out", number(r.left_out)},
                    {"not_run", number(r.not_run)},
                    {"ok", r.ok()}}});
}

/// The counts, and what comes of them; `ran` is what ended the level before its end.
result<void> tell_report(cli::invocation& in, int level, const cal::level_report& r, const result<void>& ran) {
    tell_counts(in, level, r);
    KF_CHECK(ran);
    if (r.ok()) return {};
    return kf::fail({r.failed != 0 ? errc::failed : errc::refused,
                     r.failed != 0 ? fmt::format("level {} is not passed: {} failed", level, counted(r.failed, "check"))
                                   : fmt::format("level {} is not passed: {} could not be tried", level,
                                                 counted(r.left_out, "check")),
                     "each is named above",
                     {},
                     {fmt::format("kcal check --level {} --only NAME", level)}});
}

/// Levels 2 to 5, on a printer that is ours alone meanwhile.
result<void> run_on_printer(cli::invocation& in, const plotter_site& site, int level,
                            const std::vector<cal::level_row>& rows, answering& answers, cal::level_report& report) {
    KF_TRY(const auto p, open_plotter(in, site, {.hold = holding::others, .klipper = readiness::preflighted}));
    KF_CHECK(run::refuse_skew(p->facts.skew, "kcal check"));
    cal::level_stand stand(p->session, site.machine, p->facts, p->record, in.out, person_word(in, site));
    const auto run_with = [&](auto checks) { return cal::run_level(rows, checks, in.out, report); };
    auto ran = level == 2   ? run_with(cal::motion_level(stand))
               : level == 3 ? run_with(cal::tool_level(stand, answers))
               : level == 4 ? run_with(cal::drawing_level(stand, answers))
                            : run_with(cal::control_level(stand));
    if (ran) {
        if (p->session.connected() && p->session.status().ready()) KF_CHECK(run::release_motors(p->session));
        return {};
    }
    // Stopped by a person: the motors stay on, and the tool goes up where Z is known.
    error e = std::move(ran).error();
    if (e.code == errc::interrupted || e.code == errc::needs_person)
        if (stand.knows_z() && p->session.connected() && p->session.status().ready())
            if (auto up = stand.up(); !up) in.out.warn(up.error().what);
    return kf::fail(std::move(e));
}

result<void> run_check(cli::invocation& in) {
    if (!in.has("level")) {
        if (in.has("only")) return kf::fail({errc::usage, "--only belongs to a --level", {}, "--only"});
        return list_checks(in);
    }
    const int level = in.get("level")->front() - '0'; // the table knows 1 to 5
    KF_TRY(const auto rows, rows_wanted(in, level));
    KF_TRY(auto written, answers_given(in));
    answering answers(in, std::move(written));
    for (const cal::level_row& row : rows)
        for (const cal::question& q : row.asks) KF_CHECK(answers.can_answer(q));
    io::interrupt::catch_signals();
    return with_site(open_site(in), [&](const plotter_site& site) -> result<void> {
        cal::level_report report;
        report.not_run = rows.size();
        if (level == 1) {
            cal::connection_level checks(site.socket, to_nanoseconds(site.machine.connection.timeout_s));
            return tell_report(in, level, report, cal::run_level(rows, checks, in.out, report));
        }
        const auto ran = run_on_printer(in, site, level, rows, answers, report);
        for (const std::string& name : answers.unused())
            in.out.warn(fmt::format("nothing asked for the answer {}", name));
        return tell_report(in, level, report, ran);
    });
}

} // namespace

cli::command_row check_command() {
    std::vector<cli::option_row> options{{"level", "1|2|3|4|5", "connection, motion, tools, drawing, control"},
                                         {"only", "CHECK", "this check of the level; may be given several times"}};
    for (const auto& o : pen_options()) options.push_back(o);
    for (const auto& o : answer_options()) options.push_back(o);
    return {"check",
            "",
            0,
            0,
            "Proves a plotter level by level; without one it lists the checks.",
            std::move(options),
            {{"kcal check --level 1", "whether Klipper can be talked to; nothing moves"},
             {"kcal check --level 5 --json", "pause, resume, cancel, stop, recovery, as a report"},
             {"kcal check --level 3 --answers looked.txt", "with answers from a file"}},
            run_check};
}

} // namespace kf::kcal
