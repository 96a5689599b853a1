// SPDX-License-Identifier: MIT
#pragma once
/// The names that udev gives to serial boards under /dev/serial/by-id: `usb-<maker>_<mcu>_<serial>-ifNN`. What such a
/// name says is the first thing we know of a board, before any byte went over its wire.

#include <kf/io/ascii.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace kf::board {

/// What runs on the board that has such a name.
enum class usb_firmware { klipper, katapult, other };

[[nodiscard]] constexpr const char* name(usb_firmware firmware) noexcept {
    switch (firmware) {
    case usb_firmware::klipper: return "klipper";
    case usb_firmware::katapult: return "katapult";
    case usb_firmware::other: return "other";
    }
    return "other";
}

struct usb_name {
    usb_firmware firmware = usb_firmware::other;
    std::string mcu = {};                   ///< as named: "stm32h723xx"; empty when the device does not tell it
    std::string serial = {};                ///< mostly the chip's number; may be empty, or the same on many boards
    std::optional<unsigned> interface = {}; ///< the NN of -ifNN

    bool operator==(const usb_name&) const = default;
};

namespace detail {

struct maker_prefix {
    std::string_view text;
    usb_firmware firmware;
};
/// CanBoot is what Katapult was called before 2023; boards in the field still have it.
inline constexpr std::array maker_prefixes{maker_prefix{"usb-Klipper_", usb_firmware::klipper},
                                           maker_prefix{"usb-katapult_", usb_firmware::katapult},
                                           maker_prefix{"usb-CanBoot_", usb_firmware::katapult}};

[[nodiscard]] constexpr bool starts_with_nocase(std::string_view text, std::string_view prefix) noexcept {
    if (text.size() < prefix.size()) return false;
    for (std::size_t i = 0; i < prefix.size(); ++i)
        if (io::to_lower(text[i]) != io::to_lower(prefix[i])) return false;
    return true;
}

/// The rest behind usb-Klipper_, usb-katapult_ or usb-CanBoot_; nothing for other makers.
[[nodiscard]] constexpr std::optional<std::string_view> behind_prefix(std::string_view text) noexcept {
    for (const auto& prefix : maker_prefixes)
        if (starts_with_nocase(text, prefix.text)) return text.substr(prefix.text.size());
    return std::nullopt;
}

} // namespace detail

/// The name without its "-ifNN" (or "-ifNN-portM", which serial adapters have): one USB device, whatever its interface.
[[nodiscard]] constexpr std::string_view without_interface(std::string_view file_name) noexcept {
    std::string_view text = file_name;
    if (const auto port = text.rfind("-port"); port != std::string_view::npos && port + 5 < text.size() &&
                                               std::all_of(text.begin() + static_cast<std::ptrdiff_t>(port) + 5,
                                                           text.end(), [](char c) { return io::is_digit(c); }))
        text = text.substr(0, port);
    if (text.size() < 5) return file_name;
    const auto tail = text.substr(text.size() - 5);
    if (!tail.starts_with("-if") || io::hex_digit(tail[3]) < 0 || io::hex_digit(tail[4]) < 0) return file_name;
    return text.substr(0, text.size() - 5);
}

/// Reads a by-id file name. Never fails: what is neither Klipper nor Katapult is `other`.
[[nodiscard]] inline usb_name parse_usb_name(std::string_view file_name) {
    usb_name parsed;
    const auto base = without_interface(file_name);
    if (base.size() != file_name.size())
        parsed.interface = static_cast<unsigned>(io::hex_digit(file_name[base.size() + 3]) * 16 +
                                                 io::hex_digit(file_name[base.size() + 4]));
    const auto rest = detail::behind_prefix(base);
    if (!rest) return parsed;
    for (const auto& prefix : detail::maker_prefixes)
        if (detail::starts_with_nocase(base, prefix.text)) parsed.firmware = prefix.firmware;
    const auto split = std::min(rest->find('_'), rest->size());
    parsed.mcu = rest->substr(0, split);
    if (split < rest->size()) parsed.serial = rest->substr(split + 1);
    return parsed;
}

