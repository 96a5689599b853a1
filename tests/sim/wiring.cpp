// SPDX-License-Identifier: MIT
/// Wires and switches of the simulated machine, as klippy reads them and as somebody sees them who stands there.
#include "../simulated_klippy.hpp"

#include <kf/io/atomic_file.hpp>
#include <kf/sim/printer_cfg.hpp>
#include <kf/sim/wrong_machine.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <string>

namespace wiring_test {

using namespace kf;
namespace json = boost::json;
namespace tt = boost::test_tools;

sim::printer_config cfg(const std::string& name, const std::string& over = "") {
    sim::printer_config c;
    const auto text = io::read_file(KF_TESTS_DIR "/transcripts/printer_cfg/" + name);
    BOOST_REQUIRE(text);
    BOOST_REQUIRE(sim::read_printer_cfg(*text, name, c));
    BOOST_REQUIRE(sim::read_printer_cfg(over, "over", c));
    return c;
}

/// A machine that is wired as `wrong` says, with its first printer.cfg.
struct printer {
    explicit printer(const std::string& wrong, const sim::printer_config& config)
      : k(config) {
        const auto w = sim::read_wrong_machine(wrong, "wrong");
        BOOST_REQUIRE_MESSAGE(w, w.error().what);
        sim::put_together(k.klippy.machine(), *w, config, {}, sim::ink::kept);
        c = k.connect();
    }
    std::string run(const std::string& script) {
        const auto [answer, took] = k.script(c, script);
        const auto* e = answer.if_contains("error");
        return e == nullptr ? "" : std::string(e->at("message").as_string());
    }
    void hand(const std::string& verb, const std::string& which) {
        const auto [answer, took] = k.ask(c, "ksim/" + verb, {{"switch", which}});
        BOOST_REQUIRE_MESSAGE(answer.contains("result"), json::serialize(answer));
    }
    std::string reads(const std::string& endstop) {
        return std::string(k.ask(c, "query_endstops/status").first.at("result").at(endstop).as_string());
    }
    json::object look() { return k.ask(c, "ksim/look").first.at("result").as_object(); }
    json::object motor(const std::string& name) { return look().at("motors").at(name).as_object(); }
    /// A person changes printer.cfg and sends RESTART.
    void restart_with(const sim::printer_config& other) {
        k.klippy.config() = other;
        k.send(c, json::object{{"method", "gcode/restart"}});
        k.run_for(5);
        c = k.connect();
    }

