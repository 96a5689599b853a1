// SPDX-License-Identifier: MIT
#pragma once
/// Outlines (lines, Béziers, elliptical arcs in user units) become polylines in canvas millimetres. Curves are mapped
/// first and flattened then, so that the tolerance holds on paper whatever the transforms are. Between svg/svg_path,
/// svg/svg_shape and the drawing. Arcs: SVG 1.1 appendix F.6.

#include <kf/drawing/affine.hpp>
#include <kf/drawing/drawing.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <vector>

namespace kf::drawing {

/// An arc as path data gives it; the radii are in user units and grow when the end cannot be reached with them.
struct elliptical_arc {
    double rx = 0, ry = 0, rotation_deg = 0;
    bool large = false;     ///< the way around that is longer than half
    bool clockwise = false; ///< SVG's sweep flag, as seen on a canvas with +Y down
};

struct outline_limits {
    mm tolerance = 0.01;         ///< the farthest that ink may be from the curve
    mm max_coordinate = 100'000; ///< beyond it the outline is refused
    std::size_t max_points = 50'000'000;
};

enum class outline_fault { none, out_of_range, too_many_points };

/// Appends to `lines`. After a fault nothing more is added; the caller asks once, at the end of a shape.
class outline {
  public:
    outline(std::vector<polyline>& lines, const affine& to_mm, const outline_limits& limits)
      : lines_(lines)
      , to_mm_(to_mm)
      , limits_(limits) {}

    void move_to(double x, double y) {
        finish();
        start_ = at_ = {x, y};
    }
    void line_to(double x, double y) {
        begin();
        at_ = {x, y};
        add(apply(to_mm_, at_));
    }
    void quad_to(double x1, double y1, double x, double y) {
        const auto towards = [](double from, double to) { return from + (to - from) * (2.0 / 3.0); };
        cubic_to(towards(at_.x, x1), towards(at_.y, y1), towards(x, x1), towards(y, y1), x, y);
    }
    void cubic_to(double x1, double y1, double x2, double y2, double x, double y) {
        begin();
        const point p0 = apply(to_mm_, at_), p1 = apply(to_mm_, {x1, y1}), p2 = apply(to_mm_, {x2, y2});
        at_ = {x, y};
        const point p3 = apply(to_mm_, at_);
        if (in_range(p1) && in_range(p2) && in_range(p3)) flatten(p0, p1, p2, p3, max_halvings);
    }
    void arc_to(const elliptical_arc& arc, double x, double y);

    /// A whole ellipse, from its rightmost point clockwise, as SVG draws it.
    void ellipse(double cx, double cy, double rx, double ry) {
        move_to(cx + rx, cy);
        begin();
        sweep({cx, cy}, {rx, 0}, {0, ry}, 0, 2 * std::numbers::pi, apply(to_mm_, start_));
        close();
    }

    /// Back to the start, exactly; what follows without a move starts there.
    void close() {
        begin();
        add(current_.front());
        at_ = start_;
        finish();
    }

    /// Ends the polyline; a move does so too. Zero length is a dot where the pen has a round or square tip (SVG 11.4).
    void finish() {
        if (closes_open && current_.size() > 2 && fault_ == outline_fault::none) add(current_.front());
        if (current_.size() > 1 || (current_.size() == 1 && dots_drawn))
            lines_.emplace_back(current_.begin(), current_.end());
        else if (current_.size() == 1)
            ++dots_left_out;
        current_.clear();
    }

    [[nodiscard]] point at() const noexcept { return at_; }
    [[nodiscard]] outline_fault fault() const noexcept { return fault_; }
    [[nodiscard]] std::size_t points() const noexcept { return points_; }

    bool dots_drawn = true;
    bool closes_open = false; ///< a fill ends where it began, whether its path says so or not
    std::size_t dots_left_out = 0;

  private:
    /// Each halving divides the error by four: 32 reach any tolerance within the range of coordinates.
    static constexpr int max_halvings = 32;

    void begin() {
        if (current_.empty()) add(apply(to_mm_, at_));
    }
    bool in_range(point p) noexcept {
        if (std::abs(p.x) <= limits_.max_coordinate && std::abs(p.y) <= limits_.max_coordinate) return true;
        if (fault_ == outline_fault::none) fault_ = outline_fault::out_of_range;
        return false;
    }
    void add(point p) {
        if (!current_.empty() && current_.back() == p) return;
        // After a fault one point is still kept, so that front() is always there.
        if (!current_.empty() && fault_ != outline_fault::none) return;
        in_range(p);
        if (++points_ > limits_.max_points) fault_ = outline_fault::too_many_points;
        current_.push_back(p);
    }
    void flatten(point p0, point p1, point p2, point p3, int halvings);
    void sweep(point centre, point u, point v, double from, double angle, point end);

