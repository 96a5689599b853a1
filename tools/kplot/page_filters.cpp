// SPDX-License-Identifier: MIT
#include "page_filters.hpp"

#include <kf/drawing/crop.hpp>
#include <kf/drawing/page.hpp>
#include <kf/io/decimal.hpp>
#include <kf/svg/svg_length.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace kf::kplot {
namespace {

using drawing::rectangle;
using io::to_decimal;
using drawn = result<drawing::drawing>;

std::unexpected<error> wrong_use(const cli::invocation& in, const char* option, std::string takes) {
    return kf::fail({errc::usage,
                     fmt::format("--{} takes {}", option, takes),
                     {},
                     fmt::format("--{} {}", option, in.get(option).value_or(""))});
}

/// Millimetres, or a number with the unit of a length that paper has.
std::optional<mm> read_length(std::string_view text) {
    if (const auto plain = io::parse_decimal(text)) return plain;
    const auto read = svg::read_svg_length(text);
    if (!read || read->unit == svg::svg_unit::percent || read->unit == svg::svg_unit::em ||
        read->unit == svg::svg_unit::ex)
        return std::nullopt;
    return read->number * svg::mm_per(read->unit);
}

result<mm> margin_of(const cli::invocation& in, const machine::machine& m) {
    const auto given = in.get("margin");
    if (!given) return m.canvas.margin_mm;
    const auto margin = read_length(*given);
    const mm most = std::min(m.canvas.width_mm, m.canvas.height_mm) / 2;
    if (!margin || *margin < 0 || *margin >= most)
        return wrong_use(in, "margin", fmt::format("a length from 0 to less than {} mm, half of the canvas", most));
    if (*margin < m.canvas.margin_mm)
        return kf::fail({errc::usage,
                         fmt::format("the margin of this machine is {} mm", to_decimal(m.canvas.margin_mm)),
                         "no ink may be closer than that to the edge of its canvas (canvas.margin_mm)",
                         "--margin " + *given,
                         {"give a greater --margin, or change canvas.margin_mm in machine.yaml"}});
    return *margin;
}

rectangle canvas_of(const machine::machine& m) { return {0, 0, m.canvas.width_mm, m.canvas.height_mm}; }

/// Where ink may be.
result<rectangle> room_of(const cli::invocation& in, const machine::machine& m) {
    KF_TRY(const mm margin, margin_of(in, m));
    return inset(canvas_of(m), margin);
}

bool crops(const cli::invocation& in, std::string_view what) {
    const auto given = in.options.find("crop");
    return given != in.options.end() &&
           std::find(given->second.begin(), given->second.end(), what) != given->second.end();
}

std::string size_text(const rectangle& r) {
    return fmt::format("{} x {} mm", to_decimal(r.width(), 4), to_decimal(r.height(), 4));
}
std::string ink_text(const rectangle& ink) {
    return fmt::format("the ink is {}, X {} to {} and Y {} to {} mm", size_text(ink), to_decimal(ink.left, 4),
                       to_decimal(ink.right, 4), to_decimal(ink.top, 4), to_decimal(ink.bottom, 4));
}

void add_note(drawing::drawing& d, drawing::note_kind kind, std::string text) {
    d.notes.push_back({0, std::move(text), kind});
}

/// `where` is the word of --crop.
drawn cut(drawing::drawing d, const rectangle& r, std::string_view where) {
    const auto ink = ink_of(d);
    auto left = crop(std::move(d), r);
    if (ink && drawing::line_count(left) == 0)
        return kf::fail({errc::refused,
                         fmt::format("nothing of the ink is inside of the {}", where),
                         fmt::format("the {} is {}; {}", where, size_text(r), ink_text(*ink)),
                         fmt::format("--crop {}", where),
                         {fmt::format("leave out --crop {}", where),
                          "or bring it there: --align centre, --move X,Y  (after --crop page, before the others)"}});
    return left;
}

/// What lies beyond the page is cut off there, or told: a viewer does not show it.
drawn cut_at_page(drawing::drawing d, const cli::invocation& in, const machine::machine&) {
    const rectangle page = page_of(d);
    if (crops(in, "page")) return cut(std::move(d), page, "page");
    const auto ink = ink_of(d);
    if (const mm beyond = ink ? overhang(*ink, page) : 0; beyond > drawing::a_hair)
        add_note(d, drawing::note_kind::lacking,
                 fmt::format("ink up to {} mm beyond the page of {} is drawn, though a viewer does not show it; "
                             "--crop page cuts it off",
                             to_decimal(beyond, 4), size_text(page)));
    return d;
}

result<double> scale_of(const cli::invocation& in) {
    const std::string text = in.get("scale").value_or("1");
    const bool percent = text.ends_with('%');
    const auto number = io::parse_decimal(percent ? text.substr(0, text.size() - 1) : text);
    const double factor = number.value_or(0) / (percent ? 100 : 1);
    if (!(factor >= 0.0001 && factor <= 10000))
        return wrong_use(in, "scale", "a factor from 0.0001 to 10000, or percent");
    return factor;
}

drawn rotate_drawing(drawing::drawing d, const cli::invocation& in, const machine::machine& m) {
    const std::string text = *in.get("rotate");
    if (text != "auto") {
        const auto degrees = io::parse_decimal(text);
        if (!degrees) return wrong_use(in, "rotate", "degrees, clockwise, or auto");
        return turned(std::move(d), *degrees);
    }
    // What comes behind decides which of the two has to fit, and how large.
    const bool by_ink = in.has("fit") || in.has("size") || in.has("align");
    KF_TRY(const double factor, scale_of(in));
    KF_TRY(const rectangle room, room_of(in, m));
    const auto ink = ink_of(d);
    if (!ink) return d;
    const bool grows = in.has("fit") || in.has("size");
    return fits_better_turned(by_ink ? *ink : page_of(d), by_ink ? room : canvas_of(m),
                              grows ? std::numeric_limits<double>::infinity() : factor)
               ? turned(std::move(d), 90)
               : std::move(d);
}

/// Each of them says how large the drawing becomes.
result<void> one_of_the_sizes(const cli::invocation& in) {
    if (int{in.has("scale")} + int{in.has("size")} + int{in.has("fit")} < 2) return {};
    return kf::fail({errc::usage,
                     "--scale, --size and --fit exclude each other",
                     "each of them says how large the drawing becomes",
                     {},
                     {"give one of them"}});
}

drawn scale_drawing(drawing::drawing d, const cli::invocation& in, const machine::machine&) {
    KF_CHECK(one_of_the_sizes(in));
    KF_TRY(const double factor, scale_of(in));
    return scaled(std::move(d), factor);
}

drawn size_drawing(drawing::drawing d, const cli::invocation& in, const machine::machine&) {
    KF_CHECK(one_of_the_sizes(in));
    const std::string text = *in.get("size");
    auto cross = text.find('x');
    if (cross != std::string::npos && cross > 0 && text[cross - 1] == 'p') cross = text.find('x', cross + 1); // px
    const auto width_text = text.substr(0, cross),
               height_text = cross == std::string::npos ? "" : text.substr(cross + 1);
    const auto width = read_length(width_text), height = read_length(height_text);
    const auto good = [](const std::string& side, std::optional<mm> value) {
        return side.empty() || (value && *value >= 0.01 && *value <= 100'000);
    };
    if ((!width && !height) || !good(width_text, width) || !good(height_text, height))
        return wrong_use(in, "size", "a width as 180mm, a height as x120mm, or both as 180mmx120mm");
    return sized(std::move(d), width, height);
}

drawn fit_drawing(drawing::drawing d, const cli::invocation& in, const machine::machine& m) {
    KF_CHECK(one_of_the_sizes(in));
    KF_TRY(const rectangle room, room_of(in, m));
    return fitted(std::move(d), room);
}

struct named_place {
    const char* name;
    drawing::alignment where;
};
constexpr named_place places[] = {{"centre", {0.5, 0.5}},  {"center", {0.5, 0.5}},  {"top-left", {0, 0}},
                                  {"top", {0.5, 0}},       {"top-right", {1, 0}},   {"left", {0, 0.5}},
                                  {"right", {1, 0.5}},     {"bottom-left", {0, 1}}, {"bottom", {0.5, 1}},
                                  {"bottom-right", {1, 1}}};

std::vector<const char*> place_names() {
    std::vector<const char*> names;
    for (const named_place& p : places) names.push_back(p.name);
    return names;
}

drawn align_drawing(drawing::drawing d, const cli::invocation& in, const machine::machine& m) {
    const std::string word = *in.get("align");
    const auto* found =
        std::find_if(std::begin(places), std::end(places), [&](const named_place& p) { return p.name == word; });
    if (found == std::end(places))
        return wrong_use(in, "align", fmt::format("one of {}", fmt::join(place_names(), ", ")));
    KF_TRY(const rectangle room, room_of(in, m));
    return aligned(std::move(d), room, found->where);
}

drawn move_drawing(drawing::drawing d, const cli::invocation& in, const machine::machine&) {
    const std::string text = *in.get("move");
    const auto comma = text.find(',');
    const auto x = read_length(text.substr(0, comma));
    const auto y = comma == std::string::npos ? std::nullopt : read_length(text.substr(comma + 1));
    if (!x || !y || std::max(std::abs(*x), std::abs(*y)) > 100'000)
        return wrong_use(in, "move", "two lengths, to the right and down, as 10,-5 or 1cm,2cm");
    return moved(std::move(d), *x, *y);
}

/// The options that bring this ink into that room, the mildest first.
std::string what_helps(const rectangle& ink, const rectangle& room, bool has_margin) {
    std::string text;
    if (drawing::largest_scale(ink.width(), ink.height(), room) >= 1)
        text = "--align centre moves it there, ";
    else if (drawing::largest_scale(ink.height(), ink.width(), room) >= 1)
        text = "--rotate 90 --align centre turns it so that it fits, ";
    return text +
           fmt::format("--fit gives it the size that fits, --crop {} cuts it off", has_margin ? "margin" : "canvas");
}

/// The end of the way to the canvas: cut there as asked, a hair pulled in, and what is still outside told. The limits
/// of job/limits.hpp refuse it where a machine is to draw it.
drawn keep_on_canvas(drawing::drawing d, const cli::invocation& in, const machine::machine& m) {
    KF_TRY(const rectangle room, room_of(in, m));
    const rectangle canvas = canvas_of(m);
    const bool has_margin = room != canvas;
    if (crops(in, "margin")) return cut(std::move(d), room, "margin");
    if (crops(in, "canvas")) {
        KF_TRY(d, cut(std::move(d), canvas, "canvas"));
    }
    const auto ink = ink_of(d);
    const mm outside = ink ? overhang(*ink, room) : 0;
    if (outside <= drawing::on_the_edge) return d;
    if (outside <= drawing::a_hair) {
        add_note(d, drawing::note_kind::told,
                 fmt::format("ink up to {} mm outside of the {} is cropped to its edge", to_decimal(outside),
                             has_margin ? "margin" : "canvas"));
        return pulled_inside(std::move(d), room);
    }
    add_note(d, drawing::note_kind::told,
             fmt::format("{}; {} mm of it are outside of the canvas of {}{}: {}", ink_text(*ink),
                         to_decimal(outside, 4), size_text(canvas),
                         has_margin ? fmt::format(" less its margin of {} mm", to_decimal(room.left, 4)) : "",
                         what_helps(*ink, room, has_margin)));
    return d;
}

} // namespace

std::vector<filter_row> page_filters() {
    using when = filter_row::when;
    return {
        {{"crop",
          "EDGE",
          "cut lines off at the page, the canvas or the margin; may be repeated",
          false,
          {"page", "canvas", "margin"}},
         cut_at_page,
         when::imported},
        {{"rotate", "DEGREES", "turn it clockwise; auto: a quarter, when it fits so only"}, rotate_drawing},
        {{"scale", "FACTOR", "draw it so many times as large (2, 50%)"}, scale_drawing},
        {{"size", "SIZE", "draw its ink so wide (180mm), so high (x120mm), or within both"}, size_drawing},
        {{"fit", "", "draw its ink as large as the canvas less its margin, in the middle"}, fit_drawing},
        {{"align", "PLACE", "put its ink there on the canvas, the margin away from the edge", false, place_names()},
         align_drawing},
        {{"move", "X,Y", "move it so far to the right and down, in mm"}, move_drawing},
        {{"margin", "MM", "how far ink stays from the edge of the canvas (canvas.margin_mm)"},
         keep_on_canvas,
         when::always},
    };
}

} // namespace kf::kplot
