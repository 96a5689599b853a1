// SPDX-License-Identifier: MIT
// How Klipper's dispatcher reads a line: each expectation was seen on a live klippy or follows from one that was.
#include <kf/planner/gcode_line.hpp>

#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>

namespace gcode_line_test {

using namespace kf::planner;

double number_at(const gcode_line& line, char letter) {
    double value = -12345;
    BOOST_REQUIRE_MESSAGE(line.read(letter, value) == word::number, line.text() << " at " << letter);
    return value;
}

bool is_g(std::string_view text, int number) {
    const gcode_line line(text);
    return line.letter() == 'G' && line.number() == number;
}

word kind_at(std::string_view text, char letter) {
    double value = 0;
    return gcode_line(text).read(letter, value);
}

BOOST_AUTO_TEST_SUITE(gcode_line_)

BOOST_AUTO_TEST_CASE(reads_a_plain_move) {
    const gcode_line line("G1 X120.663 Y-119.979 F6000");
    BOOST_TEST(line.command() == "G1");
    BOOST_TEST(line.letter() == 'G');
    BOOST_TEST(line.number() == 1);
    BOOST_TEST(number_at(line, 'X') == 120.663);
    BOOST_TEST(number_at(line, 'Y') == -119.979);
    BOOST_TEST(number_at(line, 'F') == 6000);
    BOOST_TEST(!line.has('Z'));
    BOOST_TEST((kind_at("G1 X1", 'Z') == word::absent));
}

BOOST_AUTO_TEST_CASE(needs_no_blanks_and_no_capitals) {
    const gcode_line tight("g1x20y.5f6000");
    BOOST_TEST(tight.command() == "g1");
    BOOST_TEST(tight.upper_command() == "G1");
    BOOST_TEST(tight.is("G1"));
    BOOST_TEST(number_at(tight, 'X') == 20);
    BOOST_TEST(number_at(tight, 'Y') == 0.5);
    BOOST_TEST(number_at(tight, 'F') == 6000);
    const gcode_line wide("\t G1  X 31 Y\t-2. \r");
    BOOST_TEST(wide.is("G1"));
    BOOST_TEST(number_at(wide, 'X') == 31);
    BOOST_TEST(number_at(wide, 'Y') == -2);
    BOOST_TEST(wide.text() == "G1  X 31 Y\t-2.");
}

BOOST_AUTO_TEST_CASE(skips_a_line_number_and_its_checksum) {
    const gcode_line line("N10 G1 X20 Y5*33");
    BOOST_TEST(line.command() == "G1");
    BOOST_TEST(line.number() == 1);
    BOOST_TEST(number_at(line, 'X') == 20);
    BOOST_TEST(number_at(line, 'Y') == 5);
    BOOST_TEST(gcode_line("n7m400*12").is("M400"));
    BOOST_TEST(gcode_line("N10").command().empty());
}

BOOST_AUTO_TEST_CASE(ends_at_a_semicolon) {
    const gcode_line line("G1 X20 ; Y30 above max_velocity");
    BOOST_TEST(number_at(line, 'X') == 20);
    BOOST_TEST(!line.has('Y'));
    BOOST_TEST(line.text() == "G1 X20 ; Y30 above max_velocity");
    BOOST_TEST(gcode_line("; G1 X5").command().empty());
    BOOST_TEST(gcode_line("").command().empty());
    BOOST_TEST(gcode_line(" \t\r").command().empty());
}

BOOST_AUTO_TEST_CASE(other_comments_spoil_the_number_before_them) {
    BOOST_TEST((kind_at("G1 X33 # hash comment", 'X') == word::unreadable));
    BOOST_TEST((kind_at("G1 X33 (comment)", 'X') == word::unreadable));
    // before the first word they become a part of the command
    BOOST_TEST(gcode_line("G1 (there) X3").command() == "G1 (");
    BOOST_TEST(gcode_line("G1 (there) X3").number() == -1);
    BOOST_TEST(gcode_line("%").command() == "%");
    BOOST_TEST(gcode_line("/G1 X5").command() == "/G1");
}

BOOST_AUTO_TEST_CASE(a_run_of_letters_is_one_word) {
    BOOST_TEST((kind_at("G1 Xabc", 'X') == word::absent));
    BOOST_TEST((kind_at("G1 XY20", 'X') == word::absent));
    BOOST_TEST((kind_at("G1 XY20", 'Y') == word::absent));
    const gcode_line line("G1 X1E2");
    BOOST_TEST(number_at(line, 'X') == 1);
    BOOST_TEST(number_at(line, 'E') == 2);
    BOOST_TEST(number_at(gcode_line("G1 X1_0"), 'X') == 1);
}

BOOST_AUTO_TEST_CASE(bad_numbers_are_told_from_missing_ones) {
    for (const char* text :
         {"G1 X", "G1 X Y2", "G1 X1 2", "G1 X--5", "G1 X+-5", "G1 X1.2.3", "G1 X-", "G1 X.", "G1 X1,5", "G1 X=5"})
        BOOST_TEST((kind_at(text, 'X') == word::unreadable), text);
    BOOST_TEST(number_at(gcode_line("G1 X+5"), 'X') == 5);
    BOOST_TEST(number_at(gcode_line("G1 X-.5"), 'X') == -0.5);
    BOOST_TEST(number_at(gcode_line("G1 X00012.50"), 'X') == 12.5);
    const std::string endless = "G1 X" + std::string(400, '9');
    BOOST_TEST((kind_at(endless, 'X') == word::unreadable));
}

BOOST_AUTO_TEST_CASE(the_last_of_equal_letters_counts) {
    BOOST_TEST(number_at(gcode_line("G1 X5 X10"), 'X') == 10);
    BOOST_TEST(number_at(gcode_line("G1 X5 G7"), 'G') == 7);
}

BOOST_AUTO_TEST_CASE(only_the_written_form_of_a_command_counts) {
    BOOST_TEST(is_g("G0", 0));
    BOOST_TEST(is_g("G28 X Y", 28));
    BOOST_TEST(gcode_line("G28 X Y").has('X'));
    BOOST_TEST(!is_g("G01 X5", 1));
    BOOST_TEST(!is_g("G 1 X5", 1));
    BOOST_TEST(!is_g("G1.0 X5", 1));
    BOOST_TEST(gcode_line("G01 X5").command() == "G01");
    BOOST_TEST(gcode_line("G 1 X5").command() == "G 1");
    BOOST_TEST(gcode_line("G1.0 X5").number() == -1);
    BOOST_TEST(gcode_line("G123456").number() == -1);
    BOOST_TEST(gcode_line("SET_PIN 5").command() == "SET_PIN 5");
}

BOOST_AUTO_TEST_CASE(an_extended_command_has_named_words) {
    const gcode_line line("set_velocity_limit Velocity=80 ACCEL=3000 accel=2000 ; slower");
    BOOST_TEST(line.is("SET_VELOCITY_LIMIT"));
    BOOST_TEST(line.number() == -1);
    const auto words = line.extended();
    BOOST_REQUIRE(words);
    BOOST_TEST(words->find("VELOCITY").value() == "80");
    BOOST_TEST(words->find("ACCEL").value() == "2000");
    BOOST_TEST(!words->find("SQUARE_CORNER_VELOCITY").has_value());
    BOOST_REQUIRE(gcode_line("SET_VELOCITY_LIMIT").extended());
    BOOST_TEST(gcode_line("SET_VELOCITY_LIMIT").extended()->empty());
}

BOOST_AUTO_TEST_CASE(named_words_are_quoted_as_in_a_shell) {
    const auto name = [](const char* text) {
        const auto words = gcode_line(text).extended();
        BOOST_REQUIRE_MESSAGE(words, text);
        return std::string(words->find("FILENAME").value_or("(none)"));
    };
    BOOST_TEST(name("SDCARD_PRINT_FILE FILENAME=\"with space.gcode\"") == "with space.gcode");
    BOOST_TEST(name("SDCARD_PRINT_FILE FILENAME='it \"is\".gcode'") == "it \"is\".gcode");
    BOOST_TEST(name("SDCARD_PRINT_FILE FILENAME=\"a\\\"b\\c\"") == "a\"b\\c");
    BOOST_TEST(name("SDCARD_PRINT_FILE FILENAME=a\\ b") == "a b");
    BOOST_TEST(name("SDCARD_PRINT_FILE FILENAME=a=b") == "a=b");
    BOOST_TEST(name("SDCARD_PRINT_FILE FILENAME=\"a#;b\" # FILENAME=c") == "a#;b");
    BOOST_TEST(name("SDCARD_PRINT_FILE FILENAME=\"\"").empty());
    BOOST_TEST(name("N4 SDCARD_PRINT_FILE FILENAME=a*77") == "a");
    BOOST_TEST(name("SDCARD_PRINT_FILE FILENAME=a*77") == "a*77");
    for (const char* text : {"SDCARD_PRINT_FILE FILENAME=with space.gcode", "SDCARD_PRINT_FILE FILENAME=\"open",
                             "SDCARD_PRINT_FILE FILENAME='open", "SDCARD_PRINT_FILE FILENAME=a\\", "SET_PIN FAST"})
        BOOST_TEST(!gcode_line(text).extended().has_value(), text);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace gcode_line_test
