// SPDX-License-Identifier: MIT
#pragma once
/// From the units of an HP-GL plot to millimetres: P1 and P2, what SC makes of them, and RO. Y grows upwards.

#include <kf/drawing/affine.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace kf::hpgl {

using drawing::affine;
using drawing::point;

inline constexpr double units_per_mm = 40;

class hpgl_scale {
  public:
    void reset() { *this = {}; }
    /// IP; absent numbers are the plotter's own corners, those of an A4 page here. False for corners that enclose
    /// nothing, which leaves those that were.
    bool set_corners(const std::vector<double>& n) {
        const point size{p2_.x - p1_.x, p2_.y - p1_.y};
        if (n.size() >= 4 && (n[0] == n[2] || n[1] == n[3])) return false;
        if (n.size() >= 2) {
            p1_ = {n[0], n[1]};
            p2_ = n.size() >= 4 ? point{n[2], n[3]} : point{n[0] + size.x, n[1] + size.y};
        } else {
            p1_ = default_p1;
            p2_ = default_p2;
        }
        update();
        return true;
    }
    /// SC; false for a range of nothing, which leaves the plotter's units.
    bool set_scale(const std::vector<double>& n) {
        scale_.clear();
        kind_ = n.size() > 4 ? n[4] : 0;
        const bool good = n.size() >= 4 && (kind_ == 2 ? n[1] != 0 && n[3] != 0 : n[0] != n[1] && n[2] != n[3]);
        if (good) scale_ = n;
        update();
        return good || n.empty();
    }
    void rotate(double degrees) {
        turn_ = drawing::rotation(90 * std::round(degrees / 90));
        update();
    }
    [[nodiscard]] const affine& to_mm() const noexcept { return to_mm_; }
    [[nodiscard]] double diagonal_mm() const noexcept {
        return std::hypot(p2_.x - p1_.x, p2_.y - p1_.y) / units_per_mm;
    }

  private:
    static constexpr point default_p1{250, 596}, default_p2{10250, 7796};

    /// Of plotter units, whatever SC says.
    [[nodiscard]] affine units_to_mm() const noexcept {
        return drawing::scaling(1 / units_per_mm, 1 / units_per_mm) * turn_;
    }
    void update() {
        affine user;
        if (kind_ == 2 && !scale_.empty()) {
            user = {scale_[1], 0, 0, scale_[3], p1_.x - scale_[0] * scale_[1], p1_.y - scale_[2] * scale_[3]};
        } else if (!scale_.empty()) {
            double x = (p2_.x - p1_.x) / (scale_[1] - scale_[0]), y = (p2_.y - p1_.y) / (scale_[3] - scale_[2]);
            point at = p1_;
            if (kind_ == 1) { // the same both ways, in the middle
                const double least = std::min(std::abs(x), std::abs(y));
                x = std::copysign(least, x);
                y = std::copysign(least, y);
                at.x += (p2_.x - p1_.x - x * (scale_[1] - scale_[0])) * (scale_.size() > 5 ? scale_[5] / 100 : 0.5);
                at.y += (p2_.y - p1_.y - y * (scale_[3] - scale_[2])) * (scale_.size() > 6 ? scale_[6] / 100 : 0.5);
            }
            user = {x, 0, 0, y, at.x - x * scale_[0], at.y - y * scale_[2]};
        }
        to_mm_ = units_to_mm() * user;
    }
    point p1_ = default_p1, p2_ = default_p2;
    std::vector<double> scale_ = {};
    double kind_ = 0;
    affine turn_ = {};
    affine to_mm_ = drawing::scaling(1 / units_per_mm, 1 / units_per_mm);
};

} // namespace kf::hpgl
