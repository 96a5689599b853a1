// SPDX-License-Identifier: MIT
#include <kf/machine/machine_file.hpp>
#include <kf/preview/text_picture.hpp>

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

namespace text_picture_test {

using namespace kf::preview;

/// A canvas of 100 x 50 with a square and one diagonal, by hand.
scene small() {
    scene s;
    s.canvas = s.margin = s.work_area = {0, 0, 100, 50};
    s.layers = {{"a", ""}};
    s.pens = {{"pen", ""}};
    for (const std::vector<point>& line : {std::vector<point>{{20, 10}, {50, 10}, {50, 40}, {20, 40}, {20, 10}},
                                           std::vector<point>{{60, 10}, {90, 40}}}) {
        s.strokes.begin();
        for (const point p : line) s.strokes.add(p);
        s.layer_of.push_back(0);
        s.pen_of.push_back(0);
    }
    return s;
}

std::string joined(const std::vector<std::string>& lines) {
    std::string out = "\n";
    for (const std::string& line : lines) out += line + "\n";
    return out;
}

BOOST_AUTO_TEST_SUITE(text_picture_)

BOOST_AUTO_TEST_CASE(plain_characters_show_ink_and_the_canvas) {
    BOOST_TEST(joined(text_picture(small(), {.columns = 31, .rows = 12, .of = glyphs::plain})) == R"(
|-----------------------------|
|     ..........  .           |
|     :        :   '.         |
|     :        :     '.       |
|     :        :       '.     |
|     :        :         '.   |
|     ''''''''''           '  |
|-----------------------------|
2 strokes, ink 162.4 mm, travel 0.0 mm, canvas 100 x 50 mm
)");
}

BOOST_AUTO_TEST_CASE(braille_shows_eight_dots_a_character) {
    BOOST_TEST(joined(text_picture(small(), {.columns = 31, .rows = 12})) == R"(
⡏⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⢹
⡇     ⡤⠤⠤⠤⠤⠤⠤⠤⠤⢄  ⢠⡀          ⢸
⡇     ⡇        ⢸   ⠙⢦⡀        ⢸
⡇     ⡇        ⢸     ⠙⢦⡀      ⢸
⡇     ⡇        ⢸       ⠙⢦⡀    ⢸
⡇     ⡇        ⢸         ⠙⢦⡀  ⢸
⡇     ⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉           ⠉  ⢸
⣇⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣸
2 strokes, ink 162.4 mm, travel 0.0 mm, canvas 100 x 50 mm
)");
}

BOOST_AUTO_TEST_CASE(it_fits_eighty_columns_and_twenty_four_rows) {
    for (const auto of : {glyphs::braille, glyphs::plain})
        for (const bool wide : {true, false}) {
            scene s = small();
            if (!wide) s.canvas = {0, 0, 50, 400};
            const auto lines = text_picture(s, {.columns = 80, .rows = 24, .of = of, .coloured = false});
            BOOST_TEST(lines.size() <= 24u);
            for (const std::string& line : lines) BOOST_TEST(kf::columns_of(line) <= 80u);
        }
}

BOOST_AUTO_TEST_CASE(colours_say_the_order_and_are_switched_off_behind) {
    const auto lines = text_picture(small(), {.columns = 31, .rows = 12, .of = glyphs::plain, .coloured = true});
    BOOST_TEST(lines[2].find("\x1b[34m") != std::string::npos); // the first stroke
    BOOST_TEST(lines[2].find("\x1b[33m") != std::string::npos); // the second of two
    for (const std::string& line : lines)
        if (const auto last = line.rfind('\x1b'); last != std::string::npos)
            BOOST_TEST(line.substr(last, 4) == "\x1b[0m");
    BOOST_TEST(lines.back().find("first stroke to last") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace text_picture_test
