// SPDX-License-Identifier: MIT
#pragma once
/// The size of the page and the map from the root's user units to millimetres on it. SVG 1.1, 7.2 and 7.8.

#include <kf/drawing/affine.hpp>
#include <kf/svg/svg_length.hpp>
#include <kf/svg/svg_view.hpp>

#include <limits>
#include <optional>

namespace kf::svg {

using drawing::affine;
using drawing::scaling;

struct svg_page {
    mm width = 0, height = 0; ///< 0 when the file does not tell
    affine to_mm = {};
    double user_width = 0, user_height = 0; ///< what percentages are of; NaN when the file does not tell
    bool guessed = false;                   ///< the viewBox was taken for px, as nothing else tells a size
    bool in_px = false;                     ///< how large the ink is follows from that of a px
};

/// A side that is absent or a percentage follows from the viewBox: by its aspect, or as px. `px` is the size of one.
[[nodiscard]] inline svg_page make_svg_page(std::optional<svg_length> width, std::optional<svg_length> height,
                                            const std::optional<svg_rect>& box, const svg_aspect& aspect,
                                            mm px = mm_per_px) {
    const auto is_px = [](const std::optional<svg_length>& side) {
        return side && (side->unit == svg_unit::px || side->unit == svg_unit::em || side->unit == svg_unit::ex);
    };
    const auto size = [&](const std::optional<svg_length>& side) -> std::optional<mm> {
        if (!side || side->unit == svg_unit::percent) return std::nullopt;
        return is_px(side) ? in_px(*side, 0) * px : side->number * mm_per(side->unit);
    };
    const std::optional<mm> w = size(width), h = size(height);
    svg_page page;
    if (box) {
        page.guessed = !w && !h;
        page.in_px = page.guessed || is_px(width) || is_px(height);
        page.width = w ? *w : h ? *h * box->width / box->height : box->width * px;
        page.height = h ? *h : w ? *w * box->height / box->width : box->height * px;
        page.to_mm = fit_view(*box, {0, 0, page.width, page.height}, aspect);
        page.user_width = box->width;
        page.user_height = box->height;
        return page;
    }
    constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
    page.width = w.value_or(0);
    page.height = h.value_or(0);
    page.in_px = true;
    page.to_mm = scaling(px, px);
    page.user_width = w ? *w / px : unknown;
    page.user_height = h ? *h / px : unknown;
    return page;
}

} // namespace kf::svg
