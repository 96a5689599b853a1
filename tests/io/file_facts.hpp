// SPDX-License-Identifier: MIT
#pragma once
/// What is on disk, for tests of how files are written.

#include <boost/test/unit_test.hpp>

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace kf::test {

inline std::string slurp(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// Of the name itself: a link is a link.
inline struct stat of(const std::filesystem::path& file) {
    struct stat st{};
    BOOST_REQUIRE_EQUAL(::lstat(file.c_str(), &st), 0);
    return st;
}

} // namespace kf::test
