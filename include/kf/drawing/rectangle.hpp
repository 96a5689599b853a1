// SPDX-License-Identifier: MIT
#pragma once
/// A rectangle on the canvas, its edges included: a page, a canvas less its margin, the bounds of ink. What crop and
/// page measure a drawing with.

#include <kf/drawing/drawing.hpp>

#include <algorithm>
#include <optional>

namespace kf::drawing {

struct rectangle {
    mm left = 0, top = 0, right = 0, bottom = 0;
    bool operator==(const rectangle&) const = default;

    [[nodiscard]] constexpr mm width() const noexcept { return right - left; }
    [[nodiscard]] constexpr mm height() const noexcept { return bottom - top; }
};

[[nodiscard]] constexpr bool contains(const rectangle& r, point p) noexcept {
    return p.x >= r.left && p.x <= r.right && p.y >= r.top && p.y <= r.bottom;
}

/// What is left inside of a margin on all four sides.
[[nodiscard]] constexpr rectangle inset(const rectangle& r, mm margin) noexcept {
    return {r.left + margin, r.top + margin, r.right - margin, r.bottom - margin};
}

/// The page of a drawing that was just read: its corner is the origin.
[[nodiscard]] inline rectangle page_of(const drawing& d) noexcept { return {0, 0, d.width, d.height}; }

/// Nothing when there is no ink.
[[nodiscard]] inline std::optional<rectangle> ink_of(const drawing& d) noexcept {
    std::optional<rectangle> all;
    for (const layer& l : d.layers)
        for (const polyline& line : l.lines)
            for (const point& p : line) {
                if (!all) all = rectangle{p.x, p.y, p.x, p.y};
                all->left = std::min(all->left, p.x);
                all->top = std::min(all->top, p.y);
                all->right = std::max(all->right, p.x);
                all->bottom = std::max(all->bottom, p.y);
            }
    return all;
}

/// How far `inner` reaches out of `outer` on the side where it reaches farthest; 0 when it is inside.
[[nodiscard]] inline mm overhang(const rectangle& inner, const rectangle& outer) noexcept {
    return std::max(
        {0.0, outer.left - inner.left, outer.top - inner.top, inner.right - outer.right, inner.bottom - outer.bottom});
}

} // namespace kf::drawing
