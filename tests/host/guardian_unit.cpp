// SPDX-License-Identifier: MIT
// The guardian behind its socket, in a process of its own, with `ksim systemctl` as the service manager.
#include "../temporary_folder.hpp"

#include <kf/host/guardian_unit.hpp>
#include <kf/host/service.hpp>
#include <kf/sim/simulated_services.hpp>

#include <boost/test/unit_test.hpp>

#include <sys/wait.h>

#include <fstream>

namespace guardian_unit_test {

using namespace kf::host;
using kf::errc;
using kf::test::temporary_folder;
namespace fs = std::filesystem;
using words = std::vector<std::string>;

struct guardian_world {
    temporary_folder folder;
    fs::path state = folder / "systemd.json", runtime = folder / "run";
    kf::sim::simulated_services services{state};
    kf::io::posix_runner runner;
    systemd<kf::io::posix_runner> manager{runner, {KF_KSIM, "systemctl", "--state", state.string()}};
    pid_t guard = -1;

    guardian_world() {
        ::signal(SIGPIPE, SIG_IGN);
        for (const char* name : {"proc", "by-id", "run"}) fs::create_directories(folder / name);
        BOOST_REQUIRE(
            services.create(folder / "proc", {}, "klipper.service", {"/usr/bin/python3", "/k/klippy.py", "p.cfg"}));
    }
    ~guardian_world() {
        if (guard > 0) {
            ::kill(guard, SIGKILL);
            ::waitpid(guard, nullptr, 0);
        }
    }
    /// As the service manager does, at first or after it was killed.
    void start_guard(unsigned uid = ::geteuid(), kf::io::duration patience = std::chrono::seconds(30)) {
        guard = ::fork();
        if (guard == 0) {
            const auto served = serve_guardian(manager, runtime, uid, kf::io::steady_clock{}, patience);
            ::_exit(served ? 0 : 1);
        }
    }
    void kill_guard() {
        ::kill(guard, SIGKILL);
        ::waitpid(guard, nullptr, 0);
        guard = -1;
    }
    [[nodiscard]] int end_of_guard() {
        int status = 0;
        ::waitpid(guard, &status, 0);
        guard = -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    }
    [[nodiscard]] lease_request request() {
        return {{"klipper.service"},
                {},
                {"kflash-guard@test.service",
                 [this] {
                     return connect_to_guardian(runtime, {"klipper.service"},
                                                std::chrono::steady_clock::now() + std::chrono::seconds(20));
                 },
                 [this] { // what `systemctl restart` of its unit does, and a call
                     kill_guard();
                     start_guard();
                     (void)connect_to_guardian(runtime, {"klipper.service"},
                                               std::chrono::steady_clock::now() + std::chrono::seconds(20));
                 }},
                folder / "proc",
                folder / "stopped-units",
                60,
                0.5};
    }
    [[nodiscard]] auto arm() {
        return service_lease<systemd<kf::io::posix_runner>, kf::io::steady_clock>::arm(manager, {}, request());
    }
    [[nodiscard]] bool is_up() { return services.pid_of("klipper.service").value_or(0) != 0; }
    [[nodiscard]] bool owes() const { return fs::exists(guardian_place_in(runtime).owed); }
    void wait_until_up() {
        const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        while (!is_up() || owes()) {
            BOOST_REQUIRE_MESSAGE(std::chrono::steady_clock::now() < until, "nobody started the service again");
            pollfd none{-1, 0, 0};
            ::poll(&none, 1, 5);
        }
    }
};

BOOST_AUTO_TEST_SUITE(guardian_unit_suite)

BOOST_FIXTURE_TEST_CASE(a_lease_over_the_guards_socket_stops_and_starts, guardian_world) {
    start_guard();
    auto lease = arm();
    BOOST_REQUIRE_MESSAGE(lease.has_value(), (lease ? "" : lease.error().what + ": " + lease.error().cause));
    BOOST_TEST(lease->keep_open().size() == 1U);
    BOOST_REQUIRE(lease->stop());
    BOOST_TEST(!is_up());
    BOOST_TEST(owes());
    BOOST_REQUIRE(lease->start());
    BOOST_TEST(is_up());
    BOOST_TEST(!owes());
    { const auto gone = std::move(*lease); }
    BOOST_TEST(end_of_guard() == 0);
}

BOOST_FIXTURE_TEST_CASE(d2_the_service_comes_back_when_kflash_and_all_of_its_group_are_killed, guardian_world) {
    start_guard();
    const pid_t kflash = ::fork();
    if (kflash == 0) {
        auto lease = arm();
        if (!lease || !lease->stop()) ::_exit(1);
        ::kill(::getpid(), SIGKILL);
    }
    int status = 0;
    ::waitpid(kflash, &status, 0);
    BOOST_REQUIRE(WIFSIGNALED(status));
    BOOST_TEST(end_of_guard() == 0);
    BOOST_TEST(is_up());
    BOOST_TEST(!owes());
}

BOOST_FIXTURE_TEST_CASE(guard_a_guard_that_was_killed_pays_back_when_it_is_started_again, guardian_world) {
    start_guard();
    const pid_t kflash = ::fork();
    if (kflash == 0) {
        auto lease = arm();
        if (!lease || !lease->stop()) ::_exit(1);
        for (;;) ::pause();
    }
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (is_up() && std::chrono::steady_clock::now() < until) {
        pollfd none{-1, 0, 0};
        ::poll(&none, 1, 5);
    }
    ::kill(kflash, SIGKILL); // both at once
    ::waitpid(kflash, nullptr, 0);
    kill_guard();
    start_guard(); // Restart=on-failure
    wait_until_up();
}

BOOST_FIXTURE_TEST_CASE(a_guard_that_was_killed_does_not_start_the_service_under_a_flash_at_work, guardian_world) {
    start_guard();
    auto lease = arm(); // in this very process, which lives
    BOOST_REQUIRE(lease && lease->stop());
    kill_guard();
    start_guard();
    const auto socket = guardian_place_in(runtime).socket;
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!fs::exists(socket) && std::chrono::steady_clock::now() < until) {
        pollfd none{-1, 0, 0};
        ::poll(&none, 1, 5);
    }
    BOOST_TEST(fs::exists(socket)); // it listens, so it has read its list
    BOOST_TEST(!is_up());
    BOOST_TEST(owes());
    BOOST_REQUIRE(lease->start());
    BOOST_TEST(is_up());
}

