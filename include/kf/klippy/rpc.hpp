// SPDX-License-Identifier: MIT
#pragma once
/// Framing and messages of Klipper's API server, sans I/O: each message is compact JSON and one byte 0x03, both ways.
/// request() makes the bytes of a request; message_decoder takes bytes cut anywhere and gives responses and pushes.
/// Klipper drops what it cannot read without an answer, even when it has an id, so nothing unreadable may leave here:
/// no "params": null, no invalid UTF-8, no NaN, nothing from 1 MB up (such a request blocks Klipper for seconds).
/// Spec: https://www.klipper3d.org/API_Server.html

#include <kf/error.hpp>
#include <kf/io/json_fields.hpp>
#include <kf/io/transport.hpp>
#include <kf/sink/utf8.hpp>

#include <boost/json.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace kf::klippy {

namespace json = boost::json;

using request_id = std::int64_t;

inline constexpr std::uint8_t end_of_message = 0x03;
inline constexpr std::size_t max_request_bytes = 1'000'000;
/// A configfile of a large printer is some 200 kB, a trapq dump 50 kB.
inline constexpr std::size_t max_message_bytes = 16'000'000;

/// An answer: a result of any form, or the text of Klipper's error (there are no numeric codes).
struct response {
    request_id id = 0;
    json::value value;                                                    ///< null when it is an error
    std::optional<std::string> error_text = std::optional<std::string>{}; ///< set when it is an error
};

/// What a subscription sends by itself.
struct push {
    std::string key;     ///< the first text in the response_template that was asked for, "" when it had none
    json::object params; ///< {"eventtime","status"} of objects/subscribe, {"response"} of gcode/subscribe_output
};

using message = std::variant<response, push>;

/// The bytes of one request, the end mark included. An empty `params` is left out.
/// errc::usage: no method, a number that is not finite, text that is not UTF-8, 1 MB or more.
[[nodiscard]] result<io::bytes> request(request_id id, std::string_view method, const json::object& params = {});

/// Takes bytes as they come; next() gives the complete messages in order. A message that is malformed or longer than
/// `limit` is errc::protocol; after that the stream is of no use and every next() repeats the error.
class message_decoder {
  public:
    explicit message_decoder(std::size_t limit = max_message_bytes)
      : limit_(limit) {}

    void feed(io::byte_view in);
    [[nodiscard]] std::optional<result<message>> next();

  private:
    std::string partial_;           // what came after the last end mark
    std::deque<std::string> whole_; // frames without their end mark
    std::size_t limit_;
    bool too_long_ = false;
    std::optional<error> broken_;
};

