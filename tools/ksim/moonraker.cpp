// SPDX-License-Identifier: MIT
#include "../cli/number.hpp"
#include "ksim_commands.hpp"

#include <kf/io/interrupt.hpp>
#include <kf/sim/moonraker_server.hpp>
#include <kf/sim/simulated_services.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include <poll.h>
#include <unistd.h>

#include <chrono>

namespace kf::ksim {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::asio::ip::tcp;

/// One question, one answer, and goodbye; a client that stalls is left after 5 s.
void answer_one(boost::asio::io_context& context, tcp::socket socket, sim::moonraker_server& server) {
    beast::tcp_stream stream(std::move(socket));
    beast::flat_buffer buffer;
    http::request<http::string_body> request;
    beast::error_code failed = http::error::end_of_stream;
    stream.expires_after(std::chrono::seconds(5));
    http::async_read(stream, buffer, request, [&](beast::error_code ec, std::size_t) { failed = ec; });
    context.restart();
    context.run();
    if (failed) return;
    moonraker::http_request asked{
        std::string(request.method_string()), std::string(request.target()), request.body(), {}};
    for (const auto& field : request)
        asked.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
    auto told = server.answer(asked);
    http::response<http::string_body> reply{static_cast<http::status>(told.status), 11, std::move(told.body)};
    reply.set(http::field::server, "ksim");
    reply.set(http::field::content_type, "application/json; charset=UTF-8");
    reply.keep_alive(false);
    reply.prepare_payload();
    stream.expires_after(std::chrono::seconds(5));
    http::async_write(stream, reply, [](beast::error_code, std::size_t) {});
    context.restart();
    context.run();
}

result<void> run_moonraker(cli::invocation& in) {
    const auto socket = in.get("socket");
    if (!socket) return kf::fail(errc::usage, "ksim moonraker needs --socket");
    KF_TRY(const auto port, cli::count_option(in, "port", 0, 0, 65535));
    sim::moonraker_config config{*socket, in.get("api-key").value_or("")};
    if (const auto state = in.get("state"))
        config.service = [services = sim::simulated_services(*state)](std::string_view verb,
                                                                      const std::string& unit) mutable {
            return services.run({std::string(verb), unit}) == 0;
        };
    sim::moonraker_server server(std::move(config));
    io::interrupt::catch_signals();
    boost::asio::io_context context;
    tcp::acceptor acceptor(context);
    beast::error_code ec;
    const tcp::endpoint here(boost::asio::ip::address_v4::loopback(), static_cast<std::uint16_t>(port));
    acceptor.open(here.protocol(), ec);
    if (!ec) acceptor.set_option(tcp::acceptor::reuse_address(true), ec);
    if (!ec) acceptor.bind(here, ec);
    if (!ec) acceptor.listen(16, ec);
    if (ec) return kf::fail(errc::io, fmt::format("cannot listen on port {}: {}", port, ec.message()));
    const auto url = fmt::format("http://127.0.0.1:{}", acceptor.local_endpoint().port());
    in.results.put(boost::json::serialize(boost::json::object{{"url", url}, {"pid", ::getpid()}}) + "\n");
    while (io::interrupt::pending() == 0) {
        pollfd p[]{{acceptor.native_handle(), POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
        if (::poll(p, in.has("until-eof") ? 2 : 1, 200) <= 0) continue;
        char byte = 0;
        if (p[1].revents != 0 && ::read(STDIN_FILENO, &byte, 1) <= 0) break;
        if (p[0].revents == 0) continue;
        tcp::socket peer(context);
        acceptor.accept(peer, ec);
        if (!ec) answer_one(context, std::move(peer), server);
    }
    return {};
}

} // namespace

cli::command_row moonraker_command() {
    return {"moonraker",
            "",
            0,
            0,
            "Simulates a Moonraker in front of a klippy, until it is ended.",
            {{"socket", "PATH", "klippy's socket"},
             {"port", "N", "where on 127.0.0.1 it listens (any free port)"},
             {"api-key", "KEY", "the key that it wants (it trusts everybody)"},
             {"state", "FILE", "the services of a ksim host: it may stop and start Klipper"},
             {"until-eof", "", "end when standard input ends"}},
            {{"ksim moonraker --socket /tmp/klippy_uds", "prints as JSON where it listens"}},
            run_moonraker};
}

} // namespace kf::ksim
