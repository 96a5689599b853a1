// SPDX-License-Identifier: MIT
#include "../temporary_folder.hpp"

#include <kf/cal/calibration_record.hpp>
#include <kf/cal/write_back.hpp>
#include <kf/machine/machine_difference.hpp>
#include <kf/machine/machine_text.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

namespace write_back_test {

using namespace kf;
using namespace kf::cal;

std::string with(std::string text, std::string_view old, std::string_view fresh) {
    const auto at = text.find(old);
    BOOST_REQUIRE(at != std::string::npos);
    return text.replace(at, old.size(), fresh);
}

BOOST_AUTO_TEST_SUITE(write_back_)

BOOST_AUTO_TEST_CASE(a_value_is_replaced_and_every_other_byte_stays) {
    const std::string before(machine::template_text);
    const auto plan = plan_write_back(before, {{"steppers.x_rotation_distance", 31.68}}, "m.yaml").value();
    BOOST_TEST(plan.after == with(before, "x_rotation_distance: null  ", "x_rotation_distance: 31.68 "));
    BOOST_TEST(plan.before == before);
    BOOST_TEST(machine::difference(plan.before, plan.after, "m.yaml") ==
               "--- m.yaml\n+++ m.yaml\n@@ line 83 @@\n"
               "   xy_rotation_distance: 32.0     # belt pitch x teeth\n"
               "-  x_rotation_distance: null      # as kcal steps x found it; null: as xy\n"
               "+  x_rotation_distance: 31.68     # as kcal steps x found it; null: as xy\n"
               "   y_rotation_distance: null\n");
}

BOOST_AUTO_TEST_CASE(a_file_that_has_no_such_line_gets_one_behind_its_sibling) {
    const std::string old = with(with(std::string(machine::template_text),
                                      "  x_rotation_distance: null      # as kcal steps x found it; null: as xy\n", ""),
                                 "  y_rotation_distance: null\n", "");
    const auto plan =
        plan_write_back(old, {{"steppers.x_rotation_distance", 31.68, "steppers.xy_rotation_distance"}}, "m.yaml")
            .value();
    BOOST_TEST(plan.after ==
               with(old, "# belt pitch x teeth\n", "# belt pitch x teeth\n  x_rotation_distance: 31.68\n"));
    BOOST_TEST(!plan.values.at(0).was.has_value());
    BOOST_TEST(machine::difference(plan.before, plan.after, "m.yaml") ==
               "--- m.yaml\n+++ m.yaml\n@@ line 83 @@\n"
               "   xy_rotation_distance: 32.0     # belt pitch x teeth\n"
               "+  x_rotation_distance: 31.68\n"
               "   z_rotation_distance: null      # fill in when Z is wired\n");
    // Windows' line ends stay what they are, and a file without a last newline gets none.
    BOOST_TEST(machine::with_value("a:\r\n  b: 1\r\nc: 2\r\n", "a.d", 3, "a.b").value() ==
               "a:\r\n  b: 1\r\n  d: 3\r\nc: 2\r\n");
    BOOST_TEST(machine::with_value("a:\n  b: 1", "a.d", 3, "a.b").value() == "a:\n  b: 1\n  d: 3");
    BOOST_TEST(!machine::with_value("a: {b: 1}\n", "a.d", 3, "a.b").has_value());
}

BOOST_AUTO_TEST_CASE(lines_that_change_one_behind_the_other_are_none_that_stay) {
    BOOST_TEST(machine::difference("a\nb\nc\nd\ne\n", "a\nB\nC\nd\ne\n", "f") ==
               "--- f\n+++ f\n@@ line 2 @@\n a\n-b\n+B\n-c\n+C\n d\n");
    BOOST_TEST(machine::difference("a\nb\nc\nd\n", "a\nB\nc\nD\n", "f") ==
               "--- f\n+++ f\n@@ line 2 @@\n a\n-b\n+B\n c\n@@ line 4 @@\n-d\n+D\n");
}

BOOST_AUTO_TEST_CASE(what_would_make_a_machine_with_a_fault_is_not_written) {
    const auto plan =
        plan_write_back(std::string(machine::template_text), {{"steppers.x_rotation_distance", 40}}, "m.yaml");
    BOOST_TEST((plan.error().code == errc::malformed));
    BOOST_TEST(plan.error().what == "what was found does not fit into m.yaml");
    BOOST_TEST(plan.error().cause.find("steppers.x_rotation_distance is 40, allowed: 31.36 to 32.64 mm") !=
               std::string::npos);
}

struct files {
    test::temporary_folder folder;
    std::filesystem::path file = folder / "machine.yaml", kept = folder / "kept/old.yaml", history = folder / "h.jsonl";
    std::string before{machine::template_text};
    write_back plan = plan_write_back(before, {{"steppers.x_rotation_distance", 31.68}}, "m.yaml").value();

