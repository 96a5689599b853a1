// SPDX-License-Identifier: MIT
#pragma once
/// Katapult's frames, without I/O: `01 88 | command | words | payload | crc low, high | 99 03`. The host sends
/// commands, the device answers each with one frame: ACK (its payload begins with the command), NACK, COMMAND_ERROR or
/// BUSY. Spec: Katapult protocol.md.

#include <kf/io/transport.hpp>
#include <kf/mcu/crc16.hpp>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace kf::flash {

enum class katapult_command : std::uint8_t {
    connect = 0x11,
    send_block = 0x12,
    eof = 0x13,
    request_block = 0x14,
    complete = 0x15,
    get_canbus_id = 0x16,
    prime = 0x90, ///< no command at all: its COMMAND_ERROR gets a double-buffered USB endpoint going
};

struct katapult_answer {
    enum class kind : std::uint8_t {
        ack = 0xa0,
        nack = 0xf1,
        command_error = 0xf2,
        busy = 0xf3,
        damaged = 0, ///< a frame came, but its CRC or its end is wrong
    };
    kind type = kind::damaged;
    std::uint32_t command = 0; ///< of an ack: the command that it answers
    io::bytes payload = {};    ///< of an ack: what follows the command

    bool operator==(const katapult_answer&) const = default;
};

struct bootloader_info {
    std::uint32_t protocol = 0;  ///< 0x00010100 is 1.1.0
    std::uint32_t app_start = 0; ///< where it starts the application: must be where the image is linked
    std::uint32_t block_size = 0;
    std::string mcu;     ///< the same word as CONFIG_MCU
    std::string version; ///< of Katapult; empty before protocol 1.1

    bool operator==(const bootloader_info&) const = default;
};

namespace detail {
inline constexpr std::size_t katapult_overhead = 8;
/// The largest answer: a block of 512 bytes with command and address.
inline constexpr std::size_t katapult_words_max = 2 + 512 / 4;

[[nodiscard]] inline std::uint32_t get_u32(io::byte_view data, std::size_t at) noexcept {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) value |= std::uint32_t{data[at + i]} << (8 * i);
    return value;
}
inline void put_u32(io::bytes& out, std::uint32_t value) {
    for (int shift = 0; shift < 32; shift += 8) out.push_back(static_cast<std::uint8_t>(value >> shift));
}
} // namespace detail

/// One frame; hand it to write_all whole. The payload is a whole number of words.
[[nodiscard]] inline io::bytes encode_frame(std::uint8_t command, io::byte_view payload) {
    assert(payload.size() % 4 == 0 && payload.size() / 4 <= 255);
    io::bytes frame{0x01, 0x88, command, static_cast<std::uint8_t>(payload.size() / 4)};
    frame.reserve(payload.size() + detail::katapult_overhead);
    frame.insert(frame.end(), payload.begin(), payload.end());
    const std::uint16_t crc = mcu::crc16(io::byte_view(frame).subspan(2));
    for (const int byte : {crc & 0xff, crc >> 8, 0x99, 0x03}) frame.push_back(static_cast<std::uint8_t>(byte));
    return frame;
}
[[nodiscard]] inline io::bytes encode_frame(katapult_command command) {
    return encode_frame(std::to_underlying(command), {});
}
/// A command with a block address and, for SEND_BLOCK, its data.
[[nodiscard]] inline io::bytes encode_frame(katapult_command command, std::uint32_t address, io::byte_view data = {}) {
    io::bytes payload;
    detail::put_u32(payload, address);
    payload.insert(payload.end(), data.begin(), data.end());
    return encode_frame(std::to_underlying(command), payload);
}

/// Finds answers in a stream. Bytes that cannot begin a frame are passed over; a frame that is whole but wrong is
/// reported as damaged, so that nobody waits for it, and the search goes on behind its first byte.
class katapult_decoder {
  public:
    void feed(io::byte_view in) { buffer_.insert(buffer_.end(), in.begin(), in.end()); }

    [[nodiscard]] std::optional<katapult_answer> next() {
        for (;;) {
            constexpr std::array<std::uint8_t, 2> header{0x01, 0x88};
            auto begin = std::search(buffer_.begin(), buffer_.end(), header.begin(), header.end());
            if (begin == buffer_.end() && !buffer_.empty() && buffer_.back() == header[0]) --begin;
            buffer_.erase(buffer_.begin(), begin);
            if (buffer_.size() < 4) return std::nullopt;
            const std::size_t words = buffer_[3];
            if (words > detail::katapult_words_max) {
                buffer_.erase(buffer_.begin());
                continue;
            }
            const std::size_t size = words * 4 + detail::katapult_overhead;
            if (buffer_.size() < size) return std::nullopt;
            const io::bytes frame(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(size));
            auto answer = answer_in(frame);
            const std::size_t used = answer.type == katapult_answer::kind::damaged ? 1 : size;
            buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(used));
            return answer;
        }
    }

    /// Bytes of a frame that is not whole yet.
    [[nodiscard]] std::size_t pending() const noexcept { return buffer_.size(); }
    /// What looked like the beginning of a frame was none (nothing followed): look behind it.
    void give_up_pending() {
        if (!buffer_.empty()) buffer_.erase(buffer_.begin());
    }
    void clear() noexcept { buffer_.clear(); }

  private:
    [[nodiscard]] static katapult_answer answer_in(io::byte_view frame) {
        const std::size_t end = frame.size() - 4;
        const std::uint16_t crc = mcu::crc16(frame.subspan(2, end - 2));
        if (frame[end] != (crc & 0xff) || frame[end + 1] != crc >> 8 || frame[end + 2] != 0x99 ||
            frame[end + 3] != 0x03)
            return {};
        const io::byte_view payload = frame.subspan(4, end - 4);
        switch (const auto type = static_cast<katapult_answer::kind>(frame[2])) {
        case katapult_answer::kind::ack:
            if (payload.size() < 4) return {};
            return {type, detail::get_u32(payload, 0), io::bytes(payload.begin() + 4, payload.end())};
        case katapult_answer::kind::nack:
        case katapult_answer::kind::command_error:
        case katapult_answer::kind::busy: return {type};
        case katapult_answer::kind::damaged: break;
        }
        return {};
    }

    io::bytes buffer_;
};

/// The payload of CONNECT's ack. The two strings are padded with NULs, and one more zero word lies between them.
[[nodiscard]] inline std::optional<bootloader_info> parse_bootloader_info(io::byte_view payload) {
    if (payload.size() < 12) return std::nullopt;
    bootloader_info info{detail::get_u32(payload, 0), detail::get_u32(payload, 4), detail::get_u32(payload, 8), {}, {}};
    const auto nul = [](std::uint8_t c) { return c == 0; };
    auto at = payload.begin() + 12;
    for (std::string* text : {&info.mcu, &info.version}) {
        const auto first = std::find_if_not(at, payload.end(), nul);
        at = std::find_if(first, payload.end(), nul);
        text->assign(first, at);
    }
    return info;
}

/// STM32 parts with the USBFS peripheral (all but F2, F4 and H7) answer one exchange late until they were primed.
[[nodiscard]] inline bool needs_prime(std::string_view mcu) noexcept {
    return mcu.starts_with("stm32") && !mcu.starts_with("stm32f2") && !mcu.starts_with("stm32f4") &&
           !mcu.starts_with("stm32h7");
}

} // namespace kf::flash
