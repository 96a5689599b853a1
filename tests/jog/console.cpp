// SPDX-License-Identifier: MIT
#include "sim_stage.hpp"

#include <kf/io/atomic_file.hpp>

namespace console_test {

using namespace kf;
using namespace kf::test;
using jog::contact;
using jog::heading;
using jog::tool_move;
using jog::tool_place;

/// The machine whose Z a person shows.
machine::machine by_touch_off() {
    machine::machine m = machine::sim_machine();
    m.axes.z.endstop_pin.reset();
    return m;
}

/// Another client of the same Klipper.
struct other_client {
    sim::klippy_process& klippy;
    int id = *klippy.connect();
    void script(const std::string& text) {
        klippy.receive(id,
                       boost::json::serialize(boost::json::object{
                           {"id", 1}, {"method", "gcode/script"}, {"params", boost::json::object{{"script", text}}}}) +
                           '\x03');
    }
};

/// A move of 50 mm, 2.5 s, and no answer to it yet.
void begins_a_long_step(sim_stage& s) {
    s.referenced();
    s.give(jog::go_to{{60, 100}});
    for (int i = 0; i < 5; ++i) s.give(jog::step_change::longer);
    s.strike(heading::right);
    s.pass(0.6);
    BOOST_REQUIRE((s.console.shown().doing == jog::activity::stepping));
}

BOOST_AUTO_TEST_SUITE(jog_console)

BOOST_AUTO_TEST_CASE(finds_klipper_arms_the_stop_and_moves_nothing_by_itself) {
    sim_stage s;
    BOOST_TEST((s.console.shown().klipper == contact::ready));
    BOOST_TEST(s.console.shown().stop_armed);
    BOOST_TEST(!s.console.shown().xy_homed);
    BOOST_TEST(s.console.shown().unreferenced);
    BOOST_TEST(s.moves.empty());
}

BOOST_AUTO_TEST_CASE(it_sleeps_while_klipper_starts_and_while_it_is_stopped) {
    sim_stage s;
    s.press_stop();
    s.pass(2);
    BOOST_TEST((s.console.shown().klipper == contact::stopped));
    BOOST_TEST((s.console.wake() > s.now()));
    s.klippy.set_mcu(sim::mcu_condition::absent, "mcu"); // so that it starts for a while
    other_client{s.klippy}.script("FIRMWARE_RESTART");
    bool starts = false;
    for (int i = 0; i < 300; ++i) {
        if (i == 100) s.klippy.set_mcu(sim::mcu_condition::alive);
        s.pass(0.05);
        starts = starts || s.console.shown().klipper == contact::starting;
        BOOST_TEST((s.console.shown().klipper == contact::ready || s.console.wake() > s.now()));
    }
    BOOST_TEST(starts);
    BOOST_TEST((s.console.shown().klipper == contact::ready));
}

BOOST_AUTO_TEST_CASE(unhomed_it_steps_a_millimetre_with_both_motors_of_the_gantry) {
    sim_stage s;
    s.strike(heading::right);
    s.rest();
    BOOST_TEST(s.moves.size() == 2u); // two halves; those of the second motor turn the beam back
    BOOST_TEST(std::fabs(s.klippy.machine().second_leads) < 1e-9);
    BOOST_TEST(s.carriage()[0] == 21, boost::test_tools::tolerance(1e-9));
    BOOST_TEST(!s.console.shown().xy_homed);
}

BOOST_AUTO_TEST_CASE(the_tool_goes_down_only_with_a_reference) {
    sim_stage s(by_touch_off());
    s.give(tool_move::down);
    BOOST_TEST(s.said() == "X and Y are not homed: H first");
    s.give(jog::home{run::pen_word::is_up});
    BOOST_TEST(s.console.shown().xy_homed);
    s.moves.clear();
    s.give(tool_move::down);
    BOOST_TEST(s.said() == "Z has no reference: T first");
    s.give(jog::go_to{{100, 100}});
    BOOST_TEST(s.moves.empty());
    s.give(jog::touch_off{});
    s.rest();
    BOOST_TEST((s.console.shown().place == tool_place::up));
    s.give(tool_move::down);
    BOOST_TEST((s.console.shown().place == tool_place::down));
    BOOST_TEST((*s.console.shown().commanded)[2] == 20);
    BOOST_TEST(s.record.doubt() == "kjog lowered the tool");
    s.give(tool_move::up);
    BOOST_TEST((s.console.shown().place == tool_place::up));
    BOOST_TEST(s.record.doubt() == "");
}

BOOST_AUTO_TEST_CASE(a_pen_that_may_be_down_is_not_dragged_home) {
    sim_stage s(by_touch_off());
    BOOST_REQUIRE(s.record.may_be_down("a run did not end"));
    s.give(jog::home{});
    BOOST_TEST(s.said() == "the pen may be down: a run did not end: homing would drag it over the paper");
    BOOST_TEST(s.moves.empty());
    s.give(jog::home{run::pen_word::is_up});
    BOOST_TEST(s.console.shown().xy_homed);
}

BOOST_AUTO_TEST_CASE(a_hold_runs_and_stops_within_the_bound) {
    sim_stage s;
    s.referenced();
    s.give(jog::go_to{{60, 100}});
    s.rest();
    s.hold(heading::right, 3);
    const auto at_release = s.klippy.printer()->head.live().first.x;
    s.rest();
    BOOST_TEST(s.carriage()[0] > at_release);
    BOOST_TEST(s.carriage()[0] - at_release <= s.console.shown().bound);
    BOOST_TEST(s.console.shown().bound == 15);
    BOOST_TEST(at_release > 90);
}

BOOST_AUTO_TEST_CASE(keys_that_were_struck_while_it_homed_are_forgotten) {
    sim_stage s;
    const auto before = s.now();
    s.referenced();
    s.rest();
    const auto at = s.carriage();
    for (int i = 0; i < 5; ++i) s.console.give({before + 100ms * (i + 1), jog::strike{heading::right}});
    s.rest();
    BOOST_TEST(s.carriage() == at);
}

BOOST_AUTO_TEST_CASE(what_was_asked_while_it_homed_is_forgotten_and_said) {
    sim_stage s;
    const auto meanwhile = s.now() + 100ms;
    s.referenced();
    s.rest();
    s.moves.clear();
    const std::vector<std::pair<jog::person_input, std::string>> asked{
        {tool_move::down, "tool down"},
        {tool_move::up, "tool up"},
        {jog::go_to{{100, 100}}, "go to"},
        {jog::home{run::pen_word::is_up}, "home"},
        {jog::touch_off{}, "touch-off"},
        {jog::select_tool{"airbrush"}, "another tool"},
        {jog::console_line{"G1 X10"}, "a line of G-code"},
        {jog::restart{}, "restart"},
        {jog::origin::propose, "origin"},
        {jog::draw_stroke{std::make_shared<jog::step_job>(), 0}, "a stroke"}};
    for (const auto& [what, words] : asked) {
        s.console.give({meanwhile, what});
        BOOST_TEST(s.said() == "\"" + words + "\" came while something else was under way: it is forgotten");
    }
    s.rest();
    BOOST_TEST(s.moves.empty());
    BOOST_TEST(s.console.shown().tool == "pen");
    BOOST_TEST(s.console.shown().xy_homed);
    BOOST_TEST(s.console.shown().strokes_tried == 1u); // a page waits for its stroke no longer
    s.give(tool_move::down);
    BOOST_TEST((s.console.shown().place == tool_place::down));
    s.console.give({meanwhile, jog::stop_pressed{}});
    BOOST_TEST(s.has_said("emergency stop"));
}

BOOST_AUTO_TEST_CASE(a_stop_that_klipper_does_not_take_is_not_told_as_done) {
    const std::string unconfirmed = "Klipper has not confirmed the emergency stop";
    sim_stage s;
    s.referenced();
    s.rest();
    s.give(jog::stop_pressed{}); // it got out, and nobody obeys
    s.pass(0.4);
    s.moves.clear();
    for (const jog::person_input& what :
         {jog::person_input(tool_move::down), jog::person_input(jog::strike{heading::left})}) {
        s.give(what); // whoever asks for it has not seen that it did not stop
        BOOST_TEST(s.said() == "the emergency stop is not confirmed yet");
    }
    s.pass(0.5);
    BOOST_TEST(s.moves.empty());
    BOOST_TEST(!s.has_said(unconfirmed));
    BOOST_TEST((s.console.wake() <= s.now() + 150ms));
    s.pass(0.2);
    BOOST_TEST(s.said() == unconfirmed);
    BOOST_TEST((s.console.shown().messages.back().kind == jog::panel_message::level::fault));
    BOOST_TEST(s.console.shown().messages.back().steps.front() ==
               "Cut the power of the motors if anything still moves.");
    s.pass(3);
    s.strike(heading::right); // what it stands at is known again
    s.rest();
    BOOST_TEST(s.said() == unconfirmed); // once

    sim_stage obeys;
    obeys.referenced();
    obeys.press_stop();
    obeys.pass(3);
    BOOST_TEST(!obeys.has_said(unconfirmed));
}

BOOST_AUTO_TEST_CASE(a_stop_while_klipper_is_restarted_is_not_undone) {
    sim_stage s;
    s.referenced();
    s.press_stop();
    s.pass(2);
    int presses = 0;
    s.on_connect = [&] {
        if (++presses == 2) BOOST_TEST(s.stop.press(s.now()).has_value()); // its two connections are there again
    };
    s.give(jog::restart{});
    s.give(jog::stop_pressed{});
    s.pass(5);
    BOOST_TEST(s.klippy.state().name == "shutdown");
    BOOST_TEST((s.console.shown().klipper == contact::stopped));
    BOOST_TEST(presses == 2);
    s.on_connect = [] {};
    s.give(jog::restart{});
    s.pass(5);
    BOOST_TEST((s.console.shown().klipper == contact::ready));
    BOOST_TEST(s.console.shown().stop_armed);
}

BOOST_AUTO_TEST_CASE(a_board_that_went_away_before_the_stop_was_pressed_is_not_restarted_unasked) {
    sim_stage s;
    s.referenced();
    s.klippy.set_mcu(sim::mcu_condition::absent);
    while (s.klippy.state().name == "ready") s.klippy.run_until(s.klippy.now() + 0.01); // nobody has read it yet
    s.press_stop();
    s.klippy.set_mcu(sim::mcu_condition::alive);
    s.pass(20);
    BOOST_TEST((s.console.shown().klipper == contact::stopped));
    s.give(jog::restart{});
    s.pass(5);
    BOOST_TEST((s.console.shown().klipper == contact::ready));
}

BOOST_AUTO_TEST_CASE(the_page_says_how_far_a_long_step_goes) {
    sim_stage s;
    begins_a_long_step(s);
    BOOST_TEST(s.console.shown().bound == 50);
    for (const seconds gap : {0.13, 0.17, 0.0}) {
        s.strike(heading::right);
        s.pass(gap);
    }
    BOOST_TEST(s.console.shown().bound == 200);
    s.rest();
    BOOST_TEST(s.console.shown().bound == 15);
}

BOOST_AUTO_TEST_CASE(a_place_is_gone_to_round_what_stops_the_tool_in_use) {
    machine::machine m = machine::sim_machine();
    // Between the heights of the two tools: only the airbrush, which is above the paper where Z is small, meets it.
    m.keep_outs.push_back({.name = "bar", .area = machine::box{{80, 50}, {90, 300}}, .height_mm = 12});
    for (const char* const tool : {"pen", "airbrush"}) {
        sim_stage s(m);
        s.referenced();
        s.give(jog::select_tool{tool});
        s.give(jog::go_to{{60, 100}});
        s.moves.clear();
        s.give(jog::go_to{{120, 100}});
        s.rest();
        BOOST_TEST(s.carriage()[0] == 120);
        const bool round = std::ranges::any_of(s.moves, [](const auto& r) { return r.by()[1] != 0; });
        BOOST_TEST(round == machine::stops_travel(m, *machine::find_tool(m, tool), m.keep_outs.back()), tool);
    }
    BOOST_TEST(machine::stops_travel(m, m.tools[0], m.keep_outs.back()) !=
               machine::stops_travel(m, m.tools[1], m.keep_outs.back()));
}

BOOST_AUTO_TEST_CASE(the_panel_knows_whether_it_was_here_that_the_tool_was_lowered) {
    sim_stage s;
    s.referenced();
    BOOST_TEST(!s.console.shown().lowered);
    s.give(tool_move::down);
    BOOST_TEST(s.console.shown().lowered);
    s.strike(heading::raise);
    s.rest();
    BOOST_TEST((s.console.shown().place == tool_place::between));
    BOOST_TEST(s.console.shown().lowered);
    s.give(tool_move::up);
    BOOST_TEST(!s.console.shown().lowered);
    s.strike(heading::lower);
    s.press_stop();
    s.pass(2);
    BOOST_TEST((s.console.shown().place == tool_place::unknown));
    BOOST_TEST(s.console.shown().lowered);

    sim_stage old; // it is between, and nobody here has done it
    old.referenced();
    other_client{old.klippy}.script("G90\nG1 Z13 F2400\nM400");
    old.pass(5);
    BOOST_TEST((old.console.shown().place == tool_place::between));
    BOOST_TEST(!old.console.shown().lowered);
}

BOOST_AUTO_TEST_CASE(a_stop_that_did_not_get_out_is_said_and_nothing_asked_before_it_begins) {
    sim_stage s;
    s.referenced();
    s.rest();
    const auto before = s.now();
    s.pass(0.1);
    s.moves.clear();
    s.give(jog::stop_pressed{"the emergency stop did not get out: broken pipe"});
    BOOST_TEST(s.said() == "the emergency stop did not get out: broken pipe");
    BOOST_TEST((s.console.shown().messages.back().kind == jog::panel_message::level::fault));
    s.console.give({before, tool_move::down});
    s.console.give({before, jog::strike{heading::right}});
    s.rest();
    BOOST_TEST(s.moves.empty());
}

BOOST_AUTO_TEST_CASE(a_gantry_that_was_set_square_is_shown_as_long_as_its_motors_hold_it) {
    const char* const text = "the second X motor went 0.3 mm alone (kcal square)";
    for (const bool by_m84 : {true, false}) {
        sim_stage s;
        s.referenced();
        BOOST_REQUIRE(s.square.add(0.3, "kcal square"));
        s.strike(heading::left);
        s.rest();
        s.give(jog::home{run::pen_word::is_up}); // moves both motors
        s.rest();
        BOOST_TEST(s.console.shown().square == text);
        if (by_m84)
            other_client{s.klippy}.script("M84");
        else
            s.press_stop();
        s.pass(2);
        BOOST_TEST(s.console.shown().square == "");
        BOOST_TEST(run::square_record(s.folder.path(), "/tmp/klippy_uds").text() == ""); // kplot knows it, too
    }
}

BOOST_AUTO_TEST_CASE(where_it_is_is_shown_while_it_travels) {
    sim_stage s;
    s.referenced();
    s.give(jog::go_to{{20, 100}});
    std::vector<double> seen;
    s.console.on_change = [&](const jog::panel& p) {
        if (p.doing == jog::activity::travelling && p.live) seen.push_back((*p.live)[0]);
    };
    s.give(jog::go_to{{220, 100}});
    BOOST_TEST(std::ranges::count_if(seen, [](double x) { return x > 30 && x < 210; }) >= 3);
    BOOST_TEST((*s.console.shown().commanded)[0] == 220);
}

BOOST_AUTO_TEST_CASE(a_restart_of_a_ready_klipper_changes_nothing) {
    sim_stage s;
    s.referenced();
    s.rest();
    s.give(jog::restart{});
    BOOST_TEST(s.said() == "Klipper is ready: there is nothing to restart");
    s.pass(1);
    BOOST_TEST(s.console.shown().xy_homed);
}

BOOST_AUTO_TEST_CASE(an_emergency_stop_in_a_stroke_stops_it_and_nothing_follows) {
    sim_stage s;
    s.referenced();
    s.give(jog::go_to{{60, 100}});
    s.hold(heading::right, 2);
    const auto before = s.klippy.printer()->head.live().first.x;
    s.press_stop();
    s.pass(1);
    BOOST_TEST(std::fabs(s.carriage()[0] - before) < 0.2); // 20 mm/s
    BOOST_TEST((s.console.shown().klipper == contact::stopped));
    BOOST_TEST(s.record.doubt() == "Klipper stopped: Shutdown due to webhooks request");
    s.moves.clear();
    s.hold(heading::right, 2);
    s.pass(1);
    BOOST_TEST(s.moves.empty());
    BOOST_TEST(!s.console.shown().commanded.has_value());
    s.give(jog::restart{});
    s.pass(3);
    BOOST_TEST((s.console.shown().klipper == contact::ready));
    BOOST_TEST(s.console.shown().stop_armed);
    BOOST_TEST(!s.console.shown().xy_homed);
    BOOST_TEST(s.moves.empty());
}

BOOST_AUTO_TEST_CASE(the_stop_finds_its_way_when_its_connection_is_gone) {
    sim_stage s;
    s.klippy.kill();
    s.klippy.start();
    s.klippy.run_until(s.klippy.now() + 3); // the console has not looked yet
    BOOST_TEST(s.stop.press(s.now()).has_value());
    s.klippy.run_until(s.klippy.now() + 0.1);
    BOOST_TEST(s.klippy.state().name == "shutdown");
}

BOOST_AUTO_TEST_CASE(a_klipper_that_goes_away_is_found_again_without_its_reference) {
    sim_stage s;
    s.referenced();
    s.klippy.kill();
    s.pass(1);
    BOOST_TEST((s.console.shown().klipper == contact::away));
    BOOST_TEST(!s.console.shown().stop_armed);
    s.moves.clear();
    s.strike(heading::right);
    s.klippy.start();
    s.pass(5);
    BOOST_TEST((s.console.shown().klipper == contact::ready));
    BOOST_TEST(!s.console.shown().xy_homed);
    BOOST_TEST(s.moves.empty());
    s.strike(heading::right);
    s.rest();
    BOOST_TEST((s.moves.front().what.by == sim::carriage_move::cause::forced));
}

void steps_without_a_reference(sim_stage& s) {
    BOOST_TEST((s.console.shown().klipper == contact::ready));
    s.moves.clear();
    s.strike(heading::right);
    s.rest();
    BOOST_REQUIRE(!s.moves.empty());
    BOOST_TEST((s.moves.front().what.by == sim::carriage_move::cause::forced));
}

BOOST_AUTO_TEST_CASE(a_klipper_that_goes_away_between_a_step_and_the_next_key_is_found_again) {
    sim_stage s;
    begins_a_long_step(s);
    s.klippy.kill();
    s.give(tool_move::down); // before the console has read that nobody is there
    BOOST_TEST((s.console.shown().klipper == contact::away));
    s.klippy.start();
    s.pass(5);
    steps_without_a_reference(s);
}

BOOST_AUTO_TEST_CASE(a_board_that_goes_away_in_the_midst_of_a_step_comes_back_and_steps) {
    sim_stage s;
    begins_a_long_step(s);
    s.klippy.set_mcu(sim::mcu_condition::absent);
    s.pass(2);
    s.klippy.set_mcu(sim::mcu_condition::alive);
    s.pass(20);
    steps_without_a_reference(s);
}

BOOST_AUTO_TEST_CASE(a_board_that_was_reset_comes_back_by_itself) {
    sim_stage s;
    s.referenced();
    s.klippy.set_mcu(sim::mcu_condition::absent);
    s.pass(2);
    s.klippy.set_mcu(sim::mcu_condition::alive);
    s.pass(20);
    BOOST_TEST((s.console.shown().klipper == contact::ready));
    BOOST_TEST(!s.console.shown().xy_homed);
    BOOST_TEST(s.said() == "Klipper is ready again; nothing is referenced");
}

BOOST_AUTO_TEST_CASE(motion_of_somebody_else_is_shown_and_nothing_is_added_to_it) {
    sim_stage s;
    s.referenced();
    s.rest();
    s.pass(1);
    other_client o{s.klippy};
    o.script("G90\nG1 X80 F1200\nM400");
    s.pass(1);
    BOOST_TEST(s.console.shown().foreign == "somebody else moves the machine");
    s.moves.clear();
    s.strike(heading::right);
    s.pass(1);
    BOOST_TEST(s.moves.empty());
    s.pass(6);
    BOOST_TEST(s.console.shown().foreign == "");
    BOOST_TEST((*s.console.shown().commanded)[0] == 80); // a step goes on from there
    s.strike(heading::right);
    s.rest();
    BOOST_TEST(s.carriage()[0] == 81, boost::test_tools::tolerance(1e-9));
}

/// Referenced, with a.gcode to print, along X.
struct file_stage {
    temporary_folder gcodes;
    sim_stage stage{machine::sim_machine(), run::touch_off_by::person, has_file()};