    files() { BOOST_REQUIRE(io::write_file(file, before, 0600).has_value()); }
    [[nodiscard]] std::string now() const { return io::read_file(file).value(); }
};

BOOST_AUTO_TEST_CASE(the_old_file_is_kept_and_a_second_write_changes_nothing) {
    const files f;
    BOOST_REQUIRE(write(f.plan, f.file, f.kept).has_value());
    BOOST_TEST(f.now() == f.plan.after);
    BOOST_TEST(io::read_file(f.kept).value() == f.before);
    BOOST_TEST((std::filesystem::status(f.file).permissions() == std::filesystem::perms(0600)));
    BOOST_TEST(write(f.plan, f.file, f.kept).has_value());
    BOOST_TEST(io::read_file(f.kept).value() == f.before);
}

BOOST_AUTO_TEST_CASE(a_file_that_somebody_changed_meanwhile_stays_as_it_is) {
    const files f;
    BOOST_REQUIRE(io::write_file(f.file, f.before + "# mine\n").has_value());
    BOOST_TEST((write(f.plan, f.file, f.kept).error().code == errc::refused));
    BOOST_TEST(f.now() == f.before + "# mine\n");
}

BOOST_AUTO_TEST_CASE(undo_gives_the_file_of_before_back_also_where_a_long_value_pushed_its_comment_away) {
    const std::string before(machine::template_text);
    const auto at = before.find("travel_mm: 10.0");
    BOOST_REQUIRE(at != std::string::npos);
    std::string narrow = before;
    narrow.replace(at, narrow.find('\n', at) - at, "travel_mm: 10 # up");
    const auto plan = plan_write_back(narrow, {{"z_states.travel_mm", 10.125}}, "m.yaml").value();
    BOOST_TEST(plan.after.find("travel_mm: 10.125 # up\n") != std::string::npos);
    const calibration_record z{"", "z", "", {}, "/m.yaml", "/kept", plan.values};
    BOOST_TEST(plan_undo(plan.after, z, narrow).value().after == narrow);
}

BOOST_AUTO_TEST_CASE(a_link_stays_a_link) {
    const files f;
    const auto link = f.folder / "link.yaml";
    std::filesystem::create_symlink(f.file, link);
    BOOST_REQUIRE(write(f.plan, link, f.kept).has_value());
    BOOST_TEST(std::filesystem::is_symlink(link));
    BOOST_TEST(f.now() == f.plan.after);
}

int effects_until_failure = 0;
result<void> fail_the_nth(io::effect_kind, std::string_view) {
    if (--effects_until_failure == 0) return kf::fail(errc::io, "no space left");
    return {};
}

/// Each change of a file is one atomic step: whichever of them fails, both files are whole ones.
BOOST_AUTO_TEST_CASE(whatever_step_fails_machine_yaml_is_a_whole_file) {
    for (int nth = 1;; ++nth) {
        const files f;
        effects_until_failure = nth;
        io::installed_effect_probe = fail_the_nth;
        const auto done = write(f.plan, f.file, f.kept);
        io::installed_effect_probe = nullptr;
        const std::string now = f.now();
        BOOST_TEST((now == f.before || now == f.plan.after));
        if (now == f.plan.after) BOOST_TEST(io::read_file(f.kept).value() == f.before);
        if (done) break;
        BOOST_REQUIRE(nth < 50);
    }
}

BOOST_AUTO_TEST_CASE(what_was_null_is_null_again_in_the_history_of_an_undo) {
    const files f;
    const calibration_record r{"", "steps", "", {}, "/m.yaml", "/kept", f.plan.values};
    const auto undo = plan_undo(f.plan.after, r, f.before).value();
    BOOST_TEST(undo.values.at(0).was.value() == 31.68);
    BOOST_TEST(!undo.values.at(0).becomes.has_value());
    BOOST_REQUIRE(append(f.history, {"", "undo", "", {}, "/m.yaml", "/kept", undo.values}).has_value());
    BOOST_TEST((read_history(f.history).value().at(0).values == undo.values));
}

BOOST_AUTO_TEST_CASE(undo_takes_back_the_newest_change_that_still_stands) {
    const files f;
    calibration_record r{"2026-11-27T12:00:00Z", "steps", "text", {{"scale", 1.01}}, "/m.yaml", "/kept", f.plan.values};
    BOOST_REQUIRE(append(f.history, r).has_value());
    auto all = read_history(f.history).value();
    BOOST_REQUIRE(all.size() == 1);
    BOOST_TEST((all[0].values == f.plan.values));
    BOOST_TEST(all[0].found.at("scale").as_double() == 1.01);

    const auto change = last_change(all, "/m.yaml", f.plan.after);
    BOOST_REQUIRE(change.has_value());
    BOOST_TEST(plan_undo(f.plan.after, *change, f.before).value().after == f.before);
    // What a person changed since stays; without the kept file a value comes back as a number, in our notation.
    const auto mine = [](const std::string& text) { return with(text, "x: 250.0 ", "x: 260.0 "); };
    BOOST_TEST(plan_undo(mine(f.plan.after), *change, f.before).value().after == mine(f.before));
    BOOST_TEST(plan_undo(f.plan.after, *change, kf::fail(errc::not_found, "")).value().after == f.before);
    const auto travel = plan_write_back(f.before, {{"z_states.travel_mm", 9.5}}, "m.yaml").value();
    const calibration_record z{"", "z", "", {}, "/m.yaml", "/kept", travel.values};
    BOOST_TEST(plan_undo(travel.after, z, f.before).value().after == f.before);
    BOOST_TEST(plan_undo(travel.after, z, kf::fail(errc::not_found, "")).value().after ==
               with(f.before, "travel_mm: 10.0 ", "travel_mm: 10   "));
    BOOST_TEST(!last_change(all, "/m.yaml", f.before).has_value());
    BOOST_TEST(!last_change(all, "/other.yaml", f.plan.after).has_value());
}

BOOST_AUTO_TEST_CASE(printer_cfg_is_a_diff_by_sections) {
    BOOST_TEST(difference({{"stepper_x", "rotation_distance", "32", "31.68"},
                           {"stepper_x1", "rotation_distance", "32", "31.68"},
                           {"skew_correction", "", "", ""},
                           {"skew_correction kcal", "xy_skew", "", "0.006981"}}) ==
               "--- printer.cfg\n+++ printer.cfg\n [stepper_x]\n-rotation_distance: 32\n+rotation_distance: 31.68\n"
               " [stepper_x1]\n-rotation_distance: 32\n+rotation_distance: 31.68\n+[skew_correction]\n"
               "+[skew_correction kcal]\n+xy_skew: 0.006981\n");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace write_back_test
