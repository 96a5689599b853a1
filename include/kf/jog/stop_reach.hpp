// SPDX-License-Identifier: MIT
#pragma once
/// Which keys are the emergency stop, as the page shows them and as whoever reads the keyboard acts on them: one word
/// for both. What lies over the panel takes a key of the stop for itself only where it shows that it does.

#include <kf/tui/key.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

namespace kf::jog {

enum class stop_reach : std::uint8_t {
    all,         ///< of stop_keys
    not_escape,  ///< it is the way back here
    line_begins, ///< the same; the next key may fill the line, with an old one too
    while_typing ///< nor '!' alone, which is a character here
};

/// With Alt it is an Esc right before it: whoever strikes both means it.
inline constexpr std::array<tui::chord, 5> stop_keys{
    tui::chord(U'!', tui::modifier::alt), tui::chord(U'x', tui::modifier::ctrl),
    tui::chord(U'x', tui::modifier::ctrl | tui::modifier::alt), U'!', tui::key_code::escape};

/// Of what only may be a paste the person may have typed each character: a stop among them is meant.
[[nodiscard]] inline bool is_stop(const tui::key& k, stop_reach where) noexcept {
    if (k.heeded) return true;
    const std::size_t count = where == stop_reach::all ? 5 : where == stop_reach::while_typing ? 3 : 4;
    if (k.code == tui::key_code::paste) {
        const std::string_view text = k.pasted;
        const bool is_text = where == stop_reach::line_begins || where == stop_reach::while_typing;
        return k.guessed && (text.find('\x18') != text.npos || (!is_text && text.find('!') != text.npos));
    }
    return std::any_of(stop_keys.begin(), stop_keys.begin() + count, [&](const auto& c) { return is(k, c); });
}

/// After it the same keys stop as before, whatever it does: while a page is busy with it a stop need not wait for it.
[[nodiscard]] constexpr bool leaves_stops_alone(const tui::key& k, stop_reach where) noexcept {
    switch (k.code) {
    case tui::key_code::up:
    case tui::key_code::down: // they bring back old lines
        return where != stop_reach::line_begins && where != stop_reach::while_typing;
    case tui::key_code::left:
    case tui::key_code::right:
    case tui::key_code::page_up:
    case tui::key_code::page_down:
    case tui::key_code::focus_in:
    case tui::key_code::focus_out: return true;
    default: return k.action == tui::key_action::release;
    }
}

} // namespace kf::jog
