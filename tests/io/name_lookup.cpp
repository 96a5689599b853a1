// SPDX-License-Identifier: MIT
#include <kf/io/name_lookup.hpp>

#include <boost/test/unit_test.hpp>

#include <unistd.h>

namespace name_lookup_test {

using namespace kf;
using namespace std::chrono_literals;

const auto soon = [] { return io::steady_clock{}.now() + 60s; };
const io::name_source nobody_asked = [](const std::string&) -> std::string { ::_exit(1); };

BOOST_AUTO_TEST_SUITE(io_name_lookup)

BOOST_AUTO_TEST_CASE(addresses_and_this_host_ask_nobody) {
    using list = std::vector<std::string>;
    BOOST_TEST(io::addresses_of("127.0.0.1", soon(), nobody_asked).value() == list{"127.0.0.1"});
    BOOST_TEST(io::addresses_of("::1", soon(), nobody_asked).value() == list{"::1"});
    BOOST_TEST(io::addresses_of("fe80::1%eth0", soon(), nobody_asked).value() == list{"fe80::1%eth0"});
    BOOST_TEST(io::addresses_of("localhost", soon(), nobody_asked).value() == (list{"127.0.0.1", "::1"}));
    // Any other is asked about: 127.1 is a name that getaddrinfo knows.
    BOOST_TEST(io::addresses_of("127.1", soon()).value() == list{"127.0.0.1"});
}

BOOST_AUTO_TEST_CASE(a_name_has_the_addresses_that_are_found_in_their_order) {
    const auto found =
        io::addresses_of("printer.lan", soon(), [](const std::string& host) { return host + "\n192.0.2.7\n"; });
    BOOST_TEST(found.value() == (std::vector<std::string>{"printer.lan", "192.0.2.7"}));
}

BOOST_AUTO_TEST_CASE(a_name_that_nobody_knows_and_one_that_is_never_answered_are_two_errors) {
    const auto unknown =
        io::addresses_of("x.invalid", soon(), [](const std::string&) { return std::string("error unknown"); });
    BOOST_TEST((unknown.error().code == errc::not_connected));
    BOOST_TEST(unknown.error().cause == "unknown");
    const auto dead = io::addresses_of("x.invalid", soon(), nobody_asked);
    BOOST_TEST((dead.error().code == errc::not_connected));
    // It would hang for ever; the deadline ends it, and its child with it.
    const auto hangs = io::addresses_of("x.invalid", io::steady_clock{}.now() + 50ms, [](const std::string&) {
        for (;;) ::pause();
        return std::string();
    });
    BOOST_TEST((hangs.error().code == errc::timeout));
    BOOST_TEST(::waitpid(-1, nullptr, WNOHANG) == -1);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace name_lookup_test
