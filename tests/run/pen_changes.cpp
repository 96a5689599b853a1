// SPDX-License-Identifier: MIT
#include "fake_printer.hpp"

#include <kf/job/job_file.hpp>
#include <kf/run/file_run.hpp>
#include <kf/run/job_check.hpp>
#include <kf/run/stroke_run.hpp>

#include <boost/test/unit_test.hpp>

namespace pen_changes_test {

using namespace kf;
using namespace kf::test;

/// Gives one order after the other as soon as the run says that it waits; then `later`.
struct waiting_steering {
    std::vector<run::order> orders = {};
    run::order early = run::order::none; ///< on the way to the first change
    std::vector<std::string> settled = {}, refused = {};
    std::vector<std::string> waited_for = {};
    int looks = 0;
    template<class Status>
    run::order next(Status&& status) {
        BOOST_REQUIRE_MESSAGE(++looks < 100000, "the run waits for ever"); // time costs nothing here
        const json::object now = status();
        const auto* text = now.if_contains("waits_for");
        if (text == nullptr) return std::exchange(early, run::order::none);
        if (now.at("state") != "paused" || orders.empty()) return run::order::none;
        waited_for.emplace_back(text->as_string());
        const run::order o = orders.front();
        orders.erase(orders.begin());
        return o;
    }
    void settle(const std::string& text) { settled.push_back(text); }
    void refuse(const error& e) { refused.push_back(e.what); }
    result<run::order> stepped(std::size_t) { return run::order::resume; }
};
static_assert(run::steering<waiting_steering>);

/// Canvas 0, 0 is machine X 25 Y 322; pens are changed at X 200 Y 5.
const std::vector<job::operation> two_pens{job::select_pen{{.name = "red"}},
                                           job::rapid_xy{{0, 0}},
                                           job::tool_down{},
                                           job::draw_polyline{{{10, 0}}},
                                           job::tool_up{},
                                           job::await_person{"pen blue"},
                                           job::select_pen{{.name = "blue", .height = 1}},
                                           job::rapid_xy{{0, 10}},
                                           job::tool_down{},
                                           job::draw_polyline{{{10, 10}}},
                                           job::tool_up{}};

struct change_stage : stage {
    waiting_steering steering;
    change_stage() { machine.pen_change_mm = machine::xy{200, 5}; }

