// SPDX-License-Identifier: MIT
#pragma once
/// What a person did at the keyboard, as the decoder read it from the terminal's bytes.

#include <kf/sink/utf8.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <tuple>

namespace kf::tui {

enum class key_code : std::uint8_t {
    text, ///< a character: `text` has it
    up,
    down,
    left,
    right,
    page_up,
    page_down,
    home,
    end,
    insert,
    remove,
    backspace,
    enter,
    tab,
    back_tab,
    escape,
    function,  ///< F1 to F24: `text` has the number
    paste,     ///< `pasted` has it; never an action
    focus_in,  ///< the terminal got the keyboard
    focus_out, ///< and lost it
    protocol,  ///< the terminal has the kitty keyboard protocol: `text` has its flags
    number,    ///< of a row, told as a whole (spoken.hpp): `text` has it
    status,    ///< the terminal has answered that it is there
};

/// Bits of key::modifiers. `other` is any key that we have no name for: nothing is bound to it.
namespace modifier {
inline constexpr std::uint8_t none = 0, shift = 1, alt = 2, ctrl = 4, other = 8;
} // namespace modifier

enum class key_action : std::uint8_t { press, repeat, release };

struct key {
    key_code code = key_code::text;
    char32_t text = 0;
    std::uint8_t modifiers = modifier::none;
    key_action action = key_action::press;
    std::string pasted = {};
    bool guessed = false; ///< a paste that nothing marked as one: a person on a slow link may have typed it
    bool heeded = false;  ///< it has been acted upon when it was read (screen.hpp)
    std::chrono::steady_clock::time_point read = {}; ///< when its bytes were; who takes it may be late

    /// The same key, whenever.
    bool operator==(const key& other) const {
        const auto parts = [](const key& k) {
            return std::tie(k.code, k.text, k.modifiers, k.action, k.pasted, k.guessed, k.heeded);
        };
        return parts(*this) == parts(other);
    }
};

/// What a binding is for: one key with its modifiers. Letters are the same in both cases, a character brings its shift.
struct chord {
    key_code code = key_code::text;
    char32_t text = 0;
    std::uint8_t modifiers = modifier::none;
    bool operator==(const chord&) const = default;

    constexpr chord(char32_t character) // NOLINT: a table of keys is read as characters
      : text(character) {}
    constexpr chord(key_code c, std::uint8_t with = modifier::none) // NOLINT
      : code(c)
      , modifiers(with) {}
    constexpr chord(char32_t character, std::uint8_t with)
      : text(character)
      , modifiers(with) {}
};

namespace detail {
[[nodiscard]] constexpr char32_t lower(char32_t c) noexcept { return c >= 'A' && c <= 'Z' ? c + 32 : c; }
} // namespace detail

/// Whether the key is that chord; a release is none.
[[nodiscard]] constexpr bool is(const key& k, const chord& c) noexcept {
    if (k.code != c.code || k.action == key_action::release) return false;
    if (k.code != key_code::text) return k.modifiers == c.modifiers && k.text == c.text;
    const auto without_shift = [](std::uint8_t m) { return static_cast<std::uint8_t>(m & ~modifier::shift); };
    return detail::lower(k.text) == detail::lower(c.text) && without_shift(k.modifiers) == without_shift(c.modifiers);
}

/// A character that a text field takes.
[[nodiscard]] constexpr bool is_typed(const key& k) noexcept {
    return k.code == key_code::text && k.action != key_action::release && k.text >= 0x20 &&
           (k.modifiers & ~modifier::shift) == 0;
}

/// Its name in scripts of keys and in messages: "PgUp", "Ctrl+C", "h".
[[nodiscard]] inline std::string name(const key& k) {
    std::string out;
    if ((k.modifiers & modifier::ctrl) != 0) out += "Ctrl+";
    if ((k.modifiers & modifier::alt) != 0) out += "Alt+";
    if ((k.modifiers & modifier::shift) != 0 && k.code != key_code::text) out += "Shift+";
    switch (k.code) {
    case key_code::text:
        if (k.text == ' ') return out + "Space";
        append_utf8(out, k.text);
        return out;
    case key_code::up: return out + "Up";
    case key_code::down: return out + "Down";
    case key_code::left: return out + "Left";
    case key_code::right: return out + "Right";
    case key_code::page_up: return out + "PgUp";
    case key_code::page_down: return out + "PgDn";
    case key_code::home: return out + "Home";
    case key_code::end: return out + "End";
    case key_code::insert: return out + "Insert";
    case key_code::remove: return out + "Delete";
    case key_code::backspace: return out + "Backspace";
    case key_code::enter: return out + "Enter";
    case key_code::tab: return out + "Tab";
    case key_code::back_tab: return out + "BackTab";
    case key_code::escape: return out + "Esc";
    case key_code::function: return out + "F" + std::to_string(static_cast<unsigned>(k.text));
    case key_code::paste: return "Paste";
    case key_code::focus_in: return "FocusIn";
    case key_code::focus_out: return "FocusOut";
    case key_code::protocol: return "Protocol";
    case key_code::number: return out + std::to_string(static_cast<unsigned>(k.text));
    case key_code::status: return "Status";
    }
    return out;
}

} // namespace kf::tui
