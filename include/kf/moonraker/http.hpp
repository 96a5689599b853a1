// SPDX-License-Identifier: MIT
#pragma once
/// One question over HTTP and its answer, as values, and the http_exchange policy: who carries them. What the answer
/// means is moonraker_client's business.
///
/// | expression        | meaning                              | guarantees                                             |
/// | ----------------- | ------------------------------------ | ------------------------------------------------------ |
/// | ask(request, t)   | ask, and wait for the whole answer   | errc::not_connected: nobody there; timeout, protocol   |
///
/// Models: beast_http (compiled once, in tools/net).

#include <kf/error.hpp>
#include <kf/io/ascii.hpp>
#include <kf/io/clock.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kf::moonraker {

/// Where a server listens: "http://127.0.0.1:7125", "http://printer.local/moonraker", "http://[::1]:7125".
struct http_address {
    std::string host = "127.0.0.1";
    std::uint16_t port = 7125;
    std::string prefix = {}; ///< "/moonraker", without a slash at its end

    /// What the header Host says.
    [[nodiscard]] std::string authority() const {
        return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port)
                                                   : fmt::format("[{}]:{}", host, port);
    }
    bool operator==(const http_address&) const = default;
};

struct http_request {
    std::string method = "GET";
    std::string target = "/"; ///< path and query, below the prefix of the address
    std::string body = {};    ///< JSON, or nothing
    std::vector<std::pair<std::string, std::string>> headers = {};
};

struct http_reply {
    unsigned status = 0;
    std::string body = {};
    std::string location = {}; ///< where a redirect leads
};

template<class E>
concept http_exchange = requires(E& e, const http_request& request, io::time_point until) {
    { e(request, until) } -> std::same_as<result<http_reply>>;
};

/// No answer of Moonraker's that we ask for comes near it: a list of all files would.
inline constexpr std::size_t reply_limit = std::size_t{8} << 20;

/// errc::usage with what is wrong. A port that is not named is 80, as everywhere; Moonraker's own 7125 has to be said.
[[nodiscard]] inline result<http_address> http_address_from(std::string_view text) {
    const auto wrong = [&](std::string why) {
        return kf::fail({errc::usage,
                         fmt::format("\"{}\" is no address of a Moonraker", text),
                         std::move(why),
                         {},
                         {"such as http://127.0.0.1:7125"}});
    };
    std::string_view rest = text;
    if (io::to_lower(rest.substr(0, 8)) == "https://")
        return wrong("only http is spoken: Moonraker listens on http, what adds https stands before it");
    if (io::to_lower(rest.substr(0, 7)) != "http://") return wrong("it begins with http://");
    rest.remove_prefix(7);
    for (const char c : rest)
        if (c <= ' ' || c > '~') return wrong("it has a blank or a byte that no address has");
    if (rest.find_first_of("?#@") != std::string_view::npos)
        return wrong("a query, a fragment or a user has no place in it");
    http_address a{.port = 80};
    const auto slash = std::min(rest.find('/'), rest.size());
    a.prefix = rest.substr(slash);
    while (a.prefix.ends_with('/')) a.prefix.pop_back();
    std::string_view authority = rest.substr(0, slash);
    std::string_view port;
    if (authority.starts_with('[')) {
        const auto end = authority.find(']');
        if (end == std::string_view::npos) return wrong("the ] of its IPv6 address is missing");
        a.host = authority.substr(1, end - 1);
        port = authority.substr(end + 1);
    } else {
        const auto colon = std::min(authority.find(':'), authority.size());
        a.host = authority.substr(0, colon);
        port = authority.substr(colon);
        if (port.find(':', 1) != std::string_view::npos) return wrong("an IPv6 address stands in [ ]");
    }
    if (a.host.empty()) return wrong("it names no host");
    if (!port.empty()) {
        const auto digits = port.substr(1);
        const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), a.port);
        if (port[0] != ':' || ec != std::errc{} || end != digits.data() + digits.size() || a.port == 0)
            return wrong("a port is a number from 1 to 65535");
    }
    return a;
}

} // namespace kf::moonraker
