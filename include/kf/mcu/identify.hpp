// SPDX-License-Identifier: MIT
#pragma once
/// Asks a running Klipper MCU which firmware it is, without klippy: `identify offset=%u count=%c` (message 1) until the
/// dictionary of `identify_response offset=%u data=%.*s` (message 0) is whole. The last proof of a flash.
///
/// The MCU may be in the middle of a session with another sequence number: its first nak names the number it expects.

#include <kf/error.hpp>
#include <kf/io/clock.hpp>
#include <kf/io/exchange.hpp>
#include <kf/mcu/dictionary.hpp>
#include <kf/mcu/message_block.hpp>

#include <algorithm>
#include <chrono>
#include <optional>

namespace kf::mcu {

/// Each request asks for this much, as klippy does: the answer still fits into one block.
inline constexpr std::uint32_t identify_chunk = 40;

namespace detail {

/// A try is repeated when nothing came in for this long. Answers take milliseconds; a repeat does no harm.
inline constexpr std::chrono::milliseconds identify_retry{250};
/// A nak for the number that was just sent may be older than the sending; an answer in this time proves that.
inline constexpr std::chrono::milliseconds identify_doubt{30};

/// The data of an identify_response for `offset`; nothing for any other message.
[[nodiscard]] inline std::optional<io::bytes> identify_data(const message_block& block, std::uint32_t offset) {
    io::byte_view content = block.content;
    if (content.empty() || take_vlq(content) != 0u || take_vlq(content) != offset) return std::nullopt;
    const auto data = take_buffer(content);
    if (!data) return std::nullopt;
    return io::bytes(data->begin(), data->end());
}

template<io::transport T, io::clock C>
[[nodiscard]] result<io::bytes> identify_exchange(T& t, C& clock, message_decoder& decoder, std::uint8_t& sequence,
                                                  std::uint32_t offset, io::time_point until) {
    io::bytes content;
    put_vlq(content, 1);
    put_vlq(content, offset);
    put_vlq(content, identify_chunk);

    std::optional<io::bytes> data;
    bool send = true;
    io::time_point patience{};
    for (;;) {
        if (send) {
            KF_CHECK(t.write_all(encode_block(sequence, content), until));
            patience = std::min(until, clock.now() + identify_retry);
            send = false;
        }
        auto block = clock.now() < patience ? io::receive(t, decoder, patience)
                                            : result<message_block>(kf::fail(errc::timeout, "no answer in time"));
        if (!block) {
            if (block.error().code != errc::timeout) return kf::fail(std::move(block).error());
            if (data) return std::move(*data); // the ack behind the answer was lost
            if (clock.now() >= until) return kf::fail(std::move(block).error());
            send = true;
        } else if (!block->content.empty()) {
            auto found = identify_data(*block, offset);
            if (!found) continue; // the board talks of something else
            data = std::move(found);
            sequence = block->sequence;
            patience = std::min(until, clock.now() + identify_doubt);
        } else if (data) {
            sequence = block->sequence;
            return std::move(*data);
        } else if (block->sequence == sequence) {
            patience = std::min(patience, clock.now() + identify_doubt);
        } else { // a nak from another session, or the ack of an answer that was lost
            sequence = block->sequence;
            send = true;
        }
    }
}

} // namespace detail

/// The whole conversation has to end before `until`. errc::timeout: nothing that speaks Klipper's protocol is there;
/// errc::connection_lost; errc::malformed: it answers, but not with a dictionary.
template<io::transport T, io::clock C>
[[nodiscard]] result<dictionary> identify(T& t, C& clock, io::time_point until) {
    message_decoder decoder;
    std::uint8_t sequence = 0;
    io::bytes packed;
    for (;;) {
        auto chunk =
            detail::identify_exchange(t, clock, decoder, sequence, static_cast<std::uint32_t>(packed.size()), until);
        if (!chunk && chunk.error().code == errc::timeout)
            return kf::fail(
                error{errc::timeout,
                      packed.empty() ? "the board does not answer Klipper's identify request"
                                     : "the board stopped answering in the middle of identify",
                      "no Klipper firmware runs on it, or it has stopped",
                      {},
                      {"press the board's reset button, or switch its power off and on", "kflash identify"}});
        if (!chunk) return kf::fail(std::move(chunk).error());
        packed.insert(packed.end(), chunk->begin(), chunk->end());
        if (chunk->size() < identify_chunk) return unpack_dictionary(packed);
        if (packed.size() > dictionary_limit) return kf::fail(errc::malformed, "the board's dictionary has no end");
    }
}

} // namespace kf::mcu
