// SPDX-License-Identifier: MIT
#include "../plotter/plotter_site.hpp"
#include "clock_text.hpp"
#include "drawing_input.hpp"
#include "job_input.hpp"
#include "kplot_commands.hpp"
#include "pen_filters.hpp"
#include "slowness.hpp"

#include <kf/io/printable.hpp>
#include <kf/job/planned_limits.hpp>
#include <kf/job/time_use.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace kf::kplot {

using namespace plotting;
namespace {

std::vector<field> fields_of(const job::time_share& s) {
    return {{"lifts", static_cast<std::int64_t>(s.lifts)},
            {"travel_mm", s.travel},
            {"seconds", s.total()},
            {"draw_seconds", s.drawing},
            {"travel_seconds", s.travelling},
            {"lift_seconds", s.lifting},
            {"dwell_seconds", s.dwelling}};
}

/// A row for each layer and pen, where there is more than one.
std::string table_of(const job::time_use& use) {
    if (use.parts.size() < 2) return {};
    std::size_t wide = 5;
    const auto name_of = [](const job::time_use::part& p) {
        return io::printable(fmt::format("{}, {}", p.layer, p.pen)).substr(0, 30);
    };
    for (const auto& p : use.parts) wide = std::max(wide, columns_of(name_of(p)));
    std::string text = fmt::format("\n{:{}}  strokes    ink mm travel mm   draw s travel s  lift s dwell s", "", wide);
    for (const auto& p : use.parts) {
        const std::string name = name_of(p);
        fmt::format_to(std::back_inserter(text), "\n{}{:{}}  {:7} {:9.1f} {:9.1f} {:8.1f} {:8.1f} {:7.1f} {:7.1f}",
                       name, "", wide - columns_of(name), p.share.strokes, p.share.ink, p.share.travel, p.share.drawing,
                       p.share.travelling, p.share.lifting, p.share.dwelling);
    }
    return text;
}

result<void> tell_slowness(cli::invocation& in, const run::whole_job& job, const machine::machine& m,
                           const job::time_use& use) {
    for (const std::string& line : why_slow(use, m)) in.out.result({"why_slow", line, {{"text", line}}});
    const auto found = remedies(job, m, use);
    if (!found && found.error().code != errc::refused) return kf::fail(found.error());
    if (!found) {
        in.out.warn(fmt::format("what would help is not known: {}", found.error().what));
        return {};
    }
    for (const remedy& r : *found)
        in.out.result({"would_save",
                       fmt::format("{} would save {}", r.name, clock_text(r.saved)),
                       {{"name", r.name}, {"seconds", r.saved}}});
    if (found->empty() && !in.json) in.out.note("none of --order, --merge, --dedupe and --simplify saves much");
    return {};
}

result<void> run_stats(cli::invocation& in) {
    KF_TRY(const auto m, any_machine(in));
    KF_TRY(const auto job, read_job(in, m.value, in.operands[0]));
    KF_TRY(const auto summary, run::measure_job(job.strokes()));
    KF_TRY(const auto header, job.header());
    const auto& sum = summary.measure;
    std::string text = fmt::format("strokes      {}\npen down     {:.1f} mm\npen up       {:.1f} mm\noperations   {}",
                                   sum.strokes, sum.pen_down_mm, sum.pen_up_mm, summary.operations);
    for (const std::string& line : pen_lines(sum)) text += '\n' + line;
    std::vector<field> fields{{"strokes", static_cast<std::int64_t>(sum.strokes)},
                              {"pen_down_mm", sum.pen_down_mm},
                              {"pen_up_mm", sum.pen_up_mm},
                              {"operations", static_cast<std::int64_t>(summary.operations)},
                              {"pens", static_cast<std::int64_t>(sum.pens.size())},
                              {"pauses", static_cast<std::int64_t>(sum.pauses)}};
    const auto use = job::use_of_time(m.value, header, job.strokes(), job::planned_limits(m.value));
    if (use) {
        const job::time_share& all = use->all;
        fmt::format_to(
            std::back_inserter(text),
            "\ntime         {}\n  drawing    {:.2f} s\n  travel     {:.2f} s\n  lifts      {:.2f} s\n  dwells    "
            " {:.2f} s",
            clock_text(all.total()), all.drawing, all.travelling, all.lifting, all.dwelling);
        text += table_of(*use);
        for (field& f : fields_of(all)) fields.push_back(std::move(f));
    } else // it need not fit this machine
        in.out.warn(fmt::format("its time is not known: {}", use.error().what));
    if (in.json && use && use->parts.size() > 1)
        for (const job::time_use::part& p : use->parts) {
            std::vector<field> part{{"layer", p.layer},
                                    {"pen", p.pen},
                                    {"strokes", static_cast<std::int64_t>(p.share.strokes)},
                                    {"pen_down_mm", p.share.ink}};
            for (field& f : fields_of(p.share)) part.push_back(std::move(f));
            in.out.result({"stats_part", {}, std::move(part)});
        }
    in.out.result({"stats", std::move(text), std::move(fields)});
    if (!use) return {};
    return in.has("why-slow") ? tell_slowness(in, job, m.value, *use) : result<void>{};
}

} // namespace

cli::command_row stats_command() {
    std::vector<cli::option_row> options{{"why-slow", "", "what takes the time, and what would save how much of it"}};
    for (const auto& o : input_options()) options.push_back(o);
    return {"stats",
            "FILE|-",
            1,
            1,
            "Counts the strokes of a job or an SVG, its ink, its travel and its time.",
            std::move(options),
            {{"kplot stats a.svg --json", "strokes, millimetres, seconds by kind"},
             {"kplot stats a.svg --why-slow", "with what would help"}},
            run_stats};
}

} // namespace kf::kplot
