// SPDX-License-Identifier: MIT
#include <kf/cal/routine_backlash.hpp>
#include <kf/cal/routine_bed.hpp>
#include <kf/cal/routine_endstop.hpp>
#include <kf/cal/routine_limits.hpp>
#include <kf/cal/routine_offset.hpp>
#include <kf/cal/routine_square.hpp>
#include <kf/cal/routine_steps.hpp>
#include <kf/cal/routine_z.hpp>
#include <kf/machine/machine_file.hpp>
#include <kf/run/job_check.hpp>

#include <boost/test/unit_test.hpp>

#include <functional>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

namespace routines_test {

using namespace kf;
using namespace kf::cal;

machine::machine gantry() {
    static const machine::machine read = machine::read_machine(machine::template_text).value;
    return read;
}

/// A person who answers by name, and a machine that sees what it is told to see.
struct rehearsal {
    machine::machine m = gantry();
    std::function<result<routine_step>(const routine_notes&, const machine::machine&)> next;
    std::function<answer(const question&)> person;
    std::function<json::object(const std::string&, const act&)> saw = [](const std::string&, const act&) {
        return json::object{};
    };
    routine_notes notes = {};
    std::vector<std::string> deeds = {}, asked = {};
    std::vector<std::pair<std::string, act>> acts = {};

