// SPDX-License-Identifier: MIT
#include "../simulated_klippy.hpp"
#include "../temporary_folder.hpp"

#include <kf/io/fd_stream.hpp>
#include <kf/sim/klippy_server.hpp>

#include <boost/test/unit_test.hpp>

#include <sys/socket.h>
#include <sys/un.h>

#include <chrono>
#include <string>

namespace klippy_server_test {

using namespace kf;
using boost::json::object;
using test::simulated_klippy;

/// A server and its clients in one thread: whoever waits also serves.
class served {
  public:
    explicit served(seconds patience = 5)
      : server(folder / "uds", {}, {}, 1000, patience) {
        BOOST_REQUIRE(server.listen());
        until([this] { return server.klippy().state().name == "ready"; });
    }

    template<class Condition>
    void until(Condition&& c) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
        while (!c()) {
            BOOST_REQUIRE(std::chrono::steady_clock::now() < end);
            BOOST_REQUIRE(server.serve(1));
        }
    }
    [[nodiscard]] std::pair<io::unique_fd, int> try_connect() const {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        (folder / "uds").string().copy(address.sun_path, sizeof address.sun_path - 1);
        io::unique_fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        const bool ok = ::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
        return {std::move(fd), ok ? 0 : errno};
    }
    [[nodiscard]] io::unique_fd connect() {
        auto [fd, error] = try_connect();
        BOOST_REQUIRE_EQUAL(error, 0);
        return std::move(fd);
    }
    void send(const io::unique_fd& to, std::string_view text) {
        until([&] {
            const ssize_t n = ::send(to.get(), text.data(), text.size(), MSG_NOSIGNAL);
            if (n > 0) text.remove_prefix(static_cast<std::size_t>(n));
            return text.empty();
        });
    }
    /// One message; "EOF" or "reset" at the end of the connection.
    std::string receive(const io::unique_fd& from) {
        std::string text;
        until([&] {
            char c = 0;
            ssize_t n = 0;
            while ((n = ::read(from.get(), &c, 1)) == 1 && c != '\x03') text += c;
            if (n == 0) text = "EOF";
            if (n < 0 && errno == ECONNRESET) text = "reset";
            return n >= 0 || errno == ECONNRESET;
        });
        return text;
    }

    test::temporary_folder folder;
    sim::klippy_server server;
};

constexpr const char* info = "{\"id\":1,\"method\":\"info\"}\x03";

BOOST_AUTO_TEST_SUITE(klippy_server)

BOOST_AUTO_TEST_CASE(answers_a_move_at_once_and_m400_when_the_pen_rests) {
    simulated_klippy k;
    const int c = k.connect();
    BOOST_TEST(k.script(c, "G28\nG90\nG1 X10 Y10 F6000\nM400").first.contains("result"));
    BOOST_TEST(k.script(c, "G1 X60 F3000").second < 0.001);
    // 50 mm at 50 mm/s with 3000 mm/s2 are 1.0167 s; it starts 0.25 s from now, M400 looks each 0.1 s.
    const auto [answer, took] = k.script(c, "M400");
    BOOST_TEST(answer.contains("result"));
    BOOST_TEST(took == 1.3, boost::test_tools::tolerance(0.01));
    BOOST_TEST(k.status(c, "toolhead").at("position").at(0).as_double() == 60.0);
}

BOOST_AUTO_TEST_CASE(answers_block_while_more_than_a_second_is_planned) {
    simulated_klippy k;
    const int c = k.connect();
    (void)k.script(c, "G28\nG90\nG1 X10 Y10 F6000\nM400");
    // The recording of the real one: answers at 0, .27, 1.29, 2.30, 3.32 s, one each 1.017 s.
    const double expected[] = {0.0, 0.267, 1.017, 1.016, 1.017, 1.016};
    for (int i = 0; i < 6; ++i) {
        const auto took = k.script(c, i % 2 == 0 ? "G1 X60 F3000" : "G1 X10 F3000").second;
        BOOST_TEST(std::abs(took - expected[i]) < 0.02, "answer " << i << " took " << took);
    }
}

BOOST_AUTO_TEST_CASE(a_big_request_blocks_everybody_while_it_is_read) {
    simulated_klippy k;
    const int slow = k.connect();
    const int other = k.connect();
    (void)k.script(slow, "G28\nG90\nG1 X10 Y10 F6000\nM400");
    // The recorder saw 5.1 s for 8 MB and 12 ms for 1 MB.
    for (const auto& [bytes, blocked] : {std::pair(1'000'000, 0.012), std::pair(8'000'000, 5.1)}) {
        k.send(slow,
               object{{"id", "big"},
                      {"method", "gcode/script"},
                      {"params", object{{"script", "M117 " + std::string(static_cast<std::size_t>(bytes), 'x')}}}});
        BOOST_TEST(k.ask(other, "info").second == blocked, boost::test_tools::tolerance(0.05));
    }
    BOOST_TEST(k.ask(other, "info").second < 0.001);
}

BOOST_AUTO_TEST_CASE(a_client_that_never_reads_is_dropped_and_nobody_else_is) {
    served s(0.2);
    const auto mute = s.connect();
    const auto other = s.connect();
    s.until([&] { // its answers fill the socket, klippy waits for room and gives up
        constexpr std::string_view request = "{\"id\":1,\"method\":\"gcode/help\"}\x03";
        return ::send(mute.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0 && errno == EPIPE;
    });
    s.send(other, info);
    BOOST_TEST(s.receive(other).find("\"state\":\"ready\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_a_client_asked_for_goes_on_when_it_leaves) {
    served s;
    {
        const auto c = s.connect();
        s.send(c, "{\"id\":1,\"method\":\"gcode/script\",\"params\":{\"script\":\"G28\\nG1 X77 F6000\\nM400\"}}\x03");
        ::shutdown(c.get(), SHUT_WR); // half a close counts as one
        BOOST_TEST(s.receive(c) == "EOF");
    }
    s.until([&] { return s.server.klippy().machine().carriage.x == 77.0; });
}

BOOST_AUTO_TEST_CASE(its_socket_file_stays_and_refuses_while_klippy_is_down) {
    served s;
    const auto c = s.connect();
    s.send(c, info);
    (void)s.receive(c);
    s.server.close();
    BOOST_TEST(s.receive(c) == "EOF");
    BOOST_TEST(std::filesystem::exists(s.folder / "uds"));
    BOOST_TEST(s.try_connect().second == ECONNREFUSED);
    BOOST_REQUIRE(s.server.listen());
    const auto again = s.connect();
    s.send(again, info);
    BOOST_TEST(s.receive(again).starts_with("{\"id\":1,\"result\":{\"state\":\""));
}

BOOST_AUTO_TEST_CASE(a_restart_ends_every_connection_and_listens_again_under_the_same_name) {
    served s;
    const auto asks = s.connect();
    const auto other = s.connect();
    s.send(asks, "{\"id\":7,\"method\":\"gcode/firmware_restart\"}\x03");
    BOOST_TEST(s.receive(asks) == "{\"id\":7,\"result\":{}}");
    BOOST_TEST(s.receive(asks) == "EOF");
    BOOST_TEST(s.receive(other) == "EOF");
    s.until([&] { return s.try_connect().second == 0; });
    s.until([&] { return s.server.klippy().state().name == "ready"; });
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace klippy_server_test
