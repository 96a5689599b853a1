// SPDX-License-Identifier: MIT
#pragma once
/// How many columns a text takes on a terminal: one for most characters, two for those of East Asia and for pictures,
/// none for marks that sit on the one before (UAX 11, by its ranges and not by the locale: a frame is the same
/// everywhere).

#include <kf/sink/scrub.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace kf::tui {

namespace detail {

struct code_range {
    char32_t first, last;
};

inline constexpr std::array no_width{
    code_range{0x0300, 0x036f},   code_range{0x0483, 0x0489},  code_range{0x0591, 0x05bd}, code_range{0x0610, 0x061a},
    code_range{0x064b, 0x065f},   code_range{0x06d6, 0x06dc},  code_range{0x0e31, 0x0e31}, code_range{0x0e34, 0x0e3a},
    code_range{0x1ab0, 0x1aff},   code_range{0x1dc0, 0x1dff},  code_range{0x200b, 0x200f}, code_range{0x2060, 0x2064},
    code_range{0x20d0, 0x20ff},   code_range{0xfe00, 0xfe0f},  code_range{0xfe20, 0xfe2f}, code_range{0xfeff, 0xfeff},
    code_range{0x1f3fb, 0x1f3ff}, code_range{0xe0100, 0xe01ef}};

inline constexpr std::array two_wide{
    code_range{0x1100, 0x115f},   code_range{0x231a, 0x231b},   code_range{0x2329, 0x232a},
    code_range{0x23e9, 0x23ec},   code_range{0x2614, 0x2615},   code_range{0x2e80, 0x303e},
    code_range{0x3041, 0x33ff},   code_range{0x3400, 0x4dbf},   code_range{0x4e00, 0x9fff},
    code_range{0xa000, 0xa4cf},   code_range{0xac00, 0xd7a3},   code_range{0xf900, 0xfaff},
    code_range{0xfe30, 0xfe6f},   code_range{0xff00, 0xff60},   code_range{0xffe0, 0xffe6},
    code_range{0x1f300, 0x1f3fa}, code_range{0x1f400, 0x1f64f}, code_range{0x1f680, 0x1f6ff},
    code_range{0x1f900, 0x1f9ff}, code_range{0x20000, 0x3fffd}};

[[nodiscard]] constexpr bool within(const auto& ranges, char32_t c) noexcept {
    return std::ranges::any_of(ranges, [&](const code_range& r) { return c >= r.first && c <= r.last; });
}

} // namespace detail

[[nodiscard]] constexpr std::size_t width_of(char32_t c) noexcept {
    if (c < 0x300) return 1;
    return detail::within(detail::no_width, c) ? 0 : detail::within(detail::two_wide, c) ? 2 : 1;
}

/// Calls `each(bytes, width)` for every character as it may be shown: what a terminal would obey is a '?'.
template<class Each>
void each_shown(std::string_view text, Each&& each) {
    while (!text.empty()) {
        const auto c = first_character(text);
        const bool safe = c.valid && !is_control(c.code);
        each(safe ? text.substr(0, c.bytes) : std::string_view("?"), safe ? width_of(c.code) : 1);
        text.remove_prefix(c.bytes);
    }
}

[[nodiscard]] inline std::size_t width_of(std::string_view text) {
    std::size_t sum = 0;
    each_shown(text, [&](std::string_view, std::size_t width) { sum += width; });
    return sum;
}

/// The text, with its end replaced by an ellipsis where it is wider than `columns`.
[[nodiscard]] inline std::string cut(std::string_view text, std::size_t columns) {
    const bool whole = width_of(text) <= columns;
    const std::size_t room = whole ? columns : columns - std::min<std::size_t>(columns, 1);
    std::string out;
    std::size_t used = 0;
    bool full = false;
    each_shown(text, [&](std::string_view bytes, std::size_t width) {
        full = full || used + width > room;
        if (full) return;
        out += bytes;
        used += width;
    });
    if (!whole && columns > 0) out += "…";
    return out;
}

} // namespace kf::tui