    result<conclusion> operator()() {
        for (int steps = 0; steps < 1000; ++steps) {
            KF_TRY(auto step, next(notes, m));
            if (auto* end = std::get_if<conclusion>(&step)) return std::move(*end);
            if (const auto* q = std::get_if<ask>(&step)) {
                asked.push_back(q->what.name);
                KF_TRY(const auto a, understand(q->what, to_text(person(q->what))));
                notes.hear(q->what.name, a);
                continue;
            }
            const deed& d = std::get<deed>(step);
            // Whatever is drawn is on the canvas.
            if (const auto* drawn = std::get_if<draw>(&d.what)) {
                job::stroke_source strokes([ops = drawn->operations, i = std::size_t{0}]() mutable {
                    if (i == ops.size()) return result<std::optional<job::step>>(std::nullopt);
                    const job::step s{i + 1, ops[i]};
                    ++i;
                    return result<std::optional<job::step>>(s);
                });
                KF_CHECK(run::check_job(std::move(strokes), m, {}));
            }
            deeds.push_back(d.name);
            acts.emplace_back(d.name, d.what);
            notes.end(d.name, saw(d.name, d.what));
        }
        return kf::fail(errc::failed, "the routine does not end");
    }
};

const json::object plain_look{{"rotation_x", 40.0},
                              {"rotation_y", 32.0},
                              {"microstep_x", 0.02},
                              {"second_x", true},
                              {"force_move", true},
                              {"skew_module", false},
                              {"skew_profiles", json::object{}},
                              {"endstop_phase", true}};
json::object looked(const std::string& name, const act&) { return name == "look" ? plain_look : json::object{}; }

std::function<answer(const question&)> by_name(std::vector<std::pair<std::string, answer>> answers) {
    return [answers = std::move(answers)](const question& q) -> answer {
        for (const auto& [name, value] : answers)
            if (name == q.name) return value;
        return std::string("nothing known of " + q.name);
    };
}

std::function<answer(const question&)> readings(const std::string& prefix, std::vector<double> values) {
    return [prefix, values = std::move(values)](const question& q) -> answer {
        const auto k = io::parse_decimal(q.name.substr(prefix.size()));
        return q.name.starts_with(prefix) && k ? values.at(static_cast<std::size_t>(*k) - 1) : -1.0;
    };
}

double number(const conclusion& c, const std::string& name) {
    for (const field& f : c.fields)
        if (f.name == name) {
            if (const auto* d = std::get_if<double>(&f.value)) return *d;
            if (const auto* b = std::get_if<bool>(&f.value)) return *b ? 1 : 0;
        }
    BOOST_ERROR("no field " + name);
    return 0;
}

const auto close = boost::test_tools::tolerance(1e-4);

BOOST_AUTO_TEST_SUITE(routines)

BOOST_AUTO_TEST_CASE(steps_takes_all_marks_and_changes_a_rotation_distance_that_is_proven_wrong) {
    steps_options o{.length = 180, .marks = 7, .with = {"a loupe", "", 0.02, 0, 0}};
    rehearsal r{.next = [&](const auto& n, const auto& m) { return next_of_steps(n, m, o); },
                .person = readings("mark_", {0.02, 30.24 - 0.10, 60.55 - 0.22, 90.73 - 0.28, 120.61, 150.75, 180.92}),
                .saw = looked};
    const auto c = r().value();
    BOOST_TEST(r.deeds == (std::vector<std::string>{"look", "ready", "draw"}));
    BOOST_TEST(number(c, "scale") == 1.005, boost::test_tools::tolerance(1e-3));
    BOOST_TEST(number(c, "new_rotation_distance") == 40 * number(c, "scale"), close);
    BOOST_TEST(c.machine.at(0).path == "steppers.x_rotation_distance");
    BOOST_TEST(c.printer.at(0).section == "stepper_x");
    BOOST_TEST(c.printer.at(1).section == "stepper_x1");
    BOOST_TEST(c.printer.at(1).was == "40");
}

BOOST_AUTO_TEST_CASE(the_example_of_the_plan_is_99_5_of_100_and_makes_39_8_of_40) {
    steps_options o{.length = 100, .marks = 2, .with = {"a loupe", "", 0.01, 0, 0}};
    rehearsal r{.next = [&](const auto& n, const auto& m) { return next_of_steps(n, m, o); },
                .person = readings("mark_", {0, 99.5}),
                .saw = looked};
    const auto c = r().value();
    BOOST_TEST(number(c, "new_rotation_distance") == 39.8, close);
    BOOST_TEST(c.machine.at(0).value == 39.8, close);
}

BOOST_AUTO_TEST_CASE(a_scale_that_a_ruler_cannot_prove_is_not_applied_and_it_says_what_reading_would) {
    steps_options o{.axis = 'y', .length = 240, .marks = 7, .with = {"a ruler", "", 0.5, 0, 0}};
    rehearsal r{.next = [&](const auto& n, const auto& m) { return next_of_steps(n, m, o); },
                .person = readings("mark_", {0, 40, 80.5, 120, 160, 200.5, 240}),
                .saw = looked};
    const auto c = r().value();
    BOOST_TEST(number(c, "applies") == 0);
    BOOST_TEST(c.machine.empty());
    BOOST_TEST(c.printer.empty());
    BOOST_TEST(c.text.find("is no more than its uncertainty of") != std::string::npos);
    BOOST_TEST(c.next.at(0).find("would decide") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_reading_that_cannot_be_is_refused_with_what_it_may_be) {
    steps_options o{.length = 180, .marks = 7};
    rehearsal r{.next = [&](const auto& n, const auto& m) { return next_of_steps(n, m, o); },
                .person = readings("mark_", {10, 40, 80}),
                .saw = looked};
    BOOST_TEST(r().error().cause == "a number from 67.2 to 72.8 mm is expected");
}

const double root2 = std::sqrt(2.0);

struct square_rehearsal {
    square_options o{.size = 150, .reading = {{"a fine caliper", "", 0.01, 0.01, 0.02, 150}, 1}};
    std::vector<std::pair<std::string, answer>> answers{
        {"ac", 150 * root2 + 0.53}, {"bd", 150 * root2 - 0.53}, {"ad", 150.0}, {"as", std::string("profile")}};
    json::object look = plain_look;
    rehearsal r{.next = [this](const auto& n, const auto& m) { return next_of_square(n, m, o); },
                .person = by_name(answers),
                .saw = [this](const std::string& name, const act&) { return name == "look" ? look : json::object{}; }};
};

BOOST_AUTO_TEST_CASE(a_lean_by_diagonals_becomes_a_skew_profile_in_printer_cfg_and_nothing_in_machine_yaml) {
    square_rehearsal s;
    const auto c = s.r().value();
    BOOST_TEST(number(c, "tangent") == 0.005, boost::test_tools::tolerance(1e-2));
    BOOST_TEST(c.machine.empty());
    BOOST_TEST(c.printer.at(0).section == "skew_correction");
    BOOST_TEST(c.printer.at(1).section == "skew_correction kcal");
    BOOST_TEST(c.printer.at(1).option == "xy_skew");
    BOOST_TEST(c.text.find("Behind this skew X goes from") != std::string::npos);
    BOOST_TEST(s.r.deeds == (std::vector<std::string>{"look", "ready", "draw"}));
}

BOOST_AUTO_TEST_CASE(a_profile_adds_to_the_one_that_was_loaded_while_it_was_drawn) {
    const auto total = [](double in_the_look, std::optional<double> while_drawn) {
        square_rehearsal s;
        s.look["skew_tangent"] = in_the_look;
        s.r.saw = [&](const std::string& name, const act&) -> json::object {
            if (name == "look") return s.look;
            if (name == "draw" && while_drawn) return {{"skew_tangent", *while_drawn}, {"skew_loaded", "kcal"}};
            return {};
        };
        const auto c = s.r().value();
        BOOST_TEST((c.text.find("drawn behind the profile") != std::string::npos) ==
                   (while_drawn.value_or(in_the_look) != 0));
        return io::parse_decimal(c.printer.at(1).becomes).value() - number(c, "tangent");
    };
    BOOST_TEST(std::fabs(total(0.004, 0.0)) < 2e-6); // RESTART came between
    BOOST_TEST(std::fabs(total(0, 0.004) - 0.004) < 2e-6);
    BOOST_TEST(std::fabs(total(0.004, std::nullopt) - 0.004) < 2e-6); // noted by an older version
}

BOOST_AUTO_TEST_CASE(a_lean_that_is_not_proven_is_not_corrected) {
    square_rehearsal s;
    s.r.person = by_name({{"ac", 150 * root2 + 0.005}, {"bd", 150 * root2 - 0.005}, {"ad", 150.0}});
    const auto c = s.r().value();
    BOOST_TEST(number(c, "applies") == 0);
    BOOST_TEST(c.printer.empty());
    BOOST_TEST(c.next.at(0).find("would decide") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(racking_moves_the_second_motor_against_the_lean) {
    for (const auto& [end, sign] : {std::pair{"far", -1.0}, {"near", 1.0}}) {
        square_rehearsal s;
        s.answers[3].second = std::string("racking");
        s.answers.insert(s.answers.end(), {{"span", 300.0}, {"second", std::string(end)}});
        s.r.person = by_name(s.answers);
        const auto c = s.r().value();
        BOOST_TEST(s.r.deeds.back() == "rack");
        BOOST_TEST(std::get<rack>(s.r.acts.back().second).distance == sign * 300 * number(c, "tangent"), close);
        BOOST_TEST(c.printer.empty());
    }
}

BOOST_AUTO_TEST_CASE(what_is_measured_behind_a_loaded_profile_comes_on_top_of_it) {
    square_rehearsal s;
    s.look["skew_module"] = true;
    s.look["skew_profiles"] = json::object{{"kcal", 0.004}};
    s.look["skew_loaded"] = "kcal";
    s.look["skew_tangent"] = 0.004;
    const auto c = s.r().value();
    const auto& change = c.printer.at(0);
    BOOST_TEST(change.section == "skew_correction kcal");
    BOOST_TEST(change.was == "0.004");
    BOOST_TEST(io::parse_decimal(change.becomes).value() == 0.004 + number(c, "tangent"),
               boost::test_tools::tolerance(1e-3));
    BOOST_TEST(c.draw_to_verify == "kcal square --anew");
}

BOOST_AUTO_TEST_CASE(racking_besides_a_skew_profile_would_correct_twice_and_is_refused) {
    square_rehearsal s;
    s.look["skew_profiles"] = json::object{{"mine", 0.004}};
    s.answers[3].second = std::string("racking");
    s.r.person = by_name(s.answers);
    const auto e = s.r().error();
    BOOST_TEST((e.code == errc::refused));
    BOOST_TEST(e.what == "printer.cfg has a skew profile \"mine\": racking besides would correct twice");
    BOOST_TEST(s.r.deeds.back() == "draw");
}

BOOST_AUTO_TEST_CASE(a_profile_besides_a_racked_gantry_is_refused) {
    square_rehearsal s;
    s.look["racked"] = "the second X motor went -2.1 mm alone";
    const auto e = s.r().error();
    BOOST_TEST((e.code == errc::refused));
    BOOST_TEST(e.cause == "the second X motor went -2.1 mm alone");
    // "as" is answered in the journal: --answer says nothing new to it.
    for (const std::string& step : e.steps) BOOST_TEST(step.find("--anew") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_motor_that_may_have_gone_its_way_does_not_go_it_twice) {
    square_rehearsal s;
    s.answers[3].second = std::string("racking");
    s.answers.insert(s.answers.end(), {{"span", 300.0}, {"second", std::string("far")}});
    s.r.person = by_name(s.answers);
    s.r.notes.begin("rack"); // a kill came before its end
    const auto e = s.r().error();
    BOOST_TEST((e.code == errc::refused));
    BOOST_TEST(e.what == "it is not known whether the second X motor went its way");
    BOOST_TEST(s.r.deeds.empty());
}

BOOST_AUTO_TEST_CASE(without_force_move_racking_is_not_offered) {
    square_rehearsal s;
    s.look["force_move"] = false;
    s.answers[3].second = std::string("racking");
    s.r.person = by_name(s.answers);
    BOOST_TEST((s.r().error().code == errc::usage));
}

/// From corner to corner of all that a routine draws, mm.
mm drawn_across(const std::vector<std::pair<std::string, act>>& acts) {
    job::point low{1e9, 1e9}, high{-1e9, -1e9};
    for (const auto& [name, what] : acts)
        if (const auto* drawn = std::get_if<draw>(&what))
            for (const job::operation& op : drawn->operations)
                if (const auto* line = std::get_if<job::draw_polyline>(&op))
                    for (const job::point& p : line->points) {
                        low = {std::min(low.x, p.x), std::min(low.y, p.y)};
                        high = {std::max(high.x, p.x), std::max(high.y, p.y)};
                    }
    return std::hypot(high.x - low.x, high.y - low.y);
}

BOOST_AUTO_TEST_CASE(no_length_is_drawn_that_its_instrument_does_not_reach) {
    using method = square_options::method;
    const auto across = [](const square_options& o) {
        rehearsal r{.next = [&](const auto& n, const auto& m) { return next_of_square(n, m, o); },
                    .person = [](const question&) -> answer { return std::string("not read"); },
                    .saw = looked};
        BOOST_TEST(!r().has_value());
        return drawn_across(r.acts);
    };
    constexpr mm marks = 9; // half a cross beyond either corner
    for (const method how : {method::diagonals, method::triangle})
        for (const instrument& with : instruments) {
            const mm longest = across({.how = how, .reading = {.with = with}});
            BOOST_TEST(longest <= longest_read(with) + marks, with.name << ": " << longest);
            BOOST_TEST(longest >= 100, with.name << ": " << longest);
        }
    // Somebody has a longer one.
    BOOST_TEST(across({.size = 160, .reading = {.with = instruments[0]}}) > 160 * root2);
}

BOOST_AUTO_TEST_CASE(a_length_is_asked_for_in_whole_tenths) {
    BOOST_TEST(about(254.558441, 6.4).min == 248.1);
    BOOST_TEST(about(254.558441, 6.4).max == 261.0);
    BOOST_TEST(about(70, 2.8).min == 67.2);
    BOOST_TEST(about(70, 2.8).max == 72.8);
}

BOOST_AUTO_TEST_CASE(a_triangle_and_a_turned_sheet_find_the_same_lean) {
    square_rehearsal s;
    s.o.how = square_options::method::triangle;
    s.r.person = by_name(
        {{"a", 150.0}, {"b", 112.5}, {"c", 187.5 + 0.006 * 150 * 112.5 / 187.5}, {"as", std::string("nothing")}});
    BOOST_TEST(number(s.r().value(), "tangent") == 0.006, boost::test_tools::tolerance(2e-3));

    square_rehearsal turned;
    turned.o.how = square_options::method::reversal;
    turned.o.size = 90;
    turned.r.person = by_name({{"turned", std::string("done")},
                               {"laid", std::string("done")},
                               {"base", 0.2},
                               {"aside", 2 * 0.006 * 90 - 0.2},
                               {"as", std::string("nothing")}});
    BOOST_TEST(number(turned.r().value(), "tangent") == 0.006, close);
    BOOST_TEST(turned.r.deeds ==
               (std::vector<std::string>{"look", "ready", "draw", "corner", "along", "look_again", "again"}));
}

BOOST_AUTO_TEST_CASE(two_drawings_of_one_square_are_made_behind_one_skew) {
    const auto run = [](double first, double second) {
        square_rehearsal turned;
        turned.o.how = square_options::method::reversal;
        turned.o.size = 90;
        turned.r.saw = [&](const std::string& name, const act& a) -> json::object {
            if (name == "look") return turned.look;
            if (name == "draw" && first != 0) return {{"skew_tangent", first}, {"skew_loaded", "kcal"}};
            if (name == "draw") return {{"skew_tangent", first}};
            // The printer refuses here by itself when it is another one.
            if (name == "look_again") BOOST_TEST(std::get<look>(a).as_before->tangent == first);
            return name == "again" ? json::object{{"skew_tangent", second}} : json::object{};
        };
        turned.r.person = by_name({{"turned", std::string("done")},
                                   {"laid", std::string("done")},
                                   {"base", 0.2},
                                   {"aside", 2 * 0.006 * 90 - 0.2},
                                   {"as", std::string("nothing")}});
        return turned.r();
    };
    BOOST_TEST(run(0, 0).has_value());
    BOOST_TEST(run(0.004, 0.004).has_value());
    for (const auto& [first, second] : {std::pair{0.0, 0.004}, {0.004, 0.0}, {0.004, 0.005}}) {
        const auto refused = run(first, second);
        BOOST_TEST_REQUIRE(!refused.has_value());
        BOOST_TEST((refused.error().code == errc::refused));
        BOOST_TEST(refused.error().what == "the skew has changed since the first drawing");
    }
    BOOST_TEST(run(0.004, 0).error().steps.at(0) == "load it again: SKEW_PROFILE LOAD=kcal");
    BOOST_TEST(run(0, 0.004).error().steps.at(0).starts_with("end it: SET_SKEW CLEAR=1"));
}

/// Answers of a pen that touches from `touch` on.
std::function<answer(const question&)> pen_at(const rehearsal& r, mm touch, double down) {
    return [&r, touch, down](const question& q) -> answer {
        if (q.name.starts_with("mark_")) return (std::get<touch_paper>(r.acts.back().second).z - touch) * down >= 0;
        return true;
    };
}

BOOST_AUTO_TEST_CASE(z_finds_the_touch_and_never_presses_more_than_a_step) {
    z_options o;
    rehearsal r{.next = [&](const auto& n, const auto& m) { return next_of_z(n, m, o); }};
    r.person = pen_at(r, 19.37, 1);
    const auto c = r().value();
    for (const auto& [name, a] : r.acts)
        if (const auto* dip = std::get_if<touch_paper>(&a)) BOOST_TEST(dip->z <= 19.37 + 1);
    BOOST_TEST(number(c, "pen_touch_mm") == 19.37, boost::test_tools::tolerance(0.002));
    BOOST_TEST(std::fabs(number(c, "pen_touch_mm") - 19.37) <= number(c, "pen_touch_u95_mm"));
    BOOST_TEST(c.machine.at(0).path == "z_states.pen_work_mm");
    BOOST_TEST(c.machine.at(1).path == "z_reference.touch_off_mm");
    BOOST_TEST(c.machine.at(1).value == c.machine.at(0).value);
    BOOST_TEST(c.machine.back().path == "z_states.travel_mm");
    BOOST_TEST(c.machine.back().value == number(c, "pen_touch_mm") - 5, boost::test_tools::tolerance(1e-3));
}

BOOST_AUTO_TEST_CASE(z_of_a_machine_whose_pen_is_down_at_a_low_z) {
    z_options o;
    rehearsal r{.next = [&](const auto& n, const auto& m) { return next_of_z(n, m, o); }};
    r.m.tools.resize(1);
    r.m.tools[0].work_mm = 1;
    r.person = pen_at(r, 2.61, -1);
    const auto c = r().value();
    BOOST_TEST(std::fabs(number(c, "pen_touch_mm") - 2.61) <= number(c, "pen_touch_u95_mm"));
    BOOST_TEST(number(c, "travel_mm") == number(c, "pen_touch_mm") + 5, boost::test_tools::tolerance(1e-3));
}

BOOST_AUTO_TEST_CASE(z_asks_before_it_goes_past_the_floor_and_stops_at_the_word_no) {
    for (const bool goes_on : {true, false}) {
        z_options o;
        rehearsal r{.next = [&](const auto& n, const auto& m) { return next_of_z(n, m, o); }};
        const auto touches = pen_at(r, 21.4, 1); // beyond the work height, which is the floor
        r.person = [&](const question& q) -> answer {
            if (q.name != "past_floor_pen") return touches(q);
            BOOST_TEST(std::get<touch_paper>(r.acts.back().second).z == 20.0);
            return goes_on;
        };
        const auto c = r();
        BOOST_TEST(c.has_value() == goes_on);
        if (c) BOOST_TEST(std::fabs(number(*c, "pen_touch_mm") - 21.4) <= number(*c, "pen_touch_u95_mm"));
        if (!c) BOOST_TEST((c.error().code == errc::refused));
    }
}

BOOST_AUTO_TEST_CASE(z_of_two_tools_has_travel_half_way_between_and_a_spray_height) {
    z_options o{.tools = {"pen", "airbrush"}};
    rehearsal r{.next = [&](const auto& n, const auto& m) { return next_of_z(n, m, o); }};
    r.person = [&](const question& q) -> answer {
        if (!q.name.starts_with("mark_")) return true;
        const auto& dip = std::get<touch_paper>(r.acts.back().second);
        return dip.tool == "pen" ? dip.z >= 19.37 : dip.z <= -2.4;
    };
    r.m.work_area_min_mm.z = -5;
    const auto c = r().value();
    BOOST_TEST(std::fabs(number(c, "airbrush_touch_mm") + 2.4) <= number(c, "airbrush_touch_u95_mm"));
    BOOST_TEST(number(c, "airbrush_work_mm") == number(c, "airbrush_touch_mm") + 3, boost::test_tools::tolerance(1e-2));
    BOOST_TEST(number(c, "travel_mm") == (19.37 - 2.4) / 2, boost::test_tools::tolerance(0.005));
}

BOOST_AUTO_TEST_CASE(endstop_compares_its_scatter_with_a_microstep) {
    endstop_options o{.cycles = 5};
    rehearsal r{.next = [&](const auto& n, const auto& m) { return next_of_endstop(n, m, o); },
                .person = by_name({}),
                .saw =
                    [](const std::string& name, const act&) {
                        if (name == "look") return plain_look;
                        const std::vector<double> places{0, 0.02, 0, -0.02, 0};
                        if (!name.starts_with("home_")) return json::object{};
                        return json::object{{"position", places.at(static_cast<std::size_t>(name.back() - '1'))}};
                    }};
    const auto c = r().value();
    BOOST_TEST(number(c, "range_mm") == 0.04, close);
    BOOST_TEST(number(c, "mean_mm") + 1 == 1.0, close);
    BOOST_TEST(number(c, "microstep_mm") == 0.02, close);
    BOOST_TEST(number(c, "ok") == 1);
    BOOST_TEST(r.asked.empty());
}

BOOST_AUTO_TEST_CASE(backlash_and_offset_have_the_figures_of_the_facts) {
    backlash_options b;
    rehearsal r{.next = [&](const auto& n, const auto& m) { return next_of_backlash(n, m, b); },
                .person = readings("reading_", {0.15, 0.20, 0.15, 0.10, 0.15})};
    const auto lost = r().value();
    BOOST_TEST(number(lost, "backlash_mm") == 0.150, close);
    BOOST_TEST(number(lost, "backlash_u95_mm") == 0.046, boost::test_tools::tolerance(0.01));
    BOOST_TEST(number(lost, "degrees_of_freedom") == 13.4, boost::test_tools::tolerance(0.01));

    offset_options o;
    rehearsal two{.next = [&](const auto& n, const auto& m) { return next_of_offset(n, m, o); }};
    two.m.tools[1].xy_offset_mm = {0.5, 0};
    two.m.work_area_min_mm.z = two.m.tools[1].work_mm - 4;
    two.person = [](const question& q) -> answer {
        if (q.name == "pen_in") return std::string("done");
        const std::vector<double> x{3.20, 3.25, 3.15, 3.20}, y{-1.70, -1.65, -1.70, -1.75};
        return (q.name[0] == 'x' ? x : y).at(static_cast<std::size_t>(q.name.back() - '1'));
    };
    const auto aside = two().value();
    BOOST_TEST(number(aside, "x_aside_mm") == 3.2, close);
    BOOST_TEST(number(aside, "x_aside_u95_mm") == 0.0597, boost::test_tools::tolerance(0.03));
    BOOST_TEST(aside.machine.at(0).path == "tools.airbrush.xy_offset_mm[0]");
    BOOST_TEST(aside.machine.at(0).value == 0.5 - 3.2, close);
    BOOST_TEST(aside.machine.at(1).value == 1.7, close);
    BOOST_TEST(two.deeds == (std::vector<std::string>{"look", "ready", "draw_first", "draw_second"}));
    BOOST_TEST(std::get<draw>(two.acts.back().second).reach == 3.0);
}

BOOST_AUTO_TEST_CASE(a_pen_that_z_cannot_lower_from_the_spray_height_stands_out_of_its_holder) {
    machine::machine m = machine::sim_machine();
    machine::tool& t = m.tools[1];
    t.spray_height_mm = 3;
    const auto pen = [&](mm room) {
        m.work_area_min_mm.z = t.work_mm - room; // -Z is its way to the paper
        const auto p = pen_instead_of_spray(m, t);
        return std::pair(p.lower, p.stands_out);
    };
    BOOST_TEST((pen(5) == std::pair(3.0, 0.0)));
    BOOST_TEST((pen(1) == std::pair(1.0, 2.0)));
    BOOST_TEST((pen(0) == std::pair(0.0, 3.0))); // the template's
    m.work_area_mm.z = t.work_mm + 2;
    m.z_states.travel_mm = t.work_mm - 10;
    BOOST_TEST((pen(0) == std::pair(2.0, 1.0)));
    offset_options o;
    rehearsal r{.next = [&](const auto& n, const auto& mm) { return next_of_offset(n, mm, o); }, .saw = looked};
    r.m = machine::sim_machine();
    r.m.tools[1].spray_height_mm = 3;
    r.m.work_area_min_mm.z = r.m.tools[1].work_mm; // no room for it, and the pen has its own
    std::string told;
    r.person = [&](const question& q) -> answer {
        if (q.name != "pen_in") return 0.0;
        told = q.text;
        return std::string("done");
    };
    BOOST_REQUIRE(r().has_value());
    BOOST_TEST(told.find("3 mm beyond the nozzle towards the paper") != std::string::npos);
    BOOST_TEST(std::get<draw>(r.acts.back().second).reach == 0.0);
}

BOOST_AUTO_TEST_CASE(what_speed_is_verified_within_has_no_value_below_the_one_that_held) {
    limits_options o{.first = 20, .last = 80, .step = 10};
    rehearsal r{.next = [&](const auto& n, const auto& m) { return next_of_limits(n, m, o); }, .saw = looked};
    r.person = [](const question& q) -> answer { return q.name.back() < '3'; };
    const auto c = r().value();
    BOOST_TEST(c.predicted.at(0).value == 30.0);
    BOOST_TEST(c.predicted.at(0).least() == 30.0);
    BOOST_TEST(c.predicted.at(0).most() == 40.0);
}

BOOST_AUTO_TEST_CASE(speed_stops_at_the_first_trial_that_lost_a_step_and_takes_the_one_before) {
    limits_options o{.first = 20, .last = 80, .step = 10};
    rehearsal r{.next = [&](const auto& n, const auto& m) { return next_of_limits(n, m, o); }, .saw = looked};
    r.person = [](const question& q) -> answer { return 20 + 10 * (q.name.back() - '1') <= 61; };
    const auto c = r().value();
    BOOST_TEST(number(c, "best") == 60.0);
    BOOST_TEST(number(c, "bad") == 70.0);
    BOOST_TEST(r.deeds.back() == "draw_6");
    BOOST_TEST(c.machine.at(0).path == "motion.max_velocity_mm_s");
    BOOST_TEST(c.machine.at(0).value == 60.0);
    BOOST_TEST(c.machine.at(1).path == "tools.pen.travel_feed_mm_s"); // 80 would be above the limit now
    BOOST_TEST(std::get<draw>(r.acts.back().second).up_to.value() == 70.0);
}

BOOST_AUTO_TEST_CASE(a_limit_that_was_not_met_lowers_nothing) {
    limits_options o{.of = limits_options::what::acceleration, .axis = 'y', .first = 1000, .last = 3000, .step = 1000};
    rehearsal r{.next = [&](const auto& n, const auto& m) { return next_of_limits(n, m, o); },
                .person = [](const question&) -> answer { return true; },
                .saw = looked};
    const auto c = r().value();
    BOOST_TEST(number(c, "limit_met") == 0);
    BOOST_TEST(c.machine.empty());
    BOOST_TEST(std::get<draw>(r.acts.back().second).accel.value() == 3000.0);
}

BOOST_AUTO_TEST_CASE(bed_finds_the_plane_from_the_number_of_dots_at_each_place) {
    bed_options o{.range = 0.6, .step = 0.1, .allowed = 0.2};
    rehearsal r{.next = [&](const auto& n, const auto& m) { return next_of_bed(n, m, o); }};
    // It falls by 0.4 from left to right: the pen has to go farther there.
    r.person = [](const question& q) -> answer {
        if (q.name == "deep") return true;
        const int column = (q.name.back() - '1') % 3;
        return 9.0 - 2 * column;
    };
    const auto c = r().value();
    const machine::machine m = gantry();
    const double width = free_canvas(m, 15).width();
    BOOST_TEST(number(c, "along_x") == 0.4 / width, close);
    BOOST_TEST(number(c, "along_y") + 1 == 1.0, close);
    BOOST_TEST(number(c, "span_mm") == 0.4, close);
    BOOST_TEST(number(c, "greatest_residual_mm") + 1 == 1.0, close);
    BOOST_TEST(number(c, "ok") == 0);
    BOOST_TEST(r.deeds.size() == 1 + 9 * 13u);
}

BOOST_AUTO_TEST_CASE(the_acceleration_of_before_comes_back_though_a_trial_was_killed) {
    limits_options o{.of = limits_options::what::acceleration, .axis = 'x', .first = 500, .last = 900, .step = 200};
    rehearsal r{.next = [&](const auto& n, const auto& m) { return next_of_limits(n, m, o); },
                .person = [](const question&) -> answer { return true; },
                .saw =
                    [](const std::string& name, const act&) {
                        return name == "look" ? json::object{{"max_accel", 3000.0}, {"accel_now", 2500.0}}
                                              : json::object{};
                    }};
    BOOST_REQUIRE(r().has_value());
    int trials = 0;
    for (const auto& [name, what] : r.acts)
        if (const auto* drawn = std::get_if<draw>(&what)) {
            ++trials;
            BOOST_TEST(drawn->accel.has_value());
            BOOST_TEST(drawn->accel_after.value() == 2500);
        }
    BOOST_TEST(trials == 3);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace routines_test
