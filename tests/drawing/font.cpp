// SPDX-License-Identifier: MIT
#include <kf/drawing/dedupe.hpp>
#include <kf/drawing/font.hpp>
#include <kf/sink/utf8.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <regex>
#include <string>
#include <vector>

namespace font_test {

using namespace kf::drawing;

/// Between a curve and its lines, at the tolerance that is used here.
constexpr double near = 0.011;

/// Every character that the font has.
std::vector<char32_t> all() {
    std::vector<char32_t> codes;
    for (const glyph_row& r : glyph_rows) codes.push_back(r.code);
    for (const mark_row& r : mark_rows) codes.push_back(r.code);
    for (const marked_row& r : marked_rows) codes.push_back(r.code);
    for (const small_row& r : small_rows) codes.push_back(r.code);
    for (const same_row& r : same_rows) codes.push_back(r.code);
    return codes;
}

std::string shown(char32_t code) {
    std::string text;
    kf::append_utf8(text, code);
    return text;
}

glyph of(char32_t code) {
    const auto g = find_glyph(code);
    BOOST_REQUIRE_MESSAGE(g.has_value(), "no " << shown(code));
    return *g;
}

std::vector<polyline> lines_of(const glyph& g, const outline_limits& limits = {}) {
    std::vector<polyline> lines;
    BOOST_REQUIRE((draw_glyph(g, lines, {}, limits) == outline_fault::none));
    return lines;
}

/// Y up, so its top is the lower edge.
struct extent {
    double left, right, low, high;
};
extent extent_of(const glyph& g) {
    const auto ink = ink_of(g);
    BOOST_REQUIRE(ink.has_value());
    return {ink->left, ink->right, ink->top, ink->bottom};
}

/// Of one part alone.
extent extent_of(const glyph& g, std::size_t part) { return extent_of(glyph{g.base, g.advance, {g.parts.at(part)}}); }

BOOST_AUTO_TEST_SUITE(font)

BOOST_AUTO_TEST_CASE(it_has_ascii_latin_1_units_and_arrows) {
    constexpr char32_t soft_hyphen = 0xAD; // is never seen
    for (char32_t c = 0x20; c <= 0x7E; ++c) BOOST_TEST(find_glyph(c).has_value(), shown(c));
    for (char32_t c = 0xA0; c <= 0xFF; ++c)
        if (c != soft_hyphen) BOOST_TEST(find_glyph(c).has_value(), shown(c));
    for (const char32_t c : std::u32string_view(U"µ°²³±×÷ΩØ½¼¾‰€–—‘’“”„…•−≤≥≠≈∞√⌀π∆Σ←↑→↓↔↕↖↗↘↙⇒"))
        BOOST_TEST(find_glyph(c).has_value(), shown(c));
    for (const char32_t c : std::u32string_view(U"ĉŝŭķņģţįųŵŷŠšŽžŒœŸČčŘřŮůŐőŰűŁłĄąĘęŚśĞğİıŞşȘșȚțĀāŌō"))
        BOOST_TEST(find_glyph(c).has_value(), shown(c));
    BOOST_TEST(!find_glyph(U'日').has_value());
    BOOST_TEST(!find_glyph(U'\n').has_value());
}

BOOST_AUTO_TEST_CASE(every_row_is_written_as_the_header_says) {
    const std::regex row(
        R"(()|(-?[\d.]+,-?[\d.]+|[@~]-?[\d.]+(,-?[\d.]+){5}|/)( (-?[\d.]+,-?[\d.]+|[@~]-?[\d.]+(,-?[\d.]+){5}|/))*)");
    for (const glyph_row& r : glyph_rows) BOOST_TEST(std::regex_match(r.strokes, row), r.strokes);
    for (const mark_row& r : mark_rows) BOOST_TEST(std::regex_match(r.strokes, row), r.strokes);
}

BOOST_AUTO_TEST_CASE(only_blanks_are_empty) {
    for (const char32_t code : all()) {
        const bool blank = code == U' ' || code == 0xA0 || code == 0x2009 || code == 0x202F;
        BOOST_TEST(lines_of(of(code)).empty() == blank, shown(code));
        BOOST_TEST(of(code).advance > 0, shown(code));
    }
}

BOOST_AUTO_TEST_CASE(every_character_is_inside_of_its_cell) {
    for (const char32_t code : all()) {
        const glyph g = of(code);
        if (lines_of(g).empty()) continue;
        const extent e = extent_of(g);
        BOOST_TEST(e.left >= -1e-9, shown(code) << " begins at " << e.left);
        BOOST_TEST(e.right <= g.advance + 1e-9, shown(code) << " ends at " << e.right);
        BOOST_TEST(e.low >= font_bottom - near, shown(code) << " goes down to " << e.low);
        BOOST_TEST(e.high <= cap_height + 9.01, shown(code) << " goes up to " << e.high); // a mark on a capital
    }
}

BOOST_AUTO_TEST_CASE(letters_stand_on_the_baseline_and_have_one_height) {
    for (const char32_t c : std::u32string_view(U"ABCDEFGHIJKLMNOPRSTUVWXYZ0123456789ÆÞŒΔΣΩ")) {
        BOOST_TEST(std::abs(extent_of(of(c)).low) < near, shown(c));
        BOOST_TEST(std::abs(extent_of(of(c)).high - cap_height) < near, shown(c));
    }
    for (const char32_t c : std::u32string_view(U"acemnorsuvwxzæœıα")) {
        BOOST_TEST(std::abs(extent_of(of(c)).low) < near, shown(c));
        BOOST_TEST(std::abs(extent_of(of(c)).high - x_height) < near, shown(c));
    }
    for (const char32_t c : std::u32string_view(U"bdfhkl"))
        BOOST_TEST(std::abs(extent_of(of(c)).high - cap_height) < near, shown(c));
    for (const char32_t c : std::u32string_view(U"gjpqyþµ"))
        BOOST_TEST(std::abs(extent_of(of(c)).low - font_bottom) < near, shown(c));
    for (const char32_t c : std::u32string_view(U"gpqy"))
        BOOST_TEST(std::abs(extent_of(of(c)).high - x_height) < near, shown(c));
}

BOOST_AUTO_TEST_CASE(advances_are_those_of_the_rows_and_figures_have_one) {
    BOOST_TEST(of(U'H').advance == 25);
    BOOST_TEST(of(U'i').advance == 7);
    BOOST_TEST(of(U' ').advance == 10);
    for (char32_t c = U'0'; c <= U'9'; ++c) BOOST_TEST(of(c).advance == 20);
    BOOST_TEST(of(U'é').advance == of(U'e').advance);
    BOOST_TEST(of(U'Ω').advance == of(U'\u2126').advance);
}

BOOST_AUTO_TEST_CASE(marks_stand_clear_above_or_below_the_middle_of_their_letter) {
    for (const marked_row& r : marked_rows) {
        const glyph g = of(r.code);
        const extent letter = extent_of(g, 0), mark = extent_of(g, 1);
        const auto* row = std::ranges::find(mark_rows, r.parts[1], &mark_row::code);
        BOOST_REQUIRE(row != std::end(mark_rows));
        if (row->where == mark_row::place::above)
            BOOST_TEST(mark.low >= letter.high + 2.99, shown(r.code));
        else
            BOOST_TEST(mark.high <= 0.01, shown(r.code));
        if (row->where != mark_row::place::below_right && row->code != 0x326 && row->code != 0x327)
            BOOST_TEST(std::abs(mark.left + mark.right - letter.left - letter.right) < 2.5, shown(r.code));
        BOOST_TEST((g.base == r.parts[0]));
    }
    // Small letters carry them at the height of the i's dot.
    const extent dot = extent_of(glyph{U'i', 7, {{"@3,26.5,1,1,0,360", {}}}});
    BOOST_TEST(std::abs(extent_of(of(U'ä'), 1).low - dot.low) < near);
}

BOOST_AUTO_TEST_CASE(a_second_mark_stands_above_the_first) {
    glyph g = of(U'ô');
    add_mark(g, U'\u0301');
    BOOST_TEST(extent_of(g, 2).low >= extent_of(g, 1).high + 2.99);
}

BOOST_AUTO_TEST_CASE(a_mark_wider_than_its_letter_widens_it) {
    const glyph g = of(U'ï');
    BOOST_TEST(g.advance > of(U'i').advance);
    BOOST_TEST(extent_of(g).left >= 0.49);
    BOOST_TEST(extent_of(g).right <= g.advance - 0.49);
}

BOOST_AUTO_TEST_CASE(no_stroke_covers_ink_of_another) {
    const auto length = [](const drawing& d) {
        kf::mm sum = 0;
        for (const polyline& line : d.layers[0].lines) sum += length_of(line);
        return sum;
    };
    for (const char32_t code : all()) {
        const drawing d{.layers = {{1, "", lines_of(of(code))}}};
        BOOST_TEST(std::abs(length(dedupe(d, {.tolerance = 1e-4})) - length(d)) < 0.3, shown(code));
    }
}

BOOST_AUTO_TEST_CASE(curves_are_ellipses_as_fine_as_the_tolerance) {
    for (const double tolerance : {0.2, 0.01, 0.0005}) {
        const auto lines = lines_of(of(U'o'), {.tolerance = tolerance});
        BOOST_REQUIRE(lines.size() == 1u);
        BOOST_TEST(closed(lines[0]));
        // From the middle of each piece to the ellipse of 15 by 20 about 9.5, 10: at least that far.
        for (std::size_t i = 1; i < lines[0].size(); ++i) {
            const point a = lines[0][i - 1], b = lines[0][i];
            const double x = ((a.x + b.x) / 2 - 9.5) / 7.5, y = ((a.y + b.y) / 2 - 10) / 10;
            BOOST_TEST(std::abs(std::hypot(x, y) - 1) * 7.5 <= tolerance + 1e-5);
        }
    }
    BOOST_TEST(lines_of(of(U'o'), {.tolerance = 0.2}).at(0).size() < lines_of(of(U'o')).at(0).size());
}

BOOST_AUTO_TEST_CASE(strokes_are_literal_where_they_are_straight) {
    BOOST_TEST(
        (lines_of(of(U'H')) == std::vector<polyline>{{{3, 28}, {3, 0}}, {{21, 28}, {21, 0}}, {{3, 14.5}, {21, 14.5}}}));
    BOOST_TEST((lines_of(of(U'→')) == std::vector<polyline>{{{2, 12}, {22, 12}}, {{16, 18}, {22, 12}, {16, 6}}}));
    BOOST_TEST((lines_of(of(U'−')) == std::vector<polyline>{{{2, 12}, {18, 12}}}));
}

BOOST_AUTO_TEST_CASE(pairs_are_kerned_and_a_letter_with_marks_as_its_base) {
    BOOST_TEST(kerning(U'A', U'V') == -4);
    BOOST_TEST(kerning(U'V', U'A') == -4);
    BOOST_TEST(kerning(U'H', U'H') == 0);
    BOOST_TEST(kerning(of(U'Ä').base, of(U'V').base) == -4);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace font_test
