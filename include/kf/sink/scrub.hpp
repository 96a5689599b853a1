// SPDX-License-Identifier: MIT
#pragma once
/// Foreign text made fit for a terminal: of a printer, a device, a compiler, a file. What could move the cursor, change
/// colours, ring, type an answer or turn the order of the letters becomes an escape that can be read.

#include <kf/sink/utf8.hpp>

#include <fmt/format.h>

#include <iterator>
#include <string>
#include <string_view>

namespace kf {

/// What a terminal obeys instead of showing it.
[[nodiscard]] constexpr bool is_control(char32_t c) noexcept {
    return c < 0x20 || (c >= 0x7f && c <= 0x9f) ||                       // C0, DEL, C1
           (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069); // order of writing: "gpj.exe" is not a picture
}

/// `kept`: control characters that stay, as the newlines of a text that has lines.
[[nodiscard]] inline std::string scrubbed(std::string_view text, std::string_view kept = "\n\t") {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const auto c = first_character(text);
        const auto bytes = text.substr(0, c.bytes);
        text.remove_prefix(c.bytes);
        if (!c.valid)
            for (const char b : bytes)
                fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(b));
        else if (!is_control(c.code) || (c.bytes == 1 && kept.find(bytes[0]) != std::string_view::npos))
            out += bytes;
        else if (c.bytes == 1)
            fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned>(c.code));
        else
            fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c.code));
    }
    return out;
}

} // namespace kf
