// SPDX-License-Identifier: MIT
#include "fake_klippy.hpp"
#include "fake_proc.hpp"

#include <kf/host/print_guard.hpp>

#include <boost/test/unit_test.hpp>

#include <fstream>

namespace print_guard_test {

using namespace kf::host;
using kf::errc;
using kf::test::fake_klippy;
using kf::test::fake_proc;
using kf::test::idle_info;
using kf::test::idle_list;
using kf::test::idle_status;
using kf::test::temporary_folder;

printer_activity idle() {
    printer_activity a;
    a.state = "ready";
    a.has_print_stats = true;
    a.print_state = "standby";
    a.idle_state = "Idle";
    return a;
}

/// The reason, with "? " before it when it is that something is not known; empty when idle.
std::string reason(const printer_activity& a) {
    const auto v = objection_to_stop(a);
    return v ? (v->unknown ? "? " : "") + v->reason : std::string{};
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
    const auto at = text.find(what);
    BOOST_REQUIRE_NE(at, std::string::npos);
    return text.replace(at, what.size(), with);
}

kf::result<printer_activity> read(const std::string& info, const std::string& list, const std::string& status) {
    return read_activity([&](std::string_view method, const boost::json::object&) -> kf::result<boost::json::value> {
        return boost::json::parse(method == "info" ? info : method == "objects/list" ? list : status);
    });
}
std::string reason_of_status(const std::string& status) {
    const auto a = read(idle_info, idle_list, status);
    BOOST_REQUIRE(a.has_value());
    return reason(*a);
}

BOOST_AUTO_TEST_CASE(an_idle_printer_may_be_stopped) {
    BOOST_TEST(reason(idle()) == "");
    for (const char* state : {"standby", "complete", "cancelled", "error"}) {
        auto a = idle();
        a.print_state = state;
        BOOST_TEST_CONTEXT(state) BOOST_TEST(reason(a) == "");
    }
    auto a = idle();
    a.idle_state = "Ready"; // nothing moves, the motors are on
    BOOST_TEST(reason(a) == "");
    a.has_print_stats = false; // a machine without virtual_sdcard
    a.print_state = "";
    BOOST_TEST(reason(a) == "");
}

BOOST_AUTO_TEST_CASE(a_klippy_without_running_mcus_may_be_stopped) {
    for (const char* state : {"startup", "shutdown", "error"}) {
        printer_activity a;
        a.state = state;
        BOOST_TEST_CONTEXT(state) BOOST_TEST(reason(a) == "");
    }
}

BOOST_AUTO_TEST_CASE(a_print_is_named_with_what_is_done_of_it) {
    auto a = idle();
    a.print_state = "printing";
    BOOST_TEST(reason(a) == "a print is being printed");
    a.filename = "benchy.gcode";
    a.progress = 0.429;
    BOOST_TEST(reason(a) == "benchy.gcode is being printed, 42 % done");
    a.print_state = "paused";
    BOOST_TEST(reason(a) == "benchy.gcode is paused, 42 % done");
}

BOOST_AUTO_TEST_CASE(d10_what_klippy_does_not_say_is_unknown_and_never_idle) {
    auto a = idle();
    a.state = "";
    BOOST_TEST(reason(a) == "? klippy does not say in which state it is");
    a = idle();
    a.state = "rebooting";
    BOOST_TEST(reason(a) == "? klippy is in a state that kflash does not know: rebooting");
    a = idle();
    a.print_state = "";
    BOOST_TEST(reason(a) == "? klippy does not say whether it prints");
    a = idle();
    a.print_state = "resuming";
    BOOST_TEST(reason(a) == "? print_stats is in a state that kflash does not know: resuming");
    a = idle();
    a.idle_state = "";
    BOOST_TEST(reason(a) == "? klippy does not say whether something moves");
    a = idle();
    a.idle_state = "Homing";
    BOOST_TEST(reason(a) == "? idle_timeout is in a state that kflash does not know: Homing");
    a = idle();
    a.mute = {"heater_bed"};
    BOOST_TEST(reason(a) == "? klippy does not say whether heater_bed is heated");
}

BOOST_AUTO_TEST_CASE(d11_motion_heat_and_a_paused_print_are_no_idleness) {
    auto a = idle();
    a.idle_state = "Printing";
    BOOST_TEST(reason(a) == "the printer is moving or running a macro");
    a = idle();
    a.hot = {"extruder (210 C)", "heater_bed (60 C)"};
    BOOST_TEST(reason(a) == "heaters are on: extruder (210 C), heater_bed (60 C)");
    a = idle();
    a.sd_active = true;
    BOOST_TEST(reason(a) == "a file is being printed");
    a = idle();
    a.paused = true;
    BOOST_TEST(reason(a) == "a print is paused");
}

BOOST_AUTO_TEST_CASE(reads_what_klippy_does) {
    const auto a = read(idle_info, idle_list, idle_status);
    BOOST_REQUIRE(a.has_value());
    BOOST_TEST(a->state == "ready");
    BOOST_TEST(a->state_message == "Printer is ready");
    BOOST_TEST(a->has_print_stats);
    BOOST_TEST(a->print_state == "standby");
    BOOST_TEST(a->filename == "");
    BOOST_TEST(a->progress.value() == 0.0);
    BOOST_TEST(a->idle_state == "Idle");
    BOOST_TEST(a->hot.empty());
    BOOST_TEST(a->mute.empty());
    std::vector<std::string> mcus;
    for (const auto& m : a->mcus) mcus.push_back(m.name + " " + m.serial + m.canbus_uuid);
    BOOST_TEST(mcus == (std::vector<std::string>{"mcu /dev/serial/by-id/usb-Klipper_rp2040_E66-if00",
                                                 "toolhead aabbccddeeff", "bed /dev/ttyAMA0"}),
               boost::test_tools::per_element());
    BOOST_TEST(reason(*a) == "");
}

BOOST_AUTO_TEST_CASE(asks_for_all_that_is_judged_and_for_no_more_of_a_heater_than_its_target) {
    boost::json::object asked;
    const auto a = read_activity([&](std::string_view method,
                                     const boost::json::object& p) -> kf::result<boost::json::value> {
        if (method == "objects/query") asked = p.at("objects").as_object();
        return boost::json::parse(method == "info" ? idle_info : method == "objects/list" ? idle_list : idle_status);
    });
    BOOST_REQUIRE(a.has_value());
    BOOST_TEST(asked == boost::json::parse(R"({"webhooks": null, "print_stats": null, "virtual_sdcard": null,
        "pause_resume": null, "idle_timeout": null, "motion_report": ["live_velocity"], "configfile": ["settings", "warnings"],
        "mcu": ["mcu_version", "mcu_build_versions", "mcu_constants", "non_critical_disconnected"], "extruder": ["target"], "heater_bed": ["target"]})")
                            .as_object());
}

