// SPDX-License-Identifier: MIT
// The numbers of a worked example each, to the digits that they were published with: computed apart from this code.
#include <kf/cal/decision.hpp>
#include <kf/cal/scale.hpp>
#include <kf/cal/squareness.hpp>
#include <kf/cal/uncertainty.hpp>
#include <kf/cal/vernier.hpp>
#include <kf/machine/skew_limits.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <initializer_list>
#include <vector>

namespace calibration_facts_test {

using namespace kf;

/// Equal to `digits` places behind the point.
boost::test_tools::predicate_result rounds_to(double value, double expected, int digits) {
    boost::test_tools::predicate_result same(std::fabs(value - expected) <= 0.5000001 * std::pow(10, -digits));
    if (!same) same.message() << value << " is not " << expected << " to " << digits << " places";
    return same;
}
std::vector<cal::mark> seven_marks() {
    return {{0, 0.02}, {50, 50.24}, {100, 100.55}, {150, 150.73}, {200, 201.05}, {250, 251.22}, {300, 301.53}};
}
/// An instrument of which nothing is known but what the readings show.
constexpr cal::instrument unknown{"unknown", ""};

BOOST_AUTO_TEST_SUITE(calibration_facts)

BOOST_AUTO_TEST_CASE(students_t_is_that_of_the_tables) {
    BOOST_TEST(rounds_to(cal::t95(1), 12.706, 3));
    BOOST_TEST(rounds_to(cal::t95(5), 2.571, 3));
    BOOST_TEST(rounds_to(cal::t95(6.75), 2.447, 3)); // as 6
    BOOST_TEST(rounds_to(cal::t95(13.4), 2.160, 3)); // as 13
    BOOST_TEST(rounds_to(cal::t95(cal::endless_dof), 1.960, 3));
    BOOST_TEST(rounds_to(cal::t95(1e12), 1.960, 3));
    BOOST_TEST(rounds_to(cal::t95(0.3), 12.706, 3));
    BOOST_TEST(rounds_to(cal::t95(std::nan("")), 12.706, 3)); // what is not known is not sure
}

BOOST_AUTO_TEST_CASE(a_scale_by_seven_marks) {
    const auto s = cal::scale_of(seven_marks(), unknown);
    BOOST_REQUIRE(s.has_value());
    BOOST_TEST(rounds_to(s->fit.intercept, 0.0139, 4));
    BOOST_TEST(rounds_to(s->factor.value, 1.004993, 6));
    BOOST_TEST(rounds_to(s->fit.scatter(), 0.0362, 4));
    BOOST_TEST(s->fit.sxx == 70000.0);
    BOOST_TEST(rounds_to(s->factor.u, 0.000137, 6));
    BOOST_TEST(rounds_to(s->factor.dof, 5, 9));
    BOOST_TEST(rounds_to(s->factor.expanded(), 0.00035, 5));
    const cal::measurement distance = cal::new_rotation_distance(40, s->factor);
    BOOST_TEST(rounds_to(distance.value, 40.1997, 4));
    BOOST_TEST(rounds_to(distance.expanded(), 0.014, 3));
    BOOST_TEST(cal::decide(s->factor, 1).applies());
}

BOOST_AUTO_TEST_CASE(the_uncertainty_of_two_readings_is_that_of_reading) {
    const auto two = cal::fit_line(std::vector<cal::mark>{{0, 0}, {300, 300.3}});
    BOOST_REQUIRE(two.has_value());
    BOOST_TEST(rounds_to(two->slope_u(0.144) * 1e4, 6.8, 1));
    BOOST_TEST(rounds_to(two->slope_u(0.03) * 1e4, 1.4, 1));
    BOOST_TEST(rounds_to(two->slope_u(0.05) * 1e4, 2.4, 1));
    BOOST_TEST(rounds_to(cal::fit_line(seven_marks())->slope_u(0.144) * 1e4, 5.4, 1));

    const cal::instrument half_millimetre{"", "", 0.5};
    const auto s = cal::scale_of(std::vector<cal::mark>{{0, 0}, {300, 300.3}}, half_millimetre); // 0.1 %
    BOOST_REQUIRE(s.has_value());
    BOOST_TEST(rounds_to(s->factor.u * 1e4, 6.8, 1));
    BOOST_TEST(!cal::decide(s->factor, 1).applies());
}

BOOST_AUTO_TEST_CASE(a_rotation_distance_is_old_times_measured_by_commanded) {
    BOOST_TEST(rounds_to(cal::new_rotation_distance(40, {99.5 / 100.0}).value, 39.8, 6));
    BOOST_TEST(cal::default_rotation_distance(2, 16) == 32.0);
}

BOOST_AUTO_TEST_CASE(skew_is_what_klipper_computes) {
    const auto lean = [](mm ac, mm bd, mm ad) { return cal::lean_by_diagonals({ac}, {bd}, {ad})->value; };
    BOOST_TEST(rounds_to(cal::other_side(140.4, 142.8, 99.8), 100.4587, 4));
    BOOST_TEST(rounds_to(lean(140.4, 142.8, 99.8), -0.01695074, 8));
    BOOST_TEST(rounds_to(cal::to_degrees(lean(140.4, 142.8, 99.8)), -0.9711, 4));
    BOOST_TEST(rounds_to(lean(140.1, 142.1, 99.98), -0.01417518, 8));
    // 0.4 degrees on 300 mm: the corners of the sheared square, to the digits of a hundredth of a micrometre.
    BOOST_TEST(rounds_to(lean(425.74763, 422.78568, 300), 0.00698143, 8));
    BOOST_TEST(rounds_to(cal::to_tangent(0.4), 0.00698143, 8));
}

BOOST_AUTO_TEST_CASE(the_angle_of_diagonals_is_as_sure_as_a_length_by_the_side) {
    const auto degrees = [](mm side) {
        const mm d = side * std::sqrt(2.0);
        return cal::to_degrees(*cal::lean_by_diagonals({d, 0.05}, {d, 0.05}, {side})).u;
    };
    BOOST_TEST(rounds_to(degrees(100), 0.029, 3));
    BOOST_TEST(rounds_to(degrees(300), 0.0095, 4));
}

BOOST_AUTO_TEST_CASE(three_four_five) {
    const double tangent = cal::to_tangent(0.4);
    const mm leaning = 300 * std::sqrt(1 + tangent * tangent);
    const auto none = cal::lean_by_triangle({400}, {300}, {500, 0.05});
    BOOST_TEST(rounds_to(cal::to_degrees(*none).u, 0.0119, 4));
    BOOST_TEST(rounds_to(none->value, 0, 9));
    const auto some = cal::lean_by_triangle({400}, {leaning}, {501.67712});
    BOOST_TEST(rounds_to(cal::to_degrees(some->value), 0.4, 5));
}

BOOST_AUTO_TEST_CASE(reversal_shows_twice_the_lean) {
    const auto some = cal::lean_by_reversal({4.19, 0.05}, 300);
    BOOST_TEST(rounds_to(cal::to_degrees(some->value), 0.4, 3));
    BOOST_TEST(rounds_to(cal::to_degrees(*some).u, 0.0048, 4));
}

BOOST_AUTO_TEST_CASE(set_skew_drags_the_pen_until_somebody_looks_anew) {
    BOOST_TEST(rounds_to(std::fabs(machine::jump_after_set_skew(200, cal::to_tangent(0.4))), 1.4, 1));
}

BOOST_AUTO_TEST_CASE(backlash_by_five_readings_of_a_vernier) {
    const auto b = cal::mean_of(std::vector{0.15, 0.20, 0.15, 0.10, 0.15}, 0.05);
    BOOST_REQUIRE(b.has_value());
    BOOST_TEST(rounds_to(b->value, 0.150, 3));
    BOOST_TEST(rounds_to(cal::mean_of(std::vector{0.15, 0.20, 0.15, 0.10, 0.15})->u, 0.0158, 4));
    BOOST_TEST(rounds_to(cal::read_to(0.05).u, 0.0144, 4));
    BOOST_TEST(rounds_to(b->u, 0.0214, 4));
    BOOST_TEST(rounds_to(b->dof, 13.4, 1));
    BOOST_TEST(rounds_to(cal::t95(b->dof), 2.16, 2));
    BOOST_TEST(rounds_to(b->expanded(), 0.046, 3));
}

BOOST_AUTO_TEST_CASE(an_offset_by_four_readings_of_a_vernier) {
    for (const auto& [readings, mean] : {std::pair{std::vector{3.20, 3.25, 3.15, 3.20}, 3.200},
                                         std::pair{std::vector{-1.70, -1.65, -1.70, -1.75}, -1.700}}) {
        const auto o = cal::mean_of(readings, 0.05);
        BOOST_REQUIRE(o.has_value());
        BOOST_TEST(rounds_to(o->value, mean, 3));
        BOOST_TEST(rounds_to(cal::mean_of(readings)->u, 0.0204, 4));
        BOOST_TEST(rounds_to(o->u, 0.0250, 4));
        BOOST_TEST(rounds_to(o->dof, 6.75, 2));
        BOOST_TEST(rounds_to(o->expanded(), 0.061, 3));
    }
}

BOOST_AUTO_TEST_CASE(the_least_count_of_a_vernier) {
    const cal::vernier fine{1, 20};
    BOOST_TEST(rounds_to(fine.least_count(), 0.05, 9));
    BOOST_TEST(rounds_to(fine.length(), 19, 9));
    BOOST_TEST(rounds_to(fine.least_u(), 0.014, 3));
    const cal::vernier coarse{2, 20};
    BOOST_TEST(rounds_to(coarse.least_count(), 0.10, 9));
    BOOST_TEST(rounds_to(coarse.least_u(), 0.029, 3));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace calibration_facts_test
