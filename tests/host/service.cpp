// SPDX-License-Identifier: MIT
// The stop lease with everything real but the printer: a guardian process, pipes, and `ksim systemctl` as the service
// manager of both.
#include "../temporary_folder.hpp"

#include <kf/host/service.hpp>
#include <kf/sim/simulated_services.hpp>

#include <boost/test/unit_test.hpp>

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <fstream>
#include <iterator>

namespace service_test {

using namespace kf::host;
using kf::errc;
using kf::test::temporary_folder;
namespace fs = std::filesystem;
using words = std::vector<std::string>;

/// Real time, and each pause is over at once and was ten seconds long: a timeout of a minute passes in no time, but
/// never before a process that is waited for has answered.
struct impatient_clock {
    std::shared_ptr<kf::io::duration> skipped = std::make_shared<kf::io::duration>(0);
    [[nodiscard]] kf::io::time_point now() const { return std::chrono::steady_clock::now() + *skipped; }
    void sleep_until(kf::io::time_point t) const {
        *skipped += std::max<kf::io::duration>(std::chrono::seconds(10), t - now());
    }
};

words systemctl_of(const fs::path& state) { return {KF_KSIM, "systemctl", "--state", state.string()}; }

struct service_world {
    temporary_folder folder;
    fs::path state = folder / "systemd.json", journal = folder / "state/stopped-units";
    kf::sim::simulated_services services{state};
    kf::io::posix_runner runner;
    systemd<kf::io::posix_runner> manager{runner, systemctl_of(state)};

    service_world() {
        ::signal(SIGPIPE, SIG_IGN); // as the tool does
        fs::create_directories(folder / "proc");
        fs::create_directories(folder / "state");
        BOOST_REQUIRE(
            services.create(folder / "proc", {}, "klipper.service", {"/usr/bin/python3", "/k/klippy.py", "p.cfg"}));
    }

    /// This program again, as a guardian: the case at the end of this file.
    [[nodiscard]] kf::io::command guardian(double job_timeout = 30) const {
        return {.argv = {"/proc/self/exe", "--run_test=guardian_process", "--log_level=nothing", "--report_level=no"},
                .environment = {{"KF_TEST_GUARDIAN", folder.path().string()},
                                {"KF_TEST_JOB_TIMEOUT", std::to_string(job_timeout)}}};
    }
    [[nodiscard]] lease_request request() const {
        return {{"klipper.service"}, {}, guardian_child(guardian()), folder / "proc", journal, 60};
    }
    template<class Clock = impatient_clock>
    [[nodiscard]] auto arm(lease_request r, Clock clock = {}) {
        return service_lease<systemd<kf::io::posix_runner>, Clock>::arm(manager, clock, std::move(r));
    }
    [[nodiscard]] auto armed(lease_request r) {
        auto lease = arm(std::move(r));
        BOOST_REQUIRE_MESSAGE(lease.has_value(), (lease ? "" : lease.error().what + ": " + lease.error().cause));
        return std::move(*lease);
    }
    [[nodiscard]] auto armed() { return armed(request()); }

