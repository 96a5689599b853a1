// SPDX-License-Identifier: MIT
#pragma once
/// Klipper's serial message blocks, without I/O: 5 to 64 bytes, `length, 0x10 + sequence, content, crc high, low, 7e`.
/// A block without content is an ack: its sequence is the one that the sender expects next. Content is a list of
/// variable-length integers (message id, then parameters) and length-prefixed buffers.
/// Spec: https://www.klipper3d.org/Protocol.html

#include <kf/io/transport.hpp>
#include <kf/mcu/crc16.hpp>

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace kf::mcu {

inline constexpr std::size_t block_min = 5;
inline constexpr std::size_t block_max = 64;
inline constexpr std::uint8_t block_sync = 0x7e;

struct message_block {
    std::uint8_t sequence = 0; ///< 0 to 15
    io::bytes content = {};    ///< empty: an ack, or a nak when it asks for what was already sent

    bool operator==(const message_block&) const = default;
};

[[nodiscard]] constexpr std::uint8_t next_sequence(std::uint8_t sequence) noexcept { return (sequence + 1) & 0x0f; }

/// `content` holds at most 59 bytes.
[[nodiscard]] inline io::bytes encode_block(std::uint8_t sequence, io::byte_view content) {
    assert(content.size() <= block_max - block_min);
    io::bytes block;
    block.reserve(content.size() + block_min);
    block.push_back(static_cast<std::uint8_t>(content.size() + block_min));
    block.push_back(static_cast<std::uint8_t>(0x10 | (sequence & 0x0f)));
    block.insert(block.end(), content.begin(), content.end());
    const std::uint16_t crc = crc16(block);
    block.push_back(static_cast<std::uint8_t>(crc >> 8));
    block.push_back(static_cast<std::uint8_t>(crc));
    block.push_back(block_sync);
    return block;
}

/// Finds blocks in a stream that may have lost or damaged bytes: what is no block is dropped up to the next 7e.
class message_decoder {
  public:
    void feed(io::byte_view in) { buffer_.insert(buffer_.end(), in.begin(), in.end()); }

    [[nodiscard]] std::optional<message_block> next() {
        for (;;) {
            if (lost_) {
                const auto sync = std::find(buffer_.begin(), buffer_.end(), block_sync);
                if (sync == buffer_.end()) {
                    buffer_.clear();
                    return std::nullopt;
                }
                buffer_.erase(buffer_.begin(), sync + 1);
                lost_ = false;
            }
            buffer_.erase(buffer_.begin(),
                          std::find_if(buffer_.begin(), buffer_.end(), [](auto b) { return b != block_sync; }));
            if (buffer_.size() < block_min) return std::nullopt;
            const std::size_t length = buffer_[0];
            if (length < block_min || length > block_max || (buffer_[1] & 0xf0) != 0x10) {
                note_damage();
                continue;
            }
            if (buffer_.size() < length) return std::nullopt;
            const unsigned crc = crc16(io::byte_view(buffer_).first(length - 3));
            if (buffer_[length - 1] != block_sync || buffer_[length - 3] != crc >> 8 ||
                buffer_[length - 2] != (crc & 0xff)) {
                note_damage();
                continue;
            }
            const auto begin = buffer_.begin();
            const auto end = begin + static_cast<std::ptrdiff_t>(length);
            message_block block{static_cast<std::uint8_t>(buffer_[1] & 0x0f), io::bytes(begin + 2, end - 3)};
            buffer_.erase(begin, end);
            return block;
        }
    }

    /// How often the stream was out of step.
    [[nodiscard]] std::size_t damaged() const noexcept { return damaged_; }

  private:
    void note_damage() {
        lost_ = true;
        ++damaged_;
    }

    io::bytes buffer_;
    std::size_t damaged_ = 0;
    bool lost_ = false;
};

/// Appends a variable-length integer; negative numbers go as their two's complement.
inline void put_vlq(io::bytes& out, std::uint32_t value) {
    const auto v = static_cast<std::int32_t>(value);
    for (const int shift : {28, 21, 14, 7})
        if (v >= 3 << (shift - 2) || v < -(1 << (shift - 2)))
            out.push_back(static_cast<std::uint8_t>(0x80 | (v >> shift & 0x7f)));
    out.push_back(static_cast<std::uint8_t>(value & 0x7f));
}

/// Takes a variable-length integer off the front of `content`; nothing when it is cut short.
[[nodiscard]] inline std::optional<std::uint32_t> take_vlq(io::byte_view& content) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < content.size() && i < 5; ++i) {
        const std::uint8_t byte = content[i];
        if (i == 0 && (byte & 0x60) == 0x60) value = ~std::uint32_t{0};
        value = value << 7 | (byte & 0x7f);
        if ((byte & 0x80) == 0) {
            content = content.subspan(i + 1);
            return value;
        }
    }
    return std::nullopt;
}

/// Takes a length-prefixed buffer off the front of `content`.
[[nodiscard]] inline std::optional<io::byte_view> take_buffer(io::byte_view& content) {
    if (content.empty() || content.size() < 1u + content[0]) return std::nullopt;
    const io::byte_view buffer = content.subspan(1, content[0]);
    content = content.subspan(1u + buffer.size());
    return buffer;
}

} // namespace kf::mcu
