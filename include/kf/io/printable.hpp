// SPDX-License-Identifier: MIT
#pragma once
/// Text out of a file or from another program, made fit for a message on a terminal: short, on one line, and with no
/// control character that could move the cursor or change colours.

#include <fmt/format.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace kf::io {

[[nodiscard]] inline std::string printable(std::string_view text, std::size_t most = 40) {
    std::string out;
    for (const char c : text.substr(0, most)) {
        const auto u = static_cast<unsigned char>(c);
        if (u < 0x20 || u == 0x7f)
            out += fmt::format("\\x{:02x}", u);
        else
            out += c;
    }
    if (text.size() > most) out += "...";
    return out;
}

} // namespace kf::io