    std::vector<polyline>& lines_;
    affine to_mm_;
    outline_limits limits_;
    polyline current_ = {};
    point start_ = {}, at_ = {}; ///< in user units
    std::size_t points_ = 0;
    outline_fault fault_ = outline_fault::none;
};

/// |curve(t) - chord(t)| = t(1-t) |(1-t)u + t v| <= max(|u|,|v|)/4 with u, v as below, so the tolerance is a proven
/// bound.
inline void outline::flatten(point p0, point p1, point p2, point p3, int halvings) {
    const double ux = 3 * p1.x - 2 * p0.x - p3.x, uy = 3 * p1.y - 2 * p0.y - p3.y;
    const double vx = 3 * p2.x - 2 * p3.x - p0.x, vy = 3 * p2.y - 2 * p3.y - p0.y;
    const double bound = std::max(ux * ux, vx * vx) + std::max(uy * uy, vy * vy);
    if (bound <= 16 * limits_.tolerance * limits_.tolerance || halvings == 0 || fault_ != outline_fault::none) {
        add(p3);
        return;
    }
    const auto middle = [](point a, point b) { return point{(a.x + b.x) / 2, (a.y + b.y) / 2}; };
    const point a = middle(p0, p1), b = middle(p1, p2), c = middle(p2, p3);
    const point d = middle(a, b), e = middle(b, c), half = middle(d, e);
    flatten(p0, a, d, half, halvings - 1);
    flatten(half, e, c, p3, halvings - 1);
}

/// centre + u cos t + v sin t in user units. The ellipse is the unit circle under a linear map, whose largest stretch r
/// bounds the sagitta of a step by r step²/8. `end` is in mm, so that the last point is the one that was asked for.
inline void outline::sweep(point centre, point u, point v, double from, double angle, point end) {
    const affine linear{to_mm_.a, to_mm_.b, to_mm_.c, to_mm_.d, 0, 0};
    const point c = apply(to_mm_, centre), um = apply(linear, u), vm = apply(linear, v);
    const double sum = um.x * um.x + um.y * um.y + vm.x * vm.x + vm.y * vm.y;
    const double det = um.x * vm.y - um.y * vm.x;
    const double r = std::sqrt((sum + std::sqrt(std::max(0.0, sum * sum - 4 * det * det))) / 2);
    const double quarters = std::abs(angle) / (std::numbers::pi / 2);
    const double steps = std::ceil(std::max(quarters - 1e-9, std::abs(angle) / std::sqrt(8 * limits_.tolerance / r)));
    if (!std::isfinite(c.x + c.y + r + angle)) {
        if (fault_ == outline_fault::none) fault_ = outline_fault::out_of_range;
        return;
    }
    if (!(steps <= static_cast<double>(limits_.max_points))) {
        if (fault_ == outline_fault::none) fault_ = outline_fault::too_many_points;
        return;
    }
    for (double i = 1; i < steps && fault_ == outline_fault::none; ++i) {
        const double t = from + angle * i / steps, cosine = std::cos(t), sine = std::sin(t);
        add({c.x + um.x * cosine + vm.x * sine, c.y + um.y * cosine + vm.y * sine});
    }
    add(end);
}

inline void outline::arc_to(const elliptical_arc& arc, double x, double y) {
    if (x == at_.x && y == at_.y) return begin();
    double rx = std::abs(arc.rx), ry = std::abs(arc.ry);
    if (rx == 0 || ry == 0) return line_to(x, y);
    begin();
    const affine turn = rotation(arc.rotation_deg);
    const affine back{turn.a, turn.c, turn.b, turn.d, 0, 0};
    // Scaled to the unit circle (F.6.5): p is half the chord, seen from its middle.
    const point half = apply(back, {(at_.x - x) / 2, (at_.y - y) / 2});
    double px = half.x / rx, py = half.y / ry;
    if (const double grow = std::hypot(px, py); grow > 1) {
        rx *= grow;
        ry *= grow;
        px /= grow;
        py /= grow;
    }
    const double chord2 = px * px + py * py;
    const double k = (arc.large == arc.clockwise ? -1 : 1) * std::sqrt(std::max(0.0, 1 / chord2 - 1));
    const point unit_centre{k * py, -k * px};
    const point offset = apply(turn, {rx * unit_centre.x, ry * unit_centre.y});
    const point centre{offset.x + (at_.x + x) / 2, offset.y + (at_.y + y) / 2};
    const double from = std::atan2(py - unit_centre.y, px - unit_centre.x);
    double angle = std::atan2(-py - unit_centre.y, -px - unit_centre.x) - from;
    if (arc.clockwise && angle < 0) angle += 2 * std::numbers::pi;
    if (!arc.clockwise && angle > 0) angle -= 2 * std::numbers::pi;
    at_ = {x, y};
    sweep(centre, apply(turn, {rx, 0}), apply(turn, {0, ry}), from, angle, apply(to_mm_, at_));
}

} // namespace kf::drawing
