// SPDX-License-Identifier: MIT
#include "fake_proc.hpp"

#include <kf/host/proc.hpp>

#include <boost/test/unit_test.hpp>

namespace proc_test {

using namespace kf::host;
using kf::test::fake_proc;

BOOST_AUTO_TEST_CASE(unit_of_a_v2_cgroup_is_its_service) {
    BOOST_TEST(unit_of_cgroup("0::/system.slice/klipper.service\n") == "klipper.service");
    BOOST_TEST(unit_of_cgroup("0::/system.slice/system-klipper.slice/klipper@left.service") == "klipper@left.service");
}

BOOST_AUTO_TEST_CASE(unit_of_a_v1_cgroup_is_the_first_service_of_any_controller) {
    BOOST_TEST(unit_of_cgroup("12:pids:/\n5:devices:/system.slice/klipper-1.service\n"
                              "1:name=systemd:/system.slice/klipper-1.service\n") == "klipper-1.service");
}

BOOST_AUTO_TEST_CASE(a_login_session_is_no_service) {
    BOOST_TEST(unit_of_cgroup("0::/user.slice/user-1000.slice/session-3.scope\n") == "");
    BOOST_TEST(unit_of_cgroup("0::/user.slice/user-1000.slice/user@1000.service/app.slice/vte-spawn.scope\n") == "");
}

BOOST_AUTO_TEST_CASE(a_service_below_a_persons_session_is_that_service) {
    BOOST_TEST(unit_of_cgroup("0::/user.slice/user-1000.slice/user@1000.service/app.slice/klipper.service\n") ==
               "klipper.service");
}

BOOST_AUTO_TEST_CASE(the_innermost_service_counts) {
    BOOST_TEST(unit_of_cgroup("0::/system.slice/docker.service/kubepods/klipper.service\n") == "klipper.service");
}

BOOST_AUTO_TEST_CASE(a_name_that_systemctl_could_take_for_an_option_or_path_is_no_unit) {
    BOOST_TEST(is_unit_name("klipper@left.service"));
    BOOST_TEST(is_unit_name("system-getty\\x2d1.service"));
    BOOST_TEST(!is_unit_name("--root=x.service"));
    BOOST_TEST(!is_unit_name("../klipper.service"));
    BOOST_TEST(!is_unit_name("klip per.service"));
    BOOST_TEST(!is_unit_name("klipper.service\n"));
    BOOST_TEST(!is_unit_name(".service"));
    BOOST_TEST(!is_unit_name("klipper"));
    BOOST_TEST(!is_unit_name(""));
    BOOST_TEST(!is_unit_name(std::string(260, 'a') + ".service"));
}

BOOST_AUTO_TEST_CASE(finds_klippy_with_its_unit_and_socket) {
    const fake_proc proc;
    proc.add(812,
             {"/home/pi/klippy-env/bin/python", "/home/pi/klipper/klippy/klippy.py", "/home/pi/printer.cfg", "-l",
              "/tmp/klippy.log", "-a", "/tmp/klippy_uds"},
             "0::/system.slice/klipper.service\n");
    proc.add(90, {"/usr/bin/python3", "-u", "klippy.py", "printer.cfg", "--api-server=/run/b.sock"},
             "1:name=systemd:/system.slice/klipper-2.service\n");
    const auto found = find_klippy(proc.root());
    BOOST_REQUIRE(found.has_value());
    BOOST_REQUIRE_EQUAL(found->size(), 2U);
    BOOST_TEST((*found)[0].process.pid == 90);
    BOOST_TEST((*found)[0].process.unit == "klipper-2.service");
    BOOST_TEST((*found)[0].socket == "/run/b.sock");
    BOOST_TEST((*found)[1].process.pid == 812);
    BOOST_TEST((*found)[1].process.unit == "klipper.service");
    BOOST_TEST((*found)[1].socket == "/tmp/klippy_uds");
}

BOOST_AUTO_TEST_CASE(every_way_to_write_the_socket_option_is_read) {
    const std::vector<std::vector<std::string>> ways = {
        {"-a", "/s"}, {"--api-server", "/s"}, {"--api-server=/s"}, {"-a/s"}};
    for (const auto& way : ways) {
        const fake_proc proc;
        std::vector<std::string> argv = {"python3", "/k/klippy.py", "printer.cfg"};
        argv.insert(argv.end(), way.begin(), way.end());
        proc.add(5, argv, "0::/\n");
        const auto found = find_klippy(proc.root());
        BOOST_REQUIRE(found && found->size() == 1);
        BOOST_TEST_CONTEXT(way.front()) BOOST_TEST(found->front().socket == "/s");
    }
}

BOOST_AUTO_TEST_CASE(a_klippy_without_socket_has_none) {
    const fake_proc proc;
    proc.add(5, {"python3", "/k/klippy.py", "printer.cfg"}, "0::/\n");
    const auto found = find_klippy(proc.root());
    BOOST_REQUIRE(found && found->size() == 1);
    BOOST_TEST(found->front().socket == "");
    BOOST_TEST(found->front().process.unit == "");
}

BOOST_AUTO_TEST_CASE(a_relative_socket_is_below_klippys_working_folder) {
    const fake_proc proc;
    proc.add(5, {"python3", "klippy.py", "printer.cfg", "-a", "run/uds"}, "0::/\n", {"/home/pi/klipper"});
    proc.add(6, {"python3", "klippy.py", "printer.cfg", "-a", "run/uds"}, "0::/\n"); // its cwd cannot be read
    const auto found = find_klippy(proc.root());
    BOOST_REQUIRE(found && found->size() == 2);
    BOOST_TEST(found->front().socket == "/home/pi/klipper/run/uds");
    BOOST_TEST(found->back().socket == "");
}

BOOST_AUTO_TEST_CASE(klippy_under_interpreter_options_is_found) {
    BOOST_TEST(runs_klippy({"python3", "-X", "dev", "-W", "ignore", "-u", "/k/klippy.py", "p.cfg"}));
    BOOST_TEST(runs_klippy({"/opt/pypy/bin/pypy3", "/k/klippy.py", "p.cfg"}));
    BOOST_TEST(runs_klippy({"/k/klippy.py", "p.cfg"}));
}

BOOST_AUTO_TEST_CASE(a3_klippy_as_a_module_a_folder_or_a_console_entry_is_klippy) {
    for (const std::vector<std::string>& argv : std::vector<std::vector<std::string>>{
             {"python3", "-m", "klippy", "printer.cfg", "-a", "/tmp/klippy_uds"},
             {"/home/pi/klippy-env/bin/python", "-um", "klippy", "p.cfg"},
             {"python3", "-mklippy.klippy", "p.cfg"},
             {"python3", "-m", "klippy.printer", "p.cfg"},
             {"python3", "-u", "-X", "dev", "-Wignore", "-m", "klippy", "p.cfg"},
             {"python3", "--check-hash-based-pycs", "always", "/k/klippy.py", "p.cfg"},
             {"python3", "--", "/k/klippy.py", "p.cfg"},
             {"python3", "/opt/kalico/klippy/", "p.cfg"},
             {"python3", "/opt/kalico/klippy/__main__.py", "p.cfg"},
             {"/env/bin/python3", "/env/bin/klippy", "p.cfg"},
             {"/env/bin/kalico", "p.cfg"}})
        BOOST_TEST_CONTEXT(argv[1]) BOOST_TEST(runs_klippy(argv));
    BOOST_TEST(!runs_klippy({"python3", "-m", "klippy.parsedump", "x"}));
    BOOST_TEST(!runs_klippy({"python3", "-m", "pytest", "klippy"}));
    BOOST_TEST(!runs_klippy({"python3", "-m"}));
    BOOST_TEST(!runs_klippy({"python3", "-", "klippy.py"}));
    BOOST_TEST(!runs_klippy({"python3", "/opt/other/__main__.py"}));
    BOOST_TEST(!runs_klippy({"/usr/bin/klipper"})); // the clipboard of a desktop
}

BOOST_AUTO_TEST_CASE(a3_an_interpreter_of_any_name_is_one) {
    const std::vector<std::string> argv = {"printer-host", "/k/klippy.py", "p.cfg"};
    BOOST_TEST(runs_klippy(argv, "/usr/bin/python3.11"));
    BOOST_TEST(!runs_klippy(argv)); // what it is cannot be seen, and it may as well be an editor
    BOOST_TEST(runs_klippy({"printer-host", "/k/klippy.py", "p.cfg", "-a", "/tmp/klippy_uds"}));
    BOOST_TEST(runs_klippy({"docker", "run", "klipper", "python", "klippy/klippy.py", "p.cfg", "-l", "/log"}));
    BOOST_TEST(runs_klippy({"valgrind", "python3", "-m", "klippy", "p.cfg", "-I", "/tmp/printer"}));
    BOOST_TEST(!runs_klippy({"grep", "-a", "api", "/k/klippy.py"}));
}

BOOST_AUTO_TEST_CASE(a3_a_batch_of_klippy_holds_no_board) {
    for (const std::vector<std::string>& options :
         std::vector<std::vector<std::string>>{{"-i", "in.gcode", "-o", "out.serial", "-d", "klipper.dict"},
                                               {"--debuginput", "in.gcode", "--debugoutput=out.serial"},
                                               {"-vo", "/dev/null", "-iin.gcode"},
                                               {"--debugo", "out"}}) {
        std::vector<std::string> argv = {"python3", "/k/klippy.py", "p.cfg"};
        argv.insert(argv.end(), options.begin(), options.end());
        BOOST_TEST_CONTEXT(options.front()) BOOST_TEST(!runs_klippy(argv));
    }
    // Commands from a file, and a real board at the other end.
    BOOST_TEST(runs_klippy({"python3", "/k/klippy.py", "p.cfg", "-i", "in.gcode"}));
    BOOST_TEST(runs_klippy({"python3", "-o", "/k/klippy.py", "p.cfg"})); // python's own option
}

BOOST_AUTO_TEST_CASE(sockets_that_somebody_listens_on_are_read_from_the_kernels_list) {
    const fake_proc proc;
    std::filesystem::create_directories(proc.root() / "net");
    std::ofstream(proc.root() / "net/unix")
        << "Num       RefCount Protocol Flags    Type St Inode Path\n"
           "ffff8c1a: 00000002 00000000 00010000 0001 01 23001 /tmp/klippy_uds\n"
           "ffff8c1b: 00000003 00000000 00000000 0001 03 23002 /tmp/connected\n"
           "ffff8c1c: 00000002 00000000 00010000 0001 01 23003 /home/pi/my printer/klippy.sock\n"
           "ffff8c1d: 00000002 00000000 00010000 0001 01 23004 @abstract\n"
           "ffff8c1e: 00000002 00000000 00010000 0001 01 23005\n"
           "ffff8c1f: 0000";
    BOOST_TEST(listening_sockets(proc.root()) ==
                   (std::vector<std::string>{"/tmp/klippy_uds", "/home/pi/my printer/klippy.sock"}),
               boost::test_tools::per_element());
    BOOST_TEST(listening_sockets(proc.root() / "missing").empty());
    BOOST_TEST(is_klippy_socket_name("/home/pi/printer_data/comms/klippy.sock"));
    BOOST_TEST(!is_klippy_socket_name("/home/pi/printer_data/comms/moonraker.sock"));
    BOOST_TEST(!is_klippy_socket_name("/tmp/klippy_uds.kf-control")); // a plot's
}

BOOST_AUTO_TEST_CASE(a10_processes_whose_descriptors_cannot_be_looked_at_are_counted) {
    const fake_proc proc;
    proc.add(10, {"minicom"}, "0::/\n", {.fds = {"/dev/ttyACM0"}});
    proc.add(11, {"another", "user's"}, "0::/\n");
    std::filesystem::remove_all(proc.root() / "11/fd");
    proc.add(12, {}, "0::/\n"); // a kernel thread
    std::filesystem::remove_all(proc.root() / "12/fd");
    const auto found = holders_of(proc.root(), "/dev/ttyACM0", 0);
    BOOST_TEST(found.seen.size() == 1U);
    BOOST_TEST(found.hidden == 1U);
}

BOOST_AUTO_TEST_CASE(programs_that_only_have_klippys_file_open_are_not_klippy) {
    BOOST_TEST(!runs_klippy({"vim", "/home/pi/klipper/klippy/klippy.py"}));
    BOOST_TEST(!runs_klippy({"less", "-N", "klippy.py"}));
    BOOST_TEST(!runs_klippy({"python3", "/usr/bin/editor.py", "klippy.py"}));
    BOOST_TEST(!runs_klippy({"python3", "-m", "pylint", "klippy.py"}));
    BOOST_TEST(!runs_klippy({"python3", "-c", "klippy.py"}));
    BOOST_TEST(!runs_klippy({"python3", "/home/pi/not-klippy.py"}));
    BOOST_TEST(!runs_klippy({"python3"}));
    BOOST_TEST(!runs_klippy({}));
}

BOOST_AUTO_TEST_CASE(a_process_that_ends_while_we_look_is_left_out) {
    const fake_proc proc;
    std::filesystem::create_directory(proc.root() / "77"); // its files are gone already
    std::filesystem::create_directory(proc.root() / "self");
    proc.add(78, {}, "0::/\n"); // a kernel thread has no command line
    const auto found = find_processes(proc.root(), [](const auto&, const auto&) { return true; });
    BOOST_REQUIRE(found.has_value());
    BOOST_TEST(found->empty());
}

BOOST_AUTO_TEST_CASE(a_proc_that_cannot_be_read_is_an_error_and_not_an_idle_host) {
    const fake_proc proc;
    const auto found = find_klippy(proc.root() / "missing");
    BOOST_REQUIRE(!found.has_value());
    BOOST_CHECK(found.error().code == kf::errc::io);
}

BOOST_AUTO_TEST_CASE(names_who_holds_a_device_and_leaves_ourselves_out) {
    const fake_proc proc;
    proc.add(10, {"python3", "/k/klippy.py", "p.cfg"}, "0::/\n", {.fds = {"/dev/null", "/dev/ttyACM0"}});
    proc.add(11, {"minicom", "-D", "/dev/ttyACM1"}, "0::/\n", {.fds = {"/dev/ttyACM1"}});
    proc.add(12, {"kflash"}, "0::/\n", {.fds = {"/dev/ttyACM0"}});
    proc.add(13, {"python3", "old.py"}, "0::/\n", {.fds = {"/dev/ttyACM0 (deleted)"}});
    const auto found = holders_of(proc.root(), "/dev/ttyACM0", 12);
    BOOST_REQUIRE_EQUAL(found.seen.size(), 1U);
    BOOST_TEST(found.seen[0].pid == 10);
    BOOST_TEST(found.seen[0].command == "python3 /k/klippy.py p.cfg");
    BOOST_TEST(found.hidden == 0U);
    BOOST_TEST(holders_of(proc.root(), "/dev/ttyUSB0", 12).seen.empty());
}

BOOST_AUTO_TEST_CASE(a_device_held_twice_by_one_process_has_one_holder) {
    const fake_proc proc;
    proc.add(10, {"cat"}, "0::/\n", {.fds = {"/dev/ttyACM0", "/dev/ttyACM0"}});
    BOOST_TEST(holders_of(proc.root(), "/dev/ttyACM0", 0).seen.size() == 1U);
}

} // namespace proc_test
