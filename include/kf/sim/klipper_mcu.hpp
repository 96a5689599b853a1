// SPDX-License-Identifier: MIT
#pragma once
/// A board that runs Klipper, without I/O: what the reset decides, and an application that answers identify with the
/// dictionary found in its own flash, behind Klipper's sequence numbers. Other commands are acked and ignored.

#include <kf/io/json_fields.hpp>
#include <kf/mcu/dictionary.hpp>
#include <kf/mcu/message_block.hpp>
#include <kf/sim/flash_memory.hpp>
#include <kf/sim/stand_in_image.hpp>

#include <boost/json.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

namespace kf::sim {

enum class boot {
    application, ///< it runs and shows up on the bus
    bootloader,  ///< no application: the first word is 0 or ffffffff
    hangs,       ///< Katapult started it, but it is broken: nothing shows up until somebody resets into the bootloader
};

/// Katapult looks at the first word only. What it starts runs if its reset vector lies in what is written, its
/// dictionary is whole and, for a stand-in image, so is everything else.
[[nodiscard]] inline boot boot_of(const flash_memory& flash) {
    const io::byte_view all = flash.bytes();
    const auto word = [&](std::size_t at) {
        return all[at] | std::uint32_t{all[at + 1]} << 8 | std::uint32_t{all[at + 2]} << 16 |
               std::uint32_t{all[at + 3]} << 24;
    };
    if (all.size() < 8 || word(0) == 0 || word(0) == 0xffffffff) return boot::bootloader;
    const std::uint32_t reset_vector = word(4) & ~1u;
    if (reset_vector < flash.start() || reset_vector - flash.start() >= flash.written()) return boot::hangs;
    const auto text = mcu::find_dictionary_text(all);
    if (!text) return boot::hangs;
    boost::json::error_code bad;
    const auto value = boost::json::parse(*text, bad);
    const auto& config = io::object_at(io::as_object(value), "config");
    if (!config.contains("STAND_IN_CRC") || !config.contains("STAND_IN_SIZE")) return boot::application; // a real image
    const auto crc = io::value_at<std::int64_t>(config, "STAND_IN_CRC");
    const auto size = io::value_at<std::int64_t>(config, "STAND_IN_SIZE");
    const auto whole = static_cast<std::size_t>(size.value_or(0));
    if (!crc || whole > all.size() || whole < detail::dictionary_slot) return boot::hangs;
    const bool intact = *crc == detail::stand_in_checksum(all.first(whole));
    return intact ? boot::application : boot::hangs;
}

class klipper_mcu {
  public:
    /// `dictionary`: zlib-packed. `sequence`: what it expects next, as if a session were already running.
    explicit klipper_mcu(io::bytes dictionary, std::uint8_t sequence = 0)
      : dictionary_(std::move(dictionary))
      , sequence_(sequence) {}

    /// The application in this flash; `says_version` replaces the version that it tells (a fault).
    [[nodiscard]] static result<klipper_mcu> in_flash(const flash_memory& flash, const std::string& says_version = {}) {
        KF_TRY(std::string text, mcu::find_dictionary_text(flash.bytes()));
        if (!says_version.empty()) {
            boost::json::error_code bad;
            auto value = boost::json::parse(text, bad);
            if (!bad && value.is_object()) value.get_object()["version"] = says_version;
            text = boost::json::serialize(value);
        }
        return klipper_mcu(detail::deflate(text));
    }

    [[nodiscard]] io::bytes feed(io::byte_view in) {
        io::bytes out;
        decoder_.feed(in);
        while (const auto block = decoder_.next()) {
            complain(out);
            complained_ = false;
            if (block->sequence != sequence_) {
                append(out, {}); // a nak: the number that it wants
                continue;
            }
            sequence_ = mcu::next_sequence(sequence_);
            dispatch(block->content, out);
            append(out, {});
        }
        complain(out);
        return out;
    }

  private:
    /// One nak per stretch of damage.
    void complain(io::bytes& out) {
        if (decoder_.damaged() == damaged_) return;
        damaged_ = decoder_.damaged();
        if (!complained_) append(out, {});
        complained_ = true;
    }

    void dispatch(io::byte_view content, io::bytes& out) {
        while (!content.empty()) {
            if (mcu::take_vlq(content) != 1u) return;
            const auto offset = mcu::take_vlq(content);
            const auto count = mcu::take_vlq(content);
            if (!offset || !count) return;
            io::bytes answer;
            mcu::put_vlq(answer, 0);
            mcu::put_vlq(answer, *offset);
            const std::size_t from = std::min<std::size_t>(*offset, dictionary_.size());
            const std::size_t room = mcu::block_max - mcu::block_min - answer.size() - 1;
            const std::size_t n = std::min({std::size_t{*count}, dictionary_.size() - from, room});
            answer.push_back(static_cast<std::uint8_t>(n));
            const auto data = io::byte_view(dictionary_).subspan(from, n);
            answer.insert(answer.end(), data.begin(), data.end());
            append(out, answer);
        }
    }

    void append(io::bytes& out, io::byte_view content) const {
        const io::bytes block = mcu::encode_block(sequence_, content);
        out.insert(out.end(), block.begin(), block.end());
    }

    io::bytes dictionary_;
    mcu::message_decoder decoder_;
    std::uint8_t sequence_;
    std::size_t damaged_ = 0;
    bool complained_ = false;
};

} // namespace kf::sim
