// SPDX-License-Identifier: MIT
#include <kf/svg/svg_transform.hpp>
#include <kf/svg/svg_view.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <string_view>

namespace svg_transform_test {

using namespace kf::drawing;
using namespace kf::svg;

void check_maps(std::string_view transform, point from, point to) {
    BOOST_TEST_CONTEXT(transform) {
        const auto map = read_svg_transform(transform);
        BOOST_REQUIRE(map);
        const point p = apply(*map, from);
        BOOST_TEST(std::abs(p.x - to.x) < 1e-12 * (1 + std::abs(to.x)));
        BOOST_TEST(std::abs(p.y - to.y) < 1e-12 * (1 + std::abs(to.y)));
    }
}

BOOST_AUTO_TEST_SUITE(job_svg_transform)

BOOST_AUTO_TEST_CASE(maps_as_each_transform_says) {
    check_maps("", {3, 4}, {3, 4});
    check_maps("none", {3, 4}, {3, 4});
    check_maps("translate(10)", {3, 4}, {13, 4});
    check_maps("translate(10,20)", {3, 4}, {13, 24});
    check_maps("translate(10-20)", {3, 4}, {13, -16});
    check_maps("scale(2)", {3, 4}, {6, 8});
    check_maps("scale(2 -1)", {3, 4}, {6, -4});
    check_maps("rotate(90)", {3, 4}, {-4, 3});
    check_maps("rotate(-90)", {3, 4}, {4, -3});
    check_maps("rotate(30)", {2, 0}, {std::sqrt(3.0), 1});
    check_maps("rotate(180, 10, 20)", {3, 4}, {17, 36});
    check_maps("skewX(45)", {3, 4}, {7, 4});
    check_maps("skewY(45)", {3, 4}, {3, 7});
    check_maps("matrix(1 2 3 4 5 6)", {10, 100}, {315, 426});
    check_maps("matrix(1,2,3,4,5,6)", {0, 0}, {5, 6});
}

BOOST_AUTO_TEST_CASE(applies_the_rightmost_of_a_list_first) {
    check_maps("translate(10,0) scale(2)", {3, 4}, {16, 8});
    check_maps("scale(2)translate(10,0)", {3, 4}, {26, 8});
    check_maps(" scale ( 2 ) , translate(10 0)\n rotate(90) ", {3, 4}, {12, 6});
}

BOOST_AUTO_TEST_CASE(takes_the_units_of_css) {
    check_maps("rotate(90deg)", {3, 4}, {-4, 3});
    check_maps("rotate(0.25turn)", {3, 4}, {-4, 3});
    check_maps("rotate(100grad)", {3, 4}, {-4, 3});
    check_maps("rotate(3.141592653589793rad)", {3, 4}, {-3, -4});
    check_maps("translate(10px, 1in)", {3, 4}, {13, 100});
    check_maps("translateX(1) translateY(2) scaleX(3) scaleY(4)", {1, 1}, {4, 6});
}

BOOST_AUTO_TEST_CASE(keeps_quarter_turns_exact) {
    for (const double degrees : {90.0, 180.0, 270.0, -90.0, 450.0, 3600090.0}) {
        const point p = apply(rotation(degrees), {1, 0});
        BOOST_TEST((std::abs(p.x) == 1 || std::abs(p.y) == 1));
        BOOST_TEST((p.x == 0 || p.y == 0));
    }
}

BOOST_AUTO_TEST_CASE(inverts_what_can_be_inverted) {
    const affine m{2, 1, -1, 3, 5, -7};
    const auto back = inverse(m);
    BOOST_REQUIRE(back);
    const point p = apply(*back, apply(m, {11, 13}));
    BOOST_TEST(p.x == 11, boost::test_tools::tolerance(1e-12));
    BOOST_TEST(p.y == 13, boost::test_tools::tolerance(1e-12));
    BOOST_TEST(!inverse(scaling(0, 1)));
}

BOOST_AUTO_TEST_CASE(refuses_what_is_no_transform) {
    for (const char* text :
         {"scale", "scale(", "scale()", "scale(1", "scale(1 2 3)", "scale(1,)", "rotate(1 2)", "rotate(1 2 3 4)",
          "matrix(1 2 3 4 5)", "matrix(1 2 3 4 5 6 7)", "skewX()", "(1)", "translate(50%)", "rotate(nan)",
          "scale(1e999)", "turn(1)", "scale(1)x", "translate(1 2", "rotate(9foo)"})
        BOOST_TEST(!read_svg_transform(text), text);
}

BOOST_AUTO_TEST_CASE(reads_origins) {
    struct row {
        const char* text;
        point at;
    };
    constexpr row rows[] = {{"", {0, 0}},          {"10 20", {10, 20}},    {"50% 25%", {100, 25}},
                            {"center", {100, 50}}, {"left top", {0, 0}},   {"top right", {200, 0}},
                            {"7px", {7, 50}},      {"bottom", {100, 100}}, {"1in 0", {96, 0}}};
    for (const row& r : rows) {
        const auto at = read_svg_origin(r.text, 200, 100);
        BOOST_TEST_CONTEXT(r.text) {
            BOOST_REQUIRE(at);
            BOOST_TEST((*at == r.at));
        }
    }
    BOOST_TEST(!read_svg_origin("middle", 200, 100));
    BOOST_TEST(!read_svg_origin("1furlong", 200, 100));
}

BOOST_AUTO_TEST_CASE(fits_views_as_preserveAspectRatio_says) {
    // A 10 x 10 view into a 40 x 20 room at (100, 200): where its corners come to lie.
    struct row {
        const char* text;
        point top_left, bottom_right;
    };
    constexpr row rows[] = {{"", {110, 200}, {130, 220}},
                            {"xMidYMid", {110, 200}, {130, 220}},
                            {"xMinYMin meet", {100, 200}, {120, 220}},
                            {"xMaxYMid meet", {120, 200}, {140, 220}},
                            {"defer xMaxYMax", {120, 200}, {140, 220}},
                            {"none", {100, 200}, {140, 220}},
                            {"xMidYMin slice", {100, 200}, {140, 240}},
                            {"xMidYMid slice", {100, 190}, {140, 230}},
                            {"xMidYMax slice", {100, 180}, {140, 220}}};
    for (const row& r : rows) {
        const auto aspect = read_svg_aspect(r.text);
        BOOST_TEST_CONTEXT(r.text) {
            BOOST_REQUIRE(aspect);
            const affine m = fit_view({5, 5, 10, 10}, {100, 200, 40, 20}, *aspect);
            BOOST_TEST((apply(m, {5, 5}) == r.top_left));
            BOOST_TEST((apply(m, {15, 15}) == r.bottom_right));
        }
    }
    for (const char* text : {"xMid", "xMidyMid", "xLowYMid", "xMidYMid fill", "meet"})
        BOOST_TEST(!read_svg_aspect(text), text);
}

BOOST_AUTO_TEST_CASE(reads_view_boxes) {
    const auto box = read_svg_view_box(" 1,2 , 3\t4 ");
    BOOST_REQUIRE(box);
    BOOST_TEST((*box == svg_rect{1, 2, 3, 4}));
    for (const char* text : {"1 2 3", "1 2 3 4 5", "0 0 -1 1", "0 0 1 nan", "a"})
        BOOST_TEST(!read_svg_view_box(text), text);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace svg_transform_test
