// SPDX-License-Identifier: MIT
#include "keyboard.hpp"

#include <cmath>
#include <random>

namespace jogger_test {

using namespace kf;
using namespace kf::test;
using kf::jog::heading;
using kf::jog::stroke_kind;

BOOST_AUTO_TEST_SUITE(jogger)

BOOST_AUTO_TEST_CASE(a_tap_is_one_exact_step_that_is_waited_for) {
    keyboard k;
    k.strike(heading::right);
    BOOST_REQUIRE(k.sent.size() == 1);
    BOOST_TEST(k.sent[0].what.script == "G90\nG1 X101 F1200");
    BOOST_TEST((k.sent[0].what.until == klippy::barrier::motion_end));
    k.pass_to(5);
    BOOST_TEST(k.sent.size() == 1u);
}

BOOST_AUTO_TEST_CASE(taps_that_come_meanwhile_add_up_to_one_move) {
    keyboard k;
    for (int i = 0; i < 3; ++i) {
        k.strike(heading::right);
        k.pass_to(k.t + 0.12);
        if (i == 0) k.strike(heading::farther);
    }
    k.pass_to(2);
    BOOST_TEST(k.scripts() == "G90\nG1 X101 F1200\n"
                              "G90\nG1 X103 Y101 F1200\n");
}

BOOST_AUTO_TEST_CASE(a_repeat_begins_nothing_beside_another_key_and_after_all_was_let_go) {
    keyboard k;
    k.strike(heading::right); // of a gamepad, and held
    for (int i = 0; i < 300; ++i) {
        k.pass_to(k.t + 0.033);
        k.strike(heading::right, stroke_kind::repeat);
        k.pass_to(k.t + 0.002);
        k.strike(heading::farther, i == 0 ? stroke_kind::press : stroke_kind::repeat);
    }
    k.jogger.stop();
    k.pass_to(k.t + 3);
    const std::size_t sent = k.sent.size();
    BOOST_TEST((*k.jogger.target())[0] <= 102);
    for (int i = 0; i < 30; ++i) {
        k.pass_to(k.t + 0.033);
        k.strike(heading::right, stroke_kind::repeat);
    }
    k.pass_to(k.t + 3);
    BOOST_TEST(k.sent.size() == sent);
}

BOOST_AUTO_TEST_CASE(two_keys_that_are_held_on_two_keyboards_run_on_no_farther_than_the_bound) {
    keyboard k;
    k.machine.work_area_mm = {5000, 5000, 20};
    k.jogger.set_tool(k.machine.tools.front());
    k.jogger.set_speed(10);
    k.jogger.sees(keyboard::view());
    k.jogger.stands_at({100, 100, 10});
    for (int i = 0; i < 300; ++i) {
        k.strike(heading::right);
        k.pass_to(k.t + 0.016);
        k.strike(heading::farther);
        k.pass_to(k.t + 0.017);
    }
    const jog::xyz sent = *k.jogger.target();
    k.pass_to(k.t + 60);
    for (const std::size_t axis : {0u, 1u}) BOOST_TEST((*k.jogger.target())[axis] - sent[axis] <= k.jogger.bound());
}

BOOST_AUTO_TEST_CASE(taps_of_a_finger_are_counted_however_far_they_lead) {
    keyboard k;
    k.jogger.set_step(10);
    for (const seconds gap : {0.12, 0.17, 0.13, 0.15, 0.0}) {
        k.strike(heading::right);
        k.pass_to(k.t + gap);
    }
    k.pass_to(20);
    BOOST_TEST((*k.jogger.target())[0] == 150, boost::test_tools::tolerance(1e-9));
    // However long somebody taps, as steadily as a finger can.
    keyboard m;
    std::mt19937 random(7);
    std::normal_distribution<double> finger(0.16, 0.16 * 0.05);
    for (int i = 0; i < 60; ++i) {
        m.strike(heading::right);
        m.pass_to(m.t + finger(random));
    }
    m.pass_to(m.t + 20);
    BOOST_TEST((*m.jogger.target())[0] == 160, boost::test_tools::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(a_slow_keyboard_that_is_held_is_a_hold_and_no_pile_of_taps) {
    for (const seconds gap : {0.115, 0.16, 0.2, 0.245})
        for (const mm step : {1.0, 50.0}) {
            keyboard k({30, 100, 10});
            k.machine.work_area_mm.x = 5000;
            k.jogger.set_tool(k.machine.tools.front());
            k.jogger.set_step(step);
            k.hold(heading::right, 6, 0.5, gap);
            const jog::xyz sent = *k.jogger.target();
            const std::size_t orders = k.sent.size();
            k.pass_to(k.t + 60);
            BOOST_TEST((*k.jogger.target())[0] - sent[0] <= k.jogger.bound());
            BOOST_TEST(k.sent.size() - orders <= 1u);
            if (step == 1) BOOST_TEST((sent[0] > 60 && sent[0] < 30 + 6 * 20 + 15));
        }
}

BOOST_AUTO_TEST_CASE(what_waits_from_taps_has_an_end_that_is_said) {
    std::mt19937 random(3);
    for (const mm step : {1.0, 10.0, 50.0}) {
        keyboard k({30, 100, 10});
        k.machine.work_area_mm.x = 5000;
        k.jogger.set_tool(k.machine.tools.front());
        k.jogger.set_step(step);
        const mm most = std::max(4 * step, k.jogger.bound());
        std::size_t told = 0;
        for (int i = 0; i < 200; ++i) { // a keyboard that jitters around what a finger can
            const mm gone = k.jogger.to_go(keyboard::at(k.t));
            k.strike(heading::right);
            BOOST_TEST(k.jogger.to_go(keyboard::at(k.t)) <= std::max(gone, 2 * most + step) + 1e-9);
            told += k.said().empty() ? 0 : 1;
            k.pass_to(k.t + 0.09 + 0.001 * static_cast<double>(random() % 60));
        }
        const jog::xyz sent = *k.jogger.target();
        k.pass_to(k.t + 120);
        BOOST_TEST((*k.jogger.target())[0] - sent[0] <= most + 1e-9);
        if (step > 1) BOOST_TEST((told >= 1 && told <= 3));
    }
    keyboard k({30, 100, 10});
    k.jogger.set_step(50);
    for (const seconds gap : {0.12, 0.17, 0.13, 0.15, 0.19, 0.14, 0.0}) {
        k.strike(heading::farther);
        k.pass_to(k.t + gap);
    }
    BOOST_TEST(k.said() == "taps beyond 200 mm are not counted");
    BOOST_TEST(k.jogger.to_go(keyboard::at(k.t)) == 250); // with the step that is under way
}

BOOST_AUTO_TEST_CASE(a_hold_does_not_overtake_a_step_that_waits) {
    keyboard l({100, 100, 10});
    l.jogger.set_step(10);
    l.strike(heading::right);
    l.pass_to(0.2);
    l.strike(heading::raise);
    l.hold(heading::farther, 1.0, 0.25, 0.033);
    l.pass_to(l.t + 10);
    BOOST_REQUIRE(l.sent.size() >= 2);
    std::size_t z = 0, burst = 0;
    for (std::size_t i = 0; i < l.sent.size(); ++i) {
        if (l.sent[i].what.script.find(" Z") != std::string::npos) z = i;
        if (burst == 0 && l.sent[i].what.until == klippy::barrier::processed) burst = i;
    }
    BOOST_TEST(z == 1u);
    BOOST_TEST((burst == 0 || z < burst));
}

BOOST_AUTO_TEST_CASE(taps_that_were_asked_with_a_reference_are_no_blind_move) {
    keyboard k;
    k.jogger.set_step(50);
    k.strike(heading::farther);
    for (int i = 0; i < 3; ++i) {
        k.pass_to(k.t + 0.15 + 0.02 * i);
        k.strike(heading::farther);
    }
    auto v = keyboard::view();
    v.xy_homed = v.z_referenced = false; // another client's M84
    k.jogger.sees(v);
    k.pass_to(20);
    BOOST_TEST(k.sent.size() == 1u);
    k.strike(heading::farther);
    k.pass_to(25);
    BOOST_TEST(k.sent.back().what.script == "FORCE_MOVE STEPPER=stepper_y DISTANCE=1 VELOCITY=5");
}

BOOST_AUTO_TEST_CASE(a_held_key_is_a_chain_of_bursts_and_ends_with_the_repeats) {
    keyboard k;
    const seconds last = k.hold(heading::right, 3);
    k.pass_to(10);
    BOOST_REQUIRE(k.sent.size() > 5);
    std::size_t bursts = 0;
    seconds before = -1;
    for (const auto& s : k.sent) {
        BOOST_TEST(s.at - before >= jog::between_scripts - 1e-9);
        before = s.at;
        if (s.what.until == klippy::barrier::motion_end) continue;
        ++bursts;
        BOOST_TEST(s.what.takes < 0.42);
        BOOST_TEST(s.at <= last + 0.0825 + 1e-6); // 2.5 gaps
    }
    BOOST_TEST(bursts >= 5u);
    // Two steps before it was known to be a hold, whatever came in between is not done on top.
    BOOST_TEST(k.sent[0].what.script == "G90\nG1 X101 F1200");
    BOOST_TEST(k.sent[1].what.script == "G90\nG1 X102 F1200");
}

BOOST_AUTO_TEST_CASE(a_tap_after_a_hold_is_one_exact_step_again) {
    keyboard k;
    k.hold(heading::right, 2);
    k.pass_to(6);
    k.sent.clear();
    const double x = (*k.jogger.target())[0];
    k.strike(heading::right);
    k.pass_to(9);
    BOOST_REQUIRE(k.sent.size() == 1);
    BOOST_TEST((k.sent[0].what.until == klippy::barrier::motion_end));
    BOOST_TEST((*k.jogger.target())[0] == x + 1, boost::test_tools::tolerance(1e-9));
}

/// Where a machine is that drives each order as Klipper does: `at` mm, at any time.
struct driven {
    struct part {
        seconds begin, end;
        mm from, to;
        mm_per_s speed;
    };
    std::vector<part> parts;

    driven(const keyboard& k, mm from, seconds late) {
        mm at = from;
        seconds end = 0;
        for (const auto& s : k.sent) {
            const auto x = s.what.script.find(" X");
            if (x == std::string::npos) continue;
            const mm to = std::stod(s.what.script.substr(x + 2));
            const bool waited = s.what.until == klippy::barrier::motion_end;
            const seconds begin = std::max(end, s.at + (waited ? 0.254 : jog::start_delay) + late);
            end = begin + s.what.takes;
            parts.push_back({begin, end, at, to, 0});
            at = to;
        }
    }
    [[nodiscard]] mm at(seconds t, mm from) const {
        mm place = from;
        for (const part& p : parts)
            if (t >= p.end)
                place = p.to;
            else if (t > p.begin)
                place = p.from + (p.to - p.from) * (t - p.begin) / (p.end - p.begin);
        return place;
    }
};

BOOST_AUTO_TEST_CASE(never_runs_on_farther_than_the_bound_that_is_shown) {
    std::mt19937 random(14);
    const auto between = [&](double low, double high) {
        return low + (high - low) * (static_cast<double>(random() % 100000) / 100000);
    };
    for (int i = 0; i < 400; ++i) {
        keyboard k({30, 100, 10});
        k.machine.work_area_mm.x = 5000;
        k.jogger.set_tool(k.machine.tools.front());
        const mm_per_s v = between(5, 100);
        k.jogger.set_speed(v);
        const seconds gap = between(0.020, 0.092);
        const seconds released = between(0.3, 3);
        k.hold(heading::right, released, between(0.25, 0.66), gap);
        k.pass_to(10);
        const driven d(k, 30, 0.010);
        const mm on = d.parts.back().to - d.at(released, 30);
        BOOST_TEST(on <= k.jogger.bound());
        BOOST_TEST(k.jogger.bound() == v * 0.75, boost::test_tools::tolerance(1e-9));
    }
}

BOOST_AUTO_TEST_CASE(a_chain_has_no_gap_that_klipper_would_stand_in) {
    for (const seconds gap : {0.025, 0.033, 0.040, 0.092})
        for (const mm_per_s v : {5.0, 20.0, 50.0, 100.0}) {
            keyboard k({30, 100, 10});
            k.machine.work_area_mm.x = 5000;
            k.jogger.set_tool(k.machine.tools.front());
            k.jogger.set_speed(v);
            k.hold(heading::right, 4, 0.5, gap);
            const driven d(k, 30, 0);
            for (std::size_t i = 3; i < d.parts.size(); ++i) BOOST_TEST(d.parts[i].begin - d.parts[i - 1].end < 0.005);
            BOOST_TEST(d.parts.size() > 6u);
        }
}

BOOST_AUTO_TEST_CASE(whatever_is_no_repeat_ends_the_hold) {
    const auto after = [](auto&& end) {
        keyboard k;
        k.hold(heading::right, 1.5);
        const std::size_t sent = k.sent.size();
        end(k);
        // The repeats go on, as they do after the modifier was let go first.
        k.pass_to(k.t + 0.09);
        return k.sent.size() - sent;
    };
    BOOST_TEST(after([](keyboard& k) { k.jogger.release(heading::right); }) == 0u);
    BOOST_TEST(after([](keyboard& k) { k.jogger.stop(); }) == 0u);
    BOOST_TEST(after([](keyboard& k) {
                   auto v = keyboard::view();
                   v.obstacle = "somebody else moves the machine";
                   k.jogger.sees(v);
               }) == 0u);
}

BOOST_AUTO_TEST_CASE(a_stop_forgets_the_taps_that_were_not_sent) {
    keyboard k;
    k.strike(heading::right);
    k.pass_to(0.15);
    k.strike(heading::right);
    k.jogger.stop();
    k.pass_to(3);
    BOOST_TEST(k.scripts() == "G90\nG1 X101 F1200\n");
}

BOOST_AUTO_TEST_CASE(the_target_is_moved_to_the_edge_not_refused) {
    keyboard k({248.5, 100, 10});
    k.jogger.set_step(10);
    k.strike(heading::right);
    k.pass_to(2);
    BOOST_TEST(k.scripts() == "G90\nG1 X250 F1200\n");
    k.strike(heading::right);
    k.pass_to(4);
    BOOST_TEST(k.sent.size() == 1u);
    BOOST_TEST(k.said() == "this is the edge of the work area");
}

BOOST_AUTO_TEST_CASE(a_held_key_stops_where_the_zone_of_an_edge_begins) {
    keyboard k({220, 100, 10});
    k.jogger.set_speed(60);
    k.hold(heading::right, 4);
    k.pass_to(8);
    BOOST_TEST((*k.jogger.target())[0] == 235, boost::test_tools::tolerance(1e-9));
    BOOST_TEST(k.said() == "single steps only: an edge is within 15 mm");
}

BOOST_AUTO_TEST_CASE(near_an_edge_and_with_the_tool_not_up_there_are_single_steps) {
    for (const auto& place : {jog::xyz{10, 100, 10}, jog::xyz{100, 100, 12}}) {
        keyboard k(place);
        k.hold(heading::farther, 4);
        k.pass_to(8);
        // The press, and the first repeat, which nobody can tell from a second tap.
        BOOST_TEST(k.scripts() == "G90\nG1 Y101 F1200\nG90\nG1 Y102 F1200\n");
    }
    keyboard k;
    k.hold(heading::lower, 4);
    k.pass_to(8);
    BOOST_TEST(k.scripts() == "G90\nG1 Z11 F2400\nG90\nG1 Z12 F2400\n");
}

BOOST_AUTO_TEST_CASE(up_is_away_from_the_paper_of_the_tool_in_use) {
    keyboard k;
    k.strike(heading::raise);
    k.pass_to(2);
    BOOST_TEST(k.scripts() == "G90\nG1 Z9 F2400\n");
    k.jogger.set_tool(*machine::find_tool(k.machine, "airbrush"));
    k.strike(heading::raise);
    k.pass_to(4);
    BOOST_TEST(k.sent.back().what.script == "G90\nG1 Z10 F2400");
    BOOST_TEST(!k.sent.back().what.may_lower);
}

BOOST_AUTO_TEST_CASE(no_step_goes_deeper_than_the_paper) {
    keyboard k({100, 100, 10});
    k.jogger.set_step(50);
    k.strike(heading::lower);
    k.pass_to(3);
    BOOST_TEST(k.scripts() == "G90\nG1 Z20 F2400\n"); // z_states.pen_work_mm
    BOOST_TEST(k.sent[0].what.may_lower);
    k.strike(heading::raise);
    k.pass_to(6);
    BOOST_TEST(k.sent.back().what.script == "G90\nG1 Z0 F2400"); // where the airbrush meets it
}

BOOST_AUTO_TEST_CASE(without_a_reference_there_are_single_steps_of_a_millimetre_by_force_move) {
    keyboard k;
    auto v = keyboard::view();
    v.xy_homed = v.z_referenced = false;
    k.jogger.sees(v);
    k.jogger.set_step(10);
    k.strike(heading::farther);
    k.strike(heading::farther); // does not add up
    k.pass_to(3);
    BOOST_TEST(k.scripts() == "FORCE_MOVE STEPPER=stepper_y DISTANCE=1 VELOCITY=5\n");
    BOOST_TEST(!k.sent[0].what.referenced);
    k.sent.clear();
    k.strike(heading::left);
    k.pass_to(8);
    BOOST_TEST(k.scripts() == "FORCE_MOVE STEPPER=stepper_x DISTANCE=-0.5 VELOCITY=5\n"
                              "FORCE_MOVE STEPPER=stepper_x1 DISTANCE=-0.5 VELOCITY=5\n"
                              "FORCE_MOVE STEPPER=stepper_x DISTANCE=-0.5 VELOCITY=5\n"
                              "FORCE_MOVE STEPPER=stepper_x1 DISTANCE=-0.5 VELOCITY=5\n");
    k.sent.clear();
    k.hold(heading::lower, 4); // a hold is no more than its two presses
    k.pass_to(16);
    BOOST_TEST(k.scripts() == "FORCE_MOVE STEPPER=stepper_z DISTANCE=1 VELOCITY=5\n");
    BOOST_TEST(k.sent[0].what.may_lower);
}

BOOST_AUTO_TEST_CASE(without_force_move_it_says_what_comes_first) {
    keyboard k;
    auto v = keyboard::view();
    v.xy_homed = v.z_referenced = v.force_move = false;
    k.jogger.sees(v);
    k.strike(heading::right);
    BOOST_TEST(k.said() == "X and Y are not homed: H first");
    k.strike(heading::raise);
    BOOST_TEST(k.said() == "Z has no reference: T first");
    v.z_referenced = true;
    k.jogger.sees(v);
    k.strike(heading::lower); // the tool goes down only where it is known where
    BOOST_TEST(k.said() == "X and Y are not homed: H first");
    k.pass_to(3);
    BOOST_TEST(k.sent.empty());
}

BOOST_AUTO_TEST_CASE(offsets_and_speed_factors_of_others_change_nothing_of_where_and_how_fast) {
    keyboard k;
    auto v = keyboard::view();
    v.base = {5, -3, 0};
    v.speed_factor = 2;
    k.jogger.sees(v);
    k.strike(heading::right);
    BOOST_TEST(k.scripts() == "G90\nG1 X96 F600\n");
}

BOOST_AUTO_TEST_CASE(a_fast_axis_is_not_turned_back_at_once) {
    keyboard k;
    k.jogger.set_speed(80);
    k.jogger.set_step(10);
    k.strike(heading::right);
    const seconds done = k.sent[0].what.takes + 0.3;
    k.pass_to(0.1);
    k.strike(heading::left);
    k.pass_to(4);
    BOOST_REQUIRE(k.sent.size() == 2);
    BOOST_TEST(k.sent[1].at + 0.25 >= done + 0.5 - 1e-6); // direction_reversal_pause_s, of which Klipper takes a part
}

BOOST_AUTO_TEST_CASE(a_keep_out_is_not_driven_into) {
    keyboard k({100, 100, 10});
    k.machine.keep_outs.push_back({"clip", machine::box{{105, 90}, {115, 110}}});
    k.jogger.set_step(10);
    k.strike(heading::right);
    k.pass_to(2);
    BOOST_TEST(k.sent.empty());
    BOOST_TEST(k.said() == "the keep-out clip (X 105 to 115, Y 90 to 110 mm) is in the way");
    k.strike(heading::left);
    k.pass_to(4);
    BOOST_TEST(k.sent.size() == 1u);
}

BOOST_AUTO_TEST_CASE(after_an_error_nothing_moves_until_it_is_known_where_the_machine_is) {
    keyboard k;
    k.answers_well = false;
    k.strike(heading::right);
    k.pass_to(0.2);
    k.strike(heading::right);
    k.pass_to(3);
    BOOST_TEST(k.sent.size() == 1u);
    k.strike(heading::right);
    BOOST_TEST(k.said() == "it is not known yet where the machine is");
    k.answers_well = true;
    k.jogger.stands_at({100.5, 100, 10});
    k.strike(heading::right);
    BOOST_TEST(k.sent.back().what.script == "G90\nG1 X101.5 F1200");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace jogger_test
