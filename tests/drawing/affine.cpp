// SPDX-License-Identifier: MIT
#include <kf/drawing/affine.hpp>

#include <boost/test/unit_test.hpp>

namespace affine_test {

namespace affine_test {

using namespace kf::drawing;

BOOST_AUTO_TEST_CASE(a_product_maps_by_the_inner_map_first) {
    BOOST_TEST((apply(translation(10, 0) * scaling(2, 3), {1, 1}) == point{12, 3}));
    BOOST_TEST((apply(scaling(2, 3) * translation(10, 0), {1, 1}) == point{22, 3}));
}

BOOST_AUTO_TEST_CASE(quarter_turns_are_exact_and_go_from_x_to_y) {
    BOOST_TEST((apply(rotation(90), {7, 0}) == point{0, 7}));
    BOOST_TEST((apply(rotation(-270), {7, 0}) == point{0, 7}));
    BOOST_TEST((apply(rotation(540), {7, 1}) == point{-7, -1}));
}

BOOST_AUTO_TEST_CASE(an_inverse_leads_back_and_a_flat_map_has_none) {
    const auto back = inverse(affine{2, 0, 0, 4, 6, 8});
    BOOST_REQUIRE(back);
    BOOST_TEST((apply(*back, {8, 12}) == point{1, 1}));
    BOOST_TEST(!inverse(scaling(1, 0)));
    BOOST_TEST(!inverse(affine{1, 2, 2, 4, 0, 0}));
}

} // namespace affine_test

} // namespace affine_test
