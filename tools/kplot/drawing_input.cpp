// SPDX-License-Identifier: MIT
#include "drawing_input.hpp"

#include "../plotter/plotter_site.hpp"
#include "filters.hpp"

#include <kf/hpgl/hpgl.hpp>
#include <kf/io/decimal.hpp>
#include <kf/job/decompose.hpp>
#include <kf/svg/svg.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <span>
#include <utility>
#include <variant>

namespace kf::kplot {

using namespace plotting;
namespace {

constexpr mm grid_of_job = 2e-6; // by so much its numbers are rounded

result<job::compose_options> composing(const cli::invocation& in, const machine::machine& m) {
    job::compose_options o;
    o.home = !in.has("no-home");
    o.tool = in.get("tool").value_or(m.tools.front().name);
    if (in.has("feed")) {
        KF_TRY(const double feed, number_option(in, "feed", 0, 0.001, 100000));
        o.feed = feed;
    }
    if (machine::find_tool(m, o.tool) == nullptr) {
        std::vector<std::string> known;
        for (const auto& t : m.tools) known.push_back(t.name);
        return kf::fail({errc::usage, fmt::format("this machine has no tool \"{}\"", o.tool),
                         fmt::format("machine.yaml has {}", fmt::join(known, ", ")), "--tool " + o.tool});
    }
    return o;
}

result<svg::svg_options> reading(const cli::invocation& in) {
    svg::svg_options o;
    KF_TRY(o.tolerance_mm, number_option(in, "tolerance", 0.01, 0.0001, 10));
    // With arcs half of it is for the line, and half for the arc from there.
    if (in.has("arcs")) o.tolerance_mm /= 2;
    KF_TRY(o.dpi, number_option(in, "dpi", o.dpi, 1, 10000));
    const std::string invisible = in.get("invisible").value_or("skip");
    if (invisible != "skip" && invisible != "draw")
        return kf::fail({errc::usage, "--invisible is skip or draw", {}, "--invisible " + invisible});
    if (invisible == "draw") o.invisible = svg::svg_invisible::draw;
    // A pen of a list may take a colour, and --pens color does.
    if (in.get("pens").value_or("layer") != "layer") o.layering = svg::svg_layering::groups_and_colours;
    return o;
}

result<drawing::drawing> read_as_its_kind(const drawing_source_text& from, const svg::svg_options& how) {
    switch (from.kind) {
    case drawing_kind::svg: return svg::read_svg(from.bytes, how);
    case drawing_kind::hpgl: return hpgl::read_hpgl(from.bytes, {.tolerance_mm = how.tolerance_mm});
    }
    return kf::fail(errc::failed, "a drawing of a kind that nothing reads");
}

/// What errors call it.
const char* name_of(drawing_kind kind) {
    switch (kind) {
    case drawing_kind::svg: return "an SVG";
    case drawing_kind::hpgl: return "HP-GL";
    }
    return "?";
}

result<drawing::drawing> read_named(const drawing_source_text& from, const svg::svg_options& how) {
    auto read = read_as_its_kind(from, how);
    if (read) return read;
    error e = std::move(read).error();
    e.command = from.name;
    return kf::fail(std::move(e));
}

/// What only an SVG has.
result<void> refuse_svg_options(const cli::invocation& in, const drawing_source_text& from) {
    if (from.kind == drawing_kind::svg) return {};
    for (const char* option : {"dpi", "invisible"})
        if (in.has(option))
            return kf::fail({errc::usage,
                             fmt::format("--{} is for an SVG, and {} is {}", option, from.name, name_of(from.kind)),
                             {},
                             fmt::format("--{}", option)});
    return {};
}

void tell_notes(cli::invocation& in, std::span<const drawing::note> notes, const std::string& name) {
    for (const drawing::note& n : notes)
        in.out.warn(n.line == 0 ? fmt::format("{}: {}", name, n.text) : fmt::format("{}:{}: {}", name, n.line, n.text));
}

/// With --strict, the paper shows what the drawing shows or stays white.
result<void> check_faithful(const cli::invocation& in, const drawing::drawing& d, const std::string& name) {
    if (!in.has("strict") || drawing::is_faithful(d)) return {};
    const auto faults = std::count_if(d.notes.begin(), d.notes.end(),
                                      [](const drawing::note& n) { return n.kind != drawing::note_kind::told; });
    return kf::fail({errc::refused,
                     fmt::format("--strict: {} of what was told would not be drawn as it is seen", faults),
                     {},
                     name,
                     {"change the drawing where the lines above say", "or leave out --strict"}});
}

/// Faithful where that is asked for, and something.
result<void> check_drawn(const cli::invocation& in, const drawing::drawing& d, std::optional<drawing_kind> kind,
                         const std::string& name) {
    KF_CHECK(check_faithful(in, d, name));
    if (drawing::line_count(d) != 0) return {};
    error nothing{errc::malformed, "the drawing has nothing that a pen can draw", {}, name};
    if (kind == drawing_kind::svg && !d.notes.empty() && in.get("invisible").value_or("skip") == "skip")
        nothing.steps = {"--invisible draw  (also draws what is transparent, white or without stroke)"};
    return kf::fail(std::move(nothing));
}

/// Filters are given, and what a drawing is drawn with.
bool asks_for_a_drawing(const cli::invocation& in) {
    return std::ranges::any_of(drawing_options(), [&](const cli::option_row& o) { return in.has(o.name); });
}

std::unexpected<error> for_an_svg(const char* option, const std::string& name) {
    return kf::fail({errc::usage,
                     fmt::format("--{} is for an SVG, and {} is none", option, name),
                     {},
                     fmt::format("--{}", option),
                     {fmt::format("give --{} to the kplot that reads the SVG", option)}});
}

} // namespace

std::vector<cli::option_row> composing_options() {
    return {{"tool", "NAME", "the tool that draws it (the first of machine.yaml)"},
            {"feed", "MM_S", "drawing speed in mm/s (the tool's)"},
            {"no-home", "", "the job does not begin with homing X and Y"}};
}

std::vector<cli::option_row> reading_options() {
    std::vector<cli::option_row> options{
        {"tolerance", "MM", "how far a line may be from a curve of an SVG (0.01)"},
        {"dpi", "N", "px of an inch, for an SVG that has its size in px (96)"},
        {"strict", "", "refuse an SVG that would not be drawn as it is seen"},
        {"invisible", "WHAT", "skip or draw what an SVG has and nobody can see (skip)"}};
    for (cli::option_row& o : options) o.group = "options for an SVG";
    return options;
}

cli::option_row arcs_option() {
    return {"arcs", "", "keep circles and arcs as G2 and G3, for a printer with [gcode_arcs]"};
}

drawing::arc_fit_options arcs_of_drawing(const cli::invocation& in) {
    const auto how = reading(in);
    if (!how) return arcs_of_job();
    return {.tolerance = how->tolerance_mm + grid_of_job, .chord_tolerance = 2 * how->tolerance_mm};
}

drawing::arc_fit_options arcs_of_job() { return {.tolerance = svg::svg_options{}.tolerance_mm + grid_of_job}; }

std::vector<cli::option_row> drawing_options() {
    std::vector<cli::option_row> options;
    for (const filter_row& f : filters()) options.push_back(f.option);
    for (const cli::option_row& o : composing_options()) options.push_back(o);
    for (cli::option_row& o : options) o.group = "options for a drawing";
    return options;
}

std::vector<cli::option_row> input_options() {
    std::vector<cli::option_row> options = reading_options();
    for (cli::option_row& o : drawing_options()) options.push_back(std::move(o));
    return options;
}

result<void> check_drawing_options(const cli::invocation& in) {
    KF_CHECK(reading(in));
    return check_filter_options(in);
}

result<job::composed_job> compose_drawing(cli::invocation& in, const machine::machine& m,
                                          const drawing_source_text& from) {
    const std::string& name = from.name;
    KF_CHECK(refuse_svg_options(in, from));
    add_what_run_does(in);
    KF_TRY(auto how, reading(in));
    KF_TRY(auto options, composing(in, m));
    KF_TRY(auto read, read_named(from, how));
    tell_notes(in, read.notes, name);
    const std::size_t noted = read.notes.size();
    KF_TRY(auto made, filtered(in, m, std::move(read), {}));
    // The tolerance is one on paper: what becomes larger is read again, so much finer.
    if (made.scale > 1) {
        how.tolerance_mm = std::max(how.tolerance_mm / made.scale, svg::least_tolerance_mm);
        KF_TRY(read, read_named(from, how));
        KF_TRY(made, filtered(in, m, std::move(read), {.most = std::numeric_limits<double>::infinity()}));
    }
    tell_notes(in, std::span(made.notes).subspan(noted), name);
    KF_CHECK(check_drawn(in, made, from.kind, name));
    return job::composed_job(std::move(made), std::move(options));
}

result<std::optional<job::composed_job>> compose_job(cli::invocation& in, const machine::machine& m, job_as how,
                                                     const job::job_bytes& bytes, const std::string& name) {
    for (const cli::option_row& o : reading_options())
        if (in.has(o.name)) return for_an_svg(o.name, name);
    if (how == job_as::it_is && !asks_for_a_drawing(in)) return std::nullopt;
    KF_TRY(const auto asked, composing(in, m));
    job::job_source operations(bytes, name);
    KF_TRY(auto header, operations.header());
    std::string meta = std::move(header.meta);
    KF_TRY(auto parts, job::decompose(job::stroke_source(std::move(operations)), std::move(header)));
    drawing::drawing& d = parts.drawing;
    if (!(d.width > 0 && d.height > 0)) {
        d.width = m.canvas.width_mm;
        d.height = m.canvas.height_mm;
    }
    KF_TRY(d, filtered(in, m, std::move(d), {filter_run::source::job, std::numeric_limits<double>::infinity()}));
    if (d.scale > 1)
        d.notes.push_back({0, fmt::format("what a job has as straight pieces of a curve is {} times as coarse now; an "
                                          "SVG is read finer",
                                          io::to_decimal(d.scale, 2))});
    tell_notes(in, d.notes, name);
    if (drawing::line_count(d) == 0)
        return kf::fail({errc::malformed, "the drawing has nothing that a pen can draw", {}, name});
    job::compose_options options{.home = parts.homes && !in.has("no-home"),
                                 .tool = "",
                                 .tools = {},
                                 .feed = asked.feed,
                                 .first = std::move(parts.first),
                                 .last = std::move(parts.last)};
    if (in.has("feed"))
        for (drawing::layer& l : d.layers) l.feed.reset();
    if (in.has("tool")) {
        options.tool = asked.tool;
        for (drawing::layer& l : d.layers) l.tool.clear();
        for (auto* list : {&options.first, &options.last})
            std::erase_if(*list, [](const auto& op) { return std::holds_alternative<job::select_tool>(op); });
    }
    return job::composed_job(std::move(d), std::move(options), std::move(meta));
}

result<job::composed_job> compose_drawing(cli::invocation& in, const machine::machine& m, drawing::drawing d,
                                          const std::string& name) {
    KF_TRY(auto options, composing(in, m));
    tell_notes(in, d.notes, name);
    KF_CHECK(check_drawn(in, d, {}, name));
    return job::composed_job(std::move(d), std::move(options));
}

result<void> refuse_input_options(const cli::invocation& in, const std::string& name) {
    for (const cli::option_row& o : input_options())
        if (in.has(o.name))
            return kf::fail({errc::usage,
                             fmt::format("--{} is for a drawing, and {} is G-code already", o.name, name),
                             {},
                             fmt::format("--{}", o.name),
                             {fmt::format("give --{} to the kplot that makes the G-code", o.name)}});
    return {};
}

} // namespace kf::kplot
