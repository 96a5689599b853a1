// SPDX-License-Identifier: MIT
#pragma once
/// The key that a board gets from its name: "Ökto Pus v1.1" -> "okto-pus-v1-1". A key is a folder name and never
/// changes, so that a board can be renamed without moving its files.

#include <kf/io/ascii.hpp>
#include <kf/sink/utf8.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace kf::board {

inline constexpr std::size_t max_slug = 64;

namespace detail {

/// The letters U+00C0 to U+017F without their marks; a blank where nothing is left in ASCII.
inline constexpr std::string_view unmarked = "AAAAAA CEEEEIIII NOOOOO  UUUUY  aaaaaa ceeeeiiii nooooo  uuuuy y"
                                             "AaAaAaCcCcCcCcDd  EeEeEeEeEeGgGgGgGgHh  IiIiIiIiI   JjKk LlLlLlL"
                                             "l  NnNnNnn  OoOoOo  RrRrRrSsSsSsSsTtTt  UuUuUuUuUuUuWwYyYZzZzZzs";
static_assert(unmarked.size() == 0x180 - 0xC0);

/// One character at `i` of UTF-8 as lower-case ASCII, 0 when it has none; `i` moves behind it.
[[nodiscard]] inline char next_folded(std::string_view text, std::size_t& i) noexcept {
    const utf8_character read = first_character(text.substr(i));
    const char32_t point = read.code;
    i += read.bytes;
    char c = 0;
    if (point < 0x80)
        c = static_cast<char>(point);
    else if (point >= 0xC0 && point < 0x180 && unmarked[point - 0xC0] != ' ')
        c = unmarked[point - 0xC0];
    return io::to_lower(c);
}

} // namespace detail

/// Lower case, blanks, _ and . as single dashes, everything else but a-z 0-9 dropped, at most 64 long. Empty when
/// nothing is left.
[[nodiscard]] inline std::string slug(std::string_view name) {
    std::string key;
    for (std::size_t i = 0; i < name.size() && key.size() < max_slug;) {
        const char c = detail::next_folded(name, i);
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
            key += c;
        else if ((c == ' ' || c == '_' || c == '.' || c == '-') && !key.empty() && key.back() != '-')
            key += '-';
    }
    while (!key.empty() && key.back() == '-') key.pop_back();
    return key;
}

/// The slug, with -2, -3 ... behind it while `taken(key)`; still at most 64 long.
template<class Taken>
[[nodiscard]] std::string unique_slug(std::string_view name, Taken&& taken) {
    std::string base = slug(name);
    if (base.empty()) base = "board";
    std::string key = base;
    for (unsigned n = 2; taken(key); ++n) {
        const std::string suffix = "-" + std::to_string(n);
        key = base.substr(0, max_slug - suffix.size()) + suffix;
    }
    return key;
}

} // namespace kf::board
