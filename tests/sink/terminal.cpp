// SPDX-License-Identifier: MIT
#include "captured.hpp"

#include <kf/sink/terminal.hpp>

#include <boost/test/unit_test.hpp>

#include <sstream>

namespace terminal_test {

using kf::errc;
using kf::phase;
using kf::terminal_options;
using kf::terminal_sink;
using kf::verbosity;
using kf::test::captured;

struct terminal {
    captured out, err;
    terminal_options options;
    terminal() {
        options.out = out.file();
        options.err = err.file();
    }
    [[nodiscard]] terminal_sink sink() const { return terminal_sink(options); }
};

const kf::error long_error{
    errc::service_down,
    "klipper.service was started but klippy is not ready, although it was given two minutes for it",
    "mcu 'mcu': Unable to connect to the microcontroller, which is what it says when the board has no firmware",
    "make -C /home/pi/klipper -j4 OUT=/home/pi/.cache/kflash/build/octopus/out/ "
    "KCONFIG_CONFIG=/home/pi/.cache/kflash/build/octopus/.config",
    {"sudo systemctl start klipper.service",
     "look into klippy.log when it still does not run, and at the lines above the one that says Unable to connect"}};

BOOST_AUTO_TEST_CASE(steps_have_the_label_of_their_phase_and_go_to_stderr) {
    terminal t;
    auto s = t.sink();
    s.step(phase::build, "make -j4");
    s.note("35 files");
    s.warn("the tree is dirty");
    s.detail("not shown");
    BOOST_TEST(t.err.text() == "[Build] make -j4\n  35 files\nwarning: the tree is dirty\n");
    BOOST_TEST(t.out.text() == "");
}

BOOST_AUTO_TEST_CASE(results_go_to_stdout) {
    terminal t;
    auto s = t.sink();
    s.result({"flashed", "octopus runs v0.12.0", {}});
    s.result({"quiet", "", {}});
    BOOST_TEST(t.out.text() == "octopus runs v0.12.0\n");
    BOOST_TEST(t.err.text() == "");
}

BOOST_AUTO_TEST_CASE(quiet_shows_results_warnings_and_errors_only) {
    terminal t;
    t.options.level = verbosity::quiet;
    auto s = t.sink();
    s.step(phase::build, "x");
    s.note("x");
    s.detail("x");
    s.progress({phase::build, 1, 2, "files", 1});
    s.warn("w");
    s.fail({errc::failed, "e"});
    s.result({"r", "r", {}});
    BOOST_TEST(t.err.text() == "warning: w\nerror: e\n");
    BOOST_TEST(t.out.text() == "r\n");
}

BOOST_AUTO_TEST_CASE(verbose_shows_details_too) {
    terminal t;
    t.options.level = verbosity::verbose;
    t.sink().detail("exit 0");
    BOOST_TEST(t.err.text() == "  . exit 0\n");
}

BOOST_AUTO_TEST_CASE(an_error_says_what_command_cause_and_numbered_steps) {
    terminal t;
    t.sink().fail(
        {errc::failed, "the build failed", "the compiler is missing", "make -j4", {"apt install gcc", "again"}});
    BOOST_TEST(t.err.text() == "error: the build failed\n"
                               "  command: make -j4\n"
                               "  cause: the compiler is missing\n"
                               "  what to try:\n"
                               "    1. apt install gcc\n"
                               "    2. again\n");
}

BOOST_AUTO_TEST_CASE(what_a_program_printed_is_shown_as_it_is_however_wide) {
    terminal t;
    const std::string wide = "/home/pi/" + std::string(200, 'k') + "/b.c:7:5: error: no  such  thing   Error 127";
    t.sink().fail({errc::build_failed, "no", {}, {}, {"again"}, {"   7 |  if (a  <  b)", "", wide}});
    BOOST_TEST(t.err.text() == "error: no\n"
                               "  its last lines:\n"
                               "       7 |  if (a  <  b)\n"
                               "    \n"
                               "    " +
                                   wide +
                                   "\n"
                                   "  what to try:\n"
                                   "    1. again\n");
}

BOOST_AUTO_TEST_CASE(an_error_is_at_most_80_columns_wide) {
    terminal t;
    t.sink().fail(long_error);
    BOOST_TEST(t.err.text() == "error: klipper.service was started but klippy is not ready, although it was\n"
                               "       given two minutes for it\n"
                               "  command: make -C /home/pi/klipper -j4 \\\n"
                               "           OUT=/home/pi/.cache/kflash/build/octopus/out/ \\\n"
                               "           KCONFIG_CONFIG=/home/pi/.cache/kflash/build/octopus/.config\n"
                               "  cause: mcu 'mcu': Unable to connect to the microcontroller, which is what\n"
                               "         it says when the board has no firmware\n"
                               "  what to try:\n"
                               "    1. sudo systemctl start klipper.service\n"
                               "    2. look into klippy.log when it still does not run, and at the lines above\n"
                               "       the one that says Unable to connect\n");
    std::istringstream lines(t.err.text());
    for (std::string line; std::getline(lines, line);) BOOST_TEST(line.size() <= 80U, line);
}

BOOST_AUTO_TEST_CASE(text_of_one_letter_words_fills_80_columns_and_no_more) {
    std::string words = "a";
    for (int i = 0; i < 200; ++i) words += " a";
    kf::error e{errc::failed, words, words, words, {}};
    for (int i = 0; i < 12; ++i) e.steps.push_back(words);
    terminal t;
    t.sink().fail(e);
    t.sink().warn(words);
    std::size_t widest = 0;
    std::istringstream lines(t.err.text());
    for (std::string line; std::getline(lines, line);) widest = std::max(widest, line.size());
    BOOST_TEST(widest == 80U);
}

BOOST_AUTO_TEST_CASE(colour_only_marks_the_labels) {
    terminal t;
    t.options.colour = true;
    t.options.level = verbosity::verbose;
    auto s = t.sink();
    s.step(phase::flash, "writing");
    s.warn("w");
    s.detail("d");
    s.fail({errc::failed, "e"});
    BOOST_TEST(t.err.text() == "\x1b[36m[Flash]\x1b[0m writing\n\x1b[33mwarning:\x1b[0m w\n"
                               "\x1b[2m  . d\x1b[0m\n\x1b[31merror:\x1b[0m e\n");
}

BOOST_AUTO_TEST_CASE(without_a_terminal_progress_is_a_line_a_quarter) {
    terminal t;
    auto s = t.sink();
    for (std::uint64_t i = 0; i <= 64; ++i) s.progress({phase::flash, i, 64, "blocks", 0.1});
    BOOST_TEST(t.err.text() == "[Flash] 25 % (16 of 64 blocks)\n[Flash] 50 % (32 of 64 blocks)\n"
                               "[Flash] 75 % (48 of 64 blocks)\n[Flash] 100 % (64 of 64 blocks)\n");
}

BOOST_AUTO_TEST_CASE(progress_begins_anew_with_each_phase_and_each_board) {
    terminal t;
    auto s = t.sink();
    s.progress({phase::flash, 2, 2, "blocks", 0});
    s.progress({phase::verify, 1, 2, "blocks", 0});
    s.progress({phase::verify, 2, 2, "blocks", 0});
    s.progress({phase::verify, 1, 2, "blocks", 0});
    BOOST_TEST(t.err.text() == "[Flash] 100 % (2 of 2 blocks)\n[Verify] 50 % (1 of 2 blocks)\n"
                               "[Verify] 100 % (2 of 2 blocks)\n[Verify] 50 % (1 of 2 blocks)\n");
}

BOOST_AUTO_TEST_CASE(progress_of_an_unknown_whole_shows_nothing) {
    for (const bool tty : {false, true}) {
        terminal t;
        t.options.tty = tty;
        t.sink().progress({phase::build, 3, 0, "files", 1});
        BOOST_TEST(t.err.text() == "");
    }
}

BOOST_AUTO_TEST_CASE(on_a_terminal_the_bar_is_redrawn_in_place_with_the_time_left) {
    terminal t;
    t.options.tty = true;
    auto s = t.sink();
    s.progress({phase::flash, 16, 64, "blocks", 2.0});
    s.progress({phase::flash, 64, 64, "blocks", 8.0});
    BOOST_TEST(t.err.text() == "\r[Flash] #######-----------------------  25 %  16/64 blocks  6 s left\x1b[K"
                               "\r[Flash] ############################## 100 %  64/64 blocks\x1b[K\n");
}

BOOST_AUTO_TEST_CASE(the_bar_is_blocks_where_the_locale_has_them) {
    terminal t;
    t.options.tty = true;
    t.options.unicode = true;
    t.sink().progress({phase::flash, 1, 30, "blocks", 0.1}); // too early to say how long it will take
    BOOST_TEST(t.err.text() == "\r[Flash] █░░░░░░░░░░░░░░░░░░░░░░░░░░░░░   3 %  1/30 blocks\x1b[K");
}

BOOST_AUTO_TEST_CASE(a_line_takes_the_place_of_the_bar) {
    terminal t;
    t.options.tty = true;
    auto s = t.sink();
    s.progress({phase::flash, 0, 30, "blocks", 0});
    s.note("half way");
    s.note("more");
    BOOST_TEST(t.err.text() == "\r[Flash] ------------------------------   0 %  0/30 blocks\x1b[K"
                               "\r\x1b[K  half way\n  more\n");
}

BOOST_AUTO_TEST_CASE(a_count_beyond_its_whole_is_the_whole) {
    terminal t;
    t.options.tty = true;
    t.sink().progress({phase::build, 41, 40, "files", 1});
    BOOST_TEST(t.err.text() == "\r[Build] ############################## 100 %  40/40 files\x1b[K\n");
}

BOOST_AUTO_TEST_CASE(words_to_a_terminal_that_is_gone_are_dropped) {
    std::FILE* full = std::fopen("/dev/full", "w");
    BOOST_REQUIRE(full != nullptr);
    std::setvbuf(full, nullptr, _IONBF, 0);
    terminal_sink s({.out = full, .err = full, .colour = true, .tty = true});
    BOOST_CHECK_NO_THROW(s.step(phase::flash, "x"));
    BOOST_CHECK_NO_THROW(s.note("x"));
    BOOST_CHECK_NO_THROW(s.warn("x"));
    BOOST_CHECK_NO_THROW(s.progress({phase::flash, 1, 2, "blocks", 1}));
    BOOST_CHECK_NO_THROW(s.fail(long_error));
    BOOST_CHECK_NO_THROW(s.result({"r", "r", {}}));
    std::fclose(full);
}

BOOST_AUTO_TEST_CASE(foreign_text_cannot_steer_the_terminal) {
    const std::string evil = "a\x1b[2J\x07\xc2\x9b"
                             "31m\x9b\rb";
    const std::string shown = "a\\x1b[2J\\x07\\u009b31m\\x9b\\x0db";
    terminal t;
    t.options.level = verbosity::verbose;
    auto s = t.sink();
    s.step(phase::flash, evil);
    s.note(evil);
    s.warn(evil);
    s.detail(evil);
    s.fail({errc::failed, evil, evil, evil, {evil}});
    s.result({"r", evil});
    BOOST_TEST(t.err.text() == "[Flash] " + shown + "\n  " + shown + "\nwarning: " + shown + "\n  . " + shown +
                                   "\nerror: " + shown + "\n  command: " + shown + "\n  cause: " + shown +
                                   "\n  what to try:\n    1. " + shown + "\n");
    BOOST_TEST(t.out.text() == shown + "\n");
}

BOOST_AUTO_TEST_CASE(a_line_of_foreign_text_cannot_pass_for_one_of_ours) {
    terminal t;
    auto s = t.sink();
    s.step(phase::run, "Klipper says\nerror: all is lost");
    s.note("two\nlines");
    BOOST_TEST(t.err.text() == "[Run] Klipper says\n  error: all is lost\n  two\n  lines\n");
}

BOOST_AUTO_TEST_CASE(a_result_that_is_data_goes_out_byte_for_byte_unless_to_a_terminal) {
    const std::string path = "/home/bl\xe5/\x1b";
    terminal t;
    t.sink().result({"image", path, {}, true});
    BOOST_TEST(t.out.text() == path + "\n");
    terminal screen;
    screen.options.out_tty = true;
    screen.sink().result({"image", path, {}, true});
    BOOST_TEST(screen.out.text() == "/home/bl\\xe5/\\x1b\n");
}

BOOST_AUTO_TEST_CASE(texts_fold_to_the_width_of_the_terminal) {
    terminal t;
    t.options.tty = t.options.out_tty = true;
    t.options.columns = 50;
    auto s = t.sink();
    s.step(phase::service, "klipper.service is ready again, and it was down for 1.4 s in all");
    s.note("the source tree has the same options as it had before");
    s.warn("the configuration is older than the source tree, look at it");
    s.fail(long_error);
    s.result({"board", "name        Octopus Pro\ndevice      /dev/serial/by-id/usb-Klipper_x and what is behind it\n"
                       "one sentence without a table that is longer than fifty columns are"});
    for (const auto& text : {t.err.text(), t.out.text()}) {
        std::istringstream lines(text);
        for (std::string line; std::getline(lines, line);)
            BOOST_TEST((line.size() <= 50U || line.find("/home/pi/") != std::string::npos), line);
    }
    BOOST_TEST(
        t.err.text().starts_with("[Service] klipper.service is ready again, and it\n  was down for 1.4 s in all\n"
                                 "  the source tree has the same options as it had\n  before\n"));
    BOOST_TEST(t.out.text() == "name        Octopus Pro\ndevice      /dev/serial/by-id/usb-Klipper_x and\n"
                               "            what is behind it\n"
                               "one sentence without a table that is longer than\n  fifty columns are\n");
}

BOOST_AUTO_TEST_CASE(columns_are_letters_and_not_bytes) {
    terminal t;
    t.options.columns = 40;
    t.sink().warn("ååååå ååååå ååååå ååååå ååååå ååååå");
    BOOST_TEST(t.err.text() == "warning: ååååå ååååå ååååå ååååå ååååå\n         ååååå\n");
}

BOOST_AUTO_TEST_CASE(the_bar_shrinks_and_no_line_of_it_is_cut) {
    for (const std::size_t columns : {40U, 50U, 60U, 79U}) {
        terminal t;
        t.options.tty = true;
        t.options.columns = columns;
        t.sink().progress({phase::simulation, 16'000, 64'000, "blocks", 2.0});
        const std::string line = t.err.text();
        BOOST_TEST(line.size() - std::string("\r\x1b[K").size() < columns, line);
        BOOST_TEST(line.find(" 25 %") != std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(what_an_error_is_about_has_its_own_label) {
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"/home/pi/a.svg", "  file: /home/pi/a.svg\n"},
        {"/home/pi/my drawing.svg", "  file: /home/pi/my drawing.svg\n"},
        {"machine.yaml", "  file: machine.yaml\n"},
        {"standard input", "  file: standard input\n"},
        {"--layer 3", "  option: --layer 3\n"},
        {"make -C /home/pi/klipper", "  command: make -C /home/pi/klipper\n"},
        {"/usr/bin/ksim host --until-eof", "  command: /usr/bin/ksim host --until-eof\n"},
        {"systemctl stop klipper.service", "  command: systemctl stop klipper.service\n"}};
    for (const auto& [about, line] : cases) {
        terminal t;
        t.sink().fail({errc::failed, "e", {}, about});
        BOOST_TEST(t.err.text() == "error: e\n" + line);
    }
}

} // namespace terminal_test
