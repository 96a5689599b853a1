// SPDX-License-Identifier: MIT
#pragma once
/// A Katapult bootloader without I/O: bytes in, bytes and the time they took out. Written from what the real one was
/// seen to do (tests/transcripts/katapult), its bugs included: a damaged frame is NACKed once and then hangs it for
/// good; an address outside of the flash hangs an STM32; an rp2040 keeps 256 bytes back until the next page or EOF.

#include <kf/io/clock.hpp>
#include <kf/io/transport.hpp>
#include <kf/mcu/crc16.hpp>
#include <kf/sim/flash_memory.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace kf::sim {

/// Each is off when 0 or empty. Blocks, answers and reads are counted from 1, from power-up.
struct katapult_faults {
    std::string says_mcu = {};        ///< CONNECT lies about the MCU
    std::uint32_t says_app_start = 0; ///< CONNECT lies about the application start
    std::size_t drop_answer = 0;      ///< the nth answer is lost on the way
    std::size_t wedge_at_block = 0;   ///< the nth SEND_BLOCK arrives damaged
    std::size_t die_at_block = 0;     ///< the power goes at the nth SEND_BLOCK
    std::size_t flip_at_read = 0;     ///< the nth REQUEST_BLOCK brings one wrong bit
};

struct katapult_options {
    std::string mcu = "stm32f446xx";
    std::uint32_t block_size = 64;
    std::string version = "v0.0.1-109-g902f335";
    io::duration erase_128k = std::chrono::milliseconds(1500); ///< smaller pages take their share
    katapult_faults faults = {};
};

struct device_reply {
    io::bytes bytes = {};
    io::duration busy = io::duration::zero(); ///< how long the device worked before it answered
};

class katapult_mcu {
  public:
    katapult_mcu(katapult_options options, flash_memory flash)
      : options_(std::move(options))
      , flash_(flash) {}

    [[nodiscard]] device_reply feed(io::byte_view in) {
        device_reply reply;
        if (hung_ || off_) return reply;
        buffer_.insert(buffer_.end(), in.begin(), in.end());
        while (!buffer_.empty() && step(reply)) {}
        if (off_) reply.bytes.clear();
        return reply;
    }

    /// COMPLETE was acked: it resets into the application 100 ms later.
    [[nodiscard]] bool leaving() const noexcept { return leaving_; }
    /// It answers nothing until the power is switched off and on.
    [[nodiscard]] bool hung() const noexcept { return hung_; }
    /// The power went (a fault).
    [[nodiscard]] bool off() const noexcept { return off_; }

  private:
    static constexpr std::size_t frame_min = 8, frame_max = 128, page = 256;

