// SPDX-License-Identifier: MIT
#pragma once
/// UTF-8, read one character at a time and written: what JSON takes, what a terminal may show, how wide it is (RFC
/// 3629). The only header that knows the library.

#include <kf/sink/width_table.hpp>

#include <utf8cpp/utf8/checked.h>
#include <utf8cpp/utf8/unchecked.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <span>
#include <string>
#include <string_view>

namespace kf {

struct utf8_character {
    char32_t code = 0;
    std::size_t bytes = 1; ///< of the text; of what is no UTF-8, as much as can be skipped
    bool valid = false;
};

[[nodiscard]] inline bool is_utf8(std::string_view text) noexcept {
    return utf8::is_valid(text.data(), text.data() + text.size());
}

/// A byte that can only go on with a character that has begun.
[[nodiscard]] constexpr bool goes_on(char byte) noexcept { return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U; }

/// Bytes that are no character yet: more of them may make one.
[[nodiscard]] constexpr bool has_begun(std::string_view bytes) noexcept {
    const auto lead = static_cast<unsigned char>(bytes.empty() ? 0 : bytes[0]);
    const std::size_t whole = lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
    return bytes.size() < whole;
}

/// Where the last character begins; 0 in an empty text.
[[nodiscard]] constexpr std::size_t last_character_begin(std::string_view text) noexcept {
    std::size_t at = text.size();
    while (at > 0)
        if (!goes_on(text[--at])) break;
    return at;
}

/// As much of its beginning as those bytes hold, whole characters only.
[[nodiscard]] constexpr std::string_view beginning(std::string_view text, std::size_t bytes) noexcept {
    if (text.size() <= bytes) return text;
    return text.substr(0, goes_on(text[bytes]) ? last_character_begin(text.substr(0, bytes)) : bytes);
}

/// The first character of a text that is not empty.
[[nodiscard]] inline utf8_character first_character(std::string_view text) noexcept {
    if (const auto lead = static_cast<unsigned char>(text[0]); lead < 0x80) return {lead, 1, true};
    for (std::size_t bytes = 2; bytes <= 4 && bytes <= text.size(); ++bytes)
        if (is_utf8(text.substr(0, bytes))) return {utf8::unchecked::peek_next(text.data()), bytes, true};
    // One fault is a byte that begins a character, with the bytes behind it that can only go on with one.
    std::size_t bytes = 1;
    if (static_cast<unsigned char>(text[0]) >= 0xC0)
        while (bytes < 4 && bytes < text.size() && goes_on(text[bytes])) ++bytes;
    return {0, bytes, false};
}

/// Appends one code point; false, with nothing appended, for what is none.
inline bool append_utf8(std::string& out, char32_t code) {
    try {
        utf8::append(code, std::back_inserter(out));
    } catch (const utf8::invalid_code_point&) {
        return false;
    }
    return true;
}

namespace detail {

[[nodiscard]] constexpr bool within(std::span<const code_range> ranges, char32_t c) noexcept {
    const auto at = std::ranges::lower_bound(ranges, c, {}, &code_range::last);
    return at != ranges.end() && at->first <= c;
}

} // namespace detail

/// The columns of a character on a terminal: one for most, two for those of East Asia and for pictures, none for marks
/// that sit on the one before (UAX 11, and not the locale: a frame is the same everywhere).
[[nodiscard]] constexpr std::size_t width_of(char32_t c) noexcept {
    if (c < 0x300) return 1;
    return detail::within(detail::no_width, c) ? 0 : detail::within(detail::two_wide, c) ? 2 : 1;
}

/// The columns of a text; of what is no UTF-8, one for each fault.
[[nodiscard]] inline std::size_t columns_of(std::string_view text) noexcept {
    std::size_t n = 0;
    while (!text.empty()) {
        const auto c = first_character(text);
        n += c.valid ? width_of(c.code) : 1;
        text.remove_prefix(c.bytes);
    }
    return n;
}

} // namespace kf
