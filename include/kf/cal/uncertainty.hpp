// SPDX-License-Identifier: MIT
#pragma once
/// A number that was measured, and how sure it is: the standard uncertainty u (one standard deviation), type A from the
/// scatter of readings and type B from what is known of the instrument, put together after Welch and Satterthwaite;
/// U95 is u times Student's t. Spec: the GUM.

#include <kf/cal/student_t.hpp>
#include <kf/error.hpp>

#include <array>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <span>
#include <vector>

namespace kf::cal {

/// One source of doubt: its standard uncertainty and its degrees of freedom.
struct doubt {
    double u = 0;
    double dof = endless_dof;
};

/// A value with its doubt, in the unit that its user says.
struct measurement {
    double value = 0;
    double u = 0; ///< standard uncertainty, in the unit of `value`
    double dof = endless_dof;

    /// U95: in 95 of 100 cases the truth lies no farther from the value.
    [[nodiscard]] double expanded() const { return u == 0 ? 0 : t95(dof) * u; }
    [[nodiscard]] doubt of() const noexcept { return {u, dof}; }
};

/// Type B: anything within `half_width` on either side is as likely.
[[nodiscard]] inline doubt within(double half_width) noexcept { return {half_width / std::sqrt(3.0)}; }
/// Type B: read to the nearest `step`.
[[nodiscard]] inline doubt read_to(double step) noexcept { return {step / std::sqrt(12.0)}; }

/// Independent doubts together: u by the root of the sum of squares, degrees of freedom by Welch and Satterthwaite.
[[nodiscard]] inline doubt together(std::span<const doubt> parts) noexcept {
    double variance = 0;
    double shares = 0; // u^4 / dof
    for (const doubt& p : parts) {
        variance += p.u * p.u;
        shares += p.u * p.u * p.u * p.u / p.dof;
    }
    return {std::sqrt(variance), shares > 0 ? variance * variance / shares : endless_dof};
}
[[nodiscard]] inline doubt together(const doubt& a, const doubt& b) noexcept {
    return together(std::array<doubt, 2>{a, b});
}

/// Type A: the mean of independent readings, its u from their scatter. At least two; fewer are errc::usage.
[[nodiscard]] inline result<measurement> mean_of(std::span<const double> readings) {
    if (readings.size() < 2)
        return kf::fail({.code = errc::usage,
                         .what = "at least two readings are needed",
                         .cause = "one alone does not show how much readings scatter"});
    const double n = static_cast<double>(readings.size());
    const double mean = std::accumulate(readings.begin(), readings.end(), 0.0) / n;
    double squares = 0;
    for (const double r : readings) squares += (r - mean) * (r - mean);
    return measurement{mean, std::sqrt(squares / (n - 1) / n), n - 1};
}

/// The mean of readings on a scale that shows steps of `resolution`: backlash and tool offset by a vernier. The step
/// counts besides the scatter: an eye that takes the next line for the right one does so each time.
[[nodiscard]] inline result<measurement> mean_of(std::span<const double> readings, double resolution) {
    KF_TRY(const measurement scatter, mean_of(readings));
    const doubt both = together(scatter.of(), read_to(resolution));
    return measurement{scatter.value, both.u, both.dof};
}

/// The mean of readings that are only compared with others of the same eye and instrument: what both do alike each time
/// cancels. Rounding shows in the scatter; where all were rounded alike it counts nevertheless.
[[nodiscard]] inline result<measurement> compared_mean_of(std::span<const double> readings, double resolution) {
    KF_TRY(const measurement scatter, mean_of(readings));
    const double deviation = scatter.u * std::sqrt(static_cast<double>(readings.size()));
    const doubt rounding = read_to(resolution);
    return deviation < rounding.u ? measurement{scatter.value, rounding.u, rounding.dof} : scatter;
}

/// y = f(x) for independent x with their doubts: each one's share by the slope there, taken from both sides.
/// `f` takes a span of as many doubles as `at` has.
template<class F>
[[nodiscard]] measurement propagated(F&& f, std::span<const measurement> at) {
    std::vector<double> x;
    for (const measurement& m : at) x.push_back(m.value);
    measurement out{f(std::span<const double>(x))};
    std::vector<doubt> shares;
    for (std::size_t i = 0; i < at.size(); ++i) {
        if (at[i].u == 0) continue;
        const double aside = at[i].u / 16; // small beside what is known, large beside rounding
        x[i] = at[i].value + aside;
        const double above = f(std::span<const double>(x));
        x[i] = at[i].value - aside;
        const double below = f(std::span<const double>(x));
        x[i] = at[i].value;
        shares.push_back({(above - below) / (2 * aside) * at[i].u, at[i].dof});
    }
    const doubt all = together(shares);
    out.u = all.u;
    out.dof = all.dof;
    return out;
}

} // namespace kf::cal
