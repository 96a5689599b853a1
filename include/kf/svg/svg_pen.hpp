// SPDX-License-Identifier: MIT
#pragma once
/// A shape of an SVG becomes lines on the paper, if somebody sees it: geometry from svg_shape, sight from svg_sight,
/// then dashes, then what its clips leave of it.

#include <kf/drawing/clip.hpp>
#include <kf/drawing/dash.hpp>
#include <kf/drawing/drawing.hpp>
#include <kf/drawing/outline.hpp>
#include <kf/error.hpp>
#include <kf/svg/svg_context.hpp>
#include <kf/svg/svg_dashes.hpp>
#include <kf/svg/svg_document.hpp>
#include <kf/svg/svg_options.hpp>
#include <kf/svg/svg_report.hpp>
#include <kf/svg/svg_shape.hpp>
#include <kf/svg/svg_sight.hpp>
#include <kf/svg/svg_tag.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kf::svg {

using drawing::note_kind;
using drawing::outline;
using drawing::outline_fault;
using drawing::polyline;

/// What a shape leaves on the paper, and its colour: "#rrggbb", or empty when it has more than one.
struct svg_ink {
    std::vector<polyline> lines = {};
    std::string colour = {};
};

class svg_pen {
  public:
    svg_pen(const svg_document& document, const svg_options& options, svg_report& report) noexcept
      : document_(document)
      , options_(options)
      , report_(report)
      , effort_(options.max_clipping) {}

    /// White is seen wherever it lies.
    void on_dark_paper() { dark_.add_everything(); }

    /// What is left of a shape on the paper. Errors: out_of_bounds, for a drawing of too many points.
    [[nodiscard]] result<svg_ink> draw(svg_node n, svg_tag tag, const svg_context& context);

    /// The outlines of a shape, in mm on the page, whether anybody sees it or not; none for one that reaches too far.
    [[nodiscard]] result<std::vector<polyline>> area(svg_node n, svg_tag tag, const svg_context& context);

  private:
    bool worth_drawing(svg_node n, svg_trace stroke, svg_trace fill);
    void remove_unseen(svg_node n, svg_trace stroke, svg_trace fill, std::vector<polyline>& lines);
    result<void> outlines(svg_node n, svg_tag tag, const svg_context& context, outline& out, svg_trace most);
    result<void> make_dashes(svg_node n, const svg_context& context, std::vector<polyline>& lines);
    result<void> apply_clips(svg_node n, const svg_context& context, bool filled, std::vector<polyline>& lines);
    result<void> replace(svg_node n, std::vector<polyline>& lines, std::vector<polyline> made);
    [[nodiscard]] std::unexpected<error> too_many_points(svg_node n) const {
        return report_.refuse(n, errc::out_of_bounds,
                              fmt::format("the drawing needs more than {} points", options_.max_points));
    }
    [[nodiscard]] std::size_t points_left() const noexcept {
        return options_.max_points - std::min(points_, options_.max_points);
    }
    [[nodiscard]] drawing::outline_limits limits() const noexcept {
        return {options_.tolerance_mm, options_.max_coordinate_mm, points_left()};
    }

