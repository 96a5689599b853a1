// SPDX-License-Identifier: MIT
#include <kf/machine/machine_edit.hpp>
#include <kf/machine/machine_file.hpp>

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <string_view>

namespace machine_file_test {

using namespace kf::machine;

std::string seed_text() {
    std::ifstream in(std::string(KF_TESTS_DIR) + "/machine/data/octopus.yaml");
    return {std::istreambuf_iterator<char>(in), {}};
}

std::string with(std::string text, std::string_view from, std::string_view to) {
    const auto at = text.find(from);
    BOOST_REQUIRE_MESSAGE(at != std::string::npos, "test data lacks " << from);
    return text.replace(at, from.size(), to);
}

/// The text of the errors (not notes), as a person reads them.
std::string errors_of(std::string_view text) {
    std::string out;
    for (const problem& p : read_machine(text).problems)
        if (p.severity == problem::level::error) out += to_text(p, "m.yaml") + "\n";
    return out;
}

std::string notes_of(std::string_view text) {
    std::string out;
    for (const problem& p : read_machine(text).problems)
        if (p.severity == problem::level::note) out += to_text(p, "m.yaml") + "\n";
    return out;
}

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

BOOST_AUTO_TEST_SUITE(machine_file)

BOOST_AUTO_TEST_CASE(row_b_reads_every_field_of_the_machine_the_project_began_with) {
    const reading r = read_machine(seed_text());
    BOOST_TEST(!has_errors(r.problems));
    const machine& m = r.value;
    BOOST_TEST(m.connection.socket_path == "/tmp/klippy_uds");
    BOOST_TEST(m.connection.timeout_s == 5.0);
    BOOST_TEST(m.connection.reconnect_attempts == 5);
    BOOST_TEST(m.connection.reconnect_interval_s == 2.0);
    BOOST_TEST(m.connection.auto_reconnect);
    BOOST_TEST(m.work_area_mm.x == 250.0);
    BOOST_TEST(m.work_area_mm.y == 350.0);
    BOOST_TEST(m.work_area_mm.z == 40.0);
    BOOST_TEST(m.work_area_min_mm.x == 0.0);
    BOOST_TEST(m.canvas.offset_x_mm == 25.0);
    BOOST_TEST(m.canvas.offset_y_mm == 25.0);
    BOOST_TEST(m.canvas.width_mm == 210.0);
    BOOST_TEST(m.canvas.height_mm == 297.0);
    BOOST_TEST(m.z_states.travel_mm == 10.0);
    BOOST_REQUIRE(m.tools.size() == 2u);
    BOOST_TEST(m.tools[0].name == "pen");
    BOOST_TEST(m.tools[0].work_mm == 20.0);
    BOOST_TEST(m.tools[0].feed_mm_s == 25.0);
    BOOST_TEST(m.tools[0].travel_feed_mm_s == 80.0);
    BOOST_TEST(m.tools[0].plunge_feed_mm_s == 5.0);
    BOOST_TEST(m.tools[0].lift() == 5.0);
    BOOST_TEST(m.tools[1].name == "airbrush");
    BOOST_TEST(m.tools[1].work_mm == 0.0);
    BOOST_TEST(m.tools[1].feed_mm_s == 50.0);
    BOOST_TEST(m.tools[1].spray_height_mm.value() == 3.0);
    BOOST_TEST(m.steppers.motor_type == "0.9deg");
    BOOST_TEST(m.steppers.driver == "DM542TE");
    BOOST_TEST(m.steppers.driver_pulses_per_rev == 1600);
    BOOST_TEST(m.steppers.wiring == "common_anode");
    BOOST_TEST(!m.steppers.enable_pin_inverted);
    BOOST_TEST(m.steppers.step_pulse_duration_s == 0.000005);
    BOOST_TEST(m.steppers.direction_reversal_pause_s == 0.5);
    BOOST_TEST(m.steppers.klipper_microsteps == 4);
    BOOST_TEST(m.steppers.xy_rotation_distance == 32.0);
    BOOST_TEST(!m.steppers.z_rotation_distance.has_value());
    BOOST_TEST(m.steppers.belt_type == "GT2");
    BOOST_TEST(m.steppers.belt_pitch_mm == 2.0);
    BOOST_TEST(m.steppers.pulley_teeth == 16);
    BOOST_TEST(m.steppers.pulley_bore_mm == 5.0);
    BOOST_TEST(m.axes.x.octopus_slot == "Motor 2_1 + Motor 2_2");
    BOOST_TEST(m.axes.x.motors == 2);
    BOOST_TEST(m.axes.y.endstop_pin.value() == "DIAG0 (PG6)");
    BOOST_TEST(m.axes.y.endstop_type.value() == "NO_to_GND");
    BOOST_TEST((m.axes.y.homing_side == axis::side::min));
    BOOST_TEST(!m.axes.z.endstop_pin.has_value());
    BOOST_TEST(!m.axes.z.homing_side.has_value());
    BOOST_TEST(m.motion.max_velocity_mm_s == 80.0);
    BOOST_TEST(m.motion.max_accel_mm_s2 == 3000.0);
    BOOST_TEST(m.motion.homing_speed_mm_s == 30.0);
    BOOST_TEST(m.interactive.jog_increments_mm.size() == 4u);
    BOOST_TEST(m.interactive.jog_increments_mm[3] == 50.0);
    BOOST_TEST(m.gcode_directory == "/home/klipper/gcode_files");
    BOOST_TEST(!m.pumps_enabled);
    BOOST_TEST(!m.servos_enabled);
}

BOOST_AUTO_TEST_CASE(explains_the_fields_that_klipper_has_no_use_for) {
    BOOST_TEST(notes_of(seed_text()) ==
               "m.yaml:105: motion.junction_deviation_mm is 0.05\n"
               "    Accepted and not used: Klipper rounds corners by square_corner_velocity in\n"
               "    printer.cfg.\n"
               "m.yaml:112: interactive.position_poll_interval_ms is 100\n"
               "    Accepted and not used: Klipper sends positions by itself, every 250 ms.\n");
}

BOOST_AUTO_TEST_CASE(the_template_is_the_same_machine_and_has_no_findings) {
    const reading r = read_machine(template_text);
    BOOST_TEST(r.problems.empty());
    const machine seed = read_machine(seed_text()).value;
    BOOST_TEST(r.value.tools[1].feed_mm_s == seed.tools[1].feed_mm_s);
    BOOST_TEST(r.value.steppers.xy_rotation_distance == 32.0);
    BOOST_TEST(r.value.canvas.flip_y);
    std::istringstream lines{std::string(template_text)};
    for (std::string line; std::getline(lines, line);) BOOST_TEST(line.size() <= 80u, line);
}

BOOST_AUTO_TEST_CASE(the_simulated_machine_has_a_faster_z_and_meets_every_rule) {
    const machine m = sim_machine();
    BOOST_TEST(m.work_area_mm.y == 350.0);
    BOOST_TEST(m.tools[0].plunge_feed_mm_s == 40.0);
    BOOST_TEST(validate(m).empty());
}

BOOST_AUTO_TEST_CASE(names_file_line_field_value_and_range) {
    BOOST_TEST(errors_of(with(seed_text(), "feed_mm_s: 25.0", "feed_mm_s: 1500")) ==
               "m.yaml:41: tools.pen.feed_mm_s is 1500, allowed: 0.01 to 80 mm/s\n"
               "    The limit is motion.max_velocity_mm_s. Speeds are in mm/s; 1500 mm/min is\n"
               "    written 25.\n");
    BOOST_TEST(errors_of(with(seed_text(), "width_mm: 210.0", "width_mm: -3")) ==
               "m.yaml:28: canvas.width_mm is -3, allowed: 1 to 5000 mm\n");
}

BOOST_AUTO_TEST_CASE(a_text_is_one_line_since_it_gets_into_printer_cfg) {
    for (const char* evil : {"\"DM\\n[delayed_gcode evil]\\ninitial_duration: 1\"", "\"DM\\r[x]\"", "\"DM\\0\"",
                             "\"DM\\x7f\"", "\"DM\\t\"", "|\n    DM542TE"}) {
        const std::string said = errors_of(with(seed_text(), "\"DM542TE\"", evil));
        BOOST_TEST(contains(said, "A text is one line, without control characters."), evil);
    }
    BOOST_TEST(errors_of(with(seed_text(), "\"DM542TE\"", "\"DM542TE \u00b5 \\\"x\\\"\"")) == "");
}

BOOST_AUTO_TEST_CASE(a_folder_that_printer_cfg_cannot_name_is_refused) {
    for (const char* folder : {"/home/pi/#1", "/home/pi/a ;b"})
        BOOST_TEST(contains(errors_of(with(seed_text(), "/home/klipper/gcode_files", folder)), "Klipper ends a path"),
                   folder);
    BOOST_TEST(errors_of(with(seed_text(), "/home/klipper/gcode_files", "/home/pi/a;b c")) == "");
}

BOOST_AUTO_TEST_CASE(collects_all_errors_in_the_order_of_the_file) {
    std::string text = with(seed_text(), "timeout_s: 5.0", "timeout_s: 0");
    text = with(text, "height_mm: 297.0", "height_mm: tall");
    text = with(text, "driver_pulses_per_rev: 1600", "driver_pulses_per_rev: 1600.5");
    text = with(text, "max_accel_mm_s2: 3000.0", "max_accel_mm_s2: .inf");
    BOOST_TEST(errors_of(text) == "m.yaml:10: connection.timeout_s is 0, allowed: 0.1 to 600 s\n"
                                  "m.yaml:29: canvas.height_mm is tall, allowed: 1 to 5000 mm\n"
                                  "    A plain number is expected.\n"
                                  "m.yaml:61: steppers.driver_pulses_per_rev is 1600.5, allowed: 1 to 1000000\n"
                                  "pulses\n"
                                  "    A whole number is expected.\n"
                                  "m.yaml:104: motion.max_accel_mm_s2 is .inf, allowed: 1 to 100000 mm/s^2\n"
                                  "    A plain number is expected.\n");
    const kf::error e = to_error(read_machine(text).problems, "m.yaml");
    BOOST_TEST(e.what == "m.yaml has 4 errors");
    BOOST_TEST((e.code == kf::errc::malformed));
}

BOOST_AUTO_TEST_CASE(nan_is_refused_wherever_a_number_stands) {
    const reading good = read_machine(template_text);
    std::string numbers[] = {"timeout_s: 5.0",  "x: 250.0",           "offset_x_mm: 25.0",      "travel_mm: 10.0",
                             "feed_mm_s: 25.0", "belt_pitch_mm: 2.0", "max_velocity_mm_s: 80.0"};
    for (const std::string& n : numbers) {
        const std::string key = n.substr(0, n.find(':'));
        for (const char* bad : {".nan", "nan", "NaN", "-.inf", "inf", "1e999", "0x10", "", "[1]", "{}", "1 2"})
            BOOST_TEST(has_errors(read_machine(with(std::string(template_text), n, key + ": " + bad)).problems),
                       key << ": " << bad);
    }
    machine m = good.value;
    m.steppers.belt_pitch_mm = std::nan("");
    BOOST_TEST(has_errors(validate(m)));
}

BOOST_AUTO_TEST_CASE(a_number_with_a_unit_behind_it_is_refused_with_what_to_write) {
    BOOST_TEST(contains(errors_of(with(seed_text(), "feed_mm_s: 25.0", "feed_mm_s: 1500 mm/min")),
                        "Speeds are in mm/s: write 25."));
    BOOST_TEST(contains(errors_of(with(seed_text(), "width_mm: 210.0", "width_mm: 210mm")),
                        "Write the number alone, 210: it is in mm already."));
    BOOST_TEST(contains(errors_of(with(seed_text(), "width_mm: 210.0", "width_mm: 8.3in")),
                        "A plain number is expected, counted in mm."));
}

BOOST_AUTO_TEST_CASE(a_missing_dimension_is_an_error_at_the_section_it_belongs_to) {
    BOOST_TEST(errors_of(with(seed_text(), "  width_mm: 210.0               # A4 width (or actual canvas)\n", "")) ==
               "m.yaml:25: canvas.width_mm, allowed: 1 to 5000 mm\n"
               "    It is missing, and it has no default.\n");
    BOOST_TEST(contains(errors_of("canvas: {width_mm: 10}\n"), "m.yaml: machine.work_area_mm.x, allowed: 1 to 5000"));
}

BOOST_AUTO_TEST_CASE(an_unknown_key_is_noted_with_the_name_that_was_meant) {
    BOOST_TEST(contains(notes_of(with(seed_text(), "  width_mm: 210.0", "  widht_mm: 3\n  width_mm: 210.0")),
                        "m.yaml:28: canvas.widht_mm is 3\n    Unknown key, not used. Did you mean width_mm?\n"));
    const std::string text = with(seed_text(), "pumps:\n", "pmups:\n");
    BOOST_TEST(contains(notes_of(text), "pmups\n    Unknown key, not used. Did you mean pumps?\n"));
    BOOST_TEST(!contains(notes_of(text), "pmups.enabled"));
}

BOOST_AUTO_TEST_CASE(a_key_given_twice_is_an_error) {
    BOOST_TEST(errors_of(with(seed_text(), "  width_mm: 210.0", "  width_mm: 100\n  width_mm: 210.0")) ==
               "m.yaml:29: canvas.width_mm is 100\n    This key is here twice; first on line 28.\n");
}

BOOST_AUTO_TEST_CASE(broken_yaml_names_the_line) {
    BOOST_TEST(errors_of("machine:\n  a: [1, 2\nb: 3\n").starts_with("m.yaml:3: YAML\n"));
    BOOST_TEST(errors_of("just text") == "m.yaml:1: YAML\n    A machine file is a mapping: 'machine:', 'canvas:', and "
                                         "so on.\n");
    BOOST_TEST(!errors_of("").empty());
}

BOOST_AUTO_TEST_CASE(keep_outs_are_read_and_checked) {
    const std::string base = with(std::string(template_text), "keep_outs: []",
                                  "keep_outs:\n  - {name: clip, x: [20, 30], y: [150, 170]}\n"
                                  "  - {x: [40, 60.5], y: [300, 310], when: tool_down}");
    const reading r = read_machine(base);
    BOOST_TEST(r.problems.empty());
    BOOST_REQUIRE(r.value.keep_outs.size() == 2u);
    BOOST_TEST(r.value.keep_outs[0].name == "clip");
    BOOST_TEST((r.value.keep_outs[0].area == std::variant<box, disc>(box{{20, 150}, {30, 170}})));
    BOOST_TEST((r.value.keep_outs[0].applies == keep_out::when::always));
    BOOST_TEST((r.value.keep_outs[1].applies == keep_out::when::tool_down));
    BOOST_TEST((r.value.keep_outs[1].area == std::variant<box, disc>(box{{40, 300}, {60.5, 310}})));
    BOOST_TEST(
        contains(errors_of(with(base, "[20, 30]", "[30, 20]")), "keep_outs[0].x is 30, allowed: less than 20 mm\n"));
    BOOST_TEST(contains(errors_of(with(with(base, "[20, 30]", "[-5, 20]"), "[150, 170]", "[-5, 20]")),
                        "Parking is inside keep-out clip."));
    BOOST_TEST(contains(errors_of(with(base, "x: [20, 30], ", "")), "A keep-out is {name:"));
}

BOOST_AUTO_TEST_CASE(keep_outs_are_circles_too_and_have_a_height_that_travel_passes) {
    const auto with_one = [](const std::string& row) {
        return with(std::string(template_text), "keep_outs: []", "keep_outs:\n  - " + row);
    };
    const reading r = read_machine(with_one("{name: magnet, x: 40, y: 50.5, radius: 8, height_mm: 12}"));
    BOOST_TEST(r.problems.empty());
    BOOST_REQUIRE(r.value.keep_outs.size() == 1u);
    BOOST_TEST((r.value.keep_outs[0].area == std::variant<box, disc>(disc{{40, 50.5}, 8})));
    BOOST_TEST(*r.value.keep_outs[0].height_mm == 12);
    BOOST_TEST(contains(errors_of(with_one("{x: 40, y: 50, radius: 0}")), "keep_outs[0].radius is 0"));
    BOOST_TEST(contains(errors_of(with_one("{x: [40, 60], y: 50, radius: 5}")), "A keep-out is {name:"));
    BOOST_TEST(contains(errors_of(with_one("{x: 40, y: [40, 50]}")), "A keep-out is {name:"));
    BOOST_TEST(contains(errors_of(with_one("{x: 40, y: 50, radius: 5, height_mm: 50}")),
                        "keep_outs[0].height_mm is 50, allowed: 0 to 40 mm\n"));
    BOOST_TEST(contains(errors_of(with_one("{x: 40, y: 50, radius: 5, height_mm: 5, when: tool_down}")),
                        "A keep-out with when: tool_down"));
    // The pen lifts towards 0 and passes at 12; the airbrush lifts away from 0 and does not.
    BOOST_TEST(contains(errors_of(with_one("{x: 5, y: 5, radius: 20, height_mm: 12}")), "Parking is inside"));
    // From 10 on, towards 0 and away from it, both pass at 10.
    BOOST_TEST(errors_of(with_one("{x: 5, y: 5, radius: 20, height_mm: 10}")) == "");
    BOOST_TEST(contains(errors_of(with_one("{x: 5, y: 5, radius: 20, higher: 10}")), "radius, height_mm and when"));
}

BOOST_AUTO_TEST_CASE(anchors_that_contain_themselves_and_deep_files_end) {
    BOOST_TEST(!errors_of("machine: &a\n  work_area_mm: *a\n  again: *a\n").empty());
    for (const char c : {'[', '{'}) BOOST_TEST(!errors_of(std::string(100000, c)).empty());
    BOOST_TEST(!errors_of(std::string(2 << 20, ' ')).empty());
}

BOOST_AUTO_TEST_CASE(any_cut_or_damaged_file_is_read_or_refused_without_a_crash) {
    const std::string seed = seed_text();
    for (std::size_t cut = 0; cut < seed.find("gcode_directory"); cut += 97)
        BOOST_TEST(has_errors(read_machine(std::string_view(seed).substr(0, cut)).problems));
    unsigned state = 1;
    for (int round = 0; round < 150; ++round) {
        std::string text = seed;
        for (int change = 0; change < 4; ++change) {
            state = state * 1664525u + 1013904223u;
            text[(state >> 8) % text.size()] = static_cast<char>(state >> 24);
        }
        const reading r = read_machine(text);
        if (!has_errors(r.problems)) BOOST_TEST(!has_errors(validate(r.value)));
    }
}

BOOST_AUTO_TEST_CASE(a_value_is_written_back_and_every_other_byte_stays) {
    const std::string seed = seed_text();
    const auto edited = with_value(seed, "steppers.xy_rotation_distance", 32.064);
    BOOST_REQUIRE(edited.has_value());
    BOOST_TEST(*edited == with(seed, "xy_rotation_distance: 32.0   ", "xy_rotation_distance: 32.064 "));
    const auto offset = with_value(seed, "tools.airbrush.xy_offset_mm[1]", -12.25);
    BOOST_REQUIRE(offset.has_value());
    BOOST_TEST(*offset ==
               with(seed, "  airbrush:\n    xy_offset_mm: [0.0, 0.0]", "  airbrush:\n    xy_offset_mm: [0.0, -12.25]"));
    const auto z = with_value(seed, "steppers.z_rotation_distance", 8);
    BOOST_REQUIRE(z.has_value());
    BOOST_TEST(*z == with(seed, "z_rotation_distance: null ", "z_rotation_distance: 8    "));
    BOOST_TEST(read_machine(*z).value.steppers.z_rotation_distance.value() == 8.0);
}

BOOST_AUTO_TEST_CASE(a_comment_keeps_its_column_as_far_as_there_is_room) {
    const auto written = [](const char* line, double value, const char* path = "a") {
        return with_value(line, path, value).value();
    };
    BOOST_TEST(written("a: 10.0    # up\nb: 1\n", 9.25) == "a: 9.25    # up\nb: 1\n");
    BOOST_TEST(written("a: null  # up\n", 123.456) == "a: 123.456  # up\n");
    BOOST_TEST(written("a: 1 # up\n", 22) == "a: 22 # up\n");
    BOOST_TEST(written("a: 22 # up", 1) == "a: 1  # up");
    BOOST_TEST(written("a: [0.0, 0.0]   # x, y\r\n", -12.25, "a[1]") == "a: [0.0, -12.25]  # x, y\r\n");
    BOOST_TEST(written("{a: 1, b: 'x # y'} # c\n", 22) == "{a: 22, b: 'x # y'} # c\n");
    BOOST_TEST(written("a: 1#2\n", 3).find('#') == std::string::npos); // no comment, a word
}

BOOST_AUTO_TEST_CASE(a_quoted_number_and_windows_line_ends_survive_a_write_back) {
    BOOST_TEST(with_value("a: {b: '1.5', c: 2}\r\nd: \"3\" # e\r\n", "a.b", 7).value() ==
               "a: {b: 7, c: 2}\r\nd: \"3\" # e\r\n");
    BOOST_TEST(with_value("a: {b: '1.5', c: 2}\r\nd: \"3\" # e\r\n", "d", 0.5).value() ==
               "a: {b: '1.5', c: 2}\r\nd: 0.5 # e\r\n");
}

BOOST_AUTO_TEST_CASE(what_cannot_be_written_back_safely_is_left_alone) {
    BOOST_TEST(!with_value(seed_text(), "canvas.no_such_key", 1).has_value());
    BOOST_TEST(!with_value(seed_text(), "canvas", 1).has_value());
    BOOST_TEST(!with_value(seed_text(), "canvas.width_mm", std::nan("")).has_value());
    BOOST_TEST(!with_value("a: &x 5\nb: *x\n", "b", 1).has_value());
    BOOST_TEST(!with_value("a:\nb: 1\n", "a", 1).has_value());
    BOOST_TEST(!with_value("a: |\n  5\n", "a", 1).has_value());
    BOOST_TEST(!with_value("a: [1]\n", "a[9]", 1).has_value());
    BOOST_TEST(!with_value("a: [1]\n", "a[", 1).has_value());
    BOOST_TEST(!with_value("", "", 1).has_value());
}

BOOST_AUTO_TEST_CASE(the_manual_page_names_every_field) {
    std::ifstream in(std::string(KF_TESTS_DIR) + "/../man/machine.yaml.5.scd");
    const std::string page{std::istreambuf_iterator<char>(in), {}};
    BOOST_REQUIRE(!page.empty());
    machine m;
    for_each_field(m, [&](const std::string& path, const auto&, const rule&) {
        const std::string section = path.substr(0, path.find('.'));
        BOOST_TEST(contains(page, section), path);
        BOOST_TEST(contains(page, path.substr(path.rfind('.') + 1)), path);
    });
}

BOOST_AUTO_TEST_CASE(a_file_that_is_not_there_says_how_to_make_one) {
    const auto r = read_machine_file("/nonexistent/machine.yaml");
    BOOST_REQUIRE(!r.has_value());
    BOOST_TEST((r.error().code == kf::errc::not_found));
    BOOST_TEST(r.error().what == "there is no file /nonexistent/machine.yaml");
    BOOST_TEST(r.error().steps.front().starts_with("kplot machine init"));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace machine_file_test
