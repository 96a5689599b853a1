// SPDX-License-Identifier: MIT
#include "../temporary_folder.hpp"

#include <kf/io/exchange.hpp>
#include <kf/io/unix_socket.hpp>

#include <boost/test/unit_test.hpp>

#include <signal.h>

#include <array>
#include <numeric>
#include <optional>
#include <thread>

namespace unix_socket_test {

using namespace kf::io;
using kf::errc;
using kf::test::temporary_folder;

time_point soon() { return std::chrono::steady_clock::now() + std::chrono::seconds(30); }
constexpr time_point past = time_point::min();

unique_fd listening(const std::filesystem::path& path, int backlog) {
    unique_fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.native().copy(address.sun_path, path.native().size());
    BOOST_REQUIRE_EQUAL(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    BOOST_REQUIRE_EQUAL(::listen(fd.get(), backlog), 0);
    return fd;
}

struct connected {
    temporary_folder folder;
    unique_fd listener = listening(folder / "s", 5);
    unix_socket client = unix_socket::connect((folder / "s").string(), soon()).value();
    unique_fd peer{::accept(listener.get(), nullptr, nullptr)};
};

/// Messages that end with a zero byte.
struct zero_decoder {
    std::string kept;
    void feed(byte_view in) { kept.append(in.begin(), in.end()); }
    std::optional<std::string> next() {
        const auto end = kept.find('\0');
        if (end == std::string::npos) return std::nullopt;
        std::string message = kept.substr(0, end);
        kept.erase(0, end + 1);
        return message;
    }
};

byte_view as_bytes(std::string_view text) { return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}; }

BOOST_AUTO_TEST_SUITE(unix_socket_suite)

BOOST_AUTO_TEST_CASE(no_socket_nobody_listening_and_a_path_that_is_too_long_are_told_apart) {
    const temporary_folder folder;
    BOOST_TEST((unix_socket::connect((folder / "none").string(), soon()).error().code == errc::not_found));
    { const auto gone = listening(folder / "dead", 1); }
    BOOST_TEST((unix_socket::connect((folder / "dead").string(), soon()).error().code == errc::not_connected));
    BOOST_TEST((unix_socket::connect("/" + std::string(120, 'x'), soon()).error().code == errc::usage));
    BOOST_TEST((unix_socket::connect("", soon()).error().code == errc::usage));
}

BOOST_AUTO_TEST_CASE(a_listener_that_accepts_nobody_is_a_timeout) {
    const temporary_folder folder;
    const auto listener = listening(folder / "s", 0);
    std::vector<unix_socket> waiting;
    bool timed_out = false;
    for (int i = 0; i < 10 && !timed_out; ++i) {
        auto s = unix_socket::connect((folder / "s").string(), past);
        if (s)
            waiting.push_back(std::move(*s));
        else
            timed_out = s.error().code == errc::timeout;
    }
    BOOST_TEST(timed_out);
}

BOOST_AUTO_TEST_CASE(reads_what_is_there_even_after_the_deadline_and_times_out_otherwise) {
    connected c;
    std::array<std::uint8_t, 16> buffer{};
    BOOST_TEST((c.client.read_some(buffer, past).error().code == errc::timeout));
    const auto short_while = std::chrono::steady_clock::now() + std::chrono::milliseconds(30);
    BOOST_TEST((c.client.read_some(buffer, short_while).error().code == errc::timeout));
    BOOST_TEST((std::chrono::steady_clock::now() >= short_while));
    BOOST_REQUIRE_EQUAL(::write(c.peer.get(), "abc", 3), 3);
    BOOST_TEST(c.client.read_some(buffer, past).value() == 3U);
    BOOST_TEST(buffer[2] == 'c');
}

BOOST_AUTO_TEST_CASE(a_large_message_goes_out_whole_past_a_full_buffer) {
    connected c;
    bytes out(1'000'000);
    std::iota(out.begin(), out.end(), std::uint8_t{0});
    bytes in;
    std::thread reader([&] {
        std::uint8_t chunk[4096];
        while (in.size() < out.size()) {
            const ssize_t n = ::read(c.peer.get(), chunk, sizeof chunk);
            if (n <= 0) return;
            in.insert(in.end(), chunk, chunk + n);
        }
    });
    BOOST_TEST(c.client.write_all(out, soon()).has_value());
    reader.join();
    BOOST_TEST((in == out));
}

BOOST_AUTO_TEST_CASE(a_peer_that_does_not_read_is_a_timeout) {
    connected c;
    const bytes out(10'000'000);
    BOOST_TEST((c.client.write_all(out, past).error().code == errc::timeout));
}

BOOST_AUTO_TEST_CASE(a_peer_that_is_gone_is_a_lost_connection_and_no_sigpipe) {
    connected c;
    c.peer.reset();
    std::array<std::uint8_t, 16> buffer{};
    BOOST_TEST((c.client.read_some(buffer, soon()).error().code == errc::connection_lost));
    struct sigaction fatal{}, before{};
    fatal.sa_handler = SIG_DFL;
    ::sigaction(SIGPIPE, &fatal, &before);
    BOOST_TEST((c.client.write_all(as_bytes("x"), soon()).error().code == errc::connection_lost));
    ::sigaction(SIGPIPE, &before, nullptr);
}

BOOST_AUTO_TEST_CASE(an_exchange_goes_on_over_any_cut_of_the_answer) {
    connected c;
    zero_decoder decoder;
    BOOST_REQUIRE_EQUAL(::write(c.peer.get(), "first\0sec", 9), 9);
    BOOST_TEST(exchange(c.client, decoder, as_bytes("ask"), soon()).value() == "first");
    char asked[4] = {};
    BOOST_REQUIRE_EQUAL(::read(c.peer.get(), asked, sizeof asked), 3);
    BOOST_TEST(std::string(asked) == "ask");
    BOOST_TEST((receive(c.client, decoder, past).error().code == errc::timeout));
    BOOST_REQUIRE_EQUAL(::write(c.peer.get(), "ond\0", 4), 4);
    BOOST_TEST(receive(c.client, decoder, soon()).value() == "second");
    c.peer.reset();
    BOOST_TEST((receive(c.client, decoder, soon()).error().code == errc::connection_lost));
}

BOOST_AUTO_TEST_CASE(a_deadline_in_the_far_past_or_future_does_not_overflow) {
    BOOST_TEST(poll_timeout(time_point::min()) == 0);
    BOOST_TEST(poll_timeout(time_point::max()) == 60'000);
    steady_clock{}.sleep_until(time_point::min()); // comes back
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace unix_socket_test
