// SPDX-License-Identifier: MIT
#include <kf/io/interrupt.hpp>

#include <boost/test/unit_test.hpp>

#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

namespace interrupt_test {

using namespace kf::io;

/// A process that holds everything back, and how it ended once `act` has been done to it from outside.
struct held_process {
    pid_t pid = -1;
    int told[2] = {-1, -1}, go[2] = {-1, -1};

    template<class Body>
    explicit held_process(Body&& body) {
        BOOST_REQUIRE_EQUAL(::pipe(told), 0);
        BOOST_REQUIRE_EQUAL(::pipe(go), 0);
        pid = ::fork();
        BOOST_REQUIRE(pid >= 0);
        if (pid == 0) {
            ::close(go[1]);
            interrupt::catch_signals();
            interrupt::hold_back_all();
            (void)!::write(told[1], "y", 1);
            char c = 0;
            while (::read(go[0], &c, 1) < 0 && errno == EINTR) {}
            body();
            ::_exit(interrupt::pending());
        }
        char c = 0;
        BOOST_REQUIRE_EQUAL(::read(told[0], &c, 1), 1);
    }
    /// Its exit status: the number of the signal that it remembered; -N when signal N ended it.
    [[nodiscard]] int end() {
        ::close(go[1]);
        go[1] = -1;
        int status = 0;
        ::waitpid(pid, &status, 0);
        for (const int fd : {told[0], told[1], go[0]}) ::close(fd);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    }
};

BOOST_AUTO_TEST_SUITE(interrupt_suite)

BOOST_AUTO_TEST_CASE(a11_every_signal_but_kill_and_stop_is_held_back) {
    int tried = 0;
    for (int number = 1; number <= SIGRTMAX; ++number) {
        if (number == SIGKILL || number == SIGSTOP || (number >= 32 && number < SIGRTMIN)) continue; // the C library's
        held_process p([] {});
        BOOST_TEST_CONTEXT(signal_name(number)) {
            BOOST_REQUIRE_EQUAL(::kill(p.pid, number), 0);
            const bool remembered = number != SIGPIPE && number != SIGXFSZ && number != SIGTSTP && number != SIGTTIN &&
                                    number != SIGTTOU && number != SIGCHLD && number != SIGCONT && number != SIGWINCH &&
                                    number != SIGURG;
            BOOST_TEST(p.end() == (remembered ? number : 0));
        }
        ++tried;
    }
    BOOST_TEST(tried >= 60);
}

BOOST_AUTO_TEST_CASE(a_crash_of_our_own_is_a_crash) {
    BOOST_TEST(held_process([] { ::abort(); }).end() == -SIGABRT);
    BOOST_TEST(held_process([] { ::raise(SIGSEGV); }).end() == -SIGSEGV);
    BOOST_TEST(held_process([] {
                   volatile int* nowhere = nullptr;
                   *nowhere = 1; // NOLINT
               }).end() < 0);    // a sanitizer may end it its own way
}

BOOST_AUTO_TEST_CASE(a_write_beyond_the_size_limit_is_an_error_and_no_end) {
    held_process p([] {
        const rlimit none{0, 0};
        ::setrlimit(RLIMIT_FSIZE, &none);
        char name[] = "/tmp/kf-limit.XXXXXX";
        const int fd = ::mkstemp(name);
        ::unlink(name);
        if (::write(fd, "x", 1) != -1 || errno != EFBIG) ::_exit(99);
    });
    BOOST_TEST(p.end() == 0);
}

BOOST_AUTO_TEST_CASE(signals_are_known_by_their_names) {
    BOOST_TEST(signal_number("usr1").value_or(0) == SIGUSR1);
    BOOST_TEST(signal_number("SIGXCPU").value_or(0) == SIGXCPU);
    BOOST_TEST(signal_number("rtmin").value_or(0) == SIGRTMIN);
    BOOST_TEST(signal_number("RTMIN+3").value_or(0) == SIGRTMIN + 3);
    BOOST_TEST(signal_number("9").value_or(0) == 9);
    for (const char* bad : {"", "0", "sig", "error", "rtmin-1", "rtmin+99", "65", "-1", "9x"})
        BOOST_TEST_CONTEXT(bad) BOOST_TEST(!signal_number(bad).has_value());
    BOOST_TEST(signal_name(SIGALRM) == "SIGALRM");
    BOOST_TEST(signal_name(SIGRTMIN + 1) == "signal " + std::to_string(SIGRTMIN + 1));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace interrupt_test
