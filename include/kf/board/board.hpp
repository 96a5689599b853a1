// SPDX-License-Identifier: MIT
#pragma once
/// A board that a person registered, and the settings that hold for all boards. Plain values with their bounds; their
/// file is devices.json (registry.hpp).

#include <kf/board/flash_method.hpp>
#include <kf/error.hpp>
#include <kf/sink/utf8.hpp>
#include <kf/units.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace kf::board {

/// How a board shows itself on USB while one of its firmwares runs.
struct usb_face {
    std::string name = {}; ///< of its link in /dev/serial/by-id (or by-path)
    std::string manufacturer = {}, product = {}, serial = {};

    bool operator==(const usb_face&) const = default;
    [[nodiscard]] bool empty() const noexcept { return *this == usb_face{}; }
};

struct board {
    std::string key = {};                    ///< never changes: the folder of its cached .config has this name
    std::string name = {};                   ///< what a person calls it
    std::string mcu = {};                    ///< "stm32h723" or "stm32h723xx": compared by mcu_matches()
    std::string serial_pattern = {};         ///< a glob over by-id names, or the board's name in /dev/serial/by-path
    std::optional<flash_method> method = {}; ///< empty: the default of flash_settings
    bool flashable = true;                   ///< false: shown, never flashed
    /// The day (YYYY-MM-DD) on which it was first seen with a katapult_ name. Such a board has a bootloader that an
    /// image linked at the flash base would overwrite.
    std::optional<std::string> seen_as_katapult = {};
    // What was learned when it was last seen or flashed; identity.hpp says what of it must agree.
    std::string usb_port = {}; ///< "1-1.4": the socket, as sysfs names it
    usb_face as_klipper = {}, as_katapult = {};

    bool operator==(const board&) const = default;
};

struct flash_settings {
    std::string klipper_dir = "~/klipper";
    std::string katapult_dir = "~/katapult";
    flash_method default_flash_method = method_named("katapult");
    bool allow_flash_fallback = true;
    bool skip_menuconfig = false;
    seconds stagger_delay = 2.0;                         ///< between two boards of a batch, 0 to 30
    seconds return_delay = 5.0;                          ///< before the menu comes back, 0 to 60
    seconds build_timeout = 300;                         ///< for one build, 1 to 86400
    seconds git_timeout = 5;                             ///< for git to say which version the sources are, 1 to 600
    std::string moonraker_url = "http://127.0.0.1:7125"; ///< "none": it is not asked
    std::string moonraker_api_key = {};                  ///< empty where Moonraker trusts this host
    std::int64_t keep_images = 3;                        ///< of the last verified flashes of each board, 0 to 100

    bool operator==(const flash_settings&) const = default;
};

inline constexpr seconds max_stagger_delay = 30.0;
inline constexpr seconds max_return_delay = 60.0;
inline constexpr seconds min_timeout = 1.0;
inline constexpr seconds max_build_timeout = 86400.0;
inline constexpr seconds max_git_timeout = 600.0;
inline constexpr std::int64_t max_keep_images = 100;

/// A value that must not be: which field, and what is wrong with it ("must be 0 to 30 seconds").
struct value_problem {
    std::string field;
    std::string what;
};

namespace detail {

[[nodiscard]] constexpr bool has_control(std::string_view text) noexcept {
    for (const char c : text)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return true;
    return false;
}
/// Nothing when `text` has 1 to `most` bytes, none of them a control character.
[[nodiscard]] inline std::optional<value_problem> text_problem(const char* field, std::string_view text,
                                                               std::size_t most) {
    if (text.empty()) return value_problem{field, "must not be empty"};
    if (text.size() > most) return value_problem{field, fmt::format("must be at most {} bytes long", most)};
    if (has_control(text)) return value_problem{field, "must not have control characters"};
    if (!is_utf8(text)) return value_problem{field, "must be UTF-8"};
    return std::nullopt;
}
[[nodiscard]] inline std::optional<value_problem> face_problem(const char* field, const usb_face& face) {
    for (const auto* text : {&face.name, &face.manufacturer, &face.product, &face.serial})
        if (text->size() > 255 || has_control(*text))
            return value_problem{field, "must have texts of at most 255 bytes without control characters"};
    return std::nullopt;
}
[[nodiscard]] inline std::optional<value_problem> seconds_problem(const char* field, seconds value, seconds least,
                                                                  seconds most) {
    // NaN fails both comparisons.
    if (value >= least && value <= most) return std::nullopt;
    return value_problem{field, fmt::format("must be a number of seconds from {:g} to {:g}", least, most)};
}

} // namespace detail

