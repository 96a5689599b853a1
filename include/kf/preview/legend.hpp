// SPDX-License-Identifier: MIT
#pragma once
/// What the colours of a preview say: the order of strokes, their pens or their layers; and the words and numbers that
/// stand below every kind of it.

#include <kf/io/decimal.hpp>
#include <kf/io/printable.hpp>
#include <kf/preview/raster.hpp>
#include <kf/preview/scene.hpp>
#include <kf/sink/counted.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace kf::preview {

enum class colour_by { order, pen, layer };
inline constexpr std::array<std::string_view, 3> colour_by_names{"order", "pen", "layer"};

struct view_options {
    colour_by by = colour_by::order;
    mm pen_width = 0.4;
    bool travel = true;
};

namespace detail {

/// From the first stroke to the last.
inline colour on_the_way(double part) noexcept {
    constexpr std::array<colour, 5> stops{{{30, 60, 180}, {0, 140, 160}, {60, 160, 40}, {240, 150, 0}, {200, 20, 60}}};
    const double at = std::clamp(part, 0.0, 1.0) * (stops.size() - 1);
    const auto i = std::min(static_cast<std::size_t>(at), stops.size() - 2);
    const double rest = at - static_cast<double>(i);
    const auto mix = [&](std::uint8_t a, std::uint8_t b) {
        return static_cast<std::uint8_t>(std::lround(a + (b - a) * rest));
    };
    const colour &a = stops[i], &b = stops[i + 1];
    return {mix(a.red, b.red), mix(a.green, b.green), mix(a.blue, b.blue)};
}

/// Told apart by everybody, on white.
inline constexpr std::array<colour, 8> distinct{{{27, 27, 27},
                                                 {0, 114, 178},
                                                 {213, 94, 0},
                                                 {0, 158, 115},
                                                 {204, 121, 167},
                                                 {230, 159, 0},
                                                 {86, 180, 233},
                                                 {127, 85, 57}}};

/// Nothing for what is no "#rrggbb", or hardly seen on white.
inline std::optional<colour> own_colour(std::string_view text) noexcept {
    unsigned value = 0;
    if (text.size() != 7 || text[0] != '#') return std::nullopt;
    const auto [end, bad] = std::from_chars(text.data() + 1, text.data() + 7, value, 16);
    if (bad != std::errc{} || end != text.data() + 7) return std::nullopt;
    const colour c{static_cast<std::uint8_t>(value >> 16), static_cast<std::uint8_t>(value >> 8),
                   static_cast<std::uint8_t>(value)};
    constexpr unsigned bright = 640;
    if (unsigned{c.red} + c.green + c.blue > bright) return std::nullopt;
    return c;
}

} // namespace detail

/// The colours of the strokes: few of them, so that neighbours are one element of a file.
class tints {
    static constexpr std::size_t steps = 48; ///< of the order
    const scene* scene_;
    colour_by by_;

  public:
    tints(const scene& s, colour_by by)
      : scene_(&s)
      , by_(by) {}

    /// For the order: from the first stroke, 0, up to count() - 1. Else the number of the pen or layer.
    [[nodiscard]] std::size_t of(std::size_t stroke) const noexcept {
        switch (by_) {
        case colour_by::pen: return scene_->pen_of[stroke];
        case colour_by::layer: return scene_->layer_of[stroke];
        case colour_by::order: break;
        }
        return stroke * count() / std::max<std::size_t>(scene_->strokes.size(), 1);
    }
    [[nodiscard]] std::size_t count() const noexcept {
        switch (by_) {
        case colour_by::pen: return scene_->pens.size();
        case colour_by::layer: return scene_->layers.size();
        case colour_by::order: break;
        }
        return std::clamp<std::size_t>(scene_->strokes.size(), 1, steps);
    }
    [[nodiscard]] colour shown(std::size_t tint) const noexcept {
        if (by_ != colour_by::order) {
            const auto& all = by_ == colour_by::pen ? scene_->pens : scene_->layers;
            if (const auto own = detail::own_colour(all[tint].colour)) return *own;
            return detail::distinct[tint % detail::distinct.size()];
        }
        return detail::on_the_way(count() < 2 ? 0 : static_cast<double>(tint) / static_cast<double>(count() - 1));
    }
};

/// A line below the picture: one colour, or all of them from the first to the last, or words alone.
struct legend_line {
    enum class sample { none, tint, order };
    std::string text;
    sample shows = sample::none;
    std::size_t tint = 0;
};

[[nodiscard]] inline std::vector<legend_line> legend_of(const scene& s, colour_by by) {
    const auto metres = [](mm v) { return v < 1000 ? fmt::format("{:.1f} mm", v) : fmt::format("{:.2f} m", v / 1000); };
    std::vector<legend_line> lines;
    lines.push_back({fmt::format("{}, ink {}, travel {}, canvas {} x {} mm", counted(s.strokes.size(), "stroke"),
                                 metres(s.strokes.length()), metres(s.travel.length()),
                                 io::to_decimal(s.canvas.width(), 1), io::to_decimal(s.canvas.height(), 1))});
    if (by == colour_by::order) {
        lines.push_back({"first stroke to last", legend_line::sample::order});
        return lines;
    }
    const auto& names = by == colour_by::pen ? s.pens : s.layers;
    const auto& of = by == colour_by::pen ? s.pen_of : s.layer_of;
    constexpr std::size_t most = 8;
    for (std::size_t i = 0; i < std::min(names.size(), most); ++i)
        lines.push_back({fmt::format("{}, {}", io::printable(names[i].name),
                                     counted(static_cast<std::size_t>(std::count(of.begin(), of.end(), i)), "stroke")),
                         legend_line::sample::tint, i});
    if (names.size() > most) lines.push_back({fmt::format("and {} more", names.size() - most)});
    return lines;
}

} // namespace kf::preview