namespace detail {

/// JSON with numbers in fixed notation only (Boost.JSON writes 250.0 as 2.5E2). False: a number is not finite or a text
/// is not UTF-8.
[[nodiscard]] inline bool append_json(std::string& out, const json::value& v) {
    const auto append_text = [&out](std::string_view text) {
        if (!is_utf8(text)) return false;
        out += json::serialize(json::string_view(text.data(), text.size()));
        return true;
    };
    if (const auto* o = v.if_object()) {
        out += '{';
        for (const auto& member : *o) {
            if (out.back() != '{') out += ',';
            if (!append_text(member.key())) return false;
            out += ':';
            if (!append_json(out, member.value())) return false;
        }
        out += '}';
        return true;
    }
    if (const auto* a = v.if_array()) {
        out += '[';
        for (const auto& element : *a) {
            if (out.back() != '[') out += ',';
            if (!append_json(out, element)) return false;
        }
        out += ']';
        return true;
    }
    if (const auto* d = v.if_double()) {
        if (!std::isfinite(*d)) return false;
        fmt::format_to(std::back_inserter(out), "{:.9f}", *d);
        out.erase(out.find_last_not_of('0') + 1);
        if (out.back() == '.') out += '0';
        return true;
    }
    if (const auto* s = v.if_string()) return append_text(*s);
    out += json::serialize(v);
    return true;
}

[[nodiscard]] inline error bad_message(std::string_view why, std::string_view frame) {
    // What is shown is cut, and stripped of bytes that would upset a terminal.
    std::string shown(frame.substr(0, 60));
    for (char& c : shown)
        if (const auto u = static_cast<unsigned char>(c); u < 0x20 || u > 0x7e) c = '?';
    return error{errc::protocol, fmt::format("Klipper sent a message that is {}", why), "it begins with: " + shown};
}

/// One frame without its end mark.
[[nodiscard]] inline result<message> parse_message(std::string_view frame) {
    json::error_code ec;
    json::value parsed = json::parse(json::string_view(frame.data(), frame.size()), ec);
    if (ec) return kf::fail(bad_message("not JSON", frame));
    json::object* o = parsed.if_object();
    if (o == nullptr) return kf::fail(bad_message("not an object", frame));

    if (const json::value* id = o->if_contains("id")) {
        const std::int64_t* number = id->if_int64();
        if (number == nullptr) return kf::fail(bad_message("an answer to nothing we asked", frame));
        if (json::value* value = o->if_contains("result")) return response{*number, std::move(*value)};
        if (auto text = io::value_at<std::string>(io::object_at(*o, "error"), "message"))
            return response{*number, nullptr, *std::move(text)};
        return kf::fail(bad_message("an answer without a result or an error", frame));
    }
    json::value* params = o->if_contains("params");
    if (params == nullptr || !params->is_object()) return kf::fail(bad_message("neither an answer nor news", frame));
    push p;
    for (const auto& member : *o)
        if (const json::string* text = member.value().if_string()) {
            p.key = std::string(*text);
            break;
        }
    p.params = std::move(params->get_object());
    return p;
}

} // namespace detail

inline result<io::bytes> request(request_id id, std::string_view method, const json::object& params) {
    if (method.empty()) return kf::fail(errc::usage, "a request to Klipper has no method");
    std::string text = fmt::format("{{\"id\":{},\"method\":", id);
    bool readable = detail::append_json(text, json::string(method.data(), method.size()));
    if (!params.empty()) {
        text += ",\"params\":";
        readable = readable && detail::append_json(text, params);
    }
    text += '}';
    if (!readable)
        return kf::fail({errc::usage, "the request holds text that is not UTF-8, or a number that is not finite",
                         "Klipper would drop it without an answer", std::string(method)});
    if (text.size() + 1 >= max_request_bytes)
        return kf::fail({errc::usage,
                         fmt::format("the request is {} bytes long; 1 MB is the limit", text.size()),
                         "Klipper stands still while it reads such a request",
                         std::string(method),
                         {"Send it in parts, or as a file."}});
    io::bytes out(text.begin(), text.end());
    out.push_back(end_of_message);
    return out;
}

inline void message_decoder::feed(io::byte_view in) {
    while (!in.empty() && !too_long_) {
        const auto end = std::find(in.begin(), in.end(), end_of_message);
        const auto length = static_cast<std::size_t>(end - in.begin());
        if (partial_.size() + length > limit_) {
            too_long_ = true; // what came before it is still given out
            return;
        }
        partial_.append(reinterpret_cast<const char*>(in.data()), length);
        if (end == in.end()) return;
        whole_.push_back(std::move(partial_));
        partial_.clear();
        in = in.subspan(length + 1);
    }
}

inline std::optional<result<message>> message_decoder::next() {
    if (broken_) return kf::fail(*broken_);
    if (whole_.empty()) {
        if (!too_long_) return std::nullopt;
        broken_ = detail::bad_message(fmt::format("longer than {} bytes", limit_), partial_);
        return kf::fail(*broken_);
    }
    const std::string frame = std::move(whole_.front());
    whole_.pop_front();
    auto parsed = detail::parse_message(frame);
    if (!parsed) broken_ = parsed.error();
    return parsed;
}

} // namespace kf::klippy
