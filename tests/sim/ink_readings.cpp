// SPDX-License-Identifier: MIT
#include <kf/sim/ink_file.hpp>
#include <kf/sim/ink_image.hpp>
#include <kf/sim/ink_readings.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <map>
#include <string>
#include <vector>

namespace ink_readings_test {

using namespace kf;
using sim::axis;
using sim::ink_line;

/// Somebody who sees everything as it is.
constexpr cal::instrument exact{"", "", 1e-6};
sim::observer sharp_eyes() { return {1, exact}; }

std::vector<ink_line> cross(mm x, mm y) { return {{{{x - 3, y}, {x + 3, y}}}, {{{x, y - 3}, {x, y + 3}}}}; }
void add(std::vector<ink_line>& to, std::vector<ink_line> more) { to.insert(to.end(), more.begin(), more.end()); }

/// A comb with its zero at x, y and its vernier displaced by `by`, which is drawn from right to left.
std::vector<ink_line> combs(mm x, mm y, mm by, mm aside = 0) {
    std::vector<ink_line> ink;
    for (int k = -10; k <= 29; ++k) ink.push_back({{{x + k, y}, {x + k, y + (k % 5 == 0 ? 4.5 : 3)}}});
    for (int k = 20; k >= 0; --k)
        ink.push_back({{{x + by + 0.95 * k, y + aside}, {x + by + 0.95 * k, y + aside - (k % 5 == 0 ? 4.5 : 3)}}});
    return ink;
}
std::map<std::string, double> numbers(const char* look, const std::vector<ink_line>& ink, int times = 1) {
    sim::observer eyes = sharp_eyes();
    const auto read = sim::find_look(look)->look(ink, eyes, times);
    BOOST_REQUIRE_MESSAGE(read.has_value(), read.error().what);
    std::map<std::string, double> out;
    for (const sim::ink_reading& r : *read) out[r.name] = io::parse_decimal(r.value).value();
    return out;
}
std::string refusal(const char* look, const std::vector<ink_line>& ink) {
    sim::observer eyes = sharp_eyes();
    const auto read = sim::find_look(look)->look(ink, eyes, 1);
    BOOST_REQUIRE(!read);
    BOOST_TEST((read.error().code == errc::not_found));
    return read.error().what;
}

BOOST_AUTO_TEST_SUITE(readings_of_ink)

BOOST_AUTO_TEST_CASE(ink_comes_back_from_its_picture) {
    const std::vector<ink_line> lines{{{{10, 10}, {40.5, 10}, {40.5, -3.25}}}, {{{5, 20}}}};
    const auto back = sim::read_ink(sim::ink_svg(lines, {50, 30}), "ink.svg");
    BOOST_REQUIRE(back.has_value());
    BOOST_REQUIRE_EQUAL(back->size(), 2u);
    BOOST_TEST((back->at(0).points == lines[0].points));
    BOOST_TEST((back->at(1).points == lines[1].points)); // a dot is one point again
}

BOOST_AUTO_TEST_CASE(what_is_no_picture_of_ink_is_refused) {
    for (const char* text : {"", "racked_deg: 1", "<svg ></svg", "<svg ><polyline points=\"1,2 3\"/></svg>",
                             "<svg ><polyline points=\"1,2 3,x\"/></svg>", "<svg ><polyline points=\"\"/></svg>"}) {
        const auto ink = sim::read_ink(text, "f");
        BOOST_TEST(!ink.has_value(), text);
        if (!ink) BOOST_TEST(ink.error().what == "f is no picture of ksim's ink");
    }
    BOOST_TEST(sim::read_ink("<svg ></svg>", "f").value().empty()); // nothing was drawn
}

BOOST_AUTO_TEST_CASE(ticks_are_places_on_a_ruler) {
    std::vector<ink_line> ink{{{{0, 0}, {300, 0}}}}; // the line that they stand on is none
    for (const mm x : {120.4, 20.0, 70.1}) ink.push_back({{{x, 0}, {x, 5}}});
    const auto read = numbers("steps-x", ink);
    BOOST_REQUIRE_EQUAL(read.size(), 3u);
    BOOST_TEST(read.at("mark_2") - read.at("mark_1") == 50.1, boost::test_tools::tolerance(1e-5));
    BOOST_TEST(read.at("mark_3") - read.at("mark_1") == 100.4, boost::test_tools::tolerance(1e-5));
    BOOST_TEST(std::abs(read.at("mark_1")) <= 0.5);
    BOOST_TEST(refusal("steps-y", ink) == "ticks across Y are not on this sheet"); // one line is no row of ticks
}

BOOST_AUTO_TEST_CASE(crosses_are_corners_in_any_order) {
    std::vector<ink_line> ink;
    for (const auto& [x, y] :
         {std::pair(110.0, 120.0), std::pair(10.0, 20.0), std::pair(11.0, 120.0), std::pair(110.0, 20.0)})
        add(ink, cross(x, y));
    const auto read = numbers("square", ink, 2);
    BOOST_REQUIRE_EQUAL(read.size(), 6u);
    BOOST_TEST(read.at("ac_1") == std::hypot(100.0, 100.0), boost::test_tools::tolerance(1e-6));
    BOOST_TEST(read.at("bd_2") == std::hypot(99.0, 100.0), boost::test_tools::tolerance(1e-6));
    BOOST_TEST(read.at("ad_1") == 100.0, boost::test_tools::tolerance(1e-6));
    ink.resize(6);
    BOOST_TEST(refusal("square", ink) == "four crosses are not on this sheet");
}

BOOST_AUTO_TEST_CASE(a_triangle_is_three_crosses_about_the_lower_right_one) {
    std::vector<ink_line> ink;
    for (const auto& [x, y] : {std::pair(10.0, 20.0), std::pair(90.0, 20.0), std::pair(90.0, 80.0)})
        add(ink, cross(x, y));
    const auto read = numbers("triangle", ink);
    BOOST_TEST(read.at("a") == 80.0, boost::test_tools::tolerance(1e-6));
    BOOST_TEST(read.at("b") == 60.0, boost::test_tools::tolerance(1e-6));
    BOOST_TEST(read.at("c") == 100.0, boost::test_tools::tolerance(1e-6));
}

BOOST_AUTO_TEST_CASE(a_vernier_is_read_where_its_lines_meet_those_of_the_comb) {
    for (const mm by : {0.0, 0.15, 0.95, 3.2, -1.7, -0.05}) {
        std::vector<ink_line> ink = combs(50, 30, by);
        add(ink, combs(60, 60, -by, 1.5)); // its vernier is aside in the other direction, too
        const auto read = numbers("backlash-x", ink);
        BOOST_REQUIRE_EQUAL(read.size(), 2u);
        BOOST_TEST(std::abs(read.at("reading_1") + by) < 1e-9, read.at("reading_1") << " for " << by);
        BOOST_TEST(std::abs(read.at("reading_2") - by) < 1e-9, read.at("reading_2") << " for " << by);
    }
    BOOST_TEST(refusal("backlash-y", combs(50, 30, 0)) == "combs along Y with their verniers are not on this sheet");
}

BOOST_AUTO_TEST_CASE(halves_meet_or_they_do_not) {
    std::vector<ink_line> ink;
    for (const mm aside : {0.0, 0.15, 2.0})
        add(ink, {{{{50, 30}, {50, 32}}}, {{{50, 31}, {200, 31}}}, {{{50 + aside, 30}, {50 + aside, 28}}}});
    sim::observer eyes = sharp_eyes();
    const auto read = sim::find_look("halves-x")->look(ink, eyes, 1);
    BOOST_REQUIRE(read.has_value());
    BOOST_REQUIRE_EQUAL(read->size(), 3u);
    BOOST_TEST(read->at(0).value == "yes");
    BOOST_TEST(read->at(1).value == "yes"); // less than a line's width
    BOOST_TEST(read->at(2).name == "meets_3");
    BOOST_TEST(read->at(2).value == "no");
}

BOOST_AUTO_TEST_CASE(a_person_errs_as_the_instrument_says) {
    const cal::instrument& ruler = *cal::find_instrument("ruler");
    double sum = 0;
    double squares = 0;
    constexpr int n = 2000;
    for (int i = 0; i < n; ++i) {
        sim::observer eyes(static_cast<std::uint64_t>(i), ruler);
        const mm length = 100 + i * 0.5 / n; // wherever it is between two lines
        const mm read = eyes.reads(length);
        BOOST_TEST(std::abs(read * 2 - std::round(read * 2)) < 1e-9); // to half a millimetre
        sum += read - length;
        squares += (read - length) * (read - length);
    }
    BOOST_TEST(std::abs(sum / n) < 0.02);
    BOOST_TEST(std::sqrt(squares / n) == ruler.of_reading().u, boost::test_tools::tolerance(0.1));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace ink_readings_test
