// SPDX-License-Identifier: MIT
#pragma once
/// Firmware images that no compiler made: real vector words and a real zlib dictionary around filler that differs at
/// every address and for every version, in the containers that Klipper's build gives (.bin, .uf2, .elf.hex, .elf).
/// The simulated board boots them, the stand-in firmware tree "builds" them, tests judge them. Formats: UF2
/// specification, Intel HEX (1988), System V ABI ELF-32.

#include <kf/io/transport.hpp>

#include <boost/json.hpp>

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace kf::sim {

struct image_recipe {
    std::string mcu = "stm32f446xx";
    std::string version = "v0.13.0-100-g0123456";
    std::uint32_t app_start = 0x08008000; ///< where the image is linked; 0x10000100 for an rp2040 without bootloader
    std::size_t size = 20480;             ///< of the .bin in bytes; at least 2 KiB
    std::string app = "Klipper";
    std::string usb_manufacturer = {}, usb_product = {}, usb_serial = {}; ///< empty: the board's own
};

namespace detail {

inline void put_u16(io::bytes& out, std::uint32_t v) {
    out.push_back(static_cast<std::uint8_t>(v));
    out.push_back(static_cast<std::uint8_t>(v >> 8));
}
inline void put_u32(io::bytes& out, std::uint32_t v) {
    put_u16(out, v);
    put_u16(out, v >> 16);
}
inline void set_u32(io::bytes& out, std::size_t at, std::uint32_t v) {
    for (std::size_t i = 0; i < 4; ++i) out[at + i] = static_cast<std::uint8_t>(v >> (8 * i));
}

inline io::bytes deflate(std::string_view text) {
    uLongf length = ::compressBound(static_cast<uLong>(text.size()));
    io::bytes packed(length);
    ::compress2(packed.data(), &length, reinterpret_cast<const Bytef*>(text.data()), static_cast<uLong>(text.size()),
                Z_BEST_COMPRESSION);
    packed.resize(length);
    return packed;
}

/// Where the packed dictionary lies; the rest of the image, and nothing else, goes into its own checksum.
inline constexpr std::size_t dictionary_slot = 1024;

/// The identify dictionary as Klipper's build writes it: sorted keys, level 9, so that it starts 78 da. The keys
/// STAND_IN_* let the simulated board refuse to run an image that was not written whole.
inline io::bytes stand_in_dictionary(const image_recipe& recipe, std::size_t image_size, std::uint32_t checksum) {
    boost::json::object config{
        {"CLOCK_FREQ", 180000000}, {"MCU", recipe.mcu}, {"STAND_IN_CRC", checksum}, {"STAND_IN_SIZE", image_size}};
    for (const auto& [key, text] : {std::pair{"STAND_IN_USB_MANUFACTURER", &recipe.usb_manufacturer},
                                    {"STAND_IN_USB_PRODUCT", &recipe.usb_product},
                                    {"STAND_IN_USB_SERIAL", &recipe.usb_serial}})
        if (!text->empty()) config[key] = *text;
    const boost::json::object dictionary{
        {"app", recipe.app},
        {"build_versions", "gcc: (stand-in) 12.2.0 binutils: (stand-in) 2.40"},
        {"commands",
         {{"allocate_oids count=%c", 8},
          {"emergency_stop", 4},
          {"finalize_config crc=%u", 7},
          {"get_clock", 5},
          {"get_config", 6},
          {"get_uptime", 3},
          {"identify offset=%u count=%c", 1},
          {"reset", 2}}},
        {"config", std::move(config)},
        {"enumerations", {{"static_string_id", {{"Command request", 2}, {"Missed scheduling of next event", 3}}}}},
        {"responses",
         {{"clock clock=%u", 65},
          {"config is_config=%c crc=%u is_shutdown=%c move_count=%hu", 66},
          {"identify_response offset=%u data=%.*s", 0},
          {"is_shutdown static_string_id=%hu", 67},
          {"shutdown clock=%u static_string_id=%hu", 68},
          {"uptime high=%u clock=%u", 69}}},
        {"version", recipe.version}};
    return deflate(boost::json::serialize(dictionary));
}

[[nodiscard]] inline std::size_t dictionary_place(std::size_t image_size) noexcept {
    return (image_size - dictionary_slot) / 2 & ~std::size_t{15};
}

[[nodiscard]] inline std::uint32_t stand_in_checksum(io::byte_view image) {
    const std::size_t slot = dictionary_place(image.size());
    const auto tail = image.subspan(slot + dictionary_slot);
    const uLong head = ::crc32(0, image.data(), static_cast<uInt>(slot));
    return static_cast<std::uint32_t>(::crc32(head, tail.data(), static_cast<uInt>(tail.size())));
}

[[nodiscard]] inline bool has_arm_vectors(std::string_view mcu) noexcept {
    return !mcu.starts_with("at") && mcu != "linux";
}

} // namespace detail

/// The flat image (klipper.bin). Word 0 is the initial stack pointer and word 1 the reset vector (Thumb bit set, inside
/// of the image) on ARM; an AVR image starts with a jump.
[[nodiscard]] inline io::bytes make_image(const image_recipe& recipe) {
    constexpr std::size_t vectors = 0x200;
    io::bytes image(std::max<std::size_t>(recipe.size, 2048));
    std::uint32_t state = 2166136261u;
    for (const char c : recipe.mcu + recipe.version) state = (state ^ static_cast<std::uint8_t>(c)) * 16777619u;
    for (auto& byte : image) {
        state = state * 1664525u + 1013904223u;
        byte = static_cast<std::uint8_t>(state >> 24);
    }
    if (detail::has_arm_vectors(recipe.mcu)) {
        detail::set_u32(image, 0, 0x20010000);
        detail::set_u32(image, 4, (recipe.app_start + vectors) | 1);
    } else {
        detail::set_u32(image, 0, 0x0100940c); // AVR: jmp 0x200
    }
    const std::uint32_t checksum = detail::stand_in_checksum(image);
    io::bytes dictionary = detail::stand_in_dictionary(recipe, image.size(), checksum);
    dictionary.resize(
        std::max(dictionary.size(), detail::dictionary_slot)); // longer names would show as a bad checksum
    const auto slot = image.begin() + static_cast<std::ptrdiff_t>(detail::dictionary_place(image.size()));
    std::copy_n(dictionary.begin(), detail::dictionary_slot, slot);
    return image;
}

/// klipper.uf2: 256 bytes a block. An rp2040 image linked at 0x...100 gets a stand-in second-stage boot page before it.
[[nodiscard]] inline io::bytes make_uf2(const image_recipe& recipe) {
    constexpr std::uint32_t family_rp2040 = 0xe48bff56;
    constexpr std::size_t page = 256;
    io::bytes flat = make_image(recipe);
    std::uint32_t address = recipe.app_start;
    if ((address & 0xfff) == page) {
        flat.insert(flat.begin(), page, 0xb2);
        address -= static_cast<std::uint32_t>(page);
    }
    flat.resize((flat.size() + page - 1) / page * page, 0);
    const std::size_t blocks = flat.size() / page;
    io::bytes out;
    for (std::size_t n = 0; n < blocks; ++n) {
        const std::size_t start = out.size();
        for (const std::uint32_t word :
             {0x0a324655u, 0x9e5d5157u, 0x00002000u, address + static_cast<std::uint32_t>(n * page),
              static_cast<std::uint32_t>(page), static_cast<std::uint32_t>(n), static_cast<std::uint32_t>(blocks),
              family_rp2040})
            detail::put_u32(out, word);
        const auto from = flat.begin() + static_cast<std::ptrdiff_t>(n * page);
        out.insert(out.end(), from, from + static_cast<std::ptrdiff_t>(page));
        out.resize(start + 508, 0);
        detail::put_u32(out, 0x0ab16f30u);
    }
    return out;
}

/// klipper.elf.hex: 16 bytes a record, extended segment records past 64 KiB, CRLF, as avr-objcopy writes it.
[[nodiscard]] inline io::bytes make_hex(const image_recipe& recipe) {
    const io::bytes flat = make_image(recipe);
    io::bytes out;
    const auto record = [&out](std::uint32_t address, unsigned type, io::byte_view data) {
        std::string line = fmt::format(":{:02X}{:04X}{:02X}", data.size(), address & 0xffff, type);
        unsigned sum = static_cast<unsigned>(data.size()) + (address >> 8 & 0xff) + (address & 0xff) + type;
        for (const std::uint8_t byte : data) {
            line += fmt::format("{:02X}", byte);
            sum += byte;
        }
        line += fmt::format("{:02X}\r\n", (0x100 - (sum & 0xff)) & 0xff);
        out.insert(out.end(), line.begin(), line.end());
    };
    for (std::size_t at = 0; at < flat.size(); at += 16) {
        const auto address = static_cast<std::uint32_t>(at);
        if (at != 0 && address % 0x10000 == 0) {
            const std::uint32_t segment = address >> 4;
            const std::uint8_t words[] = {static_cast<std::uint8_t>(segment >> 8), static_cast<std::uint8_t>(segment)};
            record(0, 2, words);
        }
        record(address, 0, io::byte_view(flat).subspan(at, std::min<std::size_t>(16, flat.size() - at)));
    }
    record(0, 1, {});
    return out;
}

/// klipper.elf: a 32-bit little-endian executable with one loadable segment, the flat image.
[[nodiscard]] inline io::bytes make_elf(const image_recipe& recipe) {
    const io::bytes flat = make_image(recipe);
    const bool arm = detail::has_arm_vectors(recipe.mcu);
    const std::uint32_t address = arm ? recipe.app_start : recipe.mcu == "linux" ? 0x08048054u : 0u;
    constexpr std::uint32_t headers = 52 + 32;
    const auto size = static_cast<std::uint32_t>(flat.size());
    io::bytes out{0x7f, 'E', 'L', 'F', 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    detail::put_u16(out, 2);                                           // ET_EXEC
    detail::put_u16(out, arm ? 40 : recipe.mcu == "linux" ? 3u : 83u); // EM_ARM, EM_386, EM_AVR
    for (const std::uint32_t word : {1u, address + 0x201, 52u, 0u, 0u}) detail::put_u32(out, word);
    for (const std::uint32_t half : {52u, 32u, 1u, 0u, 0u, 0u}) detail::put_u16(out, half);
    for (const std::uint32_t word : {1u, headers, address, address, size, size, 5u, 4u}) detail::put_u32(out, word);
    out.insert(out.end(), flat.begin(), flat.end());
    return out;
}

} // namespace kf::sim
