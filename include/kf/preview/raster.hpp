// SPDX-License-Identifier: MIT
#pragma once
/// The one rasterizer: which pixels a line with round ends covers, and how much of each. For pictures of previews and
/// of ink, and for the dots of a terminal. Pixels count from the top left, Y down, their centres at .5.

#include <kf/drawing/point.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace kf::preview {

struct raster_size {
    std::size_t width = 0, height = 0;
    bool operator==(const raster_size&) const = default;
};

/// Calls `each(x, y, share)` for the pixels of a line `2 * reach` wide; the share is above 0, up to 1.
template<class Each>
void each_covered(raster_size size, drawing::point a, drawing::point b, double reach, Each&& each) {
    const double dx = b.x - a.x, dy = b.y - a.y, length2 = dx * dx + dy * dy;
    const auto clamped = [](double v, std::size_t most) {
        return static_cast<std::size_t>(std::clamp(v, 0.0, static_cast<double>(most)));
    };
    const std::size_t x1 = clamped(std::max(a.x, b.x) + reach + 1, size.width);
    const std::size_t y1 = clamped(std::max(a.y, b.y) + reach + 1, size.height);
    const double inside = std::max(0.0, reach - 0.5), outside = reach + 0.5;
    for (std::size_t y = clamped(std::min(a.y, b.y) - reach - 1, size.height); y < y1; ++y) {
        // Of this row only what is near the line.
        double first = std::min(a.x, b.x), last = std::max(a.x, b.x);
        if (std::abs(dy) > 1e-9) {
            const auto at = [&](double row) { return a.x + dx * std::clamp((row - a.y) / dy, 0.0, 1.0); };
            const double row = static_cast<double>(y);
            const auto [low, high] = std::minmax({at(row - reach - 1), at(row + reach + 2)});
            first = low;
            last = high;
        }
        const std::size_t end = std::min(x1, clamped(last + reach + 2, size.width));
        for (std::size_t x = clamped(first - reach - 2, size.width); x < end; ++x) {
            const double px = static_cast<double>(x) + 0.5 - a.x, py = static_cast<double>(y) + 0.5 - a.y;
            const double part = length2 > 0 ? std::clamp((px * dx + py * dy) / length2, 0.0, 1.0) : 0.0;
            const double ax = px - part * dx, ay = py - part * dy, away2 = ax * ax + ay * ay;
            if (away2 >= outside * outside) continue;
            each(x, y, away2 <= inside * inside ? 1.0 : std::min(1.0, outside - std::sqrt(away2)));
        }
    }
}

/// How much of each pixel is covered, 0 to 255; what is covered twice counts once.
class coverage {
    raster_size size_;
    std::vector<std::uint8_t> shares_;

    void cover(std::size_t x, std::size_t y, std::uint8_t share) noexcept {
        std::uint8_t& s = shares_[y * size_.width + x];
        s = std::max(s, share);
    }
    void cover_if_inside(std::ptrdiff_t x, std::ptrdiff_t y, std::uint8_t share) noexcept {
        const auto ux = static_cast<std::size_t>(x), uy = static_cast<std::size_t>(y);
        if (ux < size_.width && uy < size_.height) cover(ux, uy, share);
    }

  public:
    explicit coverage(raster_size size)
      : size_(size)
      , shares_(size.width * size.height) {}

    [[nodiscard]] raster_size size() const noexcept { return size_; }
    [[nodiscard]] std::uint8_t at(std::size_t x, std::size_t y) const noexcept { return shares_[y * size_.width + x]; }
    [[nodiscard]] const std::vector<std::uint8_t>& shares() const noexcept { return shares_; }

    void add_line(drawing::point a, drawing::point b, double reach) noexcept {
        each_covered(size_, a, b, reach, [&](std::size_t x, std::size_t y, double share) {
            cover(x, y, static_cast<std::uint8_t>(255.0 * share));
        });
    }