    result<run::stroke_outcome> draw(const std::vector<job::operation>& ops, std::size_t ahead = 0) {
        open();
        const auto f = facts();
        run::stroke_run r(k, machine, f, {.pause = ""}, job::stroke_source(job::operations_of(ops)), steering, record,
                          out, {.ahead = ahead, .total = 2, .job = "a.svg"});
        return r();
    }
    [[nodiscard]] std::size_t place_of(const std::string& script) const {
        return static_cast<std::size_t>(std::find(printer.scripts.begin(), printer.scripts.end(), script) -
                                        printer.scripts.begin());
    }
    static json::object pushed(const char* state, bool paused, std::int64_t position) {
        return {{"print_stats", json::object{{"state", state}}},
                {"pause_resume", json::object{{"is_paused", paused}}},
                {"virtual_sdcard", json::object{{"file_position", position}}}};
    }
    const std::string lift = "G90\nG1 Z10 F2400\nM400\nG90";
    const std::string to_the_change = "G90\nG1 Z10 F2400\nG0 X200 Y5 F4800\nM117 pen blue\nM400\nG90";
    const std::string blue =
        "G90\nG1 Z10 F2400\nG0 X25 Y312 F4800\nG1 Z19 F2400\nG1 X35 Y312 F1500\nG1 Z10 F2400\nM400\nG90";
};

BOOST_FIXTURE_TEST_CASE(stroke_by_stroke_a_change_waits_at_its_place_with_the_tool_up, change_stage) {
    steering.orders = {run::order::resume};
    const auto done = draw(two_pens);
    BOOST_REQUIRE_MESSAGE(done, (done ? "" : done.error().what));
    BOOST_TEST(done->strokes == 2u);
    BOOST_TEST(steering.waited_for == std::vector<std::string>{"pen blue"}, boost::test_tools::per_element());
    const std::size_t change = place_of(to_the_change);
    BOOST_REQUIRE(change < printer.scripts.size());
    // The tool is up before it goes there, and again before it goes back; the motors stay on meanwhile.
    BOOST_TEST(printer.scripts[change - 1].ends_with("G1 Z10 F2400\nM400\nG90"));
    BOOST_TEST(printer.scripts[change + 1] == "SET_IDLE_TIMEOUT TIMEOUT=86400");
    BOOST_TEST(printer.scripts[change + 2] == lift);
    BOOST_TEST(place_of(blue) > change + 2);
    BOOST_TEST(place_of(blue) < printer.scripts.size());
    BOOST_TEST(steering.settled.front() ==
               "paused after stroke 1 of 2, the tool is up at the place for changes: pen blue");
    BOOST_TEST(record.doubt().empty());
}

BOOST_FIXTURE_TEST_CASE(a_cancel_at_a_change_ends_the_drawing_there, change_stage) {
    steering.orders = {run::order::cancel};
    const auto done = draw(two_pens);
    BOOST_REQUIRE(done);
    BOOST_TEST((done->how == run::stroke_outcome::end::cancelled));
    BOOST_TEST(done->strokes == 1u);
    BOOST_TEST(place_of(blue) == printer.scripts.size());
    BOOST_TEST(record.doubt().empty());
}

BOOST_FIXTURE_TEST_CASE(strokes_ahead_are_drawn_before_a_change, change_stage) {
    steering.orders = {run::order::resume};
    std::vector<std::string> at_the_wait;
    const auto done = draw(two_pens, 5);
    BOOST_REQUIRE_MESSAGE(done, (done ? "" : done.error().what));
    BOOST_TEST(done->strokes == 2u);
    const std::size_t held = place_of("SET_IDLE_TIMEOUT TIMEOUT=86400");
    BOOST_REQUIRE(held < printer.scripts.size());
    BOOST_TEST(printer.scripts[held - 1] == "M400\nG90"); // it stands before it waits
}

BOOST_AUTO_TEST_CASE(an_order_on_the_way_to_a_change_is_obeyed_or_refused) {
    for (const run::order early : {run::order::cancel, run::order::resume}) {
        change_stage b;
        b.steering.orders = {run::order::resume};
        // It comes while the tool travels there.
        b.printer.on_script = [&](peer& p, const json::object& request, const std::string& script) {
            if (script == b.to_the_change) b.steering.early = early;
            p.answer(request, "{}", b.printer.script_time);
        };
        const auto done = b.draw(two_pens);
        BOOST_REQUIRE(done);
        if (early == run::order::cancel)
            BOOST_TEST((done->how == run::stroke_outcome::end::cancelled));
        else {
            BOOST_TEST(b.steering.refused == std::vector<std::string>{"nothing was paused yet"},
                       boost::test_tools::per_element());
            BOOST_TEST(done->strokes == 2u);
        }
    }
}

BOOST_FIXTURE_TEST_CASE(behind_a_macro_the_tool_is_lifted_and_proven_up, change_stage) {
    const auto done = draw({job::call_macro{"SWAP"}, job::rapid_xy{{0, 0}}, job::tool_down{},
                            job::draw_polyline{{{10, 0}}}, job::tool_up{}});
    BOOST_REQUIRE_MESSAGE(done, (done ? "" : done.error().what));
    const std::size_t swap =
        place_of("G90\nG1 Z10 F2400\nG0 X200 Y5 F4800\nSWAP\nG90\nG1 Z10 F2400\nG0 X200 Y5 F4800\nM400\nG90");
    BOOST_REQUIRE(swap < printer.scripts.size());
    BOOST_TEST(printer.scripts[swap + 1] == lift);
}

BOOST_AUTO_TEST_CASE(a_macro_that_the_printer_lacks_is_refused_before_anything_moves) {
    job::job_measure sum;
    sum.macros = {"SWAP"};
    BOOST_TEST(run::refuse_missing_macros(sum, {"gcode_macro swap"}).has_value());
    const auto lacks = run::refuse_missing_macros(sum, {"gcode_macro OTHER", "swap"});
    BOOST_REQUIRE(!lacks);
    BOOST_TEST(lacks.error().what == "the printer has no macro SWAP");
    BOOST_TEST((lacks.error().code == errc::not_found));
}

BOOST_FIXTURE_TEST_CASE(a_file_that_waits_for_a_pen_says_so_and_resume_goes_on, change_stage) {
    open();
    auto f = facts();
    const auto plan = run::write_job_file(folder.path(), "kplot-a.gcode", machine, {.live_objects = printer.objects}, f,
                                          {0, 0}, job::stroke_source(job::operations_of(two_pens)));
    BOOST_REQUIRE(plan);
    BOOST_REQUIRE(plan->stops.size() == 1u);
    const auto text = io::read_file(folder / "kplot-a.gcode");
    BOOST_REQUIRE(text);
    BOOST_TEST(text->substr(0, plan->stops.front().bytes).ends_with("G0 X200 Y5 F4800\nM117 pen blue\nM400\nPAUSE\n"));
    const auto stop = static_cast<std::int64_t>(plan->stops.front().bytes);

    printer.on_script = [&](peer& p, const json::object& request, const std::string& script) {
        if (script.starts_with("SDCARD_PRINT_FILE")) {
            printer.status["print_stats"].as_object()["state"] = "printing";
            printer.status["print_stats"].as_object()["filename"] = "kplot-a.gcode";
            printer.stand_at(200, 5, 10);
            auto paused = pushed("paused", true, stop);
            for (const auto& [name, object] : paused)
                for (const auto& [key, value] : object.as_object()) printer.status[name].as_object()[key] = value;
            printer.push(*printer.peers[0], paused, 1s);
        }
        if (script.starts_with("RESUME")) {
            auto over = pushed("complete", false, stop + 100);
            for (const auto& [name, object] : over)
                for (const auto& [key, value] : object.as_object()) printer.status[name].as_object()[key] = value;
            printer.push(*printer.peers[0], over, 1s);
        }
        p.answer(request, "{}");
    };
    steering.orders = {run::order::resume};
    run::file_run r(k, machine, f, *plan, steering, record, out);
    BOOST_REQUIRE(r.start());
    const auto outcome = r.follow();
    BOOST_REQUIRE_MESSAGE(outcome, (outcome ? "" : outcome.error().what));
    BOOST_TEST(steering.waited_for == std::vector<std::string>{"pen blue"}, boost::test_tools::per_element());
    BOOST_TEST(out.said("pen blue: the tool is up at the place for changes"));
    BOOST_TEST(!out.said("paused by somebody else"));
    // Without our macros Klipper's own pause keeps no motors on, and its resume goes down in a diagonal from anywhere.
    BOOST_TEST(place_of("SET_IDLE_TIMEOUT TIMEOUT=86400") < printer.scripts.size());
    const std::size_t resumed = place_of("RESUME VELOCITY=40");
    BOOST_REQUIRE(resumed < printer.scripts.size());
    BOOST_TEST(printer.scripts[resumed - 1] == "G90\nG0 X200 Y5 F4800\nM400\nG90");
    BOOST_TEST(printer.scripts[resumed - 2] == lift);
    BOOST_TEST(record.doubt().empty());
}

} // namespace pen_changes_test
