// SPDX-License-Identifier: MIT
#pragma once
/// Filters that lay a drawing on the canvas: turned, scaled, sized, fitted, aligned, moved. The page lies with its
/// corner on the canvas' until one of them says otherwise. `room` is where ink may be: the canvas less its margin.

#include <kf/drawing/affine.hpp>
#include <kf/drawing/rectangle.hpp>
#include <kf/error.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

namespace kf::drawing {

/// Ink that is this far outside comes from rounding in a program that drew, and is drawn at the edge.
inline constexpr mm a_hair = 0.05;

/// Where ink lies in its room: 0 is left and top, 1 is right and bottom.
struct alignment {
    double x = 0.5, y = 0.5;
};

/// The most by which something of this size can be scaled and still fits; infinite for a dot.
[[nodiscard]] inline double largest_scale(mm width, mm height, const rectangle& room) noexcept {
    constexpr double any = std::numeric_limits<double>::infinity();
    return std::min(width > 0 ? room.width() / width : any, height > 0 ? room.height() / height : any);
}

/// Whether something that is to be drawn `scale` times as large fits only turned by a quarter, or with an infinite
/// scale: becomes larger so.
[[nodiscard]] inline bool fits_better_turned(const rectangle& r, const rectangle& room, double scale) noexcept {
    const double as_it_lies = largest_scale(r.width(), r.height(), room);
    return as_it_lies < scale && largest_scale(r.height(), r.width(), room) > as_it_lies;
}

/// The ink only; the page stays.
[[nodiscard]] inline drawing mapped(drawing d, const affine& m) noexcept {
    for (layer& l : d.layers)
        for (polyline& line : l.lines)
            for (point& p : line) p = apply(m, p);
    return d;
}

[[nodiscard]] inline drawing moved(drawing d, mm x, mm y) noexcept { return mapped(std::move(d), translation(x, y)); }

/// Ink and page, clockwise. The page becomes the rectangle around the turned one, and its corner is the origin again.
[[nodiscard]] inline drawing turned(drawing d, double degrees) noexcept {
    const affine turn = rotation(degrees);
    const point across = apply(turn, {d.width, 0}), down = apply(turn, {0, d.height});
    const mm left = std::min(0.0, across.x) + std::min(0.0, down.x),
             top = std::min(0.0, across.y) + std::min(0.0, down.y);
    d.width = std::abs(across.x) + std::abs(down.x);
    d.height = std::abs(across.y) + std::abs(down.y);
    return mapped(std::move(d), translation(-left, -top) * turn);
}

/// Ink and page, from the corner of the page. drawing::scale tells the importer how fine its curves have to be.
[[nodiscard]] inline drawing scaled(drawing d, double factor) noexcept {
    d.width *= factor;
    d.height *= factor;
    d.scale *= factor;
    return mapped(std::move(d), scaling(factor, factor));
}

/// So that the ink is as wide, as high, or with both at most as wide and as high. errc::refused when it has no extent
/// there.
[[nodiscard]] inline result<drawing> sized(drawing d, std::optional<mm> width, std::optional<mm> height) {
    const auto ink = ink_of(d);
    if (!ink) return d;
    constexpr mm any = std::numeric_limits<mm>::infinity();
    const double factor = largest_scale(width ? ink->width() : 0, height ? ink->height() : 0,
                                        {0, 0, width.value_or(any), height.value_or(any)});
    if (!std::isfinite(factor))
        return kf::fail({errc::refused, "the drawing cannot get this size",
                         height ? (width ? "its ink is one point" : "its ink is a horizontal line: it has no height")
                                : "its ink is a vertical line: it has no width"});
    return scaled(std::move(d), factor);
}

/// So that the ink lies there in its room.
[[nodiscard]] inline drawing aligned(drawing d, const rectangle& room, alignment where) noexcept {
    const auto ink = ink_of(d);
    if (!ink) return d;
    return moved(std::move(d), room.left - ink->left + (room.width() - ink->width()) * where.x,
                 room.top - ink->top + (room.height() - ink->height()) * where.y);
}

/// As large as the room lets it be, in its middle. Ink of one point is only moved.
[[nodiscard]] inline drawing fitted(drawing d, const rectangle& room) noexcept {
    const auto ink = ink_of(d);
    const double factor = ink ? largest_scale(ink->width(), ink->height(), room) : 1;
    if (std::isfinite(factor)) d = scaled(std::move(d), factor);
    return aligned(std::move(d), room, {});
}

/// Points that are outside are moved onto the edge: for ink that reaches out by a hair. Cut off, the side of a frame
/// would be gone.
[[nodiscard]] inline drawing pulled_inside(drawing d, const rectangle& room) {
    for (layer& l : d.layers)
        for (polyline& line : l.lines) {
            for (point& p : line) p = {std::clamp(p.x, room.left, room.right), std::clamp(p.y, room.top, room.bottom)};
            line.erase(std::unique(line.begin(), line.end()), line.end());
        }
    return d;
}

} // namespace kf::drawing
