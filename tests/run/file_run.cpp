// SPDX-License-Identifier: MIT
#include "fake_printer.hpp"

#include <kf/job/job_file.hpp>
#include <kf/run/file_run.hpp>

#include <boost/test/unit_test.hpp>

using namespace kf;
using namespace kf::test;

namespace {

struct quiet_steering {
    run::order once = run::order::none;
    std::vector<std::string> settled = {}, refused = {};
    template<class Status>
    run::order next(Status&& status) {
        (void)status();
        return std::exchange(once, run::order::none);
    }
    void settle(const std::string& text) { settled.push_back(text); }
    void refuse(const error& e) { refused.push_back(e.what); }
    result<run::order> stepped(std::size_t) { return run::order::resume; }
};

const std::vector<job::operation> one_line{job::home_xy{}, job::rapid_xy{{0, 0}}, job::tool_down{},
                                           job::draw_polyline{{{100, 0}}}, job::tool_up{}};

struct file_bench : bench {
    quiet_steering steering;

    json::object& object(const char* name) { return printer.status[name].as_object(); }
    result<run::file_plan> write(const run::printer_facts& f, const std::string& boundary = "") {
        return run::write_job_file(folder.path(), "kplot-a.gcode", machine,
                                   {.live_objects = printer.objects, .boundary_macro = boundary}, f,
                                   run::without_first_homing(job::stroke_source(job::operations_of(one_line))));
    }
    /// Klipper prints the file that is asked for, until a test says otherwise.
    file_bench() {
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
    void paused_at(double x, double y, double z) {
        object("toolhead")["position"] = json::array{x, y, z, 0.0};
        object("print_stats")["state"] = "printing";
    }
    const std::string lift = "G90\nG1 Z10 F2400\nM400\nG90";
};

} // namespace

BOOST_FIXTURE_TEST_CASE(the_file_is_whole_and_ends_in_a_barrier_and_a_newline, file_bench) {
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

BOOST_FIXTURE_TEST_CASE(the_boundary_macro_is_called_only_where_the_printer_has_it, file_bench) {
    BOOST_REQUIRE(write(facts(), "KPLOT_BOUNDARY"));
    BOOST_TEST(io::read_file(folder / "kplot-a.gcode")->find("KPLOT") == std::string::npos);
    printer.objects.emplace_back("gcode_macro KPLOT_BOUNDARY");
    BOOST_REQUIRE(write(facts(), "KPLOT_BOUNDARY"));
    BOOST_TEST(io::read_file(folder / "kplot-a.gcode")->find("G1 Z10 F2400\nKPLOT_BOUNDARY STROKE=1\n") !=
               std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(a_directory_that_is_not_there_is_named, file_bench) {
    const auto plan = run::write_job_file(folder / "none", "a.gcode", machine, {}, facts(),
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

BOOST_FIXTURE_TEST_CASE(done_is_told_when_klipper_says_so_and_the_tool_is_up, file_bench) {
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

BOOST_FIXTURE_TEST_CASE(the_end_of_an_older_job_is_not_taken_for_this_ones, file_bench) {
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

BOOST_FIXTURE_TEST_CASE(a_file_that_goes_on_behind_a_broken_connection_is_followed_again, file_bench) {
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

BOOST_FIXTURE_TEST_CASE(another_file_behind_a_broken_connection_is_not_followed, file_bench) {
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

BOOST_FIXTURE_TEST_CASE(an_error_of_the_file_lifts_the_pen, file_bench) {
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

BOOST_FIXTURE_TEST_CASE(a_pause_without_the_macro_stops_lifts_and_says_so, file_bench) {
    open();
    paused_at(60, 70, 20);
    const auto how = run::pause_job(k, machine, false, record, [] {});
    BOOST_REQUIRE(how);
    BOOST_TEST(how->find("in the middle of a stroke") != std::string::npos);
    BOOST_TEST(printer.scripts ==
                   (std::vector<std::string>{"PAUSE\nM400\nG90", lift, "SET_IDLE_TIMEOUT TIMEOUT=86400"}),
               boost::test_tools::per_element());
    BOOST_REQUIRE(record.pause_point());
    BOOST_TEST((*record.pause_point())[2] == 20.0);
}

BOOST_FIXTURE_TEST_CASE(a_pause_with_the_macro_waits_for_the_end_of_the_stroke, file_bench) {
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
    paused_at(60, 70, 10);
    int looks = 0;
    const auto how = run::pause_job(k, machine, true, record, [&] { ++looks; });
    BOOST_REQUIRE(how);
    BOOST_TEST(*how == "paused between two strokes, the tool is up");
    BOOST_TEST(looks > 10);
    BOOST_TEST(printer.scripts ==
                   (std::vector<std::string>{"SET_GCODE_VARIABLE MACRO=KPLOT_BOUNDARY VARIABLE=pause VALUE=1",
                                             "M400\nG90", lift, "SET_IDLE_TIMEOUT TIMEOUT=86400"}),
               boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(resume_goes_above_the_point_before_it_lowers_the_pen, file_bench) {
    open();
    paused_at(60, 70, 20);
    BOOST_REQUIRE(run::pause_job(k, machine, false, record, [] {}));
    printer.scripts.clear();
    BOOST_REQUIRE(run::resume_job(k, machine, record));
    BOOST_TEST(printer.scripts == (std::vector<std::string>{lift, "G90\nG0 X60 Y70 F4800\nG1 Z20 F2400\nM400\nG90",
                                                            "RESUME", "SET_IDLE_TIMEOUT TIMEOUT=600"}),
               boost::test_tools::per_element());
    BOOST_TEST(!record.pause_point());
    BOOST_TEST(!record.doubt().empty());
}

BOOST_FIXTURE_TEST_CASE(cancel_is_pause_lift_cancel, file_bench) {
    open();
    object("print_stats")["state"] = "printing";
    BOOST_REQUIRE(run::cancel_job(k, machine, false, record));
    BOOST_TEST(printer.scripts == (std::vector<std::string>{"PAUSE\nM400\nG90", lift, "CANCEL_PRINT\nM400\nG90", lift,
                                                            "SET_IDLE_TIMEOUT TIMEOUT=600"}),
               boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(a_file_that_klipper_stopped_reading_is_lifted_and_taken_off, file_bench) {
    open();
    object("print_stats")["state"] = "paused"; // and is_paused is false: seen with a byte that is not UTF-8
    BOOST_REQUIRE(run::cancel_job(k, machine, false, record));
    BOOST_TEST(printer.scripts == (std::vector<std::string>{lift, "CANCEL_PRINT\nM400\nG90", "SDCARD_RESET_FILE", lift,
                                                            "SET_IDLE_TIMEOUT TIMEOUT=600"}),
               boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(nothing_to_pause_resume_or_cancel_is_refused_and_sends_nothing, file_bench) {
    open();
    for (const bool boundary : {false, true}) {
        const auto paused = run::pause_job(k, machine, boundary, record, [] {});
        BOOST_REQUIRE(!paused);
        BOOST_TEST(name(paused.error().code) == "refused");
    }
    BOOST_TEST(name(run::cancel_job(k, machine, false, record).error().code) == "refused");
    BOOST_TEST(name(run::resume_job(k, machine, record).error().code) == "refused");
    BOOST_TEST(printer.scripts.empty());
}
