// SPDX-License-Identifier: MIT
#include "ask_http.hpp"

#include <kf/moonraker/beast_http.hpp>

// The one place where their functions are compiled; see BOOST_ASIO_SEPARATE_COMPILATION.
#include <boost/asio/impl/src.hpp>
#include <boost/beast/src.hpp>

#include <sys/socket.h>

#include <chrono>
#include <netinet/in.h>
#include <string>
#include <string_view>
#include <thread>

namespace kf::net {

result<moonraker::http_reply> ask_http(const moonraker::http_address& at, const moonraker::http_request& request,
                                       io::time_point until) {
    return moonraker::beast_http(at)(request, until);
}

result<void> check_http() {
    const io::unique_fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    const timeval patience{5, 0};
    auto* const as_any = reinterpret_cast<sockaddr*>(&address);
    if (!listener || ::setsockopt(listener.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0 ||
        ::bind(listener.get(), as_any, size) != 0 || ::listen(listener.get(), 1) != 0 ||
        ::getsockname(listener.get(), as_any, &size) != 0)
        return kf::fail(errc::failed, "no listener");
    std::thread server([&] {
        const io::unique_fd peer(::accept(listener.get(), nullptr, nullptr));
        char byte = 0;
        std::string asked;
        while (!asked.ends_with("\r\n\r\n") && ::recv(peer.get(), &byte, 1, 0) == 1) asked += byte;
        constexpr std::string_view reply = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npong";
        (void)::send(peer.get(), reply.data(), reply.size(), MSG_NOSIGNAL);
    });
    const auto reply = ask_http({"127.0.0.1", ntohs(address.sin_port), {}}, {.target = "/ping"},
                                std::chrono::steady_clock::now() + std::chrono::seconds(5));
    server.join();
    if (!reply) return kf::fail(reply.error());
    if (reply->body != "pong") return kf::fail(errc::failed, "the answer was \"" + reply->body + "\"");
    return {};
}

} // namespace kf::net
