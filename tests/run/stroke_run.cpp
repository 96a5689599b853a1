// SPDX-License-Identifier: MIT
#include "fake_printer.hpp"

#include <kf/job/job_file.hpp>
#include <kf/job/stroke.hpp>
#include <kf/run/stroke_run.hpp>

#include <boost/test/unit_test.hpp>

namespace stroke_run_test {

using namespace kf;
using namespace kf::test;

/// Gives an order once so many scripts were sent and so many orders are settled.
struct planned_steering {
    const fake_printer* printer;
    struct entry {
        std::size_t scripts, settled;
        run::order give;
    };
    std::vector<entry> plan = {};
    std::vector<std::string> settled = {}, refused = {};
    std::vector<json::object> seen = {};
    run::order at_steps = run::order::resume;
    std::vector<std::size_t> steps = {};

    template<class Status>
    run::order next(Status&& status) {
        seen.push_back(status());
        BOOST_REQUIRE_MESSAGE(seen.size() < 100000, "the run waits for ever"); // time costs nothing here
        if (plan.empty() || printer->scripts.size() < plan.front().scripts || settled.size() < plan.front().settled)
            return run::order::none;
        const run::order o = plan.front().give;
        plan.erase(plan.begin());
        return o;
    }
    void settle(const std::string& text) { settled.push_back(text); }
    void refuse(const error& e) { refused.push_back(e.what); }
    result<run::order> stepped(std::size_t stroke) {
        steps.push_back(stroke);
        return at_steps;
    }
};
static_assert(run::steering<planned_steering>);

/// Lines of 10 mm at canvas Y 0, 10, 20 ...; canvas 0,0 is machine X 25 Y 322.
std::vector<job::operation> lines(int count, double length = 10) {
    std::vector<job::operation> ops;
    for (int i = 0; i < count; ++i) {
        const double y = 10.0 * i;
        ops.insert(ops.end(), {job::rapid_xy{{0, y}}, job::tool_down{}, job::draw_polyline{{{0, y}, {length, y}}},
                               job::tool_up{}});
    }
    return ops;
}

struct stroke_stage : stage {
    planned_steering steering{&printer};

