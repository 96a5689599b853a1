// SPDX-License-Identifier: MIT
#pragma once
/// A flash over Katapult's own protocol, on any transport. In order: connect(), then the caller's proofs (mcu,
/// application start, block size, image size), then write() (blocks, EOF, read-back of every block), then leave().
/// Facts behind the rules: a restart from block 0 always works; a frame that arrives damaged wedges the bootloader
/// until it is reset; leaving it after a failure would start a half-written application, so that is refused here.

#include <kf/error.hpp>
#include <kf/flash/katapult_frame.hpp>
#include <kf/flash/katapult_order.hpp>
#include <kf/io/clock.hpp>
#include <kf/io/exchange.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kf::flash {

enum class katapult_pass { write, verify };

/// Tries and patience per command. A block's ack can be behind the erase of 128 KiB.
struct katapult_timing {
    int connect_tries = 3;
    io::duration connect_wait = std::chrono::milliseconds(500);
    int tries = 3;
    io::duration block_wait = std::chrono::seconds(5);
    io::duration read_wait = std::chrono::seconds(2);
    io::duration complete_wait = std::chrono::milliseconds(500);
    io::duration busy_pause = std::chrono::milliseconds(1500);
    /// A wrong answer may be an old one with the right one behind it; half a frame may be noise.
    io::duration settle = std::chrono::milliseconds(250);
};

template<io::transport T, io::clock C>
class katapult_session {
  public:
    katapult_session(T& transport, C& clock, katapult_timing timing = {}) noexcept
      : transport_(&transport)
      , clock_(&clock)
      , timing_(timing) {}

    /// Looks for a Katapult. `usb_mcu`: the MCU as its USB name says it, or nothing; decides whether to prime.
    /// errc::flash_failed: nobody answered, the board is as it was.
    [[nodiscard]] result<bootloader_info> connect(std::string_view usb_mcu = {}) {
        if (needs_prime(usb_mcu)) KF_CHECK(send(encode_frame(katapult_command::prime)));
        bool nacked = false;
        for (int n = 0; n < timing_.connect_tries; ++n) {
            KF_CHECK(send(encode_frame(katapult_command::connect)));
            const auto until = clock_->now() + timing_.connect_wait;
            while (clock_->now() < until) {
                auto answer = receive(until);
                if (!answer && answer.error().code == errc::timeout) break;
                KF_TRY(const katapult_answer got, std::move(answer));
                nacked = nacked || got.type == katapult_answer::kind::nack;
                if (got.type != kind::ack || got.command != std::to_underlying(katapult_command::connect)) continue;
                auto info = parse_bootloader_info(got.payload);
                if (!info) return kf::fail(errc::protocol, "the bootloader's answer to CONNECT is too short");
                if (info->block_size < 64 || info->block_size > 512 || info->block_size % 64 != 0 ||
                    info->app_start % info->block_size != 0)
                    return kf::fail(error{
                        errc::mismatch, "the bootloader wants blocks that kflash cannot write",
                        fmt::format("block size {}, application start 0x{:08x}", info->block_size, info->app_start)});
                info_ = *info;
                connected_ = true;
                return *info;
            }
        }
        if (nacked) return kf::fail(wedged("CONNECT"));
        return kf::fail(error{
            errc::flash_failed,
            "no Katapult bootloader answers on this port",
            "the board is not in its bootloader, or it hangs",
            {},
            {"press reset twice within half a second, then flash again", "or switch the board's power off and on"}});
    }

