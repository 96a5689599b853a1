// SPDX-License-Identifier: MIT
#include "../temporary_folder.hpp"

#include <kf/io/interrupt.hpp>
#include <kf/run/steering.hpp>

#include <boost/test/unit_test.hpp>

#include <sys/wait.h>

#include <csignal>
#include <future>

namespace steering_test {

using namespace kf;
using namespace std::chrono_literals;
using run::order;

io::time_point soon() { return std::chrono::steady_clock::now() + 60s; }

/// Looks until an order or an answer to a status came in.
order wait_for_order(run::control_socket& c) {
    const auto until = soon();
    while (std::chrono::steady_clock::now() < until)
        if (const order o = c.next([] { return boost::json::object{{"state", "drawing"}}; }); o != order::none)
            return o;
    return order::none;
}

struct control_stage {
    test::temporary_folder folder;
    std::filesystem::path path = run::control_path(folder / "klippy.sock");
    result<run::control_socket> control = run::control_socket::listen(path);
    auto ask(const char* word) {
        return std::async(std::launch::async, [this, word] { return run::ask_running(path, word, soon()); });
    }
};

BOOST_FIXTURE_TEST_CASE(another_shell_is_answered_when_the_pause_is_there, control_stage) {
    BOOST_REQUIRE(control);
    auto asked = ask("pause");
    BOOST_TEST((wait_for_order(*control) == order::pause));
    BOOST_TEST((asked.wait_for(0s) == std::future_status::timeout));
    control->settle("paused after stroke 3");
    const auto answer = asked.get();
    BOOST_REQUIRE(answer);
    BOOST_REQUIRE(answer->has_value());
    BOOST_TEST((*answer)->at("ok").as_bool());
    BOOST_TEST((*answer)->at("text").as_string() == "paused after stroke 3");
}

BOOST_FIXTURE_TEST_CASE(a_status_is_answered_at_once_and_is_no_order, control_stage) {
    BOOST_REQUIRE(control);
    auto asked = ask("status");
    const auto until = soon();
    while (asked.wait_for(0s) == std::future_status::timeout && std::chrono::steady_clock::now() < until)
        BOOST_TEST((control->next([] { return boost::json::object{{"state", "drawing"}}; }) == order::none));
    const auto answer = asked.get();
    BOOST_REQUIRE(answer);
    BOOST_TEST((*answer)->at("state").as_string() == "drawing");
}

BOOST_FIXTURE_TEST_CASE(an_order_that_cannot_be_done_is_refused_with_the_reason, control_stage) {
    BOOST_REQUIRE(control);
    auto asked = ask("resume");
    BOOST_TEST((wait_for_order(*control) == order::resume));
    control->refuse({errc::refused, "nothing is paused"});
    const auto answer = asked.get();
    BOOST_REQUIRE(answer);
    BOOST_TEST(!(*answer)->at("ok").as_bool());
    BOOST_TEST((*answer)->at("errc").as_string() == "refused");
}

BOOST_FIXTURE_TEST_CASE(a_run_that_ends_answers_whoever_still_waits, control_stage) {
    BOOST_REQUIRE(control);
    auto asked = ask("pause");
    BOOST_TEST((wait_for_order(*control) == order::pause));
    { const run::control_socket ends = std::move(*control); }
    const auto answer = asked.get();
    BOOST_REQUIRE(answer);
    BOOST_TEST(!(*answer)->at("ok").as_bool());
    BOOST_TEST(!std::filesystem::exists(path));
}

BOOST_AUTO_TEST_CASE(without_a_running_kplot_there_is_no_answer) {
    const test::temporary_folder folder;
    const auto none = run::ask_running(folder / "nobody", "pause", soon());
    BOOST_REQUIRE(none);
    BOOST_TEST(!none->has_value());
}

BOOST_FIXTURE_TEST_CASE(a_socket_that_a_killed_run_left_is_nobodys, control_stage) {
    BOOST_REQUIRE(control);
    const auto copy = folder / "dead.kf-control";
    {
        auto other = run::control_socket::listen(copy);
        BOOST_REQUIRE(other);
        std::filesystem::rename(copy, folder / "left");
    }
    const auto none = run::ask_running(folder / "left", "status", soon());
    BOOST_REQUIRE(none);
    BOOST_TEST(!none->has_value());
    BOOST_TEST(run::control_socket::listen(folder / "left").has_value());
}

BOOST_AUTO_TEST_CASE(b25_a_stranger_in_the_place_of_a_run_is_not_believed) {
    BOOST_TEST(run::is_believed({1, 0, 0}, 1000));
    BOOST_TEST(run::is_believed({1, ::geteuid(), 0}, 1000));
    BOOST_TEST(run::is_believed({1, 1000, 0}, 1000));
    BOOST_TEST(!run::is_believed({1, 65534, 0}, 1000));
    if (::geteuid() != 0) return; // the rest takes another user
    const kf::test::temporary_folder folder;
    ::chmod(folder.path().c_str(), 01777);
    const auto path = run::control_path(folder / "klippy.sock");
    int ready[2], over[2];
    BOOST_REQUIRE(::pipe(ready) == 0 && ::pipe(over) == 0);
    const pid_t stranger = ::fork();
    if (stranger == 0) {
        ::close(over[1]);
        const bool other = ::setgid(65534) == 0 && ::setuid(65534) == 0;
        auto control = run::control_socket::listen(path);
        (void)!::write(ready[1], other && control ? "y" : "n", 1);
        char c = 0;
        (void)!::read(over[0], &c, 1);
        ::_exit(0);
    }
    char c = 0;
    BOOST_REQUIRE_EQUAL(::read(ready[0], &c, 1), 1);
    BOOST_REQUIRE(c == 'y');
    const auto asked = run::ask_running(path, "pause", soon());
    BOOST_REQUIRE(!asked);
    BOOST_TEST((asked.error().code == errc::refused));
    BOOST_TEST(asked.error().cause.starts_with("it is user 65534"));
    for (const int fd : {ready[0], ready[1], over[0], over[1]}) ::close(fd);
    ::waitpid(stranger, nullptr, 0);
}

BOOST_AUTO_TEST_CASE(the_first_ctrl_c_is_a_pause_and_the_second_a_cancel) {
    io::interrupt::catch_signals();
    io::interrupt::clear();
    run::signal_orders signals;
    BOOST_TEST((signals.next() == order::none));
    std::raise(SIGINT);
    BOOST_TEST((signals.next() == order::pause));
    BOOST_TEST((signals.next() == order::none));
    std::raise(SIGINT);
    BOOST_TEST((signals.next() == order::cancel));
    io::interrupt::clear();
    run::signal_orders other;
    std::raise(SIGTERM);
    BOOST_TEST((other.next() == order::cancel));
    io::interrupt::clear();
}

} // namespace steering_test