/// What an HTTP header cannot hold has no place in a key.
[[nodiscard]] inline std::optional<value_problem> api_key_problem(std::string_view key) {
    if (std::ranges::all_of(key, [](char c) { return c > ' ' && c <= '~'; })) return std::nullopt;
    return value_problem{"moonraker_api_key", "must be letters, digits and signs of ASCII, without a blank"};
}

[[nodiscard]] inline std::optional<value_problem> problem(const flash_settings& s) {
    if (auto p = detail::text_problem("klipper_dir", s.klipper_dir, 1024)) return p;
    if (auto p = detail::text_problem("katapult_dir", s.katapult_dir, 1024)) return p;
    if (auto p = detail::seconds_problem("stagger_delay", s.stagger_delay, 0, max_stagger_delay)) return p;
    if (auto p = detail::seconds_problem("return_delay", s.return_delay, 0, max_return_delay)) return p;
    if (auto p = detail::seconds_problem("build_timeout", s.build_timeout, min_timeout, max_build_timeout)) return p;
    if (auto p = detail::seconds_problem("git_timeout", s.git_timeout, min_timeout, max_git_timeout)) return p;
    if (auto p = detail::text_problem("moonraker_url", s.moonraker_url, 1024)) return p;
    if (auto p = api_key_problem(s.moonraker_api_key)) return p;
    if (s.keep_images < 0 || s.keep_images > max_keep_images)
        return value_problem{"keep_images", fmt::format("must be a number from 0 to {}", max_keep_images)};
    return std::nullopt;
}

/// A key is the name of a folder: nothing that leads out of it.
[[nodiscard]] inline std::optional<value_problem> key_problem(std::string_view key) {
    if (auto p = detail::text_problem("key", key, 200)) return p;
    if (key == "." || key == ".." || key.find('/') != std::string_view::npos)
        return value_problem{"key", "must not be a path"};
    return std::nullopt;
}

[[nodiscard]] inline std::optional<value_problem> problem(const board& b) {
    if (auto p = key_problem(b.key)) return p;
    if (auto p = detail::text_problem("name", b.name, 80)) return p;
    if (auto p = detail::text_problem("mcu", b.mcu, 64)) return p;
    for (const char c : b.mcu)
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_'))
            return value_problem{"mcu", "must be letters and digits, as in stm32h723"};
    if (auto p = detail::text_problem("serial_pattern", b.serial_pattern, 255)) return p;
    if (b.serial_pattern.find('/') != std::string::npos)
        return value_problem{"serial_pattern", "must be a name in /dev/serial/by-id, without a folder"};
    if (b.usb_port.size() > 64 || detail::has_control(b.usb_port) || b.usb_port.find('/') != std::string::npos)
        return value_problem{"usb_port", "must be a USB port as in 1-1.4"};
    if (auto p = detail::face_problem("klipper_usb", b.as_klipper)) return p;
    if (auto p = detail::face_problem("katapult_usb", b.as_katapult)) return p;
    if (b.seen_as_katapult) {
        const std::string& day = *b.seen_as_katapult;
        bool good = day.size() == 10 && day[4] == '-' && day[7] == '-';
        for (std::size_t i = 0; good && i < day.size(); ++i)
            good = i == 4 || i == 7 || (day[i] >= '0' && day[i] <= '9');
        if (!good) return value_problem{"seen_as_katapult", "must be a day as in 2026-01-25"};
    }
    return std::nullopt;
}

} // namespace kf::board