    const svg_document& document_;
    const svg_options& options_;
    svg_report& report_;
    svg_dark_areas dark_ = {};
    std::size_t points_ = 0;
    drawing::clip_effort effort_;
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

/// A fill shows where it covers something, white where it lies on something dark.
inline void svg_pen::remove_unseen(svg_node n, svg_trace stroke, svg_trace fill, std::vector<polyline>& lines) {
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
    std::erase_if(lines, unseen);
}

/// The lines of a shape, and what its data say about them; the limits are those of the whole drawing.
inline result<void> svg_pen::outlines(svg_node n, svg_tag tag, const svg_context& context, outline& out,
                                      svg_trace most) {
    auto in = measures_of(n, context);
    const std::string_view path = context.style.own.path.empty() ? attribute(n, "d") : context.style.own.path;
    const drawn_shape drawn = draw_svg_shape(tag, path, in, out);
    if (out.fault() == outline_fault::too_many_points) return too_many_points(n);
    if (out.fault() == outline_fault::out_of_range) {
        if (most == svg_trace::paper)
            report_.tell(n, note_kind::told, "has only the colour of the paper: not drawn");
        else
            report_.tell_wrong(n, fmt::format("reaches farther than {} mm: not drawn", options_.max_coordinate_mm));
        return {};
    }
    points_ += out.points();
    report_.tell_measures(n, in);
    if (!drawn.fault.empty()) report_.tell_wrong(n, "its data is wrong: drawn up to there", drawn.fault);
    if (!drawn.sized) report_.tell(n, note_kind::told, "has no size: not drawn");
    return {};
}

inline result<std::vector<polyline>> svg_pen::area(svg_node n, svg_tag tag, const svg_context& context) {
    std::vector<polyline> lines;
    outline out(lines, context.to_mm, limits());
    KF_CHECK(outlines(n, tag, context, out, svg_trace::ink));
    if (out.fault() != outline_fault::none) lines.clear();
    return lines;
}

/// `made` stands for `lines` from now on. The larger of them counts: what leaves no ink is work as well.
inline result<void> svg_pen::replace(svg_node n, std::vector<polyline>& lines, std::vector<polyline> made) {
    const std::size_t before = drawing::point_count(lines), after = drawing::point_count(made);
    points_ += after - std::min(before, after);
    if (points_ > options_.max_points) return too_many_points(n);
    lines = std::move(made);
    return {};
}

inline result<void> svg_pen::make_dashes(svg_node n, const svg_context& context, std::vector<polyline>& lines) {
    const svg_inherited& look = context.style.inherited;
    const auto back = inverse(context.to_mm);
    const double diagonal = std::hypot(context.width, context.height) / std::numbers::sqrt2;
    drawing::dash_pattern pattern;
    if (const auto read = read_svg_dashes(look.dashes, diagonal)) pattern.lengths = *read;
    if (!back || !(pattern.period() > 0) || lines.empty()) return {};
    pattern.from_mm = *back;
    const auto offset = read_svg_length(look.dash_offset);
    if (offset) pattern.offset = in_px(*offset, diagonal);
    const double length = pattern.length_of(lines);
    double scale = 1;
    if (const std::string_view declared = attribute(n, "pathLength"); !declared.empty()) {
        const auto read = read_svg_length(declared);
        if (!read || read->unit != svg_unit::px || read->number < 0)
            report_.tell_invalid(n, fmt::format("pathLength: \"{}\"", excerpt(declared)));
        else
            scale = length / read->number;
    }
    for (double& l : pattern.lengths) l *= scale;
    pattern.offset *= scale;
    // Of a path that declares no length every dash is longer than it.
    if (!std::isfinite(pattern.period()) || !std::isfinite(pattern.offset)) return {};
    // Each line begins the pattern anew, and may go through all of it at once.
    const double patterns = length / pattern.period() + static_cast<double>(lines.size());
    const double dashes = patterns * static_cast<double>(pattern.lengths.size());
    if (!(dashes < static_cast<double>(points_left() + drawing::point_count(lines)))) return too_many_points(n);
    const auto empty = look.round_tip ? drawing::empty_dash::dot : drawing::empty_dash::nothing;
    std::vector<polyline> made;
    for (const polyline& line : lines) dash(line, pattern, empty, made);
    if (made.empty()) report_.tell(n, note_kind::told, "lies in the gaps of its dashes: not drawn");
    return replace(n, lines, std::move(made));
}

/// `filled`: its outline is that of an area of ink.
inline result<void> svg_pen::apply_clips(svg_node n, const svg_context& context, bool filled,
                                         std::vector<polyline>& lines) {
    if (context.clips.empty() || lines.empty()) return {};
    std::vector<polyline> kept;
    bool done = clip(lines, context.clips, kept, effort_);
    if (done && filled) {
        drawing::region area;
        area.add(lines,
                 context.style.inherited.fill_evenodd ? drawing::fill_rule::evenodd : drawing::fill_rule::nonzero);
        done = clip_borders(area, context.clips, kept, effort_);
    }
    if (!done) return report_.refuse(n, errc::out_of_bounds, "the clipping of the drawing takes too long");
    if (kept.empty()) report_.tell(n, note_kind::told, "is clipped away: not drawn");
    return replace(n, lines, std::move(kept));
}

inline result<svg_ink> svg_pen::draw(svg_node n, svg_tag tag, const svg_context& context) {
    const svg_inherited& look = context.style.inherited;
    const bool everything = options_.invisible == svg_invisible::draw;
    const auto has = [this](std::string_view id) { return static_cast<bool>(document_.find(id)); };
    const auto trace = [&](const svg_paint& paint, double opacity) {
        return trace_of(paint, look.color, context.opacity * opacity, has);
    };
    const svg_trace fill = tag == svg_tag::line ? svg_trace::none : trace(look.fill, look.fill_opacity);
    svg_trace stroke = trace(look.stroke, look.stroke_opacity);
    if (look.stroke_width == 0) stroke = std::min(stroke, svg_trace::clear);
    svg_ink ink;
    if (!everything && !worth_drawing(n, stroke, fill)) return ink;
    if (!inverse(context.to_mm)) { // a viewer shows nothing of it: SVG 2, 8.3
        report_.tell(n, note_kind::told, "is flattened by its transform: not drawn");
        return ink;
    }

    const svg_paint& paint = stroke >= fill ? look.stroke : look.fill;
    ink.colour = colour_of(paint, look.color, has);
    std::vector<polyline>& lines = ink.lines;
    outline out(lines, context.to_mm, limits());
    out.dots_drawn = look.round_tip;
    out.closes_open = stroke < svg_trace::ink && fill > svg_trace::clear;
    KF_CHECK(outlines(n, tag, context, out, std::max(stroke, fill)));
    if (out.fault() != outline_fault::none) return svg_ink{};
    if (out.dots_left_out > 0)
        report_.tell(n, note_kind::told, "has no length and no round line end to make a dot: not drawn");
    if (!everything) remove_unseen(n, stroke, fill, lines);
    const bool filled = fill == svg_trace::ink && std::any_of(lines.begin(), lines.end(), encloses);
    if (filled) {
        report_.tell(n, note_kind::told, "is filled: only its outline is drawn");
        dark_.add(lines);
    }
    const bool outlined = filled || (everything && fill > svg_trace::none);
    if (!look.dashes.empty() && !outlined) KF_CHECK(make_dashes(n, context, lines));
    KF_CHECK(apply_clips(n, context, filled, lines));
    return ink;
}

} // namespace kf::svg
