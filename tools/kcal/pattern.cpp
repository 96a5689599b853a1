// SPDX-License-Identifier: MIT
#include "../cli/number.hpp"
#include "../plotter/plotter_site.hpp"
#include "../plotter/text_output.hpp"
#include "kcal_commands.hpp"

#include <kf/cal/patterns/pattern_sheet.hpp>
#include <kf/drawing/crop.hpp>
#include <kf/io/decimal.hpp>
#include <kf/io/printable.hpp>
#include <kf/job/compose.hpp>
#include <kf/job/grid.hpp>
#include <kf/job/job_writer.hpp>
#include <kf/run/job_check.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

namespace kf::kcal {

using namespace plotting;
namespace {

std::unexpected<error> wrong_value(const cli::invocation& in, const std::string& option, std::string what) {
    return kf::fail({errc::usage, std::move(what), {}, fmt::format("--{} {}", option, in.get(option).value_or(""))});
}

/// "10,20,40": as many numbers as a list may have, or a single one.
result<std::vector<double>> numbers_given(const cli::invocation& in, const cal::pattern_option& o,
                                          const cal::pattern_number& n) {
    const bool list = std::holds_alternative<std::vector<double> cal::pattern_values::*>(o.field);
    const std::string text = in.get(o.name).value_or("");
    std::vector<double> numbers;
    for (std::size_t from = 0; from <= text.size();) {
        const auto end = std::min(text.find(',', from), text.size());
        const auto value = io::parse_decimal(text.substr(from, end - from));
        const bool whole = std::string_view(o.value) == "N";
        if (!value || *value < n.min || *value > n.max || (whole && std::floor(*value) != *value))
            return wrong_value(in, o.name,
                               fmt::format("--{} of {} takes {} from {} to {}", o.name, in.operands[0],
                                           list    ? "numbers with commas between,"
                                           : whole ? "a whole number"
                                                   : "a number",
                                           io::to_decimal(n.min), io::to_decimal(n.max)));
        numbers.push_back(*value);
        from = end + 1;
    }
    constexpr std::size_t most = 40;
    if (numbers.size() > (list ? most : 1))
        return wrong_value(in, o.name,
                           list ? fmt::format("--{} takes {} numbers at most", o.name, most)
                                : fmt::format("--{} takes one number", o.name));
    return numbers;
}

result<cal::pattern_values> values_given(const cli::invocation& in, const cal::pattern_row& row) {
    cal::pattern_values values;
    for (const cal::pattern_option& o : cal::pattern_options()) {
        const auto taken = std::ranges::find_if(
            row.numbers, [&](const cal::pattern_number& n) { return std::string_view(n.option) == o.name; });
        if (taken == row.numbers.end()) {
            if (!in.has(o.name)) continue;
            std::vector<std::string> own;
            for (const auto& n : row.numbers) own.push_back(fmt::format("--{}", n.option));
            return kf::fail({errc::usage, fmt::format("{} has no --{}", row.name, o.name),
                             own.empty() ? std::string() : fmt::format("it takes {}", fmt::join(own, ", ")),
                             fmt::format("--{}", o.name)});
        }
        std::vector<double> numbers = taken->otherwise;
        if (in.has(o.name)) {
            KF_TRY(numbers, numbers_given(in, o, *taken));
        }
        set(values, o, std::move(numbers));
    }
    return values;
}

/// Which tools draw it: the first two of the machine, or as told. Only the offset has a second one.
result<void> choose_tools(const cli::invocation& in, const machine::machine& m, cal::pattern_values& values) {
    const auto known = [&](const char* option, const std::string& name) -> result<void> {
        if (machine::find_tool(m, name) != nullptr) return {};
        std::vector<std::string> names;
        for (const auto& t : m.tools) names.push_back(t.name);
        return kf::fail({errc::not_found, fmt::format("there is no tool {}", io::printable(name)),
                         fmt::format("machine.yaml has {}", fmt::join(names, ", ")),
                         fmt::format("--{} {}", option, name)});
    };
    values.tool = in.get("tool").value_or(m.tools.front().name);
    KF_CHECK(known("tool", values.tool));
    if (in.operands[0] != "offset") {
        if (in.has("second")) return kf::fail({errc::usage, in.operands[0] + " has one tool only", {}, "--second"});
        return {};
    }
    const auto other = std::ranges::find_if(m.tools, [&](const machine::tool& t) { return t.name != values.tool; });
    if (!in.has("second") && other == m.tools.end())
        return kf::fail({errc::usage, "an offset needs two tools", "machine.yaml has one tool", "offset"});
    values.second = in.has("second") ? *in.get("second") : other->name;
    KF_CHECK(known("second", values.second));
    if (values.second == values.tool)
        return kf::fail({errc::usage, "an offset needs two tools, and both are " + values.tool, {}, "--second"});
    return {};
}

std::string size_text(mm width, mm height) {
    return fmt::format("{} x {} mm", io::to_decimal(width, 3), io::to_decimal(height, 3));
}

/// By which options a pattern becomes smaller.
std::string to_make_smaller(const cal::pattern_row& row) {
    std::vector<std::string> options;
    for (const cal::pattern_number& n : row.numbers)
        if (std::string_view(n.option) != "speed" && std::string_view(n.option) != "speeds")
            options.push_back(fmt::format("--{}", n.option));
    return fmt::format("make it smaller, by {}", fmt::join(options, ", "));
}

/// Where its upper left corner comes to be, and whether all of it is on the canvas there.
result<cal::figure> laid(const cli::invocation& in, const machine::machine& m, const cal::pattern_row& row,
                         cal::figure f) {
    const auto ink = drawing::ink_of(f);
    if (!ink)
        return kf::fail({errc::out_of_bounds,
                         fmt::format("no pattern finds a place on a {} of this canvas", row.name),
                         fmt::format("the canvas is {}", size_text(m.canvas.width_mm, m.canvas.height_mm)),
                         {},
                         {"kcal pattern  (each by itself, and by what it becomes smaller)"}});
    const drawing::rectangle canvas{0, 0, m.canvas.width_mm, m.canvas.height_mm};
    drawing::point corner{(canvas.width() - ink->width()) / 2, (canvas.height() - ink->height()) / 2};
    if (const auto at = in.get("origin")) {
        const auto comma = at->find(',');
        const auto x = io::parse_decimal(at->substr(0, comma));
        const auto y = comma == std::string::npos ? std::nullopt : io::parse_decimal(at->substr(comma + 1));
        if (!x || !y) return wrong_value(in, "origin", "--origin takes a place on the canvas in mm, as 20,50");
        corner = {*x, *y};
    }
    f = cal::moved(std::move(f), {corner.x - ink->left, corner.y - ink->top});
    job::lay_on_grid(f);
    f.width = canvas.right;
    f.height = canvas.bottom;
    const drawing::rectangle area = inset(canvas, m.canvas.margin_mm);
    const mm outside = drawing::overhang(*drawing::ink_of(f), area);
    if (outside <= drawing::on_the_edge) return f;
    const bool fits = ink->width() <= area.width() && ink->height() <= area.height();
    return kf::fail(
        {errc::out_of_bounds,
         fmt::format("the pattern reaches {} mm out of the canvas", io::to_decimal(outside, 3)),
         fmt::format("it is {}, and the canvas{} is {}", size_text(ink->width(), ink->height()),
                     m.canvas.margin_mm > 0 ? " less its margin" : "", size_text(area.width(), area.height())),
         in.has("origin") ? "--origin " + *in.get("origin") : std::string(),
         {fits ? "another --origin, or none: the middle of the canvas" : to_make_smaller(row)}});
}

/// A speed that kplot would lower is no speed to test.
result<void> feeds_within(const machine::machine& m, const cal::figure& f, std::optional<mm_per_s> feed) {
    mm_per_s fastest = feed.value_or(0);
    for (const drawing::layer& l : f.layers) fastest = std::max(fastest, l.feed.value_or(0));
    if (fastest <= m.motion.max_velocity_mm_s) return {};
    return kf::fail({errc::out_of_bounds,
                     fmt::format("{} mm/s is faster than the machine may go", io::to_decimal(fastest, 3)),
                     fmt::format("motion.max_velocity_mm_s is {}", io::to_decimal(m.motion.max_velocity_mm_s, 3)),
                     {},
                     {}});
}

result<void> list_patterns(cli::invocation& in) {
    for (const cal::pattern_row& row : cal::patterns()) {
        std::string options;
        for (const auto& n : row.numbers) {
            options += fmt::format(" --{}", n.option);
            if (!n.otherwise.empty()) {
                std::vector<std::string> values;
                for (const double v : n.otherwise) values.push_back(io::to_decimal(v));
                options += fmt::format(" {}", fmt::join(values, ","));
            }
        }
        in.out.result({"pattern_row",
                       fmt::format("{:<18}{}\n{:<18}{}{}", row.name, row.measures, "", row.disturbs,
                                   options.empty() ? "" : fmt::format("\n{:<17}{}", "", options)),
                       {{"name", row.name},
                        {"measures", row.measures},
                        {"disturbs", row.disturbs},
                        {"options", options.empty() ? options : options.substr(1)}}});
    }
    return {};
}

result<void> run_pattern(cli::invocation& in) {
    if (in.operands.empty()) return list_patterns(in);
    KF_CHECK(stdout_is_free(in));
    const cal::pattern_row& row = *cal::find_pattern(in.operands[0]); // the table knows no other
    KF_TRY(const auto m, any_machine(in));
    KF_TRY(auto values, values_given(in, row));
    KF_CHECK(choose_tools(in, m.value, values));
    job::compose_options how;
    how.home = !in.has("no-home");
    how.tool = values.tool;
    if (in.has("feed")) {
        KF_TRY(how.feed, number_option(in, "feed", 0, 0.1, 2000));
        values.feed = how.feed;
    }
    KF_TRY(auto figure, laid(in, m.value, row, row.make(values, m.value)));
    for (const drawing::note& n : figure.notes) in.out.note(n.text);
    KF_CHECK(feeds_within(m.value, figure, how.feed));
    const job::composed_job job(std::move(figure), std::move(how));
    KF_TRY(const auto summary, run::check_job(job::stroke_source(job.operations()), m.value, {}));
    KF_TRY(auto out, text_output::open(in));
    KF_CHECK(job::write_job(job.header(), job.operations(), [&](std::string_view text) { return out.write(text); }));
    KF_CHECK(out.close());
    const auto ink = drawing::ink_of(job.drawing());
    const std::string text =
        fmt::format("{}, {}, {}, {} mm of ink, for {}", row.name, size_text(ink->width(), ink->height()),
                    counted(summary.measure.strokes, "stroke"), io::to_decimal(summary.measure.pen_down_mm, 1), m.name);
    if (in.json)
        in.out.result({"test_pattern",
                       text,
                       {{"name", row.name},
                        {"file", *in.get("output")},
                        {"x", ink->left},
                        {"y", ink->top},
                        {"width", ink->width()},
                        {"height", ink->height()},
                        {"strokes", static_cast<std::int64_t>(summary.measure.strokes)},
                        {"pen_down_mm", summary.measure.pen_down_mm},
                        {"measures", row.measures},
                        {"disturbs", row.disturbs}}});
    else {
        in.out.note(text);
        in.out.note(fmt::format("measure {}", row.measures));
    }
    return {};
}

} // namespace

cli::command_row pattern_command() {
    std::vector<cli::option_row> options{
        {"output,o", "FILE", "write there, not to standard output"},
        {"origin", "X,Y", "where its upper left corner comes to be, in mm (the middle of the canvas)"},
        {"tool", "NAME", "the tool that draws it (the first of machine.yaml)"},
        {"second", "NAME", "offset: the tool that is measured against the first (the next of machine.yaml)"},
        {"feed", "MM_S", "drawing speed in mm/s (the tool's)"},
        {"no-home", "", "the job does not begin with homing X and Y"}};
    for (const cal::pattern_option& o : cal::pattern_options()) options.push_back({o.name, o.value, o.purpose});
    return {"pattern",
            "[PATTERN]",
            0,
            1,
            "Writes a test pattern as a job; without a name it lists them.",
            std::move(options),
            {{"kcal pattern square --size 50 | kplot run -", "draws it"},
             {"kcal pattern grid | kplot preview - -o grid.png", "shows it before"}},
            run_pattern};
}

} // namespace kf::kcal
