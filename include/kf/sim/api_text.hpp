// SPDX-License-Identifier: MIT
#pragma once
/// JSON as klippy writes it: compact, numbers in fixed notation with their ".0", everything that is not ASCII as \u
/// escapes, a 0x03 after each message.

#include <kf/sink/utf8.hpp>

#include <boost/json.hpp>

#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>

namespace kf::sim {

inline void append_api_text(std::string& out, std::string_view text) {
    out += '"';
    for (std::size_t i = 0; i < text.size();) {
        const auto c = static_cast<unsigned char>(text[i]);
        if (c < 0x80) {
            ++i;
            switch (c) {
            case '"': out += "\\\""; break;
            case '\\': out += "\\\\"; break;
            case '\n': out += "\\n"; break;
            case '\r': out += "\\r"; break;
            case '\t': out += "\\t"; break;
            default:
                if (c < 0x20 || c == 0x7f)
                    fmt::format_to(std::back_inserter(out), "\\u{:04x}", c);
                else
                    out += static_cast<char>(c);
            }
            continue;
        }
        const utf8_character read = first_character(text.substr(i));
        std::uint32_t code = read.code;
        i += read.bytes;
        if (code < 0x10000) {
            fmt::format_to(std::back_inserter(out), "\\u{:04x}", code);
        } else {
            code -= 0x10000;
            fmt::format_to(std::back_inserter(out), "\\u{:04x}\\u{:04x}", 0xd800 + (code >> 10),
                           0xdc00 + (code & 0x3ff));
        }
    }
    out += '"';
}

inline void append_api_text(std::string& out, const boost::json::value& v) {
    if (const auto* o = v.if_object()) {
        out += '{';
        for (const auto& member : *o) {
            if (out.back() != '{') out += ',';
            append_api_text(out, std::string_view(member.key()));
            out += ':';
            append_api_text(out, member.value());
        }
        out += '}';
    } else if (const auto* a = v.if_array()) {
        out += '[';
        for (const auto& element : *a) {
            if (out.back() != '[') out += ',';
            append_api_text(out, element);
        }
        out += ']';
    } else if (const auto* s = v.if_string()) {
        append_api_text(out, std::string_view(*s));
    } else if (const auto* d = v.if_double()) {
        const std::size_t at = out.size();
        fmt::format_to(std::back_inserter(out), "{}", std::isfinite(*d) ? *d : 0.0);
        if (out.find_first_of(".e", at) == std::string::npos) out += ".0";
    } else if (v.is_bool()) {
        out += v.get_bool() ? "true" : "false";
    } else if (v.is_int64()) {
        fmt::format_to(std::back_inserter(out), "{}", v.get_int64());
    } else if (v.is_uint64()) {
        fmt::format_to(std::back_inserter(out), "{}", v.get_uint64());
    } else {
        out += "null";
    }
}

[[nodiscard]] inline std::string api_message(const boost::json::value& v) {
    std::string out;
    append_api_text(out, v);
    out += '\x03';
    return out;
}

} // namespace kf::sim
