// SPDX-License-Identifier: MIT
#include <kf/io/decimal.hpp>
#include <kf/io/near_name.hpp>

#include <boost/test/unit_test.hpp>

#include <limits>
#include <string>
#include <vector>

namespace near_name_test {

BOOST_AUTO_TEST_SUITE(near_name)

BOOST_AUTO_TEST_CASE(the_closest_name_comes_first) {
    const std::vector<std::string> boards{"octopus", "octopus-pro", "ebb36", "pico"};
    const auto near = kf::io::near_names("octpous", boards);
    BOOST_REQUIRE(!near.empty());
    BOOST_TEST(near.front() == "octopus");
    BOOST_TEST(kf::io::near_names("ebb42", boards) == (std::vector<std::string>{}), boost::test_tools::per_element());
    BOOST_TEST(kf::io::near_names("EBB-36", boards).front() == "ebb36");
    BOOST_TEST(kf::io::near_names("oct", boards).size() == 2u); // the beginning of two names
    BOOST_TEST(kf::io::near_names("zzz", boards).empty());
    BOOST_TEST(kf::io::near_names(std::string(100000, 'a'), boards).empty());
}

BOOST_AUTO_TEST_CASE(a_swap_a_gap_and_a_wrong_letter_are_one_edit_each) {
    BOOST_TEST(kf::io::edit_distance("feed", "fede") == 1u);
    BOOST_TEST(kf::io::edit_distance("feed", "fed") == 1u);
    BOOST_TEST(kf::io::edit_distance("feed", "seed") == 1u);
    BOOST_TEST(kf::io::edit_distance("", "abc") == 3u);
    BOOST_TEST(kf::io::edit_distance("Pen", "pEN") == 0u);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(decimal)

BOOST_AUTO_TEST_CASE(numbers_are_printed_in_fixed_notation_without_tails) {
    using kf::io::to_decimal;
    BOOST_TEST(to_decimal(25.0) == "25");
    BOOST_TEST(to_decimal(0.5) == "0.5");
    BOOST_TEST(to_decimal(-0.0) == "0");
    BOOST_TEST(to_decimal(-0.0000001) == "0");
    BOOST_TEST(to_decimal(1e-5) == "0.00001");
    BOOST_TEST(to_decimal(-3.125) == "-3.125");
    BOOST_TEST(to_decimal(123456.789, 2) == "123456.79");
    BOOST_TEST(to_decimal(0.05, 4) == "0.05");
    BOOST_TEST(to_decimal(100) == "100");
    BOOST_TEST(to_decimal(1200, 0) == "1200");
    BOOST_TEST(to_decimal(0.99996, 4) == "1");
    BOOST_TEST(to_decimal(10.0001, 4) == "10.0001");
    BOOST_TEST(to_decimal(std::numeric_limits<double>::quiet_NaN()) == "nan");
}

BOOST_AUTO_TEST_CASE(only_a_whole_finite_number_is_read) {
    using kf::io::parse_decimal;
    BOOST_TEST(parse_decimal("-2.5").value() == -2.5);
    BOOST_TEST(parse_decimal("+7").value() == 7.0);
    BOOST_TEST(parse_decimal("1e3").value() == 1000.0);
    for (const char* bad : {"", " 1", "1 ", "1mm", "nan", "inf", "-inf", "1e999", "++1", "+-", "0x1", "1,5", "."})
        BOOST_TEST(!parse_decimal(bad).has_value(), bad);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace near_name_test
