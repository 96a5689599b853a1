// SPDX-License-Identifier: MIT
#pragma once
/// A whole job, looked at to its last operation before the first is used: does the machine take it, and what does it
/// amount to.

#include <kf/error.hpp>
#include <kf/job/gcode.hpp>
#include <kf/job/limits.hpp>
#include <kf/job/measure.hpp>
#include <kf/job/stroke.hpp>
#include <kf/job/transform.hpp>

#include <fmt/format.h>

#include <cstddef>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace kf::run {

struct job_summary {
    job::job_measure measure;
    std::size_t operations = 0;
    bool homes_first = false;             ///< home_xy comes before all motion
    std::optional<machine::xy> begins_at; ///< the first place that it travels to, machine coordinates
    std::vector<job::gcode_warning> warnings = {};
};

/// Reads a whole job as it will be run: grouped, inside all limits, and with an answer for each operation. The first
/// thing wrong is the error, and nothing has moved. `skew` is the tangent of a correction that bends the moves.
template<class Strokes>
[[nodiscard]] result<job_summary> check_job(Strokes strokes, const machine::machine& m,
                                            const job::gcode_options& options, double skew = 0) {
    job_summary summary;
    job::limit_check limits(m, skew);
    job::gcode_writer writer(m, options);
    job::job_meter meter;
    job::head head(m);
    std::string text;
    for (bool moved = false;;) {
        KF_TRY(const auto s, strokes());
        if (!s) break;
        KF_CHECK(limits.check(*s));
        text.clear();
        KF_CHECK(writer.write(*s, text));
        meter.add(*s);
        summary.operations += s->steps.size();
        for (const job::step& each : s->steps) {
            if (const auto* tool = std::get_if<job::select_tool>(&each.op)) KF_CHECK(head.select(each, tool->tool));
            if (const auto* pen = std::get_if<job::select_pen>(&each.op)) KF_CHECK(head.select_pen(each, pen->pen));
            const auto begins = [&](drawing::point p) {
                if (!summary.begins_at) summary.begins_at = head.where().to_machine(p);
            };
            if (const auto* travel = std::get_if<job::rapid_xy>(&each.op)) begins(travel->to);
            if (const auto* way = std::get_if<job::linear_move>(&each.op)) begins(way->to);
            if (std::holds_alternative<job::home_xy>(each.op) && !moved) summary.homes_first = true;
            moved = moved || std::holds_alternative<job::home_xy>(each.op) ||
                    std::holds_alternative<job::rapid_xy>(each.op) || std::holds_alternative<job::linear_move>(each.op);
        }
    }
    summary.measure = meter.total();
    summary.warnings = writer.warnings();
    return summary;
}

/// errc::not_found when a job calls a macro that the printer does not have: Klipper would pass over it.
[[nodiscard]] inline result<void> refuse_missing_macros(const job::job_measure& sum,
                                                        const std::vector<std::string>& live_objects) {
    for (const std::string& macro : sum.macros)
        if (!job::has_macro(live_objects, macro))
            return kf::fail(
                {errc::not_found,
                 fmt::format("the printer has no macro {}", macro),
                 "a pen's change is to call it",
                 macro,
                 {fmt::format("add [gcode_macro {}] to printer.cfg, or name another in the list of pens", macro)}});
    return {};
}

/// Only what a job amounts to: it need not fit any machine.
template<class Strokes>
[[nodiscard]] result<job_summary> measure_job(Strokes strokes) {
    job_summary summary;
    job::job_meter meter;
    for (;;) {
        KF_TRY(const auto s, strokes());
        if (!s) break;
        meter.add(*s);
        summary.operations += s->steps.size();
    }
    summary.measure = meter.total();
    return summary;
}

} // namespace kf::run
