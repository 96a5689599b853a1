// SPDX-License-Identifier: MIT
#pragma once
/// http_exchange by Boost.Beast. One connection for each question, since they are seconds or minutes apart. A signal
/// ends the wait, a deadline always does, that for the host's name too. Heavy to compile: tools include
/// tools/net/ask_http.hpp instead.

#include <kf/io/interrupt.hpp>
#include <kf/io/name_lookup.hpp>
#include <kf/moonraker/http.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include <algorithm>
#include <chrono>
#include <optional>
#include <vector>

namespace kf::moonraker {

class beast_http {
  public:
    explicit beast_http(http_address at)
      : at_(std::move(at)) {}

    [[nodiscard]] result<http_reply> operator()(const http_request& asked, io::time_point until) {
        namespace beast = boost::beast;
        namespace http = beast::http;
        http::request<http::string_body> request;
        request.method_string(asked.method);
        request.target(at_.prefix + asked.target);
        request.version(11);
        request.set(http::field::host, at_.authority());
        request.set(http::field::connection, "close");
        for (const auto& [name, value] : asked.headers) request.set(name, value);
        request.body() = asked.body;
        if (!asked.body.empty()) request.set(http::field::content_type, "application/json");
        request.prepare_payload();

        // Asio's resolver waits in a thread of its own that nobody can end.
        KF_TRY(const auto addresses, io::addresses_of(at_.host, until));
        std::vector<boost::asio::ip::tcp::endpoint> places;
        for (const auto& text : addresses) {
            beast::error_code ec;
            if (const auto address = boost::asio::ip::make_address(text, ec); !ec)
                places.emplace_back(address, at_.port);
        }

        boost::asio::io_context context;
        beast::tcp_stream stream(context);
        beast::flat_buffer buffer;
        http::response_parser<http::string_body> parser;
        parser.body_limit(reply_limit);
        std::optional<beast::error_code> ended;
        bool connected = false;
        // One step after the other; the first that fails is the end of all.
        const auto read = [&](beast::error_code ec, std::size_t) {
            if (ec) return void(ended = ec);
            http::async_read(stream, buffer, parser, [&](beast::error_code e, std::size_t) { ended = e; });
        };
        stream.async_connect(places, [&](beast::error_code ec, const auto&) {
            if (ec) return void(ended = ec);
            connected = true;
            http::async_write(stream, request, read);
        });
        while (!ended) {
            const auto now = std::chrono::steady_clock::now();
            if (auto goes_on = io::interrupt::check(); !goes_on) return kf::fail(std::move(goes_on).error());
            if (now >= until)
                return kf::fail({errc::timeout, fmt::format("{} did not answer in time", at_.authority()),
                                 connected ? "it listens, and hangs or is overloaded"
                                           : "nobody listens there, or a firewall keeps silent"});
            context.run_one_until(std::min(until, now + std::chrono::milliseconds(100)));
            if (context.stopped()) context.restart();
        }
        if (*ended && !connected)
            return kf::fail(
                {errc::not_connected, fmt::format("nobody answers at {}", at_.authority()), ended->message()});
        if (*ended)
            return kf::fail({errc::protocol, fmt::format("{} does not answer as an HTTP server does", at_.authority()),
                             ended->message()});
        auto& reply = parser.get();
        return http_reply{reply.result_int(), std::move(reply.body()), std::string(reply[http::field::location])};
    }

  private:
    http_address at_;
};
static_assert(http_exchange<beast_http>);

} // namespace kf::moonraker
