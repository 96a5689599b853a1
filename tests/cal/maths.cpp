// SPDX-License-Identifier: MIT
#include <kf/cal/decision.hpp>
#include <kf/cal/endstop_statistics.hpp>
#include <kf/cal/grid_decision.hpp>
#include <kf/cal/plane_fit.hpp>
#include <kf/cal/scale.hpp>
#include <kf/cal/squareness.hpp>
#include <kf/cal/vernier.hpp>
#include <kf/machine/skew_limits.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <string>
#include <vector>

namespace calibration_maths_test {

using namespace kf;
namespace tt = boost::test_tools;

BOOST_AUTO_TEST_SUITE(calibration_maths)

BOOST_AUTO_TEST_CASE(one_reading_is_no_measurement) {
    BOOST_CHECK(cal::mean_of(std::vector{1.0}).error().code == errc::usage);
    BOOST_CHECK(cal::mean_of(std::vector<double>{}, 0.05).error().code == errc::usage);
}

BOOST_AUTO_TEST_CASE(equal_readings_are_as_sure_as_the_step_they_are_read_to) {
    const auto m = cal::mean_of(std::vector{0.15, 0.15, 0.15}, 0.05);
    BOOST_REQUIRE(m.has_value());
    BOOST_TEST(m->u == 0.05 / std::sqrt(12.0), tt::tolerance(1e-12));
    BOOST_TEST(m->dof == cal::endless_dof);
    BOOST_TEST(m->expanded() == 1.959964 * 0.05 / std::sqrt(12.0), tt::tolerance(1e-6));
}

BOOST_AUTO_TEST_CASE(marks_at_one_place_have_no_scale) {
    BOOST_CHECK(cal::fit_line(std::vector<cal::mark>{{5, 5}, {5, 5.1}}).error().code == errc::usage);
    BOOST_CHECK(cal::fit_line(std::vector<cal::mark>{{5, 5}}).error().code == errc::usage);
    BOOST_CHECK(cal::fit_line(std::vector<cal::mark>{}).error().code == errc::usage);
}

BOOST_AUTO_TEST_CASE(where_the_ruler_was_laid_is_no_scale) {
    const auto fit = cal::fit_line(std::vector<cal::mark>{{0, 10}, {100, 110}, {200, 210}});
    BOOST_REQUIRE(fit.has_value());
    BOOST_TEST(fit->slope == 1.0, tt::tolerance(1e-12));
    BOOST_TEST(fit->intercept == 10.0, tt::tolerance(1e-12));
    BOOST_TEST(fit->scatter() < 1e-9);
}

BOOST_AUTO_TEST_CASE(marks_that_are_rounded_alike_are_no_surer_than_the_rounding) {
    const cal::instrument ruler{"ruler", "", 0.5};
    const auto s = cal::scale_of(std::vector<cal::mark>{{0, 0}, {100, 100}, {200, 200}}, ruler);
    BOOST_REQUIRE(s.has_value());
    BOOST_TEST(s->factor.u == 0.5 / std::sqrt(12.0) / std::sqrt(20000.0), tt::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(a_ruler_that_is_off_itself_bounds_every_scale) {
    const cal::instrument ruler{"ruler", "", 0.01, 0, 0.3, 300}; // 0.1 %
    std::vector<cal::mark> many;
    for (int i = 0; i <= 300; ++i) many.push_back({i * 1.0, i * 1.0005});
    const auto s = cal::scale_of(many, ruler);
    BOOST_REQUIRE(s.has_value());
    BOOST_TEST(s->factor.u > 0.001 / std::sqrt(3.0));
    BOOST_TEST(!cal::decide(s->factor, 1).applies());
    BOOST_TEST(cal::deciding_reading(*s) == 0.0); // no reading helps, another ruler does
}

BOOST_AUTO_TEST_CASE(says_to_what_marks_must_be_read_to_decide) {
    const cal::instrument ruler{"ruler", "", 0.5};
    const std::vector<cal::mark> two{{0, 0}, {300, 300.3}};
    const auto s = cal::scale_of(two, ruler);
    const mm needed = cal::deciding_reading(*s);
    BOOST_TEST(needed > 0.0);
    const auto proven = [&](mm u) {
        const cal::instrument other{"", "", u * std::sqrt(12.0)};
        return cal::decide(cal::scale_of(two, other)->factor, 1).applies();
    };
    BOOST_TEST(proven(needed * 0.99));
    BOOST_TEST(!proven(needed * 1.01));
}

BOOST_AUTO_TEST_CASE(a_correction_smaller_than_its_uncertainty_is_not_applied) {
    const cal::decision no = cal::decide({0.12, 0.1, 10}, 0);
    BOOST_TEST(!no.applies());
    BOOST_TEST(cal::in_words(no, "mm", 2) == "0.12 mm is no more than its uncertainty of 0.22 mm: not applied. "
                                             "A result that is sure to 0.12 mm would decide.");
    const cal::decision yes = cal::decide({-0.3, 0.1, 10}, 0);
    BOOST_TEST(yes.applies());
    BOOST_TEST(cal::in_words(yes, "mm", 2) == "-0.3 mm is more than its uncertainty of 0.22 mm: to be applied.");
    BOOST_TEST(!cal::decide({1, 0, 5}, 1).applies()); // nothing to correct
    BOOST_TEST(cal::in_words(cal::decide({1, 0.1, 5}, 1), "", 2) ==
               "0 is no more than its uncertainty of 0.26: not applied.");
}

BOOST_AUTO_TEST_CASE(a_lean_has_one_sign_in_all_three_ways) {
    // The machine draws x + y * tangent: corners of a square of 100, by hand.
    const double f = 0.01;
    const auto way = [](double x, double y) { return cal::measurement{std::hypot(x, y), 0.01}; };
    const auto diagonals = cal::lean_by_diagonals(way(100 + 100 * f, 100), way(100 - 100 * f, 100), way(100, 0));
    BOOST_TEST(diagonals->value == f, tt::tolerance(1e-9));
    const auto triangle = cal::lean_by_triangle(way(100, 0), way(100 * f, 100), way(100 + 100 * f, 100));
    BOOST_TEST(triangle->value == f, tt::tolerance(1e-9));
    // The old L turned by 90 degrees counter-clockwise and laid with its Y leg along X: its X leg leans to the left.
    const double angle = std::atan(f);
    const double old_end = -100 * std::sin(angle);
    const double new_end = 100 * std::sin(angle);
    const auto reversal = cal::lean_by_reversal({new_end - old_end, 0.01}, 100);
    BOOST_TEST(reversal->value == f, tt::tolerance(1e-4));
    // A second motor a beam's length away pushes the top back.
    BOOST_TEST(cal::racking_move(*reversal, 300).value == -3.0, tt::tolerance(1e-3));
}

BOOST_AUTO_TEST_CASE(lengths_that_are_no_figure_are_refused) {
    BOOST_CHECK(cal::lean_by_diagonals({300}, {10}, {100}).error().code == errc::usage);
    BOOST_CHECK(cal::lean_by_diagonals({100}, {100}, {100}).error().code == errc::usage);
    BOOST_CHECK(cal::lean_by_diagonals({141}, {141}, {0}).error().code == errc::usage);
    BOOST_CHECK(cal::lean_by_triangle({3}, {4}, {7.1}).error().code == errc::usage);
    BOOST_CHECK(cal::lean_by_triangle({0}, {4}, {4}).error().code == errc::usage);
    BOOST_CHECK(cal::lean_by_reversal({1}, 0).error().code == errc::usage);
}

BOOST_AUTO_TEST_CASE(limits_are_computed_behind_the_skew) {
    const machine::box area{{0, 0}, {250, 350}};
    const auto right = machine::box_behind_skew(area, 0.01);
    BOOST_REQUIRE(right.has_value());
    BOOST_TEST(right->min.x == 3.5);
    BOOST_TEST(right->max.x == 250.0);
    const auto left = machine::box_behind_skew(area, -0.01);
    BOOST_TEST(left->min.x == 0.0);
    BOOST_TEST(left->max.x == 246.5);
    for (const double f : {0.01, -0.01, 0.0}) {
        const machine::box b = *machine::box_behind_skew(area, f);
        for (const machine::xy p : {b.min, b.max, machine::xy{b.min.x, b.max.y}, machine::xy{b.max.x, b.min.y}})
            BOOST_TEST(area.contains(machine::behind_skew(p, f), 1e-9));
    }
    BOOST_CHECK(machine::box_behind_skew(area, 1).error().code == errc::out_of_bounds);
}

BOOST_AUTO_TEST_CASE(an_area_with_y_below_zero_loses_on_both_sides) {
    const auto b = machine::box_behind_skew({{0, -100}, {250, 100}}, 0.02);
    BOOST_REQUIRE(b.has_value());
    BOOST_TEST(b->min.x == 2.0);
    BOOST_TEST(b->max.x == 248.0);
}

BOOST_AUTO_TEST_CASE(an_endstop_is_judged_by_its_range_in_microsteps) {
    const mm step = cal::microstep_length(32, 400, 4);
    BOOST_TEST(step == 0.02, tt::tolerance(1e-12));
    const auto good = cal::endstop_of(std::vector{0.0, 0.02, 0.0, 0.04, 0.02}, step);
    BOOST_REQUIRE(good.has_value());
    BOOST_TEST(good->place.value == 0.016, tt::tolerance(1e-9));
    BOOST_TEST(good->deviation.value == 0.016733, tt::tolerance(1e-4)); // by hand: sqrt(0.00112 / 4)
    BOOST_TEST(good->range == 0.04, tt::tolerance(1e-12));
    BOOST_TEST(good->is_within_counting());
    const auto bad = cal::endstop_of(std::vector{0.0, 0.02, 0.0, 0.06, 0.02}, step);
    BOOST_TEST(!bad->is_within_counting());
    BOOST_TEST(bad->in_microsteps() == 3.0, tt::tolerance(1e-9));
    const auto equal = cal::endstop_of(std::vector{0.02, 0.02, 0.02}, step);
    BOOST_TEST(equal->deviation.value == 0.02 / std::sqrt(12.0), tt::tolerance(1e-9));
    BOOST_CHECK(cal::endstop_of(std::vector{0.0, 0.02}, step).error().code == errc::usage);
}

BOOST_AUTO_TEST_CASE(a_plane_leaves_the_waviness_beside_it) {
    std::vector<cal::bed_point> nine;
    for (const double y : {0.0, 100.0, 200.0})
        for (const double x : {0.0, 75.0, 150.0}) nine.push_back({x, y, 20 + 0.001 * x - 0.002 * y});
    const auto flat = cal::fit_plane(nine);
    BOOST_REQUIRE(flat.has_value());
    BOOST_TEST(flat->along_x.value == 0.001, tt::tolerance(1e-9));
    BOOST_TEST(flat->along_y.value == -0.002, tt::tolerance(1e-9));
    BOOST_TEST(flat->at(0, 0) == 20.0, tt::tolerance(1e-9));
    BOOST_TEST(flat->greatest_residual() < 1e-9);
    nine[4].z += 0.09; // a hump in the middle lifts the mean by 0.01
    const auto hump = cal::fit_plane(nine, cal::read_to(0.05));
    BOOST_TEST(hump->greatest_residual() == 0.08, tt::tolerance(1e-9));
    BOOST_TEST(hump->along_x.value == 0.001, tt::tolerance(1e-9));
    BOOST_TEST(hump->along_x.dof == 6.0);
    // Residuals 0.08 and eight times -0.01: squares sum to 0.0072, over 6 degrees of freedom; Sxx is 6 * 75^2.
    BOOST_TEST(hump->along_x.u == std::sqrt(0.0072 / 6) / std::sqrt(6 * 75.0 * 75.0), tt::tolerance(1e-9));
    BOOST_CHECK(cal::fit_plane(std::vector<cal::bed_point>{{0, 0, 1}, {1, 1, 1}, {2, 2, 1}, {3, 3, 1}}).error().code ==
                errc::usage);
    BOOST_CHECK(cal::fit_plane(std::vector<cal::bed_point>{{0, 0, 1}, {1, 0, 1}, {0, 1, 1}}).error().code ==
                errc::usage);
}

BOOST_AUTO_TEST_CASE(a_vernier_is_read_by_the_lines_that_meet) {
    const cal::vernier v{1, 20};
    BOOST_TEST(cal::displacement(v, {3, 3}) == 0.15, tt::tolerance(1e-9));
    BOOST_TEST(cal::displacement(v, {7, 4}) == 3.20, tt::tolerance(1e-9)); // three whole pitches and four divisions
    BOOST_TEST(cal::displacement(v, {4, 6}) == -1.70, tt::tolerance(1e-9));
    BOOST_TEST(cal::displacement(v, {0, 0}) == 0.0);
    BOOST_TEST(cal::displacement({2, 20}, {-3, -3}) == -0.3, tt::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(the_best_speed_is_the_last_below_the_first_that_lost_steps) {
    using cal::trial;
    const auto d = cal::decide_on_grid(
        std::vector<trial>{{40, true}, {60, true}, {65, false}, {50, true}, {55, true}, {70, false}, {60, true}});
    BOOST_REQUIRE(d.has_value());
    BOOST_TEST(d->best == 60.0);
    BOOST_TEST(*d->bad == 65.0);
    BOOST_TEST(d->holds(61));
    BOOST_TEST(d->holds(60));
    BOOST_TEST(!d->holds(65));
    BOOST_TEST(!d->has_good_above);
    BOOST_TEST(d->with_margin() == 48.0);
}

BOOST_AUTO_TEST_CASE(one_bad_trial_makes_its_speed_bad) {
    using cal::trial;
    const auto d = cal::decide_on_grid(std::vector<trial>{{40, true}, {50, true}, {50, false}, {60, true}});
    BOOST_REQUIRE(d.has_value());
    BOOST_TEST(d->best == 40.0);
    BOOST_TEST(*d->bad == 50.0);
    BOOST_TEST(d->has_good_above);
}

BOOST_AUTO_TEST_CASE(a_row_without_a_bad_one_met_no_limit) {
    const auto d = cal::decide_on_grid(std::vector<cal::trial>{{40, true}, {50, true}});
    BOOST_TEST(d->best == 50.0);
    BOOST_TEST(!d->bad.has_value());
    BOOST_TEST(d->holds(1000));
}

BOOST_AUTO_TEST_CASE(a_row_without_a_good_one_has_no_answer) {
    BOOST_CHECK(cal::decide_on_grid(std::vector<cal::trial>{{40, false}, {50, true}}).error().code == errc::failed);
    BOOST_CHECK(cal::decide_on_grid({}).error().code == errc::usage);
}

BOOST_AUTO_TEST_CASE(a_row_of_trials_has_its_last_value) {
    BOOST_TEST((cal::trial_row(0.1, 0.5, 0.1).size() == 5u));
    BOOST_TEST((cal::trial_row(10, 33, 10) == std::vector{10.0, 20.0, 30.0}));
    BOOST_TEST(cal::trial_row(10, 33, 0).empty());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace calibration_maths_test
