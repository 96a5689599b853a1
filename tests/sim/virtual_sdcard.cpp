// SPDX-License-Identifier: MIT
#include "../simulated_klippy.hpp"
#include "../temporary_folder.hpp"

#include <kf/sim/klippy_process.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <fstream>
#include <string>

namespace virtual_sdcard_test {

using namespace kf;

struct printing {
    test::temporary_folder folder;
    test::simulated_klippy k{[&] {
        sim::printer_config config;
        config.gcodes = folder.path();
        return config;
    }()};
    int c = k.connect();

    printing() { (void)k.script(c, "G28\nG90\nG1 X10 Y10 Z10 F6000\nM400"); }
    void file(const std::string& name, const std::string& text) {
        std::ofstream(folder / name, std::ios::binary) << text;
    }
    std::string stats(const char* field) { return std::string(k.status(c, "print_stats").at(field).as_string()); }
    double x() { return k.klippy.machine().carriage.x; }
};

std::string error_of(const boost::json::object& answer) {
    return std::string(answer.at("error").at("message").as_string());
}

BOOST_AUTO_TEST_SUITE(virtual_sdcard_of_a_printer)

BOOST_FIXTURE_TEST_CASE(a_job_is_complete_before_the_pen_stops, printing) {
    file("two.gcode", "G1 X60 F3000\nG1 X10\n");
    BOOST_TEST(k.script(c, "SDCARD_PRINT_FILE FILENAME=two.gcode").second < 0.01);
    double complete = 0;
    for (double t = 0; complete == 0 && t < 10; t += 0.05) {
        k.run_for(0.05);
        if (k.klippy.printer()->sdcard.stats().state() == "complete") complete = k.klippy.now();
    }
    (void)k.script(c, "M400");
    BOOST_TEST(k.klippy.now() - complete > 1.0);
    BOOST_TEST(stats("state") == "complete");
}

BOOST_FIXTURE_TEST_CASE(a_last_line_without_a_newline_never_runs, printing) {
    file("open.gcode", "G1 X20 F3000\nG1 X30");
    (void)k.script(c, "SDCARD_PRINT_FILE FILENAME=open.gcode");
    k.run_for(5);
    BOOST_TEST(stats("state") == "complete");
    BOOST_TEST(x() == 20.0);
}

BOOST_FIXTURE_TEST_CASE(a_byte_that_is_not_utf8_leaves_the_job_paused_without_a_word, printing) {
    file("latin.gcode", "G1 X20 F3000\n; gr\xfc\xdf\n");
    (void)k.script(c, "SDCARD_PRINT_FILE FILENAME=latin.gcode");
    k.run_for(5);
    BOOST_TEST(stats("state") == "paused");
    BOOST_TEST(stats("message") == "");
    BOOST_TEST(!k.status(c, "pause_resume").at("is_paused").as_bool());
    BOOST_TEST(x() == 10.0); // the whole block of 8 kB is lost
}

BOOST_FIXTURE_TEST_CASE(a_character_across_two_blocks_is_read_whole, printing) {
    std::string text = "G1 X20 F3000\n;";
    while (text.size() < 8191) text += 'x';
    file("split.gcode", text + "\xc3\xa9\nG1 X30\n");
    (void)k.script(c, "SDCARD_PRINT_FILE FILENAME=split.gcode");
    k.run_for(5);
    BOOST_TEST(stats("state") == "complete");
    BOOST_TEST(x() == 30.0);
}

BOOST_FIXTURE_TEST_CASE(a_bad_line_ends_the_job_and_the_planned_moves_still_run, printing) {
    file("bad.gcode", "G1 X60 F3000\nG1 X20\nG1 X999\nG1 X50\n");
    (void)k.script(c, "SDCARD_PRINT_FILE FILENAME=bad.gcode");
    k.run_for(10);
    BOOST_TEST(stats("state") == "error");
    BOOST_TEST(stats("message") == "Move out of range: 999.000 10.000 10.000 [0.000]");
    BOOST_TEST(x() == 20.0);
    (void)k.script(c, "CANCEL_PRINT");
    BOOST_TEST(stats("state") == "error");
    (void)k.script(c, "SDCARD_RESET_FILE");
    BOOST_TEST(stats("state") == "standby");
}

BOOST_FIXTURE_TEST_CASE(on_error_gcode_lifts_the_pen_after_the_planned_moves, printing) {
    sim::printer_config with;
    with.gcodes = folder.path();
    with.on_error_gcode = "\nG90\nG1 Z5 F1200";
    test::simulated_klippy other(with);
    const int d = other.connect();
    (void)other.script(d, "G28\nG90\nG1 X10 Y10 Z20 F6000\nM400");
    file("bad.gcode", "G1 X60 F3000\nG1 X999\nG1 X20\n");
    (void)other.script(d, "SDCARD_PRINT_FILE FILENAME=bad.gcode");
    other.run_for(5);
    BOOST_TEST(other.status(d, "print_stats").at("state").as_string() == "error");
    BOOST_TEST(other.status(d, "print_stats").at("message").as_string() ==
               "Move out of range: 999.000 10.000 20.000 [0.000]"); // the file's, not the lift's
    BOOST_TEST(other.klippy.machine().carriage.x == 60.0);
    BOOST_TEST(other.klippy.machine().carriage.z == 5.0);
}

BOOST_AUTO_TEST_CASE(a_macro_that_calls_itself_is_an_error) {
    sim::printer_config with;
    with.macros.push_back({"AGAIN", "\nG90\nAGAIN"});
    test::simulated_klippy k(with);
    const int c = k.connect();
    BOOST_TEST(error_of(k.script(c, "AGAIN").first) == "Macro AGAIN called recursively");
    BOOST_TEST(error_of(k.script(c, "AGAIN").first) == "Macro AGAIN called recursively"); // each time
}

BOOST_FIXTURE_TEST_CASE(names_need_quotes_for_blanks_and_never_are_empty, printing) {
    file("with space.gcode", "G1 X20 F3000\n");
    file("plain.txt", "G1 X20 F3000\n");
    BOOST_TEST(error_of(k.script(c, "SDCARD_PRINT_FILE FILENAME=with space.gcode").first) ==
               "Malformed command 'SDCARD_PRINT_FILE FILENAME=with space.gcode'");
    BOOST_TEST(error_of(k.script(c, "SDCARD_PRINT_FILE FILENAME=plain.txt").first) == "Unable to open file");
    BOOST_TEST(k.script(c, "SDCARD_PRINT_FILE FILENAME=\"/WITH space.gcode\"").first.contains("result"));
    k.run_for(3);
    BOOST_TEST(error_of(k.script(c, "SDCARD_PRINT_FILE FILENAME=\"\"").first) == "string index out of range");
    BOOST_TEST(k.klippy.state().name == "shutdown");
    BOOST_TEST(k.klippy.state().message.starts_with("Internal error on command:\"SDCARD_PRINT_FILE\"\n"));
}

BOOST_FIXTURE_TEST_CASE(pause_comes_between_lines_and_the_pen_stops_later, printing) {
    std::string text;
    for (int i = 0; i < 20; ++i) text += i % 2 == 0 ? "G1 X60 F3000\n" : "G1 X10\n";
    file("long.gcode", text);
    (void)k.script(c, "SDCARD_PRINT_FILE FILENAME=long.gcode");
    k.run_for(3);
    BOOST_TEST(k.script(c, "PAUSE").second < 1.1);
    BOOST_TEST(k.script(c, "M400").second > 0.9);
    BOOST_TEST(stats("state") == "paused");
    BOOST_TEST(k.status(c, "pause_resume").at("is_paused").as_bool());
    const auto position = k.status(c, "virtual_sdcard").at("file_position").to_number<std::int64_t>();
    (void)k.script(c, "G1 Z5 F1200\nG1 X200 Y200 F9000\nM400");
    // Back over the whole diagonal at 50 mm/s, Z with it.
    const double way = std::sqrt(190.0 * 190.0 + 190.0 * 190.0);
    BOOST_TEST(k.script(c, "RESUME").second < 0.01);
    k.run_for(0.25 + 0.1 + way / 50 / 2);
    const auto live = k.status(c, "motion_report").at("live_position").as_array();
    BOOST_TEST(live[2].as_double() > 6.0);
    BOOST_TEST(live[2].as_double() < 9.0);
    k.run_for(60);
    BOOST_TEST(stats("state") == "complete");
    BOOST_TEST(position < static_cast<std::int64_t>(text.size()));
}

BOOST_FIXTURE_TEST_CASE(a_second_job_is_refused_while_one_runs, printing) {
    std::string text;
    for (int i = 0; i < 20; ++i) text += i % 2 == 0 ? "G1 X60 F3000\n" : "G1 X10\n";
    file("long.gcode", text);
    (void)k.script(c, "SDCARD_PRINT_FILE FILENAME=long.gcode");
    k.run_for(2.5);
    const auto [answer, took] = k.script(c, "SDCARD_PRINT_FILE FILENAME=long.gcode");
    BOOST_TEST(error_of(answer) == "SD busy");
    BOOST_TEST(took < 1.5);
    k.klippy.hang_up(c); // the job goes on without its client
    k.run_for(1);
    BOOST_TEST(k.klippy.printer()->sdcard.is_active());
}

BOOST_FIXTURE_TEST_CASE(the_idle_timeout_turns_the_motors_off_in_a_pause_and_the_job_dies_of_it, printing) {
    (void)k.script(c, "SET_IDLE_TIMEOUT TIMEOUT=4");
    file("long.gcode", "G1 X60 F3000\nG1 X10\nG1 X60\nG1 X10\nG1 X60\nG1 X10\n");
    (void)k.script(c, "SDCARD_PRINT_FILE FILENAME=long.gcode");
    k.run_for(1.5);
    (void)k.script(c, "PAUSE");
    k.run_for(10);
    BOOST_TEST(k.status(c, "toolhead").at("homed_axes").as_string() == "");
    BOOST_TEST(k.script(c, "RESUME").first.contains("result"));
    k.run_for(1);
    BOOST_TEST(stats("state") == "error");
    BOOST_TEST(stats("message").starts_with("Must home axis first"));
}

BOOST_FIXTURE_TEST_CASE(a_macro_of_the_printer_runs_in_the_job, printing) {
    // Another printer: its boundary macro pauses when its variable says so.
    sim::printer_config with;
    with.gcodes = folder.path();
    with.macros.push_back(
        {"KF_BOUNDARY",
         "{% if stop %}\nSET_GCODE_VARIABLE MACRO=KF_BOUNDARY VARIABLE=stop VALUE=0\nPAUSE\n{% endif %}",
         "",
         {{"stop", "0"}}});
    test::simulated_klippy other(with);
    const int d = other.connect();
    (void)other.script(d, "G28\nG90\nG1 X10 Y10 Z10 F6000\nM400");
    std::string text;
    for (int i = 0; i < 20; ++i) text += fmt::format("G1 X{} F3000\nKF_BOUNDARY\n", 20 + 10 * i);
    file("strokes.gcode", text);
    (void)other.script(d, "SDCARD_PRINT_FILE FILENAME=strokes.gcode");
    (void)other.script(d, "SET_GCODE_VARIABLE MACRO=KF_BOUNDARY VARIABLE=stop VALUE=1");
    other.run_for(10);
    BOOST_TEST(other.status(d, "print_stats").at("state").as_string() == "paused");
    BOOST_TEST(other.status(d, "pause_resume").at("is_paused").as_bool());
    const double at = other.klippy.machine().carriage.x;
    BOOST_TEST(at <= 100.0);                // what was sent before still runs: a good second of motion
    BOOST_TEST(std::fmod(at, 10.0) == 0.0); // at the end of a line of the file
    (void)other.script(d, "RESUME");
    other.run_for(10);
    BOOST_TEST(other.status(d, "print_stats").at("state").as_string() == "complete");
    BOOST_TEST(other.klippy.machine().carriage.x == 210.0);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace virtual_sdcard_test
