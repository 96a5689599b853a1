// SPDX-License-Identifier: MIT
#pragma once
/// The CRC of Klipper's message blocks and of Katapult's frames: CRC-16/MCRF4XX (polynomial 0x1021 reflected, initial
/// value 0xffff, no final xor). Klipper sends it high byte first, Katapult low byte first.

#include <array>
#include <cstdint>
#include <span>

namespace kf::mcu {

namespace detail {
inline constexpr std::array<std::uint16_t, 256> crc16_table = [] {
    std::array<std::uint16_t, 256> table{};
    for (unsigned i = 0; i < 256; ++i) {
        unsigned crc = i;
        for (int bit = 0; bit < 8; ++bit) crc = (crc & 1) != 0 ? crc >> 1 ^ 0x8408 : crc >> 1;
        table[i] = static_cast<std::uint16_t>(crc);
    }
    return table;
}();
} // namespace detail

[[nodiscard]] constexpr std::uint16_t crc16(std::span<const std::uint8_t> data) noexcept {
    unsigned crc = 0xffff;
    for (const std::uint8_t byte : data) crc = crc >> 8 ^ detail::crc16_table[(crc ^ byte) & 0xff];
    return static_cast<std::uint16_t>(crc);
}

} // namespace kf::mcu
