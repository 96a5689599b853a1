// SPDX-License-Identifier: MIT
#include <kf/preview/png.hpp>
#include <kf/preview/raster.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>
#include <string>

namespace raster_test {

using namespace kf::preview;

std::string row(const coverage& c, std::size_t y) {
    std::string out;
    for (std::size_t x = 0; x < c.size().width; ++x) out += c.at(x, y) > 200 ? '#' : c.at(x, y) > 50 ? '+' : '.';
    return out;
}

BOOST_AUTO_TEST_SUITE(raster_)

BOOST_AUTO_TEST_CASE(a_line_covers_its_pixels_and_half_of_those_at_its_edge) {
    coverage c({10, 5});
    c.add_line({2.5, 2.5}, {7.5, 2.5}, 1);
    BOOST_TEST(row(c, 0) == "..........");
    BOOST_TEST(row(c, 1) == "..++++++..");
    BOOST_TEST(row(c, 2) == ".+######+.");
    BOOST_TEST(row(c, 3) == "..++++++..");
    BOOST_TEST(c.at(5, 1) == 127);
    c.add_line({2.5, 2.5}, {7.5, 2.5}, 1); // once more changes nothing
    BOOST_TEST(c.at(5, 1) == 127);
}

BOOST_AUTO_TEST_CASE(a_hairline_is_shared_by_two_pixels_at_each_step) {
    coverage c({8, 4});
    c.add_hairline({0.5, 1.5}, {7.5, 1.5});
    BOOST_TEST(row(c, 1) == "########");
    BOOST_TEST(row(c, 2) == "........");
    coverage between({8, 4});
    between.add_hairline({0.5, 2.0}, {7.5, 2.0});
    BOOST_TEST(row(between, 1) == "++++++++");
    BOOST_TEST(row(between, 2) == "++++++++");
    coverage steep({4, 8});
    steep.add_hairline({1.5, 7.5}, {1.5, 0.5});
    for (std::size_t y = 0; y < 8; ++y) BOOST_TEST(steep.at(1, y) == 255);
}

BOOST_AUTO_TEST_CASE(lines_beyond_the_picture_touch_only_what_is_in_it) {
    constexpr double far = 1e12, nan = std::numeric_limits<double>::quiet_NaN();
    coverage c({6, 6});
    c.add_hairline({-far, 2.5}, {far, 2.5});
    c.add_hairline({2.5, -40}, {2.5, 40});
    c.add_hairline({100, 100}, {200, 300});
    c.add_hairline({nan, 1}, {3, nan});
    BOOST_TEST(c.at(5, 2) == 255);
    BOOST_TEST(c.at(2, 5) == 255);
    BOOST_TEST(c.at(5, 5) == 0);
    coverage thick({6, 6});
    thick.add_line({-50, 3}, {50, 3}, 1);
    BOOST_TEST(row(thick, 2) == "######");
    BOOST_TEST(row(thick, 0) == "......");
}

BOOST_AUTO_TEST_CASE(colours_are_laid_over_white) {
    raster r({4, 3});
    r.line({0.5, 1.5}, {3.5, 1.5}, 0.5, {200, 0, 0});
    BOOST_TEST((r.at(2, 1) == colour{200, 0, 0}));
    BOOST_TEST((r.at(2, 0) == colour{255, 255, 255}));
    r.fill({0, 2}, {2, 3}, {0, 0, 0}, 0.2);
    BOOST_TEST((r.at(1, 2) == colour{204, 204, 204}));
    BOOST_TEST((r.at(2, 2) == colour{255, 255, 255}));
    coverage all({4, 3});
    all.add_hairline({0.5, 0.5}, {3.5, 0.5});
    r.paint(all, {0, 0, 100}, 0.5);
    BOOST_TEST((r.at(3, 0) == colour{128, 128, 178}));
}

BOOST_AUTO_TEST_CASE(a_png_has_its_size_and_its_kind_in_the_header) {
    const auto png = png_bytes(raster({300, 2}));
    BOOST_REQUIRE(png);
    // Signature, then width, height, 8 bits, kind 2: red, green, blue.
    BOOST_TEST(png->substr(0, 26) == std::string("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x01\x2c\0\0\0\x02\x08\x02", 26));
    BOOST_TEST(png->ends_with(std::string("IEND\xae\x42\x60\x82")));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace raster_test
