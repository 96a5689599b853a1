// SPDX-License-Identifier: MIT
#include <kf/machine/machine_file.hpp>
#include <kf/preview/raster_picture.hpp>
#include <kf/preview/svg_picture.hpp>

#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>

namespace svg_picture_test {

using namespace kf::preview;

/// Two strokes of two layers, on the canvas of the template.
scene two_strokes() {
    scene s = empty_scene(kf::machine::read_machine(kf::machine::template_text).value);
    s.layers = {{"a & b", "#0000ff"}, {"second", ""}};
    s.pens = {{"pen", ""}};
    for (const std::uint16_t layer : {std::uint16_t{0}, std::uint16_t{1}}) {
        s.strokes.begin();
        s.strokes.add({10, 20.0 + 10 * layer});
        s.strokes.add({30.5, 20.0 + 10 * layer});
        s.layer_of.push_back(layer);
        s.pen_of.push_back(0);
    }
    s.travel.begin();
    s.travel.add({30.5, 20});
    s.travel.add({10, 30});
    return s;
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

BOOST_AUTO_TEST_SUITE(svg_picture_)

BOOST_AUTO_TEST_CASE(strokes_are_paths_in_groups_of_their_layer_and_pen) {
    const std::string svg = svg_picture(two_strokes(), {.by = colour_by::layer});
    BOOST_TEST(has(svg, "<g id=\"part-1\" class=\"layer-1 pen-1\"><title>a &amp; b, pen</title>\n"
                        "<path stroke=\"#0000ff\" d=\"M1000 2000l2050 0\"/>\n</g>\n"));
    BOOST_TEST(has(svg, "<g id=\"part-2\" class=\"layer-2 pen-1\"><title>second, pen</title>\n"
                        "<path stroke=\"#0072b2\" d=\"M1000 3000l2050 0\"/>\n</g>\n"));
    BOOST_TEST(has(svg, "<g id=\"travel\""));
    BOOST_TEST(has(svg, "d=\"M3050 2000l-2050 1000\"/>"));
    BOOST_TEST(has(svg, "<rect id=\"canvas\" x=\"0\" y=\"0\" width=\"21000\" height=\"29700\""));
    BOOST_TEST(has(svg, ">a &amp; b, 1 stroke</text>"));
    BOOST_TEST(has(svg, "2 strokes, ink 41.0 mm, travel 22.8 mm, canvas 210 x 297 mm"));
    BOOST_TEST(!has(svg_picture(two_strokes(), {.travel = false}), "travel\""));
}

BOOST_AUTO_TEST_CASE(the_order_goes_from_blue_to_red) {
    const std::string svg = svg_picture(two_strokes());
    BOOST_TEST(has(svg, "<path stroke=\"#1e3cb4\" d=\"M1000 2000l2050 0\"/>"));
    BOOST_TEST(has(svg, "<path stroke=\"#c8143c\" d=\"M1000 3000l2050 0\"/>"));
}

BOOST_AUTO_TEST_CASE(a_dot_is_a_dot) {
    scene s = two_strokes();
    s.strokes.begin();
    s.strokes.add({50, 60});
    s.layer_of.push_back(1);
    s.pen_of.push_back(0);
    BOOST_TEST(has(svg_picture(s, {.by = colour_by::layer}), "d=\"M1000 3000l2050 0m1950 3000h0\"/>"));
}

BOOST_AUTO_TEST_CASE(pixels_are_coloured_where_the_strokes_and_frames_are) {
    const raster r = raster_picture(two_strokes(), 1000, {.pen_width = 2});
    BOOST_TEST(r.size().height == 1000u);
    // The work area of 250 x 350 with an edge of 7 mm, and two lines of 11.2 mm with one more edge below.
    const double scale = 1000 / (350 + 14 + 7 + 22.4);
    BOOST_TEST(r.size().width == static_cast<std::size_t>(264 * scale + 0.5));
    const auto at = [&](double x, double y) {
        return r.at(static_cast<std::size_t>((x + 25 + 7) * scale), static_cast<std::size_t>((y + 28 + 7) * scale));
    };
    BOOST_TEST((at(20, 20) == colour{30, 60, 180}));
    BOOST_TEST((at(20, 30) == colour{200, 20, 60}));
    BOOST_TEST((at(20, 100) == colour{255, 255, 255}));
    BOOST_TEST((at(10, 20) == colour{0, 170, 0}));        // where it begins
    BOOST_TEST((at(30.5, 30) == colour{204, 0, 0}));      // and ends
    BOOST_TEST((at(20.25, 25) != colour{255, 255, 255})); // the travel
    bool framed = false;
    for (double x = -0.5; x < 0.5; x += 0.1) framed = framed || at(x, 200).red < 200;
    BOOST_TEST(framed);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace svg_picture_test
