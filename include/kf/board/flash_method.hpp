// SPDX-License-Identifier: MIT
#pragma once
/// The flash methods: what each is called, what it is for, what it takes and what it asks of a board. Help, errors,
/// questions, completion, the plan and the fallback rule read this table. The model that does the work of a row is the
/// header of its name in flash/methods.

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

/// By what a board is reached (board/address.hpp).
enum class address_kind { usb };

/// How an image gets into a board: a row of flash_methods, by its place there.
enum class flash_method : unsigned char {};

struct method_row {
    const char* name;            ///< what devices.json and --method say
    const char* purpose;         ///< one line of a list
    bool needs_katapult;         ///< a board that is flashed with it has Katapult, which no image may overwrite
    const char* fallback;        ///< tried after it, if it wrote nothing and says that another one may try; null: none
    std::array<bool, 4> takes;   ///< by image_kind
    std::array<bool, 1> reaches; ///< by address_kind

    [[nodiscard]] constexpr bool takes_kind(image_kind kind) const noexcept {
        return takes[static_cast<std::size_t>(kind)];
    }
    [[nodiscard]] constexpr bool reaches_kind(address_kind kind) const noexcept {
        return reaches[static_cast<std::size_t>(kind)];
    }
};

/// The first is the default of a new devices.json, the first one without Katapult that of a chip that can have none.
inline constexpr std::array flash_methods{
    method_row{"katapult",
               "Katapult over USB, spoken by kflash itself",
               true,
               "make_flash",
               {true, false, false, false},
               {true}},
    method_row{
        "katapult_script", "Katapult's own flashtool.py", true, "make_flash", {true, false, false, false}, {true}},
    method_row{"make_flash",
               "Klipper's make flash, for boards without Katapult",
               false,
               nullptr,
               {true, true, true, false},
               {true}},
};

[[nodiscard]] constexpr const method_row& row_of(flash_method method) noexcept {
    return flash_methods[static_cast<std::size_t>(method)];
}
[[nodiscard]] constexpr const char* name(flash_method method) noexcept { return row_of(method).name; }

/// Every method, in the order of the table.
[[nodiscard]] constexpr std::array<flash_method, flash_methods.size()> all_flash_methods() noexcept {
    std::array<flash_method, flash_methods.size()> all{};
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<flash_method>(i);
    return all;
}

[[nodiscard]] constexpr std::optional<flash_method> flash_method_from(std::string_view text) noexcept {
    for (const auto method : all_flash_methods())
        if (text == name(method)) return method;
    return std::nullopt;
}

/// The method of that name; a name that has no row does not compile.
[[nodiscard]] consteval flash_method method_named(std::string_view text) { return flash_method_from(text).value(); }

[[nodiscard]] constexpr std::optional<flash_method> fallback_of(flash_method method) noexcept {
    if (row_of(method).fallback == nullptr) return std::nullopt;
    return flash_method_from(row_of(method).fallback);
}
/// For a board that has no bootloader of its own: the first that needs none.
[[nodiscard]] constexpr flash_method method_without_katapult() noexcept {
    for (const auto method : all_flash_methods())
        if (!row_of(method).needs_katapult) return method;
    return {};
}
static_assert([] {
    for (const auto method : all_flash_methods()) {
        const auto& row = row_of(method);
        if (flash_method_from(row.name) != method || (row.fallback != nullptr && !fallback_of(method))) return false;
    }
    return !row_of(method_without_katapult()).needs_katapult;
}());

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
