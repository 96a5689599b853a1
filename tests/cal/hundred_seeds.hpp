// SPDX-License-Identifier: MIT
#pragma once
/// A calibration done a hundred times with other noise: the truth must lie within U95 about 95 times, neither always
/// nor rarely, and within a third of it as often as that share has it.

#include <kf/cal/uncertainty.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <cstdint>
#include <string_view>

namespace kf::test {

/// What one of them found, and what is.
struct found {
    double value = 0;
    double u95 = 0;
    double truth = 0;
};
[[nodiscard]] inline found of(const cal::measurement& m, double truth) { return {m.value, m.expanded(), truth}; }

/// `once(seed)` gives what that one found.
template<class Once>
void covers(std::string_view what, Once&& once) {
    int within = 0;
    int within_third = 0;
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        const found f = once(seed);
        const double off = std::fabs(f.value - f.truth);
        within += off <= f.u95;
        within_third += off <= f.u95 / 3;
    }
    BOOST_TEST_MESSAGE(what << ": " << within << " within U95, " << within_third << " within a third of it");
    BOOST_TEST(within >= 90, what << ": the truth is within U95 in " << within << " of 100");
    BOOST_TEST(within <= 99, what << ": the truth is within U95 in " << within << " of 100");
    BOOST_TEST(within_third >= 30, what << ": within U95 / 3 in " << within_third << " of 100");
    BOOST_TEST(within_third <= 70, what << ": within U95 / 3 in " << within_third << " of 100");
}

} // namespace kf::test
