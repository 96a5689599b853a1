// SPDX-License-Identifier: MIT
#include "fake_proc.hpp"

#include <kf/host/klippy_survey.hpp>

#include <boost/test/unit_test.hpp>

#include <fstream>

namespace klippy_survey_test {

using namespace kf::host;
using kf::test::fake_proc;
using kf::test::temporary_folder;

unit_state klipper(const std::string& active = "active", const std::string& sub = "running", int pid = 812) {
    return {"klipper.service", "loaded", active, sub, pid, {}, "/tmp/kf-no-such-socket"};
}
void listens(const fake_proc& proc, const std::string& path) {
    std::filesystem::create_directories(proc.root() / "net");
    std::ofstream(proc.root() / "net/unix", std::ios::app)
        << "ffff8c1a: 00000002 00000000 00010000 0001 01 23001 " << path << "\n";
}
std::vector<klippy_instance> survey(const fake_proc& proc, const std::vector<unit_state>& units) {
    auto found = survey_klippys(proc.root(), units);
    BOOST_REQUIRE(found.has_value());
    return std::move(*found);
}

shown_unit unit(const std::string& argv) {
    return {{"k.service", "loaded", "active", "running", 1}, "{ path=/x ; argv[]=" + argv + " ; ignore_errors=no }\n"};
}

BOOST_AUTO_TEST_SUITE(klippy_survey_suite)

BOOST_AUTO_TEST_CASE(a_klippy_that_is_seen_is_found_once) {
    const fake_proc proc;
    proc.add(812, {"python3", "/k/klippy.py", "p.cfg", "-a", "/tmp/klippy_uds"}, "0::/system.slice/klipper.service\n");
    listens(proc, "/tmp/klippy_uds");
    const auto found = survey(proc, {klipper()});
    BOOST_REQUIRE_EQUAL(found.size(), 1U);
    BOOST_TEST(found[0].seen());
    BOOST_TEST(found[0].socket == "/tmp/klippy_uds");
}

BOOST_AUTO_TEST_CASE(a10_an_active_unit_whose_process_is_hidden_is_a_klippy) {
    const fake_proc proc;
    const auto found = survey(proc, {klipper()});
    BOOST_REQUIRE_EQUAL(found.size(), 1U);
    BOOST_TEST(!found[0].seen());
    BOOST_TEST(found[0].process.pid == 812);
    BOOST_TEST(found[0].process.unit == "klipper.service");
    BOOST_TEST(found[0].socket == "/tmp/kf-no-such-socket");
    BOOST_TEST(found[0].evidence == "klipper.service is active, but /proc does not show its process 812");
}

BOOST_AUTO_TEST_CASE(a10_a_process_without_a_readable_command_is_hidden_too) {
    const fake_proc proc;
    proc.add(812, {}, "0::/system.slice/klipper.service\n");
    BOOST_TEST(survey(proc, {klipper()}).size() == 1U);
}

BOOST_AUTO_TEST_CASE(a10_klippy_in_a_container_of_the_unit_is_not_known) {
    const fake_proc proc;
    proc.add(812, {"docker", "run", "--name", "k", "mkuf/klipper"}, "0::/system.slice/klipper.service\n");
    const auto found = survey(proc, {klipper()});
    BOOST_REQUIRE_EQUAL(found.size(), 1U);
    BOOST_TEST(found[0].evidence == "klipper.service is active, but its process 812 is no klippy that can be seen");
    BOOST_TEST(survey(proc, {klipper("active", "running", 0)}).size() == 1U); // forked away: not even a number
}

BOOST_AUTO_TEST_CASE(a_unit_that_is_down_or_has_ended_is_no_klippy) {
    const fake_proc proc;
    for (const auto& u : {klipper("inactive", "dead", 0), klipper("failed", "failed", 0),
                          klipper("active", "exited", 0), klipper("activating", "auto-restart", 0)})
        BOOST_TEST(survey(proc, {u}).empty());
}

BOOST_AUTO_TEST_CASE(a_klippy_that_the_unit_started_through_a_shell_is_the_units) {
    const fake_proc proc;
    proc.add(812, {"bash", "-c", "sleep 5; python klippy.py"}, "0::/system.slice/klipper.service\n");
    proc.add(820, {"python", "klippy.py", "p.cfg"}, "0::/system.slice/klipper.service\n");
    const auto found = survey(proc, {klipper()});
    BOOST_REQUIRE_EQUAL(found.size(), 1U);
    BOOST_TEST(found[0].process.pid == 820);
}

BOOST_AUTO_TEST_CASE(a_unit_of_which_nobody_can_tell_is_cleared_by_a_process_that_is_seen) {
    auto maybe = klipper();
    maybe.certain = false;
    const fake_proc proc;
    BOOST_TEST(survey(proc, {maybe}).size() == 1U);
    proc.add(812, {"python3", "/opt/other.py"}, "0::/system.slice/klipper.service\n");
    BOOST_TEST(survey(proc, {maybe}).empty());
}

BOOST_AUTO_TEST_CASE(a10_who_listens_where_klippy_does_is_asked_although_nobody_is_seen) {
    const fake_proc proc;
    listens(proc, "/run/klippy-left.sock");
    listens(proc, "/run/other.sock");
    listens(proc, "/tmp/kf-no-such-socket"); // called as no klippy is, but the unit names it
    const auto found = survey(proc, {klipper("inactive", "dead", 0)});
    BOOST_REQUIRE_EQUAL(found.size(), 2U);
    BOOST_TEST(found[0].socket == "/run/klippy-left.sock");
    BOOST_TEST(found[0].process.pid == 0);
    BOOST_TEST(!found[0].seen());
    BOOST_TEST(found[1].socket == "/tmp/kf-no-such-socket");
}

BOOST_AUTO_TEST_CASE(a3_a_unit_runs_klippy_as_script_module_or_console_entry) {
    for (const std::string argv :
         {"/e/bin/python /k/klippy/klippy.py /p.cfg -a /tmp/s", "/e/bin/python -u -m klippy /p.cfg -a /tmp/s",
          "/e/bin/klippy /p.cfg -a /tmp/s", "/e/bin/python /e/bin/kalico /p.cfg --api-server=/tmp/s",
          "/usr/bin/docker run mkuf/klipper python klippy/klippy.py /p.cfg -a /tmp/s",
          "/bin/sh -c sleep 5; exec python /k/klippy.py /p.cfg -a /tmp/s"}) {
        const auto setup = klippy_setup_of(unit(argv));
        BOOST_TEST_CONTEXT(argv) {
            BOOST_REQUIRE(setup.has_value());
            BOOST_TEST(setup->api_socket == "/tmp/s");
        }
    }
    for (const std::string argv :
         {"/e/bin/python /opt/moonraker.py -d /d", "/usr/bin/tail -F /var/log/klippy", "/usr/local/bin/klipper_mcu -r",
          "/e/bin/python /k/klippy.py p.cfg -i a -o b", "/e/bin/python -m klippy.parsedump", ""})
        BOOST_TEST_CONTEXT(argv) BOOST_TEST(!klippy_setup_of(unit(argv)).has_value());
}

BOOST_AUTO_TEST_CASE(a3_a_unit_runs_klippy_by_an_environment_file) {
    const temporary_folder folder;
    auto u = unit("/e/bin/python $KLIPPER_ARGS");
    u.environment_files = {(folder / "k.env").string()};
    std::ofstream(folder / "k.env")
        << "# KLIPPER_ARGS=/k/klippy.py\nKLIPPER_ARGS=\"-m klippy /p.cfg -a /run/k.sock\"\n";
    BOOST_REQUIRE(klippy_setup_of(u).has_value());
    BOOST_TEST(klippy_setup_of(u)->api_socket == "/run/k.sock");
    std::ofstream(folder / "k.env") << "KLIPPER_ARGS='/e/bin/klippy /p.cfg'\n";
    BOOST_REQUIRE(klippy_setup_of(u).has_value());
    BOOST_TEST(klippy_setup_of(u)->certain);
    std::ofstream(folder / "k.env") << "# KLIPPER_ARGS=/k/klippy.py\nLANG=C\n=\n";
    BOOST_TEST(!klippy_setup_of(u).has_value());
    std::filesystem::remove(folder / "k.env");
    std::filesystem::create_directory(folder / "k.env"); // there, and nobody can read it
    BOOST_REQUIRE(klippy_setup_of(u).has_value());
    BOOST_TEST(!klippy_setup_of(u)->certain);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace klippy_survey_test