    void fault(const boost::json::object& faults) { BOOST_REQUIRE(services.set_faults(faults)); }
    [[nodiscard]] bool is_up() { return services.pid_of("klipper.service").value_or(0) != 0; }
    [[nodiscard]] pid_t guardian_pid() const {
        pid_t pid = 0;
        std::ifstream(folder / "guardian.pid") >> pid;
        return pid;
    }
    [[nodiscard]] std::string journal_text() const {
        std::ifstream in(journal);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    /// The jobs so far, looks left out.
    [[nodiscard]] words jobs() const {
        words found;
        std::ifstream in(services.log_path());
        for (std::string line; std::getline(in, line);) {
            const auto entry = boost::json::parse(line).as_object();
            if (const std::string verb(entry.at("verb").as_string()); verb != "show") found.push_back(verb);
        }
        return found;
    }
    void wait_until_up() {
        const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        while (!is_up()) {
            BOOST_REQUIRE_MESSAGE(std::chrono::steady_clock::now() < until, "nobody started the service again");
            pollfd none{-1, 0, 0};
            ::poll(&none, 1, 5);
        }
    }
};

#define KF_TEST_JOBS(world, ...) BOOST_TEST((world).jobs() == (words{__VA_ARGS__}), boost::test_tools::per_element())

BOOST_FIXTURE_TEST_CASE(an_armed_lease_has_stopped_nothing, service_world) {
    {
        const auto lease = armed();
        BOOST_TEST(!lease.holds());
        BOOST_TEST(is_up());
        BOOST_TEST(lease.keep_open().size() == 1U);
    }
    BOOST_TEST(jobs().empty());
    BOOST_TEST(!fs::exists(journal));
}

BOOST_FIXTURE_TEST_CASE(a_lease_stops_proves_it_and_starts_again, service_world) {
    auto lease = armed();
    BOOST_REQUIRE(lease.stop());
    BOOST_TEST(!is_up());
    BOOST_TEST(lease.holds());
    BOOST_TEST(journal_text() == "klipper.service\n"); // a power cut from here on is mended by the next run
    BOOST_REQUIRE(lease.start());
    BOOST_TEST(is_up());
    BOOST_TEST(!lease.holds());
    BOOST_TEST(!fs::exists(journal));
    BOOST_REQUIRE(lease.start()); // nothing is owed any more
    KF_TEST_JOBS(*this, "stop", "start");
}

BOOST_FIXTURE_TEST_CASE(an_early_return_while_stopped_starts_again, service_world) {
    {
        auto lease = armed();
        BOOST_REQUIRE(lease.stop());
        const auto moved = std::move(lease);
        BOOST_TEST(moved.holds());
        BOOST_TEST(!lease.holds());
    }
    BOOST_TEST(is_up());
    BOOST_TEST(!fs::exists(journal));
    KF_TEST_JOBS(*this, "stop", "start");
}

BOOST_FIXTURE_TEST_CASE(d3_a_stop_that_fails_leaves_the_service_running, service_world) {
    fault({{"stop_fails", true}});
    auto lease = armed();
    const auto done = lease.stop();
    BOOST_REQUIRE(!done.has_value());
    BOOST_CHECK(done.error().code == errc::failed);
    BOOST_TEST(done.error().what.starts_with("cannot stop klipper.service"));
    BOOST_TEST(is_up());
    BOOST_TEST(!lease.holds());
    BOOST_TEST(!fs::exists(journal));
    KF_TEST_JOBS(*this, "stop", "start");
}

BOOST_FIXTURE_TEST_CASE(d3_a_stop_that_never_comes_back_is_followed_by_a_start, service_world) {
    fault({{"stop_hangs", true}});
    auto r = request();
    r.guardian = guardian_child(guardian(0.2));
    auto lease = armed(std::move(r));
    BOOST_CHECK(!lease.stop());
    BOOST_TEST(is_up());
    BOOST_TEST(!lease.holds());
    // On a busy machine the start may time out as well, and is then tried again.
    BOOST_TEST(jobs().at(0) == "stop");
    BOOST_TEST(jobs().at(1) == "start");
}

BOOST_FIXTURE_TEST_CASE(d3_a_klippy_that_outlives_its_stopped_unit_is_no_proven_stop, service_world) {
    auto r = request();
    r.pids = {777};
    fs::create_directory(folder / "proc/777");
    auto lease = armed(std::move(r));
    const auto done = lease.stop();
    BOOST_REQUIRE(!done.has_value());
    BOOST_CHECK(done.error().code == errc::timeout);
    BOOST_TEST(done.error().what == "klippy (process 777) still runs after the stop command");
    BOOST_TEST(done.error().cause == "the board was not touched and the service runs again");
    BOOST_TEST(is_up());
    KF_TEST_JOBS(*this, "stop", "start");
}

BOOST_FIXTURE_TEST_CASE(d4_a_start_that_lies_is_never_a_restart, service_world) {
    fault({{"start_lies", true}});
    auto lease = armed();
    BOOST_REQUIRE(lease.stop());
    const auto done = lease.start();
    BOOST_REQUIRE(!done.has_value());
    BOOST_CHECK(done.error().code == errc::service_down);
    BOOST_TEST(done.error().what == "klipper.service is inactive (dead) after the start command");
    BOOST_TEST(done.error().command == "sudo systemctl start klipper.service");
    BOOST_REQUIRE(!done.error().steps.empty());
    BOOST_TEST(done.error().steps.front() == "sudo systemctl start klipper.service");
    BOOST_TEST(lease.holds());                         // still owed
    BOOST_TEST(journal_text() == "klipper.service\n"); // and the next run knows
}

BOOST_FIXTURE_TEST_CASE(d4_an_active_unit_whose_program_has_ended_is_no_restart, service_world) {
    // As systemd tells it of a RemainAfterExit=yes unit.
    struct exited : systemd<kf::io::posix_runner> {
        using systemd::systemd;
        bool started = false;
        [[nodiscard]] kf::result<unit_state> show(const std::string& unit) {
            auto now = systemd::show(unit);
            if (now && started && now->active == "active") now->sub = "exited";
            return now;
        }
    };
    exited manager_of_lease(runner, systemctl_of(state));
    auto lease = service_lease<exited, impatient_clock>::arm(manager_of_lease, {}, request());
    BOOST_REQUIRE(lease);
    BOOST_REQUIRE(lease->stop());
    manager_of_lease.started = true;
    const auto done = lease->start();
    BOOST_REQUIRE(!done.has_value());
    BOOST_TEST(done.error().what == "klipper.service is active (exited) after the start command");
}

BOOST_FIXTURE_TEST_CASE(d4_a_stop_and_a_start_that_both_fail_are_a_service_that_is_down, service_world) {
    fault({{"stop_hangs", true}, {"start_lies", true}});
    auto r = request();
    r.guardian = guardian_child(guardian(0.2));
    auto lease = armed(std::move(r));
    const auto done = lease.stop();
    BOOST_REQUIRE(!done.has_value());
    BOOST_CHECK(done.error().code == errc::service_down);
    BOOST_TEST(done.error().command == "sudo systemctl start klipper.service");
}

BOOST_FIXTURE_TEST_CASE(a_start_that_fails_at_first_is_tried_until_it_works, service_world) {
    auto lease = armed();
    BOOST_REQUIRE(lease.stop());
    fault({{"start_fails", 5}});
    BOOST_REQUIRE(lease.start());
    BOOST_TEST(is_up());
    // Each round asks the guardian and then the manager itself.
    KF_TEST_JOBS(*this, "stop", "start", "start", "start", "start", "start", "start");
}

BOOST_FIXTURE_TEST_CASE(a_lease_whose_guardian_is_killed_starts_by_itself, service_world) {
    auto lease = armed();
    BOOST_REQUIRE(lease.stop());
    BOOST_REQUIRE(guardian_pid() > 0);
    ::kill(guardian_pid(), SIGKILL);
    BOOST_REQUIRE(lease.start());
    BOOST_TEST(is_up());
    BOOST_TEST(!fs::exists(journal));
    KF_TEST_JOBS(*this, "stop", "start");
}

BOOST_FIXTURE_TEST_CASE(b30_a_guardian_that_is_frozen_after_the_stop_is_gone_around, service_world) {
    auto r = request();
    r.patience = 0.3;
    auto lease = armed(std::move(r));
    BOOST_REQUIRE(lease.stop());
    const pid_t frozen = guardian_pid();
    BOOST_REQUIRE_EQUAL(::kill(frozen, SIGSTOP), 0);
    const auto began = std::chrono::steady_clock::now();
    BOOST_REQUIRE(lease.start());
    BOOST_TEST((std::chrono::steady_clock::now() - began < std::chrono::seconds(20)));
    BOOST_TEST(is_up());
    BOOST_TEST(!fs::exists(journal));
    const pid_t ended = ::waitpid(frozen, nullptr, 0); // and it never wakes up
    BOOST_TEST((ended == frozen || (ended == -1 && errno == ECHILD)));
}

BOOST_FIXTURE_TEST_CASE(b30_a_guardian_that_is_frozen_before_the_stop_never_obeys_it_later, service_world) {
    auto r = request();
    r.patience = 0.3;
    auto lease = armed(std::move(r));
    BOOST_REQUIRE_EQUAL(::kill(guardian_pid(), SIGSTOP), 0);
    const auto done = lease.stop();
    BOOST_REQUIRE(!done);
    BOOST_TEST(done.error().what == "the guardian does not answer");
    BOOST_TEST(is_up());
    BOOST_TEST(!lease.holds());
    const auto so_far = jobs();
    BOOST_TEST((std::find(so_far.begin(), so_far.end(), "stop") == so_far.end()));
}

BOOST_FIXTURE_TEST_CASE(b30_a_guardian_that_is_frozen_in_the_middle_of_the_stop_is_gone_around, service_world) {
    fault({{"stop_hangs", true}}); // the unit goes down, and its job never ends
    auto r = request();
    r.patience = 0.3;
    auto lease = armed(std::move(r));
    const auto began = std::chrono::steady_clock::now();
    const auto done = lease.stop();
    BOOST_TEST((std::chrono::steady_clock::now() - began < std::chrono::seconds(20)));
    BOOST_REQUIRE(!done);
    BOOST_TEST(is_up());
    BOOST_TEST(!lease.holds());
}

BOOST_FIXTURE_TEST_CASE(b33_what_sudo_says_first_is_a_remark_and_no_handshake, service_world) {
    auto real = guardian();
    std::string command = "echo 'sudo: unable to resolve host pi: Name or service not known' >&2; exec \"$0\" \"$@\"";
    real.argv[0] = fs::read_symlink("/proc/self/exe").string(); // the shell's own would be sh
    real.argv.insert(real.argv.begin(), {"sh", "-c", command});
    auto r = request();
    r.guardian = guardian_child(real);
    auto lease = armed(std::move(r));
    BOOST_TEST(lease.remarks() == (words{"sudo: unable to resolve host pi: Name or service not known"}),
               boost::test_tools::per_element());
    BOOST_REQUIRE(lease.stop());
    BOOST_REQUIRE(lease.start());
    KF_TEST_JOBS(*this, "stop", "start");
}

BOOST_FIXTURE_TEST_CASE(b31_without_descriptors_for_the_restart_nothing_is_stopped, service_world) {
    const pid_t kflash = ::fork();
    if (kflash == 0) {
        const rlimit limit{14, 14};
        ::setrlimit(RLIMIT_NOFILE, &limit);
        const auto lease = arm(request());
        ::_exit(!lease && lease.error().code == errc::refused ? 0 : 1);
    }
    int status = 1;
    ::waitpid(kflash, &status, 0);
    BOOST_TEST(status == 0);
    BOOST_TEST(jobs().empty());
    BOOST_TEST(is_up());
}

BOOST_FIXTURE_TEST_CASE(a_guardian_that_cannot_start_is_a_refusal_before_anything_is_stopped, service_world) {
    auto r = request();
    r.guardian = guardian_child({{"/nonexistent/guardian"}});
    const auto none = arm(r);
    BOOST_REQUIRE(!none.has_value());
    BOOST_CHECK(none.error().code == errc::refused);

    r.guardian = guardian_child({{"sh", "-c", "echo 'sudo: a password is required'; exit 1"}});
    const auto no_right = arm(r);
    BOOST_REQUIRE(!no_right.has_value());
    BOOST_CHECK(no_right.error().code == errc::refused);
    BOOST_TEST(no_right.error().cause == "sudo: a password is required");

    r.guardian = guardian_child({{"true"}});
    BOOST_CHECK(!arm(r));
    BOOST_TEST(jobs().empty());
    BOOST_TEST(is_up());
}

BOOST_FIXTURE_TEST_CASE(a_journal_that_cannot_be_written_stops_nothing, service_world) {
    auto r = request();
    std::ofstream(folder / "a-file") << "x";
    r.journal = folder / "a-file/stopped-units";
    auto lease = armed(std::move(r));
    BOOST_CHECK(!lease.stop());
    BOOST_TEST(!lease.holds());
    BOOST_TEST(jobs().empty());
}

BOOST_FIXTURE_TEST_CASE(d23_without_an_active_unit_there_is_nothing_to_stop_or_start, service_world) {
    auto r = request();
    r.units.clear();
    r.guardian = guardian_child({{"/nonexistent/guardian"}}); // is not needed
    auto lease = armed(std::move(r));
    BOOST_CHECK(lease.stop());
    BOOST_TEST(!lease.holds());
    BOOST_CHECK(lease.start());
    BOOST_TEST(lease.keep_open().empty());
    BOOST_TEST(jobs().empty());
    BOOST_TEST(!fs::exists(journal));
}

BOOST_FIXTURE_TEST_CASE(d2_a_kflash_that_is_killed_while_the_service_is_down_gets_it_back, service_world) {
    const pid_t kflash = ::fork();
    if (kflash == 0) {
        auto lease = arm(request());
        if (!lease || !lease->stop() || is_up()) ::_exit(1);
        ::kill(::getpid(), SIGKILL);
    }
    int status = 0;
    ::waitpid(kflash, &status, 0);
    BOOST_REQUIRE(WIFSIGNALED(status));
    wait_until_up();
    KF_TEST_JOBS(*this, "stop", "start");
    BOOST_TEST(journal_text() == "klipper.service\n"); // the next run starts it too: that changes nothing
}

BOOST_FIXTURE_TEST_CASE(d2_the_guardian_waits_for_a_flasher_that_outlives_kflash, service_world) {
    const auto fifo = (folder / "go").string(), log = services.log_path().string();
    BOOST_REQUIRE_EQUAL(::mkfifo(fifo.c_str(), 0600), 0);
    const kf::io::unique_fd go(::open(fifo.c_str(), O_RDWR | O_CLOEXEC));
    const pid_t kflash = ::fork();
    if (kflash == 0) {
        auto lease = arm(request());
        if (!lease || !lease->stop()) ::_exit(1);
        // Writes until we say so, then notes its end where the jobs are noted.
        kf::io::command flasher{
            .argv = {"sh", "-c", "read line < \"$0\"; echo '{\"verb\":\"flasher-ends\"}' >> \"$1\"", fifo, log},
            .keep_open = lease->keep_open()};
        const auto child = kf::io::piped_child::start(flasher);
        ::kill(::getpid(), child ? SIGKILL : SIGTERM);
    }
    int status = 0;
    ::waitpid(kflash, &status, 0);
    BOOST_REQUIRE(WIFSIGNALED(status));
    BOOST_REQUIRE_EQUAL(WTERMSIG(status), SIGKILL);
    BOOST_TEST(!is_up());
    BOOST_REQUIRE_EQUAL(::write(go.get(), "go\n", 3), 3);
    wait_until_up();
    KF_TEST_JOBS(*this, "stop", "flasher-ends", "start");
}

BOOST_AUTO_TEST_CASE(the_start_command_names_every_unit) {
    BOOST_TEST(start_command({"klipper.service", "klipper-2.service"}) ==
               "sudo systemctl start klipper.service klipper-2.service");
}

/// Not a test: what service_world::guardian() starts.
BOOST_AUTO_TEST_CASE(guardian_process, *boost::unit_test::disabled()) {
    const char* where = ::getenv("KF_TEST_GUARDIAN");
    BOOST_REQUIRE(where != nullptr);
    std::ofstream(fs::path(where) / "guardian.pid") << ::getpid() << std::endl;
    kf::io::posix_runner runner;
    systemd manager(runner, systemctl_of(fs::path(where) / "systemd.json"), std::atof(::getenv("KF_TEST_JOB_TIMEOUT")));
    BOOST_TEST(guard(manager, {"klipper.service"}, STDIN_FILENO, STDOUT_FILENO, kf::io::steady_clock{}));
}

} // namespace service_test