    /// Writes the image, ends it with EOF and reads every block back. `progress(done, total, pass)` counts blocks.
    /// Never asks for interruption. errc::half_written: begun, not finished; errc::verify_failed: the board's memory
    /// does not hold the image. In both cases the board stays in its bootloader and a new flash from the start works.
    template<std::invocable<std::size_t, std::size_t, katapult_pass> P>
    [[nodiscard]] result<void> write(io::byte_view image, P&& progress) {
        if (!connected_ || image.empty()) return kf::fail(errc::usage, "there is no bootloader or no image to write");
        verified_ = false;
        const std::size_t size = info_.block_size;
        const std::size_t total = (image.size() + size - 1) / size;
        std::size_t done = 0;
        for (const auto& block : plan_blocks(info_, image.size())) {
            const io::bytes data = block_data(image, block.offset, size);
            const io::bytes frame = encode_frame(katapult_command::send_block, block.address, data);
            written_any_ = true; // from the first byte on the wire: the device may act on a frame whose ack is lost
            if (auto ack = ask(frame, katapult_command::send_block, block.address, timing_.block_wait); !ack)
                return kf::fail(half_written(std::move(ack).error(), block.address));
            if (block.offset != planned_block::blank) progress(++done, total, katapult_pass::write);
        }
        if (auto ack = ask(encode_frame(katapult_command::eof), katapult_command::eof, {}, timing_.block_wait); !ack)
            return kf::fail(half_written(std::move(ack).error(), info_.app_start));
        for (std::size_t n = 0; n < total; ++n) {
            const std::uint32_t address = info_.app_start + static_cast<std::uint32_t>(n * size);
            const io::bytes frame = encode_frame(katapult_command::request_block, address);
            auto answer = ask(frame, katapult_command::request_block, address, timing_.read_wait);
            if (!answer) return kf::fail(unverified(std::move(answer).error(), address));
            if (!std::ranges::equal(io::byte_view(answer->payload).subspan(4), block_data(image, n * size, size)))
                return kf::fail(differs(address));
            progress(n + 1, total, katapult_pass::verify);
        }
        verified_ = true;
        return {};
    }

    /// COMPLETE: the board starts its application. Only when nothing was sent yet (the old one is intact) or after
    /// a verified write; refused otherwise, because it would start what was half written.
    [[nodiscard]] result<void> leave() {
        if (written_any_ && !verified_)
            return kf::fail(errc::refused, "the board is half written: it has to stay in its bootloader");
        const io::bytes frame = encode_frame(katapult_command::complete);
        for (int n = 0; n < timing_.tries; ++n) {
            auto sent = send(frame);
            if (!sent && sent.error().code == errc::connection_lost && n > 0) return {}; // it reset, the ack was lost
            if (!sent) return kf::fail(no_start());
            const auto until = clock_->now() + timing_.complete_wait;
            while (clock_->now() < until) {
                auto answer = receive(until);
                if (!answer && answer.error().code == errc::connection_lost) return {};
                if (!answer && answer.error().code == errc::timeout) break;
                KF_CHECK(answer);
                if (answer->type == kind::ack && answer->command == std::to_underlying(katapult_command::complete))
                    return {};
                if (answer->type == kind::nack) return kf::fail(no_start());
            }
        }
        return kf::fail(no_start());
    }

    /// True from the first SEND_BLOCK on: then the old firmware is gone, and no other method may be tried in its place
    /// without a word.
    [[nodiscard]] bool written_any() const noexcept { return written_any_; }
    [[nodiscard]] const bootloader_info& info() const noexcept { return info_; }

  private:
    using kind = katapult_answer::kind;

    [[nodiscard]] result<void> send(io::byte_view frame) {
        return transport_->write_all(frame, clock_->now() + timing_.block_wait);
    }

    /// The next answer. The beginning of a frame that is not followed by its rest counts as noise.
    [[nodiscard]] result<katapult_answer> receive(io::time_point until) {
        for (;;) {
            const std::size_t before = decoder_.pending();
            const auto slice = std::min(until, clock_->now() + timing_.settle);
            auto answer = io::receive(*transport_, decoder_, slice);
            if (answer || answer.error().code != errc::timeout) return answer;
            if (before != 0 && decoder_.pending() == before) decoder_.give_up_pending();
            if (clock_->now() >= until) return answer;
        }
    }

