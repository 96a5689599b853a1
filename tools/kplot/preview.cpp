// SPDX-License-Identifier: MIT
#include "../plotter/plotter_site.hpp"
#include "drawing_input.hpp"
#include "job_input.hpp"
#include "kplot_commands.hpp"

#include <kf/io/ascii.hpp>
#include <kf/io/output_file.hpp>
#include <kf/job/limits.hpp>
#include <kf/job/planned_limits.hpp>
#include <kf/preview/png.hpp>
#include <kf/preview/raster_picture.hpp>
#include <kf/preview/svg_picture.hpp>
#include <kf/preview/text_picture.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>

namespace kf::kplot {

using namespace plotting;
namespace {

std::string ending_of(const fs::path& file) { return io::to_lower(file.extension().string()); }

struct preview_request {
    preview::view_options view;
    std::optional<fs::path> file; ///< none: the terminal
    std::size_t pixels = 1600;
};

result<preview_request> read_preview_request(const cli::invocation& in) {
    preview_request r;
    r.view.travel = !in.has("no-travel");
    KF_TRY(r.view.pen_width, number_option(in, "pen-width", r.view.pen_width, 0.01, 100));
    const auto& words = preview::colour_by_names;
    const std::string by = in.get("color").value_or("order");
    r.view.by = static_cast<preview::colour_by>(std::find(words.begin(), words.end(), by) - words.begin());
    KF_TRY(r.pixels, cli::count_option(in, "pixels", 1600, 100, 16384));
    if (const auto file = in.get("output")) {
        r.file = *file;
        if (const auto ending = ending_of(*r.file); ending != ".svg" && ending != ".png")
            return kf::fail({errc::usage, "a preview's name ends in .svg or .png", {}, "--output " + *file});
        if (in.has("ascii")) return kf::fail({errc::usage, "--ascii is for the terminal", {}, "--ascii"});
    } else {
        if (in.json)
            return kf::fail(
                {errc::usage, "--json and the picture both want standard output", {}, "--json", {"add -o FILE"}});
        if (in.has("pixels")) return kf::fail({errc::usage, "--pixels belongs to -o FILE.png", {}, "--pixels"});
    }
    return r;
}

bool is_named_gcode(const std::string& operand) {
    const std::string ending = ending_of(operand);
    constexpr std::array<std::string_view, 4> endings{".gcode", ".gco", ".g", ".nc"};
    return std::find(endings.begin(), endings.end(), ending) != endings.end();
}

result<preview::scene> scene_of_file(cli::invocation& in, const machine::machine& m, const std::string& file) {
    KF_CHECK(refuse_input_options(in, file));
    std::ifstream stream(file, std::ios::binary);
    if (!stream) {
        error e = io::system_error("cannot open " + file, errno);
        if (errno == ENOENT) e.code = errc::not_found;
        return kf::fail(std::move(e));
    }
    std::vector<char> piece(std::size_t{64} << 10);
    planner::motion_limits limits = job::planned_limits(m);
    limits.arc_resolution = 1;
    return preview::scene_of_gcode(m, limits, [&]() -> result<std::string_view> {
        stream.read(piece.data(), static_cast<std::streamsize>(piece.size()));
        if (stream.bad()) return kf::fail(errc::io, "the G-code could not be read to its end");
        return std::string_view(piece.data(), static_cast<std::size_t>(stream.gcount()));
    });
}

/// The first reason for which the machine would not draw it is a warning: the picture shows where.
result<preview::scene> scene_of_job(cli::invocation& in, const machine::machine& m, const std::string& operand) {
    KF_TRY(const auto job, read_job(in, m, operand));
    job::limit_check limits(m);
    bool fits = true;
    KF_TRY(const auto header, job.header());
    return preview::scene_of(m, header, [&, strokes = job.strokes()]() mutable -> result<std::optional<job::stroke>> {
        KF_TRY(auto s, strokes());
        if (!s || !fits) return s;
        if (const auto good = limits.check(*s); !good) {
            fits = false;
            const error& e = good.error();
            in.out.warn(e.cause.empty() ? e.what : fmt::format("{}: {}", e.what, e.cause));
        }
        return s;
    });
}

result<void> run_preview(cli::invocation& in) {
    KF_TRY(const auto wanted, read_preview_request(in));
    if (wanted.file) KF_CHECK(io::output_file::check(*wanted.file));
    KF_TRY(const auto m, any_machine(in));
    const std::string& operand = in.operands[0];
    KF_TRY(auto scene,
           is_named_gcode(operand) ? scene_of_file(in, m.value, operand) : scene_of_job(in, m.value, operand));
    // They move the ink over the page, which then lies nowhere.
    if (in.has("fit") || in.has("align") || in.has("move")) scene.page.reset();
    if (!wanted.file) {
        const preview::screen_options how{
            in.columns, in.rows - 1, in.has("ascii") || !in.unicode ? preview::glyphs::plain : preview::glyphs::braille,
            in.coloured};
        for (const std::string& line : preview::text_picture(scene, how, wanted.view)) in.results.put(line + "\n");
        return {};
    }
    std::string bytes;
    if (ending_of(*wanted.file) == ".svg")
        bytes = preview::svg_picture(scene, wanted.view);
    else {
        KF_TRY(bytes, preview::png_bytes(preview::raster_picture(scene, wanted.pixels, wanted.view)));
    }
    KF_CHECK(io::write_output(*wanted.file, bytes));
    const mm ink = scene.strokes.length(), travel = scene.travel.length();
    in.out.result({"preview",
                   fmt::format("{}: {}, {:.1f} mm of ink, {:.1f} mm of travel, for {}", wanted.file->string(),
                               counted(scene.strokes.size(), "stroke"), ink, travel, m.name),
                   {{"file", wanted.file->string()},
                    {"strokes", static_cast<std::int64_t>(scene.strokes.size())},
                    {"pen_down_mm", ink},
                    {"travel_mm", travel}}});
    return {};
}

} // namespace

cli::command_row preview_command() {
    std::vector<cli::option_row> options{
        {"output,o", "FILE", "a picture, .svg or .png; without it the terminal shows it"},
        {"color", "WHAT", "by order, pen or layer (order)", false, {"order", "pen", "layer"}},
        {"pen-width", "MM", "how wide a line is (0.4)"},
        {"pixels", "N", "the longer side of a PNG (1600)"},
        {"no-travel", "", "without the travel between the strokes"},
        {"ascii", "", "plain characters on the terminal"}};
    for (const auto& o : input_options()) options.push_back(o);
    return {"preview",
            "FILE|-",
            1,
            1,
            "Shows a job, an SVG or G-code as it would be drawn.",
            options,
            {{"kplot preview a.svg --fit", "on the terminal"},
             {"kplot preview a.svg --fit --order -o a.png", "a picture, with the travel"},
             {"kplot preview a.svg --color layer -o a.svg", "each layer in its colour"}},
            run_preview};
}

} // namespace kf::kplot
