// SPDX-License-Identifier: MIT
#include <kf/job/motion_script.hpp>

#include <boost/test/unit_test.hpp>

namespace motion_script_test {

using namespace kf::job;

BOOST_AUTO_TEST_CASE(places_are_in_mm_and_f_is_in_mm_per_minute) {
    BOOST_TEST(travel_script({25, 321.99996}, 80) == "G90\nG0 X25 Y322 F4800");
    BOOST_TEST(travel_script({-0.00001, 1.00006}, 12.3456789) == "G90\nG0 X0 Y1.0001 F740.741");
    BOOST_TEST(height_script(10.5, 40) == "G90\nG1 Z10.5 F2400");
}

BOOST_AUTO_TEST_CASE(a_height_may_be_the_template_of_a_macro) {
    BOOST_TEST(height_script("{(1 - z)|round(4)}", 0.5) == "G90\nG1 Z{(1 - z)|round(4)} F30");
}

} // namespace motion_script_test
