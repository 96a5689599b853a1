// SPDX-License-Identifier: MIT
#include "../temporary_folder.hpp"

#include <kf/io/atomic_file.hpp>
#include <kf/run/path_watch.hpp>

#include <boost/test/unit_test.hpp>

namespace path_watch_test {

using namespace kf;
using run::path_watch;

BOOST_AUTO_TEST_CASE(b4_places_on_the_way_of_the_text_are_ours_and_others_are_not) {
    path_watch w;
    w.stands_at({0, 0, 10});
    w.feed("G90\nG0 X25 Y322 F4800\nG4 P500\nG1 Z20 F2400\nG1 X125 Y322 F1500\nKPLOT_BOUNDARY STROKE=1\n");
    BOOST_TEST(w.on_the_way({0, 0, 10}));
    BOOST_TEST(w.on_the_way({12.5, 161, 10}));
    BOOST_TEST(w.on_the_way({25, 322, 17}));
    BOOST_TEST(w.on_the_way({80, 322.05, 20}));
    BOOST_TEST(!w.on_the_way({80, 322.2, 20}));
    BOOST_TEST(!w.on_the_way({80, 322, 15}));  // drawn in the air
    BOOST_TEST(w.on_the_way({80, 322, 20.5})); // a person presses the pen a little more
    BOOST_TEST(!w.on_the_way({240, 340, 20}));
}

BOOST_AUTO_TEST_CASE(after_a_pause_it_counts_again_when_it_is_back_on_the_way) {
    path_watch w;
    w.stands_at({0, 0, 10});
    w.feed("G1 X100 Y0 F600\n");
    w.let_go();
    BOOST_TEST(w.on_the_way({200, 200, 10})); // brought back by a resume
    BOOST_TEST(w.on_the_way({50, 0, 10}));    // and crosses the way
    BOOST_TEST(w.on_the_way({40, -9, 10}));
    for (int i = 0; i < 3; ++i) BOOST_TEST(w.on_the_way({50.0 + i, 0, 10}));
    BOOST_TEST(!w.on_the_way({200, 200, 10}));
}

BOOST_AUTO_TEST_CASE(what_lies_far_behind_is_forgotten_and_not_what_klipper_may_still_drive) {
    path_watch w;
    w.stands_at({0, 0, 0});
    for (int i = 1; i <= 100; ++i) w.feed("G1 X" + std::to_string(i) + " Y0 Z0 F60\n"); // a second each
    w.prune_before(w.mark(), 1);
    BOOST_TEST(!w.on_the_way({80, 0, 0}));
    BOOST_TEST(w.on_the_way({90, 0, 0}));
    path_watch fast;
    fast.stands_at({0, 0, 0});
    for (int i = 1; i <= 100; ++i) fast.feed("G1 X" + std::to_string(i) + " Y0 Z0 F60\n");
    fast.prune_before(fast.mark(), 8); // M220 S800
    BOOST_TEST(fast.on_the_way({50, 0, 0}));
}

BOOST_AUTO_TEST_CASE(however_long_the_last_moves_are_what_is_driven_before_them_is_kept) {
    path_watch w;
    w.stands_at({0, 0, 0});
    for (int i = 1; i <= 100; ++i) w.feed("G1 X" + std::to_string(i * 0.1) + " Y0 Z0 F6000\n");
    w.feed("G1 X10 Y200 F600\nG1 X10 Y0\n"); // 20 s each: Klipper has both before the pen begins with them
    w.prune_before(w.mark(), 1);
    BOOST_TEST(w.on_the_way({9, 0, 0}));
    for (int i = 0; i < 5; ++i) w.feed(i % 2 == 0 ? "G1 X10 Y200\n" : "G1 X10 Y0\n");
    w.prune_before(w.mark(), 1);
    BOOST_TEST(!w.on_the_way({9, 0, 0}));
}

BOOST_AUTO_TEST_CASE(short_strokes_that_are_answered_are_still_driven) {
    path_watch w;
    w.stands_at({0, 0, 0});
    std::size_t last = 0;
    for (int i = 1; i <= 40; ++i) { // strokes of half a second; Kalico answers two seconds and more before it drives
        last = w.mark();
        w.feed("G1 X" + std::to_string(i) + " Y0 Z0 F120\n");
    }
    w.prune_before(last, 1);
    BOOST_TEST(w.on_the_way({33.5, 0, 0}));
    BOOST_TEST(w.on_the_way({40, 0, 0}));
    BOOST_TEST(!w.on_the_way({10, 0, 0}));
    path_watch long_one; // what is not answered is kept however long it is
    long_one.stands_at({0, 0, 0});
    const auto mark = long_one.mark();
    for (int i = 1; i <= 100; ++i) long_one.feed("G1 X" + std::to_string(i) + " Y0 Z0 F60\n");
    long_one.prune_before(mark, 1);
    BOOST_TEST(long_one.on_the_way({1, 0, 0}));
}

BOOST_AUTO_TEST_CASE(an_arc_is_a_way_as_klipper_drives_it) {
    path_watch w(1);
    w.stands_at({10, 0, 0});
    w.feed("G3 X-10 Y0 I-10 J0 F600\n");
    BOOST_TEST(w.on_the_way({0, 10, 0}));
    BOOST_TEST(w.on_the_way({0, 9.9, 0}));
    BOOST_TEST(!w.on_the_way({0, -10, 0}));
    BOOST_TEST(!w.on_the_way({0, 0, 0}));
    path_watch full;
    full.stands_at({10, 0, 0});
    full.feed("G2 X10 Y0 I-10 J0 F600\n");
    BOOST_TEST(full.on_the_way({0, -10, 0}));
    BOOST_TEST(full.on_the_way({0, 10, 0}));
}

BOOST_AUTO_TEST_CASE(a_homing_or_a_macro_goes_where_it_wants) {
    for (const char* text : {"G28 X Y\n", "TOOL_PEN\n"}) {
        path_watch w;
        w.stands_at({0, 0, 10});
        w.feed(text);
        BOOST_TEST(w.on_the_way({200, 3, 10}), text);
        w.feed("G1 Z10 F600\nG0 X50 Y50 F600\nG1 X60 Y50\n");
        for (int i = 0; i < 40; ++i) w.feed(i % 2 == 0 ? "G1 X70 Y50\n" : "G1 X60 Y50\n");
        w.prune_before(w.mark(), 1);
        BOOST_TEST(w.on_the_way({65, 50, 10}), text);
        BOOST_TEST(!w.on_the_way({200, 3, 10}), text);
    }
}

BOOST_AUTO_TEST_CASE(a_file_is_read_along_with_klipper_and_not_ahead_of_it) {
    const test::temporary_folder folder;
    std::string text = "; kplot\nG90\nG1 Z0 F600\n";
    for (int i = 1; i <= 200; ++i) text += "G1 X" + std::to_string(i) + " Y0 F60\n"; // a second each
    BOOST_REQUIRE(io::write_file(folder / "a.gcode", text));
    run::file_watch w(folder / "a.gcode", 1);
    w.begins_at({0, 0, 0});
    klippy::printer_status s;
    const auto look = [&](double t, std::int64_t position, double x, double y) {
        BOOST_REQUIRE(
            s.merge({{"webhooks", klippy::json::object{{"state", "ready"}}},
                     {"virtual_sdcard", klippy::json::object{{"file_position", position}}},
                     {"motion_report", klippy::json::object{{"live_position", klippy::json::array{x, y, 0.0, 0.0}},
                                                            {"live_velocity", 1.0}}}},
                    t));
        return w.stray(s);
    };
    const auto tenth = static_cast<std::int64_t>(text.find("G1 X11 "));
    for (int i = 0; i < 40; ++i) BOOST_TEST(!look(1 + i * 0.25, tenth, 9.5, 0).has_value());
    BOOST_TEST(!look(12, tenth, 10.5, 0).has_value());
    BOOST_TEST(look(13, tenth, 60, 0).has_value()); // Klipper has not read that far
    BOOST_TEST(look(14, tenth, 9.5, 3).has_value());
}

BOOST_AUTO_TEST_CASE(lines_of_a_file_that_klipper_has_not_read_forget_nothing) {
    const test::temporary_folder folder;
    std::string text = "G90\nG1 X0 Y0 Z0 F6000\n";
    for (int i = 1; i <= 100; ++i) text += "G1 X" + std::to_string(i * 0.1) + " Y0\n";
    const auto wave = static_cast<std::int64_t>(text.size());
    for (int i = 0; i < 8; ++i) text += i % 2 == 0 ? "G1 X10 Y200 F600\n" : "G1 X10 Y0 F600\n";
    BOOST_REQUIRE(io::write_file(folder / "a.gcode", text));
    run::file_watch w(folder / "a.gcode", 1);
    w.begins_at({0, 0, 0});
    double t = 1;
    for (const auto& [position, x] : {std::pair{std::int64_t{0}, 0.0}, {wave, 0.5}, {wave, 9.0}, {wave + 17, 9.5}}) {
        klippy::printer_status s;
        BOOST_REQUIRE(
            s.merge({{"webhooks", klippy::json::object{{"state", "ready"}}},
                     {"virtual_sdcard", klippy::json::object{{"file_position", position}}},
                     {"motion_report", klippy::json::object{{"live_position", klippy::json::array{x, 0.0, 0.0, 0.0}},
                                                            {"live_velocity", 1.0}}}},
                    t += 0.25));
        BOOST_TEST(!w.stray(s).has_value(), position << " " << x);
    }
}

} // namespace path_watch_test
