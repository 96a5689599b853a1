// SPDX-License-Identifier: MIT
#pragma once
/// A straight line through marks, y = intercept + slope x, by least squares over all of them. The intercept takes up
/// what is the same for all, as where the zero of a ruler was laid.

#include <kf/error.hpp>
#include <kf/units.hpp>

#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

namespace kf::cal {

/// Where a mark was to be, and where it is.
struct mark {
    mm wanted = 0;
    mm found = 0;
};

struct line_fit {
    mm intercept = 0;
    double slope = 1;
    double sxx = 0;              ///< mm^2: how far apart the marks are
    std::vector<mm> residuals{}; ///< what is left of each mark

    [[nodiscard]] double dof() const noexcept { return static_cast<double>(residuals.size()) - 2; }
    /// Of one mark, mm. 0 with two marks: they lie on every line.
    [[nodiscard]] mm scatter() const noexcept {
        double squares = 0;
        for (const mm r : residuals) squares += r * r;
        return dof() > 0 ? std::sqrt(squares / dof()) : 0;
    }
    /// Standard uncertainty of the slope when one mark has `of_mark`.
    [[nodiscard]] double slope_u(mm of_mark) const noexcept { return of_mark / std::sqrt(sxx); }
};

/// At least two marks at different places, otherwise errc::usage.
[[nodiscard]] inline result<line_fit> fit_line(std::span<const mark> marks) {
    double x = 0;
    double y = 0;
    for (const mark& m : marks) x += m.wanted, y += m.found;
    const double n = static_cast<double>(marks.size());
    line_fit fit;
    double sxy = 0;
    for (const mark& m : marks) {
        fit.sxx += (m.wanted - x / n) * (m.wanted - x / n);
        sxy += (m.wanted - x / n) * (m.found - y / n);
    }
    if (marks.size() < 2 || !(fit.sxx > 0))
        return kf::fail(errc::usage, "a scale needs at least two marks at different places");
    fit.slope = sxy / fit.sxx;
    fit.intercept = y / n - fit.slope * (x / n);
    for (const mark& m : marks) fit.residuals.push_back(m.found - fit.intercept - fit.slope * m.wanted);
    return fit;
}

} // namespace kf::cal
