// SPDX-License-Identifier: MIT
#include "../plotter/plotter_site.hpp"
#include "../plotter/text_output.hpp"
#include "drawing_input.hpp"
#include "filters.hpp"
#include "job_input.hpp"
#include "kplot_commands.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace kf::kplot {

using namespace plotting;
namespace {

const filter_row& row_of(std::string_view option) {
    return *std::ranges::find_if(filters(), [&](const filter_row& f) { return f.option.name == option; });
}

const filter_command& command_of(const cli::invocation& in) {
    return *std::ranges::find_if(filter_commands(), [&](const filter_command& c) { return in.command == c.name; });
}

/// The one implementation of all of them: in.command says which it is.
result<void> run_filter(cli::invocation& in) {
    KF_CHECK(stdout_is_free(in));
    const filter_command& command = command_of(in);
    for (const char* option : command.options)
        if (const filter_row& row = row_of(option);
            in.command == row.option.name && row.usual != nullptr && !in.has(option)) {
            auto& values = in.options[option];
            if (*row.usual != '\0') values.emplace_back(row.usual);
        }
    if (command.needs_one && std::ranges::none_of(command.options, [&](const char* o) { return in.has(o); }))
        return kf::fail(
            {errc::usage, fmt::format("kplot {} needs one of --{}", command.name, fmt::join(command.options, ", --"))});
    KF_TRY(const auto m, any_machine(in));
    KF_TRY(const auto job, read_job(in, m.value, in.operands.empty() ? "-" : in.operands[0], job_as::drawing));
    return give_job(in, job);
}

} // namespace

const std::vector<filter_command>& filter_commands() {
    static const std::vector<filter_command> rows{
        {"page",
         "Lays a drawing on the canvas: turned, scaled, fitted, moved, cropped.",
         {"crop", "rotate", "scale", "size", "fit", "align", "move", "margin"},
         {{"kplot import a.svg | kplot page --fit --rotate auto | kplot gcode", "as large as the canvas lets it be"}}},
        {"filter",
         "Leaves out layers, colours, and lines that are too short or too long.",
         {"layer", "drop-layer", "colour", "drop-colour", "min-length", "max-length"},
         {{"kplot filter a.svg --layer '2*' --min-length 0.5 -o a.jsonl", "the layers of pen 2, without dust"}},
         true},
        {"pens",
         "Gives layers their pens, and the drawing its changes of pens.",
         {"pens"},
         {{"kplot import a.svg | kplot pens --pens pens.yaml | kplot run -", "as a list says"},
          {"kplot pens a.svg --pens color -o a.jsonl", "a pen for each colour"}}},
        {"split",
         "Cuts lines into their straight pieces, or into pieces of a length.",
         {"split"},
         {{"kplot split a.svg --split 200 -o a.jsonl", "fresh ink at least every 200 mm"}}},
        {"dedupe",
         "Draws no ink twice.",
         {"dedupe"},
         {{"kplot import map.svg | kplot dedupe | kplot merge | kplot gcode", "borders that two countries share"}}},
        {"merge",
         "Joins lines whose ends meet: fewest lines, fewest corners.",
         {"merge"},
         {{"kplot import a.svg | kplot merge | kplot order | kplot gcode", "few lifts and little travel"},
          {"kplot merge a.svg --merge 0.1 -o a.jsonl", "across gaps of up to 0.1 mm"}}},
        {"simplify",
         "Leaves out points that a line does without.",
         {"simplify"},
         {{"kplot import a.svg | kplot simplify | kplot gcode", "by 0.02 mm at most"}}},
        {"reloop",
         "Lets each closed line begin somewhere else, by chance.",
         {"reloop", "seed"},
         {{"kplot import a.svg | kplot order | kplot reloop | kplot gcode", "the blots are not in a row"}}},
        {"multipass",
         "Draws each line several times without lifting the tool.",
         {"multipass"},
         {{"kplot multipass a.svg --multipass 3 -o a.jsonl", "three times"}}},
        {"order",
         "Draws the lines of each layer in an order with little travel.",
         {"order", "effort", "seed", "time-limit"},
         {{"kplot import a.svg | kplot order --effort 10 | kplot gcode", "ten times the search"}}}};
    return rows;
}

std::vector<cli::command_row> filter_command_rows() {
    std::vector<cli::command_row> rows;
    for (const filter_command& c : filter_commands()) {
        std::vector<cli::option_row> options{{"output,o", "FILE", "write there, not to standard output"}};
        for (const char* option : c.options) options.push_back(row_of(option).option);
        for (const cli::option_row& o : reading_options()) options.push_back(o);
        rows.push_back({c.name, "[FILE|-]", 0, 1, c.purpose, std::move(options), c.examples, run_filter});
    }
    return rows;
}

} // namespace kf::kplot
