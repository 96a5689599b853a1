// SPDX-License-Identifier: MIT
#include "fake_klippy.hpp"
#include "fake_proc.hpp"

#include <kf/host/ready.hpp>
#include <kf/sim/manual_clock.hpp>
#include <kf/sink/recording.hpp>

#include <boost/test/unit_test.hpp>

#include <memory>

namespace ready_test {

using namespace kf::host;
using kf::errc;
using kf::test::fake_klippy;
using kf::test::fake_proc;
using kf::test::temporary_folder;

/// A time that only passes when somebody waits; what happens at which pause is a parameter.
struct stepping_clock {
    struct shared {
        kf::sim::manual_clock time;
        int pauses = 0;
        std::function<void(int)> at_pause = [](int) {};
    };
    std::shared_ptr<shared> s = std::make_shared<shared>();
    [[nodiscard]] kf::io::time_point now() const { return s->time.now(); }
    void sleep_until(kf::io::time_point t) {
        s->time.sleep_until(t);
        s->at_pause(++s->pauses);
    }
};
static_assert(kf::io::clock<stepping_clock>);

fake_klippy::results in_state(const std::string& state, const std::string& message) {
    const std::string both = "{\"state\": \"" + state + "\", \"state_message\": \"" + message + "\"}";
    return {{"info", both},
            {"objects/list", R"({"objects": ["webhooks"]})"},
            {"objects/query", "{\"eventtime\": 1.0, \"status\": {\"webhooks\": " + both + "}}"}};
}
const auto startup = in_state("startup", "Printer is not ready\\nThe klippy host software is attempting to connect.");
const auto ready = in_state("ready", "Printer is ready");
const auto broken = in_state("error", "mcu 'mcu': Unable to connect\\nOnce the underlying issue is corrected");

struct restarted_host {
    temporary_folder folder;
    fake_proc proc;
    std::string socket = (folder / "uds").string();
    std::unique_ptr<fake_klippy> klippy;
    stepping_clock clock;
    kf::recording_sink out;

    void start_klippy(int pid = 900, const std::string& unit = "klipper.service") const {
        proc.add(pid, {"python3", "/k/klippy.py", "p.cfg", "-a", socket}, "0::/system.slice/" + unit + "\n");
    }
    void says(std::vector<fake_klippy::results> states) {
        klippy = std::make_unique<fake_klippy>(socket, std::move(states));
    }
    [[nodiscard]] kf::result<void> prove(bool was_ready = true) {
        return prove_ready([&] { return find_klippy(proc.root()); }, {"klipper.service"}, was_ready, clock, out);
    }
};

BOOST_FIXTURE_TEST_CASE(a_klippy_that_says_ready_is_back, restarted_host) {
    start_klippy();
    says({ready});
    BOOST_CHECK(prove());
    BOOST_TEST(out.events.empty());
    BOOST_TEST(clock.s->pauses == 0);
}

BOOST_FIXTURE_TEST_CASE(startup_is_waited_out, restarted_host) {
    start_klippy();
    says({startup, startup, ready});
    BOOST_CHECK(prove());
    BOOST_TEST(clock.s->pauses == 2);
}

BOOST_FIXTURE_TEST_CASE(a_klippy_that_is_not_there_yet_is_waited_for, restarted_host) {
    clock.s->at_pause = [&](int n) {
        if (n == 3) start_klippy(); // a process, nobody listens yet
        if (n == 5) says({ready});
    };
    BOOST_CHECK(prove());
    BOOST_TEST(clock.s->pauses == 5);
}

BOOST_FIXTURE_TEST_CASE(d4_an_active_unit_whose_klippy_never_comes_up_is_no_restart, restarted_host) {
    const auto began = clock.now();
    const auto done = prove();
    BOOST_REQUIRE(!done.has_value());
    BOOST_CHECK(done.error().code == errc::service_down);
    BOOST_TEST(done.error().what == "klipper.service was started but klippy is not ready");
    BOOST_TEST(done.error().cause == "no klippy process");
    BOOST_CHECK(clock.now() - began >= std::chrono::seconds(120)); // klippy's own patience is 90 s
}

BOOST_FIXTURE_TEST_CASE(d4_a_klippy_that_stays_in_startup_is_no_restart, restarted_host) {
    start_klippy();
    says({startup});
    clock.s->at_pause = [&](int) { clock.s->time.advance(std::chrono::seconds(30)); };
    const auto done = prove();
    BOOST_REQUIRE(!done.has_value());
    BOOST_TEST(done.error().cause == "startup: Printer is not ready");
}

BOOST_FIXTURE_TEST_CASE(d4_a_klippy_in_error_is_told_at_once_with_its_own_words, restarted_host) {
    start_klippy();
    says({startup, broken});
    const auto done = prove();
    BOOST_REQUIRE(!done.has_value());
    BOOST_CHECK(done.error().code == errc::service_down);
    BOOST_TEST(done.error().what == "klipper.service was started but klippy is in error: mcu 'mcu': Unable to connect");
    BOOST_TEST(clock.s->pauses == 1);
}

BOOST_FIXTURE_TEST_CASE(a_klippy_that_was_not_ready_before_only_has_to_answer, restarted_host) {
    start_klippy();
    says({startup, broken});
    BOOST_CHECK(prove(false));
    BOOST_TEST(out.said("klippy answers, but is not ready, as before the flash: error: mcu 'mcu': Unable to connect"));
}

BOOST_FIXTURE_TEST_CASE(a_klippy_that_says_no_state_is_asked_again, restarted_host) {
    start_klippy();
    auto half = ready;
    half["objects/query"] = R"({"eventtime": 1.0, "status": {}})";
    says({half, ready});
    BOOST_CHECK(prove());
    BOOST_TEST(clock.s->pauses == 1);
}

BOOST_FIXTURE_TEST_CASE(the_klippy_of_another_unit_proves_nothing, restarted_host) {
    start_klippy(900, "klipper-2.service");
    says({ready});
    clock.s->at_pause = [&](int) { clock.s->time.advance(std::chrono::seconds(30)); };
    const auto done = prove();
    BOOST_REQUIRE(!done.has_value());
    BOOST_TEST(done.error().cause == "no klippy process");
}

BOOST_FIXTURE_TEST_CASE(without_a_socket_a_running_process_has_to_do_and_that_is_said, restarted_host) {
    proc.add(900, {"python3", "/k/klippy.py", "p.cfg"}, "0::/system.slice/klipper.service\n");
    BOOST_CHECK(prove());
    BOOST_TEST(out.said("klipper.service runs; it has no API socket, so it cannot be asked whether it is ready"));
}

} // namespace ready_test
