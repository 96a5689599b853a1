// SPDX-License-Identifier: MIT
#pragma once
/// Finds the arcs in a line: runs of points that lie on a circle, as flattened circles, rounded corners and text have
/// them. An arc is nowhere farther from the line than the tolerance, and it begins and ends on points of the line.

#include <kf/drawing/drawing.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <optional>
#include <vector>

namespace kf::drawing {

struct arc_fit_options {
    mm tolerance = 0.01;
    mm least_radius = 0.05, most_radius = 10'000;
    mm piece = 0; ///< of the chords that a machine makes of an arc: one that they would leave farther stays a line
};

/// How far inside of an arc the chords are that Klipper makes of it: pieces of equal length, none shorter than `piece`.
[[nodiscard]] inline mm chord_error(mm radius, double sweep, mm piece) noexcept {
    const double pieces = std::max(1.0, std::floor(radius * std::abs(sweep) / piece));
    return radius * (1 - std::cos(std::min(std::abs(sweep) / pieces, std::numbers::pi) / 2));
}

/// A part of a line, from one of its points to a later one: straight pieces, or an arc of about half a turn at most.
struct line_part {
    std::size_t first = 0, last = 0;
    bool arc = false;
    point center = {};
    bool clockwise = false; ///< as seen on a canvas with +Y down
};

/// The parts of a line, each beginning where the one before ends.
[[nodiscard]] std::vector<line_part> fit_arcs(const polyline& line, const arc_fit_options& options);

namespace detail {

struct fitted_circle {
    point center;
    double radius, sweep; ///< sweep: radians, positive is clockwise as seen on the canvas
};

[[nodiscard]] inline std::optional<point> center_of(point a, point b, point c) noexcept {
    const double bx = b.x - a.x, by = b.y - a.y, cx = c.x - a.x, cy = c.y - a.y, d = 2 * (bx * cy - by * cx);
    const double b2 = bx * bx + by * by, c2 = cx * cx + cy * cy;
    if (!(std::abs(d) > 1e-12 * (b2 + c2))) return std::nullopt;
    return point{a.x + (cy * b2 - by * c2) / d, a.y + (bx * c2 - cx * b2) / d};
}

class arc_finder {
  public:
    arc_finder(const polyline& line, const arc_fit_options& options)
      : line_(line)
      , options_(options) {}

    std::vector<line_part> find() {
        for (std::size_t from = 0; from + 1 < line_.size();) {
            std::size_t to = from + least;
            if (to >= line_.size() || !circle(from, to)) {
                straight(from, from + 1);
                ++from;
                continue;
            }
            // Farther and farther, then back to the last that fits.
            std::size_t step = least;
            while (to + 1 < line_.size()) {
                const std::size_t next = std::min(to + step, line_.size() - 1);
                if (!circle(from, next)) break;
                to = next;
                step *= 2;
            }
            for (; step > 0; step /= 2)
                if (to + step < line_.size() && circle(from, to + step)) to += step;
            add(from, to);
            from = to;
        }
        return std::move(parts_);
    }

  private:
    /// Fewer pieces than this are no arc.
    static constexpr std::size_t least = 3;
    static constexpr double longest_arc =
        1.25 * std::numbers::pi; ///< half of an odd number of pieces is more than half

    void straight(std::size_t from, std::size_t to) {
        if (!parts_.empty() && !parts_.back().arc)
            parts_.back().last = to;
        else
            parts_.push_back({.first = from, .last = to});
    }
    /// More than half a turn is two arcs: their ends are where rounding moves the center least.
    void add(std::size_t from, std::size_t to) {
        const auto whole = circle(from, to);
        const std::size_t half = from + (to - from) / 2;
        if (whole && std::abs(whole->sweep) <= longest_arc && is_curved(*whole))
            parts_.push_back({from, to, true, whole->center, whole->sweep > 0});
        else if (whole && is_curved(*whole) && circle(from, half) && circle(half, to)) {
            add(from, half);
            add(half, to);
        } else
            straight(from, to);
    }
    [[nodiscard]] bool is_curved(const fitted_circle& c) const {
        if (c.radius * (1 - std::cos(std::min(std::abs(c.sweep), std::numbers::pi) / 2)) <= options_.tolerance)
            return false;
        return options_.piece <= 0 || chord_error(c.radius, c.sweep, options_.piece) <= options_.tolerance;
    }
    /// Through both ends and the middle; nothing when a point or the middle of a piece is too far from it.
    [[nodiscard]] std::optional<fitted_circle> circle(std::size_t from, std::size_t to) const {
        const std::size_t n = to - from;
        const bool whole = line_[from] == line_[to];
        const auto c = whole ? center_of(line_[from], line_[from + n / 3], line_[from + 2 * n / 3])
                             : center_of(line_[from], line_[from + n / 2], line_[to]);
        if (n < least || !c) return std::nullopt;
        fitted_circle out{*c, std::hypot(line_[from].x - c->x, line_[from].y - c->y), 0};
        if (!(out.radius >= options_.least_radius && out.radius <= options_.most_radius)) return std::nullopt;
        const auto off = [&](double x, double y) {
            return !(std::abs(std::hypot(x - c->x, y - c->y) - out.radius) <= options_.tolerance);
        };
        for (std::size_t k = from; k < to; ++k) {
            const point a = line_[k], b = line_[k + 1];
            if (off(b.x, b.y) || off((a.x + b.x) / 2, (a.y + b.y) / 2)) return std::nullopt;
            const double ax = a.x - c->x, ay = a.y - c->y, bx = b.x - c->x, by = b.y - c->y;
            const double turned = std::atan2(ax * by - ay * bx, ax * bx + ay * by);
            if (k > from && (turned > 0) != (out.sweep > 0)) return std::nullopt;
            out.sweep += turned;
        }
        if (std::abs(out.sweep) > 2 * std::numbers::pi + 1e-6) return std::nullopt;
        return out;
    }

    const polyline& line_;
    const arc_fit_options& options_;
    std::vector<line_part> parts_ = {};
};

} // namespace detail

inline std::vector<line_part> fit_arcs(const polyline& line, const arc_fit_options& options) {
    return detail::arc_finder(line, options).find();
}

} // namespace kf::drawing
