// SPDX-License-Identifier: MIT
#pragma once
/// A small map of a job in the cells of a page: two by four dots in each, the stroke in hand and the drawn ones apart
/// from the rest by their look.

#include <kf/jog/step_job.hpp>
#include <kf/preview/raster.hpp>
#include <kf/sink/utf8.hpp>
#include <kf/tui/text_grid.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace kf::jog {

/// `drawn` has a place for each stroke.
inline void paint_map(tui::pane p, const step_job& job, std::size_t in_hand, const std::vector<bool>& drawn) {
    if (p.rows() < 2 || p.columns() < 4 || job.strokes.empty()) return;
    const preview::raster_size size{p.columns() * 2, p.rows() * 4};
    const drawing::rectangle& all = job.around;
    const double scale = std::min((static_cast<double>(size.width) - 1) / std::max(all.width(), 1e-3),
                                  (static_cast<double>(size.height) - 1) / std::max(all.height(), 1e-3));
    const auto seen = [&](drawing::point at) {
        return drawing::point{(at.x - all.left) * scale + 0.5001, (at.y - all.top) * scale + 0.5001};
    };
    enum dot : std::uint8_t { none, frame, to_come, done, now };
    std::vector<std::uint8_t> dots(size.width * size.height, none);
    const auto line = [&](drawing::point a, drawing::point b, dot what) {
        preview::each_covered(size, seen(a), seen(b), 0.5, [&](std::size_t x, std::size_t y, double share) {
            auto& at = dots[y * size.width + x];
            if (share >= 0.5) at = std::max<std::uint8_t>(at, what);
        });
    };
    const drawing::rectangle& c = job.canvas;
    const drawing::point corners[] = {{c.left, c.top}, {c.right, c.top}, {c.right, c.bottom}, {c.left, c.bottom}};
    for (std::size_t i = 0; i < 4; ++i) line(corners[i], corners[(i + 1) % 4], frame);
    // Of a huge job some strokes are enough for so few dots, and a page must not take long.
    constexpr std::size_t most = 20000;
    const std::size_t stride = 1 + job.strokes.size() / most;
    const auto stroke = [&](std::size_t i, dot what) {
        const auto& path = job.strokes[i].path;
        const std::size_t every = 1 + path.size() * job.strokes.size() / stride / (most * 10);
        for (std::size_t j = 0; j < path.size(); j += every)
            line(path[j], path[std::min(j + every, path.size() - 1)], what);
    };
    for (std::size_t i = 0; i < job.strokes.size(); i += stride) stroke(i, drawn[i] ? done : to_come);
    if (in_hand < job.strokes.size()) stroke(in_hand, now);
    for (std::size_t row = 0; row < p.rows(); ++row)
        for (std::size_t column = 0; column < p.columns(); ++column) {
            unsigned bits = 0;
            std::uint8_t what = none;
            for (std::size_t x = 0; x < 2; ++x)
                for (std::size_t y = 0; y < 4; ++y) {
                    const auto at = dots[(row * 4 + y) * size.width + column * 2 + x];
                    what = std::max(what, at);
                    if (at != none) bits |= y < 3 ? 1u << (x * 3 + y) : 0x40u << x;
                }
            if (bits == 0) continue;
            std::string text;
            append_utf8(text, static_cast<char32_t>(0x2800 + bits));
            p.put(column, row, text,
                  what == now     ? tui::look::warning
                  : what == done  ? tui::look::good
                  : what == frame ? tui::look::faint
                                  : tui::look::normal);
        }
}

} // namespace kf::jog
