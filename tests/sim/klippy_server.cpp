// SPDX-License-Identifier: MIT
#include "../simulated_klippy.hpp"

#include <kf/sim/klippy_server.hpp>

#include <boost/test/unit_test.hpp>

namespace {

using namespace kf;
using boost::json::object;
using test::simulated_klippy;

} // namespace

BOOST_AUTO_TEST_SUITE(klippy_server)

BOOST_AUTO_TEST_CASE(answers_a_move_at_once_and_m400_when_the_pen_rests) {
    simulated_klippy k;
    const int c = k.connect();
    BOOST_TEST(k.script(c, "G28\nG90\nG1 X10 Y10 F6000\nM400").first.contains("result"));
    BOOST_TEST(k.script(c, "G1 X60 F3000").second < 0.001);
    // 50 mm at 50 mm/s with 3000 mm/s2 are 1.0167 s; it starts 0.25 s from now, M400 looks each 0.1 s.
    const auto [answer, took] = k.script(c, "M400");
    BOOST_TEST(answer.contains("result"));
    BOOST_TEST(took == 1.3, boost::test_tools::tolerance(0.01));
    BOOST_TEST(k.status(c, "toolhead").at("position").at(0).as_double() == 60.0);
}

BOOST_AUTO_TEST_CASE(answers_block_while_more_than_a_second_is_planned) {
    simulated_klippy k;
    const int c = k.connect();
    (void)k.script(c, "G28\nG90\nG1 X10 Y10 F6000\nM400");
    // The recording of the real one: answers at 0, .27, 1.29, 2.30, 3.32 s, one each 1.017 s.
    const double expected[] = {0.0, 0.267, 1.017, 1.016, 1.017, 1.016};
    for (int i = 0; i < 6; ++i) {
        const auto took = k.script(c, i % 2 == 0 ? "G1 X60 F3000" : "G1 X10 F3000").second;
        BOOST_TEST(std::abs(took - expected[i]) < 0.02, "answer " << i << " took " << took);
    }
}

BOOST_AUTO_TEST_SUITE_END()
