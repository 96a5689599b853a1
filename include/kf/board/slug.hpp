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

// Latin letters without their marks; a blank where nothing, or more than a letter, is left in ASCII.
// Written by tests/house/unicode_tables.py: Unicode 14.0.0
// clang-format off
inline constexpr char32_t latin_begin = 0xc0;
inline constexpr std::string_view latin =
    "AAAAAA CEEEEIIII NOOOOO  UUUUY  aaaaaa ceeeeiiii nooooo  uuuuy y"
    "AaAaAaCcCcCcCcDd  EeEeEeEeEeGgGgGgGgHh  IiIiIiIiI   JjKk LlLlLlL"
    "l  NnNnNnn  OoOoOo  RrRrRrSsSsSsSsTtTt  UuUuUuUuUuUuWwYyYZzZzZzs"
    "                                Oo             Uu               "
    "             AaIiOoUuUuUuUuUu AaAa    GgKkOoOo  j   Gg  NnAa    "
    "AaAaEeEeIiIiOoOoRrRrUuUuSsTt  Hh      AaEeOoOoOoOoYy            "
    "                ";
inline constexpr char32_t latin_additional_begin = 0x1e00;
inline constexpr std::string_view latin_additional =
    "AaBbBbBbCcDdDdDdDdDdEeEeEeEeEeFfGgHhHhHhHhHhIiIiKkKkKkLlLlLlLlMm"
    "MmMmNnNnNnNnOoOoOoOoPpPpRrRrRrRrSsSsSsSsSsTtTtTtTtUuUuUuUuUuVvVv"
    "WwWwWwWwWwXxXxYyZzZzZzhtwyas    AaAaAaAaAaAaAaAaAaAaAaAaEeEeEeEe"
    "EeEeEeEeIiIiOoOoOoOoOoOoOoOoOoOoOoOoUuUuUuUuUuUuUuYyYyYyYy      ";
// clang-format on

/// That of a letter with marks; 0 when it has none.
[[nodiscard]] constexpr char unmarked(char32_t c) noexcept {
    char found = ' ';
    if (c >= latin_begin && c - latin_begin < latin.size()) found = latin[c - latin_begin];
    if (c >= latin_additional_begin && c - latin_additional_begin < latin_additional.size())
        found = latin_additional[c - latin_additional_begin];
    return found == ' ' ? '\0' : found;
}

/// One character at `i` of UTF-8 as lower-case ASCII, 0 when it has none; `i` moves behind it.
[[nodiscard]] inline char next_folded(std::string_view text, std::size_t& i) noexcept {
    const utf8_character read = first_character(text.substr(i));
    const char32_t point = read.code;
    i += read.bytes;
    return io::to_lower(point < 0x80 ? static_cast<char>(point) : unmarked(point));
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
