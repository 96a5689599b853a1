// SPDX-License-Identifier: MIT
#include "../temporary_folder.hpp"
#include "fake_printer.hpp"

#include <kf/run/job_check.hpp>
#include <kf/run/path_watch.hpp>
#include <kf/run/preflight.hpp>

#include <boost/test/unit_test.hpp>

namespace loaded_skew_test {

using namespace kf;
using namespace kf::test;

/// The printer behind a profile of 0.4 degrees, its motors where Klipper drives them for G-code's X100 Y200.
json::object skewed_status(double tangent = 0.00698143) {
    auto status = ready_status();
    status["skew_correction"] = json::object{{"current_profile_name", "Gantry"}};
    // Klipper's settings have sections in lower case.
    status["configfile"].as_object()["settings"].as_object()["skew_correction gantry"] =
        json::object{{"xy_skew", tangent}, {"xz_skew", 0.0}, {"yz_skew", 0.0}};
    status["toolhead"].as_object()["position"] = json::array{100 - 200 * tangent, 200.0, 10.0, 0.0};
    status["gcode_move"].as_object()["position"] = json::array{100.0, 200.0, 10.0, 0.0};
    status["gcode_move"].as_object()["gcode_position"] = json::array{100.0, 200.0, 10.0, 0.0};
    return status;
}
json::object& profile_of(json::object& status) {
    return status["configfile"].as_object()["settings"].as_object()["skew_correction gantry"].as_object();
}
result<run::printer_facts> facts_of(const json::object& status, const machine::machine& m = machine::sim_machine()) {
    return run::read_facts(m, live_objects, status);
}
void refused(const json::object& status, errc code, const std::string& part) {
    const auto facts = facts_of(status);
    BOOST_REQUIRE(!facts);
    BOOST_TEST(name(facts.error().code) == name(code));
    const std::string text = facts.error().what + "\n" + facts.error().cause;
    BOOST_TEST(text.find(part) != std::string::npos, text << " lacks " << part);
    BOOST_TEST(!facts.error().steps.empty());
}

BOOST_AUTO_TEST_CASE(a_loaded_profile_is_taken_with_its_factor) {
    const auto facts = facts_of(skewed_status());
    BOOST_REQUIRE_MESSAGE(facts, facts.error().what << ": " << facts.error().cause);
    BOOST_TEST(facts->skew.profile == "Gantry");
    BOOST_TEST(facts->skew.tangent == 0.00698143);
    // Not homed yet: nothing shows, and it counts.
    auto fresh = skewed_status();
    fresh["toolhead"].as_object()["homed_axes"] = "";
    fresh["toolhead"].as_object()["position"] = json::array{0.0, 0.0, 0.0, 0.0};
    BOOST_TEST(facts_of(fresh)->skew.bends());
}

BOOST_AUTO_TEST_CASE(a_profile_that_was_cleared_bends_nothing_though_its_name_stays) {
    auto status = skewed_status();
    status["toolhead"].as_object()["position"] = json::array{100.0, 200.0, 10.0, 0.0};
    const auto facts = facts_of(status);
    BOOST_REQUIRE(facts);
    BOOST_TEST(!facts->skew.bends());
    BOOST_TEST(facts->skew.profile == "");
}

BOOST_AUTO_TEST_CASE(what_a_name_does_not_explain_is_refused) {
    auto other = skewed_status(); // SET_SKEW XY=... over the profile
    other["toolhead"].as_object()["position"] = json::array{97.0, 200.0, 10.0, 0.0};
    refused(other, errc::refused, "a transform is active");
    auto besides = skewed_status(); // a second transform, in Y
    besides["toolhead"].as_object()["position"].as_array()[1] = 200.3;
    refused(besides, errc::refused, "a transform is active");
    auto unknown = skewed_status(); // SKEW_PROFILE LOAD of a name that is not there, or SAVE in this session
    unknown["skew_correction"].as_object()["current_profile_name"] = "mistyped";
    refused(unknown, errc::refused, "has no such profile");
    for (const char* plane : {"xz_skew", "yz_skew"}) {
        auto tilted = skewed_status();
        profile_of(tilted)[plane] = 0.001;
        refused(tilted, errc::refused, plane);
    }
}

BOOST_AUTO_TEST_CASE(the_corners_of_the_canvas_stay_on_the_axis_as_the_skewed_machine_sees_them) {
    machine::machine m = machine::sim_machine();
    m.park_mm = {m.work_area_mm.x / 2, 0};
    m.pen_change_mm.reset();
    const mm top = m.canvas.offset_y_mm + m.canvas.height_mm; // 322
    m.canvas.offset_x_mm = 2.3;
    const auto at = [&](double tangent) { return facts_of(skewed_status(tangent), m); };
    BOOST_REQUIRE_MESSAGE(at(2.29 / top), at(2.29 / top).error().what << ": " << at(2.29 / top).error().cause);
    const auto out = at(2.31 / top);
    BOOST_REQUIRE(!out);
    BOOST_TEST(name(out.error().code) == "out_of_bounds");
    BOOST_TEST(out.error().what.find("a corner of the canvas") != std::string::npos);
    BOOST_TEST(out.error().cause.find("X 2.3 would be driven to as -0.01;") == 0);
    m.canvas.offset_x_mm = m.work_area_mm.x - m.canvas.width_mm - 2.3; // it leans to the other side
    BOOST_TEST(at(-2.29 / top).has_value());
    BOOST_TEST(!at(-2.31 / top).has_value());
    m.canvas.offset_x_mm = 25;
    m.park_mm = {1, 300};
    BOOST_TEST(at(0.01).error().what.find("the place for parking") != std::string::npos);
    BOOST_TEST(at(0.01).error().steps.front() == "park elsewhere: park_mm in machine.yaml");
    m.park_mm = {100, 300};
    m.pen_change_mm = {1, 300};
    BOOST_TEST(at(0.01).error().what.find("the place for a pen's change") != std::string::npos);
    BOOST_TEST(at(0.01).error().steps.front() == "change pens elsewhere: pen_change_mm in machine.yaml");
}

BOOST_AUTO_TEST_CASE(a_job_is_held_against_the_limits_behind_the_skew) {
    machine::machine m = machine::sim_machine();
    const auto travels_to = [&](double x, double skew) {
        std::vector<job::operation> all{job::select_tool{m.tools.front().name}, job::rapid_xy{{x, 10}}};
        return run::check_job(job::strokes_of(all), m, {}, skew);
    };
    const double edge = -m.canvas.offset_x_mm; // machine X 0
    BOOST_TEST(travels_to(edge + 1, 0).has_value());
    BOOST_TEST(travels_to(edge + 1, -0.004).has_value());
    const auto out = travels_to(edge + 1, 0.004);
    BOOST_REQUIRE(!out);
    BOOST_TEST(name(out.error().code) == "out_of_bounds");
    BOOST_TEST(out.error().what.find("behind the skew correction") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(keep_outs_are_where_the_motors_go_behind_the_skew) {
    machine::machine m = machine::sim_machine();
    m.keep_outs.push_back({"clip", machine::box{{100, 205}, {120, 250}}});
    const auto at = [&](double x, double y) { return job::place(m, m.tools.front()).to_canvas({x, y}); };
    const auto refusal = [&](std::vector<job::operation> all, double skew) {
        all.insert(all.begin(), job::select_tool{m.tools.front().name});
        const auto good = run::check_job(job::strokes_of(all), m, {}, skew);
        return good ? std::string() : good.error().what;
    };
    // X 125 is X 117 at Y 200 behind a tangent of 0.04.
    const std::vector<job::operation> ink{job::rapid_xy{at(125, 240)}, job::tool_down{},
                                          job::draw_polyline{{at(125, 210)}}, job::tool_up{}};
    const std::vector<job::operation> past{job::rapid_xy{at(125, 150)}, job::rapid_xy{at(125, 300)}};
    for (const double skew : {0.0, -0.04, 0.01}) {
        BOOST_TEST(refusal(ink, skew) == "");
        BOOST_TEST(refusal(past, skew) == "");
    }
    BOOST_TEST(refusal(ink, 0.04).find("keep-out") != std::string::npos);
    BOOST_TEST(refusal(past, 0.04).find("comes into a keep-out behind the skew correction") != std::string::npos);
    m.keep_outs.front().applies = machine::keep_out::when::tool_down;
    BOOST_TEST(refusal(past, 0.04) == "");
}

BOOST_AUTO_TEST_CASE(the_bulge_of_an_arc_is_held_against_the_limits_behind_the_skew) {
    machine::machine m = machine::sim_machine();
    m.canvas.offset_x_mm = 5;
    m.canvas.margin_mm = 0;
    const auto passes = [&](job::turn way, mm radius, double skew) {
        const std::vector<job::operation> all{job::select_tool{m.tools.front().name}, job::rapid_xy{{30, 150 - radius}},
                                              job::tool_down{}, job::draw_arc{{30, 150 + radius}, {0, radius}, way},
                                              job::tool_up{}};
        return run::check_job(job::strokes_of(all), m, {}, skew).has_value();
    };
    int left = 0;
    for (const job::turn way : {job::turn::clockwise, job::turn::counter_clockwise}) {
        BOOST_TEST(passes(way, 29, 0));
        // One of them comes to X 6 at Y 172, and from there to the axis' end: 35 - 172 * t - r * sqrt(1 + t * t).
        const double leans = 0.0349;
        if (!passes(way, 29, leans)) ++left;
        BOOST_TEST(passes(way, 28, leans));
    }
    BOOST_TEST(left == 1);
}

BOOST_AUTO_TEST_CASE(racking_and_a_profile_are_one_correction_too_many) {
    const temporary_folder folder;
    run::square_record square(folder.path(), "/tmp/klippy_uds");
    const run::loaded_skew skew{"kcal", 0.007};
    BOOST_TEST(run::refuse_double_correction(skew, square).has_value());
    BOOST_REQUIRE(square.add(-2.1, "kcal square").has_value());
    BOOST_TEST(run::refuse_double_correction({}, square).has_value());
    const auto twice = run::refuse_double_correction(skew, square);
    BOOST_REQUIRE(!twice);
    BOOST_TEST(twice.error().cause == "the second X motor went -2.1 mm alone (kcal square)");
    BOOST_TEST(twice.error().steps.size() == 2u);
}

BOOST_AUTO_TEST_CASE(the_place_of_the_motors_is_the_place_of_g_code_before_the_skew) {
    const klippy::xyz at = run::loaded_skew{"kcal", 0.01}.before({98, 200, 5});
    BOOST_TEST((at == klippy::xyz{100, 200, 5}));
}

} // namespace loaded_skew_test