    /// A line one pixel wide, many times as fast: at each step two pixels share it.
    void add_hairline(drawing::point a, drawing::point b) noexcept {
        const bool steep = std::abs(b.y - a.y) > std::abs(b.x - a.x);
        if (steep) {
            std::swap(a.x, a.y);
            std::swap(b.x, b.y);
        }
        if (a.x > b.x) std::swap(a, b);
        const double length = b.x - a.x, slope = length > 0 ? (b.y - a.y) / length : 0;
        const auto most = static_cast<double>(steep ? size_.height : size_.width);
        const double first = std::max(0.0, std::floor(a.x)), last = std::min(most - 1, std::floor(b.x));
        constexpr double one = 65536, far = 1e9;
        const double begin = (a.y + slope * (first + 0.5 - a.x) - 0.5) * one, step = slope * one;
        if (!(last >= first) || !(std::abs(begin) <= far * one)) return; // nor what is no number
        auto across = static_cast<std::int64_t>(begin);
        const auto slant = static_cast<std::int64_t>(step);
        for (auto along = static_cast<std::ptrdiff_t>(first), end = static_cast<std::ptrdiff_t>(last); along <= end;
             ++along, across += slant) {
            const auto row = static_cast<std::ptrdiff_t>(across >> 16);
            const auto share = static_cast<std::uint8_t>((across >> 8) & 0xff);
            const auto rest = static_cast<std::uint8_t>(255 - share);
            if (steep) {
                cover_if_inside(row, along, rest);
                cover_if_inside(row + 1, along, share);
            } else {
                cover_if_inside(along, row, rest);
                cover_if_inside(along, row + 1, share);
            }
        }
    }
};

struct colour {
    std::uint8_t red = 0, green = 0, blue = 0;
    bool operator==(const colour&) const = default;
};

/// A picture in colours on white.
class raster {
    raster_size size_;
    std::vector<colour> pixels_;

    void blend(colour& p, colour with, double share) noexcept {
        const auto mix = [&](std::uint8_t& of, std::uint8_t and_of) {
            of = static_cast<std::uint8_t>(std::lround(of + (and_of - of) * share));
        };
        mix(p.red, with.red);
        mix(p.green, with.green);
        mix(p.blue, with.blue);
    }

  public:
    explicit raster(raster_size size)
      : size_(size)
      , pixels_(size.width * size.height, colour{255, 255, 255}) {}

    [[nodiscard]] raster_size size() const noexcept { return size_; }
    [[nodiscard]] const std::vector<colour>& pixels() const noexcept { return pixels_; }
    [[nodiscard]] colour at(std::size_t x, std::size_t y) const noexcept { return pixels_[y * size_.width + x]; }

    /// `opacity` is 0 to 1.
    void line(drawing::point a, drawing::point b, double reach, colour c, double opacity = 1) noexcept {
        each_covered(size_, a, b, reach, [&](std::size_t x, std::size_t y, double share) {
            blend(pixels_[y * size_.width + x], c, share * opacity);
        });
    }
    void fill(drawing::point top_left, drawing::point bottom_right, colour c, double opacity = 1) noexcept {
        const auto place = [](double v, std::size_t most) {
            return static_cast<std::size_t>(std::clamp(std::round(v), 0.0, static_cast<double>(most)));
        };
        const std::size_t x1 = place(bottom_right.x, size_.width), y1 = place(bottom_right.y, size_.height);
        for (std::size_t y = place(top_left.y, size_.height); y < y1; ++y)
            for (std::size_t x = place(top_left.x, size_.width); x < x1; ++x)
                blend(pixels_[y * size_.width + x], c, opacity);
    }
    void paint(const coverage& where, colour c, double opacity = 1) noexcept {
        for (std::size_t i = 0; i < pixels_.size(); ++i)
            if (const std::uint8_t share = where.shares()[i]; share != 0) blend(pixels_[i], c, share / 255.0 * opacity);
    }
};

} // namespace kf::preview