    result<run::stroke_outcome> draw(const std::vector<job::operation>& ops, run::stroke_options options = {}) {
        open();
        const auto f = facts();
        std::size_t drawn = 0;
        for (const auto& op : ops) drawn += std::holds_alternative<job::tool_down>(op) ? 1 : 0;
        options.total = drawn;
        options.job = "a.svg";
        run::stroke_run r(k, machine, f, {}, job::stroke_source(job::operations_of(ops)), steering, record, out,
                          options);
        return r();
    }
    static std::string line(int number, bool barrier = true) {
        const std::string y = std::to_string(322 - 10 * number);
        return "G90\nG1 Z10 F2400\nG0 X25 Y" + y + " F4800\nG1 Z20 F2400\nG1 X35 Y" + y + " F1500\nG1 Z10 F2400\n" +
               (barrier ? "M400\nG90" : "");
    }
    const std::string begin = "; kplot, mm, absolute machine coordinates\nG90\nG1 Z10 F2400\nM400\nG90";
    const std::string lift = "G90\nG1 Z10 F2400\nM400\nG90";
};

BOOST_FIXTURE_TEST_CASE(sends_one_stroke_at_a_time_with_a_barrier_behind_each, stroke_stage) {
    std::size_t unanswered = 0;
    printer.on_script = [&](peer& p, const json::object& request, const std::string&) {
        BOOST_TEST(p.coming.empty(), "a script came before the one before it was answered");
        ++unanswered;
        p.answer(request, "{}", 300ms);
    };
    const auto done = draw(lines(3));
    BOOST_REQUIRE(done);
    BOOST_TEST(printer.scripts == (std::vector<std::string>{begin, line(0), line(1), line(2), lift}),
               boost::test_tools::per_element());
    BOOST_TEST(done->strokes == 3u);
    BOOST_TEST(record.doubt().empty());
}

BOOST_FIXTURE_TEST_CASE(a_pause_comes_at_the_end_of_the_stroke_and_resume_goes_on, stroke_stage) {
    steering.plan = {{2, 0, run::order::pause}, {2, 1, run::order::resume}};
    const auto done = draw(lines(2));
    BOOST_REQUIRE(done);
    BOOST_TEST(printer.scripts[1] == line(0));
    // The motors stay on while a person thinks, and with them the homing.
    BOOST_TEST(printer.scripts[2] == "SET_IDLE_TIMEOUT TIMEOUT=86400");
    BOOST_TEST(printer.scripts.back() == "SET_IDLE_TIMEOUT TIMEOUT=600");
    BOOST_TEST(printer.scripts[3] == lift); // somebody may have moved it
    BOOST_TEST(printer.scripts[4] == line(1));
    BOOST_REQUIRE(steering.settled.size() == 2);
    BOOST_TEST(steering.settled[0] == "paused after stroke 1 of 2, the tool is up");
}

BOOST_FIXTURE_TEST_CASE(a_pause_can_be_taken_back_before_it_is_there, stroke_stage) {
    steering.plan = {{2, 0, run::order::pause}, {2, 0, run::order::resume}};
    BOOST_REQUIRE(draw(lines(2)));
    BOOST_TEST(printer.scripts == (std::vector<std::string>{begin, line(0), line(1), lift}),
               boost::test_tools::per_element());
    BOOST_TEST(steering.settled == std::vector<std::string>{"goes on, the pause was taken back"},
               boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(a_cancel_ends_after_the_stroke_with_the_tool_up, stroke_stage) {
    steering.plan = {{2, 0, run::order::cancel}};
    const auto done = draw(lines(5));
    BOOST_REQUIRE(done);
    BOOST_TEST((done->how == run::stroke_outcome::end::cancelled));
    BOOST_TEST(done->strokes == 1u);
    BOOST_TEST(printer.scripts == (std::vector<std::string>{begin, line(0), lift}), boost::test_tools::per_element());
    BOOST_TEST(record.doubt().empty());
}

BOOST_FIXTURE_TEST_CASE(a_cancel_in_a_pause_ends_it, stroke_stage) {
    steering.plan = {{2, 0, run::order::pause}, {2, 1, run::order::cancel}};
    const auto done = draw(lines(5));
    BOOST_REQUIRE(done);
    BOOST_TEST((done->how == run::stroke_outcome::end::cancelled));
    BOOST_TEST(printer.scripts == (std::vector<std::string>{begin, line(0), "SET_IDLE_TIMEOUT TIMEOUT=86400", lift,
                                                            "SET_IDLE_TIMEOUT TIMEOUT=600"}),
               boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(p7_a_gcode_error_lifts_the_pen_and_says_what_is_drawn, stroke_stage) {
    printer.on_script = [&](peer& p, const json::object& request, const std::string& script) {
        if (script == line(1))
            p.refuse(request, "Move out of range: 300.000 0.000 0.000 [0.000]");
        else
            p.answer(request, "{}");
    };
    const auto done = draw(lines(3));
    BOOST_REQUIRE(!done);
    BOOST_TEST(name(done.error().code) == "failed");
    BOOST_TEST(done.error().cause == "strokes 1 to 1 of 3 are drawn; stroke 2 may be drawn in part; the tool is up");
    BOOST_TEST(printer.scripts.back() == lift);
    BOOST_TEST(record.doubt().empty());
}

BOOST_FIXTURE_TEST_CASE(p1_a_lost_connection_ends_the_run_and_nothing_is_sent_again, stroke_stage) {
    printer.on_script = [&](peer& p, const json::object& request, const std::string& script) {
        if (script == line(1))
            p.hang_up(200ms);
        else
            p.answer(request, "{}");
    };
    const auto done = draw(lines(3));
    BOOST_REQUIRE(!done);
    BOOST_TEST(name(done.error().code) == "connection_lost");
    BOOST_TEST(done.error().cause.find("strokes 1 to 1 of 3 are drawn; stroke 2 may be drawn in part") !=
               std::string::npos);
    BOOST_TEST(done.error().cause.ends_with("the pen may be down; it was last seen at X0.00 Y0.00 Z10.00"));
    BOOST_TEST(printer.scripts == (std::vector<std::string>{begin, line(0), line(1)}),
               boost::test_tools::per_element());
    BOOST_TEST(record.doubt() == "a run of a.svg did not come to its end");
}

BOOST_FIXTURE_TEST_CASE(a_shutdown_during_a_stroke_is_no_success, stroke_stage) {
    printer.on_script = [&](peer& p, const json::object& request, const std::string& script) {
        if (script != line(0)) {
            p.answer(request, "{}");
            return;
        }
        printer.shut_down(p, "Shutdown due to webhooks request\nPrinter is shutdown\n");
        p.answer(request, "{}", 10ms); // the false success of M400
    };
    const auto done = draw(lines(2));
    BOOST_REQUIRE(!done);
    BOOST_TEST(name(done.error().code) == "connection_lost");
    BOOST_TEST(printer.scripts.size() == 2u);
    BOOST_TEST(!record.doubt().empty());
}

BOOST_FIXTURE_TEST_CASE(p7_a_stroke_of_minutes_is_waited_for, stroke_stage) {
    // 6 m of line at 25 mm/s: 240 s, far more than any fixed deadline.
    job::draw_polyline zigzag;
    for (int i = 0; i <= 60; ++i) zigzag.points.push_back({i % 2 == 0 ? 0.0 : 100.0, 0.0});
    const std::vector<job::operation> ops{job::rapid_xy{{0, 0}}, job::tool_down{}, zigzag, job::tool_up{}};
    printer.on_script = [&](peer& p, const json::object& request, const std::string& script) {
        p.answer(request, "{}", script.size() > 100 ? 245s : 1s);
    };
    const auto done = draw(ops);
    BOOST_REQUIRE_MESSAGE(done, done.error().what);
    BOOST_TEST(done->planned > 240);
    BOOST_TEST(done->planned < 260);
}

BOOST_FIXTURE_TEST_CASE(p7_a_klipper_that_hangs_ends_the_run, stroke_stage) {
    printer.on_script = [&](peer& p, const json::object& request, const std::string& script) {
        if (script != line(0)) p.answer(request, "{}");
    };
    const auto done = draw(lines(1));
    BOOST_REQUIRE(!done);
    BOOST_TEST(name(done.error().code) == "timeout");
    BOOST_TEST(!record.doubt().empty());
}

BOOST_FIXTURE_TEST_CASE(p8_strokes_ahead_have_no_barrier_and_the_last_has, stroke_stage) {
    std::size_t most = 0;
    printer.on_script = [&](peer& p, const json::object& request, const std::string&) {
        most = std::max(most, p.coming.size() + 1);
        p.answer(request, "{}", 1s);
    };
    const auto done = draw(lines(4), {.ahead = 1});
    BOOST_REQUIRE(done);
    BOOST_TEST(most == 2u);
    BOOST_TEST(printer.scripts == (std::vector<std::string>{begin, line(0, false), line(1, false), line(2, false),
                                                            line(3, false), "M400\nG90", lift}),
               boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(step_mode_asks_before_every_stroke_the_first_too_and_stops_when_told, stroke_stage) {
    auto done = draw(lines(2), {.step = true});
    BOOST_REQUIRE(done);
    BOOST_TEST(steering.steps == (std::vector<std::size_t>{1, 2}), boost::test_tools::per_element());
    stroke_stage other;
    other.steering.at_steps = run::order::cancel;
    done = other.draw(lines(3), {.step = true});
    BOOST_REQUIRE(done);
    BOOST_TEST(done->strokes == 0u);
    BOOST_TEST(std::count(other.printer.scripts.begin(), other.printer.scripts.end(), line(0)) == 0);
}

BOOST_FIXTURE_TEST_CASE(a_stroke_larger_than_a_request_goes_out_in_pieces, stroke_stage) {
    job::draw_polyline curve;
    for (int i = 0; i < 20000; ++i) curve.points.push_back({100 + 0.001 * (i % 7), 100 + 0.001 * (i % 11)});
    const std::vector<job::operation> ops{job::rapid_xy{{0, 0}}, job::tool_down{}, curve, job::tool_up{}};
    const auto done = draw(ops);
    BOOST_REQUIRE(done);
    BOOST_TEST(printer.scripts.size() > 4u);
    std::string whole;
    for (std::size_t i = 1; i + 1 < printer.scripts.size(); ++i) {
        BOOST_TEST(printer.scripts[i].size() < 200000u);
        BOOST_TEST((i + 2 == printer.scripts.size()) == printer.scripts[i].ends_with("M400\nG90"));
        whole += printer.scripts[i];
    }
    BOOST_TEST(std::count(whole.begin(), whole.end(), '\n') > 20000);
}

BOOST_FIXTURE_TEST_CASE(whoever_looks_sees_how_far_it_is, stroke_stage) {
    BOOST_REQUIRE(draw(lines(2)));
    BOOST_REQUIRE(!steering.seen.empty());
    const auto& last = steering.seen.back();
    BOOST_TEST(last.at("mode").as_string() == "interactive");
    BOOST_TEST(last.at("strokes").to_number<int>() == 2);
    BOOST_TEST(last.at("job").as_string() == "a.svg");
}

BOOST_FIXTURE_TEST_CASE(b6_a_pause_of_the_printer_stops_between_two_strokes_until_our_own_word, stroke_stage) {
    printer.on_script = [&](peer& p, const json::object& request, const std::string& script) {
        p.answer(request, "{}", 300ms);
        const auto is_paused = [&](bool yes, io::duration after) {
            printer.status["pause_resume"].as_object()["is_paused"] = yes;
            printer.push(p, {{"pause_resume", json::object{{"is_paused", yes}}}}, after);
        };
        if (script == line(0)) is_paused(true, 100ms); // a button of a web interface
        if (script == "CLEAR_PAUSE") is_paused(false, 1ms);
    };
    steering.plan = {{4, 1, run::order::resume}};
    const auto done = draw(lines(2));
    BOOST_REQUIRE_MESSAGE(done, done.error().what);
    BOOST_TEST(steering.settled.at(0) == "paused by somebody else after stroke 1 of 2, the tool is up");
    BOOST_TEST(printer.scripts ==
                   (std::vector<std::string>{begin, line(0), "SET_IDLE_TIMEOUT TIMEOUT=86400", lift, "CLEAR_PAUSE",
                                             lift, line(1), lift, "SET_IDLE_TIMEOUT TIMEOUT=600"}),
               boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(b6_the_end_of_the_printers_pause_may_be_its_cancel_and_nothing_goes_on_by_it, stroke_stage) {
    printer.on_script = [&](peer& p, const json::object& request, const std::string& script) {
        p.answer(request, "{}", 300ms);
        if (script != line(0)) return;
        printer.push(p, {{"pause_resume", json::object{{"is_paused", true}}}}, 100ms);
        printer.push(p, {{"pause_resume", json::object{{"is_paused", false}}}}, 5s);
        p.hang_up(60s);
    };
    const auto done = draw(lines(2));
    BOOST_REQUIRE(!done); // it waited for a word until the connection ended
    BOOST_TEST(std::count(printer.scripts.begin(), printer.scripts.end(), line(1)) == 0);
}

BOOST_FIXTURE_TEST_CASE(b6_the_way_back_from_the_printers_pause_is_no_strangers_motion, stroke_stage) {
    // Recorded on Kalico with Fluidd's macros: the button comes between a stroke and its barrier, the macro parks the
    // tool, and is_paused ends before the tool is back.
    printer.on_script = [&](peer& p, const json::object& request, const std::string& script) {
        p.answer(request, "{}", script == line(1) ? 3s : 300ms);
        if (script != line(1)) return;
        const auto stands = [&](double x, double y, io::duration after) {
            printer.push(p,
                         {{"motion_report",
                           json::object{{"live_position", json::array{x, y, 10.0, 0.0}}, {"live_velocity", 80.0}}}},
                         after);
        };
        printer.push(p, {{"pause_resume", json::object{{"is_paused", true}}}}, 300ms);
        stands(55.0, 310.0, 600ms);
        printer.push(p, {{"pause_resume", json::object{{"is_paused", false}}}}, 900ms);
        stands(55.66, 305.71, 1200ms);
    };
    steering.plan = {{4, 1, run::order::resume}};
    const auto done = draw(lines(2));
    BOOST_REQUIRE_MESSAGE(done, done.error().what);
}

BOOST_FIXTURE_TEST_CASE(b6_after_a_pause_the_next_stroke_begins_where_the_printers_resume_left_the_tool, stroke_stage) {
    // Recorded on Kalico with our own macros: RESUME went back to where the pause began, one stroke behind, and the
    // travel from there is beside the way from the last stroke.
    printer.on_script = [&](peer& p, const json::object& request, const std::string& script) {
        p.answer(request, "{}", script == line(2) ? 3s : 300ms);
        if (script == line(1)) printer.push(p, {{"pause_resume", json::object{{"is_paused", true}}}}, 100ms);
        if (script == "CLEAR_PAUSE") {
            printer.status["toolhead"].as_object()["position"] = json::array{35.0, 322.0, 10.0, 0.0};
            printer.push(p, {{"pause_resume", json::object{{"is_paused", false}}}}, 1ms);
        }
        if (script != line(2)) return;
        const auto stands = [&](double x, double y, io::duration after) {
            printer.push(p,
                         {{"motion_report",
                           json::object{{"live_position", json::array{x, y, 10.0, 0.0}}, {"live_velocity", 80.0}}}},
                         after);
        };
        for (const auto after : {100ms, 200ms, 300ms, 400ms})
            stands(35.0, 322.0, after); // where the first stroke ended
        stands(30.0, 312.0, 700ms);
    };
    steering.plan = {{5, 1, run::order::resume}};
    const auto done = draw(lines(3));
    BOOST_REQUIRE_MESSAGE(done, done.error().what);
}

BOOST_FIXTURE_TEST_CASE(after_a_pause_the_way_round_a_keep_out_begins_where_a_person_left_the_tool, stroke_stage) {
    machine.keep_outs.push_back({"clip", machine::box{{100, 290}, {120, 330}}});
    printer.on_script = [&](peer& p, const json::object& request, const std::string& script) {
        if (script == line(0))
            printer.status["toolhead"].as_object()["position"] = json::array{200.0, 312.0, 10.0, 0.0};
        p.answer(request, "{}");
    };
    steering.plan = {{2, 0, run::order::pause}, {2, 1, run::order::resume}};
    const auto done = draw(lines(2));
    BOOST_REQUIRE_MESSAGE(done, done.error().what);
    BOOST_TEST(printer.scripts[4] == "G90\nG1 Z10 F2400\nG0 X120.5 Y330.5 F4800\nG0 X99.5 Y330.5\nG0 X25 Y312\n"
                                     "G1 Z20 F2400\nG1 X35 Y312 F1500\nG1 Z10 F2400\nM400\nG90");
}

BOOST_FIXTURE_TEST_CASE(b4_a_strangers_motion_between_two_strokes_ends_the_run_with_the_pen_up, stroke_stage) {
    printer.on_script = [&](peer& p, const json::object& request, const std::string& script) {
        p.answer(request, "{}", 2s);
        if (script != line(1)) return;
        printer.push(p,
                     {{"motion_report",
                       json::object{{"live_position", json::array{200.0, 20.0, 10.0, 0.0}}, {"live_velocity", 80.0}}}},
                     500ms);
    };
    const auto done = draw(lines(3));
    BOOST_REQUIRE(!done);
    BOOST_TEST(name(done.error().code) == "failed");
    BOOST_TEST(done.error().what.starts_with("something else moves the machine: it was at X200.00 Y20.00 Z10.00"));
    BOOST_TEST(done.error().cause.ends_with("the tool is up"));
    BOOST_TEST(printer.scripts.back() == lift);
}

} // namespace stroke_run_test
