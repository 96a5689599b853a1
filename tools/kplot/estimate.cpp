// SPDX-License-Identifier: MIT
#include "../plotter/plotter_site.hpp"
#include "clock_text.hpp"
#include "kplot_commands.hpp"

#include <kf/job/planned_limits.hpp>
#include <kf/planner/estimate.hpp>

#include <fmt/format.h>

#include <fstream>
#include <iostream>

namespace kf::kplot {

using namespace plotting;
namespace {

result<void> run_estimate(cli::invocation& in) {
    planner::motion_limits limits;
    if (in.has("machine")) {
        KF_TRY(const auto m, open_machine(in));
        limits = job::planned_limits(m.value);
    }
    if (const auto given = in.options.find("limit"); given != in.options.end())
        for (const auto& words : given->second) KF_CHECK(planner::set_limit(limits, words));

    if (in.has("arcs") && limits.arc_resolution == 0) limits.arc_resolution = 1;
    const bool assumed = !limits.extruder;
    if (assumed) limits.extruder.emplace(); // a slicer's file is one for a printer that has one

    const std::string& file = in.operands[0];
    result<planner::estimate> estimated;
    if (file == "-") {
        std::ios::sync_with_stdio(false);
        estimated = planner::estimate_gcode(std::cin, limits);
    } else {
        std::error_code ec;
        if (fs::is_directory(file, ec)) return kf::fail(errc::usage, file + " is a directory, not G-code");
        std::ifstream stream(file, std::ios::binary);
        if (!stream) {
            const int number = errno;
            error e = io::system_error("cannot open " + file, number);
            if (number == ENOENT) e.code = errc::not_found;
            return kf::fail(std::move(e));
        }
        estimated = planner::estimate_gcode(stream, limits);
    }
    if (!estimated) {
        error e = std::move(estimated).error();
        e.command = file;
        return kf::fail(std::move(e));
    }
    const planner::estimate& sum = *estimated;
    if (sum.moves == 0 && sum.dwelling == 0)
        return kf::fail({errc::malformed,
                         fmt::format("there is no move in {}", file == "-" ? "standard input" : file),
                         sum.unfinished_line ? "its only line has no newline: Klipper never runs it"
                         : sum.lines == 0    ? "it is empty, or holds comments only"
                         : sum.unknown > 0   ? fmt::format("the first line that is no move of G-code: {}",
                                                           sum.first_unknown.substr(0, 40))
                                             : "it only says how to move",
                         file,
                         {"kplot gcode DRAWING.svg -o FILE.gcode  (makes G-code of a drawing)"}});
    if (!in.json && sum.unfinished_line)
        in.out.warn("the last line has no newline: Klipper never runs it, and it is not counted");
    if (!in.json && sum.unknown > 0)
        in.out.warn(fmt::format("{} of unknown time, counted as 0 s; the first is {}", counted(sum.unknown, "command"),
                                sum.first_unknown.substr(0, 40)));
    if (!in.json && sum.extruding > 0 && assumed)
        in.out.warn("E is planned for a nozzle of 0.4 mm and a filament of 1.75 mm: see --limit");
    if (!in.json && sum.arcs_left_out > 0)
        in.out.warn(fmt::format("G2 and G3 are not counted (lines: {}): Klipper knows them with [gcode_arcs] only, see "
                                "--arcs",
                                sum.arcs_left_out));
    in.out.result(
        {"estimate",
         fmt::format("time      {}\nmoving    {:.2f} s\ndwelling  {:.2f} s\nmoves     {}\ndistance  {:.1f} mm",
                     clock_text(sum.total), sum.moving, sum.dwelling, sum.moves, sum.distance),
         {{"seconds", sum.total},
          {"moves", static_cast<std::int64_t>(sum.moves)},
          {"moving_seconds", sum.moving},
          {"dwelling_seconds", sum.dwelling},
          {"distance_mm", sum.distance},
          {"barriers", static_cast<std::int64_t>(sum.barriers)},
          {"homings", static_cast<std::int64_t>(sum.homings)},
          {"extruding_moves", static_cast<std::int64_t>(sum.extruding)},
          {"extruder_assumed", sum.extruding > 0 && assumed},
          {"arcs_left_out", static_cast<std::int64_t>(sum.arcs_left_out)},
          {"unknown_commands", static_cast<std::int64_t>(sum.unknown)},
          {"unfinished_line", sum.unfinished_line}}});
    return {};
}

} // namespace

cli::command_row estimate_command() {
    return {"estimate",
            "FILE.gcode|-",
            1,
            1,
            "Tells how long a G-code file takes, by Klipper's own planner.",
            {{"limit", "NAME=VALUE", "a limit of [printer] or [extruder], as max_accel=3000; may be repeated"},
             {"arcs", "", "count G2 and G3, as a printer with [gcode_arcs] runs them"}},
            {{"kplot estimate a.gcode --limit max_velocity=80", "with another speed limit"},
             {"kplot estimate part.gcode --arcs --limit nozzle_diameter=0.6", "a slicer's file, with its arcs"},
             {"kplot estimate a.gcode --json", "seconds and moves for a program"}},
            run_estimate};
}

} // namespace kf::kplot