BOOST_AUTO_TEST_CASE(d10_an_empty_status_is_unknown_although_info_said_ready) {
    BOOST_TEST(reason_of_status(R"({"eventtime": 1.0, "status": {}})") == "? klippy does not say in which state it is");
    BOOST_TEST(reason_of_status(R"({})") == "? klippy does not say in which state it is");
    BOOST_TEST(reason_of_status(R"({"status": null})") == "? klippy does not say in which state it is");
    BOOST_TEST(reason_of_status(replaced(idle_status, "\"webhooks\"", "\"websocks\"")) ==
               "? klippy does not say in which state it is");
}

BOOST_AUTO_TEST_CASE(d10_a_listed_object_that_says_nothing_is_unknown) {
    BOOST_TEST(reason_of_status(replaced(idle_status, "\"print_stats\"", "\"x\"")) ==
               "? klippy does not say whether it prints");
    BOOST_TEST(reason_of_status(replaced(idle_status, "\"idle_timeout\"", "\"x\"")) ==
               "? klippy does not say whether something moves");
    BOOST_TEST(reason_of_status(replaced(idle_status, "\"extruder\": {\"target\": 0.0}", "\"extruder\": {}")) ==
               "? klippy does not say whether extruder is heated");
    BOOST_TEST(reason_of_status(
                   replaced(idle_status, "\"heater_bed\": {\"target\": 0.0}", "\"heater_bed\": {\"target\": null}")) ==
               "? klippy does not say whether heater_bed is heated");
}

BOOST_AUTO_TEST_CASE(d10_a_progress_of_null_is_no_error) {
    auto status = replaced(idle_status, "\"progress\": 0.0", "\"progress\": null");
    status = replaced(status, "\"state\": \"standby\"", "\"state\": \"printing\"");
    BOOST_TEST(reason_of_status(status) == "a print is being printed");
}

