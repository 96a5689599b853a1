// SPDX-License-Identifier: MIT
#include "../temporary_folder.hpp"

#include <kf/io/run_log.hpp>

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <iterator>

namespace run_log_test {

namespace fs = std::filesystem;
using kf::test::temporary_folder;

std::string text_of(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

BOOST_AUTO_TEST_CASE(a_log_that_grew_too_large_is_put_aside_and_four_are_kept) {
    const temporary_folder folder;
    const auto log = folder / "x.log";
    for (int n = 1; n <= 6; ++n) {
        std::ofstream(log) << std::string(11, static_cast<char>('0' + n));
        kf::io::rotate(log, 10);
        BOOST_TEST(!fs::exists(log));
    }
    for (int n = 1; n <= 4; ++n)
        BOOST_TEST(text_of(folder / ("x.log." + std::to_string(n))) == std::string(11, static_cast<char>('7' - n)));
    BOOST_TEST(!fs::exists(folder / "x.log.5"));
}

BOOST_AUTO_TEST_CASE(a_small_or_missing_log_is_left_where_it_is) {
    const temporary_folder folder;
    const auto log = folder / "x.log";
    kf::io::rotate(log, 10);
    std::ofstream(log) << "0123456789";
    kf::io::rotate(log, 10);
    BOOST_TEST(text_of(log) == "0123456789");
    BOOST_TEST(!fs::exists(folder / "x.log.1"));
}

} // namespace run_log_test
