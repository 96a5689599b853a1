// SPDX-License-Identifier: MIT
#pragma once
/// The scale of an axis from marks that it drew: how much longer they are than they were to be, and the
/// rotation_distance that follows. The default is belt pitch times pulley teeth; a measured one only when it is proven
/// to differ (Klipper's Rotation_Distance.md advises against measuring X and Y at all).

#include <kf/cal/decision.hpp>
#include <kf/cal/instrument.hpp>
#include <kf/cal/least_squares.hpp>
#include <kf/cal/uncertainty.hpp>

#include <algorithm>
#include <span>

namespace kf::cal {

struct axis_scale {
    line_fit fit;
    measurement factor;  ///< found / wanted; 1: as it should be
    doubt of_instrument; ///< relative; more marks do not help against it
};

/// Marks read with `with`. Two marks show no scatter, so their doubt is the instrument's alone. Rounding shows in the
/// scatter; when all marks are rounded alike it is counted nevertheless.
[[nodiscard]] inline result<axis_scale> scale_of(std::span<const mark> marks, const instrument& with) {
    KF_TRY(const line_fit fit, fit_line(marks));
    const doubt rounding = read_to(with.resolution);
    doubt of_mark = fit.dof() > 0 ? doubt{fit.scatter(), fit.dof()} : with.of_reading();
    if (of_mark.u < rounding.u) of_mark = rounding;
    const doubt all = together({fit.slope_u(of_mark.u), of_mark.dof}, with.of_scale());
    return axis_scale{fit, {fit.slope, all.u, all.dof}, with.of_scale()};
}

/// To how much one mark must be known, as a standard uncertainty, so that these marks prove the deviation that they
/// show. 0: no reading of marks does, the instrument itself is too coarse.
[[nodiscard]] inline mm deciding_reading(const axis_scale& s) {
    const double needed = decide(s.factor, 1).deciding_u;
    const double left = needed * needed - s.of_instrument.u * s.of_instrument.u;
    return left > 0 ? std::sqrt(left * s.fit.sxx) : 0;
}

[[nodiscard]] constexpr mm default_rotation_distance(mm belt_pitch, int pulley_teeth) noexcept {
    return belt_pitch * pulley_teeth;
}

/// A turn moves the axis farther than was believed when what it drew is longer: old times measured / commanded.
[[nodiscard]] inline measurement new_rotation_distance(mm old, const measurement& factor) noexcept {
    return {old * factor.value, old * factor.u, factor.dof};
}

} // namespace kf::cal