BOOST_AUTO_TEST_CASE(b24_a_field_of_another_form_is_unknown_and_motion_is_motion) {
    const auto with = [](const char* object) {
        return reason_of_status(replaced(idle_status, "\"webhooks\"", std::string(object) + ", \"webhooks\""));
    };
    BOOST_TEST(with(R"("motion_report": {"live_velocity": 5.0})") == "the printer is moving or running a macro");
    BOOST_TEST(with(R"("motion_report": {"live_velocity": 7.1e-15})") == ""); // what a planner leaves over
    BOOST_TEST(reason_of_status(replaced(idle_status, "\"is_active\": false", "\"is_active\": \"yes\"")) ==
               "? Klipper's virtual_sdcard.is_active has an unknown form");
    BOOST_TEST(reason_of_status(replaced(idle_status, "\"is_paused\": false", "\"is_paused\": 1")) ==
               "? Klipper's pause_resume.is_paused has an unknown form");
    BOOST_TEST(reason_of_status(replaced(idle_status, "\"idle_timeout\": {\"state\": \"Idle\"",
                                         "\"idle_timeout\": {\"state\": 4")) ==
               "? Klipper's idle_timeout.state has an unknown form");
}

BOOST_AUTO_TEST_CASE(d9_a_state_that_changed_between_two_answers_is_the_later_one) {
    const auto a = read(idle_info, idle_list, replaced(idle_status, "\"state\": \"ready\"", "\"state\": \"shutdown\""));
    BOOST_REQUIRE(a.has_value());
    BOOST_TEST(a->state == "shutdown");
}

BOOST_AUTO_TEST_CASE(d11_every_heater_with_a_target_is_hot) {
    const std::string list = R"({"objects": ["print_stats", "extruder", "extruder1", "heater_bed", "extruder_stepper z",
        "heater_generic chamber", "temperature_fan pi", "heater_fan hotend"]})";
    const std::string status = R"({"status": {"webhooks": {"state": "ready"}, "print_stats": {"state": "standby"},
        "idle_timeout": {"state": "Idle"}, "extruder": {"target": 0}, "extruder1": {"target": 210.4},
        "heater_bed": {"target": 60}, "heater_generic chamber": {"target": 45.0},
        "temperature_fan pi": {"target": 55.0}, "extruder_stepper z": {"pressure_advance": 0.1}}})";
    const auto a = read(idle_info, list, status);
    BOOST_REQUIRE(a.has_value());
    BOOST_TEST(reason(*a) == "heaters are on: extruder1 (210 C), heater_bed (60 C), heater_generic chamber (45 C)");
}

BOOST_AUTO_TEST_CASE(answers_of_another_form_are_errors) {
    for (const char* bad : {"null", "[]", "\"x\"", "7"}) {
        BOOST_TEST_CONTEXT(bad) {
            BOOST_CHECK(!read(bad, idle_list, idle_status));
            BOOST_CHECK(!read(idle_info, bad, idle_status));
            BOOST_CHECK(!read(idle_info, idle_list, bad));
        }
    }
    BOOST_CHECK(!read(idle_info, "{}", idle_status)); // without the list no heater would be looked at
}

/// A host with one klippy process, and its API if it is to answer.
struct host_with_klippy {
    temporary_folder folder;
    fake_proc proc;
    std::string socket = (folder / "uds").string();
    std::unique_ptr<fake_klippy> klippy;
    guard_options options;

    host_with_klippy() {
        proc.add(812, {"python3", "/k/klippy.py", "p.cfg", "-a", socket}, "0::/system.slice/klipper.service\n");
    }
    void answers(const std::string& status) {
        klippy.reset();
        fs::remove(socket);
        klippy = std::make_unique<fake_klippy>(
            socket, std::vector<fake_klippy::results>{
                        {{"info", idle_info}, {"objects/list", idle_list}, {"objects/query", status}}});
    }
    [[nodiscard]] kf::result<idle_proof> check() const {
        const auto instances = find_klippy(proc.root());
        BOOST_REQUIRE(instances.has_value());
        return check_idle(*instances, options);
    }
    [[nodiscard]] kf::error refusal() const {
        const auto r = check();
        BOOST_REQUIRE(!r.has_value());
        BOOST_CHECK(r.error().code == errc::refused);
        BOOST_TEST(!r.error().steps.empty());
        return r.error();
    }
};

