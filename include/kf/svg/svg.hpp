// SPDX-License-Identifier: MIT
#pragma once
/// An SVG document becomes a drawing: the outlines of its shapes, flattened, in millimetres on the page, by layer.
/// First step of kplot's flow. What nobody can see is not drawn; what a pen cannot draw, what this reader does not know
/// and what breaks SVG's own rules is drawn as far as it goes and told in drawing::notes, never dropped in silence.
/// Nothing outside of the text is read. SVG 1.1 with href, transform-origin and the geometry properties of SVG 2.

#include <kf/drawing/drawing.hpp>
#include <kf/error.hpp>
#include <kf/io/decimal.hpp>
#include <kf/svg/svg_context.hpp>
#include <kf/svg/svg_document.hpp>
#include <kf/svg/svg_encoding.hpp>
#include <kf/svg/svg_options.hpp>
#include <kf/svg/svg_page.hpp>
#include <kf/svg/svg_report.hpp>
#include <kf/svg/svg_styling.hpp>
#include <kf/svg/svg_view.hpp>
#include <kf/svg/svg_walk.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

namespace kf::svg {

using drawing::affine;
using drawing::layer;
using drawing::note_kind;
using drawing::point;
using drawing::polyline;
using drawing::scaling;

/// `file` has the bytes of an .svg or .svgz. Errors: malformed (no XML, no SVG, a page of no size, refused entities;
/// with the line), out_of_bounds (too big), refused (a rule of <style> that hides things and is not known).
[[nodiscard]] result<drawing::drawing> read_svg(std::string_view file, const svg_options& options = {});

namespace detail {

class svg_reader {
  public:
    /// `text` is UTF-8 and outlives the reader.
    svg_reader(std::string_view text, const svg_options& options)
      : document_(text)
      , options_(options)
      , report_(document_)
      , styling_(document_, report_)
      , walk_(document_, options_, report_, styling_) {}

    result<drawing::drawing> read();

  private:
    result<svg_context> page();
    void finish();

    svg_document document_;
    svg_options options_;
    svg_report report_;
    svg_styling styling_;
    svg_walk walk_;
    drawing::drawing out_ = {};
};

inline result<svg_context> svg_reader::page() {
    const svg_node root = document_.root();
    svg_context context;
    context.place = svg_context::top;
    styling_.resolve(root, context);
    if (!context.style.inherited.visible) report_.tell(root, note_kind::told, "visibility is hidden: not drawn");
    if (context.style.own.dark_background) walk_.on_dark_paper();
    auto in = measures_of(root, context);
    bool empty = false;
    const auto side = [&](const char* name) {
        const std::optional<svg_length> given = in.length(name);
        if (!given || given->number > 0) return given;
        if (given->number < 0)
            in.wrong(name, "it is negative");
        else
            empty = true;
        return std::optional<svg_length>{};
    };
    const auto width = side("width"), height = side("height");
    report_.tell_measures(root, in);
    std::optional<svg_rect> box = view_box_of(root, report_);
    if (box && !(box->width > 0 && box->height > 0)) {
        box.reset();
        empty = true;
    }
    // What drawing programs write about one straight line.
    if (empty)
        report_.tell_wrong(root, "width, height or viewBox is zero, and viewers show nothing: it counts as not given");
    const mm px = mm_per_inch / options_.dpi;
    const svg_page page = make_svg_page(width, height, box, aspect_of(root, report_), px);
    if (page.guessed)
        report_.tell(root, note_kind::told,
                     fmt::format("no page size in units: the viewBox is taken as px, {} to an inch",
                                 io::to_decimal(options_.dpi)));
    if (!page.in_px && options_.dpi != svg_options{}.dpi)
        report_.tell(root, note_kind::told, "the page has its size in units: how many px are an inch changes nothing");
    if (!(page.width <= options_.max_coordinate_mm && page.height <= options_.max_coordinate_mm))
        return report_.refuse(root, errc::out_of_bounds,
                              fmt::format("the page is larger than {} mm", options_.max_coordinate_mm));
    out_.width = page.width;
    out_.height = page.height;
    // The root's own transform is of the page, outside of the viewBox, in px (SVG 2, 8.2).
    const affine own = transform_of(context.style.own, page.width / px, page.height / px);
    context.to_mm = scaling(px, px) * own * scaling(1 / px, 1 / px) * page.to_mm;
    context.width = page.user_width;
    context.height = page.user_height;
    return context;
}

inline void svg_reader::finish() {
    out_.layers = walk_.take();
    if (out_.width <= 0 || out_.height <= 0) {
        report_.tell_file(note_kind::told, {}, "no page size: the page ends where the drawing does");
        point far{out_.width, out_.height};
        for (const layer& l : out_.layers)
            for (const polyline& line : l.lines)
                for (const point& p : line) far = {std::max(far.x, p.x), std::max(far.y, p.y)};
        if (out_.width <= 0) out_.width = far.x;
        if (out_.height <= 0) out_.height = far.y;
    }
    out_.notes = report_.notes();
}

inline result<drawing::drawing> svg_reader::read() {
    KF_CHECK(document_.parse());
    for (const auto& r : document_.remarks()) report_.tell_file(r.kind, r.at, r.text);
    KF_CHECK(styling_.read_sheets());
    KF_TRY(const svg_context context, page());
    const svg_node root = document_.root();
    if (!context.style.own.displayed)
        report_.tell(root, note_kind::told, "display is none: not drawn");
    else if (context.opacity <= 0 && options_.invisible == svg_invisible::skip)
        report_.tell(root, note_kind::told, "opacity is 0: not drawn");
    else
        KF_CHECK(walk_.everything(root, context));
    finish();
    return std::move(out_);
}

} // namespace detail

inline result<drawing::drawing> read_svg(std::string_view file, const svg_options& options) {
    if (!(options.tolerance_mm >= least_tolerance_mm))
        return fail(errc::usage, fmt::format("the tolerance is {} mm; {} mm is the least", options.tolerance_mm,
                                             io::to_decimal(least_tolerance_mm)));
    KF_TRY(const svg_source source, read_svg_source(file, options.max_bytes));
    return detail::svg_reader(source.text(), options).read();
}

} // namespace kf::svg
