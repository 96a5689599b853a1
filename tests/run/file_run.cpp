// SPDX-License-Identifier: MIT
#include "fake_printer.hpp"

#include <kf/job/job_file.hpp>
#include <kf/run/file_run.hpp>

#include <boost/test/unit_test.hpp>

namespace file_run_test {

using namespace kf;
using namespace kf::test;

struct quiet_steering {
    run::order once = run::order::none;
    int looks = 0;
    std::vector<std::string> settled = {}, refused = {};
    template<class Status>
    run::order next(Status&& status) {
        (void)status();
        BOOST_REQUIRE_MESSAGE(++looks < 100000, "the run waits for ever"); // time costs nothing here
        return std::exchange(once, run::order::none);
    }
    void settle(const std::string& text) { settled.push_back(text); }
    void refuse(const error& e) { refused.push_back(e.what); }
    result<run::order> stepped(std::size_t) { return run::order::resume; }
};

const std::vector<job::operation> one_line{job::home_xy{}, job::rapid_xy{{0, 0}}, job::tool_down{},
                                           job::draw_polyline{{{100, 0}}}, job::tool_up{}};

struct file_stage : stage {
    quiet_steering steering;

    json::object& object(const char* name) { return printer.status[name].as_object(); }
    result<run::file_plan> write(const run::printer_facts& f, const std::string& boundary = "") {
        return run::write_job_file(folder.path(), "kplot-a.gcode", machine,
                                   {.live_objects = printer.objects, .boundary_macro = boundary}, f, {0, 0},
                                   run::without_first_homing(job::stroke_source(job::operations_of(one_line))));
    }
    /// Klipper prints the file that is asked for, until a test says otherwise.
    file_stage() {
        printer.on_script = [this](peer& p, const json::object& request, const std::string& script) {
            if (script.starts_with("SDCARD_PRINT_FILE")) object("print_stats")["state"] = "printing";
            if (script.starts_with("PAUSE")) {
                object("print_stats")["state"] = "paused";
                object("pause_resume")["is_paused"] = true;
            }
            if (script.starts_with("CANCEL_PRINT")) {
                object("print_stats")["state"] = "cancelled";
                object("pause_resume")["is_paused"] = false;
            }
            if (script.starts_with("RESUME")) {
                object("print_stats")["state"] = "printing";
                object("pause_resume")["is_paused"] = false;
            }
            p.answer(request, "{}");
        };
    }
    void draws_at(double x, double y, double z) {
        printer.stand_at(x, y, z);
        object("print_stats")["state"] = "printing";
    }
    /// A printer with the macros that we print.
    static run::job_commands our_commands() {
        run::job_commands c;
        c.ours = c.boundary = true;
        return c;
    }
    static run::patience wait() { return run::patience::wait; }
    const run::job_commands klippers{};
    const std::string stop_and_lift = "PAUSE\nG90\nG1 Z10 F2400\nM400\nG90";
    const std::string lift = "G90\nG1 Z10 F2400\nM400\nG90";
};

BOOST_FIXTURE_TEST_CASE(the_file_is_whole_and_ends_in_a_barrier_and_a_newline, file_stage) {
    const auto plan = write(facts());
    BOOST_REQUIRE(plan);
    const auto text = io::read_file(folder / "kplot-a.gcode");
    BOOST_REQUIRE(text);
    BOOST_TEST(*text == "; kplot, mm, absolute machine coordinates\nG90\nG1 Z10 F2400\nG0 X25 Y322 F4800\n"
                        "G1 Z20 F2400\nG1 X125 Y322 F1500\nG1 Z10 F2400\nM400\n");
    BOOST_TEST(plan->strokes == 1u);
    // 100 mm at 25 mm/s, the way there at 80 mm/s, two times 10 mm of Z at 40 mm/s: about 8.8 s.
    BOOST_TEST(plan->timeline.total() > 8.4);
    BOOST_TEST(plan->timeline.total() < 9.4);
}

BOOST_FIXTURE_TEST_CASE(the_boundary_macro_is_called_only_where_the_printer_has_it, file_stage) {
    BOOST_REQUIRE(write(facts(), "KPLOT_BOUNDARY"));
    BOOST_TEST(io::read_file(folder / "kplot-a.gcode")->find("KPLOT") == std::string::npos);
    printer.objects.emplace_back("gcode_macro KPLOT_BOUNDARY");
    BOOST_REQUIRE(write(facts(), "KPLOT_BOUNDARY"));
    BOOST_TEST(io::read_file(folder / "kplot-a.gcode")->find("G1 Z10 F2400\nKPLOT_BOUNDARY STROKE=1\n") !=
               std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(a_directory_that_is_not_there_is_named, file_stage) {
    const auto plan = run::write_job_file(folder / "none", "a.gcode", machine, {}, facts(), {0, 0},
                                          job::stroke_source(job::operations_of(one_line)));
    BOOST_REQUIRE(!plan);
    BOOST_TEST(name(plan.error().code) == "not_found");
}

BOOST_AUTO_TEST_CASE(file_names_are_plain_whatever_the_drawing_is_called) {
    BOOST_TEST(run::job_file_name("/home/me/drawing.svg") == "kplot-drawing.gcode");
    BOOST_TEST(run::job_file_name("it's \"mine\"\n.svg") == "kplot-it_s__mine__.gcode");
    BOOST_TEST(run::job_file_name("-") == "kplot-job.gcode");
    BOOST_TEST(run::job_file_name("") == "kplot-job.gcode");
    BOOST_TEST(run::job_file_name("\xc3\xa9.svg") == "kplot-__.gcode");
}

BOOST_FIXTURE_TEST_CASE(done_is_told_when_klipper_says_so_and_the_tool_is_up, file_stage) {
    open();
    const auto f = facts();
    const auto plan = write(f);
    run::file_run r(k, machine, f, *plan, steering, record, out);
    BOOST_REQUIRE(r.start());
    BOOST_TEST(record.doubt() == "kplot-a.gcode did not come to its end");
    object("print_stats")["state"] = "complete";
    printer.peers[0]->say(R"({"kf":"status","params":{"eventtime":200,"status":{"print_stats":{"state":"complete"}}}})"
                          "\x03",
                          1s);
    const auto outcome = r.follow();
    BOOST_REQUIRE(outcome);
    BOOST_TEST((outcome->how == run::file_outcome::end::done));
    BOOST_TEST(printer.scripts == (std::vector<std::string>{"SDCARD_PRINT_FILE FILENAME=\"kplot-a.gcode\"", lift}),
               boost::test_tools::per_element());
    BOOST_TEST(record.doubt().empty());
}

BOOST_FIXTURE_TEST_CASE(the_end_of_an_older_job_is_not_taken_for_this_ones, file_stage) {
    object("print_stats")["state"] = "complete";
    open();
    const auto f = facts();
    const auto plan = write(f);
    run::file_run r(k, machine, f, *plan, steering, record, out);
    BOOST_REQUIRE(r.start());
    printer.peers[0]->hang_up(2s);
    const auto outcome = r.follow();
    BOOST_REQUIRE(!outcome); // it went on looking, until the connection ended
    BOOST_TEST(name(outcome.error().code) == "connection_lost");
    BOOST_TEST(!record.doubt().empty());
}

BOOST_AUTO_TEST_CASE(a_file_that_began_and_ended_while_the_connection_was_away_is_done) {
    // The connection ends before or behind the answer to the start. Of a file that was drawn before under the same name
    // only the time tells it.
    for (const bool answers : {true, false})
        for (const double before : {0.0, 7.5, 31.5}) {
            file_stage b;
            b.object("print_stats") = {{"state", before > 0 ? "complete" : "standby"},
                                       {"filename", before > 0 ? "kplot-a.gcode" : ""},
                                       {"message", ""},
                                       {"total_duration", before}};
            b.printer.on_script = [&](peer& p, const json::object& request, const std::string& script) {
                const bool start = script.starts_with("SDCARD_PRINT_FILE");
                if (!start || answers) p.answer(request, "{}");
                if (!start) return;
                b.object("print_stats") = {
                    {"state", "complete"}, {"filename", "kplot-a.gcode"}, {"message", ""}, {"total_duration", 31.5}};
                p.hang_up(400us);
            };
            b.open();
            const auto f = b.facts();
            const auto plan = b.write(f);
            run::file_run r(b.k, b.machine, f, *plan, b.steering, b.record, b.out);
            const auto begun = r.start();
            BOOST_TEST_CONTEXT("answers " << answers << ", before " << before) {
                BOOST_TEST(begun.has_value() == (before != 31.5));
                if (!begun) continue;
                const auto outcome = r.follow();
                BOOST_REQUIRE_MESSAGE(outcome, outcome.error().what);
                BOOST_TEST((outcome->how == run::file_outcome::end::done));
                BOOST_TEST(b.record.doubt().empty());
            }
        }
}

BOOST_FIXTURE_TEST_CASE(a_file_that_goes_on_behind_a_broken_connection_is_followed_again, file_stage) {
    open();
    const auto f = facts();
    const auto plan = write(f);
    run::file_run r(k, machine, f, *plan, steering, record, out);
    BOOST_REQUIRE(r.start());
    object("print_stats")["filename"] = "kplot-a.gcode";
    printer.peers[0]->hang_up(2s);
    const std::size_t before = printer.scripts.size();
    std::size_t told = 0;
    // The new connection is the third; Klipper tells it the end of the file later.
    const auto serve = printer.on_script;
    printer.on_connect = [&](peer& p) {
        if (printer.peers.size() == 3)
            p.say(R"({"params":{"eventtime":300,"status":{"print_stats":{"state":"complete"}}}})"
                  "\x03",
                  5s);
    };
    const auto outcome = r.follow();
    BOOST_REQUIRE_MESSAGE(outcome, outcome.error().what);
    BOOST_TEST((outcome->how == run::file_outcome::end::done));
    // Nothing is sent but the lift at the end.
    BOOST_TEST(printer.scripts.size() == before + 1);
    BOOST_TEST(printer.scripts.back() == lift);
    BOOST_TEST(record.doubt().empty());
    for (const auto& e : out.events) told += e.text.find("Klipper goes on with the file") != std::string::npos ? 1 : 0;
    BOOST_TEST(told >= 1u);
}

BOOST_FIXTURE_TEST_CASE(another_file_behind_a_broken_connection_is_not_followed, file_stage) {
    open();
    const auto f = facts();
    const auto plan = write(f);
    run::file_run r(k, machine, f, *plan, steering, record, out);
    BOOST_REQUIRE(r.start());
    object("print_stats")["filename"] = "somebody-elses.gcode";
    printer.peers[0]->hang_up(2s);
    const auto outcome = r.follow();
    BOOST_REQUIRE(!outcome);
    BOOST_TEST(name(outcome.error().code) == "connection_lost");
    BOOST_TEST(!record.doubt().empty());
}

BOOST_FIXTURE_TEST_CASE(an_error_of_the_file_lifts_the_pen, file_stage) {
    open();
    const auto f = facts();
    const auto plan = write(f);
    run::file_run r(k, machine, f, *plan, steering, record, out);
    BOOST_REQUIRE(r.start());
    printer.peers[0]->say(
        R"({"params":{"eventtime":200,"status":{"print_stats":{"state":"error","message":"Move out of range: 1"}}}})"
        "\x03",
        1s);
    const auto outcome = r.follow();
    BOOST_REQUIRE(!outcome);
    BOOST_TEST(outcome.error().what == "Klipper stopped the file: Move out of range: 1");
    BOOST_TEST(outcome.error().cause == "the rest is not drawn; the tool is up");
    BOOST_TEST(printer.scripts.back() == lift);
    BOOST_TEST(record.doubt().empty());
}

BOOST_FIXTURE_TEST_CASE(a_pause_without_the_macro_stops_and_lifts_in_one_script, file_stage) {
    open();
    draws_at(60, 70, 20);
    const auto how = run::pause_job(k, machine, klippers, record, wait);
    BOOST_REQUIRE(how);
    BOOST_TEST(how->find("in the middle of a stroke") != std::string::npos);
    BOOST_TEST(printer.scripts == (std::vector<std::string>{stop_and_lift, "SET_IDLE_TIMEOUT TIMEOUT=86400"}),
               boost::test_tools::per_element());
    BOOST_REQUIRE(record.pause_point());
    BOOST_TEST((*record.pause_point())[0] == 60.0);
    BOOST_TEST((*record.pause_point())[1] == 70.0);
}

BOOST_FIXTURE_TEST_CASE(a4_foreign_macros_are_gone_around_on_every_way_out, file_stage) {
    printer.on_script = [this](peer& p, const json::object& request, const std::string& script) {
        if (script.starts_with("PAUSE_BASE")) {
            object("print_stats")["state"] = "paused";
            object("pause_resume")["is_paused"] = true;
        }
        if (script.starts_with("RESUME_BASE")) {
            object("print_stats")["state"] = "printing";
            object("pause_resume")["is_paused"] = false;
        }
        p.answer(request, "{}");
    };
    open();
    run::job_commands theirs;
    theirs.pause = "PAUSE_BASE", theirs.resume = "RESUME_BASE", theirs.cancel = "CANCEL_BASE";
    draws_at(60, 70, 20);
    BOOST_REQUIRE(run::pause_job(k, machine, theirs, record, wait));
    BOOST_REQUIRE(run::resume_job(k, machine, theirs, record, {}));
    BOOST_REQUIRE(run::cancel_job(k, machine, theirs, record));
    std::vector<std::string> commands;
    for (const auto& s : printer.scripts) commands.push_back(s.substr(0, s.find_first_of(" \n")));
    BOOST_TEST(commands == (std::vector<std::string>{"PAUSE_BASE", "SET_IDLE_TIMEOUT", "G90", "G90", "RESUME_BASE",
                                                     "SET_IDLE_TIMEOUT", "PAUSE_BASE", "G90", "CANCEL_BASE", "G90",
                                                     "SET_IDLE_TIMEOUT"}),
               boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(a_pause_with_the_macro_waits_for_the_end_of_the_stroke, file_stage) {
    printer.on_script = [this](peer& p, const json::object& request, const std::string& script) {
        p.answer(request, "{}");
        if (!script.starts_with("SET_GCODE_VARIABLE")) return;
        // The stroke goes on for 3 s, then the macro pauses.
        object("print_stats")["state"] = "paused";
        object("pause_resume")["is_paused"] = true;
        p.say(R"({"params":{"eventtime":200,"status":{"print_stats":{"state":"paused"},)"
              R"("pause_resume":{"is_paused":true}}}})"
              "\x03",
              3s);
    };
    open();
    draws_at(60, 70, 10);
    int looks = 0;
    const auto how = run::pause_job(k, machine, our_commands(), record, [&] {
        ++looks;
        return run::patience::wait;
    });
    BOOST_REQUIRE(how);
    BOOST_TEST(*how == "paused between two strokes, the tool is up");
    BOOST_TEST(looks > 10);
    BOOST_TEST(printer.scripts ==
                   (std::vector<std::string>{"SET_GCODE_VARIABLE MACRO=KPLOT_BOUNDARY VARIABLE=pause VALUE=1",
                                             "M400\nG90", lift, "SET_IDLE_TIMEOUT TIMEOUT=86400"}),
               boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(whoever_waits_for_the_end_of_a_stroke_may_stop_waiting, file_stage) {
    open();
    draws_at(60, 70, 20);
    const auto how = run::pause_job(k, machine, our_commands(), record, [] { return run::patience::enough; });
    BOOST_REQUIRE(!how);
    BOOST_TEST(name(how.error().code) == "interrupted");
    BOOST_TEST(printer.scripts.back() == "SET_GCODE_VARIABLE MACRO=KPLOT_BOUNDARY VARIABLE=pause VALUE=0");
}

BOOST_FIXTURE_TEST_CASE(resume_goes_above_the_point_and_klipper_lowers_the_pen_there, file_stage) {
    open();
    draws_at(60, 70, 20);
    BOOST_REQUIRE(run::pause_job(k, machine, klippers, record, wait));
    printer.scripts.clear();
    printer.stand_at(5, 5, 3); // somebody moved it
    BOOST_REQUIRE(run::resume_job(k, machine, klippers, record, {}));
    BOOST_TEST(printer.scripts == (std::vector<std::string>{lift, "G90\nG0 X60 Y70 F4800\nM400\nG90",
                                                            "RESUME VELOCITY=40", "SET_IDLE_TIMEOUT TIMEOUT=600"}),
               boost::test_tools::per_element());
    BOOST_TEST(!record.pause_point());
    BOOST_TEST(!record.doubt().empty());
}

BOOST_FIXTURE_TEST_CASE(our_own_resume_macro_needs_no_help, file_stage) {
    open();
    object("print_stats")["state"] = "paused";
    object("pause_resume")["is_paused"] = true;
    BOOST_REQUIRE(run::resume_job(k, machine, our_commands(), record, {}));
    BOOST_TEST(printer.scripts == (std::vector<std::string>{"RESUME", "SET_IDLE_TIMEOUT TIMEOUT=600"}),
               boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(cancel_is_stop_and_lift_then_cancel_then_lift, file_stage) {
    open();
    draws_at(60, 70, 20);
    BOOST_REQUIRE(run::cancel_job(k, machine, klippers, record));
    BOOST_TEST(printer.scripts == (std::vector<std::string>{stop_and_lift, lift, "CANCEL_PRINT\nM400\nG90", lift,
                                                            "SET_IDLE_TIMEOUT TIMEOUT=600"}),
               boost::test_tools::per_element());
    BOOST_TEST(record.doubt().empty());
}

BOOST_FIXTURE_TEST_CASE(a_cancel_that_cannot_prove_the_pen_up_does_not_call_the_printers_cancel, file_stage) {
    open();
    draws_at(60, 70, 20);
    BOOST_REQUIRE(record.may_be_down("a file is running"));
    printer.drives = false; // something holds Z down
    const auto cancelled = run::cancel_job(k, machine, klippers, record);
    BOOST_REQUIRE(!cancelled);
    BOOST_TEST(cancelled.error().what == "the tool is not up: Z is 20, up is 10");
    for (const auto& s : printer.scripts) BOOST_TEST(!s.starts_with("CANCEL_PRINT"));
    BOOST_TEST(!record.doubt().empty());
}

BOOST_FIXTURE_TEST_CASE(the_lift_ends_at_the_machines_height_whatever_offset_somebody_set, file_stage) {
    open();
    // SET_GCODE_OFFSET Z=15 of another client: G1 Z10 would press the pen to 25.
    printer.stand_at(60, 70, 20, {0, 0, 15});
    printer.push(*printer.peers[0], {{"gcode_move", printer.status["gcode_move"]}});
    BOOST_REQUIRE(k.pump(printer.clock.now() + 1s));
    BOOST_REQUIRE(run::lift(k, machine, record));
    BOOST_TEST(printer.scripts == std::vector<std::string>{"G90\nG1 Z-5 F2400\nM400\nG90"},
               boost::test_tools::per_element());
    // One that came since Klipper last told: seen by the proof, and mended.
    printer.scripts.clear();
    printer.stand_at(60, 70, 20, {0, 0, -3});
    BOOST_REQUIRE(run::lift(k, machine, record));
    BOOST_TEST(printer.scripts.back() == "G90\nG1 Z13 F2400\nM400\nG90");
    BOOST_TEST(printer.status["toolhead"].as_object()["position"].as_array()[2].to_number<double>() == 10.0);
}

BOOST_FIXTURE_TEST_CASE(a_file_that_klipper_stopped_reading_is_lifted_and_taken_off, file_stage) {
    open();
    object("print_stats")["state"] = "paused"; // and is_paused is false: seen with a byte that is not UTF-8
    BOOST_REQUIRE(run::cancel_job(k, machine, klippers, record));
    BOOST_TEST(printer.scripts == (std::vector<std::string>{lift, "CANCEL_PRINT\nM400\nG90", "SDCARD_RESET_FILE", lift,
                                                            "SET_IDLE_TIMEOUT TIMEOUT=600"}),
               boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(nothing_to_pause_resume_or_cancel_is_refused_and_sends_nothing, file_stage) {
    open();
    for (const auto& c : {klippers, our_commands()}) {
        const auto paused = run::pause_job(k, machine, c, record, wait);
        BOOST_REQUIRE(!paused);
        BOOST_TEST(name(paused.error().code) == "refused");
        BOOST_TEST(name(run::cancel_job(k, machine, c, record).error().code) == "refused");
        BOOST_TEST(name(run::resume_job(k, machine, c, record, {}).error().code) == "refused");
    }
    BOOST_TEST(printer.scripts.empty());
}

/// A file that has begun.
struct running_stage : file_stage {
    std::optional<run::printer_facts> f;
    std::optional<run::file_plan> plan;
    using run_type = run::file_run<fake_session, quiet_steering, recording_sink>;
    std::optional<run_type> r;

    void begin() {
        open();
        f = facts();
        auto written = write(*f);
        BOOST_REQUIRE(written);
        plan = *written;
        r.emplace(k, machine, *f, *plan, steering, record, out);
        BOOST_REQUIRE(r->start());
        printer.scripts.clear();
    }
    void push(json::object changed, io::duration after) { printer.push(*printer.peers[0], std::move(changed), after); }
    static json::object live(double x, double y, double z, double v = 25) {
        return {{"motion_report", json::object{{"live_position", json::array{x, y, z, 0.0}}, {"live_velocity", v}}}};
    }
};

BOOST_FIXTURE_TEST_CASE(b1_a_residue_of_the_planner_is_rest_and_the_run_ends, running_stage) {
    begin();
    push({{"motion_report", json::object{{"live_velocity", 7.1e-15}}},
          {"idle_timeout", json::object{{"state", "Ready"}}},
          {"print_stats", json::object{{"state", "complete"}}}},
         1s);
    const auto done = r->follow();
    BOOST_REQUIRE(done);
    BOOST_TEST((done->how == run::file_outcome::end::done));
    BOOST_TEST(printer.clock.t() < 30);
}

BOOST_FIXTURE_TEST_CASE(b1_a_file_that_klipper_has_read_is_ended_by_the_lift_and_not_by_a_wait, running_stage) {
    begin();
    // It calls itself moving for good: the lift waits for the end of the motion itself.
    push({{"motion_report", json::object{{"live_velocity", 3.0}}},
          {"idle_timeout", json::object{{"state", "Printing"}}},
          {"print_stats", json::object{{"state", "complete"}}}},
         1s);
    BOOST_REQUIRE(r->follow());
    BOOST_TEST(printer.scripts == std::vector<std::string>{lift}, boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(what_was_pushed_behind_an_answer_is_newer_than_the_answer, running_stage) {
    open();
    f = facts();
    plan = *write(*f);
    r.emplace(k, machine, *f, *plan, steering, record, out);
    auto& stats = printer.status["print_stats"].as_object();
    int queries = 0;
    printer.peers[0]->on_request = [&](peer& p, const json::object& request) {
        const bool prints = stats.at("state") == "printing";
        if (request.at("method") == "gcode/script") stats["state"] = "printing";
        if (request.at("method") != "objects/query" || !prints || ++queries < 2) return printer.serve(p, request);
        // The start has been seen: of the next answer the news are read together with it, and there are no more.
        const json::object answer{{"id", request.at("id")}, {"result", printer.wanted(request)}};
        stats["state"] = "complete";
        const json::object over{{"eventtime", 100.25 + printer.clock.t()},
                                {"status", json::object{{"print_stats", json::object{{"state", "complete"}}}}}};
        p.say(json::serialize(answer) + '\x03' + json::serialize(json::object{{"kf", "status"}, {"params", over}}) +
              '\x03');
    };
    BOOST_REQUIRE(r->start());
    BOOST_TEST(stats.at("state") == "complete");
    BOOST_TEST((k.status().job() == klippy::job_state::done));
}

BOOST_FIXTURE_TEST_CASE(b1_a_klipper_that_falls_silent_is_asked_and_then_given_up, running_stage) {
    begin();
    printer.peers[0]->on_request = nullptr; // it hangs
    const auto done = r->follow();
    BOOST_REQUIRE(!done);
    BOOST_TEST(printer.clock.t() < 60);
    BOOST_TEST(!record.doubt().empty());
}

BOOST_FIXTURE_TEST_CASE(b2_a_cancel_that_came_while_it_homed_is_obeyed_before_the_file_begins, running_stage) {
    open();
    f = facts();
    plan = *write(*f);
    r.emplace(k, machine, *f, *plan, steering, record, out);
    steering.once = run::order::cancel;
    const auto begins = r->may_start();
    BOOST_REQUIRE(begins);
    BOOST_TEST(!*begins);
    BOOST_TEST(steering.settled == std::vector<std::string>{"cancelled before anything was drawn, the tool is up"},
               boost::test_tools::per_element());
    BOOST_TEST(printer.scripts.empty());
    const auto other = r->may_start();
    BOOST_TEST((other && *other));
}

BOOST_FIXTURE_TEST_CASE(b2_an_order_that_came_with_the_start_is_obeyed_before_the_file_is_left_alone, running_stage) {
    begin();
    steering.once = run::order::cancel;
    const auto left = r->leave();
    BOOST_REQUIRE(left);
    BOOST_TEST((left->how == run::file_outcome::end::cancelled));
    BOOST_TEST(printer.scripts[0] == "PAUSE\nG90\nG1 Z10 F2400\nM400\nG90");
    running_stage other;
    other.begin();
    other.steering.once = run::order::pause;
    BOOST_TEST((other.r->leave()->how == run::file_outcome::end::detached));
    BOOST_TEST(other.steering.settled.size() == 1u);
}

BOOST_FIXTURE_TEST_CASE(b4_a_strangers_motion_ends_the_file_with_the_pen_up_and_says_so, running_stage) {
    begin();
    push({{"virtual_sdcard", json::object{{"is_active", true}, {"file_position", 90}}}}, 1s);
    push(live(25, 322, 20), 1250ms);  // on the way
    push(live(120, 330, 20), 1500ms); // G1 X240 Y340 of somebody
    const auto done = r->follow();
    BOOST_REQUIRE(!done);
    BOOST_TEST(name(done.error().code) == "failed");
    BOOST_TEST(done.error().what ==
               "something else moves the machine: it was at X120.00 Y330.00 Z20.00, beside the way of the drawing");
    BOOST_TEST(done.error().cause == "the file was ended; the tool is up");
    BOOST_TEST(printer.scripts[0] == stop_and_lift);
    BOOST_TEST(printer.scripts[2] == "BASE_CANCEL_PRINT\nM400\nG90");
    BOOST_TEST(record.doubt().empty());
}

BOOST_FIXTURE_TEST_CASE(b4_a_pause_and_the_way_back_from_it_are_no_strangers_motion, running_stage) {
    begin();
    object("print_stats")["state"] = "paused"; // for who asks in the pause
    object("pause_resume")["is_paused"] = true;
    push({{"virtual_sdcard", json::object{{"is_active", true}, {"file_position", 90}}}}, 500ms);
    push(live(25, 322, 20), 1s);
    push({{"print_stats", json::object{{"state", "paused"}}}, {"pause_resume", json::object{{"is_paused", true}}}}, 2s);
    push(live(200, 20, 10), 3s); // somebody looks at the drawing
    push({{"print_stats", json::object{{"state", "printing"}}}, {"pause_resume", json::object{{"is_paused", false}}}},
         4s);
    push(live(150, 100, 10), 4500ms); // the resume is on its way
    push(live(30, 322, 20), 5s);
    push({{"print_stats", json::object{{"state", "complete"}}}}, 6s);
    const auto done = r->follow();
    BOOST_REQUIRE_MESSAGE(done, done.error().what);
}

BOOST_FIXTURE_TEST_CASE(a_pause_of_somebody_else_lifts_the_pen_and_remembers_the_spot, running_stage) {
    begin();
    printer.stand_at(77, 322, 20);
    push({{"print_stats", json::object{{"state", "paused"}}}, {"pause_resume", json::object{{"is_paused", true}}}}, 1s);
    push({{"print_stats", json::object{{"state", "cancelled"}}}}, 3s);
    const auto done = r->follow();
    BOOST_REQUIRE(done);
    BOOST_TEST(printer.scripts == (std::vector<std::string>{"M400\nG90", lift, lift}),
               boost::test_tools::per_element());
    BOOST_TEST((done->how == run::file_outcome::end::cancelled));
}

BOOST_FIXTURE_TEST_CASE(b5_an_error_that_on_error_gcode_turns_into_a_cancel_is_told_as_what_it_is, running_stage) {
    printer.status["configfile"].as_object()["settings"].as_object()["virtual_sdcard"].as_object()["on_error_gcode"] =
        "\nCANCEL_PRINT\n";
    begin();
    fake_printer::print(*printer.peers[0], "!! Move out of range: 300.000 0.000 0.000 [0.000]", 1s);
    push({{"print_stats", json::object{{"state", "cancelled"}}}}, 2s);
    const auto done = r->follow();
    BOOST_REQUIRE(!done);
    BOOST_TEST(done.error().what == "Klipper stopped the file: Move out of range: 300.000 0.000 0.000 [0.000]");
    BOOST_TEST(done.error().cause == "the rest is not drawn; the tool is up");
    // Without an error it is a person's cancel.
    running_stage other;
    other.begin();
    other.push({{"print_stats", json::object{{"state", "cancelled"}}}}, 2s);
    const auto cancelled = other.r->follow();
    BOOST_REQUIRE(cancelled);
    BOOST_TEST((cancelled->how == run::file_outcome::end::cancelled));
}

BOOST_FIXTURE_TEST_CASE(another_file_in_the_place_of_ours_is_not_followed, running_stage) {
    begin();
    push({{"print_stats", json::object{{"filename", "vase.gcode"}}}}, 1s);
    const auto done = r->follow();
    BOOST_REQUIRE(!done);
    BOOST_TEST(done.error().what == "the printer runs another file now: vase.gcode");
    BOOST_TEST(printer.scripts.empty());
}

} // namespace file_run_test
