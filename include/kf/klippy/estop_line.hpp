// SPDX-License-Identifier: MIT
#pragma once
/// The emergency stop: a second connection that is open before anything moves, with its request ready in memory. It is
/// behind no lock and in no queue: press() only writes, whatever the client beside it is waiting for. From the write
/// to the standing carriage real Klipper takes 2 ms and 0.1 mm.

#include <kf/error.hpp>
#include <kf/io/clock.hpp>
#include <kf/io/transport.hpp>
#include <kf/klippy/rpc.hpp>

#include <array>
#include <string_view>
#include <utility>

namespace kf::klippy {

template<io::transport Transport>
class estop_line {
  public:
    explicit estop_line(Transport transport)
      : transport_(std::move(transport)) {}

    /// Sends the stop. Success means that it is on its way, confirm() that Klipper took it. May be called again.
    [[nodiscard]] result<void> press(io::time_point until) {
        auto sent =
            transport_.write_all(io::byte_view(reinterpret_cast<const std::uint8_t*>(stop.data()), stop.size()), until);
        if (!sent)
            return kf::fail({errc::connection_lost,
                             "the emergency stop did not get out: " + sent.error().what,
                             "Klipper is not there; a machine that has lost it stops within half a second",
                             "emergency_stop",
                             {"Cut the power of the motors if anything still moves."}});
        return {};
    }
    /// Waits for Klipper's answer to press().
    [[nodiscard]] result<void> confirm(io::time_point until) {
        std::array<std::uint8_t, 4096> buffer;
        for (;;) {
            while (auto m = decoder_.next()) {
                if (!*m) return kf::fail(std::move(*m).error());
                if (const auto* r = std::get_if<response>(&**m)) {
                    if (!r->error_text) return {};
                    return kf::fail({errc::failed, "Klipper refused the emergency stop: " + *r->error_text});
                }
            }
            KF_TRY(const std::size_t n, transport_.read_some(buffer, until));
            decoder_.feed(io::byte_view(buffer.data(), n));
        }
    }
    /// Whether Klipper still holds the other end; asked before motion begins, and after a restart of Klipper (each
    /// restart closes all connections).
    [[nodiscard]] bool alive(io::time_point now) {
        std::array<std::uint8_t, 4096> buffer;
        for (;;) {
            const auto n = transport_.read_some(buffer, now);
            if (!n) return n.error().code == errc::timeout;
            decoder_.feed(io::byte_view(buffer.data(), *n));
        }
    }

  private:
    static constexpr std::string_view stop = "{\"id\":1,\"method\":\"emergency_stop\"}\x03";
    Transport transport_;
    message_decoder decoder_;
};

} // namespace kf::klippy
