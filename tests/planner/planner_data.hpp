// SPDX-License-Identifier: MIT
#pragma once
#include <boost/test/unit_test.hpp>

#include <fstream>
#include <sstream>
#include <string>

namespace kf::test {

/// The figures of Klipper's own planner.
inline const std::string planner_data = std::string(KF_TESTS_DIR) + "/planner/data/";

/// A file as it is; without it the test ends.
inline std::string text_of(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    BOOST_REQUIRE_MESSAGE(in, path);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

} // namespace kf::test