/// "stm32h723xx" -> "stm32h723", "stm32f401xc" -> "stm32f401": the package and flash size letters of ST's names go. An
/// x that belongs to the name stays ("sam3x8e"). Lower case.
[[nodiscard]] inline std::string mcu_family(std::string_view mcu) {
    std::string family = io::to_lower(mcu);
    const auto n = family.size();
    if (n > 3 && family[n - 2] == 'x' && io::is_digit(family[n - 3])) family.resize(n - 2);
    return family;
}

/// Two spellings of one chip: the shorter begins the longer ("stm32h723" and "stm32h723xx"), whatever their case. An
/// empty name matches nothing.
[[nodiscard]] constexpr bool mcu_matches(std::string_view a, std::string_view b) noexcept {
    if (a.empty() || b.empty()) return false;
    return detail::starts_with_nocase(a, b) || detail::starts_with_nocase(b, a);
}

/// A USB string as udev puts it into a name: letters, digits and # + - . : = @ _ stay, blanks at its ends go, every
/// other run of blanks and every other byte of ASCII is one _.
[[nodiscard]] inline std::string udev_text(std::string_view text) {
    constexpr std::string_view blanks = " \t\n\v\f\r";
    while (!text.empty() && blanks.find(text.front()) != blanks.npos) text.remove_prefix(1);
    while (!text.empty() && blanks.find(text.back()) != blanks.npos) text.remove_suffix(1);
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        const bool blank = blanks.find(c) != blanks.npos;
        if (blank && i > 0 && blanks.find(text[i - 1]) != blanks.npos) continue;
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || io::is_digit(c) ||
                           std::string_view("#+-.:=@_").find(c) != std::string_view::npos ||
                           static_cast<unsigned char>(c) >= 0x80;
        out += plain ? c : '_';
    }
    return out;
}

/// udev's name in by-id, from the strings of a device; one without a serial number has a name without it.
[[nodiscard]] inline std::string by_id_name(std::string_view manufacturer, std::string_view product,
                                            std::string_view serial, unsigned interface = 0) {
    std::string name = "usb-" + udev_text(manufacturer) + "_" + udev_text(product);
    if (!serial.empty()) name += "_" + udev_text(serial);
    constexpr std::string_view digits = "0123456789abcdef";
    return name + "-if" + digits[interface / 16 % 16] + digits[interface % 16];
}

/// The families that Klipper runs on: a USB product string that begins with one of them is the chip's name. Kalico's
/// CONFIG_USB_PRODUCT can be any other text.
[[nodiscard]] constexpr bool is_chip_name(std::string_view text) noexcept {
    for (const std::string_view family :
         {"stm32", "rp2", "sam", "lpc1", "atmega", "at90", "at32", "gd32", "n32", "hc32", "ch32", "ar100", "mimxrt"})
        if (detail::starts_with_nocase(text, family)) return true;
    return false;
}

/// A serial number that tells one board from the next: not empty, and not what Klipper's and Katapult's Kconfig give
/// to every board that has no number of its own.
[[nodiscard]] constexpr bool is_own_serial(std::string_view serial) noexcept {
    return !serial.empty() && serial != "12345";
}

/// The chip's own number, as both firmwares print it: 16 or more hexadecimal digits.
[[nodiscard]] constexpr bool is_chip_number(std::string_view serial) noexcept {
    return serial.size() >= 16 && std::ranges::all_of(serial, [](char c) { return io::hex_digit(c) >= 0; });
}

/// The same board, seen at two times and maybe with another firmware, as far as names can tell: one serial number of
/// its own, one chip. For devices whose USB port is not known.
[[nodiscard]] inline bool same_board(const usb_name& a, const usb_name& b) {
    return a.firmware != usb_firmware::other && b.firmware != usb_firmware::other && is_own_serial(a.serial) &&
           a.serial == b.serial && (a.mcu.empty() || b.mcu.empty() || mcu_matches(a.mcu, b.mcu));
}

} // namespace kf::board
