// SPDX-License-Identifier: MIT
#pragma once
/// A preview in pixels: what svg_picture shows, as wide or as high as asked for, with the words of the legend in the
/// single-stroke font.

#include <kf/drawing/text.hpp>
#include <kf/preview/legend.hpp>
#include <kf/preview/raster.hpp>
#include <kf/preview/scene.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <variant>

namespace kf::preview {

/// `pixels` is the longer side.
[[nodiscard]] inline raster raster_picture(const scene& s, std::size_t pixels, const view_options& view = {}) {
    const auto legend = legend_of(s, view.by);
    const tints colours(s, view.by);
    const rectangle all = s.bounds_with_machine();
    // In shares of the longer side of the drawing, as svg_picture has them.
    const mm longer = std::max({all.width(), all.height(), 1e-3}), edge = 0.02 * longer, text = 0.02 * longer;
    const mm below = edge + 1.6 * text * static_cast<double>(legend.size());
    const mm wide = all.width() + 2 * edge, high = all.height() + 2 * edge + below;
    const double scale = static_cast<double>(pixels) / std::max(wide, high);
    const auto size = [&](mm length) {
        return std::max<std::size_t>(static_cast<std::size_t>(std::lround(length * scale)), 1);
    };
    raster out({size(wide), size(high)});
    const auto seen = [&](point p) { return point{(p.x - all.left + edge) * scale, (p.y - all.top + edge) * scale}; };
    const double thin = std::max(longer / 1500 * scale / 2, 0.5);
    const auto frame = [&](const rectangle& r, colour c) {
        const point corners[] = {{r.left, r.top}, {r.right, r.top}, {r.right, r.bottom}, {r.left, r.bottom}};
        for (std::size_t i = 0; i < 4; ++i) out.line(seen(corners[i]), seen(corners[(i + 1) % 4]), thin, c);
    };
    frame(s.work_area, {187, 187, 187});
    frame(s.canvas, {85, 85, 85});
    if (s.margin != s.canvas) frame(s.margin, {170, 170, 170});
    if (s.page) frame(*s.page, {0, 102, 204});
    for (const taken_place& k : s.keep_outs) {
        constexpr colour red{204, 0, 0};
        constexpr double light = 0.2;
        if (const auto* r = std::get_if<rectangle>(&k.area)) {
            out.fill(seen({r->left, r->top}), seen({r->right, r->bottom}), red, light);
            frame(*r, red);
        } else {
            const auto& d = std::get<machine::disc>(k.area);
            const point centre = seen({d.centre.x, d.centre.y});
            out.line(centre, centre, d.radius * scale, red, light);
            constexpr int sides = 90;
            const auto at = [&](int i) {
                const double angle = 2 * std::numbers::pi * i / sides;
                return point{centre.x + d.radius * scale * std::cos(angle),
                             centre.y + d.radius * scale * std::sin(angle)};
            };
            for (int i = 0; i < sides; ++i) out.line(at(i), at(i + 1), thin, red);
        }
    }
    if (view.travel) {
        coverage hair(out.size());
        for (std::size_t i = 0; i < s.travel.size(); ++i) {
            const auto line = s.travel[i];
            for (std::size_t j = 1; j < line.size(); ++j) hair.add_hairline(seen(line[j - 1]), seen(line[j]));
        }
        constexpr double faint = 0.6;
        out.paint(hair, {136, 136, 136}, faint);
    }
    const double reach = std::max(view.pen_width / 2 * scale, 0.5);
    for (std::size_t i = 0; i < s.strokes.size(); ++i) {
        const auto line = s.strokes[i];
        const colour c = colours.shown(colours.of(i));
        if (line.size() == 1) out.line(seen(line[0]), seen(line[0]), reach, c);
        for (std::size_t j = 1; j < line.size(); ++j) out.line(seen(line[j - 1]), seen(line[j]), reach, c);
    }
    if (s.strokes.size() != 0) {
        const auto first = s.strokes[0], last = s.strokes[s.strokes.size() - 1];
        const double mark = longer / 220 * scale;
        if (!first.empty()) out.line(seen(first.front()), seen(first.front()), mark, {0, 170, 0});
        if (!last.empty()) {
            const point end = seen(last.back());
            out.fill({end.x - mark, end.y - mark}, {end.x + mark, end.y + mark}, {204, 0, 0});
        }
    }
    mm line = all.bottom + edge + 1.2 * text;
    for (const legend_line& l : legend) {
        mm left = all.left;
        const auto sample = [&](std::size_t tint, mm width) {
            out.fill(seen({left, line - 0.7 * text}), seen({left + width, line}), colours.shown(tint));
            left += width;
        };
        if (l.shows == legend_line::sample::tint) sample(l.tint, 2 * text);
        if (l.shows == legend_line::sample::order)
            for (std::size_t i = 0; i < colours.count(); ++i)
                sample(i, 8 * text / static_cast<double>(colours.count()));
        if (l.shows != legend_line::sample::none) left += text / 2;
        // What the font lacks is a box; what is no text at all is left out.
        const auto words = drawing::text_drawing(l.text, {.height = 0.7 * text, .at = {left, line - 0.7 * text}});
        if (words)
            for (const drawing::polyline& stroke : words->layers[0].lines)
                for (std::size_t i = 1; i < stroke.size(); ++i)
                    out.line(seen(stroke[i - 1]), seen(stroke[i]), std::max(0.045 * text * scale, 0.5), {34, 34, 34});
        line += 1.6 * text;
    }
    return out;
}

} // namespace kf::preview
