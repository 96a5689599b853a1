// SPDX-License-Identifier: MIT
#pragma once
/// An HP-GL or HP-GL/2 plot becomes a drawing: a layer for each pen, in millimetres, its curves flattened. 40 units are
/// a millimetre, Y grows upwards, and the page reaches from the plotter's origin as far as there is ink unless PS says
/// its size. What a pen cannot draw, and what is not known, is told in drawing::notes. HP 7475A manual; HP-GL/2.

#include <kf/drawing/drawing.hpp>
#include <kf/error.hpp>
#include <kf/hpgl/hpgl_options.hpp>
#include <kf/hpgl/hpgl_plotter.hpp>
#include <kf/hpgl/hpgl_scanner.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

namespace kf::hpgl {

namespace detail {

/// The page begins at the plotter's origin, or where the ink does when that is farther out; then Y is turned.
[[nodiscard]] inline drawing::drawing drawing_of(hpgl_plotter& plotter) {
    drawing::drawing out;
    point low{}, high{};
    for (const auto& [number, lines] : plotter.layers())
        for (const polyline& line : lines)
            for (const point& p : line) {
                low = {std::min(low.x, p.x), std::min(low.y, p.y)};
                high = {std::max(high.x, p.x), std::max(high.y, p.y)};
            }
    if (const point page = plotter.page(); page.x > 0 && page.y > 0)
        high = {low.x + page.x / units_per_mm, low.y + page.y / units_per_mm};
    else
        plotter.notes().tell(0, note_kind::told, "no page size: the page ends where the drawing does");
    out.width = high.x - low.x;
    out.height = high.y - low.y;
    for (auto& [number, lines] : plotter.layers()) {
        if (lines.empty()) continue;
        for (polyline& line : lines)
            for (point& p : line) p = {p.x - low.x, high.y - p.y};
        out.layers.push_back(
            {.number = number, .name = {}, .lines = std::move(lines), .colour = plotter.colour_of(number)});
    }
    out.notes = plotter.notes().all();
    return out;
}

} // namespace detail

/// Errors: malformed (most of it is no instruction), out_of_bounds (too big).
[[nodiscard]] inline result<drawing::drawing> read_hpgl(std::string_view text, const hpgl_options& options = {}) {
    hpgl_scanner scanner(text);
    hpgl_plotter plotter(options);
    std::size_t known = 0, unknown = 0;
    while (const auto i = scanner.next()) {
        ++(plotter.run(*i) ? known : unknown);
        if (plotter.full())
            return fail({errc::out_of_bounds,
                         fmt::format("line {}, {}: the drawing needs more than {} points", i->line, i->name,
                                     options.max_points),
                         {},
                         {},
                         {"draw it in parts"}});
    }
    if (known <= unknown)
        return fail({errc::malformed,
                     "this is not an HP-GL plot: most of it is no instruction",
                     "it may be a file of another kind under that name",
                     {},
                     {"export it as HP-GL or SVG again"}});
    plotter.end();
    if (const auto [count, line] = scanner.strangers(); count > 0)
        plotter.notes().tell(line, note_kind::wrong,
                             fmt::format("{} characters make no instruction: passed over", count));
    return detail::drawing_of(plotter);
}

} // namespace kf::hpgl
