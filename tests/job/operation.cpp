// SPDX-License-Identifier: MIT
#include <kf/job/operation.hpp>

#include <boost/test/unit_test.hpp>

namespace operation_test {

BOOST_AUTO_TEST_SUITE(operation)

BOOST_AUTO_TEST_CASE(each_operation_has_the_name_that_the_file_format_gives_it) {
    using namespace kf::job;
    BOOST_TEST(name(home_xy{}) == "home_xy");
    BOOST_TEST(name(select_tool{"pen"}) == "select_tool");
    BOOST_TEST(name(rapid_xy{}) == "rapid_xy");
    BOOST_TEST(name(linear_move{}) == "linear_move");
    BOOST_TEST(name(draw_polyline{}) == "draw_polyline");
    BOOST_TEST(name(draw_arc{}) == "draw_arc");
    BOOST_TEST(name(tool_up{}) == "tool_up");
    BOOST_TEST(name(tool_down{}) == "tool_down");
    BOOST_TEST(name(set_ink_mix{}) == "set_ink_mix");
    BOOST_TEST(name(spray_on{}) == "spray_on");
    BOOST_TEST(name(spray_off{}) == "spray_off");
    BOOST_TEST(name(purge{}) == "purge");
    BOOST_TEST(name(refill_pump{}) == "refill_pump");
    BOOST_TEST(name(prime_line{}) == "prime_line");
    BOOST_TEST(name(begin_layer{}) == "begin_layer");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace operation_test