BOOST_FIXTURE_TEST_CASE(an_idle_printer_is_proven_idle_over_its_socket, host_with_klippy) {
    answers(idle_status);
    const auto proof = check();
    BOOST_REQUIRE_MESSAGE(proof.has_value(), (proof ? "" : proof.error().what));
    BOOST_REQUIRE_EQUAL(proof->printers().size(), 1U);
    BOOST_TEST(proof->printers()[0].instance.process.unit == "klipper.service");
    BOOST_TEST(proof->printers()[0].state == "ready");
    BOOST_TEST(proof->assumptions().empty());
}

BOOST_FIXTURE_TEST_CASE(a_host_without_klippy_is_idle, host_with_klippy) {
    proc.remove(812);
    const auto proof = check();
    BOOST_REQUIRE(proof.has_value());
    BOOST_TEST(proof->printers().empty());
}

BOOST_FIXTURE_TEST_CASE(d11_no_word_of_a_person_overrides_a_running_print, host_with_klippy) {
    answers(replaced(idle_status, "\"state\": \"standby\"", "\"state\": \"printing\""));
    options.assume_idle = true;
    BOOST_TEST(refusal().what == "a print is being printed, 0 % done");
}

BOOST_AUTO_TEST_CASE(of_two_printers_the_refusal_names_the_one_that_is_not_idle) {
    printer_sight left, right;
    left.instance.process = {812, {"klippy.py"}, "klipper-left.service"};
    left.instance.socket = "/run/left.sock";
    right.instance.process = {813, {"klippy.py"}, ""};
    right.instance.socket = "/run/right.sock";
    left.activity = right.activity = idle();
    left.activity->listener = 812;
    right.activity->listener = 813;
    BOOST_REQUIRE(demand_idle({left, right}, {}).has_value());
    const auto what = [](const std::vector<printer_sight>& sights) { return demand_idle(sights, {}).error().what; };
    auto prints = left;
    prints.activity->print_state = "printing";
    prints.activity->filename = "benchy.gcode";
    BOOST_TEST(what({prints}) == "benchy.gcode is being printed");
    BOOST_TEST(what({right, prints}) == "klipper-left.service: benchy.gcode is being printed");
    auto plots = right;
    plots.plot = "kplot run sheep.svg, process 4711";
    BOOST_TEST(what({left, plots}) == "/run/right.sock: a plot is running: kplot run sheep.svg, process 4711");
    auto silent = left;
    silent.activity = kf::fail(errc::timeout, "no answer");
    BOOST_TEST(what({silent, right}) ==
               "klipper-left.service: klippy runs (process 812) but does not answer: no answer");
    auto by_moonraker = right;
    by_moonraker.by_moonraker = prints.activity;
    BOOST_TEST(what({left, by_moonraker}) == "/run/right.sock: benchy.gcode is being printed (by Moonraker)");
}

BOOST_FIXTURE_TEST_CASE(d10_a_klippy_that_cannot_be_asked_is_refused_unless_assumed_idle, host_with_klippy) {
    BOOST_TEST(refusal().what == "klippy runs (process 812) but does not answer: there is no socket " + socket);
    options.assume_idle = true;
    const auto proof = check();
    BOOST_REQUIRE(proof.has_value());
    BOOST_REQUIRE_EQUAL(proof->assumptions().size(), 1U);
    BOOST_TEST(proof->assumptions()[0].text.ends_with("you said --assume-idle"));
    BOOST_REQUIRE_EQUAL(proof->printers().size(), 1U); // it still has to be stopped
    BOOST_TEST(proof->printers()[0].state == "");
}

BOOST_FIXTURE_TEST_CASE(d10_a_klippy_that_never_answers_is_refused, host_with_klippy) {
    klippy = std::make_unique<fake_klippy>(socket, std::vector<fake_klippy::results>{{}});
    options.patience = std::chrono::milliseconds(50);
    BOOST_TEST(refusal().what.starts_with("klippy runs (process 812) but does not answer"));
}

BOOST_FIXTURE_TEST_CASE(d10_a_klippy_without_api_socket_is_refused, host_with_klippy) {
    proc.remove(812);
    proc.add(813, {"python3", "/k/klippy.py", "p.cfg"}, "0::/system.slice/klipper.service\n");
    BOOST_TEST(refusal().what == "klippy runs (process 813) but has no API socket, so nobody can ask it what it does");
    options.assume_idle = true;
    BOOST_CHECK(check());
}

