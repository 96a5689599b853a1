// SPDX-License-Identifier: MIT
#include "fake_printer.hpp"

#include <kf/run/macros.hpp>
#include <kf/run/preflight.hpp>

#include <boost/test/unit_test.hpp>

namespace macros_test {

using namespace kf;
using namespace kf::test;

/// What Klipper shows of the macros that `kplot machine macros` prints.
json::object with_ours(const machine::machine& m) {
    json::object all = ready_status()["configfile"].as_object()["settings"].as_object();
    for (const auto& p : {run::our_pause(m), run::our_resume(m), run::our_cancel(m), run::our_boundary()}) {
        std::string lower = "gcode_macro " + p.name;
        for (char& c : lower) c = static_cast<char>(std::tolower(c));
        json::object o{{"gcode", "\n" + p.gcode}, {"variable_kplot", "1"}};
        if (!p.renames.empty()) o["rename_existing"] = p.renames;
        all[lower] = std::move(o);
    }
    all["virtual_sdcard"].as_object()["on_error_gcode"] = "\n" + run::lift_template(m);
    return all;
}

run::job_commands commands(json::object sections, const machine::machine& m = machine::sim_machine()) {
    return run::read_job_commands(m, klippy::settings(std::move(sections)));
}
std::string refusal(const run::job_commands& c, run::foreign_macros said = run::foreign_macros::refused) {
    const auto r = run::refuse_foreign_macros(c, said);
    return r ? std::string() : r.error().what;
}
json::object macro(const char* gcode, const char* renames = "") {
    json::object o{{"gcode", gcode}};
    if (*renames != '\0') o["rename_existing"] = renames;
    return o;
}

// As mainsail-config and fluidd-config write them, shortened.
constexpr const char* web_pause = "\n{% set client = printer['gcode_macro _CLIENT_VARIABLE']|default({}) %}\n"
                                  "SET_GCODE_VARIABLE MACRO=RESUME VARIABLE=idle_state VALUE=False\n"
                                  "PAUSE_BASE\n_TOOLHEAD_PARK_PAUSE_CANCEL {rawparams}";
constexpr const char* web_cancel = "\n_TOOLHEAD_PARK_PAUSE_CANCEL\nTURN_OFF_HEATERS\nM106 S0\nCANCEL_PRINT_BASE";

BOOST_AUTO_TEST_CASE(what_is_printed_is_known_again) {
    const auto c = commands(with_ours(machine::sim_machine()));
    BOOST_TEST(c.ours);
    BOOST_TEST(c.boundary);
    BOOST_TEST(c.error_lifts);
    BOOST_TEST(c.pause == "PAUSE");
    BOOST_TEST(refusal(c) == "");
}

BOOST_AUTO_TEST_CASE(klippers_own_commands_are_safe_and_nothing_is_ours) {
    json::object plain = ready_status()["configfile"].as_object()["settings"].as_object();
    plain.erase("gcode_macro cancel_print");
    const auto c = commands(plain);
    BOOST_TEST(!c.ours);
    BOOST_TEST(!c.boundary);
    BOOST_TEST(c.resume == "RESUME");
    BOOST_TEST(refusal(c) == "");
}

BOOST_AUTO_TEST_CASE(a4_macros_of_a_web_interface_are_refused_by_name_and_never_called) {
    auto sections = with_ours(machine::sim_machine());
    sections["gcode_macro pause"] = macro(web_pause, "PAUSE_BASE");
    sections["gcode_macro cancel_print"] = macro(web_cancel, "CANCEL_PRINT_BASE");
    const auto c = commands(sections);
    BOOST_TEST(!c.ours);
    BOOST_TEST(!c.boundary); // KPLOT_BOUNDARY calls PAUSE, and that is theirs
    BOOST_TEST(refusal(c) ==
               "macros of this printer are not made for a pen: [gcode_macro PAUSE], [gcode_macro CANCEL_PRINT]");
    BOOST_TEST(refusal(c, run::foreign_macros::taken) == "");
    BOOST_TEST(c.pause == "PAUSE_BASE");
    BOOST_TEST(c.cancel == "CANCEL_PRINT_BASE");
    BOOST_TEST(c.resume == "BASE_RESUME");
}

BOOST_AUTO_TEST_CASE(a4_a_name_and_a_marker_are_no_proof) {
    auto sections = with_ours(machine::sim_machine());
    // An [include] behind ours: the text is theirs, the marker is ours still.
    sections["gcode_macro pause"].as_object()["gcode"] = web_pause;
    sections["gcode_macro pause"].as_object()["rename_existing"] = "PAUSE_BASE";
    BOOST_TEST(refusal(commands(sections)).find("[gcode_macro PAUSE]") != std::string::npos);
    // Another travel height since they were printed.
    auto other = machine::sim_machine();
    other.z_states.travel_mm = 12;
    const auto stale = commands(with_ours(machine::sim_machine()), other);
    BOOST_TEST(stale.outdated.size() == 3u);
    BOOST_TEST(refusal(stale).find("[gcode_macro RESUME]") != std::string::npos);
    // A macro under the name that hides Klipper's own command.
    sections = with_ours(machine::sim_machine());
    sections["gcode_macro base_pause"] = macro("G1 Z5", "BASE_BASE_PAUSE");
    const auto hidden = commands(sections);
    BOOST_TEST(!hidden.ours);
    BOOST_TEST(hidden.pause == "");
    BOOST_TEST(!run::refuse_foreign_macros(hidden, run::foreign_macros::taken).has_value());
}

BOOST_AUTO_TEST_CASE(a_macro_that_moves_nothing_and_calls_klippers_own_is_klippers) {
    auto sections = with_ours(machine::sim_machine());
    sections["gcode_macro pause"] =
        macro("\n{% if params.QUIET is not defined %}\n  M117 paused ; told\n{% endif %}\nBASE_PAUSE", "BASE_PAUSE");
    auto c = commands(sections);
    BOOST_TEST(refusal(c) == "");
    BOOST_TEST(c.pause == "BASE_PAUSE");
    BOOST_TEST(c.boundary); // it stops there with the pen up, whoever's PAUSE that is
    for (const char* moves :
         {"BASE_PAUSE\nG1 X5", "BASE_PAUSE\n_PARK", "{printer.x}\nBASE_PAUSE", "M117{x}\nBASE_PAUSE",
          "{% if 1 %} G1 X5\nBASE_PAUSE", "M84\nBASE_PAUSE", "G4 P10\nBASE_PAUSE"}) {
        sections["gcode_macro pause"] = macro(moves, "BASE_PAUSE");
        BOOST_TEST(refusal(commands(sections)) != "", moves);
    }
}

BOOST_AUTO_TEST_CASE(a_command_that_files_are_made_of_must_be_klippers_own) {
    for (const char* word : {"g1", "m400", "g90"}) {
        auto sections = with_ours(machine::sim_machine());
        sections[std::string("gcode_macro ") + word] = macro("G1.1 {rawparams}", "G1.1");
        BOOST_TEST(commands(sections).foreign.size() == 1u, word);
    }
    auto sections = with_ours(machine::sim_machine());
    sections["gcode_macro g17"] = macro("G1 Z5", ""); // before a native arc, with the pen on the paper
    BOOST_TEST(commands(sections).foreign.size() == 1u);
    BOOST_TEST(run::judges("G17"));
    sections.erase("gcode_macro g17");
    sections["gcode_macro sdcard_print_file"] = macro("M117 begins\nBASE_SDCARD {rawparams}", "BASE_SDCARD");
    BOOST_TEST(commands(sections).foreign.empty());
    sections["gcode_macro sdcard_print_file"] = macro("G28\nBASE_SDCARD {rawparams}", "BASE_SDCARD");
    BOOST_TEST(commands(sections).foreign.size() == 1u);
}

BOOST_AUTO_TEST_CASE(what_klipper_runs_at_an_error_is_looked_at) {
    const auto with = [](const char* gcode) {
        auto sections = with_ours(machine::sim_machine());
        sections["virtual_sdcard"].as_object()["on_error_gcode"] = gcode;
        return commands(sections);
    };
    BOOST_TEST(with("\nCANCEL_PRINT").error_lifts);
    BOOST_TEST(with("\nCANCEL_PRINT").error_cancels);
    BOOST_TEST(with("\nG90\nG1 Z10 F2400\n").error_lifts); // as kf 0.1.0 printed it
    const auto own = with("\n{% if 'heaters' in printer %}\n   TURN_OFF_HEATERS\n{% endif %}\n");
    BOOST_TEST(!own.error_lifts);
    BOOST_TEST(refusal(own) == "");
    BOOST_TEST(refusal(with("\nG91\nG1 Z2\n")).ends_with("on_error_gcode of [virtual_sdcard]"));
}

BOOST_AUTO_TEST_CASE(a5_sections_that_move_inside_of_g28_are_named) {
    const auto named = [](const char* section, json::object o) {
        auto sections = with_ours(machine::sim_machine());
        sections[section] = std::move(o);
        const auto found = run::moves_inside_g28(klippy::settings(sections));
        return found.size() == 1 ? found[0] : std::string();
    };
    BOOST_TEST(named("safe_z_home", {{"z_hop", 10.0}}) == "[safe_z_home]");
    BOOST_TEST(named("homing_override", {{"gcode", "G1 Z5"}}) == "[homing_override]");
    BOOST_TEST(named("gcode_macro g28", macro("G91\nG1 Z5\nG28.1 {rawparams}", "G28.1")) == "[gcode_macro G28]");
    BOOST_TEST(named("gcode_macro g28", macro("M117 homes\nG28.1 {rawparams}", "G28.1")) == "");
    BOOST_TEST(named("endstop_phase", {}) == ""); // it corrects where the endstop is and moves nothing
    auto sections = with_ours(machine::sim_machine());
    sections["stepper_z"].as_object()["endstop_pin"] = "probe:z_virtual_endstop";
    sections["probe"] = json::object{{"activate_gcode", "G1 X5"}, {"deactivate_gcode", ""}};
    BOOST_TEST(run::moves_inside_g28(klippy::settings(sections)).at(0) == "activate_gcode of [probe]");
    const auto refused = run::refuse_hidden_homing({"[safe_z_home]"});
    BOOST_REQUIRE(!refused);
    BOOST_TEST(refused.error().what == "G28 of this printer moves by [safe_z_home]");
}

BOOST_AUTO_TEST_CASE(the_lift_of_a_macro_ends_at_one_height_whatever_offset_is_in_force) {
    auto m = machine::sim_machine();
    m.z_states.travel_mm = 5.5;
    BOOST_TEST(run::lift_template(m) ==
               "{% if 'z' in printer.toolhead.homed_axes %}\n"
               "G90\n"
               "G1 Z{(5.5 - printer.gcode_move.position.z + printer.gcode_move.gcode_position.z)|round(4)} F2400\n"
               "{% endif %}");
    BOOST_TEST(run::lift_script(m, 0.25) == "G90\nG1 Z5.25 F2400");
    const std::string text = run::printer_cfg_macros(m);
    for (const char* section : {"[force_move]", "[pause_resume]", "[virtual_sdcard]", "[gcode_macro KPLOT_BOUNDARY]",
                                "[gcode_macro PAUSE]", "[gcode_macro RESUME]", "[gcode_macro CANCEL_PRINT]"})
        BOOST_TEST(text.find(section) != std::string::npos, section);
}

} // namespace macros_test