BOOST_AUTO_TEST_CASE(a_process_is_known_by_when_it_began) {
    const auto own = identify_process(::getpid());
    BOOST_TEST(!own.began.empty());
    BOOST_TEST((own == identify_process(::getpid())));
    BOOST_TEST(identify_process(1 << 30).began.empty());
    const temporary_folder folder;
    BOOST_REQUIRE(write_owed(folder / "list", {"klipper.service"}, owed_to(own)));
    BOOST_TEST(creditor_is_alive(folder / "list"));
    BOOST_TEST(read_owed(folder / "list").size() == 1U);
    BOOST_REQUIRE(write_owed(folder / "list", {"klipper.service"}, owed_to({own.pid, "1"})));
    BOOST_TEST(!creditor_is_alive(folder / "list"));
    BOOST_REQUIRE(write_owed(folder / "list", {"klipper.service"}));
    BOOST_TEST(!creditor_is_alive(folder / "list"));
}

BOOST_FIXTURE_TEST_CASE(b30_a_frozen_guard_is_restarted_and_pays_back, guardian_world) {
    start_guard();
    auto lease = arm();
    BOOST_REQUIRE(lease && lease->stop());
    ::kill(guard, SIGSTOP);
    BOOST_REQUIRE(lease->start());
    BOOST_TEST(is_up());
}

BOOST_FIXTURE_TEST_CASE(a_guard_that_nobody_calls_ends_in_good_order, guardian_world) {
    start_guard(::geteuid(), std::chrono::milliseconds(50));
    BOOST_TEST(end_of_guard() == 0);
    BOOST_TEST(!fs::exists(guardian_place_in(runtime).socket));
}

BOOST_FIXTURE_TEST_CASE(guard_only_klippys_and_what_goes_down_with_them_are_guarded, guardian_world) {
    BOOST_TEST(read_units_to_guard(manager, "units klipper.service").value().size() == 1U);
    for (const char* line : {"units ssh.service", "units klipper.service ssh.service", "units ", "units -x.service",
                             "units ../klipper.service", "klipper.service", "", "units klipper.service;ssh.service"})
        BOOST_TEST_CONTEXT(line) BOOST_TEST(!read_units_to_guard(manager, line).has_value());
    start_guard();
    const auto lease = service_lease<systemd<kf::io::posix_runner>, kf::io::steady_clock>::arm(
        manager, {},
        {{"ssh.service"},
         {},
         {"guard",
          [this] {
              return connect_to_guardian(runtime, {"ssh.service"},
                                         std::chrono::steady_clock::now() + std::chrono::seconds(20));
          }},
         folder / "proc"});
    BOOST_REQUIRE(!lease);
    BOOST_TEST(lease.error().cause == "refused: ssh.service does not run klippy, nor go down with one that does");
    BOOST_TEST(end_of_guard() == 0);
}

BOOST_AUTO_TEST_CASE(a_persons_name_is_an_instance_only_when_it_is_plain) {
    BOOST_TEST(guardian_unit_of("pi") == "kflash-guard@pi.service");
    for (const char* name : {"", "-x", "a b", "a@b", "../x", "A", "pi.service", "a%b"})
        BOOST_TEST_CONTEXT(name) BOOST_TEST(guardian_unit_of(name) == "");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace guardian_unit_test
