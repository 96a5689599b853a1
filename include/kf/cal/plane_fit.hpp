// SPDX-License-Identifier: MIT
#pragma once
/// A plane through the heights at which the pen touched at several places, and what is left beside it: the plane can be
/// shimmed away, the residuals are the waviness of the bed.

#include <kf/cal/uncertainty.hpp>
#include <kf/error.hpp>
#include <kf/units.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

namespace kf::cal {

struct bed_point {
    mm x = 0, y = 0;
    mm z = 0; ///< where the pen touches
};

struct plane_fit {
    mm x = 0, y = 0;              ///< the middle of the points
    measurement z;                ///< height there
    measurement along_x, along_y; ///< slopes, mm per mm
    std::vector<mm> residuals{};  ///< point by point, in their order

    [[nodiscard]] mm at(mm px, mm py) const noexcept {
        return z.value + along_x.value * (px - x) + along_y.value * (py - y);
    }
    [[nodiscard]] mm greatest_residual() const noexcept {
        mm most = 0;
        for (const mm r : residuals) most = std::max(most, std::fabs(r));
        return most;
    }
};

/// Least squares over at least four points that are no line, otherwise errc::usage. `of_height`: type B of one height,
/// counted where the scatter shows less.
[[nodiscard]] inline result<plane_fit> fit_plane(std::span<const bed_point> points, doubt of_height = {}) {
    const double n = static_cast<double>(points.size());
    plane_fit fit;
    for (const bed_point& p : points) fit.x += p.x / n, fit.y += p.y / n, fit.z.value += p.z / n;
    double xx = 0, yy = 0, xy = 0, xz = 0, yz = 0;
    for (const bed_point& p : points) {
        const mm x = p.x - fit.x, y = p.y - fit.y, z = p.z - fit.z.value;
        xx += x * x, yy += y * y, xy += x * y, xz += x * z, yz += y * z;
    }
    const double det = xx * yy - xy * xy;
    if (points.size() < 4 || !(det > 1e-9 * xx * yy))
        return kf::fail(errc::usage, "a plane needs at least four points that do not lie on one line");
    fit.along_x.value = (xz * yy - yz * xy) / det;
    fit.along_y.value = (yz * xx - xz * xy) / det;
    double squares = 0;
    for (const bed_point& p : points) {
        fit.residuals.push_back(p.z - fit.at(p.x, p.y));
        squares += fit.residuals.back() * fit.residuals.back();
    }
    doubt of_one{std::sqrt(squares / (n - 3)), n - 3};
    if (of_one.u < of_height.u) of_one = of_height;
    fit.z.u = of_one.u / std::sqrt(n);
    fit.along_x.u = of_one.u * std::sqrt(yy / det);
    fit.along_y.u = of_one.u * std::sqrt(xx / det);
    fit.z.dof = fit.along_x.dof = fit.along_y.dof = of_one.dof;
    return fit;
}

} // namespace kf::cal