BOOST_FIXTURE_TEST_CASE(a_plots_lock_counts_as_printing, host_with_klippy) {
    answers(idle_status);
    const auto plot = kf::klippy::lock_printer(socket, "kplot run sheep.svg");
    BOOST_REQUIRE(plot.has_value());
    options.assume_idle = true;
    BOOST_TEST(
        refusal().what.starts_with("a plot is running: kplot run sheep.svg, process " + std::to_string(::getpid())));
}

BOOST_FIXTURE_TEST_CASE(a_plots_lock_counts_although_klippy_does_not_answer, host_with_klippy) {
    const auto plot = kf::klippy::lock_printer(socket, "kplot run sheep.svg");
    BOOST_REQUIRE(plot.has_value());
    options.assume_idle = true;
    BOOST_TEST(refusal().what.starts_with("a plot is running"));
}

BOOST_FIXTURE_TEST_CASE(a_lock_file_that_nobody_holds_is_no_plot, host_with_klippy) {
    answers(idle_status);
    { BOOST_REQUIRE(kf::klippy::lock_printer(socket, "kplot run sheep.svg")); }
    BOOST_REQUIRE(std::filesystem::exists(socket + ".kf-lock"));
    BOOST_CHECK(check());
}

BOOST_FIXTURE_TEST_CASE(looking_makes_no_lock_file, host_with_klippy) {
    answers(idle_status);
    BOOST_CHECK(check());
    BOOST_TEST(!std::filesystem::exists(socket + ".kf-lock"));
}

BOOST_FIXTURE_TEST_CASE(a_printer_that_has_nothing_to_do_with_the_board_may_print, host_with_klippy) {
    answers(replaced(idle_status, "\"state\": \"standby\"", "\"state\": \"printing\""));
    options.concerns = [](const printer_activity& a) { return a.mcus.size() != 3; };
    const auto proof = check();
    BOOST_REQUIRE(proof.has_value());
    BOOST_TEST(proof->printers().empty());
}

BOOST_FIXTURE_TEST_CASE(a_printer_that_cannot_be_asked_concerns_every_board, host_with_klippy) {
    options.concerns = [](const printer_activity&) { return false; };
    BOOST_TEST(refusal().what.starts_with("klippy runs (process 812) but does not answer"));
}
/// The same host with a Moonraker that says `word` of the klippy that is process `of`.
struct host_with_moonraker : host_with_klippy {
    std::vector<std::string> asked;
    void moonraker_says(kf::result<printer_activity> word, int of = 812) {
        if (word) word->process = of;
        options.moonraker = [this, word](kf::io::duration) {
            asked.emplace_back("moonraker");
            return word;
        };
    }
    static printer_activity printing() {
        auto a = idle();
        a.print_state = "printing";
        a.filename = "cube.gcode";
        a.progress = 0.41;
        return a;
    }
};

BOOST_FIXTURE_TEST_CASE(moonraker_answers_for_a_klippy_whose_socket_does_not, host_with_moonraker) {
    moonraker_says(idle());
    const auto proof = check();
    BOOST_REQUIRE_MESSAGE(proof.has_value(), (proof ? "" : proof.error().what));
    BOOST_TEST(proof->assumptions().empty());
    BOOST_REQUIRE_EQUAL(proof->printers().size(), 1U); // it is stopped as any other
    BOOST_TEST(proof->printers()[0].state == "ready");
    BOOST_TEST(asked.size() == 1U);
}

BOOST_FIXTURE_TEST_CASE(moonraker_answers_for_a_klippy_without_a_socket, host_with_moonraker) {
    proc.remove(812);
    proc.add(812, {"python3", "/k/klippy.py", "p.cfg"}, "0::/system.slice/klipper.service\n");
    moonraker_says(idle());
    BOOST_TEST(check().has_value());
    moonraker_says(printing());
    BOOST_TEST(refusal().what == "cube.gcode is being printed, 41 % done (by Moonraker)");
}

BOOST_FIXTURE_TEST_CASE(a_yes_of_moonraker_about_another_process_proves_nothing, host_with_moonraker) {
    moonraker_says(idle(), 813);
    BOOST_TEST(refusal().what.starts_with("klippy runs (process 812) but does not answer"));
    moonraker_says(idle(), 0);
    BOOST_TEST(refusal().what.starts_with("klippy runs (process 812) but does not answer"));
}

