// SPDX-License-Identifier: MIT
#pragma once
/// Moonraker's HTTP API, as far as it answers for Klipper: the same questions as on Klipper's own socket, and services.
/// Each way of not answering is an answer of its own: nobody there, a key is wanted, no klippy behind it, not an answer
/// of Moonraker's at all. Observed on Moonraker v0.10.0.

#include <kf/io/json_fields.hpp>
#include <kf/io/printable.hpp>
#include <kf/moonraker/http.hpp>

#include <boost/json.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kf::moonraker {

namespace json = boost::json;

/// "Nobody is there" is errc::not_connected from the exchange; these come from Moonraker itself.
enum class reply_kind {
    answer,       ///< {"result": ...}
    key_wanted,   ///< 401: no key, or the wrong one
    no_klippy,    ///< 404 or 503 below /printer: klippy was never there, or is gone
    refused,      ///< Moonraker's or klippy's own error, with its words
    elsewhere,    ///< a redirect, which is not followed: the key would go where nobody meant it to
    not_moonraker ///< something else listens there
};

struct moonraker_reply {
    reply_kind kind = reply_kind::not_moonraker;
    json::value result = {};
    std::string text = {}; ///< of an error, one line
};

[[nodiscard]] inline moonraker_reply read_reply(const http_reply& r, std::string_view target) {
    boost::system::error_code ec;
    json::value parsed = json::parse(r.body, ec);
    if (ec) parsed = nullptr;
    const json::object& o = io::as_object(parsed);
    if (r.status == 200) {
        if (const auto* result = o.if_contains("result")) return {reply_kind::answer, *result, {}};
        return {};
    }
    if (r.status >= 300 && r.status < 400) return {reply_kind::elsewhere, {}, r.location};
    // A proxy before Moonraker answers 401, 502 and 503 with a page of its own; 401 means the same from both.
    if (r.status == 401) return {reply_kind::key_wanted, {}, {}};
    const auto* told = o.if_contains("error");
    if (told == nullptr || !told->is_object()) return {};
    auto text = io::text_at(told->get_object(), "message");
    std::replace(text.begin(), text.end(), '\n', ' ');
    const bool for_klippy = target.starts_with("/printer");
    if (for_klippy && (r.status == 503 || r.status == 404)) return {reply_kind::no_klippy, {}, std::move(text)};
    return {reply_kind::refused, {}, std::move(text)};
}

/// What to set for a redirect that leads from `target` to `location`: the address without the target, where that is one
/// that can be asked.
[[nodiscard]] inline std::string step_to(std::string_view location, std::string_view target) {
    if (location.ends_with(target)) location.remove_suffix(target.size());
    while (location.ends_with('/')) location.remove_suffix(1);
    return http_address_from(location) ? fmt::format("kflash settings --moonraker-url {}", location)
                                       : "say where Moonraker itself listens, by http: kflash settings "
                                         "--moonraker-url http://HOST:7125";
}

template<http_exchange Exchange>
class moonraker_client {
  public:
    /// `name`: what errors call it, its address. `key`: empty when Moonraker trusts this host.
    moonraker_client(Exchange exchange, std::string name, std::string key)
      : exchange_(std::move(exchange))
      , name_(std::move(name))
      , key_(std::move(key)) {}

    /// A question as Klipper's socket has it: info, objects/list, objects/query. errc::not_connected: nobody there, or
    /// no klippy behind it; errc::refused: a key is wanted, or the printer's own no.
    [[nodiscard]] result<json::value> call(std::string_view method, const json::object& params, io::time_point until) {
        const auto target = fmt::format("/printer/{}", method);
        return params.empty() ? get(target, until) : post(target, json::serialize(params), until);
    }
    [[nodiscard]] result<json::value> get(const std::string& target, io::time_point until) {
        return ask({"GET", target, {}, {}}, until);
    }
    [[nodiscard]] result<json::value> post(const std::string& target, std::string body, io::time_point until) {
        return ask({"POST", target, std::move(body), {}}, until);
    }

  private:
    [[nodiscard]] result<json::value> ask(http_request request, io::time_point until) {
        if (!key_.empty()) request.headers.emplace_back("X-Api-Key", key_);
        KF_TRY(const auto reply, exchange_(request, until));
        auto read = read_reply(reply, request.target);
        const auto command = fmt::format("{} {}{}", request.method, name_, request.target);
        switch (read.kind) {
        case reply_kind::answer: return std::move(read.result);
        case reply_kind::key_wanted:
            return kf::fail({errc::refused,
                             key_.empty() ? "Moonraker wants an API key" : "Moonraker does not know this API key",
                             "it does not trust this host",
                             command,
                             {"read it in the web interface's settings, or GET /access/api_key on the printer",
                              "kflash settings --moonraker-api-key KEY",
                              "or name this host below trusted_clients in moonraker.conf"}});
        case reply_kind::no_klippy:
            return kf::fail({errc::not_connected, "Moonraker has no klippy behind it", read.text, command});
        case reply_kind::refused:
            return kf::fail({errc::failed,
                             "Moonraker says no: " + read.text,
                             {},
                             command,
                             {"its log says more: less ~/printer_data/logs/moonraker.log"}});
        case reply_kind::elsewhere:
            return kf::fail({errc::protocol,
                             read.text.empty() ? fmt::format("{} sends elsewhere, and does not say where", name_)
                                               : fmt::format("{} sends to {}", name_, io::printable(read.text, 200)),
                             fmt::format("it answers with status {}, and redirects are not followed", reply.status),
                             command,
                             {step_to(io::printable(read.text, 200), request.target)}});
        case reply_kind::not_moonraker: break;
        }
        return kf::fail({errc::protocol,
                         fmt::format("what listens at {} is no Moonraker", name_),
                         fmt::format("it answers with status {}", reply.status),
                         command,
                         {"say where Moonraker listens: kflash settings --moonraker-url http://HOST:7125",
                          "or that there is none: kflash settings --moonraker-url none"}});
    }

    Exchange exchange_;
    std::string name_, key_;
};

} // namespace kf::moonraker