    /// One command until it is acked for this very address. Every way for the exchange to fail is tried again, except
    /// a NACK: our frames are well formed, so it means that this one was damaged on the way and the bootloader hangs.
    [[nodiscard]] result<katapult_answer> ask(io::byte_view frame, katapult_command command,
                                              std::optional<std::uint32_t> address, io::duration wait) {
        std::string last;
        for (int n = 0; n < timing_.tries; ++n) {
            KF_CHECK(send(frame));
            auto until = clock_->now() + wait;
            last = "it did not answer in time";
            while (clock_->now() < until) {
                auto received = receive(until);
                if (!received && received.error().code == errc::timeout) break;
                KF_TRY(katapult_answer answer, std::move(received));
                const std::size_t needed = command == katapult_command::request_block ? 4 + info_.block_size : 4;
                if (answer.type == kind::ack && answer.command == std::to_underlying(command) &&
                    answer.payload.size() >= needed && (!address || detail::get_u32(answer.payload, 0) == *address)) {
                    answer.payload.resize(needed);
                    return answer;
                }
                if (answer.type == kind::nack) return kf::fail(wedged(name_of(command)));
                if (answer.type == kind::busy) {
                    last = "it says that it is busy";
                    pause(timing_.busy_pause);
                    break;
                }
                if (answer.type == kind::command_error) {
                    last = "it refuses the command";
                    break;
                }
                last = answer.type == kind::ack ? "it answers something else" : "its answer arrives damaged";
                until = std::min(until, clock_->now() + timing_.settle);
            }
        }
        return kf::fail(error{errc::protocol, fmt::format("the bootloader does not do {}", name_of(command)), last});
    }

    void pause(io::duration d) {
        const auto until = clock_->now() + d;
        while (clock_->now() < until) clock_->sleep_until(until); // a signal ends a nap, not the pause
    }

    [[nodiscard]] static const char* name_of(katapult_command command) noexcept {
        switch (command) {
        case katapult_command::connect: return "CONNECT";
        case katapult_command::send_block: return "SEND_BLOCK";
        case katapult_command::eof: return "EOF";
        case katapult_command::request_block: return "REQUEST_BLOCK";
        case katapult_command::complete: return "COMPLETE";
        case katapult_command::get_canbus_id: return "GET_CANBUS_ID";
        case katapult_command::prime: break;
        }
        return "a command";
    }

    [[nodiscard]] static std::vector<std::string> start_over() {
        return {"leave the board powered if you can, and flash it again",
                "no answer: press reset twice within half a second, flash again",
                "still none: use the chip's own bootloader (BOOT0 or BOOTSEL)"};
    }
    [[nodiscard]] static error wedged(const char* command) {
        return {errc::flash_failed,
                fmt::format("a frame reached the bootloader damaged ({}): it hangs now", command),
                "Katapult answers nothing after a damaged frame until it is reset",
                {},
                {"switch the board's power off and on, or press reset twice", "check the cable, then flash again"}};
    }
    /// One line: a wedge is explained by its cause alone.
    [[nodiscard]] static std::string reason(const error& e) {
        if (e.cause.empty()) return e.what;
        return e.code == errc::flash_failed ? e.cause : e.what + ": " + e.cause;
    }

    [[nodiscard]] static error half_written(error why, std::uint32_t address) {
        const bool wedge = why.code == errc::flash_failed;
        return {errc::half_written,
                fmt::format("writing stopped at 0x{:08x}: the board is half written", address),
                reason(why),
                {},
                wedge ? std::move(why.steps) : start_over()};
    }
    [[nodiscard]] static error unverified(error why, std::uint32_t address) {
        const bool wedge = why.code == errc::flash_failed;
        return {errc::verify_failed,
                fmt::format("written, but reading back stopped at 0x{:08x}", address),
                reason(why),
                {},
                wedge ? std::move(why.steps) : start_over()};
    }
    [[nodiscard]] static error differs(std::uint32_t address) {
        return {errc::verify_failed,
                fmt::format("the board's memory differs from the image at 0x{:08x}", address),
                "the flash memory did not take the data, or it is worn out",
                {},
                {"flash again: the board waits in its bootloader",
                 "the same again: erase the whole chip by DFU or SWD, then flash"}};
    }
    [[nodiscard]] error no_start() const {
        return {written_any_ ? errc::verify_failed : errc::flash_failed,
                written_any_ ? "written and read back, but the bootloader does not start it"
                             : "the bootloader does not go back to the firmware",
                "the bootloader does not answer COMPLETE",
                {},
                {"press the board's reset button, or switch its power off and on", "kflash identify"}};
    }

    T* transport_;
    C* clock_;
    katapult_timing timing_;
    katapult_decoder decoder_;
    bootloader_info info_;
    bool connected_ = false;
    bool written_any_ = false;
    bool verified_ = false;
};

} // namespace kf::flash