    file_stage() { stage.referenced(); }

  private:
    [[nodiscard]] sim::printer_config has_file() const {
        BOOST_REQUIRE(io::write_file(gcodes.path() / "a.gcode", "G90\nG1 X60 F600\nG1 X10\nG1 X60\nM400\n"));
        sim::printer_config c;
        c.gcodes = gcodes.path();
        return c;
    }
};

BOOST_AUTO_TEST_CASE(a_file_in_a_pause_is_waited_for_without_a_look_at_it) {
    file_stage f;
    sim_stage& s = f.stage;
    other_client o{s.klippy};
    o.script("SDCARD_PRINT_FILE FILENAME=a.gcode");
    s.pass(1);
    o.script("PAUSE");
    s.pass(15);
    BOOST_TEST(s.console.shown().foreign == "the printer is in a pause of a.gcode");
    BOOST_TEST((s.console.wake() > s.now()));
}

BOOST_AUTO_TEST_CASE(while_a_file_runs_it_moves_nothing) {
    file_stage f;
    sim_stage& s = f.stage;
    s.moves.clear();
    other_client o{s.klippy};
    o.script("SDCARD_PRINT_FILE FILENAME=a.gcode");
    s.pass(1);
    BOOST_TEST(s.console.shown().foreign == "the printer runs a.gcode");
    s.strike(heading::farther);
    s.give(tool_move::down);
    s.pass(30);
    for (const auto& m : s.moves) BOOST_TEST(m.what.move.end.y == 0); // the file's own are along X
    BOOST_TEST(!s.moves.empty());
    BOOST_TEST(s.console.shown().foreign == "");
    // Its file is complete, and our motion is not taken for its end.
    s.give(jog::go_to{{60, 100}});
    s.hold(heading::farther, 3);
    s.rest();
    BOOST_TEST(s.carriage()[1] > 130);
}

BOOST_AUTO_TEST_CASE(another_tool_comes_into_use_with_every_tool_up) {
    sim_stage s;
    s.referenced();
    s.give(tool_move::down);
    s.give(jog::select_tool{"airbrush"});
    BOOST_TEST(s.console.shown().tool == "airbrush");
    BOOST_TEST((s.console.shown().place == tool_place::up));
    s.give(tool_move::down);
    BOOST_TEST((*s.console.shown().commanded)[2] == 0);
    s.give(jog::select_tool{"brush"});
    BOOST_TEST(s.said() == "machine.yaml has no tool named brush");
}

BOOST_AUTO_TEST_CASE(a_place_is_gone_to_with_the_tool_up_and_only_inside) {
    sim_stage s;
    s.referenced();
    s.give(tool_move::down);
    s.moves.clear();
    s.give(jog::go_to{{100, 400}});
    BOOST_TEST(s.moves.empty());
    s.give(jog::go_to{{100, 120}});
    BOOST_TEST(s.carriage() == (jog::xyz{100, 120, 10}));
    for (const auto& m : s.moves) BOOST_TEST((m.by()[2] == 0 || (m.by()[0] == 0 && m.by()[1] == 0)));
}

BOOST_AUTO_TEST_CASE(the_canvas_is_moved_in_machine_yaml_after_it_was_shown) {
    const std::string text(machine::template_text);
    const machine::machine m = machine::read_machine(text).value;
    const auto change = jog::origin_here(text, "machine.yaml", m, m.tools.front(), {31.5, 40});
    BOOST_REQUIRE(change);
    BOOST_TEST(change->shown.diff.size() == 4u);
    BOOST_TEST(change->shown.diff[1].starts_with("+  offset_x_mm: 31.5 "));
    BOOST_TEST(change->machine.canvas.offset_y_mm == 40);
    temporary_folder folder;
    const auto file = folder.path() / "machine.yaml";
    BOOST_REQUIRE(io::write_file(file, text + "# mine\n"));
    BOOST_TEST((jog::write_origin(file, *change).error().code == errc::refused));
    BOOST_REQUIRE(io::write_file(file, text, 0600));
    const auto link = folder.path() / "link.yaml"; // as people keep it among their own files
    std::filesystem::create_symlink(file, link);
    BOOST_REQUIRE(jog::write_origin(link, *change));
    BOOST_TEST(*io::read_file(file) == change->text);
    BOOST_TEST(*io::read_file(folder.path() / "link.yaml.bak") == text);
    BOOST_TEST(std::filesystem::is_symlink(link));
    BOOST_TEST((std::filesystem::status(file).permissions() == std::filesystem::perms(0600)));
    // It would not fit there any more: 210 mm wide on 250.
    BOOST_TEST(!jog::origin_here(text, "machine.yaml", m, m.tools.front(), {60, 40}));
}

BOOST_AUTO_TEST_CASE(steps_and_speeds_go_up_and_down_their_lists) {
    sim_stage s;
    for (int i = 0; i < 5; ++i) s.give(jog::step_change::longer);
    BOOST_TEST(s.console.shown().step == 50);
    for (int i = 0; i < 9; ++i) s.give(jog::step_change::shorter);
    BOOST_TEST(s.console.shown().step == 0.1);
    BOOST_TEST(s.console.shown().speed == 20);
    s.give(jog::speed_change::faster);
    BOOST_TEST(s.console.shown().speed == 30);
    BOOST_TEST(s.console.shown().bound == 22.5);
    for (int i = 0; i < 9; ++i) s.give(jog::speed_change::faster);
    BOOST_TEST(s.console.shown().speed == 80); // what machine.yaml allows
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace console_test
