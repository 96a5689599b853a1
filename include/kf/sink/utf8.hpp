// SPDX-License-Identifier: MIT
#pragma once
/// Reading UTF-8 one character at a time: what JSON takes, what a terminal may show, how wide it is (RFC 3629).

#include <cstddef>
#include <string_view>

namespace kf {

struct utf8_character {
    char32_t code = 0;
    std::size_t bytes = 1; ///< of the text; of what is no UTF-8, as much as can be skipped
    bool valid = false;
};

/// The first character of a text that is not empty.
[[nodiscard]] constexpr utf8_character first_character(std::string_view text) noexcept {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned lead = byte(0);
    if (lead < 0x80) return {lead, 1, true};
    const std::size_t length = lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
    if (length == 0) return {};
    char32_t code = lead & (0xFFU >> (length + 1));
    std::size_t good = 1;
    for (; good < length && good < text.size(); ++good) {
        const unsigned next = byte(good);
        // The second byte also rules out long forms, surrogates and what is beyond U+10FFFF.
        const unsigned low = good > 1 ? 0x80U : lead == 0xE0 ? 0xA0U : lead == 0xF0 ? 0x90U : 0x80U;
        const unsigned high = good > 1 ? 0xBFU : lead == 0xED ? 0x9FU : lead == 0xF4 ? 0x8FU : 0xBFU;
        if (next < low || next > high) break;
        code = (code << 6U) | (next & 0x3FU);
    }
    return {code, good, good == length};
}

/// Characters of a text: its columns, as far as each takes one.
[[nodiscard]] constexpr std::size_t columns_of(std::string_view text) noexcept {
    std::size_t n = 0;
    for (; !text.empty(); text.remove_prefix(first_character(text).bytes)) ++n;
    return n;
}

} // namespace kf
