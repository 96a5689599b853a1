// SPDX-License-Identifier: MIT
#include "../../tools/net/ask_http.hpp"

#include <kf/io/unique_fd.hpp>

#include <boost/test/unit_test.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <thread>
#include <tuple>
#include <utility>

namespace http_test {

using namespace kf::moonraker;
using kf::errc;
using kf::net::ask_http;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(http)

BOOST_AUTO_TEST_CASE(an_address_has_host_port_and_prefix) {
    BOOST_TEST((http_address_from("http://127.0.0.1:7125").value() == http_address{}));
    BOOST_TEST((http_address_from("HTTP://printer.local").value() == http_address{"printer.local", 80, ""}));
    BOOST_TEST((http_address_from("http://p/moonraker/").value() == http_address{"p", 80, "/moonraker"}));
    const auto six = http_address_from("http://[::1]:7126/").value();
    BOOST_TEST((six == http_address{"::1", 7126, ""}));
    BOOST_TEST(six.authority() == "[::1]:7126");
}

BOOST_AUTO_TEST_CASE(what_is_no_address_is_wrong_use) {
    for (const char* text : {"", "127.0.0.1:7125", "https://x", "http://", "http://:7125", "http://x:0",
                             "http://x:65536", "http://x:7e1", "http://x:", "http://a b", "http://u@x", "http://x?y",
                             "http://::1:7125", "http://[::1", "http://x\r\nHost: y"}) {
        const auto read = http_address_from(text);
        BOOST_TEST_REQUIRE(!read, text);
        BOOST_TEST((read.error().code == errc::usage), text);
    }
}

/// Listens on a free port of this host, which it gives too.
std::pair<kf::io::unique_fd, std::uint16_t> loopback_listener() {
    kf::io::unique_fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    BOOST_REQUIRE_EQUAL(::bind(fd.get(), reinterpret_cast<sockaddr*>(&at), size), 0);
    BOOST_REQUIRE_EQUAL(::listen(fd.get(), 4), 0);
    BOOST_REQUIRE_EQUAL(::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&at), &size), 0);
    return {std::move(fd), ntohs(at.sin_port)};
}

/// Takes one connection after the other; each gets `answer`, when its request has come, and is closed.
class one_answer {
  public:
    explicit one_answer(std::string answer)
      : answer_(std::move(answer)) {
        std::tie(listener_, port) = loopback_listener();
        thread_ = std::thread([this] { serve(); });
    }
    one_answer(const one_answer&) = delete;
    one_answer& operator=(const one_answer&) = delete;
    ~one_answer() {
        ::shutdown(listener_.get(), SHUT_RDWR);
        thread_.join();
    }
    [[nodiscard]] http_address at(std::string prefix = {}) const { return {"127.0.0.1", port, std::move(prefix)}; }

    std::uint16_t port = 0;
    std::string asked; ///< read when the answer is in

  private:
    void serve() {
        for (;;) {
            const kf::io::unique_fd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
            if (!fd) return;
            char c = 0;
            std::size_t body = 0, head = std::string::npos;
            while ((head == std::string::npos || asked.size() < head + body) && ::read(fd.get(), &c, 1) == 1) {
                asked += c;
                if (head != std::string::npos || !asked.ends_with("\r\n\r\n")) continue;
                head = asked.size();
                if (const auto length = asked.find("Content-Length: "); length != std::string::npos)
                    body = std::stoul(asked.substr(length + 16));
            }
            if (!answer_.empty()) (void)!::write(fd.get(), answer_.data(), answer_.size());
        }
    }

    kf::io::unique_fd listener_;
    std::string answer_;
    std::thread thread_;
};

auto soon() { return std::chrono::steady_clock::now() + 60s; }

BOOST_AUTO_TEST_CASE(asks_and_gets_the_whole_answer) {
    const one_answer server("HTTP/1.1 503 Klippy Host not connected\r\nContent-Length: 2\r\n\r\n{}");
    const auto got = ask_http(server.at("/mr"),
                              {"POST", "/printer/objects/query", R"({"objects":{}})", {{"X-Api-Key", "k1"}}}, soon());
    BOOST_TEST_REQUIRE(got.has_value());
    BOOST_TEST(got->status == 503u);
    BOOST_TEST(got->body == "{}");
    BOOST_TEST(server.asked == fmt::format("POST /mr/printer/objects/query HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n"
                                           "Connection: close\r\nX-Api-Key: k1\r\nContent-Type: application/json\r\n"
                                           "Content-Length: 14\r\n\r\n{{\"objects\":{{}}}}",
                                           server.port));
}

BOOST_AUTO_TEST_CASE(a_redirect_is_an_answer_with_its_location) {
    const one_answer server("HTTP/1.1 301 Moved Permanently\r\nLocation: https://pi.local/printer/info\r\n"
                            "Content-Length: 0\r\n\r\n");
    const auto got = ask_http(server.at(), {"GET", "/printer/info", {}, {}}, soon());
    BOOST_TEST_REQUIRE(got.has_value());
    BOOST_TEST(got->status == 301u);
    BOOST_TEST(got->location == "https://pi.local/printer/info");
}

BOOST_AUTO_TEST_CASE(nobody_there_garbage_and_silence_are_three_answers) {
    std::uint16_t free_port = 0;
    {
        const one_answer gone("x");
        free_port = gone.port;
    }
    BOOST_TEST((ask_http({"127.0.0.1", free_port, ""}, {}, soon()).error().code == errc::not_connected));
    BOOST_TEST((ask_http(one_answer("SSH-2.0-OpenSSH_9.2\r\n").at(), {}, soon()).error().code == errc::protocol));
    BOOST_TEST((ask_http(one_answer("").at(), {}, soon()).error().code == errc::protocol)); // it hangs up
    BOOST_TEST(
        (ask_http(one_answer("HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n").at(), {}, soon()).error().code ==
         errc::protocol));
    // It took the connection and never answers: the backlog of a listener that nobody serves.
    const auto [mute, port] = loopback_listener();
    const auto silent = ask_http({"127.0.0.1", port, ""}, {}, std::chrono::steady_clock::now() + 50ms);
    BOOST_TEST((silent.error().code == errc::timeout));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace http_test
