// SPDX-License-Identifier: MIT
#include <kf/drawing/text.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <set>
#include <string_view>
#include <vector>

namespace text_test {

using namespace kf::drawing;

/// Of a capital's 28 units one millimetre each.
constexpr kf::mm of_units = 28;

drawing set(std::string_view text, text_options o = {}) {
    if (o.height == text_options{}.height) o.height = of_units;
    const auto d = text_drawing(text, o);
    BOOST_REQUIRE(d.has_value());
    return *d;
}
std::vector<polyline> lines(std::string_view text, const text_options& o = {}) { return set(text, o).layers[0].lines; }

/// The lowest place of each "I" of a text: where its baselines are.
std::vector<point> feet(const std::vector<polyline>& strokes) {
    std::vector<point> all;
    for (const polyline& line : strokes) all.push_back(line.back());
    return all;
}

BOOST_AUTO_TEST_SUITE(text)

BOOST_AUTO_TEST_CASE(letters_stand_side_by_side_from_the_place_down) {
    const std::vector<polyline> expected = {{{13, 20}, {13, 48}}, {{20, 20}, {20, 48}}};
    BOOST_TEST((lines("II", {.at = {10, 20}}) == expected));
    const drawing d = set("II");
    BOOST_TEST(d.width == 14);
    BOOST_TEST(d.height == 28);
    BOOST_TEST(d.layers[0].name == "text");
    BOOST_TEST(d.layers[0].number == 1);
}

BOOST_AUTO_TEST_CASE(the_height_is_that_of_a_capital) {
    const auto half = lines("I", {.height = 14});
    BOOST_TEST((half == std::vector<polyline>{{{1.5, 0}, {1.5, 14}}}));
}

BOOST_AUTO_TEST_CASE(a_line_ends_or_has_its_middle_at_the_place) {
    BOOST_TEST(
        (feet(lines("I I", {.at = {100, 0}, .side = text_side::right})) == std::vector<point>{{79, 28}, {96, 28}}));
    BOOST_TEST((feet(lines("I I", {.side = text_side::centre})) == std::vector<point>{{-9, 28}, {8, 28}}));
}

BOOST_AUTO_TEST_CASE(new_lines_of_unix_and_windows_begin_a_line_and_empty_ones_count) {
    const std::vector<point> expected = {{3, 28}, {3, 28 + 28}, {3, 28 + 28 * 3}};
    BOOST_TEST((feet(lines("I\nI\n\nI\n", {.line_spacing = 1})) == expected));
    BOOST_TEST((feet(lines("I\r\nI\r\n\r\nI", {.line_spacing = 1})) == expected));
    BOOST_TEST(set("I\nI", {.line_spacing = 2}).height == 84);
}

BOOST_AUTO_TEST_CASE(lines_are_wrapped_by_words_and_blanks_at_their_ends_are_not_set) {
    // "II" is 14 wide, a blank 10.
    const text_options narrow{.side = text_side::right, .line_spacing = 1, .width = 38};
    BOOST_TEST((feet(lines("II II  II", narrow)) ==
                std::vector<point>{{-35, 28}, {-28, 28}, {-11, 28}, {-4, 28}, {-11, 56}, {-4, 56}}));
    BOOST_TEST(set("II II", {.width = 38}).height == 28);
    BOOST_TEST(set("II II", {.width = 37.9}).height > 28);
    BOOST_TEST(set("II II").height == 28);
}

BOOST_AUTO_TEST_CASE(a_word_wider_than_the_width_stands_alone_and_is_told) {
    const drawing d = set("I IIIIII I", {.line_spacing = 1, .width = 20});
    BOOST_TEST(d.height == 28 * 3);
    BOOST_REQUIRE(d.notes.size() == 1u);
    BOOST_TEST(d.notes[0].text == "a word is wider than 20 mm, and stands out");
    BOOST_TEST((d.notes[0].kind == note_kind::told));
}

BOOST_AUTO_TEST_CASE(it_turns_clockwise_about_its_place) {
    BOOST_TEST((lines("I", {.at = {50, 60}, .turn_deg = 90}) == std::vector<polyline>{{{50, 63}, {22, 63}}}));
    BOOST_TEST((lines("I", {.at = {50, 60}, .turn_deg = -90}) == std::vector<polyline>{{{50, 57}, {78, 57}}}));
}

BOOST_AUTO_TEST_CASE(a_character_that_the_font_lacks_is_a_box_and_told_once) {
    const drawing d = set("I\n日x日\x01");
    BOOST_REQUIRE(d.notes.size() == 2u);
    BOOST_TEST(d.notes[0].text == "the font has no character U+0001: a box is drawn");
    BOOST_TEST(d.notes[1].line == 2u);
    BOOST_TEST(d.notes[1].text == "the font has no character U+65E5 \"日\": a box is drawn (2 times)");
    BOOST_TEST((d.notes[1].kind == note_kind::lacking));
    BOOST_TEST(!is_faithful(d));
    BOOST_TEST((lines("日") == lines("□")));
}

BOOST_AUTO_TEST_CASE(what_is_no_utf_8_is_refused_with_its_byte) {
    for (const std::string_view wrong : {"ab\xff", "ab\xc3", "ab\xc0\xaf", "ab\xed\xa0\x80", "ab\xf5\x80\x80\x80"}) {
        const auto d = text_drawing(wrong);
        BOOST_REQUIRE(!d.has_value());
        BOOST_TEST((d.error().code == kf::errc::malformed));
        BOOST_TEST(d.error().what.find("byte 3 of it is 0x") != std::string::npos, d.error().what);
    }
}

BOOST_AUTO_TEST_CASE(letters_and_marks_in_two_characters_are_the_letter_in_one) {
    BOOST_TEST((lines("e\u0301A\u030Ai\u0308j") == lines("éÅïj")));
    BOOST_TEST((lines("o\u0302\u0301").size() == 3u));
    BOOST_TEST(lines("\u0301").size() == 1u); // alone, on a blank
}

BOOST_AUTO_TEST_CASE(foreign_scripts_and_heaps_of_marks_are_told_in_a_few_lines_and_take_no_time) {
    std::string many, marks = "e";
    for (char32_t c = 0x4E00; c < 0x9000; ++c) kf::append_utf8(many, c);
    const drawing d = set(many, {.height = 1});
    BOOST_TEST(d.notes.size() == 9u);
    BOOST_TEST(d.notes.back().text == "the font lacks 16888 more characters: boxes are drawn");
    for (int i = 0; i < 20000; ++i) marks += "\u0301";
    BOOST_TEST(line_count(set(marks, {.height = 0.1})) == 20001u);
}

BOOST_AUTO_TEST_CASE(what_nobody_sees_takes_no_place) {
    BOOST_TEST((lines("\uFEFFI\u00ADI\u200BI") == lines("III")));
    BOOST_TEST((lines("I\tI") == lines("I    I")));
}

BOOST_AUTO_TEST_CASE(kerned_letters_stand_closer) {
    BOOST_TEST(set("AV").width == 23.5 + 23.5 - 4);
    BOOST_TEST(set("ÄV").width == 23.5 + 23.5 - 4);
    BOOST_TEST(set("A V").width == 23.5 + 10 + 23.5);
}

BOOST_AUTO_TEST_CASE(no_text_is_no_ink_and_what_is_too_far_is_refused) {
    BOOST_TEST(line_count(set("")) == 0u);
    BOOST_TEST(line_count(set(" \n\t\n")) == 0u);
    const auto far = text_drawing(std::string(200, 'H'), {.height = 1000});
    BOOST_REQUIRE(!far.has_value());
    BOOST_TEST((far.error().code == kf::errc::refused));
}

BOOST_AUTO_TEST_CASE(curves_are_as_fine_on_paper_whatever_the_height) {
    const auto points = [](kf::mm height) { return point_count(*text_drawing("o", {.height = height})); };
    BOOST_TEST(points(100) > 2 * points(5));
    BOOST_TEST(points(1) < points(5));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace text_test
