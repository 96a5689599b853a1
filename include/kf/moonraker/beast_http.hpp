// SPDX-License-Identifier: MIT
#pragma once
/// http_exchange by Boost.Beast. One connection for each question, since they are seconds or minutes apart. A signal
/// ends the wait, a deadline always does. Heavy to compile: tools include tools/net/ask_http.hpp instead.

#include <kf/io/interrupt.hpp>
#include <kf/moonraker/http.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include <algorithm>
#include <chrono>
#include <optional>

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

        boost::asio::io_context context;
        boost::asio::ip::tcp::resolver resolver(context);
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
        resolver.async_resolve(at_.host, std::to_string(at_.port), [&](beast::error_code ec, const auto& places) {
            if (ec) return void(ended = ec);
            stream.async_connect(places, [&](beast::error_code e, const auto&) {
                if (e) return void(ended = e);
                connected = true;
                http::async_write(stream, request, read);
            });
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
        return http_reply{parser.get().result_int(), std::move(parser.get().body())};
    }

  private:
    http_address at_;
};
static_assert(http_exchange<beast_http>);

} // namespace kf::moonraker
