// SPDX-License-Identifier: MIT
#pragma once
/// How many standard uncertainties hold 95 in 100, from few readings: Student's t, two-sided. Degrees of freedom that
/// are no whole number count as the whole number below, as the Guide to the Expression of Uncertainty in Measurement
/// (GUM, G.6.4) has it. The distribution is Boost.Math's.

#include <boost/math/distributions/students_t.hpp>
#include <boost/math/policies/policy.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace kf::cal {

inline constexpr double endless_dof = std::numeric_limits<double>::infinity();

/// The factor for `dof` degrees of freedom; fewer than 1 count as 1, endless ones give the normal distribution's 1.96.
[[nodiscard]] inline double t95(double dof) {
    namespace policies = boost::math::policies;
    using no_throw =
        policies::policy<policies::domain_error<policies::errno_on_error>,
                         policies::overflow_error<policies::errno_on_error>,
                         policies::evaluation_error<policies::errno_on_error>, policies::promote_double<false>>;
    // From here on the factor is that of the normal distribution to seven digits; a sum of type B parts has such
    // numbers.
    constexpr double many = 1e8;
    const double whole = dof >= 1 ? std::floor(std::min(dof, many) * (1 + 1e-12)) : 1;
    return boost::math::quantile(
        boost::math::complement(boost::math::students_t_distribution<double, no_throw>(whole), 0.025));
}

} // namespace kf::cal
