// SPDX-License-Identifier: MIT
#include "wire.hpp"

#include <kf/klippy/sdcard_files.hpp>

#include <boost/test/unit_test.hpp>

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

namespace sdcard_files_test {

using namespace kf;
using namespace kf::klippy;
using namespace kf::test;

/// Answers queries with `status` and scripts with success; keeps the scripts.
struct printer {
    manual_clock clock;
    std::string job = "standby";
    bool is_paused = false;
    bool is_active = false;
    std::string homed = "xyz";
    std::string sections = "all";
    std::vector<std::string> scripts = {};
    std::string refuse_with = {};
    std::function<void()> on_look = nullptr;
    io::duration answer_time = 300us;
    std::string job_after_script = {};
    bool pauses = false; ///< a script with PAUSE marks the printer as paused, as Klipper does whatever runs
    std::shared_ptr<peer> far_end = std::make_shared<peer>(peer{clock});
    client<wire, manual_clock> k{wire(far_end), clock};

    printer() {
        far_end->on_request = [this](peer& p, const json::object& request) {
            if (request.at("method").as_string() == "objects/query") {
                if (on_look) on_look();
                p.answer(request, status(), answer_time);
                return;
            }
            scripts.emplace_back(request.at("params").at("script").as_string());
            if (!refuse_with.empty()) {
                p.refuse(request, refuse_with);
                return;
            }
            if (!job_after_script.empty()) job = job_after_script;
            if (pauses && scripts.back().starts_with("PAUSE")) is_paused = true;
            p.answer(request, "{}");
        };
    }
    [[nodiscard]] std::string status() const {
        json::object o{
            {"webhooks", json::object{{"state", "ready"}, {"state_message", "Printer is ready"}}},
            {"toolhead", json::object{{"homed_axes", homed}}},
            {"virtual_sdcard", json::object{{"file_path", nullptr}, {"is_active", is_active}, {"progress", 0.25}}},
            {"print_stats", json::object{{"state", job}, {"filename", "old.gcode"}, {"message", ""}}},
            {"pause_resume", json::object{{"is_paused", is_paused}}}};
        if (sections != "all") o["virtual_sdcard"] = json::object{};
        return json::serialize(json::object{{"eventtime", 5.5}, {"status", o}});
    }
    [[nodiscard]] io::time_point soon() const { return clock.now() + 5s; }
};

struct scratch {
    std::filesystem::path at;
    scratch() {
        std::string name = (std::filesystem::temp_directory_path() / "kf-sdcard-XXXXXX").string();
        BOOST_REQUIRE(::mkdtemp(name.data()) != nullptr);
        at = name;
    }
    ~scratch() { std::filesystem::remove_all(at); }
    void file(const std::string& name, const std::string& text) const {
        std::filesystem::create_directories((at / name).parent_path());
        std::ofstream(at / name) << text;
    }
};

BOOST_AUTO_TEST_SUITE(sdcard_files)

BOOST_AUTO_TEST_CASE(quotes_a_name_so_that_klipper_reads_it_back) {
    const auto quoted = [](std::string_view n) { return quoted_file_name(n).value(); };
    BOOST_TEST(quoted("simple.gcode") == "\"simple.gcode\"");
    BOOST_TEST(quoted("with space.gcode") == "\"with space.gcode\"");
    BOOST_TEST(quoted("sub dir/in ner.g") == "\"sub dir/in ner.g\"");
    BOOST_TEST(quoted("a#b;c=d'.gco") == "\"a#b;c=d'.gco\"");
    BOOST_TEST(quoted("6\" plate.gcode") == "'6\" plate.gcode'");
    BOOST_TEST(quoted("back\\slash.gcode") == "'back\\slash.gcode'");
    BOOST_TEST(quoted("caf\xc3\xa9.gcode") == "\"caf\xc3\xa9.gcode\"");
    BOOST_TEST(quoted("a..b.gcode") == "\"a..b.gcode\"");
}

BOOST_AUTO_TEST_CASE(refuses_a_name_that_would_harm_or_fail) {
    const struct {
        std::string name;
        std::string why;
    } cases[] = {
        {"", "Klipper cannot run this file: its name is empty"}, // this one shuts the printer down
        {"a\nM112.gcode", "Klipper cannot run this file: there is a control character in its name"},
        {"a\x7f.gcode", "Klipper cannot run this file: there is a control character in its name"},
        {"caf\xe9.gcode", "Klipper cannot run this file: its name is not UTF-8"},
        {"it's 6\".gcode", "Klipper cannot run this file: its name has both kinds of quotes"},
        {"a.GCODE", "Klipper cannot run this file: its name does not end in .gcode"},
        {"a.txt", "Klipper cannot run this file: its name does not end in .gcode"},
        {"gcode", "Klipper cannot run this file: its name does not end in .gcode"},
        {"../a.gcode", "Klipper cannot run this file: it is outside of the G-code directory"},
        {"x/../../a.gcode", "Klipper cannot run this file: it is outside of the G-code directory"},
    };
    for (const auto& c : cases) {
        printer p;
        const auto refused = start_file(p.k, c.name, p.soon());
        BOOST_REQUIRE_MESSAGE(!refused, c.name);
        BOOST_TEST((refused.error().code == errc::usage));
        BOOST_TEST(refused.error().what == c.why);
        BOOST_TEST(refused.error().steps.size() == 1U);
        BOOST_TEST(p.far_end->written.empty());
    }
}

BOOST_AUTO_TEST_CASE(starts_a_file_and_looks_whether_it_did) {
    printer p;
    p.job_after_script = "complete"; // a short job: no subscription ever shows it printing
    const auto started = start_file(p.k, "two words.gcode", p.soon());
    BOOST_REQUIRE(started);
    BOOST_TEST((started->state == job_state::done));
    BOOST_REQUIRE(p.scripts.size() == 1U);
    BOOST_TEST(p.scripts[0] == "SDCARD_PRINT_FILE FILENAME=\"two words.gcode\"");
    printer nothing_happened;
    BOOST_TEST((start_file(nothing_happened.k, "a.gcode", nothing_happened.soon()).error().code == errc::failed));
}

BOOST_AUTO_TEST_CASE(a_busy_machine_takes_a_moment_from_the_start_to_the_first_line) {
    printer p;
    int looks = 0;
    p.on_look = [&] {
        if (p.scripts.empty()) return;
        p.is_active = true;
        if (++looks == 4) p.job = "printing";
    };
    const auto begun = start_file(p.k, "a.gcode", p.soon());
    BOOST_REQUIRE(begun);
    BOOST_TEST((begun->state == job_state::printing));
    BOOST_TEST(looks == 4);
    printer never;
    never.on_look = [&] { never.is_active = !never.scripts.empty(); };
    never.answer_time = 250ms;
    BOOST_TEST((start_file(never.k, "a.gcode", never.soon()).error().code == errc::timeout));
}

BOOST_AUTO_TEST_CASE(does_not_start_over_another_job) {
    for (const std::string job : {"printing", "paused"}) {
        printer p;
        p.job = job;
        p.is_paused = job == "paused";
        const auto busy = start_file(p.k, "a.gcode", p.soon());
        BOOST_REQUIRE(!busy);
        BOOST_TEST((busy.error().code == errc::busy));
        BOOST_TEST(busy.error().what == "old.gcode is " + job);
        BOOST_TEST(p.scripts.empty());
    }
    printer raced; // somebody else was faster
    raced.refuse_with = "SD busy";
    BOOST_TEST((start_file(raced.k, "a.gcode", raced.soon()).error().code == errc::busy));
    printer missing;
    missing.refuse_with = "Unable to open file";
    BOOST_TEST((start_file(missing.k, "a.gcode", missing.soon()).error().code == errc::not_found));
}

BOOST_AUTO_TEST_CASE(clears_a_pause_that_belongs_to_no_job) {
    printer p;
    p.job = "cancelled";
    p.is_paused = true;
    p.job_after_script = "printing";
    BOOST_TEST(start_file(p.k, "a.gcode", p.soon()).has_value());
    BOOST_TEST(p.scripts.at(0) == "CLEAR_PAUSE\nSDCARD_PRINT_FILE FILENAME=\"a.gcode\"");
}

BOOST_AUTO_TEST_CASE(p6_says_which_sections_a_printer_lacks) {
    printer p;
    p.sections = "none";
    const auto none = start_file(p.k, "a.gcode", p.soon());
    BOOST_REQUIRE(!none);
    BOOST_TEST((none.error().code == errc::not_found));
    BOOST_TEST(none.error().command == "printer.cfg");
}

BOOST_AUTO_TEST_CASE(a_pause_waits_for_the_pen_to_stand) {
    printer p;
    p.job = "printing";
    p.job_after_script = "paused";
    p.pauses = true;
    BOOST_REQUIRE(pause_file(p.k, "PAUSE", p.soon()));
    BOOST_TEST(p.scripts.at(0) == "PAUSE\nM400\nG90");
    printer paused;
    paused.job = "paused";
    paused.is_paused = true;
    BOOST_REQUIRE(pause_file(paused.k, "PAUSE", paused.soon()));
    BOOST_TEST(paused.scripts.empty());
    printer idle; // PAUSE would mark it as paused
    BOOST_TEST((pause_file(idle.k, "PAUSE", idle.soon()).error().code == errc::refused));
    BOOST_TEST(idle.scripts.empty());
}

BOOST_AUTO_TEST_CASE(a_pause_that_comes_after_the_end_of_the_file_leaves_no_pause_behind) {
    printer p;
    p.job = "printing";
    p.job_after_script = "complete"; // between the look and PAUSE
    p.pauses = true;
    const auto late = pause_file(p.k, "PAUSE", p.soon());
    BOOST_REQUIRE(!late);
    BOOST_TEST((late.error().code == errc::refused));
    BOOST_TEST(p.scripts == (std::vector<std::string>{"PAUSE\nM400\nG90", "CLEAR_PAUSE"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(resumes_only_what_can_go_on) {
    printer p;
    p.job = "paused";
    p.is_paused = true;
    BOOST_REQUIRE(resume_file(p.k, "RESUME", p.soon()));
    BOOST_TEST(p.scripts.at(0) == "RESUME");
    printer slept = {}; // idle_timeout switched the motors off; Klipper would say {} and the job would die
    slept.job = "paused";
    slept.is_paused = true;
    slept.homed = "";
    BOOST_TEST((resume_file(slept.k, "RESUME", slept.soon()).error().code == errc::refused));
    printer stalled; // a byte that is not UTF-8
    stalled.job = "paused";
    const auto refused = resume_file(stalled.k, "RESUME", stalled.soon());
    BOOST_TEST((refused.error().code == errc::refused));
    BOOST_TEST(!refused.error().cause.empty());
    printer idle;
    BOOST_TEST((resume_file(idle.k, "RESUME", idle.soon()).error().code == errc::refused));
    BOOST_TEST(slept.scripts.empty());
    BOOST_TEST(stalled.scripts.empty());
    BOOST_TEST(idle.scripts.empty());
}

BOOST_AUTO_TEST_CASE(a_cancel_waits_for_the_pen_to_stand) {
    printer p;
    p.job = "printing";
    BOOST_REQUIRE(cancel_file(p.k, "CANCEL_PRINT", p.soon()));
    BOOST_TEST(p.scripts.at(0) == "CANCEL_PRINT\nM400\nG90");
}

BOOST_AUTO_TEST_CASE(progress_of_a_recorded_job_never_goes_back) {
    printer_status s;
    double before = 0;
    std::vector<double> seen;
    for (const auto& line : load_recording("sd_complete.jsonl")) {
        const auto* o = line.msg.if_object();
        if (line.direction != '<' || line.t < 2.6 || !o->contains("params") ||
            line.msg.at("params").as_object().count("status") == 0)
            continue;
        BOOST_REQUIRE(s.merge(line.msg.at("params").at("status").as_object(),
                              line.msg.at("params").at("eventtime").to_number<double>()));
        const auto p = progress(s);
        BOOST_TEST(p.read >= before);
        before = p.read;
        seen.push_back(p.read);
        BOOST_TEST(p.file_name == "simple.gcode");
    }
    BOOST_TEST(seen.size() > 8U);
    BOOST_TEST(seen.front() == 0.376);
    BOOST_TEST(seen.back() == 1.0);
    BOOST_TEST((progress(s).state == job_state::done));
    BOOST_TEST(std::abs(progress(s).duration - 2.301688239) < 1e-6);
}

BOOST_AUTO_TEST_CASE(lists_what_klipper_can_run) {
    const scratch dir;
    dir.file("b.gcode", "G28\n");
    dir.file("a b.g", "M400\nG1\n");
    dir.file("sub/deep/c.gco", "");
    dir.file("UPPER.GCODE", "x");
    dir.file("notes.txt", "x");
    dir.file(".hidden.gcode", "x");
    dir.file("both'\".gcode", "x");
    const auto files = list_files(dir.at);
    BOOST_REQUIRE(files);
    BOOST_TEST((*files == std::vector<gcode_file>{{"a b.g", 8}, {"b.gcode", 4}, {"sub/deep/c.gco", 0}}));
    BOOST_TEST((list_files(dir.at / "nowhere").error().code == errc::not_found));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace sdcard_files_test
