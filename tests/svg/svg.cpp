// SPDX-License-Identifier: MIT
#include "near_lines.hpp"

#include <kf/svg/svg.hpp>

#include <boost/test/unit_test.hpp>

#include <fmt/format.h>

#include <cmath>
#include <fstream>
#include <iterator>
#include <numbers>
#include <string>
#include <string_view>
#include <vector>

namespace svg_test {

using namespace kf::drawing;
using namespace kf::svg;
using kf::errc;

/// A page of 100 x 100 mm whose user unit is 1 mm, as most cases want it.
std::string page(std::string_view inside) {
    return "<svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink' "
           "xmlns:inkscape='http://www.inkscape.org/namespaces/inkscape' width='100mm' height='100mm' "
           "viewBox='0 0 100 100' fill='none' stroke='black'>\n" +
           std::string(inside) + "\n</svg>";
}

drawing read(std::string_view svg, const svg_options& options = {}) {
    auto d = read_svg(svg, options);
    BOOST_REQUIRE_MESSAGE(d, (d ? "" : d.error().what));
    return std::move(*d);
}

std::vector<polyline> lines_of(const drawing& d) {
    std::vector<polyline> all;
    for (const layer& l : d.layers) all.insert(all.end(), l.lines.begin(), l.lines.end());
    return all;
}

/// The whole drawing is these polylines, and there is nothing to tell.
void check_ink(std::string_view svg, const std::vector<polyline>& expected) {
    BOOST_TEST_CONTEXT(svg) {
        const drawing d = read(svg);
        for (const note& n : d.notes) BOOST_ERROR(n.text);
        kf::test::check_near(lines_of(d), expected);
    }
}

void check_notes(const drawing& d, const std::vector<note>& expected) {
    for (std::size_t i = 0; i < std::max(d.notes.size(), expected.size()); ++i) {
        BOOST_TEST_CONTEXT("note " << i) {
            BOOST_TEST((i < d.notes.size() ? d.notes[i].text : "(missing)") ==
                       (i < expected.size() ? expected[i].text : "(not expected)"));
            if (i >= d.notes.size() || i >= expected.size()) continue;
            BOOST_TEST(d.notes[i].line == expected[i].line);
            if (expected[i].kind != note_kind::told) BOOST_TEST((d.notes[i].kind == expected[i].kind));
        }
    }
}

const std::string hook = "<path d='M0 0H10V5'/>"; // no symmetry, so that every transform shows

BOOST_AUTO_TEST_SUITE(job_svg)

BOOST_AUTO_TEST_CASE(draws_shapes_with_corners) {
    check_ink(page("<line x1='1' y1='2' x2='3' y2='4'/>"), {{{1, 2}, {3, 4}}});
    check_ink(page("<line x2='50%' y2='25%'/>"), {{{0, 0}, {50, 25}}});
    check_ink(page("<polyline points='1,2 3,4 5,6'/>"), {{{1, 2}, {3, 4}, {5, 6}}});
    check_ink(page("<polygon points='1,2 3,4 5,6'/>"), {{{1, 2}, {3, 4}, {5, 6}, {1, 2}}});
    check_ink(page("<rect x='1' y='2' width='30' height='40'/>"), {{{1, 2}, {31, 2}, {31, 42}, {1, 42}, {1, 2}}});
    check_ink(page("<rect width='1cm' height='1in' rx='0' ry='5'/>"),
              {{{0, 0},
                {37.795275590551178, 0},
                {37.795275590551178, 96},
                {0, 96},
                {0, 0}}}); // 1 cm is 96/2.54 user units, whatever the page makes of them
    check_ink(page("<path d='M1 1L2 2M3 3L4 4z'/>"), {{{1, 1}, {2, 2}}, {{3, 3}, {4, 4}, {3, 3}}});
}

BOOST_AUTO_TEST_CASE(draws_circles_and_ellipses_within_tolerance) {
    for (const double tolerance : {0.1, 0.01, 0.001}) {
        const drawing d = read(page("<circle cx='50' cy='40' r='30'/><ellipse cx='50' cy='50' rx='40' ry='8'/>"),
                               {.tolerance_mm = tolerance});
        const auto lines = lines_of(d);
        BOOST_REQUIRE_EQUAL(lines.size(), 2U);
        const polyline& circle = lines[0];
        BOOST_TEST((circle.front() == point{80, 40}));
        BOOST_TEST((circle.front() == circle.back()));
        BOOST_TEST(circle[1].y > 40); // clockwise with +Y down
        double sagitta = 0;
        for (std::size_t i = 1; i < circle.size(); ++i) {
            BOOST_TEST(std::abs(std::hypot(circle[i].x - 50, circle[i].y - 40) - 30) < 1e-9);
            const point m{(circle[i].x + circle[i - 1].x) / 2, (circle[i].y + circle[i - 1].y) / 2};
            sagitta = std::max(sagitta, 30 - std::hypot(m.x - 50, m.y - 40));
        }
        BOOST_TEST(sagitta <= tolerance);
        BOOST_TEST(sagitta > tolerance / 2); // and not far more points than it takes
        for (const point& p : lines[1])
            BOOST_TEST(std::abs(std::pow((p.x - 50) / 40, 2) + std::pow((p.y - 50) / 8, 2) - 1) < 1e-9);
        BOOST_TEST((lines[1].front() == lines[1].back()));
    }
}

BOOST_AUTO_TEST_CASE(rounds_the_corners_of_rects) {
    const auto lines = lines_of(read(page("<rect x='10' y='20' width='40' height='30' rx='5'/>"
                                          "<rect x='10' y='20' width='40' height='30' rx='99' ry='99'/>")));
    BOOST_REQUIRE_EQUAL(lines.size(), 2U);
    const polyline& r = lines[0];
    BOOST_TEST((r.front() == point{15, 20}));
    BOOST_TEST((r[1] == point{45, 20}));
    BOOST_TEST(closed(r));
    for (const point& p : r) {
        const double dx = std::max(std::abs(p.x - 30) - 15, 0.0), dy = std::max(std::abs(p.y - 35) - 10, 0.0);
        BOOST_TEST(std::abs(std::hypot(dx, dy) - 5) < 1e-9);
    }
    // Radii beyond half the sides make an ellipse.
    for (const point& p : lines[1])
        BOOST_TEST(std::abs(std::pow((p.x - 30) / 20, 2) + std::pow((p.y - 35) / 15, 2) - 1) < 1e-9);
}

BOOST_AUTO_TEST_CASE(sizes_the_page_in_every_unit) {
    struct row {
        const char* attributes;
        double width, height, unit; // unit: mm that one user unit has
    };
    constexpr double px = 25.4 / 96;
    constexpr row rows[] = {
        {"width='420mm' height='297mm' viewBox='0 0 420 297'", 420, 297, 1},
        {"width='42cm' height='29.7cm' viewBox='0 0 4200 2970'", 420, 297, 0.1},
        {"width='8in' height='4in'", 203.2, 101.6, px},
        {"width='96' height='192px'", 25.4, 50.8, px},
        {"width='72pt' height='6pc' viewBox='0 0 72 72'", 25.4, 25.4, 25.4 / 72},
        {"width='400Q' height='400q' viewBox='0 0 50 50'", 100, 100, 2},
        {"width='100mm' viewBox='0 0 200 50'", 100, 25, 0.5},
        {"height='100mm' width='100%' viewBox='0 0 200 50'", 400, 100, 2},
        {"width='210mm' height='297mm' viewBox='0 0 100 100' preserveAspectRatio='xMinYMin'", 210, 297, 2.1}};
    for (const row& r : rows) {
        BOOST_TEST_CONTEXT(r.attributes) {
            const drawing d =
                read("<svg " + std::string(r.attributes) + " stroke='#000' fill='none'>" + hook + "</svg>");
            check_notes(d, {});
            BOOST_TEST(d.width == r.width, boost::test_tools::tolerance(1e-12));
            BOOST_TEST(d.height == r.height, boost::test_tools::tolerance(1e-12));
            const auto lines = lines_of(d);
            BOOST_REQUIRE_EQUAL(lines.size(), 1U);
            BOOST_TEST(lines[0][2].x == 10 * r.unit, boost::test_tools::tolerance(1e-12));
            BOOST_TEST(lines[0][2].y == 5 * r.unit, boost::test_tools::tolerance(1e-12));
        }
    }
}

BOOST_AUTO_TEST_CASE(tells_when_it_guesses_the_page) {
    const drawing boxed = read("<svg viewBox='0 0 96 192' stroke='red' fill='none'>" + hook + "</svg>");
    BOOST_TEST(boxed.width == 25.4, boost::test_tools::tolerance(1e-12));
    BOOST_TEST(boxed.height == 50.8, boost::test_tools::tolerance(1e-12));
    check_notes(boxed, {{1, "<svg>: no page size in units: the viewBox is taken as px, 96 to an inch"}});
    const drawing bare = read("<svg stroke='red' fill='none'>" + hook + "</svg>");
    BOOST_TEST(bare.width == 10 * 25.4 / 96, boost::test_tools::tolerance(1e-12));
    BOOST_TEST(bare.height == 5 * 25.4 / 96, boost::test_tools::tolerance(1e-12));
    check_notes(bare, {{1, "no page size: the page ends where the drawing does"}});
    const drawing em =
        read("<svg width='1em' height='2ex' viewBox='0 0 16 16' stroke='red' fill='none'>" + hook + "</svg>");
    BOOST_TEST(em.width == em.height);
    check_notes(em, {{1, "<svg>: em is taken as 16 px, ex as 8 px"}});
}

BOOST_AUTO_TEST_CASE(dots_per_inch_are_for_a_page_in_px_only) {
    const svg_options old{.dpi = 72};
    const std::string body = " stroke='red' fill='none'><path d='M0 0H72'/></svg>";
    for (const char* page : {"<svg width='144' height='72'", "<svg width='144px' viewBox='0 0 144 72'",
                             "<svg viewBox='0 0 144 72'", "<svg width='2in' height='1in'"}) {
        const drawing d = read(page + body, old);
        BOOST_TEST_CONTEXT(page) {
            BOOST_TEST(d.width == 50.8, boost::test_tools::tolerance(1e-12));
            BOOST_TEST(lines_of(d)[0][1].x == 25.4, boost::test_tools::tolerance(1e-12));
        }
    }
    const drawing in_units = read("<svg width='2in' height='1in' viewBox='0 0 144 72'" + body, old);
    BOOST_TEST(lines_of(in_units)[0][1].x == 25.4, boost::test_tools::tolerance(1e-12));
    check_notes(in_units, {{1, "<svg>: the page has its size in units: how many px are an inch changes nothing"}});
    // The root's own transform is in px too.
    const drawing moved = read("<svg width='144' height='72' transform='translate(72)'" + body, old);
    BOOST_TEST(lines_of(moved)[0][0].x == 25.4, boost::test_tools::tolerance(1e-12));
}

BOOST_AUTO_TEST_CASE(applies_transforms_from_the_outside_in) {
    check_ink(page("<g transform='translate(20,30)'><g transform='rotate(90)'>" + hook + "</g></g>"),
              {{{20, 30}, {20, 40}, {15, 40}}});
    check_ink(page("<g transform='scale(2) translate(1 1)'><path transform='translate(3)' d='M0 0H1'/></g>"),
              {{{8, 2}, {10, 2}}});
    check_ink(page("<g style='transform: translate(1px, 2px) rotate(90deg)'>" + hook + "</g>"),
              {{{1, 2}, {1, 12}, {-4, 12}}});
    check_ink(page("<path transform='rotate(90)' transform-origin='10 10' d='M10 10H20'/>"), {{{10, 10}, {10, 20}}});
    check_ink(page("<path style='transform:rotate(180deg);transform-origin:center' d='M50 50H60V70'/>"),
              {{{50, 50}, {40, 50}, {40, 30}}});
}

BOOST_AUTO_TEST_CASE(fits_inner_views) {
    check_ink(page("<svg x='10' y='20' width='40' height='20' viewBox='0 0 10 10'><path d='M0 0L10 10'/></svg>"),
              {{{20, 20}, {40, 40}}});
    check_ink(page("<svg x='10%' width='50%' height='20'><path d='M0 0H50'/><line x2='100%' y2='100%'/></svg>"),
              {{{10, 0}, {60, 0}}, {{10, 0}, {60, 20}}});
    const drawing over = read(page("<svg width='10' height='10'><path d='M5 5H11'/></svg>\n"
                                   "<svg width='10' height='10' overflow='visible'><path d='M5 5H11'/></svg>\n"
                                   "<svg width='0' height='10'><path d='M5 5H11'/></svg>"));
    check_notes(over, {{4, "<svg>: has no size: not drawn"}});
    BOOST_TEST((lines_of(over) == std::vector<polyline>{{{5, 5}, {10, 5}}, {{5, 5}, {11, 5}}}));
}

BOOST_AUTO_TEST_CASE(draws_what_use_refers_to) {
    check_ink(page("<defs><g id='a'>" + hook +
                   "</g></defs><use href='#a' x='5' y='6'/>"
                   "<use xlink:href='#a' transform='scale(2)' x='1'/>"),
              {{{5, 6}, {15, 6}, {15, 11}}, {{2, 0}, {22, 0}, {22, 10}}});
    check_ink(page("<symbol id='s' viewBox='0 0 10 10'><path d='M0 0L10 10'/></symbol>"
                   "<use href='#s' x='1' y='2' width='20' height='20'/>"),
              {{{1, 2}, {21, 22}}});
    // A used element is drawn where it stands, too; what is used later may come first.
    check_ink(page("<use href='#p' y='1'/><path id='p' d='M0 0H1'/>"), {{{0, 1}, {1, 1}}, {{0, 0}, {1, 0}}});
    const drawing missing = read(page("<use href='#nowhere'/>\n<use href='other.svg#a'/>"));
    check_notes(missing, {{2, "<use>: shows something that is not in this file: not drawn (2 times: lines 2, 3); "
                              "the first: \"#nowhere\""}});
}

BOOST_AUTO_TEST_CASE(refuses_what_use_multiplies_before_it_is_walked) {
    // 10^39 elements: only counting them without a walk comes to an end.
    std::string bomb = "<defs><path id='u0' d='M0 0H1'/>\n";
    for (int i = 1; i < 40; ++i) {
        bomb += "<g id='u" + std::to_string(i) + "'>";
        for (int k = 0; k < 10; ++k) bomb += "<use href='#u" + std::to_string(i - 1) + "'/>";
        bomb += "</g>\n";
    }
    bomb += "</defs>\n<use href='#u2'/>\n";
    const auto d = read_svg(page(bomb + "<g>\n<use href='#u39'/></g>"));
    BOOST_REQUIRE(!d);
    BOOST_TEST((d.error().code == errc::out_of_bounds));
    BOOST_TEST(d.error().what == "line 45, <use>: \"#u39\" stands for more than 10000000 elements");
    BOOST_TEST(line_count(read(page(bomb))) == 100U);
    // What is not shown is not counted, and neither is what would be drawn in itself.
    BOOST_TEST(line_count(read(page(bomb + "<g display='none'><use href='#u39'/></g>"))) == 100U);
    BOOST_TEST(line_count(read(page("<g id='a'><use href='#a'/><use href='#b'/></g><g id='b'><use href='#a'/>" + hook +
                                    "</g>"))) == 2U);
    // A chain of many links is refused for its depth, however it is counted.
    std::string chain = "<defs><path id='c0' d='M0 0H1'/>";
    for (int i = 1; i < 100'000; ++i)
        chain += "<use id='c" + std::to_string(i) + "' href='#c" + std::to_string(i - 1) + "'/>";
    const auto deep = read_svg(page(chain + "</defs><use href='#c99999'/>"));
    BOOST_REQUIRE(!deep);
    BOOST_TEST(deep.error().what == "line 2, <use>: elements are nested deeper than 256");
    const auto points = read_svg(page("<circle r='40'/><circle r='40'/>"), {.max_points = 200});
    BOOST_REQUIRE(!points);
    BOOST_TEST((points.error().code == errc::out_of_bounds));
}

BOOST_AUTO_TEST_CASE(dashes_count_as_points_instead_of_their_outline) {
    std::string zigzag = "<path id='p' fill='none' d='M0 0";
    for (int i = 1; i < 30; ++i) zigzag += fmt::format("L{} {}", i, i % 2);
    zigzag += "'/>";
    const auto uses = [&](int times) {
        std::string body = "<defs>" + zigzag + "</defs><g stroke-dasharray='70 3'>";
        for (int i = 0; i < times; ++i) body += "<use href='#p'/>";
        return page(body + "</g>");
    };
    const auto refused = [](const std::string& text, std::size_t most) {
        const auto d = read_svg(text, {.max_points = most});
        return d ? std::string() : d.error().what;
    };
    BOOST_TEST(refused(uses(3), 92) == "");
    for (const int times : {4, 5, 900})
        BOOST_TEST(refused(uses(times), 92) == "line 2, <path>: the drawing needs more than 92 points");
    // Dashes in gaps are no points, their outline is.
    const std::string gaps = "<g stroke-dasharray='0 99'>" + zigzag + "</g>";
    BOOST_TEST(refused(page(gaps + gaps), 60) == "");
    BOOST_TEST(refused(page(gaps + gaps), 59) == "line 2, <path>: the drawing needs more than 59 points");
    // Dots that each of many short lines begins with.
    std::string dots = "<path stroke-linecap='round' stroke-dasharray='0 0 0 0 0 0 0 9' d='";
    for (int i = 0; i < 100; ++i) dots += fmt::format("M0 {}h.001", i);
    BOOST_TEST(refused(page(dots + "'/>"), 300) == "line 2, <path>: the drawing needs more than 300 points");
    // What a clip leaves counts instead of what it cut.
    const std::string clipped =
        "<clipPath id='c'><path d='M-1-1H90V90H-1Z'/></clipPath><g clip-path='url(#c)' stroke-dasharray='70 3'>";
    BOOST_TEST(refused(page(clipped + zigzag + "</g>"), 40) == "");
    BOOST_TEST(refused(page(clipped + zigzag + "</g>"), 30) == "line 2, <path>: the drawing needs more than 30 points");
}

BOOST_AUTO_TEST_CASE(makes_layers_of_inkscapes_layers) {
    const drawing d = read(page("<path d='M0 0H1'/>\n"
                                "<g inkscape:groupmode='layer' inkscape:label='3-cyan'><path d='M0 0H2'/>"
                                "<g><path d='M0 0H3'/></g></g>\n"
                                "<g inkscape:groupmode='layer' inkscape:label='Layer 1' style='display:none'>" +
                                hook +
                                "</g>\n"
                                "<g id='plain'><path d='M0 0H4'/></g>\n"
                                "<g inkscape:groupmode='layer' inkscape:label='top'><path d='M0 0H5'/></g>"));
    BOOST_REQUIRE_EQUAL(d.layers.size(), 3U);
    BOOST_TEST(d.layers[0].name == "");
    BOOST_TEST(d.layers[0].number == 1);
    BOOST_TEST(d.layers[0].lines.size() == 2U);
    BOOST_TEST(d.layers[1].name == "3-cyan");
    BOOST_TEST(d.layers[1].number == 3);
    BOOST_TEST(d.layers[1].lines.size() == 2U);
    BOOST_TEST(d.layers[2].name == "top");
    BOOST_TEST(d.layers[2].number == 4); // the hidden layer keeps 2
    BOOST_TEST((d.layers[2].lines == std::vector<polyline>{{{0, 0}, {5, 0}}}));
    check_notes(d, {{4, "<g>: display is none: not drawn"}});
}

BOOST_AUTO_TEST_CASE(makes_layers_of_top_groups_otherwise) {
    const drawing d = read(
        page("<g id='black'><path d='M0 0H1'/><g id='inner'><path d='M0 0H2'/></g></g>"
             "<g><path d='M0 0H3'/></g><g id='empty'/><a><g inkscape:label='b&#xe9;&#10;x'><path d='M0 0H4'/></g></a>"
             "<path d='M0 0H5'/>"));
    BOOST_REQUIRE_EQUAL(d.layers.size(), 4U);
    BOOST_TEST(d.layers[0].name == "black");
    BOOST_TEST(d.layers[0].lines.size() == 2U);
    BOOST_TEST(d.layers[1].name == "");
    BOOST_TEST(d.layers[2].name == "b\xc3\xa9 x");
    BOOST_TEST(d.layers[2].number == 4);
    BOOST_TEST(d.layers[3].number == 5);
}

BOOST_AUTO_TEST_CASE(leaves_out_what_is_hidden_and_says_so) {
    const drawing d = read(page("<path display='none' d='M0 0H1'/>\n"
                                "<path style='stroke:red; display : none' d='M0 0H1'/>\n"
                                "<g visibility='hidden'><path d='M0 0H1'/>\n"
                                "<path visibility='visible' d='M0 0H7'/></g>\n"
                                "<path style='visibility:collapse' d='M0 0H1'/>\n"
                                "<g display='none'><path style='display:inline' d='M0 0H1'/></g>\n"
                                "<path display='none' style='display:inline' d='M0 0H8'/>\n"
                                "<defs>" +
                                hook + "</defs>"));
    BOOST_TEST((lines_of(d) == std::vector<polyline>{{{0, 0}, {7, 0}}, {{0, 0}, {8, 0}}}));
    check_notes(d, {{2, "<path>, <g>: display is none: not drawn (3 times: lines 2, 3, 7)"},
                    {4, "<g>, <path>: visibility is hidden: not drawn (2 times: lines 4, 6)"}});
}

BOOST_AUTO_TEST_CASE(applies_simple_style_sheets) {
    const drawing d = read(page("<style>/* .a{} */ .off, #b7 { display:none } path.turned{transform:rotate(90deg)}"
                                "<![CDATA[ .dashed{stroke-dasharray:3 1} ]]></style>\n"
                                "<path class='x off' d='M0 0H1'/>\n"
                                "<path id='b7' d='M0 0H1'/>\n"
                                "<path class='turned' d='M0 0H1'/>\n"
                                "<path class='dashed' d='M0 0H5'/>\n"
                                "<path class='offset' d='M0 0H3'/>\n"
                                "<path class='off' style='display:inline' d='M0 0H4'/>"));
    BOOST_TEST(
        (lines_of(d) == std::vector<polyline>{
                            {{0, 0}, {0, 1}}, {{0, 0}, {3, 0}}, {{4, 0}, {5, 0}}, {{0, 0}, {3, 0}}, {{0, 0}, {4, 0}}}));
    check_notes(d, {{3, "<path>: display is none: not drawn (2 times: lines 3, 4)"}});
}

BOOST_AUTO_TEST_CASE(tells_every_thing_that_is_not_drawn) {
    const drawing d =
        read(page("<text x='1'>hello</text>\n"
                  "<image href='file:///etc/passwd'/>\n"
                  "<path clip-path='circle(5px)' d='M0 0H1'/>\n"
                  "<g mask='url(#m)' style='filter:url(#f;g)'>" +
                  hook +
                  "</g>\n"
                  "<path stroke-dasharray='4 2' marker-end='url(#arrow)' d='M0 0H1'/>\n"
                  "<path stroke-dasharray='none' clip-path='none' style='stroke-dasharray:0' d='M0 0H1'/>\n"
                  "<foreignObject/><script>alert(1)</script>\n"
                  "<path d='M0 0H1'><animate attributeName='d'/></path><animateTransform/>\n"
                  "<blink/><sodipodi:namedview xmlns:sodipodi='http://sodipodi.sourceforge.net/DTD/sodipodi-0.dtd'/>\n"
                  "<circle r='0'/>\n<rect width='-1' height='5'/>\n"
                  "<path fill='red' d='M0 0H1V1z'/>\n"
                  "<path stroke='none' d='M0 0H1'/>\n"
                  "<path style='rotate: 5deg; transform-box: fill-box' d='M0 0H1'/>\n"
                  "<path d='M5 5z'/>\n"
                  "<switch><g requiredExtensions='x'/></switch>\n"
                  "<rect width='1em' height='1'/>"));
    check_notes(
        d, {{2, "<text>: text is not drawn: convert it to paths in the drawing program", note_kind::lacking},
            {3, "<image>: pictures are not drawn", note_kind::lacking},
            {4, "<path>: this clip-path is not applied: everything is drawn; \"circle(5px)\"", note_kind::lacking},
            {5, "<g>: filter is not applied", note_kind::lacking},
            {5, "<g>: mask is not applied: everything is drawn", note_kind::lacking},
            {6, "<path>: markers (arrow heads and the like) are not drawn", note_kind::lacking},
            {8, "<foreignObject>: foreign content is not drawn", note_kind::lacking},
            {8, "<script>: scripts are not run", note_kind::lacking},
            {9, "<animate>, <animateTransform>: animations are not applied (2 times: line 9, columns 18, 53)",
             note_kind::lacking},
            {10, "<blink>: unknown element: not drawn", note_kind::told},
            {11, "<circle>, <rect>: has no size: not drawn (2 times: lines 11, 12)", note_kind::told},
            {13, "<path>: is filled: only its outline is drawn", note_kind::told},
            {14, "<path>: has neither stroke nor fill: not drawn", note_kind::told},
            {15, "<path>: the CSS property rotate is not applied: use transform", note_kind::lacking},
            {15, "<path>: transform-box is not applied: transform-origin counts from the view box", note_kind::lacking},
            {16, "<path>: has no length and no round line end to make a dot: not drawn", note_kind::told},
            {17, "<switch>: no choice fits: nothing of it is drawn", note_kind::lacking},
            {18, "<rect>: em is taken as 16 px, ex as 8 px", note_kind::told}});
    BOOST_TEST(line_count(d) == 8U);
    BOOST_TEST(!is_faithful(d));
    BOOST_TEST(is_faithful(read(page("<path fill='red' d='M0 0H1V1z'/><circle r='0'/>"))));
}

BOOST_AUTO_TEST_CASE(draws_dots_of_a_round_tip) {
    check_ink(page("<g stroke-linecap='round'><path d='M5 5z M7 7h0'/><line x1='1' x2='1'/></g>"),
              {{{5, 5}}, {{7, 7}}, {{1, 0}}});
}

BOOST_AUTO_TEST_CASE(tells_a_kind_once_with_its_count_and_first_places) {
    std::string many;
    for (int i = 0; i < 5000; ++i) many += "<text/><image/>\n";
    const drawing d = read(page(many));
    check_notes(d, {{2, "<text>: text is not drawn: convert it to paths in the drawing program (5000 times: lines 2, "
                        "3, 4, ...)"},
                    {2, "<image>: pictures are not drawn (5000 times: lines 2, 3, 4, ...)"}});
    // A place counts once, however often it is used.
    check_notes(read(page("<g id='t'><text/></g>\n<use href='#t'/><use href='#t'/>")),
                {{2, "<text>: text is not drawn: convert it to paths in the drawing program"}});
}

BOOST_AUTO_TEST_CASE(chooses_from_a_switch_as_a_viewer_does) {
    check_ink(page("<switch><foreignObject requiredExtensions='http://ns.adobe.com/x'/><g systemLanguage='de'>" + hook +
                   "</g><g systemLanguage='en'><path d='M0 0H1'/></g><path d='M0 0H2'/></switch>"),
              {{{0, 0}, {1, 0}}});
}

BOOST_AUTO_TEST_CASE(reads_prefixed_and_latin1_documents) {
    check_ink("<s:svg xmlns:s='http://www.w3.org/2000/svg' width='10mm' height='10mm' viewBox='0 0 10 10' stroke='red' "
              "fill='none'><s:g><s:path d='M0 0H1'/></s:g></s:svg>",
              {{{0, 0}, {1, 0}}});
    const drawing d = read("<?xml version='1.0' encoding='iso-8859-1'?>\n<svg width='9' height='9'>\n<g id='gr\xfcn'>\n"
                           "<path d='M0 0H1' stroke='red' fill='none'/>\n<text/></g></svg>");
    BOOST_REQUIRE_EQUAL(d.layers.size(), 1U);
    BOOST_TEST(d.layers[0].name == "gr\xc3\xbcn");
    check_notes(d, {{5, "<text>: text is not drawn: convert it to paths in the drawing program"}});
    check_ink("\xef\xbb\xbf" + page("<path d='M0 0H1'/>"), {{{0, 0}, {1, 0}}});
}

BOOST_AUTO_TEST_CASE(bounds_entities_in_number_depth_and_size) {
    const auto with = [](const std::string& declarations, const std::string& inside) {
        return read_svg("<!DOCTYPE svg [" + declarations + "]>" + page(inside));
    };
    std::string many, deep = "<!ENTITY e0 'x'>";
    for (int i = 0; i < 10'001; ++i) many += "<!ENTITY e" + std::to_string(i) + " 'x'>";
    for (int i = 1; i < 40; ++i) deep += "<!ENTITY e" + std::to_string(i) + " '&e" + std::to_string(i - 1) + ";'>";
    BOOST_TEST(with(many, hook).error().what == "line 1: more than 10000 entities are declared");
    BOOST_TEST(with(deep, "<g id='&e39;'/>").error().what == "line 2: the entity &e24; is nested deeper than 16");
    // The same chain, measured from its inner end.
    std::string outwards;
    for (int i = 0; i < 40; ++i) outwards += "<g id='&e" + std::to_string(i) + ";'/>\n";
    BOOST_TEST(with(deep, outwards).error().what == "line 18: the entity &e16; is nested deeper than 16");
    // Large and often, with no entity in it.
    std::string often;
    for (int i = 0; i < 200; ++i) often += "<g id='&big;'/>\n";
    BOOST_TEST(with("<!ENTITY big '" + std::string(1 << 20, 'x') + "'>", often).error().what ==
               "line 18: the entity &big; makes the drawing larger than 16 MiB");
}

BOOST_AUTO_TEST_CASE(counts_lines_in_the_file_and_not_behind_its_entities) {
    check_notes(read("<!DOCTYPE svg [\n<!ENTITY lines '\n\n\n<text/>\n\n'>\n]>\n" + page("&lines;\n<image/>")),
                {{10, "<text>: text is not drawn: convert it to paths in the drawing program"},
                 {11, "<image>: pictures are not drawn"}});
}

BOOST_AUTO_TEST_CASE(refuses_bad_input_with_its_place) {
    struct row {
        std::string svg;
        errc code;
        const char* text;
    };
    std::string deep;
    for (int i = 0; i < 300; ++i) deep += "<g>";
    for (int i = 0; i < 300; ++i) deep += "</g>";
    const row rows[] = {
        {"", errc::malformed, "this is not an SVG file: it has no element"},
        {"G28 X Y\nG1 X10\n", errc::malformed, "this is not an SVG file: it has no element"},
        {"<html><body/></html>", errc::malformed, "this is not an SVG file: its root is <html>"},
        {"<svg>\n<g>\n  <path d='M0 0'\n</svg>", errc::malformed, "the XML is broken at line 4, column 1"},
        {"<svg><g></svg>", errc::malformed, "the XML is broken at line 1, column 11"},
        {"<svg>\n<path d='M0 0", errc::malformed, "the XML is broken at line 2, column 10"},
        {"<svg/><svg/>", errc::malformed, "line 1, <svg>: a second root element"},
        {"\x1f\x8b\x08 gzip", errc::malformed, "the file is packed with gzip, and damaged"},
        {std::string("\xff\xfe<\0s", 5), errc::malformed, "the UTF-16 text is broken at byte 5"},
        {"<svg width='1e9mm' height='1mm'/>", errc::out_of_bounds, "line 1, <svg>: the page is larger than 100000 mm"},
        {page(deep), errc::out_of_bounds, "line 2, <g>: elements are nested deeper than 256"},
    };
    for (const row& r : rows) {
        BOOST_TEST_CONTEXT(r.svg.substr(0, 300)) {
            const auto d = read_svg(r.svg);
            BOOST_REQUIRE(!d);
            BOOST_TEST((d.error().code == r.code));
            BOOST_TEST(!d.error().steps.empty());
            BOOST_TEST(d.error().what == r.text);
            BOOST_TEST(d.error().what.size() <= 80U);
        }
    }
    for (const double tolerance : {0.0, -1.0, std::nan("")})
        BOOST_TEST((read_svg(page(hook), {.tolerance_mm = tolerance}).error().code == errc::usage));
}

BOOST_AUTO_TEST_CASE(reads_the_sample_whole) {
    std::ifstream file(KF_TESTS_DIR "/../examples/sample.svg");
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const drawing d = read(text);
    check_notes(d, {});
    BOOST_TEST(d.width == 105);
    BOOST_TEST(d.height == 148);
    BOOST_REQUIRE_EQUAL(d.layers.size(), 2U);
    BOOST_TEST(d.layers[0].name == "1-blue ink");
    BOOST_TEST(d.layers[1].number == 2);
    BOOST_TEST(d.layers[0].lines.size() == 34U);
    BOOST_TEST(d.layers[1].lines.size() == 57U);
    for (const polyline& line : lines_of(d))
        for (const point& p : line) BOOST_TEST((p.x >= 6 && p.x <= 99 && p.y >= 6 && p.y <= 142));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace svg_test