    /// One look at the front of the buffer; false: wait for more.
    bool step(device_reply& reply) {
        if (skipping_) {
            resync();
            return true;
        }
        if (buffer_.size() < frame_min) return false;
        const std::size_t size = buffer_[3] * 4u + 8;
        if (buffer_[0] != 0x01 || buffer_[1] != 0x88 || size > frame_max) return reject(reply);
        if (buffer_.size() < size) return false;
        const std::uint16_t crc = mcu::crc16(io::byte_view(buffer_).subspan(2, size - 6));
        if (buffer_[size - 4] != (crc & 0xff) || buffer_[size - 3] != crc >> 8 || buffer_[size - 2] != 0x99 ||
            buffer_[size - 1] != 0x03)
            return reject(reply);
        complained_ = false;
        const io::bytes frame(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(size));
        buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(size));
        dispatch(frame, reply);
        return !hung_ && !off_;
    }

    /// One complaint per stretch of nonsense. The bug: the search for the next frame begins at the first byte of the
    /// bad one; when that is a 01, it is found again, for ever.
    bool reject(device_reply& reply) {
        if (!complained_) answer(reply, 0xf1, {});
        complained_ = true;
        hung_ = buffer_[0] == 0x01;
        if (!hung_) resync();
        return !hung_;
    }

    void resync() {
        const auto next = std::find(buffer_.begin(), buffer_.end(), std::uint8_t{0x01});
        skipping_ = next == buffer_.end();
        buffer_.erase(buffer_.begin(), next);
    }

    void dispatch(io::byte_view frame, device_reply& reply) {
        switch (frame[2]) {
        case 0x11: connect(reply); break;
        case 0x12: write_block(frame, reply); break;
        case 0x13: {
            flush(reply);
            io::bytes count;
            put(count, pages_);
            ack(reply, 0x13, count);
            break;
        }
        case 0x14: read_block(frame, reply); break;
        case 0x15:
            ack(reply, 0x15, {});
            leaving_ = true;
            break;
        default: answer(reply, 0xf2, {});
        }
    }

    void connect(device_reply& reply) {
        const katapult_faults& f = options_.faults;
        io::bytes out;
        put(out, 0x00010100);
        put(out, f.says_app_start != 0 ? f.says_app_start : flash_.start());
        put(out, options_.block_size);
        put_text(out, f.says_mcu.empty() ? options_.mcu : f.says_mcu);
        put(out, 0);
        put_text(out, options_.version);
        ack(reply, 0x11, out);
    }

    void write_block(io::byte_view frame, device_reply& reply) {
        ++blocks_;
        if (blocks_ == options_.faults.die_at_block) {
            off_ = true;
            return;
        }
        if (blocks_ == options_.faults.wedge_at_block) {
            answer(reply, 0xf1, {});
            hung_ = true;
            return;
        }
        const bool rp2040 = flash_.family() == flash_family::rp2040;
        const std::uint32_t address = get(frame, 4);
        const io::byte_view data = frame.subspan(8, frame.size() - 12);
        if (data.size() != options_.block_size || address < flash_.start() || address % options_.block_size != 0)
            return answer(reply, 0xf2, {});
        if (!flash_.contains(address, data.size())) {
            if (rp2040) return answer(reply, 0xf2, {});
            hung_ = true; // nothing checks it: the access faults
            return;
        }
        if (!(rp2040 ? keep(address, data, reply) : program(address, data, reply))) return answer(reply, 0xf2, {});
        io::bytes out;
        put(out, address);
        ack(reply, 0x12, out);
    }

    /// STM32: the first block of a page erases it when it has to; any other block needs blank flash under it.
    bool program(std::uint32_t address, io::byte_view data, device_reply& reply) {
        const std::uint32_t size = flash_.page_size(address);
        const bool same = std::ranges::equal(flash_.read(address, data.size()), data);
        const auto rest = static_cast<std::uint32_t>(data.size());
        if (flash_.page_start(address) == address) {
            if (!flash_.blank(address, size)) {
                if (same && flash_.blank(address + rest, size - rest)) return true;
                flash_.erase_page(address);
                reply.busy += options_.erase_128k * size / (128 * 1024);
            }
            ++pages_;
        } else if (!flash_.blank(address, data.size())) {
            return same;
        }
        flash_.program(address, data);
        return true;
    }

    /// rp2040: blocks gather in a page, which goes to the flash when another one begins.
    bool keep(std::uint32_t address, io::byte_view data, device_reply& reply) {
        const auto start = static_cast<std::uint32_t>(address / page * page);
        if (kept_ && *kept_ != start) flush(reply);
        if (!kept_) page_.fill(0xff);
        kept_ = start;
        std::ranges::copy(data, page_.begin() + (address - start));
        return true;
    }
    void flush(device_reply& reply) {
        if (!kept_) return;
        if (flash_.page_start(*kept_) == *kept_) {
            flash_.erase_page(*kept_);
            reply.busy += options_.erase_128k * flash_.page_size(*kept_) / (128 * 1024);
        }
        flash_.program(*kept_, page_);
        ++pages_;
        kept_.reset();
    }

    /// The address is taken from where it should be, even in a frame too short to have one.
    void read_block(io::byte_view frame, device_reply& reply) {
        const std::uint32_t address = get(frame, 4);
        if (!flash_.contains(address, options_.block_size)) {
            hung_ = true;
            return;
        }
        io::bytes out;
        put(out, address);
        const auto data = flash_.read(address, options_.block_size);
        out.insert(out.end(), data.begin(), data.end());
        if (++reads_ == options_.faults.flip_at_read) out[4 + data.size() / 2] ^= 0x10;
        ack(reply, 0x14, out);
    }

    void ack(device_reply& reply, std::uint32_t command, io::byte_view payload) {
        io::bytes out;
        put(out, command);
        out.insert(out.end(), payload.begin(), payload.end());
        answer(reply, 0xa0, out);
    }
    void answer(device_reply& reply, std::uint8_t type, io::byte_view payload) {
        if (++answers_ == options_.faults.drop_answer) return;
        io::bytes frame{0x01, 0x88, type, static_cast<std::uint8_t>(payload.size() / 4)};
        frame.insert(frame.end(), payload.begin(), payload.end());
        const std::uint32_t crc = mcu::crc16(io::byte_view(frame).subspan(2));
        put(frame, 0x03990000u | crc);
        reply.bytes.insert(reply.bytes.end(), frame.begin(), frame.end());
    }

    static void put(io::bytes& out, std::uint32_t word) {
        for (int shift = 0; shift < 32; shift += 8) out.push_back(static_cast<std::uint8_t>(word >> shift));
    }
    static void put_text(io::bytes& out, const std::string& text) {
        out.insert(out.end(), text.begin(), text.end());
        out.resize((out.size() + 3) / 4 * 4, 0);
    }
    [[nodiscard]] static std::uint32_t get(io::byte_view in, std::size_t at) {
        return in[at] | std::uint32_t{in[at + 1]} << 8 | std::uint32_t{in[at + 2]} << 16 |
               std::uint32_t{in[at + 3]} << 24;
    }

    katapult_options options_;
    flash_memory flash_;
    io::bytes buffer_;
    std::array<std::uint8_t, page> page_{};
    std::optional<std::uint32_t> kept_;
    std::uint32_t pages_ = 0;
    std::size_t blocks_ = 0, reads_ = 0, answers_ = 0;
    bool skipping_ = false, complained_ = false, hung_ = false, off_ = false, leaving_ = false;
};

} // namespace kf::sim
