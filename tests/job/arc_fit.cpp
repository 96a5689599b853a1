// SPDX-License-Identifier: MIT
#include <kf/job/arc_fit.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <cstddef>
#include <numbers>
#include <vector>

namespace arc_fit_test {

using namespace kf::job;

std::vector<step> fitted(const std::vector<operation>& list) {
    arc_fit fit({.tolerance = 0.01});
    std::size_t i = 0;
    const auto source = [&]() -> kf::result<std::optional<step>> {
        if (i == list.size()) return std::nullopt;
        ++i;
        return step{i, list[i - 1]};
    };
    std::vector<step> all;
    for (;;) {
        const auto s = fit.next(source);
        BOOST_REQUIRE(s);
        if (!*s) return all;
        all.push_back(**s);
    }
}

/// From the right of a circle about (10, 10), a quarter down, and straight on.
std::vector<point> quarter_and_line() {
    std::vector<point> points;
    for (int i = 0; i <= 18; ++i) {
        const double angle = i * std::numbers::pi / 36;
        points.push_back({10 + 5 * std::cos(angle), 10 + 5 * std::sin(angle)});
    }
    points.push_back({0, 15});
    return points;
}

BOOST_AUTO_TEST_SUITE(arcs_of_jobs)

BOOST_AUTO_TEST_CASE(a_line_with_an_arc_becomes_both_under_its_number) {
    const auto all = fitted({rapid_xy{{15, 10}}, tool_down{}, draw_polyline{quarter_and_line(), 20.0}, tool_up{}});
    BOOST_REQUIRE_EQUAL(all.size(), 5U);
    const auto* arc = std::get_if<draw_arc>(&all[2].op);
    BOOST_REQUIRE(arc != nullptr);
    BOOST_TEST(all[2].number == 3U);
    BOOST_TEST(std::hypot(arc->to.x - 10, arc->to.y - 15) < 1e-9);
    BOOST_TEST(std::hypot(arc->center.x + 5, arc->center.y) < 1e-6);
    BOOST_TEST((arc->way == turn::clockwise));
    BOOST_TEST((arc->feed == 20.0));
    BOOST_TEST((all[3] == step{3, draw_polyline{{{0, 15}}, 20.0}}));
    BOOST_TEST(all[4].number == 4U);
}

BOOST_AUTO_TEST_CASE(what_has_no_arc_passes_as_it_is) {
    const std::vector<operation> job = {home_xy{},
                                        select_tool{"pen"},
                                        rapid_xy{{0, 0}},
                                        tool_down{},
                                        draw_polyline{{{0, 0}, {0, 0}, {10, 0}, {10, 10}}, {}},
                                        draw_arc{{20, 10}, {5, 0}, turn::clockwise, {}},
                                        linear_move{{1, 1}, {}},
                                        tool_up{}};
    const auto all = fitted(job);
    BOOST_REQUIRE_EQUAL(all.size(), job.size());
    for (std::size_t i = 0; i < job.size(); ++i) BOOST_TEST((all[i] == step{i + 1, job[i]}));
}

BOOST_AUTO_TEST_CASE(a_line_from_an_unknown_place_goes_to_its_first_point_first) {
    const auto all = fitted({tool_down{}, draw_polyline{quarter_and_line(), {}}, tool_up{}});
    BOOST_REQUIRE_EQUAL(all.size(), 5U);
    BOOST_TEST((all[1] == step{2, draw_polyline{{{15, 10}}, {}}}));
    BOOST_TEST(std::holds_alternative<draw_arc>(all[2].op));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace arc_fit_test