BOOST_FIXTURE_TEST_CASE(of_two_answers_the_stricter_one_wins, host_with_moonraker) {
    answers(idle_status);
    for (const int process : {812, 5}) { // 5: it may count processes in a container
        moonraker_says(printing(), process);
        BOOST_TEST(refusal().what == "cube.gcode is being printed, 41 % done (by Moonraker)");
    }
    options.assume_idle = true; // no help against an answer
    BOOST_TEST(refusal().what == "cube.gcode is being printed, 41 % done (by Moonraker)");
    options.assume_idle = false;
    answers(replaced(idle_status, "\"state\": \"standby\"", "\"state\": \"paused\""));
    moonraker_says(idle());
    BOOST_TEST(refusal().what == "a print is paused, 0 % done");
}

BOOST_FIXTURE_TEST_CASE(what_moonraker_says_of_one_klippy_is_nothing_about_the_other, host_with_moonraker) {
    proc.add(900, {"python3", "/k/klippy.py", "q.cfg"}, "0::/system.slice/klipper-2.service\n");
    moonraker_says(idle(), 900);
    BOOST_TEST(refusal().what.starts_with("klipper.service: klippy runs (process 812) but does not answer"));
    answers(idle_status);
    const auto proof = check();
    BOOST_REQUIRE_MESSAGE(proof.has_value(), (proof ? "" : proof.error().what));
    BOOST_TEST(proof->printers().size() == 2U);
}

BOOST_FIXTURE_TEST_CASE(a_moonraker_that_is_not_there_changes_nothing_and_one_that_wants_a_key_is_told,
                        host_with_moonraker) {
    moonraker_says(kf::fail(errc::not_connected, "nobody answers at 127.0.0.1:7125"));
    BOOST_TEST(refusal().steps.size() == 2U);
    moonraker_says(kf::fail(errc::refused, "Moonraker wants an API key"));
    const auto e = refusal();
    BOOST_TEST_REQUIRE(e.steps.size() == 3U);
    BOOST_TEST(e.steps[2] == "or ask Moonraker: Moonraker wants an API key");
    answers(idle_status);
    BOOST_TEST(check().has_value());
}

/// The same host, and its /proc does not show klippy.
struct host_with_hidden_klippy : host_with_klippy {
    host_with_hidden_klippy() { proc.remove(812); }
    [[nodiscard]] kf::result<idle_proof> check_unit(int pid) const {
        const unit_state unit{"klipper.service", "loaded", "active", "running", pid, {}, socket};
        const auto instances = survey_klippys(proc.root(), {unit});
        BOOST_REQUIRE(instances.has_value());
        return check_idle(*instances, options);
    }
};

BOOST_FIXTURE_TEST_CASE(a10_a_hidden_klippy_that_prints_is_refused_with_its_reason, host_with_hidden_klippy) {
    auto printing = idle_status;
    printing.replace(printing.find("standby"), 7, "printing");
    answers(printing);
    options.assume_idle = true; // no help against an answer
    const auto r = check_unit(812);
    BOOST_REQUIRE(!r);
    BOOST_CHECK(r.error().code == errc::refused);
    BOOST_TEST(r.error().what.find("printed") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(a10_a_hidden_klippy_is_known_by_its_own_word_only, host_with_hidden_klippy) {
    answers(idle_status);
    const auto own = check_unit(::getpid()); // the fake listens in this very process
    BOOST_REQUIRE_MESSAGE(own.has_value(), (own ? "" : own.error().what));
    BOOST_TEST(own->printers().size() == 1U);
    const auto stranger = check_unit(812);
    BOOST_REQUIRE(!stranger);
    BOOST_CHECK(stranger.error().code == errc::refused);
    BOOST_TEST(stranger.error().what.find("/proc does not show its process 812") != std::string::npos);
    BOOST_TEST(stranger.error().steps.front().find("--assume-idle") != std::string::npos);
    options.assume_idle = true;
    const auto assumed = check_unit(812);
    BOOST_REQUIRE(assumed.has_value());
    BOOST_TEST(assumed->assumptions().size() == 1U);
}

BOOST_FIXTURE_TEST_CASE(a10_a_hidden_klippy_that_does_not_answer_is_not_known, host_with_hidden_klippy) {
    BOOST_CHECK(!check_unit(812));
    options.assume_idle = true;
    BOOST_CHECK(check_unit(812));
}

} // namespace print_guard_test
