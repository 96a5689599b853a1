// SPDX-License-Identifier: MIT
#include <kf/job/job_file.hpp>
#include <kf/job/planned_limits.hpp>
#include <kf/machine/machine_file.hpp>
#include <kf/preview/scene.hpp>

#include <boost/test/unit_test.hpp>

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace scene_test {

using namespace kf::job;
using kf::preview::scene;

// Canvas 210 x 297 at machine 25, 25 in a work area of 250 x 350; canvas 0, 0 is machine 25, 322.
kf::machine::machine octopus() { return kf::machine::read_machine(kf::machine::template_text).value; }

scene seen(const kf::machine::machine& m, const std::vector<operation>& list, const job_header& header = {}) {
    auto made = kf::preview::scene_of(m, header, stroke_source(operations_of(list)));
    BOOST_REQUIRE(made.has_value());
    return *std::move(made);
}

std::vector<point> points(std::span<const point> line) { return {line.begin(), line.end()}; }

BOOST_AUTO_TEST_SUITE(scene_)

BOOST_AUTO_TEST_CASE(strokes_and_the_travel_between_them_are_seen_on_the_canvas) {
    const scene s = seen(octopus(), {home_xy{}, rapid_xy{{10, 20}}, tool_down{}, draw_polyline{{{10, 20}, {30, 20}}},
                                     tool_up{}, rapid_xy{{40, 50}}, tool_down{}, tool_up{}});
    BOOST_REQUIRE(s.strokes.size() == 2u);
    BOOST_TEST((points(s.strokes[0]) == std::vector<point>{{10, 20}, {10, 20}, {30, 20}}));
    BOOST_TEST((points(s.strokes[1]) == std::vector<point>{{40, 50}})); // a dot
    BOOST_REQUIRE(s.travel.size() == 2u);
    BOOST_TEST((points(s.travel[0]) == std::vector<point>{{-25, 322}, {10, 20}})); // from the home position
    BOOST_TEST((points(s.travel[1]) == std::vector<point>{{30, 20}, {40, 50}}));
    BOOST_TEST(s.strokes.length() == 20);
    BOOST_TEST((s.work_area == kf::drawing::rectangle{-25, -28, 225, 322}));
    BOOST_TEST((s.bounds() == kf::drawing::rectangle{0, 0, 210, 297}));
}

BOOST_AUTO_TEST_CASE(layers_and_pens_of_the_header_are_the_strokes) {
    const job_header header{.width = 100,
                            .height = 50,
                            .layers = {{1, "sky", "#0000ff", ""}, {2, "", "", "wide"}},
                            .pens = {{.name = "wide", .colour = "#804000"}}};
    const scene s = seen(octopus(),
                         {begin_layer{1}, rapid_xy{{1, 1}}, tool_down{}, tool_up{}, begin_layer{2}, rapid_xy{{2, 2}},
                          tool_down{}, tool_up{}, begin_layer{1}, rapid_xy{{3, 3}}, tool_down{}, tool_up{}},
                         header);
    BOOST_TEST((s.layer_of == std::vector<std::uint16_t>{0, 1, 0}));
    BOOST_TEST(s.layers[0].name == "sky");
    BOOST_TEST(s.layers[1].name == "layer 2");
    BOOST_TEST((s.pen_of == std::vector<std::uint16_t>{0, 1, 0}));
    BOOST_TEST(s.pens[0].name == "pen");
    BOOST_TEST(s.pens[1].colour == "#804000");
    BOOST_TEST((*s.page == kf::drawing::rectangle{0, 0, 100, 50}));
}

BOOST_AUTO_TEST_CASE(travel_is_seen_to_go_round_a_keep_out) {
    auto m = octopus();
    m.keep_outs.push_back({"clip", kf::machine::box{{100, 205}, {120, 250}}});
    m.keep_outs.push_back({"post", kf::machine::disc{{30, 30}, 5}});
    const scene s = seen(m, {rapid_xy{{10, 112}}, rapid_xy{{210, 112}}});
    // Canvas X is machine X - 25, canvas Y is 322 - machine Y.
    BOOST_REQUIRE(s.travel.size() == 1u);
    BOOST_TEST((points(s.travel[0]) == std::vector<point>{{10, 112}, {74.5, 117.5}, {95.5, 117.5}, {210, 112}}));
    BOOST_TEST((std::get<kf::drawing::rectangle>(s.keep_outs[0].area) == kf::drawing::rectangle{75, 72, 95, 117}));
    BOOST_TEST((std::get<kf::machine::disc>(s.keep_outs[1].area) == kf::machine::disc{{5, 292}, 5}));
    BOOST_TEST(seen(m, {rapid_xy{{10, 112}}, rapid_xy{{85, 100}}}).ways_blocked == 1u);
}

/// Travel 10, work 20: up is within 0.5 of 10.
scene seen_gcode(std::string_view text, const kf::machine::machine& m = octopus()) {
    auto made = kf::preview::scene_of_gcode(m, planned_limits(m),
                                            [&]() -> kf::result<std::string_view> { return std::exchange(text, {}); });
    BOOST_REQUIRE(made.has_value());
    return *std::move(made);
}

BOOST_AUTO_TEST_CASE(gcode_is_ink_where_z_leaves_the_travel_height_for_the_paper) {
    const scene s =
        seen_gcode("G90\nG1 Z10 F600\nG0 X35 Y302 F4800\nG1 Z20\nG1 X55 Y302 F1500\nG1 X55 Y290\nG1 Z10\nG0 X100 "
                   "Y302\nG1 Z20\nG1 X110\nG1 Z10\n");
    BOOST_REQUIRE(s.strokes.size() == 2u);
    BOOST_TEST((points(s.strokes[0]) == std::vector<point>{{10, 20}, {30, 20}, {30, 32}}));
    BOOST_TEST((points(s.strokes[1]) == std::vector<point>{{75, 20}, {85, 20}}));
    BOOST_TEST(s.travel.size() == 2u);
}

BOOST_AUTO_TEST_CASE(gcode_of_a_raised_pen_is_ink) {
    const auto strokes = [](const char* z, const kf::machine::machine& m) {
        return seen_gcode(fmt::format("G90\nG1 Z{} F600\nG0 X35 Y302 F4800\nG1 Z{}\nG1 X55\nG1 Z{}\nG0 X90\n",
                                      m.z_states.travel_mm, z, m.z_states.travel_mm),
                          m)
            .strokes.size();
    };
    auto m = octopus();
    m.tools.resize(1);
    for (const char* ink : {"20", "13", "11", "10.51", "21"}) BOOST_TEST(strokes(ink, m) == 1u, ink);
    for (const char* up : {"10", "10.49", "9.51", "9", "0"}) BOOST_TEST(strokes(up, m) == 0u, up);
    std::swap(m.z_states.travel_mm, m.tools.front().work_mm); // the paper below
    for (const char* ink : {"10", "17", "19.49", "9"}) BOOST_TEST(strokes(ink, m) == 1u, ink);
    for (const char* up : {"20", "19.51", "20.49", "21"}) BOOST_TEST(strokes(up, m) == 0u, up);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace scene_test
