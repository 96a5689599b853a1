// SPDX-License-Identifier: MIT
#include "captured.hpp"

#include <kf/sink/terminal.hpp>

#include <boost/test/unit_test.hpp>

#include <sstream>

using kf::errc;
using kf::phase;
using kf::terminal_options;
using kf::terminal_sink;
using kf::verbosity;
using kf::test::captured;

namespace {

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

} // namespace

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
