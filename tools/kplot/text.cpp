// SPDX-License-Identifier: MIT
#include "../plotter/plotter_site.hpp"
#include "../plotter/text_output.hpp"
#include "drawing_input.hpp"
#include "job_input.hpp"
#include "kplot_commands.hpp"

#include <kf/drawing/crop.hpp>
#include <kf/drawing/text.hpp>
#include <kf/io/decimal.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace kf::kplot {

using namespace plotting;
namespace {

using drawing::text_side;

constexpr std::size_t largest_text = std::size_t{1} << 20;

std::unexpected<error> no_such_value(const cli::invocation& in, const char* option, const char* takes) {
    return kf::fail({errc::usage,
                     fmt::format("--{} takes {}", option, takes),
                     {},
                     fmt::format("--{} {}", option, in.get(option).value_or(""))});
}

result<text_side> side_given(const cli::invocation& in) {
    const std::string word = in.get("align").value_or("left");
    if (word == "left") return text_side::left;
    if (word == "right") return text_side::right;
    if (word == "centre" || word == "center") return text_side::centre;
    return no_such_value(in, "align", "left, centre or right");
}

/// Where the text begins when nobody says: inside of the margin, marks on capitals too.
drawing::point first_place(const machine::machine& m, const drawing::text_options& o) {
    constexpr double above_capitals = 0.4;
    const mm margin = m.canvas.margin_mm;
    const mm y = margin + above_capitals * o.height;
    switch (o.side) {
    case text_side::left: return {margin, y};
    case text_side::centre: return {m.canvas.width_mm / 2, y};
    case text_side::right: return {m.canvas.width_mm - margin, y};
    }
    return {};
}

result<drawing::text_options> setting(const cli::invocation& in, const machine::machine& m) {
    drawing::text_options o;
    KF_TRY(o.height, number_option(in, "height", o.height, 0.5, 1000));
    KF_TRY(o.side, side_given(in));
    KF_TRY(o.line_spacing, number_option(in, "line-spacing", o.line_spacing, 0.1, 100));
    KF_TRY(o.turn_deg, number_option(in, "angle", 0, -360, 360));
    KF_TRY(o.tolerance, number_option(in, "tolerance", o.tolerance, 0.0001, 10));
    if (in.has("width")) {
        KF_TRY(const mm width, number_option(in, "width", 0, 1, 100000));
        o.width = width;
    }
    o.at = first_place(m, o);
    if (const auto at = in.get("at")) {
        const auto comma = at->find(',');
        const auto x = io::parse_decimal(at->substr(0, comma));
        const auto y = comma == std::string::npos ? std::nullopt : io::parse_decimal(at->substr(comma + 1));
        if (!x || !y || std::max(std::abs(*x), std::abs(*y)) > 10000)
            return no_such_value(in, "at", "a place on the canvas in mm, as 20,50");
        o.at = {*x, *y};
    }
    return o;
}

/// As a person types it: \n is a new line, \t a tab, and \\ the character itself. Others stay as they are.
std::string with_new_lines(std::string_view typed) {
    std::string text;
    for (std::size_t i = 0; i < typed.size(); ++i) {
        const char next = typed[i] == '\\' && i + 1 < typed.size() ? typed[i + 1] : '\0';
        if (next == 'n' || next == 't' || next == '\\') {
            text += next == 'n' ? '\n' : next == 't' ? '\t' : '\\';
            ++i;
        } else
            text += typed[i];
    }
    return text;
}

void tell_outside(cli::invocation& in, const machine::machine& m, const drawing::drawing& d) {
    const drawing::rectangle canvas{0, 0, m.canvas.width_mm, m.canvas.height_mm};
    const auto ink = ink_of(d);
    const mm outside = ink ? overhang(*ink, inset(canvas, m.canvas.margin_mm)) : 0;
    if (outside <= drawing::on_the_edge) return;
    in.out.warn(fmt::format("the text is {} x {} mm, and reaches {} mm out of the canvas of {} x {} mm{}: a smaller "
                            "--height, a --width or another --at helps",
                            io::to_decimal(ink->width(), 4), io::to_decimal(ink->height(), 4),
                            io::to_decimal(outside, 4), io::to_decimal(canvas.width(), 4),
                            io::to_decimal(canvas.height(), 4), m.canvas.margin_mm > 0 ? " less its margin" : ""));
}

result<void> run_text(cli::invocation& in) {
    KF_CHECK(stdout_is_free(in));
    KF_TRY(const auto m, any_machine(in));
    KF_TRY(const auto options, setting(in, m.value));
    const bool from_input = in.operands[0] == "-";
    std::string text;
    if (from_input) {
        KF_TRY(text, read_text("-", largest_text));
    } else
        text = with_new_lines(in.operands[0]);
    KF_TRY(auto made, drawing::text_drawing(text, options));
    if (drawing::line_count(made) == 0)
        return kf::fail(
            {errc::usage, "the text has nothing that a pen can draw", "it is empty, or all of it is blank"});
    tell_outside(in, m.value, made);
    made.width = m.value.canvas.width_mm;
    made.height = m.value.canvas.height_mm;
    KF_TRY(auto job, compose_drawing(in, m.value, std::move(made), from_input ? "standard input" : "text"));
    return give_job(in, run::whole_job(std::move(job)));
}

} // namespace

cli::command_row text_command() {
    std::vector<cli::option_row> options{
        {"output,o", "FILE", "write there, not to standard output"},
        {"height", "MM", "how high a capital is (5)"},
        {"at", "X,Y", "where it begins: the top of its first capital, in mm from the canvas' top left"},
        {"align",
         "SIDE",
         "which of a line is at X: its left end, its middle, its right end (left)",
         false,
         {"left", "centre", "center", "right"}},
        {"width", "MM", "wrap lines to that, by words"},
        {"line-spacing", "N", "from line to line, in heights of a capital (1.7)"},
        {"angle", "DEGREES", "turn it clockwise about its place"},
        {"tolerance", "MM", "how far a line may be from a curve (0.01)"},
        {"strict", "", "refuse a text that has a character which the font lacks"}};
    for (const auto& o : composing_options()) options.push_back(o);
    return {"text",
            "TEXT|-",
            1,
            1,
            "Turns text into a job, in a font of single strokes.",
            options,
            {{"kplot text 'Hello\\nworld' --height 12 | kplot gcode > a.gcode", "two lines"},
             {"date | kplot text - --align right | kplot run -", "what another program says"}},
            run_text};
}

} // namespace kf::kplot
