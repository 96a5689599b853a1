// SPDX-License-Identifier: MIT
#include <kf/cal/bringup_routine.hpp>
#include <kf/machine/machine_file.hpp>

#include <boost/test/unit_test.hpp>

#include <map>
#include <string>
#include <variant>
#include <vector>

namespace bringup_test {

using namespace kf;

/// Answers as a person would give them; `saw` is what a look finds. Everything is done that the routine wants, in
/// order.
struct rehearsal {
    std::map<std::string, cal::answer> answers;
    std::map<std::string, cal::json::object> saw;
    std::vector<std::string> scripts = {};
    std::vector<std::string> asked = {};

    cal::conclusion run(cal::bringup_options o, machine::machine m = machine::sim_machine()) {
        cal::routine_notes notes;
        for (int steps = 0; steps < 300; ++steps) {
            const auto step = cal::next_of_bringup(notes, m, o);
            BOOST_REQUIRE(step);
            if (const auto* end = std::get_if<cal::conclusion>(&*step)) return *end;
            if (const auto* q = std::get_if<cal::ask>(&*step)) {
                const std::string& name = q->what.name;
                asked.push_back(name);
                const auto found = answers.find(name);
                // Without another word all is as it should be.
                cal::answer said = true;
                if (const auto* words = std::get_if<cal::one_of>(&q->what.expects)) said = words->words.front();
                notes.hear(name, found == answers.end() ? said : found->second);
                continue;
            }
            const auto& d = std::get<cal::deed>(*step);
            if (const auto* s = std::get_if<cal::motor_script>(&d.what)) scripts.push_back(s->gcode);
            notes.begin(d.name);
            const auto found = saw.find(d.name);
            notes.end(d.name, found == saw.end() ? cal::json::object{} : found->second);
        }
        BOOST_FAIL("it does not come to an end");
        return {};
    }
};

rehearsal with_motors() {
    return {{},
            {{"look",
              {{"manual_stepper_x", true},
               {"manual_stepper_x1", true},
               {"dir_stepper_x", "PG3"},
               {"dir_stepper_x1", "!PC1"},
               {"own_stepper_y", true},
               {"dir_stepper_y", "PF12"}}},
             {"switch_released", {{"stepper_y", "open"}, {"manual_stepper stepper_x", "open"}}},
             {"switch_pressed", {{"stepper_y", "TRIGGERED"}, {"manual_stepper stepper_x", "TRIGGERED"}}}}};
}
bool ok(const cal::conclusion& c) {
    for (const field& f : c.fields)
        if (f.name == std::string("ok")) return std::get<bool>(f.value);
    return false;
}
bool says(const cal::conclusion& c, const std::string& part) {
    if (c.text.find(part) != std::string::npos) return true;
    for (const std::string& line : c.next)
        if (line.find(part) != std::string::npos) return true;
    return false;
}

BOOST_AUTO_TEST_SUITE(bringup)

BOOST_AUTO_TEST_CASE(both_motors_of_x_are_gone_through_in_the_order_of_the_plan) {
    auto r = with_motors();
    const auto end = r.run({'x', false});
    BOOST_TEST(ok(end), end.text);
    const std::vector<std::string> first{
        "MANUAL_STEPPER STEPPER=stepper_x ENABLE=1", "STEPPER_BUZZ STEPPER=\"manual_stepper stepper_x\"",
        "MANUAL_STEPPER STEPPER=stepper_x SET_POSITION=0 MOVE=32 SPEED=8 ACCEL=100\nG4 P2000\n"
        "MANUAL_STEPPER STEPPER=stepper_x SET_POSITION=0 MOVE=-32 SPEED=8 ACCEL=100\nG4 P2000",
        "MANUAL_STEPPER STEPPER=stepper_x SET_POSITION=0 MOVE=32 SPEED=8 ACCEL=3000\nG4 P500\n"
        "MANUAL_STEPPER STEPPER=stepper_x SET_POSITION=0 MOVE=-32 SPEED=8 ACCEL=3000\nG4 P500"};
    BOOST_REQUIRE(r.scripts.size() == 20U); // on, buzz, turn, six speeds, to and fro; twice
    for (std::size_t i = 0; i < first.size(); ++i) BOOST_TEST(r.scripts[i] == first[i]);
    BOOST_TEST(r.scripts[8].find("SPEED=80 ") != std::string::npos);
    BOOST_TEST(r.scripts[10] == "MANUAL_STEPPER STEPPER=stepper_x1 ENABLE=1");
}

BOOST_AUTO_TEST_CASE(every_way_out_has_the_same_way_back) {
    auto r = with_motors();
    r.run({'y', false});
    for (const std::string& script : r.scripts) {
        double sum = 0;
        for (auto at = script.find("DISTANCE="); at != std::string::npos; at = script.find("DISTANCE=", at + 1))
            sum += std::stod(script.substr(at + 9));
        BOOST_TEST(sum == 0, script);
    }
}

BOOST_AUTO_TEST_CASE(without_a_manual_stepper_the_motor_of_the_axis_is_forced) {
    auto r = with_motors();
    BOOST_TEST(ok(r.run({'y', false})));
    BOOST_TEST(r.scripts[0] == "SET_STEPPER_ENABLE STEPPER=stepper_y ENABLE=1");
    BOOST_TEST(r.scripts[1] == "STEPPER_BUZZ STEPPER=stepper_y");
    BOOST_TEST(r.scripts[2].starts_with("FORCE_MOVE STEPPER=stepper_y DISTANCE=32 VELOCITY=8 ACCEL=100\n"));
}

BOOST_AUTO_TEST_CASE(a_wrong_answer_ends_it_with_what_it_means) {
    const auto ends = [](std::map<std::string, cal::answer> answers, const std::string& part) {
        auto r = with_motors();
        r.answers = std::move(answers);
        const auto end = r.run({'y', false});
        BOOST_TEST(!ok(end), end.text);
        BOOST_TEST(says(end, part), part << " not in " << end.text);
        return r;
    };
    const std::string y = "stepper_y";
    ends({{"locked_" + y, false}, {"locked_off_" + y, true}}, "enable_pin_inverted: true");
    ends({{"locked_" + y, false}, {"locked_off_" + y, false}}, "Enable polarity");
    ends({{"buzzed_" + y, std::string("hummed")}}, "step_pulse_duration");
    ends({{"buzzed_" + y, std::string("nothing")}}, "--pulses");
    ends({{"turned_" + y, std::string("less")}}, "driver_pulses_per_rev is 1600");
    // Whoever is sent to a wire is told to cut the power before.
    for (const char* did : {"hummed", "nothing"}) ends({{"buzzed_" + y, std::string(did)}}, "Power off before a wire");
    ends({{"ran_1_" + y, std::string("stalled")}}, "Motor current");
    ends({{"returned_" + y, false}}, "direction_reversal_pause_s (now 0.5)");
    // Nothing turned before somebody said that there is room.
    BOOST_TEST(ends({{"free", false}}, "middle").scripts.empty());
}

BOOST_AUTO_TEST_CASE(coupled_motors_are_not_turned_one_by_one) {
    auto r = with_motors();
    r.answers["uncoupled"] = false;
    const auto end = r.run({'x', false});
    BOOST_TEST(!ok(end));
    BOOST_TEST(says(end, "belts off"));
    BOOST_TEST(r.scripts.empty());
}

BOOST_AUTO_TEST_CASE(what_was_smooth_becomes_the_speed_and_the_wrong_way_a_change_of_dir_pin) {
    auto r = with_motors();
    r.answers["ran_5_stepper_x"] = std::string("rough"); // 2 turns a second
    r.answers["direction_stepper_x"] = std::string("down");
    r.answers["direction_stepper_x1"] = std::string("down");
    const auto end = r.run({'x', false});
    BOOST_TEST(ok(end));
    BOOST_TEST(says(end, "48 was smooth"));
    BOOST_REQUIRE(end.printer.size() == 2U);
    BOOST_TEST(end.printer[0].becomes == "!PG3");
    BOOST_TEST(end.printer[1].becomes == "PC1");
    // No faster speed was tried behind the rough one, and to and fro goes at the smooth one.
    BOOST_TEST(r.scripts[8].find("SPEED=48 ") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_switch_that_is_read_the_wrong_way_round_or_never_is_told) {
    auto r = with_motors();
    std::swap(r.saw["switch_released"], r.saw["switch_pressed"]);
    BOOST_TEST(says(r.run({'y', false}), "wrong way round"));
    auto dead = with_motors();
    dead.saw["switch_pressed"] = dead.saw["switch_released"];
    BOOST_TEST(says(dead.run({'y', false}), "always open"));
    auto none = with_motors();
    none.saw.erase("switch_pressed");
    BOOST_TEST(says(none.run({'y', false}), "no switch"));
}

BOOST_AUTO_TEST_CASE(each_switch_of_an_axis_with_two_is_looked_at_under_the_name_that_klipper_has_for_it) {
    machine::machine m = machine::sim_machine();
    m.axes.x.endstop_pin = "DIAG1 (PG9) + DIAG2 (PG11)";
    const auto with = [](cal::json::object free, cal::json::object second) {
        auto r = with_motors();
        r.saw["look"] = {{"own_stepper_x", true}, {"own_stepper_x1", true}};
        cal::json::object first = free;
        first["stepper_x"] = "TRIGGERED";
        r.saw["switch_released"] = r.saw["switch_released_stepper_x1"] = std::move(free);
        r.saw["switch_pressed"] = std::move(first);
        r.saw["switch_pressed_stepper_x1"] = std::move(second);
        return r;
    };
    const cal::json::object open{{"stepper_x", "open"}, {"x1", "open"}}; // Klipper's name for a second one
    auto right = with(open, {{"stepper_x", "open"}, {"x1", "TRIGGERED"}});
    BOOST_TEST(says(right.run({'x', false}, m), "its switches are read right"));
    BOOST_TEST(
        says(with(open, open).run({'x', false}, m), "stepper_x1: its switch is always open: homing would drive"));
    BOOST_TEST(says(with(open, {{"stepper_x", "TRIGGERED"}, {"x1", "open"}}).run({'x', false}, m),
                    "its switch is that of stepper_x"));
    const cal::json::object closed{{"stepper_x", "open"}, {"x1", "TRIGGERED"}};
    BOOST_TEST(says(with(closed, open).run({'x', false}, m), "stepper_x1: its switch is read the wrong way round"));
}

BOOST_AUTO_TEST_CASE(kalico_calls_a_switch_by_the_axis_alone) {
    auto r = with_motors();
    r.saw["switch_released"] = {{"y", "open"}};
    r.saw["switch_pressed"] = {{"y", "TRIGGERED"}};
    BOOST_TEST(ok(r.run({'y', false})));
}

BOOST_AUTO_TEST_CASE(a_turn_that_did_not_come_to_its_end_is_not_begun_again_before_somebody_looked) {
    const machine::machine m = machine::sim_machine();
    cal::routine_notes notes;
    notes.end("look", {{"manual_stepper_y", true}});
    notes.hear("free", true);
    notes.end("on_stepper_y", {});
    notes.hear("locked_stepper_y", true);
    notes.end("buzz_stepper_y", {});
    notes.hear("buzzed_stepper_y", std::string("moved"));
    notes.begin("turn_stepper_y"); // and there the printer was lost
    const auto step = cal::next_of_bringup(notes, m, {'y', false});
    BOOST_REQUIRE(step);
    const auto* q = std::get_if<cal::ask>(&*step);
    BOOST_REQUIRE(q);
    BOOST_TEST(q->what.name == "free_turn_stepper_y");
    notes.hear("free_turn_stepper_y", true);
    BOOST_TEST(std::get<cal::deed>(*cal::next_of_bringup(notes, m, {'y', false})).name == "turn_stepper_y");
    notes.hear("free_turn_stepper_y", false);
    BOOST_TEST(says(std::get<cal::conclusion>(*cal::next_of_bringup(notes, m, {'y', false})), "no room to turn"));
}

BOOST_AUTO_TEST_CASE(z_turns_as_its_own_limits_and_its_printer_cfg_say) {
    machine::machine m = machine::sim_machine();
    m.axes.z.endstop_pin.reset();
    m.motion.max_z_velocity_mm_s = 1;
    m.motion.max_z_accel_mm_s2 = 50;
    rehearsal r{{}, {{"look", {{"manual_stepper_z", true}, {"turn_stepper_z", 8.0}}}}};
    BOOST_TEST(ok(r.run({'z', false}, m)));
    BOOST_REQUIRE(r.scripts.size() == 5U); // on, buzz, turn, one speed, to and fro
    BOOST_TEST(r.scripts[2].starts_with("MANUAL_STEPPER STEPPER=stepper_z SET_POSITION=0 MOVE=8 SPEED=1 ACCEL=100\n"));
    BOOST_TEST(r.scripts[3].starts_with("MANUAL_STEPPER STEPPER=stepper_z SET_POSITION=0 MOVE=8 SPEED=1 ACCEL=50\n"));
    BOOST_TEST(r.scripts[4].starts_with("MANUAL_STEPPER STEPPER=stepper_z SET_POSITION=0 MOVE=8 SPEED=1 ACCEL=50\n"));
}

BOOST_AUTO_TEST_CASE(without_the_sections_nothing_is_asked_and_nothing_turns) {
    rehearsal r;
    const auto end = r.run({'y', false});
    BOOST_TEST(says(end, "[manual_stepper stepper_y]"));
    BOOST_TEST(r.asked.empty());
    BOOST_TEST(r.scripts.empty());
    BOOST_TEST(says(rehearsal{}.run({'y', true}), "[pwm_tool kcal_stepper_y_step]"));
    BOOST_TEST(says(end, "kcal bringup y --sections  (prints them)"));
    BOOST_TEST(says(rehearsal{}.run({'y', true}), "kcal bringup y --sections --pulses  (prints them)"));
}

BOOST_AUTO_TEST_CASE(pulses_alone_spin_for_two_seconds_and_are_switched_off) {
    rehearsal r{{}, {{"look", {{"pulses_stepper_y", true}}}}};
    BOOST_TEST(ok(r.run({'y', true})));
    BOOST_REQUIRE(r.scripts.size() == 1U);
    BOOST_TEST(r.scripts[0] == "SET_PIN PIN=kcal_stepper_y_enable VALUE=1\nG4 P500\n"
                               "SET_PIN PIN=kcal_stepper_y_step VALUE=0.5\nG4 P2000\n"
                               "SET_PIN PIN=kcal_stepper_y_step VALUE=0\nSET_PIN PIN=kcal_stepper_y_enable VALUE=0");
    rehearsal off{{{"spun_stepper_y", std::string("nothing")}}, {{"look", {{"pulses_stepper_y", true}}}}};
    BOOST_TEST(says(off.run({'y', true}), "Enable polarity"));
}

BOOST_AUTO_TEST_CASE(the_pulses_are_a_quarter_of_a_turn_a_second) {
    const std::string text = cal::pulse_sections(machine::sim_machine(), 'y', {});
    BOOST_TEST(text.find("cycle_time: 0.0025\n") != std::string::npos, text);            // 400 x 4 / 4 pulses a second
    BOOST_TEST(text.find("pin: PF13\nhardware_pwm: False ") != std::string::npos, text); // no timer on that pin
    // Klipper may die between two commands: the board ends the pulses then.
    BOOST_TEST(text.find("[pwm_tool kcal_stepper_y_step]\n") != std::string::npos, text);
    BOOST_TEST(text.find("maximum_mcu_duration: 1 ") != std::string::npos, text);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace bringup_test
