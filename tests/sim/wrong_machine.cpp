// SPDX-License-Identifier: MIT
#include "../simulated_klippy.hpp"

#include <kf/io/atomic_file.hpp>
#include <kf/sim/wrong_machine.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <string>
#include <vector>

namespace wrong_machine_test {

using namespace kf;
namespace tt = boost::test_tools;

/// A printer with what `wrong` says, homed; its pen is up at Z 10 and down at Z 20.
struct printer {
    explicit printer(const std::string& wrong, sim::printer_config config = {})
      : k(config) {
        const auto w = sim::read_wrong_machine(wrong, "wrong");
        BOOST_REQUIRE_MESSAGE(w.has_value(), w.error().what);
        sim::put_together(k.klippy.machine(), *w, config, {}, sim::ink::kept);
        c = k.connect();
        run("G28\nG90\nG1 Z10 F1200\nG1 X20 Y30 F3000\nM400");
        k.klippy.machine().trace.clear();
    }
    void run(const std::string& script) {
        const auto [answer, took] = k.script(c, script);
        BOOST_REQUIRE_MESSAGE(answer.contains("result"), boost::json::serialize(answer));
        k.run_for(2);
    }
    /// A line at a speed, from where the pen is.
    void line(mm x, mm y, mm_per_s speed = 20) {
        run(fmt::format("G1 Z20 F1200\nG1 X{} Y{} F{}\nG1 Z10 F1200\nM400", x, y, speed * 60));
    }
    void go(mm x, mm y) { run(fmt::format("G1 X{} Y{} F3000\nM400", x, y)); }
    const std::vector<sim::ink_line>& ink() { return k.klippy.machine().trace.lines(); }
    drawing::point first(std::size_t i) { return ink().at(i).points.front(); }
    drawing::point last(std::size_t i) { return ink().at(i).points.back(); }
    std::array<double, 3> position() {
        const auto p = k.status(c, "toolhead").at("position").as_array();
        return {p.at(0).as_double(), p.at(1).as_double(), p.at(2).as_double()};
    }

