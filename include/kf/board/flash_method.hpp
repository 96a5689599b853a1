// SPDX-License-Identifier: MIT
#pragma once
/// The flash methods: what each is called, what it is for, what it takes and what it asks of a board. Help, errors,
/// questions, the plan and the fallback rule read this table; the models that do the work are in flash/any_method.hpp.

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace kf::board {

/// What a build leaves: a flat image, blocks for a BOOTSEL drive, Intel HEX, a program of the host.
enum class image_kind { bin, uf2, elf_hex, elf };

/// Klipper's file name for the kind, without "klipper".
[[nodiscard]] constexpr const char* extension(image_kind kind) noexcept {
    switch (kind) {
    case image_kind::bin: return ".bin";
    case image_kind::uf2: return ".uf2";
    case image_kind::elf_hex: return ".elf.hex";
    case image_kind::elf: return ".elf";
    }
    return "?";
}

/// How an image gets into a board. Their names are what devices.json and --method say.
enum class flash_method { katapult, katapult_script, make_flash };

struct method_row {
    flash_method method;
    const char* name;
    const char* purpose; ///< one line of a list
    bool needs_katapult; ///< a board that is flashed with it has Katapult, which no image may overwrite
    std::optional<flash_method> fallback; ///< tried after it, if it wrote nothing and says that another one may try
    std::array<bool, 4> takes;            ///< by image_kind

    [[nodiscard]] constexpr bool takes_kind(image_kind kind) const noexcept {
        return takes[static_cast<std::size_t>(kind)];
    }
};

inline constexpr std::array<method_row, 3> flash_methods{{
    {flash_method::katapult,
     "katapult",
     "Katapult over USB, spoken by kflash itself",
     true,
     flash_method::make_flash,
     {true, false, false, false}},
    {flash_method::katapult_script,
     "katapult_script",
     "Katapult's own flashtool.py",
     true,
     flash_method::make_flash,
     {true, false, false, false}},
    {flash_method::make_flash,
     "make_flash",
     "Klipper's make flash, for boards without Katapult",
     false,
     std::nullopt,
     {true, true, true, false}},
}};

[[nodiscard]] constexpr const method_row& row_of(flash_method method) noexcept {
    return flash_methods[static_cast<std::size_t>(method)];
}
static_assert([] {
    for (std::size_t i = 0; i < flash_methods.size(); ++i)
        if (flash_methods[i].method != static_cast<flash_method>(i)) return false;
    return flash_methods.size() == static_cast<std::size_t>(flash_method::make_flash) + 1;
}());

[[nodiscard]] constexpr const char* name(flash_method method) noexcept { return row_of(method).name; }

[[nodiscard]] constexpr std::optional<flash_method> flash_method_from(std::string_view text) noexcept {
    for (const auto& row : flash_methods)
        if (text == row.name) return row.method;
    return std::nullopt;
}

/// "katapult, katapult_script or make_flash"; `more` is one word behind them.
[[nodiscard]] inline std::string flash_method_words(std::string_view more = {}) {
    std::string text;
    const std::size_t count = flash_methods.size() + (more.empty() ? 0 : 1);
    for (std::size_t i = 0; i < count; ++i) {
        if (i > 0) text += i + 1 == count ? " or " : ", ";
        text += i < flash_methods.size() ? std::string_view(flash_methods[i].name) : more;
    }
    return text;
}

/// The chips that avr-gcc builds for. Katapult is not there for them.
[[nodiscard]] constexpr bool is_avr(std::string_view mcu) noexcept {
    return mcu.starts_with("atmega") || mcu.starts_with("at90usb") || mcu.starts_with("lgt8f");
}

} // namespace kf::board
