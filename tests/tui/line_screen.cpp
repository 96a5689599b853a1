// SPDX-License-Identifier: MIT
#include "../../tools/tui/line_screen.hpp"

#include "../../tools/tui/output_end.hpp"

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <string>

namespace line_screen_test {

using namespace kf;
using namespace std::chrono_literals;
using std::chrono::steady_clock;

/// A pseudo terminal as standard input and output of this process, until it goes out of scope.
struct at_a_terminal {
    io::unique_fd mine{::posix_openpt(O_RDWR | O_NOCTTY)};
    io::unique_fd before[2]{io::unique_fd(::dup(0)), io::unique_fd(::dup(1))};

    at_a_terminal() {
        (void)::grantpt(mine.get());
        (void)::unlockpt(mine.get());
        const io::unique_fd its(::open(::ptsname(mine.get()), O_RDWR | O_NOCTTY));
        for (const int fd : {0, 1}) ::dup2(its.get(), fd);
    }
    ~at_a_terminal() {
        for (const int fd : {0, 1}) ::dup2(before[fd].get(), fd);
    }
};

BOOST_AUTO_TEST_SUITE(a_screen_of_lines)

BOOST_AUTO_TEST_CASE(a_terminal_that_hung_up_is_gone_and_no_ctrl_d) {
    tui::wake w;
    {
        at_a_terminal t;
        auto screen = tui::line_screen::open(true);
        BOOST_REQUIRE(screen.has_value());
        t.mine.reset();
        w = screen->wait({}, steady_clock::now() + 20s);
    }
    BOOST_TEST(w.hung_up);
    BOOST_TEST(!w.interrupted);
}

BOOST_AUTO_TEST_CASE(a_line_and_ctrl_d_of_a_terminal_that_is_there_are_what_they_are) {
    tui::wake line, end;
    {
        at_a_terminal t;
        auto screen = tui::line_screen::open(true);
        BOOST_REQUIRE(screen.has_value());
        (void)!::write(t.mine.get(), "q\n", 2);
        line = screen->wait({}, steady_clock::now() + 20s);
        (void)!::write(t.mine.get(), "\x04", 1);
        end = screen->wait({}, steady_clock::now() + 20s);
    }
    BOOST_TEST(line.keys.size() == 1u);
    BOOST_TEST(end.interrupted);
    BOOST_TEST(!end.hung_up);
}

BOOST_AUTO_TEST_CASE(a_terminal_that_nobody_reads_takes_what_it_can_and_holds_nobody) {
    int why = 0;
    {
        at_a_terminal t;
        const tui::output_end out;
        ::alarm(60); // a write that waits waits for ever
        const std::string text(512, 'a');
        while (::write(out.get(), text.data(), text.size()) >= 0) {}
        why = errno;
        ::alarm(0);
        ::tcflush(t.mine.get(), TCIOFLUSH);
    }
    BOOST_TEST(why == EAGAIN);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace line_screen_test
