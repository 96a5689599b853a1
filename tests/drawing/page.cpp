// SPDX-License-Identifier: MIT
#include <kf/drawing/page.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <random>
#include <vector>

namespace page_test {

using namespace kf::drawing;

constexpr rectangle room{10, 10, 110, 210};

drawing with(std::vector<polyline> lines, kf::mm width = 100, kf::mm height = 50) {
    return {.width = width, .height = height, .layers = {{1, "", std::move(lines)}}};
}
const polyline& first(const drawing& d) { return d.layers.at(0).lines.at(0); }

BOOST_AUTO_TEST_CASE(a_quarter_turn_is_clockwise_exact_and_takes_the_page_along) {
    const drawing d = turned(with({{{0, 0}, {100, 0}, {30, 50}}}), 90);
    BOOST_TEST((first(d) == polyline{{50, 0}, {50, 100}, {0, 30}}));
    BOOST_TEST(d.width == 50);
    BOOST_TEST(d.height == 100);
    BOOST_TEST((first(turned(with({{{0, 0}, {30, 50}}}), -90)) == polyline{{0, 100}, {50, 70}}));
    BOOST_TEST((first(turned(with({{{0, 0}, {30, 50}}}), 180)) == polyline{{100, 50}, {70, 0}}));
    BOOST_TEST((first(turned(with({{{1, 2}, {30, 50}}}), 360)) == polyline{{1, 2}, {30, 50}}));
}

BOOST_AUTO_TEST_CASE(another_turn_gives_the_page_that_holds_the_turned_one) {
    const drawing d = turned(with({{{0, 0}, {10, 0}, {10, 10}, {0, 10}}}, 10, 10), 45);
    const double side = 10 * std::sqrt(2.0);
    BOOST_TEST(std::abs(d.width - side) < 1e-12);
    BOOST_TEST(overhang(*ink_of(d), page_of(d)) < 1e-12);
    BOOST_TEST(std::abs(ink_of(d)->width() - side) < 1e-12);
}

BOOST_AUTO_TEST_CASE(scaling_is_from_the_corner_and_is_told_to_the_importer) {
    const drawing d = scaled(scaled(with({{{10, 20}, {30, 40}}}), 3), 0.5);
    BOOST_TEST((first(d) == polyline{{15, 30}, {45, 60}}));
    BOOST_TEST(d.width == 150);
    BOOST_TEST(d.height == 75);
    BOOST_TEST(d.scale == 1.5);
}

BOOST_AUTO_TEST_CASE(a_size_is_that_of_the_ink) {
    const polyline ink{{10, 10}, {50, 30}}; // 40 x 20
    BOOST_TEST((first(*sized(with({ink}), 80, {})) == polyline{{20, 20}, {100, 60}}));
    BOOST_TEST((first(*sized(with({ink}), {}, 10)) == polyline{{5, 5}, {25, 15}}));
    BOOST_TEST((first(*sized(with({ink}), 80, 10)) == polyline{{5, 5}, {25, 15}}));
    BOOST_TEST((first(*sized(with({{{5, 0}, {5, 10}}}), {}, 20)) == polyline{{10, 0}, {10, 20}}));
    const auto flat = sized(with({{{5, 0}, {5, 10}}}), 20, {});
    BOOST_REQUIRE(!flat);
    BOOST_TEST(flat.error().cause == "its ink is a vertical line: it has no width");
    BOOST_TEST(!sized(with({{{5, 5}}}), 20, 20).has_value());
    BOOST_TEST(sized(with({}), 20, 20).has_value());
}

BOOST_AUTO_TEST_CASE(what_is_fitted_fills_its_room_one_way_and_is_in_the_middle_the_other) {
    const drawing d = fitted(with({{{0, 0}, {40, 20}}}), room); // 2.5 times as large
    BOOST_TEST((first(d) == polyline{{10, 85}, {110, 135}}));
    BOOST_TEST(d.scale == 2.5);
    BOOST_TEST((first(fitted(with({{{-1000, 0}, {1000, 0}}}), room)) == polyline{{10, 110}, {110, 110}}));
    BOOST_TEST((first(fitted(with({{{7, 7}}}), room)) == polyline{{60, 110}}));
}

BOOST_AUTO_TEST_CASE(ink_is_aligned_in_its_room_and_not_its_page) {
    const drawing d = with({{{5, 5}, {25, 15}}});
    BOOST_TEST((first(aligned(d, room, {0, 0})) == polyline{{10, 10}, {30, 20}}));
    BOOST_TEST((first(aligned(d, room, {1, 1})) == polyline{{90, 200}, {110, 210}}));
    BOOST_TEST((first(aligned(d, room, {0.5, 0})) == polyline{{50, 10}, {70, 20}}));
    BOOST_TEST((first(moved(d, -5, 2.5)) == polyline{{0, 7.5}, {20, 17.5}}));
}

BOOST_AUTO_TEST_CASE(it_is_turned_only_when_that_helps) {
    constexpr double largest = std::numeric_limits<double>::infinity();
    BOOST_TEST(fits_better_turned({0, 0, 200, 100}, room, 1));
    BOOST_TEST(!fits_better_turned({0, 0, 90, 40}, room, 1));
    BOOST_TEST(fits_better_turned({0, 0, 90, 40}, room, largest));
    BOOST_TEST(fits_better_turned({0, 0, 90, 40}, room, 2));
    BOOST_TEST(!fits_better_turned({0, 0, 40, 90}, room, largest));
    BOOST_TEST(!fits_better_turned({0, 0, 500, 500}, room, 1));
}

BOOST_AUTO_TEST_CASE(a_frame_that_is_out_by_a_hair_keeps_its_four_sides) {
    const drawing d = pulled_inside(with({{{-0.0011, -0.0011}, {100.02, -0.0011}, {100.02, 5}, {-0.0011, -0.0011}}}),
                                    {0, 0, 100, 50});
    BOOST_TEST((first(d) == polyline{{0, 0}, {100, 0}, {100, 5}, {0, 0}}));
    BOOST_TEST((first(pulled_inside(with({{{-0.001, 5}, {-0.002, 5}}}), {0, 0, 100, 50})) == polyline{{0, 5}}));
}

BOOST_AUTO_TEST_CASE(whatever_is_fitted_lies_in_its_room_and_touches_it) {
    std::mt19937 random(7);
    std::uniform_real_distribution<double> place(-500, 500), angle(-360, 360);
    for (int i = 0; i < 500; ++i) {
        polyline line;
        for (int n = 0; n < 5; ++n) line.push_back({place(random), place(random)});
        const drawing d = fitted(turned(with({line}), angle(random)), room);
        const rectangle ink = *ink_of(d);
        BOOST_TEST(overhang(ink, room) < 1e-9);
        BOOST_TEST(std::min(room.width() - ink.width(), room.height() - ink.height()) < 1e-9);
    }
}

} // namespace page_test
