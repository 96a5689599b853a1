// SPDX-License-Identifier: MIT
#include <kf/job/compose.hpp>
#include <kf/job/job_file.hpp>
#include <kf/job/job_writer.hpp>
#include <kf/job/measure.hpp>
#include <kf/job/stroke.hpp>

#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace compose_test {

using namespace kf::drawing;
using namespace kf::job;

std::vector<operation> all(drawing_source source) {
    std::vector<operation> list;
    for (;;) {
        const auto s = source();
        BOOST_REQUIRE(s.has_value());
        if (!*s) return list;
        list.push_back((*s)->op);
        BOOST_TEST((*s)->number == list.size());
    }
}

const drawing two_layers{.width = 100,
                         .height = 100,
                         .layers = {{1, "ink", {{{0, 0}, {3, 4}}, {}, {{10, 10}}}}, {2, "spray", {{{5, 5}, {5, 6}}}}}};

BOOST_AUTO_TEST_SUITE(compose)

BOOST_AUTO_TEST_CASE(each_line_of_a_drawing_is_a_stroke_in_its_order) {
    const std::vector<operation> expected = {home_xy{},
                                             begin_layer{1},
                                             select_tool{"pen"},
                                             rapid_xy{{0, 0}},
                                             tool_down{},
                                             draw_polyline{{{0, 0}, {3, 4}}, 12.0},
                                             tool_up{},
                                             rapid_xy{{10, 10}},
                                             tool_down{},
                                             draw_polyline{{{10, 10}}, 12.0},
                                             tool_up{},
                                             begin_layer{2},
                                             select_tool{"airbrush"},
                                             rapid_xy{{5, 5}},
                                             tool_down{},
                                             draw_polyline{{{5, 5}, {5, 6}}, 12.0},
                                             tool_up{}};
    BOOST_TEST((all(drawing_source(two_layers, {.tools = {{2, "airbrush"}}, .feed = 12})) == expected));
    BOOST_TEST((all(drawing_source(drawing{}, {.home = false})).empty()));
}

BOOST_AUTO_TEST_CASE(a_drawing_that_is_run_at_once_is_the_job_that_goes_through_a_pipe) {
    const drawing d{.layers = {{1, "", {{{1.0 / 3, 2.00000049}, {-2.0 / 3, 0.1234565}, {99999.9999996, -4e-7}}}}}};
    const composed_job job(d, {.feed = 10.0 / 3});
    std::string text;
    BOOST_REQUIRE(write_job(job.header(), job.operations(), [&](std::string_view piece) -> kf::result<void> {
        text += piece;
        return {};
    }));
    job_source read([&text, given = false]() mutable -> kf::result<std::string_view> {
        return std::exchange(given, true) ? std::string_view{} : std::string_view(text);
    });
    std::vector<operation> piped;
    for (;;) {
        const auto s = read();
        BOOST_REQUIRE(s.has_value());
        if (!*s) break;
        piped.push_back((*s)->op);
    }
    BOOST_TEST((piped == all(job.operations())));
    BOOST_TEST((piped[3] == operation(rapid_xy{{0.333333, 2}})));
}

BOOST_AUTO_TEST_CASE(ink_and_travel_are_measured_from_stroke_to_stroke) {
    stroke_source strokes{drawing_source(two_layers)};
    job_meter meter;
    for (;;) {
        const auto s = strokes();
        BOOST_REQUIRE(s.has_value());
        if (!*s) break;
        meter.add(**s);
    }
    BOOST_TEST(meter.total().strokes == 3u);
    BOOST_TEST(meter.total().pen_down_mm == 6.0, boost::test_tools::tolerance(1e-12));
    // (3,4) to (10,10), (10,10) to (5,5)
    BOOST_TEST(meter.total().pen_up_mm == 9.219544457292887 + 7.0710678118654755, boost::test_tools::tolerance(1e-12));
}

BOOST_AUTO_TEST_CASE(an_arc_measures_its_length) {
    job_meter meter;
    meter.add({1, {{1, rapid_xy{{10, 0}}}, {2, tool_down{}}, {3, draw_arc{{10, 0}, {-10, 0}}}, {4, tool_up{}}}});
    BOOST_TEST(meter.total().pen_down_mm == 62.83185307179586, boost::test_tools::tolerance(1e-12));
    BOOST_TEST(meter.total().pen_up_mm == 0.0);
}

BOOST_AUTO_TEST_CASE(a_line_of_very_many_points_is_one_stroke_of_several_operations) {
    const auto zigzag = [](std::size_t n) {
        polyline line;
        for (std::size_t i = 0; i < n; ++i)
            line.push_back({static_cast<double>(i) / 1000, i % 2 == 0 ? 0.0 : 0.333333});
        return line;
    };
    for (const auto& [points, strokes] :
         {std::pair(std::size_t{300'000}, std::size_t{1}), {300'001, 1}, {1'000'000, 1}, {1'000'001, 2}}) {
        const drawing d{.width = 1, .height = 1, .layers = {{1, "", {zigzag(points)}}}};
        std::size_t drawn = 0;
        polyline all;
        stroke_source source{drawing_source(d, {.home = false, .tool = ""})};
        for (;;) {
            const auto s = source();
            BOOST_REQUIRE_MESSAGE(s, (s ? "" : s.error().what));
            if (!*s) break;
            ++drawn;
            const point begin = std::get<rapid_xy>((*s)->steps.front().op).to;
            BOOST_TEST((all.empty() ? begin == d.layers[0].lines[0].front() : begin == all.back()));
            for (const step& st : (*s)->steps) {
                if (points <= 300'001) { // the pieces of longer lines are not larger
                    std::string line;
                    BOOST_REQUIRE(append_operation(line, st.op));
                    BOOST_TEST(line.size() < job_file_limits{}.line_bytes / 2);
                }
                if (const auto* piece = std::get_if<draw_polyline>(&st.op)) {
                    BOOST_TEST(piece->points.size() <= 300'000U);
                    all.insert(all.end(), piece->points.begin(), piece->points.end());
                }
            }
        }
        BOOST_TEST(drawn == strokes);
        BOOST_TEST((all == d.layers[0].lines[0]));
    }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace compose_test
