// SPDX-License-Identifier: MIT
#include "../../tools/tui/keyboard.hpp"

#include <boost/test/unit_test.hpp>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

namespace keyboard_test {

using namespace kf::tui;
using namespace std::chrono_literals;

/// A terminal that is a pair of sockets, a page that takes keys when it is told to.
struct desk {
    int ends[2]{-1, -1};
    std::atomic<int> stops{0};
    keyboard keys{150ms};

    desk() {
        BOOST_REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
        keys.opens(ends[0]);
        keys.look_first([this](const key& k, bool settled) {
            const bool stops_anywhere = is(k, {U'x', modifier::ctrl});
            if (stops_anywhere || (settled && k.text == '!')) return ++stops, heed::done;
            return k.code == key_code::right ? heed::aside : heed::later;
        });
    }
    ~desk() {
        keys.pause();
        for (const int fd : ends)
            if (fd >= 0) ::close(fd);
    }
    void type(std::string_view text) const { BOOST_REQUIRE(::write(ends[1], text.data(), text.size()) > 0); }
    /// Until so many keys have come; the deadline is for a test that fails.
    std::string take(std::size_t count) {
        std::string out;
        for (const auto end = std::chrono::steady_clock::now() + 20s; count > 0;) {
            keys.look();
            for (const key& k : keys.take()) {
                out += name(k) + (k.heeded ? "* " : " ");
                --count;
            }
            BOOST_REQUIRE(std::chrono::steady_clock::now() < end);
            std::this_thread::yield();
        }
        return out;
    }
    void stopped(int times) const {
        for (const auto end = std::chrono::steady_clock::now() + 20s; stops < times;) {
            BOOST_REQUIRE(std::chrono::steady_clock::now() < end);
            std::this_thread::yield();
        }
        BOOST_TEST(stops == times);
    }
};

BOOST_AUTO_TEST_SUITE(a_keyboard_with_a_first_look)

BOOST_AUTO_TEST_CASE(acts_while_nobody_takes_its_keys) {
    desk d;
    d.keys.resume();
    d.type("!");
    d.stopped(1);
    d.type("\x1b[C"); // an arrow changes nothing of what a stop is
    d.type("!");
    d.stopped(2);
    BOOST_TEST(d.take(3) == "!* Right !* ");
}

BOOST_AUTO_TEST_CASE(acts_once_on_a_key_that_repeats_in_one_read) {
    desk d;
    d.type("!!!\x1b[C!!");
    d.keys.resume();
    BOOST_TEST(d.take(6) == "!* !* !* Right !* !* ");
    BOOST_TEST(d.stops == 2);
}

BOOST_AUTO_TEST_CASE(leaves_a_key_to_the_page_as_long_as_one_before_it_may_change_its_meaning) {
    desk d;
    d.keys.resume();
    d.type(":");
    BOOST_TEST(d.take(1) == ": ");
    d.type("!"); // the page has not said yet what ':' made of it
    BOOST_TEST(d.take(1) == "! ");
    d.type(":!");
    BOOST_TEST(d.take(2) == ": ! ");
    BOOST_TEST(d.stops == 0);
    d.keys.settled();
    d.type("!");
    BOOST_TEST(d.take(1) == "!* ");
    BOOST_TEST(d.stops == 1);
}

BOOST_AUTO_TEST_CASE(acts_at_once_on_what_means_the_same_wherever_the_page_is) {
    desk d;
    d.keys.resume();
    d.type(":");
    BOOST_TEST(d.take(1) == ": "); // the page has it in hand: it may take long to paint
    d.type("!\x18");
    d.stopped(1);
    BOOST_TEST(d.take(2) == "! Ctrl+x* ");
    d.type("\x1b[C!"); // nor is an arrow aside of what may be a line of text
    BOOST_TEST(d.take(2) == "Right ! ");
    d.keys.settled();
    d.type("!");
    d.stopped(2);
}

BOOST_AUTO_TEST_CASE(knows_a_lone_esc_by_its_delay_and_an_arrow_whose_bytes_come_apart) {
    desk d;
    d.keys.resume();
    d.type("\x1b");
    BOOST_TEST(d.take(1) == "Esc ");
    d.type("\x1b[");
    d.type("C");
    BOOST_TEST(d.take(1) == "Right ");
}

BOOST_AUTO_TEST_CASE(reads_for_whoever_waits_without_a_thread) {
    desk d;
    d.type("a!");
    BOOST_TEST(d.take(2) == "a ! ");
    d.keys.settled();
    d.type("!");
    BOOST_TEST(d.take(1) == "!* ");
}

BOOST_AUTO_TEST_CASE(tells_when_a_key_was_read_however_late_it_is_taken) {
    desk d;
    const auto before = std::chrono::steady_clock::now();
    d.keys.resume();
    d.type("!");
    d.stopped(1);
    const auto acted = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() < acted + 1ms) std::this_thread::yield(); // it paints
    pollfd p{d.keys.descriptor(), POLLIN, 0};
    BOOST_REQUIRE(::poll(&p, 1, 20000) == 1);
    const auto keys = d.keys.take();
    BOOST_REQUIRE(keys.size() == 1);
    BOOST_TEST((keys[0].read >= before && keys[0].read <= acted));
}

BOOST_AUTO_TEST_CASE(lets_the_terminal_be_somebody_elses_meanwhile) {
    desk d;
    d.keys.resume();
    d.type("a");
    BOOST_TEST(d.take(1) == "a ");
    d.keys.settled();
    d.keys.pause();
    d.type("!");
    char theirs = 0;
    BOOST_TEST(::read(d.ends[0], &theirs, 1) == 1); // nobody else took it
    BOOST_TEST(theirs == '!');
    d.keys.resume();
    d.type("!");
    d.stopped(1);
}

BOOST_AUTO_TEST_CASE(all_that_was_typed_is_read_at_once_when_it_is_to_be_forgotten) {
    desk d;
    d.keys.resume();
    d.type("yyy!");
    d.keys.look_at_all(); // its thread may have read it before
    BOOST_TEST(d.take(4) == "y y y ! ");
}

BOOST_AUTO_TEST_CASE(a_terminal_that_is_gone_is_told) {
    desk d;
    d.keys.resume();
    ::close(std::exchange(d.ends[1], -1));
    for (const auto end = std::chrono::steady_clock::now() + 20s; !d.keys.is_gone();) {
        BOOST_REQUIRE(std::chrono::steady_clock::now() < end);
        std::this_thread::yield();
    }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace keyboard_test
