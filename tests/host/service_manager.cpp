// SPDX-License-Identifier: MIT
#include "../conformance/service_manager.hpp"

#include "../temporary_folder.hpp"
#include "scripted_runner.hpp"

#include <kf/host/service_manager.hpp>
#include <kf/io/posix_process.hpp>
#include <kf/sim/simulated_services.hpp>

#include <boost/test/unit_test.hpp>

#include <unistd.h>

#include <fstream>

namespace service_manager_test {

using namespace kf::host;
using kf::errc;
using kf::test::scripted_runner;
using kf::test::temporary_folder;
using words = std::vector<std::string>;

const std::string properties =
    " --no-pager -p Id,LoadState,ActiveState,SubState,MainPID,ExecStart,EnvironmentFiles,RequiredBy,"
    "BoundBy,ConsistsOf";
const std::string show_one = "systemctl show klipper.service" + properties;
const std::string show_all = "systemctl show '*.service'" + properties;

/// What systemd 252 prints for a unit that runs klippy.
constexpr auto klipper_text =
    "MainPID=812\n"
    "ExecStart={ path=/home/pi/klippy-env/bin/python ; argv[]=/home/pi/klippy-env/bin/python "
    "/home/pi/klipper/klippy/klippy.py /home/pi/printer.cfg -a /tmp/klippy_uds ; ignore_errors=no ; "
    "start_time=[Mon 2026-01-05 10:00:00 CET] ; stop_time=[n/a] ; pid=812 ; code=(null) ; status=0/0 }\n"
    "Id=klipper.service\nRequiredBy=multi-user.target klipper-screen.service\nConsistsOf=lamp.service "
    "klipper-screen.service\n"
    "LoadState=loaded\nActiveState=active\nSubState=running\n";

/// A whole new line of states: the manager over literal text.
struct over_text {
    scripted_runner runner;
    systemd<scripted_runner> manager{runner, {"systemctl"}};
    void says(const std::string& command, const std::string& text, int status = 0) {
        runner.answers[command] = {status, text};
    }
};

BOOST_AUTO_TEST_CASE(show_reads_the_state_of_an_active_unit) {
    over_text t;
    t.says(show_one, klipper_text);
    const auto s = t.manager.show("klipper.service");
    BOOST_REQUIRE(s.has_value());
    BOOST_TEST(s->id == "klipper.service");
    BOOST_TEST(s->load == "loaded");
    BOOST_TEST(s->active == "active");
    BOOST_TEST(s->sub == "running");
    BOOST_TEST(s->main_pid == 812);
    BOOST_TEST(s->dependents == (std::vector<std::string>{"klipper-screen.service", "lamp.service"}),
               boost::test_tools::per_element());
    BOOST_TEST(s->is_up());
    BOOST_TEST(!s->is_down());
}

BOOST_AUTO_TEST_CASE(a_unit_between_two_states_is_neither_proven_up_nor_down) {
    for (const auto& [active, up, down] :
         std::vector<std::tuple<std::string, bool, bool>>{{"active", true, false},
                                                          {"activating", true, false},
                                                          {"reloading", true, false},
                                                          {"deactivating", false, false},
                                                          {"inactive", false, true},
                                                          {"failed", false, true},
                                                          {"maintenance", false, false}}) {
        over_text t;
        t.says(show_one, "Id=klipper.service\nLoadState=loaded\nActiveState=" + active + "\nSubState=x\nMainPID=0\n");
        const auto s = t.manager.show("klipper.service");
        BOOST_REQUIRE(s.has_value());
        BOOST_TEST_CONTEXT(active) {
            BOOST_TEST(s->is_up() == up);
            BOOST_TEST(s->is_down() == down);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_unit_that_is_not_there_is_not_found_although_systemctl_exits_with_0) {
    over_text t;
    t.says(show_one, "MainPID=0\nId=klipper.service\nLoadState=not-found\nActiveState=inactive\nSubState=dead\n");
    const auto s = t.manager.show("klipper.service");
    BOOST_REQUIRE(!s.has_value());
    BOOST_CHECK(s.error().code == errc::not_found);
}

BOOST_AUTO_TEST_CASE(a_manager_that_does_not_answer_is_an_error_and_not_a_stopped_unit) {
    over_text t;
    t.says(show_one, "System has not been booted with systemd as init system (PID 1). Can't operate.\n", 1);
    auto s = t.manager.show("klipper.service");
    BOOST_REQUIRE(!s.has_value());
    BOOST_CHECK(s.error().code == errc::failed);
    BOOST_TEST(s.error().cause == "System has not been booted with systemd as init system (PID 1). Can't operate.\n");
    t.says(show_one, "Warning: something\n");
    s = t.manager.show("klipper.service");
    BOOST_REQUIRE(!s.has_value());
    BOOST_CHECK(s.error().code == errc::protocol);
    t.says(show_one, "");
    BOOST_CHECK(!t.manager.show("klipper.service"));
}

BOOST_AUTO_TEST_CASE(looking_is_not_given_up_because_of_a_signal) {
    over_text t;
    t.says(show_one, klipper_text);
    (void)t.manager.show("klipper.service");
    (void)t.manager.stop("klipper.service");
    (void)t.manager.start("klipper.service");
    BOOST_TEST(!t.runner.could_be_interrupted);
}

BOOST_AUTO_TEST_CASE(finds_the_units_that_run_klippy_whatever_their_names_are) {
    over_text t;
    t.says(show_all, std::string(klipper_text) +
                         "\nMainPID=1\nExecStart={ path=/usr/sbin/sshd ; argv[]=/usr/sbin/sshd -D ; }\nId=ssh.service\n"
                         "LoadState=loaded\nActiveState=active\nSubState=running\n"
                         "\nMainPID=0\nExecStart={ path=/usr/bin/python3 ; argv[]=/usr/bin/python3 "
                         "/opt/kalico/klippy/klippy.py b.cfg ; }\nId=left-arm.service\nLoadState=loaded\n"
                         "ActiveState=inactive\nSubState=dead\n");
    const auto units = t.manager.klippy_units();
    BOOST_REQUIRE(units.has_value());
    BOOST_REQUIRE_EQUAL(units->size(), 2U);
    BOOST_TEST((*units)[0].id == "klipper.service");
    BOOST_TEST((*units)[0].active == "active");
    BOOST_TEST((*units)[1].id == "left-arm.service");
    BOOST_TEST((*units)[1].active == "inactive");
}

BOOST_AUTO_TEST_CASE(finds_klippy_in_any_environment_file_of_kiauhs_unit) {
    const temporary_folder folder;
    std::ofstream(folder / "klipper.env")
        << "KLIPPER_ARGS=\"/home/pi/klipper/klippy/klippy.py /home/pi/printer.cfg\"\n";
    std::ofstream(folder / "more (old).env") << "LANG=C\n";
    const auto unit = [&](const std::string& id, const words& files) {
        std::string text = "MainPID=0\nExecStart={ path=/home/pi/klippy-env/bin/python ; "
                           "argv[]=/home/pi/klippy-env/bin/python $KLIPPER_ARGS ; ignore_errors=no }\nId=" +
                           id + "\nLoadState=loaded\nActiveState=active\nSubState=running\n";
        for (const auto& f : files) text += "EnvironmentFiles=" + (folder / f).string() + " (ignore_errors=yes)\n";
        return text;
    };
    over_text t;
    t.says(show_all, unit("first.service", {"klipper.env", "more (old).env"}) + "\n" +
                         unit("last.service", {"more (old).env", "klipper.env"}) + "\n" +
                         unit("none.service", {"more (old).env", "missing.env"}));
    const auto units = t.manager.klippy_units();
    BOOST_REQUIRE(units.has_value());
    BOOST_REQUIRE_EQUAL(units->size(), 2U);
    BOOST_TEST((*units)[0].id == "first.service");
    BOOST_TEST((*units)[1].id == "last.service");
}

BOOST_AUTO_TEST_CASE(each_of_several_start_commands_is_looked_at) {
    over_text t;
    t.says(show_all, "MainPID=0\nExecStart={ path=/usr/bin/python3 ; argv[]=/usr/bin/python3 /k/klippy.py p.cfg ; }\n"
                     "ExecStart={ path=/bin/true ; argv[]=/bin/true ; }\nId=one-shot.service\nLoadState=loaded\n"
                     "ActiveState=active\nSubState=exited\n");
    const auto units = t.manager.klippy_units();
    BOOST_REQUIRE(units.has_value());
    BOOST_TEST(units->size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_host_without_klippy_has_no_units) {
    over_text t;
    t.says(show_all, "");
    const auto units = t.manager.klippy_units();
    BOOST_REQUIRE(units.has_value());
    BOOST_TEST(units->empty());
}

BOOST_AUTO_TEST_CASE(jobs_never_ask_for_a_password) {
    scripted_runner runner{.answers = {{"sudo -n -- systemctl --no-ask-password stop klipper.service", {}},
                                       {"sudo -n -- systemctl --no-ask-password start klipper.service", {}}}};
    systemd manager(runner, {"sudo", "-n", "--", "systemctl"});
    BOOST_CHECK(manager.stop("klipper.service"));
    BOOST_CHECK(manager.start("klipper.service"));
    BOOST_TEST(runner.asked.size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_job_that_fails_says_what_systemctl_said) {
    over_text t;
    t.says("systemctl --no-ask-password stop klipper.service",
           "Failed to stop klipper.service: Interactive authentication required.\n", 1);
    const auto done = t.manager.stop("klipper.service");
    BOOST_REQUIRE(!done.has_value());
    BOOST_CHECK(done.error().code == errc::failed);
    BOOST_TEST(done.error().what == "cannot stop klipper.service");
    BOOST_TEST(done.error().cause == "Failed to stop klipper.service: Interactive authentication required.\n");
    BOOST_TEST(done.error().command == "systemctl --no-ask-password stop klipper.service");
}

BOOST_AUTO_TEST_CASE(a_job_that_never_ends_is_a_timeout) {
    scripted_runner runner{.answers = {{"systemctl --no-ask-password stop klipper.service", {-1, "", errc::timeout}}}};
    systemd manager(runner, {"systemctl"});
    const auto done = manager.stop("klipper.service");
    BOOST_REQUIRE(!done.has_value());
    BOOST_CHECK(done.error().code == errc::timeout);
}

BOOST_AUTO_TEST_CASE(a_name_that_is_no_unit_never_reaches_the_command_line) {
    over_text t;
    for (const char* name : {"--root=/tmp/x.service", "../x.service", "klipper", "a b.service", ""}) {
        BOOST_TEST_CONTEXT(name) {
            BOOST_CHECK(t.manager.show(name).error().code == errc::usage);
            BOOST_CHECK(t.manager.stop(name).error().code == errc::usage);
            BOOST_CHECK(t.manager.start(name).error().code == errc::usage);
        }
    }
    BOOST_TEST(t.runner.asked.empty());
}

BOOST_AUTO_TEST_CASE(the_stand_in_keeps_the_contract) {
    const temporary_folder folder;
    std::filesystem::create_directories(folder / "proc");
    kf::sim::simulated_services services(folder / "systemd.json");
    BOOST_REQUIRE(
        services.create(folder / "proc", {}, "klipper.service", {"/usr/bin/python3", "/k/klippy.py", "p.cfg"}));
    kf::io::posix_runner runner;
    systemd manager(runner, {KF_KSIM, "systemctl", "--state", (folder / "systemd.json").string()});
    kf::test::keeps_the_service_manager_contract(manager, "klipper.service");
}

/// Why the real service manager is left alone; empty when it may be tried.
std::string why_not_systemd() {
    if (::geteuid() != 0) return "we are not root";
    std::ifstream in("/proc/1/comm");
    std::string first;
    std::getline(in, first);
    if (first != "systemd") return "systemd is not process 1";
    if (::getenv("KF_TEST_REAL_SYSTEMD") == nullptr) return "KF_TEST_REAL_SYSTEMD is not set";
    return {};
}

struct may_try_systemd {
    boost::test_tools::assertion_result operator()(boost::unit_test::test_unit_id) const {
        boost::test_tools::assertion_result answer(why_not_systemd().empty());
        answer.message() << why_not_systemd();
        return answer;
    }
};

/// A unit of its own in /run that lives as long as the case.
struct transient_unit {
    std::string name = "kf-conformance-" + std::to_string(::getpid()) + ".service";
    std::filesystem::path file = "/run/systemd/system/" + name;
    kf::io::posix_runner runner;
    transient_unit() {
        std::ofstream(file) << "[Service]\nExecStart=/bin/sh -c 'exec sleep 1000 # klippy.py'\n";
        reload();
        (void)runner.run({{"systemctl", "start", name}}, {.total = 30}, {});
    }
    ~transient_unit() {
        (void)runner.run({{"systemctl", "stop", name}}, {.total = 30}, {});
        std::filesystem::remove(file);
        reload();
    }
    void reload() const { (void)runner.run({{"systemctl", "daemon-reload"}}, {.total = 30}, {}); }
};

BOOST_AUTO_TEST_CASE(the_real_systemd_keeps_the_contract, *boost::unit_test::precondition(may_try_systemd{})) {
    transient_unit unit;
    systemd manager(unit.runner, {"systemctl"});
    kf::test::keeps_the_service_manager_contract(manager, unit.name);
}

} // namespace service_manager_test
