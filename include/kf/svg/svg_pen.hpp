// SPDX-License-Identifier: MIT
#pragma once
/// A shape of an SVG becomes lines on the paper, if somebody sees it: geometry from svg_shape, sight from svg_sight.

#include <kf/drawing/drawing.hpp>
#include <kf/drawing/outline.hpp>
#include <kf/error.hpp>
#include <kf/svg/svg_context.hpp>
#include <kf/svg/svg_document.hpp>
#include <kf/svg/svg_options.hpp>
#include <kf/svg/svg_report.hpp>
#include <kf/svg/svg_shape.hpp>
#include <kf/svg/svg_sight.hpp>
#include <kf/svg/svg_tag.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace kf::svg {

using drawing::note_kind;
using drawing::outline;
using drawing::outline_fault;
using drawing::polyline;

class svg_pen {
  public:
    svg_pen(const svg_document& document, const svg_options& options, svg_report& report) noexcept
      : document_(document)
      , options_(options)
      , report_(report) {}

    /// White is seen wherever it lies.
    void on_dark_paper() { dark_.add_everything(); }

    /// Appends to `lines`. Errors: out_of_bounds, for a drawing of too many points.
    [[nodiscard]] result<void> draw(svg_node n, svg_tag tag, const svg_context& context, std::vector<polyline>& lines);

  private:
    bool worth_drawing(svg_node n, svg_trace stroke, svg_trace fill);
    void remove_unseen(svg_node n, svg_trace stroke, svg_trace fill, std::vector<polyline>& lines, std::size_t before);

    const svg_document& document_;
    const svg_options& options_;
    svg_report& report_;
    svg_dark_areas dark_ = {};
    std::size_t points_ = 0;
};

/// Before the geometry is known. Tells why not.
inline bool svg_pen::worth_drawing(svg_node n, svg_trace stroke, svg_trace fill) {
    const svg_trace most = std::max(stroke, fill);
    if (most == svg_trace::none)
        report_.tell(n, note_kind::told, "has neither stroke nor fill: not drawn");
    else if (most == svg_trace::clear)
        report_.tell(n, note_kind::told, "is transparent, or its stroke has no width: not drawn");
    else if (most == svg_trace::paper && dark_.empty())
        report_.tell(n, note_kind::told, "has only the colour of the paper: not drawn");
    else
        return true;
    return false;
}

/// Of the lines from `before` on. A fill shows where it covers something, white where it lies on something dark.
inline void svg_pen::remove_unseen(svg_node n, svg_trace stroke, svg_trace fill, std::vector<polyline>& lines,
                                   std::size_t before) {
    const auto unseen = [&](const polyline& line) {
        const svg_trace most = std::max(stroke, encloses(line) ? fill : svg_trace::none);
        if (most < svg_trace::paper)
            report_.tell(n, note_kind::told, "encloses nothing to fill, and has no stroke: not drawn");
        else if (most == svg_trace::ink || dark_.touched_by(std::span(&line, 1)))
            return false;
        else
            report_.tell(n, note_kind::told, "has only the colour of the paper: not drawn");
        return true;
    };
    lines.erase(std::remove_if(lines.begin() + static_cast<std::ptrdiff_t>(before), lines.end(), unseen), lines.end());
}

inline result<void> svg_pen::draw(svg_node n, svg_tag tag, const svg_context& context, std::vector<polyline>& lines) {
    const svg_inherited& look = context.style.inherited;
    const bool everything = options_.invisible == svg_invisible::draw;
    const auto has = [this](std::string_view id) { return static_cast<bool>(document_.find(id)); };
    const auto trace = [&](const svg_paint& paint, double opacity) {
        return trace_of(paint, look.color, context.opacity * opacity, has);
    };
    const svg_trace fill = tag == svg_tag::line ? svg_trace::none : trace(look.fill, look.fill_opacity);
    svg_trace stroke = trace(look.stroke, look.stroke_opacity);
    if (look.stroke_width == 0) stroke = std::min(stroke, svg_trace::clear);
    if (!everything && !worth_drawing(n, stroke, fill)) return {};

    const std::size_t before = lines.size();
    outline out(lines, context.to_mm,
                {options_.tolerance_mm, options_.max_coordinate_mm, options_.max_points - points_});
    out.dots_drawn = look.round_tip;
    out.closes_open = stroke < svg_trace::ink && fill > svg_trace::clear;
    auto in = measures_of(n, context);
    const std::string_view path = context.style.own.path.empty() ? attribute(n, "d") : context.style.own.path;
    const drawn_shape drawn = draw_svg_shape(tag, path, in, out);
    if (out.fault() == outline_fault::too_many_points)
        return report_.refuse(n, errc::out_of_bounds,
                              fmt::format("the drawing needs more than {} points", options_.max_points));
    if (out.fault() == outline_fault::out_of_range) {
        lines.resize(before);
        if (std::max(stroke, fill) == svg_trace::paper)
            report_.tell(n, note_kind::told, "has only the colour of the paper: not drawn");
        else
            report_.tell_wrong(n, fmt::format("reaches farther than {} mm: not drawn", options_.max_coordinate_mm));
        return {};
    }
    points_ += out.points();

    report_.tell_measures(n, in);
    if (!drawn.fault.empty()) report_.tell_wrong(n, "its data is wrong: drawn up to there", drawn.fault);
    if (!drawn.sized) report_.tell(n, note_kind::told, "has no size: not drawn");
    if (out.dots_left_out > 0)
        report_.tell(n, note_kind::told, "has no length and no round line end to make a dot: not drawn");
    if (!everything) remove_unseen(n, stroke, fill, lines, before);
    const auto added = std::span(lines).subspan(before);
    if (fill == svg_trace::ink && std::any_of(added.begin(), added.end(), encloses)) {
        report_.tell(n, note_kind::told, "is filled: only its outline is drawn");
        dark_.add(added);
    }
    mark_crossed(context.window, added);
    return {};
}

} // namespace kf::svg