    test::simulated_klippy k;
    int c = 0;
};

std::string refusal(const std::string& text) {
    const auto w = sim::read_wrong_machine(text, "w.txt");
    BOOST_REQUIRE(!w);
    BOOST_TEST((w.error().code == errc::malformed));
    return w.error().what;
}

BOOST_AUTO_TEST_SUITE(wrong_machines)

BOOST_AUTO_TEST_CASE(a_machine_with_nothing_wrong_draws_what_it_is_told) {
    printer p("# nothing\n\n");
    p.line(70, 30);
    BOOST_TEST(p.first(0).x == 20.0, tt::tolerance(1e-9));
    BOOST_TEST(p.last(0).x == 70.0, tt::tolerance(1e-9));
    BOOST_TEST(p.last(0).y == 30.0, tt::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(a_turn_that_moves_farther_draws_longer_and_klippy_does_not_know) {
    printer p("turn_x_mm: 32.32\nturn_y_mm: 31.68");
    p.line(120, 130);
    BOOST_TEST(p.last(0).x - p.first(0).x == 101.0, tt::tolerance(1e-9));
    BOOST_TEST(p.last(0).y - p.first(0).y == 99.0, tt::tolerance(1e-9));
    BOOST_TEST(p.position()[0] == 120.0);
}

BOOST_AUTO_TEST_CASE(a_corrected_rotation_distance_draws_right) {
    sim::printer_config config;
    config.motors[0].rotation_distance = 32.32;
    printer p("turn_x_mm: 32.32", config);
    p.line(120, 30);
    BOOST_TEST(p.last(0).x - p.first(0).x == 100.0, tt::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(a_racked_beam_leans) {
    printer p("racked_deg: 0.4");
    p.line(20, 330);
    BOOST_TEST((p.last(0).x - p.first(0).x) / 300 == 0.00698143, tt::tolerance(1e-6));
    BOOST_TEST(p.last(0).y == 330.0, tt::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(the_second_x_motor_straightens_the_beam_until_the_motors_are_off) {
    printer p("racked_deg: 0.4\nbeam_mm: 300");
    p.run("FORCE_MOVE STEPPER=stepper_x1 DISTANCE=-2.09443 VELOCITY=5\nM400");
    p.line(20, 330);
    BOOST_TEST(std::abs(p.last(0).x - p.first(0).x) < 1e-5);
    BOOST_TEST(p.last(0).x == 20.0, tt::tolerance(1e-6)); // the first motor stayed where it was
    p.run("M84\nG28\nG1 Z10 F1200\nG1 X20 Y30 F3000\nM400");
    p.line(20, 330);
    BOOST_TEST(p.last(1).x - p.first(1).x == 300 * 0.00698143, tt::tolerance(1e-5));
}

BOOST_AUTO_TEST_CASE(backlash_is_lost_at_a_reversal_and_once) {
    printer p("backlash_x_mm: 0.15");
    p.go(100, 30);
    p.line(100, 40); // reached from the left
    p.go(150, 40);
    p.go(100, 40);
    p.line(100, 50); // from the right
    p.go(90, 50);
    p.line(80, 50); // goes on to the left: nothing is lost
    BOOST_TEST(p.first(1).x - p.first(0).x == 0.15, tt::tolerance(1e-9));
    BOOST_TEST(p.last(0).x == p.first(0).x, tt::tolerance(1e-9));
    BOOST_TEST(p.first(2).x - p.last(2).x == 10.0, tt::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(a_stroke_that_turns_round_begins_late_by_the_play) {
    printer p("backlash_x_mm: 0.2");
    p.go(100, 30);
    p.line(90, 40); // diagonal: Y goes at once, X when its play is taken up
    const auto& points = p.ink()[0].points;
    BOOST_REQUIRE_EQUAL(points.size(), 3u);
    BOOST_TEST(points[1].x == points[0].x, tt::tolerance(1e-9));
    BOOST_TEST(points[1].y == 30.2, tt::tolerance(1e-9));
    BOOST_TEST(points[0].x - points[2].x == 9.8, tt::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(the_pen_marks_where_it_really_touches) {
    printer p("touch_mm: 19.37");
    p.run("G1 Z19.36 F600\nG1 Z10\nM400");
    BOOST_TEST(p.ink().empty());
    p.run("G1 Z19.38 F600\nG1 Z10\nM400");
    BOOST_TEST(p.ink().size() == 1u);
    printer low("touch_below_mm: 2");
    low.run("G1 Z2.01 F600\nG1 Z10\nM400");
    BOOST_TEST(low.ink().empty());
    low.run("G1 Z2 F600\nG1 Z10\nM400");
    BOOST_TEST(low.ink().size() == 1u);
}

BOOST_AUTO_TEST_CASE(the_bed_slopes) {
    printer p("touch_mm: 19\nbed_x_mm_m: 2\nbed_y_mm_m: -1"); // at 100, 200: 19 + 0.2 - 0.2
    p.go(200, 100);                                           // here: 19.3
    p.run("G1 Z19.29 F600\nG1 Z10\nM400");
    BOOST_TEST(p.ink().empty());
    p.run("G1 Z19.31 F600\nG1 Z10\nM400");
    BOOST_TEST(p.ink().size() == 1u);
}

BOOST_AUTO_TEST_CASE(the_second_tool_marks_beside_the_first_on_the_other_side) {
    printer p("touch_mm: 19.37\nsecond_touch_mm: 0.5\nsecond_x_mm: 3.2\nsecond_y_mm: -1.7");
    p.run("G1 Z20 F600\nG1 Z10\nM400");
    p.run("G1 Z0.6 F600\nG1 Z10\nM400");
    BOOST_REQUIRE_EQUAL(p.ink().size(), 1u);
    p.run("G1 Z0.4 F600\nG1 Z10\nM400");
    BOOST_REQUIRE_EQUAL(p.ink().size(), 2u);
    BOOST_TEST(p.first(1).x - p.first(0).x == 3.2, tt::tolerance(1e-9));
    BOOST_TEST(p.first(1).y - p.first(0).y == -1.7, tt::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(a_motor_that_is_too_fast_loses_steps_until_it_is_homed) {
    printer p("stall_mm_s: 61");
    p.line(120, 30, 60);
    BOOST_TEST(p.last(0).x == 120.0, tt::tolerance(1e-9));
    p.line(20, 30, 62);
    // It stands while 61 mm/s are passed; the corner out of Z begins and ends with 5 mm/s, at 3000 mm/s^2.
    const mm followed = (61.0 * 61 - 5 * 5) / 3000;
    BOOST_TEST(p.first(1).x - p.last(1).x == followed, tt::tolerance(1e-6));
    BOOST_TEST(p.position()[0] == 20.0); // klippy does not know
    p.go(40, 70);                        // as fast as 50: this it follows
    p.line(45, 70);
    BOOST_TEST(p.first(2).x == 140 - followed, tt::tolerance(1e-6));
    p.run("G28 X\nG1 X20 F3000\nM400");
    p.line(25, 70);
    BOOST_TEST(p.first(3).x == 20.0, tt::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(a_carriage_that_lost_steps_runs_against_the_frame_and_is_homed_again) {
    printer p("stall_mm_s: 61");
    p.run("G1 X220 F4200\nM400"); // it stays near 20
    p.go(20, 30);
    BOOST_TEST(p.k.klippy.machine().carriage.x == -2.0, tt::tolerance(1e-9));
    BOOST_TEST(p.position()[0] == 20.0);
    p.run("G28 X\nG1 X20 F3000\nM400");
    p.line(25, 30);
    BOOST_TEST(p.first(0).x == 20.0, tt::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(a_motor_counts_by_the_speed_of_its_axis) {
    printer p("stall_mm_s: 61");
    p.line(90, 100, 85); // 60.1 mm/s along each axis
    BOOST_TEST(p.last(0).x == 90.0, tt::tolerance(1e-9));
    BOOST_TEST(p.last(0).y == 100.0, tt::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(a_motor_that_is_to_speed_up_too_hard_loses_steps) {
    sim::printer_config config;
    config.limits.max_accel = 2400;
    printer p("stall_mm_s2: 2500", config);
    p.line(70, 30, 40);
    BOOST_TEST(p.last(0).x == 70.0, tt::tolerance(1e-9));
    p.run("M204 S2600");
    p.line(120, 30, 40); // loses what it speeds up and slows down on
    BOOST_TEST(p.last(1).x - p.first(1).x == 50 - (40.0 * 40 - 5 * 5) / 2600, tt::tolerance(1e-4));
}

BOOST_AUTO_TEST_CASE(an_endstop_scatters_by_what_is_said_and_the_steps_count_it) {
    sim::printer_config config;
    config.add("endstop_phase");
    printer p("endstop_scatter_mm: 0.05", config);
    double sum = 0;
    double squares = 0;
    constexpr int n = 200;
    for (int i = 0; i < n; ++i) {
        p.run("G1 X50 F3000\nG28 X\nM400");
        const auto phase = p.k.status(p.c, "endstop_phase").at("last_home").at("stepper_x").as_object();
        const double at = 0.02 * static_cast<double>(phase.at("mcu_position").to_number<std::int64_t>()) + 20;
        BOOST_TEST(std::abs(at - p.k.klippy.machine().carriage.x) <= 0.0101);
        sum += at;
        squares += at * at;
        BOOST_TEST(p.position()[0] == 0.0); // klippy is at its endstop each time
    }
    const double deviation = std::sqrt((squares - sum * sum / n) / (n - 1));
    BOOST_TEST(std::abs(sum / n) < 0.012);
    BOOST_TEST(deviation > 0.042);
    BOOST_TEST(deviation < 0.060);
}

BOOST_AUTO_TEST_CASE(a_seed_scatters_alike) {
    const auto place = [](const char* seed) {
        printer p(std::string("endstop_scatter_mm: 0.05\nseed: ") + seed);
        return p.k.klippy.machine().trigger[0];
    };
    BOOST_TEST(place("7") == place("7"));
    BOOST_TEST(place("7") != place("8"));
}

BOOST_AUTO_TEST_CASE(a_file_of_what_is_wrong_is_read_strictly) {
    BOOST_TEST(refusal("racked_deg 0.4") == "w.txt:1: \"racked_deg 0.4\" is not NAME: NUMBER");
    BOOST_TEST(refusal("# a\nrackd_deg: 0.4") == "w.txt:2: nothing of a machine is called rackd_deg");
    BOOST_TEST(refusal("racked_deg: 0.4\nracked_deg: 0.4") == "w.txt:2: racked_deg is here twice");
    BOOST_TEST(refusal("racked_deg: 0,4") == "w.txt:1: racked_deg is \"0,4\", allowed: a number from -10 to 10");
    BOOST_TEST(refusal("racked_deg: 11 # too much") ==
               "w.txt:1: racked_deg is \"11\", allowed: a number from -10 to 10");
    BOOST_TEST(refusal("racked_deg:") == "w.txt:1: racked_deg is \"\", allowed: a number from -10 to 10");
    BOOST_TEST(refusal("racked_deg: nan") == "w.txt:1: racked_deg is \"nan\", allowed: a number from -10 to 10");
    BOOST_TEST(refusal("touch_mm: 1\ntouch_below_mm: 1") ==
               "w.txt: touch_mm and touch_below_mm are two ways to say one thing");
    BOOST_TEST(sim::read_wrong_machine("rackd_deg: 1", "w").error().steps.at(0) == "is it racked_deg?");
}

BOOST_AUTO_TEST_CASE(the_manual_names_every_line_of_such_a_file) {
    const auto manual = io::read_file(KF_TESTS_DIR "/../man/ksim.1.scd");
    BOOST_REQUIRE(manual.has_value());
    for (const sim::wrong_row& row : sim::wrong_rows())
        BOOST_TEST(manual->find(fmt::format("*{}*", row.name)) != std::string::npos, row.name << " is not in ksim(1)");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace wrong_machine_test
