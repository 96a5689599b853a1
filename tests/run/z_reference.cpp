// SPDX-License-Identifier: MIT
#include "fake_printer.hpp"

#include <kf/run/first_place.hpp>
#include <kf/run/lower.hpp>
#include <kf/run/z_reference.hpp>

#include <boost/test/unit_test.hpp>

namespace z_reference_test {

using namespace kf;
using namespace kf::test;
using run::pen_word;
using run::touch_off_by;

struct z_stage : stage {
    void homed(const std::string& axes) { printer.status["toolhead"].as_object()["homed_axes"] = axes; }
    /// Klipper takes the axes of G28 and SET_KINEMATIC_POSITION for homed.
    z_stage() {
        printer.on_script = [this](peer& p, const json::object& request, const std::string& script) {
            std::string axes(printer.status["toolhead"].as_object()["homed_axes"].as_string());
            const auto add = [&](char a) {
                if (axes.find(a) == std::string::npos) axes += a;
            };
            if (script.starts_with("G28 X Y")) add('x'), add('y');
            if (script.starts_with("G28 Z")) add('z');
            if (script.find("SET_HOMED=Z") != std::string::npos) add('z');
            homed(axes);
            p.answer(request, "{}", 300ms);
        };
    }
    const std::string lift = "G90\nG1 Z10 F2400\nM400\nG90";
};

BOOST_FIXTURE_TEST_CASE(touch_off_tells_z_and_only_z_and_lifts_the_pen, z_stage) {
    homed("");
    open();
    auto f = facts();
    BOOST_REQUIRE(run::touch_off(k, machine, f, record, 20));
    BOOST_TEST(printer.scripts ==
                   (std::vector<std::string>{"SET_KINEMATIC_POSITION Z=20 SET_HOMED=Z\nM400\nG90", lift}),
               boost::test_tools::per_element());
    BOOST_TEST(f.homed("z"));
    BOOST_TEST(!f.homed("x"));
}

BOOST_FIXTURE_TEST_CASE(touch_off_needs_force_move_and_says_how, z_stage) {
    homed("");
    printer.status["configfile"].as_object()["settings"].as_object().erase("force_move");
    open();
    auto f = facts();
    const auto done = run::touch_off(k, machine, f, record, 20);
    BOOST_REQUIRE(!done);
    BOOST_TEST(name(done.error().code) == "refused");
    BOOST_TEST(printer.scripts.empty());
}

BOOST_FIXTURE_TEST_CASE(touch_off_does_not_trust_a_klipper_that_marks_all_axes, z_stage) {
    homed("");
    printer.on_script = [this](peer& p, const json::object& request, const std::string& script) {
        if (script.starts_with("SET_KINEMATIC")) homed("xyz");
        p.answer(request, "{}");
    };
    open();
    auto f = facts();
    BOOST_TEST(!run::touch_off(k, machine, f, record, 20).has_value());
    BOOST_TEST(printer.scripts.back() == "M84");
}

BOOST_FIXTURE_TEST_CASE(tool_down_is_refused_until_z_is_referenced, z_stage) {
    homed("xy");
    open();
    auto f = facts();
    const auto done = run::reference_z(k, machine, f, record, touch_off_by::person, pen_word::is_up);
    BOOST_REQUIRE(!done);
    BOOST_TEST(name(done.error().code) == "refused");
    BOOST_TEST(printer.scripts.empty());
}

BOOST_FIXTURE_TEST_CASE(a_simulated_pen_is_touched_off_by_itself, z_stage) {
    homed("xy");
    open();
    auto f = facts();
    BOOST_REQUIRE(run::reference_z(k, machine, f, record, touch_off_by::simulation, pen_word::nothing));
    BOOST_TEST(f.homed("z"));
}

BOOST_FIXTURE_TEST_CASE(homing_is_refused_while_the_pen_may_be_down, z_stage) {
    homed("");
    open();
    BOOST_REQUIRE(record.may_be_down("an emergency stop"));
    auto f = facts();
    const auto done = run::home_xy(k, machine, f, record, touch_off_by::person, pen_word::nothing, out);
    BOOST_REQUIRE(!done);
    BOOST_TEST(name(done.error().code) == "refused");
    BOOST_TEST(done.error().what.find("an emergency stop") != std::string::npos);
    BOOST_TEST(printer.scripts.empty());
    // Another run remembers.
    const run::pen_record later(folder.path(), "/tmp/klippy_uds");
    BOOST_TEST(later.doubt() == "an emergency stop");
}

BOOST_FIXTURE_TEST_CASE(the_word_of_a_person_lets_it_home, z_stage) {
    homed("");
    open();
    BOOST_REQUIRE(record.may_be_down("an emergency stop"));
    auto f = facts();
    BOOST_REQUIRE(run::home_xy(k, machine, f, record, touch_off_by::person, pen_word::is_up, out));
    BOOST_TEST(printer.scripts == std::vector<std::string>{"G28 X Y\nM400\nG90"}, boost::test_tools::per_element());
    BOOST_TEST(run::pen_record(folder.path(), "/tmp/klippy_uds").doubt().empty());
}

BOOST_FIXTURE_TEST_CASE(a_referenced_z_is_lifted_before_homing, z_stage) {
    homed("z"); // as after a failed file: Klipper is ready and knows Z
    open();
    BOOST_REQUIRE(record.may_be_down("a file failed"));
    auto f = facts();
    BOOST_REQUIRE(run::home_xy(k, machine, f, record, touch_off_by::person, pen_word::nothing, out));
    BOOST_TEST(printer.scripts == (std::vector<std::string>{lift, "G28 X Y\nM400\nG90"}),
               boost::test_tools::per_element());
    BOOST_TEST(record.doubt().empty());
}

BOOST_FIXTURE_TEST_CASE(an_endstop_references_z_before_x_and_y_move, z_stage) {
    homed("");
    printer.status["configfile"].as_object()["settings"].as_object()["stepper_z"].as_object()["endstop_pin"] = "^PG10";
    open();
    auto f = facts();
    BOOST_REQUIRE(run::home_xy(k, machine, f, record, touch_off_by::person, pen_word::nothing, out));
    BOOST_TEST(printer.scripts == (std::vector<std::string>{"G28 Z\nM400\nG90", lift, "G28 X Y\nM400\nG90"}),
               boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(the_pin_that_klipper_wants_for_z_is_no_endstop_when_the_machine_file_names_none, z_stage) {
    homed("");
    printer.status["configfile"].as_object()["settings"].as_object()["stepper_z"].as_object()["endstop_pin"] = "^PG10";
    machine.axes.z.endstop_pin.reset();
    open();
    auto f = facts();
    BOOST_TEST(f.z_endstop);
    const auto way = run::way_of_z(machine, f);
    BOOST_REQUIRE(way);
    BOOST_TEST((*way == run::z_way::touch_off));
    BOOST_REQUIRE(run::home_xy(k, machine, f, record, touch_off_by::person, pen_word::nothing, out));
    BOOST_TEST(printer.scripts == std::vector<std::string>{"G28 X Y\nM400\nG90"}, boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(b3_the_place_after_homing_is_klippers_to_say, z_stage) {
    homed("z");
    printer.stand_at(5, 5, 10); // Kalico stays at its retract
    open();
    auto f = facts();
    BOOST_REQUIRE(run::home_xy(k, machine, f, record, touch_off_by::person, pen_word::nothing, out));
    BOOST_TEST(f.homed("xyz"));
}

BOOST_FIXTURE_TEST_CASE(a_homing_that_leaves_an_axis_unknown_is_no_homing, z_stage) {
    homed("z");
    printer.on_script = [](peer& p, const json::object& request, const std::string&) { p.answer(request, "{}"); };
    open();
    auto f = facts();
    const auto done = run::home_xy(k, machine, f, record, touch_off_by::person, pen_word::nothing, out);
    BOOST_REQUIRE(!done);
    BOOST_TEST(done.error().what == "after homing, only \"z\" counts as homed");
}

BOOST_FIXTURE_TEST_CASE(b22_a_pause_while_it_homes_is_called_a_pause, z_stage) {
    homed("z");
    const auto homes = printer.on_script;
    printer.on_script = [this, homes](peer& p, const json::object& request, const std::string& script) {
        if (script.starts_with("G28")) {
            printer.status["pause_resume"].as_object()["is_paused"] = true;
            printer.stand_at(20, 20, 10);
        }
        homes(p, request, script);
    };
    open();
    auto f = facts();
    const auto done = run::home_xy(k, machine, f, record, touch_off_by::person, pen_word::nothing, out);
    BOOST_REQUIRE(!done);
    BOOST_TEST(name(done.error().code) == "busy");
    BOOST_TEST(done.error().what == "the printer was paused while it homed");
}

BOOST_FIXTURE_TEST_CASE(a5_hidden_moves_of_g28_are_refused_before_anything_moves, z_stage) {
    printer.status["configfile"].as_object()["settings"].as_object()["safe_z_home"] = json::object{{"z_hop", 10.0}};
    open();
    auto f = facts();
    const auto done = run::home_xy(k, machine, f, record, touch_off_by::person, pen_word::is_up, out);
    BOOST_REQUIRE(!done);
    BOOST_TEST(name(done.error().code) == "refused");
    BOOST_TEST(done.error().what.find("[safe_z_home]") != std::string::npos);
    BOOST_TEST(printer.scripts.empty());
}

BOOST_FIXTURE_TEST_CASE(a5_z_that_moves_inside_of_g28_all_the_same_is_seen, z_stage) {
    homed("z");
    const auto homes = printer.on_script;
    printer.on_script = [this, homes](peer& p, const json::object& request, const std::string& script) {
        if (script.starts_with("G28")) printer.stand_at(0, 0, 15);
        homes(p, request, script);
    };
    open();
    auto f = facts();
    const auto done = run::home_xy(k, machine, f, record, touch_off_by::person, pen_word::nothing, out);
    BOOST_REQUIRE(!done);
    BOOST_TEST(done.error().what == "Z moved from 10 to 15 while X and Y homed");
}

BOOST_FIXTURE_TEST_CASE(b8_z_that_is_homed_towards_the_paper_comes_after_x_and_y, z_stage) {
    homed("");
    auto& z = printer.status["configfile"].as_object()["settings"].as_object()["stepper_z"].as_object();
    z["endstop_pin"] = "^PG10";
    z["homing_positive_dir"] = true; // +Z presses the pen
    open();
    auto f = facts();
    BOOST_REQUIRE(run::home_xy(k, machine, f, record, touch_off_by::person, pen_word::nothing, out));
    BOOST_TEST(printer.scripts == (std::vector<std::string>{"G28 X Y\nM400\nG90", "G28 Z\nM400\nG90", lift}),
               boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(a6_coordinates_are_proven_where_the_drawing_begins, z_stage) {
    homed("xyz");
    open();
    const auto f = facts();
    BOOST_REQUIRE(run::prove_place(k, machine, f, record, {25, 322}));
    BOOST_TEST(printer.scripts == (std::vector<std::string>{lift, "G90\nG0 X25 Y322 F4800\nM400\nG90"}),
               boost::test_tools::per_element());
    // SET_SKEW without a profile: nothing tells of it at the home position.
    const auto bend = [this](peer& p, const json::object& request, const std::string& script) {
        if (script.find("G0 X") != std::string::npos)
            printer.status["toolhead"].as_object()["position"] = json::array{28.2, 322.0, 10.0, 0.0};
        p.answer(request, "{}");
    };
    printer.on_script = bend;
    const auto bent = run::prove_place(k, machine, f, record, {25, 322});
    BOOST_REQUIRE(!bent);
    BOOST_TEST(name(bent.error().code) == "refused");
    BOOST_TEST(bent.error().what == "the machine went to X28.2 Y322 Z10, not to X25 Y322 Z10");
    BOOST_TEST(bent.error().cause == "a transform bends its coordinates: one that kplot does not know");
}

BOOST_FIXTURE_TEST_CASE(behind_a_loaded_profile_the_first_place_is_proven_as_the_motors_see_it, z_stage) {
    homed("xyz");
    open();
    auto f = facts();
    f.skew = {"kcal", 0.01};
    const auto stands_at = [this, &f](double x) {
        printer.on_script = [this, x](peer& p, const json::object& request, const std::string& script) {
            if (script.find("G0 X") != std::string::npos)
                printer.status["toolhead"].as_object()["position"] = json::array{x, 322.0, 10.0, 0.0};
            p.answer(request, "{}");
        };
        return run::prove_place(k, machine, f, record, {25, 322});
    };
    BOOST_TEST(stands_at(21.78).has_value());
    const auto cleared = stands_at(25);
    BOOST_REQUIRE(!cleared);
    BOOST_TEST(cleared.error().what == "Klipper names the skew profile \"kcal\", and it is not in effect");
    BOOST_TEST(cleared.error().cause == "the machine went to X25 Y322 Z10; behind it that is X21.78 Y322 Z10");
    BOOST_TEST(stands_at(23).error().what == "the machine went to X23 Y322 Z10, not to X21.78 Y322 Z10");
}

BOOST_FIXTURE_TEST_CASE(a_skew_that_would_not_show_at_the_first_place_is_proven_above_the_canvas, z_stage) {
    homed("xyz");
    open();
    auto f = facts();
    f.skew = {"kcal", 0.01};
    double bends = 0.01;
    printer.on_script = [&](peer& p, const json::object& request, const std::string& script) {
        auto& at = printer.status["toolhead"].as_object()["position"].as_array();
        if (script.find("G0 X") != std::string::npos)
            at[0] = at[0].to_number<double>() - at[1].to_number<double>() * bends;
        p.answer(request, "{}");
    };
    const machine::xy first{25, 0.1};
    BOOST_REQUIRE(run::prove_place(k, machine, f, record, first));
    BOOST_TEST(printer.scripts.back() == "G90\nG0 X25 Y0.1 F4800\nM400\nG90");
    BOOST_TEST(printer.scripts.end()[-2] == "G90\nG0 X130 Y173.5 F4800\nM400\nG90"); // the middle
    bends = 0;
    const auto cleared = run::prove_place(k, machine, f, record, first);
    BOOST_REQUIRE(!cleared);
    BOOST_TEST(cleared.error().what == "Klipper names the skew profile \"kcal\", and it is not in effect");
    bends = 0.01;
    printer.stand_at(25, 0.1, 10);
    machine.keep_outs.push_back({"post", machine::box{{125, 170}, {135, 180}}});
    BOOST_REQUIRE(run::prove_place(k, machine, f, record, first));
    BOOST_TEST(printer.scripts.end()[-2] == "G90\nG0 X130 Y247.75 F4800\nM400\nG90");
    machine.keep_outs.push_back({"all of it", machine::box{{0, 20}, {250, 350}}});
    const std::size_t sent = printer.scripts.size();
    const auto hidden = run::prove_place(k, machine, f, record, first);
    BOOST_REQUIRE(!hidden);
    BOOST_TEST(hidden.error().what == "it does not show whether the skew profile \"kcal\" is in effect");
    BOOST_TEST(printer.scripts.size() == sent + 1); // the lift
}

BOOST_FIXTURE_TEST_CASE(a_tool_goes_down_to_a_height_of_the_machine_whatever_klipper_adds, z_stage) {
    homed("xyz");
    open();
    printer.stand_at(35.0, 210.0, 10, {0, 0, 2});
    BOOST_REQUIRE(run::lower(k, record, {20, 40, "a check"}));
    BOOST_TEST(printer.scripts.back() == "G90\nG1 Z18 F2400\nM400\nG90");
    BOOST_TEST(record.doubt() == "a check");
    BOOST_REQUIRE(run::lower_and_lift(k, machine, record, {20, 40, "another"}));
    BOOST_TEST(printer.scripts.back() == "G90\nG1 Z18 F2400\nG4 P200\nG90\nG1 Z8 F2400\nM400\nG90");
    BOOST_TEST(record.doubt() == ""); // it was seen up
}

BOOST_FIXTURE_TEST_CASE(travel_of_a_run_goes_round_keep_outs_from_where_the_machine_stands, z_stage) {
    homed("xyz");
    machine.keep_outs.push_back({"clip", machine::box{{100, 205}, {120, 250}}});
    open();
    printer.stand_at(35.0, 210.0, 10);
    BOOST_REQUIRE(run::travel_to(k, machine, machine.tools.front(), {}, {235, 210}));
    BOOST_TEST(printer.scripts.back() == "G90\nG0 X99.5 Y204.5 F4800\nG90\nG0 X120.5 Y204.5 F4800\n"
                                         "G90\nG0 X235 Y210 F4800\nM400\nG90");
    printer.stand_at(60.0, 210.0, 10);
    BOOST_REQUIRE(run::travel_to(k, machine, machine.tools.front(), {}, {50, 210}, {5, 0})); // Klipper adds 5 to X
    BOOST_TEST(printer.scripts.back() == "G90\nG0 X45 Y210 F4800\nM400\nG90");
    printer.stand_at(110.0, 210.0, 10);
    const std::size_t sent = printer.scripts.size();
    const auto stuck = run::travel_to(k, machine, machine.tools.front(), {}, {235, 210});
    BOOST_REQUIRE(!stuck);
    BOOST_TEST(name(stuck.error().code) == "refused");
    BOOST_TEST(stuck.error().what == "there is no way to X235 Y210 round the keep-out clip");
    BOOST_TEST(stuck.error().cause == "the tool is at X110 Y210; the keep-out is X 100 to 120, Y 205 to 250 mm");
    BOOST_TEST(printer.scripts.size() == sent);
    printer.stand_at(125.0, 150.0, 10);
    BOOST_TEST(run::travel_to(k, machine, machine.tools.front(), {"kcal", 0.01}, {125, 300}).has_value());
    printer.stand_at(125.0, 150.0, 10);
    const auto behind = run::travel_to(k, machine, machine.tools.front(), {"kcal", 0.04}, {125, 300});
    BOOST_REQUIRE(!behind);
    BOOST_TEST(behind.error().what ==
               "the way to X125 Y300 comes into the keep-out clip behind the skew profile \"kcal\"");
}

BOOST_FIXTURE_TEST_CASE(machine_file_wants_an_endstop_that_is_not_there, z_stage) {
    machine.z_reference.method = machine::z_reference::way::endstop;
    const auto way = run::way_of_z(machine, facts());
    BOOST_REQUIRE(!way);
    BOOST_TEST(name(way.error().code) == "mismatch");
}

BOOST_FIXTURE_TEST_CASE(a_damaged_record_of_the_pen_is_a_doubt, z_stage) {
    BOOST_REQUIRE(io::write_file(folder / "pen%tmp%klippy_uds", "\x01\x02 what\n"));
    BOOST_TEST(!run::pen_record(folder.path(), "/tmp/klippy_uds").doubt().empty());
}

BOOST_FIXTURE_TEST_CASE(the_point_of_a_pause_outlives_the_run, z_stage) {
    BOOST_REQUIRE(record.set_pause_point(klippy::xyz{12.5, 300.25, 20}));
    const run::pen_record later(folder.path(), "/tmp/klippy_uds");
    BOOST_REQUIRE(later.pause_point());
    BOOST_TEST((*later.pause_point())[0] == 12.5);
    BOOST_TEST((*later.pause_point())[1] == 300.25);
    BOOST_TEST((*later.pause_point())[2] == 20.0);
}

} // namespace z_reference_test
