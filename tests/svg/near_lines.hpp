// SPDX-License-Identifier: MIT
#pragma once
#include <kf/drawing/drawing.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <cstddef>
#include <vector>

namespace kf::test {

/// The same polylines, each point within 1e-9 mm in X and in Y.
inline void check_near(const std::vector<drawing::polyline>& lines, const std::vector<drawing::polyline>& expected) {
    BOOST_REQUIRE_EQUAL(lines.size(), expected.size());
    for (std::size_t i = 0; i < lines.size(); ++i) {
        BOOST_REQUIRE_EQUAL(lines[i].size(), expected[i].size());
        for (std::size_t k = 0; k < lines[i].size(); ++k) {
            BOOST_TEST(std::abs(lines[i][k].x - expected[i][k].x) < 1e-9);
            BOOST_TEST(std::abs(lines[i][k].y - expected[i][k].y) < 1e-9);
        }
    }
}

} // namespace kf::test