    test::simulated_klippy k;
    int c = 0;
};

const std::string y = "manual_stepper stepper_y";
const std::string a_turn = "MANUAL_STEPPER STEPPER=stepper_y SET_POSITION=0 MOVE=32 SPEED=16 ACCEL=100\nM400";

BOOST_AUTO_TEST_SUITE(wires_and_switches)

BOOST_AUTO_TEST_CASE(a_switch_that_is_pressed_is_triggered_until_it_is_let_go) {
    printer p("", cfg("bring_up.cfg"));
    BOOST_TEST(p.reads(y) == "open");
    p.hand("press", "y");
    BOOST_TEST(p.reads(y) == "TRIGGERED");
    BOOST_TEST(p.reads("manual_stepper stepper_x") == "open");
    BOOST_TEST(p.look().at("switches").at("y").as_string() == "pressed");
    p.hand("release", "stepper_y");
    BOOST_TEST(p.reads(y) == "open");
    const auto [answer, took] = p.k.ask(p.c, "ksim/press", {{"switch", "door"}});
    BOOST_TEST(answer.at("error").at("message").as_string() == "there is no switch door");
}

BOOST_AUTO_TEST_CASE(the_carriage_presses_the_switch_at_its_end) {
    printer p("", cfg("drawing.cfg"));
    BOOST_TEST(p.run("G28 Y") == "");
    BOOST_TEST(p.reads("stepper_y") == "TRIGGERED");
    BOOST_TEST(p.run("G1 Y5 F600\nM400") == "");
    BOOST_TEST(p.reads("stepper_y") == "open");
}

BOOST_AUTO_TEST_CASE(a_stuck_switch_is_what_it_is_and_an_inverted_one_the_other_way_round) {
    printer stuck("switch_stuck_y: 0", cfg("drawing.cfg"));
    stuck.hand("press", "y");
    BOOST_TEST(stuck.reads("stepper_y") == "open");
    BOOST_TEST(stuck.run("G28 Y") == "No trigger on stepper_y after full movement");
    printer inverted("switch_inverted_y: 1", cfg("drawing.cfg"));
    BOOST_TEST(inverted.reads("stepper_y") == "TRIGGERED");
    inverted.hand("press", "y");
    BOOST_TEST(inverted.reads("stepper_y") == "open");
    inverted.hand("release", "y");
    BOOST_TEST(inverted.run("G28 Y") == "Endstop stepper_y still triggered after retract");
    // The ! that is put in makes it right.
    inverted.restart_with(cfg("drawing.cfg", "[stepper_y]\nendstop_pin: ^!gpio11\n"));
    BOOST_TEST(inverted.reads("stepper_y") == "open");
    BOOST_TEST(inverted.run("G28 Y") == "");
}

BOOST_AUTO_TEST_CASE(exchanged_wires_are_read_at_the_other_pin) {
    const std::string second = "[stepper_x1]\nendstop_pin: ^gpio23\n";
    printer p("switches_swapped_x: 1", cfg("drawing.cfg", second));
    p.hand("press", "x1");
    BOOST_TEST(p.reads("stepper_x") == "TRIGGERED");
    BOOST_TEST(p.reads("x1") == "open");
    printer other("switches_swapped_xy: 1", cfg("drawing.cfg"));
    other.hand("press", "x");
    BOOST_TEST(other.reads("stepper_y") == "TRIGGERED");
    BOOST_TEST(other.reads("stepper_x") == "open");
    other.hand("release", "x");
    BOOST_TEST(other.run("G28 X") == "No trigger on stepper_x after full movement");
}

BOOST_AUTO_TEST_CASE(a_motor_that_turns_backwards_drives_away_from_its_switch_until_a_mark_in_printer_cfg) {
    auto config = cfg("bring_up.cfg");
    config.carriage.y = 100;
    printer p("backwards_y: 1", config);
    BOOST_TEST(p.run(a_turn) == "");
    auto seen = p.motor("y");
    BOOST_TEST(seen.at("down").as_double() == 1.0, tt::tolerance(1e-9));
    BOOST_TEST(seen.at("up").as_double() == 0.0);
    BOOST_TEST(seen.at("first").as_string() == "down");
    p.restart_with(cfg("drawing.cfg"));
    BOOST_TEST(p.run("G28 Y") == "No trigger on stepper_y after full movement");
    p.restart_with(cfg("drawing.cfg", "[stepper_y]\ndir_pin: !gpio9\n"));
    BOOST_TEST(p.run("G28 Y\nG1 Y50 F3000\nM400") == "");
    BOOST_TEST(p.k.klippy.machine().carriage.y == 50.0, tt::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(what_the_motor_did_is_seen_once) {
    printer p("", cfg("bring_up.cfg"));
    BOOST_TEST(!p.motor("y").at("held").as_bool());
    BOOST_TEST(p.run(a_turn + "\nMANUAL_STEPPER STEPPER=stepper_y MOVE=0 SPEED=16 ACCEL=100\nM400") == "");
    const auto seen = p.motor("y");
    BOOST_TEST(seen.at("held").as_bool());
    BOOST_TEST(seen.at("up").as_double() == 1.0, tt::tolerance(1e-9));
    BOOST_TEST(seen.at("down").as_double() == 1.0, tt::tolerance(1e-9));
    BOOST_TEST(seen.at("first").as_string() == "up");
    BOOST_TEST(p.motor("y").at("up").as_double() == 0.0);
    BOOST_TEST(p.run("STEPPER_BUZZ STEPPER=\"manual_stepper stepper_y\"") == "");
    BOOST_TEST(p.motor("y").at("up").as_double() == 10.0 / 32, tt::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(drivers_that_are_off_when_they_should_be_on_hold_and_turn_nothing) {
    printer p("enable_inverted: 1", cfg("bring_up.cfg"));
    BOOST_TEST(p.motor("y").at("held").as_bool());
    BOOST_TEST(p.run("MANUAL_STEPPER STEPPER=stepper_y ENABLE=1\n" + a_turn) == "");
    const auto seen = p.motor("y");
    BOOST_TEST(!seen.at("held").as_bool());
    BOOST_TEST(seen.at("up").as_double() == 0.0);
    BOOST_TEST(p.k.klippy.machine().carriage.y == 15.0);
    printer dead("dead_y: 1", cfg("bring_up.cfg"));
    BOOST_TEST(!dead.motor("y").at("held").as_bool());
    BOOST_TEST(dead.run(a_turn) == "");
    BOOST_TEST(!dead.motor("y").at("held").as_bool());
}

BOOST_AUTO_TEST_CASE(a_pulse_that_is_too_short_makes_it_hum) {
    printer p("pulse_us: 8", cfg("bring_up.cfg")); // it sends 5
    BOOST_TEST(p.run(a_turn) == "");
    const auto seen = p.motor("y");
    BOOST_TEST(seen.at("hummed").as_bool());
    BOOST_TEST(seen.at("up").as_double() == 0.0);
    p.restart_with(cfg("bring_up.cfg", "[manual_stepper stepper_y]\nstep_pulse_duration: 0.00001\n"));
    BOOST_TEST(p.run(a_turn) == "");
    BOOST_TEST(p.motor("y").at("up").as_double() == 1.0, tt::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(a_driver_that_takes_twice_the_pulses_turns_half_as_far) {
    printer p("driver_pulses: 3200", cfg("bring_up.cfg")); // 400 full steps of 4
    BOOST_TEST(p.run(a_turn) == "");
    BOOST_TEST(p.motor("y").at("up").as_double() == 0.5, tt::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(each_x_motor_against_its_own_switch_squares_the_gantry) {
    const auto config = cfg("drawing.cfg", "[stepper_x1]\nendstop_pin: ^gpio23\n");
    printer p("racked_deg: 0.4", config);
    BOOST_TEST(p.k.klippy.machine().second_leads == 350 * std::tan(0.4 * 3.14159265358979 / 180), tt::tolerance(1e-6));
    BOOST_TEST(p.run("G28 X") == "");
    BOOST_TEST(std::abs(p.k.klippy.machine().second_leads) < 1e-9);
    BOOST_TEST(p.run("M84\nG28 X") == "");
    printer aside("second_switch_mm: 1.5", config);
    BOOST_TEST(aside.run("G28 X") == "");
    BOOST_TEST(aside.k.klippy.machine().second_leads == 1.5, tt::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(manual_steppers_drive_the_carriage_of_the_gantry) {
    printer p("", cfg("bring_up.cfg"));
    BOOST_TEST(p.run("MANUAL_STEPPER STEPPER=stepper_x MOVE=10\nM400") == "");
    BOOST_TEST(p.k.klippy.machine().carriage.x == 30.0, tt::tolerance(1e-9));
    BOOST_TEST(p.run("G1 X200 F6000\nM400") == ""); // no motor goes with the head
    BOOST_TEST(p.k.klippy.machine().carriage.x == 30.0, tt::tolerance(1e-9));
    BOOST_TEST(p.run("MANUAL_STEPPER STEPPER=stepper_x MOVE=-100 SPEED=20 STOP_ON_ENDSTOP=1") == "");
    BOOST_TEST(std::abs(p.k.klippy.machine().carriage.x) < 1e-9);
    BOOST_TEST(p.reads("manual_stepper stepper_x") == "TRIGGERED");
    BOOST_TEST(p.run("MANUAL_STEPPER STEPPER=stepper_x MOVE=0 SPEED=20 STOP_ON_ENDSTOP=inverted_home") == "");
    BOOST_TEST(p.reads("manual_stepper stepper_x") == "open");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace wiring_test
