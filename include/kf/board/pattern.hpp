// SPDX-License-Identifier: MIT
#pragma once
/// The glob of a registered board, over names in /dev/serial/by-id, read as the name of one board: a star behind a
/// serial number stands for the interface and never for more digits. `usb-Klipper_rp2040_T1*` is T1 and not T10,
/// whoever wrote it.

#include <kf/board/usb_name.hpp>
#include <kf/io/ascii.hpp>

#include <fnmatch.h>
#include <optional>
#include <string>
#include <string_view>

namespace kf::board {

namespace detail {

[[nodiscard]] inline bool glob(std::string_view pattern, std::string_view text) {
    return ::fnmatch(std::string(pattern).c_str(), std::string(text).c_str(), FNM_NOESCAPE) == 0;
}
[[nodiscard]] constexpr bool has_wildcard(std::string_view text) noexcept {
    return text.find_first_of("*?[") != std::string_view::npos;
}

/// A pattern cut where the interface begins: "usb-Klipper_rp2040_T1" and what may stand behind it.
struct cut_pattern {
    std::string_view stem;     ///< up to the end of the serial number, without the stars behind it
    std::string_view tail;     ///< "-if00", "-if*"; empty: no interface is asked for
    bool open = false;         ///< stars stood behind the stem
    bool names_serial = false; ///< the stem ends in a text, not in a separator or a wildcard: its end is a border
};

/// "-if00", "-if0?", "-if*", "-if00-port0", "-port*": what can stand for an interface. A serial number may have "-if"
/// in it, too.
[[nodiscard]] constexpr bool is_interface_pattern(std::string_view tail) noexcept {
    const auto is_port = [](std::string_view text) { // or nothing
        return text.empty() || (text.starts_with("-port") && text.size() > 5 &&
                                text.find_first_not_of("0123456789*?", 5) == std::string_view::npos);
    };
    if (tail.starts_with("-port")) return is_port(tail);
    tail.remove_prefix(3);
    for (int unit = 0; unit < 2 && !tail.starts_with('*'); ++unit) {
        const auto set = tail.starts_with('[') ? tail.find(']') : 0;
        if (tail.empty() || set == std::string_view::npos) return false;
        if (set == 0 && tail.front() != '?' && io::hex_digit(tail.front()) < 0) return false;
        tail.remove_prefix(set + 1);
    }
    while (tail.starts_with('*')) tail.remove_prefix(1);
    return is_port(tail);
}

[[nodiscard]] constexpr cut_pattern cut(std::string_view pattern) noexcept {
    cut_pattern c;
    auto at = pattern.rfind("-if");
    if (at == std::string_view::npos) at = pattern.rfind("*-port") + 1; // 0 when there is none: no interface
    if (at == 0 || !is_interface_pattern(pattern.substr(at))) at = pattern.size();
    c.stem = pattern.substr(0, at);
    c.tail = pattern.substr(at);
    while (c.stem.ends_with('*')) {
        c.stem.remove_suffix(1);
        c.open = true;
    }
    if (c.open && c.stem.ends_with('-') && c.stem.find('_') != std::string_view::npos)
        c.stem.remove_suffix(1); // "rp2040_T1-*" means "rp2040_T1-if*"
    c.names_serial = !c.stem.empty() && !c.stem.ends_with('_') && !(c.open && c.stem.ends_with('-'));
    return c;
}

/// Both without their maker's prefix, or both with it.
[[nodiscard]] inline bool matches_behind_prefix(std::string_view pattern, std::string_view name) {
    const auto c = cut(pattern);
    const auto base = without_interface(name);
    const auto interface = name.substr(base.size());
    const bool more = c.open && !c.names_serial; // the stars stand for a serial number
    if (!glob(more ? std::string(c.stem) + "*" : std::string(c.stem), base)) return false;
    return c.tail.empty() ? c.open || interface.empty() : glob("*" + std::string(c.tail), interface);
}

} // namespace detail

/// A name in /dev/serial/by-path: the place of a board and nothing of the board.
[[nodiscard]] constexpr bool is_place_name(std::string_view name) noexcept {
    return !detail::starts_with_nocase(name, "usb-") && name.find("-usb") != std::string_view::npos;
}

/// The pattern under which a device with this by-id name is registered. Nothing when the name does not tell the board
/// from others: no serial number, or everybody's.
[[nodiscard]] inline std::optional<std::string> pattern_for(std::string_view file_name, std::string_view serial) {
    if (!is_own_serial(serial) || is_place_name(file_name)) return std::nullopt;
    const auto base = without_interface(file_name);
    return std::string(base) + (base.size() < file_name.size() ? "-if*" : "");
}

/// The pattern names one board: it ends in a serial number, written whole, that is a board's own.
[[nodiscard]] inline bool names_whole_serial(std::string_view pattern) {
    const auto c = detail::cut(pattern);
    const auto split = c.stem.rfind('_');
    if (!c.names_serial || split == std::string_view::npos) return false;
    const auto serial = c.stem.substr(split + 1);
    return !detail::has_wildcard(serial) && is_own_serial(serial) && !is_chip_name(serial);
}

/// The by-id name fits the pattern. The Klipper, Katapult and CanBoot names of one board all fit, whichever the pattern
/// was made from; the name of another maker (Kalico's CONFIG_USB_MANUFACTURER) fits when the pattern spells the maker.
[[nodiscard]] inline bool pattern_matches(std::string_view pattern, std::string_view file_name) {
    if (const auto rest = detail::behind_prefix(file_name)) {
        if (const auto wanted = detail::behind_prefix(pattern)) return detail::matches_behind_prefix(*wanted, *rest);
        for (const auto& prefix : detail::maker_prefixes)
            if (detail::matches_behind_prefix(pattern, std::string(prefix.text) + std::string(*rest))) return true;
        return false;
    }
    const auto maker = file_name.substr(0, std::min(file_name.find('_'), file_name.size() - 1) + 1);
    return !file_name.empty() && pattern.starts_with(maker) && detail::matches_behind_prefix(pattern, file_name);
}

/// Why a person must not register such a pattern; nothing when it names one board, or one kind of chip.
[[nodiscard]] inline std::optional<std::string> pattern_problem(std::string_view pattern) {
    const auto c = detail::cut(pattern);
    if (!detail::has_wildcard(c.stem) && c.names_serial) return std::nullopt;
    if (names_whole_serial(pattern)) return std::nullopt;
    const auto rest = detail::behind_prefix(c.stem);
    const auto chip = rest ? rest->substr(0, rest->find('_')) : std::string_view{};
    if (!chip.empty() && chip.size() < rest->size() && !detail::has_wildcard(chip)) return std::nullopt;
    return "it names neither a serial number nor a chip: boards of several kinds match it";
}

} // namespace kf::board
