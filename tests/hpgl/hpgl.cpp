// SPDX-License-Identifier: MIT
#include "../svg/near_lines.hpp"

#include <kf/hpgl/hpgl.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

namespace hpgl_test {

using namespace kf::drawing;
using namespace kf::hpgl;
using kf::errc;

drawing read(std::string_view text, const hpgl_options& options = {}) {
    auto d = read_hpgl(text, options);
    BOOST_REQUIRE_MESSAGE(d, (d ? "" : d.error().what));
    return std::move(*d);
}

/// A page of 100 x 100 mm, where Y is still what the plot says but for its direction: 0 is 100.
std::string page(std::string_view inside) { return "IN;PS4000,4000;SP1;" + std::string(inside); }

/// The lines with Y upwards again.
std::vector<polyline> lines_of(const drawing& d) {
    std::vector<polyline> all;
    for (const layer& l : d.layers) all.insert(all.end(), l.lines.begin(), l.lines.end());
    for (polyline& line : all)
        for (point& p : line) p.y = d.height - p.y;
    return all;
}

void check_ink(std::string_view text, const std::vector<polyline>& expected) {
    BOOST_TEST_CONTEXT(text) {
        const drawing d = read(text);
        for (const note& n : d.notes) BOOST_ERROR(n.text);
        kf::test::check_near(lines_of(d), expected);
    }
}

void check_told(std::string_view text, const std::vector<note>& expected) {
    BOOST_TEST_CONTEXT(text) {
        const drawing d = read(text);
        BOOST_TEST(d.notes.size() == expected.size());
        for (std::size_t i = 0; i < std::min(d.notes.size(), expected.size()); ++i) {
            BOOST_TEST(d.notes[i].text == expected[i].text);
            BOOST_TEST(d.notes[i].line == expected[i].line);
            BOOST_TEST((d.notes[i].kind == expected[i].kind));
        }
    }
}

BOOST_AUTO_TEST_SUITE(hpgl_reader)

BOOST_AUTO_TEST_CASE(forty_units_are_a_millimetre_and_y_grows_upwards) {
    const drawing d = read("IN;SP1;PU400,800;PD800,800;PU;");
    BOOST_TEST(d.width == 20);
    BOOST_TEST(d.height == 20);
    BOOST_REQUIRE_EQUAL(d.layers.size(), 1U);
    BOOST_TEST((d.layers[0].lines == std::vector<polyline>{{{10, 0}, {20, 0}}}));
    const drawing beside = read("IN;SP1;PU-400,-400;PD0,400;PU;");
    BOOST_TEST(beside.width == 10);
    BOOST_TEST(beside.height == 20);
    BOOST_TEST((beside.layers[0].lines == std::vector<polyline>{{{0, 20}, {10, 0}}}));
}

BOOST_AUTO_TEST_CASE(moves_are_absolute_or_relative_and_written_in_many_ways) {
    const std::vector<polyline> hook = {{{1, 1}, {2, 1}, {2, 2}}};
    check_ink(page("PA;PU40,40;PD80,40,80,80;PU;"), hook);
    check_ink(page("PU40 40PD80 40 80 80PU"), hook);
    check_ink(page("pu40,40;pd;pr40,0;pr0,40;pu;"), hook);
    check_ink(page("PU;PA40,40;PD;PA80,40;PA80,80"), hook);
    check_ink(page("PU 40.0,+40 ;\r\nPD 80 , 40 ,\n80,80;"), hook);
    check_ink(page("PU40,40;PD;PU;"), {{{1, 1}}}); // a dot
    check_ink(page("PU40,40;PD80,40;SP2;PD80,80;PU;SP0;"), {{{1, 1}, {2, 1}}, {{2, 1}, {2, 2}}});
}

BOOST_AUTO_TEST_CASE(each_pen_is_a_layer_with_its_number_and_colour) {
    const drawing d = read("IN;PC3,255,128,0;SP3;PU0,0;PD40,0;PU;SP1;PD40,40;PU;SP;PD0,0;PU;");
    BOOST_REQUIRE_EQUAL(d.layers.size(), 2U);
    BOOST_TEST(d.layers[0].number == 1);
    BOOST_TEST(d.layers[0].colour == "");
    BOOST_TEST(d.layers[1].number == 3);
    BOOST_TEST(d.layers[1].colour == "#ff8000");
    BOOST_TEST(line_count(d) == 2U);
    check_told(page("SP0;PD40,0;PU;"), {{1, "SP0 puts the pen away: what follows is not drawn", note_kind::lacking}});
}

BOOST_AUTO_TEST_CASE(arcs_and_circles_are_flattened_within_the_tolerance) {
    for (const char* text : {"PU800,400;PD;AA400,400,360;PU;", "PU800,400;PD;AR-400,0,-360;PU;", "PU400,400;CI400;"}) {
        const auto lines = lines_of(read(page(text)));
        BOOST_REQUIRE_EQUAL(lines.size(), 1U);
        BOOST_TEST(lines[0].size() > 20U);
        BOOST_TEST((std::hypot(lines[0].front().x - lines[0].back().x, lines[0].front().y - lines[0].back().y) < 1e-9));
        for (std::size_t i = 1; i < lines[0].size(); ++i) {
            const point a = lines[0][i - 1], b = lines[0][i];
            BOOST_TEST(std::abs(std::hypot(b.x - 10, b.y - 10) - 10) < 1e-9);
            BOOST_TEST(10 - std::hypot((a.x + b.x) / 2 - 10, (a.y + b.y) / 2 - 10) <= 0.01);
        }
    }
    // A quarter to the left, upwards; the next line goes on at its end.
    const auto quarter = lines_of(read(page("PU400,0;PD;AA0,0,90;PA0,0;PU;")));
    BOOST_REQUIRE_EQUAL(quarter.size(), 1U);
    kf::test::check_near({{quarter[0][0], quarter[0][quarter[0].size() - 2], quarter[0].back()}},
                         {{{10, 0}, {0, 10}, {0, 0}}});
    for (const point& p : quarter[0]) BOOST_TEST((p.x > -1e-9 && p.y > -1e-9));
}

BOOST_AUTO_TEST_CASE(rectangles_wedges_and_polygons_have_their_outlines_drawn) {
    const polyline box = {{1, 1}, {3, 1}, {3, 2}, {1, 2}, {1, 1}};
    check_ink(page("PU40,40;EA120,80;"), {box});
    check_ink(page("PU40,40;ER80,40;"), {box});
    check_ink(page("PU40,40;PM0;PA120,40,120,80,40,80;PM2;EP;"), {box});
    check_told(page("PU40,40;RA120,80;\nRR80,40;\nRR80,40;"),
               {{1, "RA fills: only the outline is drawn", note_kind::told},
                {2, "RR fills: only the outline is drawn (2 times)", note_kind::told}});
    const auto wedge = lines_of(read(page("PU400,400;EW400,0,90;")));
    BOOST_REQUIRE_EQUAL(wedge.size(), 1U);
    kf::test::check_near({{wedge[0][0], wedge[0][1], wedge[0][wedge[0].size() - 2], wedge[0].back()}},
                         {{{10, 10}, {20, 10}, {10, 20}, {10, 10}}});
    BOOST_TEST(lines_of(read(page("PU400,400;PM0;CI40;PM1;CI80;PM2;EP")))[1].size() > 10U);
}

BOOST_AUTO_TEST_CASE(scales_move_stretch_and_turn) {
    check_ink(page("IP0,0,4000,2000;SC0,100,0,100;PU10,10;PD20,20;PU;"), {{{10, 5}, {20, 10}}});
    check_ink(page("IP0,0,4000,2000;SC0,100,0,100,1;PU0,0;PD100,100;PU;"), {{{25, 0}, {75, 50}}});
    check_ink(page("IP0,0,4000,2000;SC0,100,0,100,1,0,0;PU0,0;PD100,100;PU;"), {{{0, 0}, {50, 50}}});
    check_ink(page("IP400,400;SC0,40,0,40,2;PU0,0;PD1,1;PU;"), {{{10, 10}, {11, 11}}});
    check_ink(page("IP0,0,4000,4000;SC0,1,0,1;PU0,0;SC;PD40,40;PU;"), {{{0, 0}, {1, 1}}});
    const drawing turned = read("IN;RO90;SP1;PU0,0;PD400,800;PU;");
    BOOST_TEST(turned.width == 20);
    BOOST_TEST(turned.height == 10);
    BOOST_TEST((turned.layers[0].lines == std::vector<polyline>{{{20, 10}, {0, 0}}}));
    check_told(page("SC5,5,0,1;PU40,0;PD0,0;PU"),
               {{1, "SC has a range of nothing: it counts as not given", note_kind::wrong}});
}

BOOST_AUTO_TEST_CASE(a_window_cuts_and_line_types_are_dashes) {
    check_ink(page("IW40,40,120,120;PU0,80;PD400,80;PU;IW;PD400,0;PU;"), {{{1, 2}, {3, 2}}, {{10, 2}, {10, 0}}});
    check_ink(page("LT2,4,1;PU0,0;PD400,0;PU;LT;PD400,40;PU;"),
              {{{0, 0}, {2, 0}}, {{4, 0}, {6, 0}}, {{8, 0}, {10, 0}}, {{10, 0}, {10, 1}}});
    // 4 % of the diagonal, where nothing else is said.
    check_ink(page("IP0,0,3000,4000;LT2;PU0,0;PD240,0;PU;"), {{{0, 0}, {2.5, 0}}, {{5, 0}, {6, 0}}});
    check_told(page("LT0;PU0,40;PD0,0;PU;"),
               {{1, "LT0 draws only the ends of lines: they are drawn whole", note_kind::lacking}});
}

BOOST_AUTO_TEST_CASE(packed_lines_and_curves_are_drawn) {
    // PE: up to (1,2) mm, then (+1,0), (0,-1): numbers to the base 64, doubled, the sign in bit 0.
    const auto digit = [](int value) {
        const unsigned n = static_cast<unsigned>(value < 0 ? -2 * value + 1 : 2 * value);
        return n < 64 ? std::string(1, static_cast<char>(191 + n))
                      : std::string(1, static_cast<char>(63 + n % 64)) + static_cast<char>(191 + n / 64);
    };
    check_ink(page("PE<=" + digit(40) + digit(80) + digit(40) + digit(0) + digit(0) + digit(-40) + ";"),
              {{{1, 2}, {2, 2}, {2, 1}}});
    check_ink(page("PE<=\xcf\xd0\xbf\xbf;"), {{{0.2, 0}}}); // 16 is 8 units; 17 is -8
    const auto curve = lines_of(read(page("PU0,0;PD;BZ0,400,400,400,400,0;PU")));
    BOOST_REQUIRE_EQUAL(curve.size(), 1U);
    BOOST_TEST(curve[0].size() > 8U);
    BOOST_TEST(curve[0].back().x == 10);
    const auto same = lines_of(read(page("PU0,0;PD;BR0,400,400,400,400,0;PU")));
    kf::test::check_near(same, curve);
    check_told(page("PE<=\x40;"), {{1, "PE has an unfinished number: it counts as not given", note_kind::wrong}});
}

BOOST_AUTO_TEST_CASE(what_wraps_a_plot_is_passed_over) {
    const std::string plot = page("PU40,40;PD80,40;PU;");
    const std::vector<polyline> line = {{{1, 1}, {2, 1}}};
    check_ink("\x1b.@;0:\x1b.I81;;17:\x1b.N;19:" + plot, line);
    check_ink("\x1b%-12345X@PJL ENTER LANGUAGE=HPGL2\r\n@PJL SET X=1\r\n" + plot, line);
    check_ink("\x1b"
              "E\x1b&l1O some text \x1b%0B" +
                  plot +
                  "\x1b%0A more text\x1b"
                  "E",
              line);
    check_ink("\x1b%-12345X\x1b%-1B" + plot, line);
    check_told(page("PU0,40;LBText; here\x03\nPD0,0;PU;XX1,2;XX;VS10;DT*;LBhe;re*PU;"),
               {{1, "2 texts are not drawn, the first is \"Text; here\"", note_kind::lacking},
                {2, "XX is not known: passed over (2 times)", note_kind::lacking},
                {2, "VS: the speed is that of the machine and its tool", note_kind::told}});
}

BOOST_AUTO_TEST_CASE(texts_of_any_number_are_one_note) {
    check_told(page("LBone\x03;PU0,40;PD0,0;PU;"), {{1, "the text \"one\" is not drawn", note_kind::lacking}});
    std::string plot = "XX;\nPU0,40;PD0,0;PU;";
    for (int i = 0; i < 3000; ++i) plot += "LB" + std::to_string(i) + "\x03;\nXX;";
    check_told(page(plot), {{1, "XX is not known: passed over (3001 times)", note_kind::lacking},
                            {2, "3000 texts are not drawn, the first is \"0\"", note_kind::lacking}});
}

BOOST_AUTO_TEST_CASE(no_text_is_taken_for_instructions) {
    check_told(page("BLPD9,9;AA1,1,90\x03PB;WDPU1,1;PD5,5\x03PU0,40;PD0,0;PU;"),
               {{1, "the text \"PD9,9;AA1,1,90\" is not drawn", note_kind::lacking}});
    check_ink(page("WDPU1,1;PD5,5\x03PU0,40;PD0,0;PU;"), {{{0, 1}, {0, 0}}});
    BOOST_TEST((lines_of(read(page("SMP;PU0,40;PD0,0;PU;SM;"))) == std::vector<polyline>{{{0, 1}, {0, 0}}}));
    check_ink(page("SM;PU0,40;PD0,0;PU;"), {{{0, 1}, {0, 0}}});
    check_told(page("SMP;PU0,40;PD0,0;PU;"),
               {{1, "SM draws a character at each place: it is not drawn", note_kind::lacking}});
}

BOOST_AUTO_TEST_CASE(a_text_without_an_end_is_told_as_what_it_swallows) {
    check_told(page("PU0,40;PD0,0;PU;LBno end\nPD9,9;"),
               {{1, "a text has no end: what follows it in the file is not drawn", note_kind::wrong},
                {1, "the text \"no end\\x0aPD9,9;\" is not drawn", note_kind::lacking}});
}

BOOST_AUTO_TEST_CASE(pages_that_lie_one_over_the_other_are_told) {
    const std::string two = "PU0,40;PD0,0;PU;PG;\nPU40,40;PD40,0;PU;";
    check_told(page(two),
               {{1, "there are 2 pages: they are drawn on one sheet, one over the other", note_kind::lacking}});
    check_told(page("PG;" + two + "PG;PG;"),
               {{1, "there are 2 pages: they are drawn on one sheet, one over the other", note_kind::lacking}});
    check_told(page("PU0,40;PD0,0;PU;PG;"), {});
    check_told(page("PU0,40;PD0,0;PU;AF;SP0;"), {});
}

BOOST_AUTO_TEST_CASE(an_arc_goes_through_its_middle_point) {
    const auto end_of = [](std::string_view text) { return lines_of(read(page(text))).at(0); };
    // A half circle around 50, 50 over the top; then below, relatively; and what follows begins at its end.
    for (const char* half : {"PU1600,2000;PD;AT2000,2400,2400,2000;PU;", "PU1600,2000;PD;RT400,400,800,0;PU;"}) {
        const polyline line = end_of(half);
        BOOST_TEST(line.size() > 10U);
        BOOST_TEST(line.back().x == 60.0, boost::test_tools::tolerance(1e-9));
        for (const point& p : line) {
            BOOST_TEST(std::abs(std::hypot(p.x - 50, p.y - 50) - 10) < 0.02);
            BOOST_TEST(p.y > 49.9);
        }
    }
    for (const point& p : end_of("PU1600,2000;PD;AT2000,1600,2400,2000;PU;")) BOOST_TEST(p.y < 50.1);
    BOOST_TEST(end_of("PU2000,2400;PD;AT1600,2000,2400,2000;PU;").size() > 20U); // three quarters
    check_ink(page("PU0,0;PD;AT40,0,80,0;PU;"), {{{0, 0}, {1, 0}, {2, 0}}});     // no arc
    check_told(page("PU0,40;PD0,0;PU;AT1,2,3;"),
               {{1, "AT has too few numbers: it counts as not given", note_kind::wrong}});
}

BOOST_AUTO_TEST_CASE(corners_that_enclose_nothing_count_as_not_given) {
    const char* plot = "IN;PS4000,4000;IP0,0,4000,4000;IP0,0,0,4000;SC0,100,0,100;SP1;PU0,100;PD0,0;PU;";
    check_told(plot, {{1, "IP has corners that enclose nothing: it counts as not given", note_kind::wrong}});
    BOOST_TEST((lines_of(read(plot)) == std::vector<polyline>{{{0, 100}, {0, 0}}}));
}

BOOST_AUTO_TEST_CASE(numbers_that_no_plotter_has_are_told_and_points_are_bounded) {
    check_told(page("PU40,40;PD*,5;\nPU0,99999999999;PD0,0;PU;"),
               {{1, "PD has a parameter that is no number: it counts as not given", note_kind::wrong},
                {2, "PU has a parameter that is no number: it counts as not given", note_kind::wrong}});
    check_told(page("PU0,40;PD1,2,3;PU"), {{1, "PD has an X without its Y: it counts as not given", note_kind::wrong}});
    check_told(page("PD900000000,0;PU;PU0,40;PD40,40;PU"),
               {{1, "a line reaches farther than 100000 mm: not drawn", note_kind::wrong}});
    const auto full = read_hpgl(page("CI400000;CI400000;"), {.max_points = 1000});
    BOOST_REQUIRE(!full);
    BOOST_TEST((full.error().code == errc::out_of_bounds));
    BOOST_TEST(full.error().what == "line 1, CI: the drawing needs more than 1000 points");
    const auto none = read_hpgl("G1 X10\n; nothing\n");
    BOOST_REQUIRE(!none);
    BOOST_TEST((none.error().code == errc::malformed));
}

BOOST_AUTO_TEST_CASE(a_plot_is_known_by_its_first_bytes) {
    for (const char* begin : {"IN;SP1;", " \r\nIN;", "IN SP1", "PU100,100", "pa;pu", "SP1", "\x1b.(;;", "\x1b%-12345X",
                              "INSP1PU", "DF;", "BP5,1;", "CO\"by hand\";IN;", "PA-5,3"})
        BOOST_TEST(looks_like_hpgl(begin), begin);
    for (const char* begin : {"", "<svg/>", "{\"format\":\"kf-job\"}", "G1 X10", "INTRODUCTION", "PAPER", "special",
                              "%PDF-1.4", "\x89PNG", "P1 100", "SPAN"})
        BOOST_TEST(!looks_like_hpgl(begin), begin);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace hpgl_test
