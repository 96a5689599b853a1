// SPDX-License-Identifier: MIT
#pragma once
/// Following one board through its lives: it leaves the bus under one name and comes back under another, at the same
/// USB port. Names, serial numbers and USB strings change on the way (board/identity.hpp); a node that never left is
/// told from one that came back by its identity on disk.

#include <kf/board/address.hpp>
#include <kf/error.hpp>
#include <kf/io/clock.hpp>
#include <kf/io/interrupt.hpp>
#include <kf/io/serial_port.hpp>

#include <fmt/format.h>

#include <filesystem>
#include <optional>
#include <string>

namespace kf::flash {

namespace fs = std::filesystem;

/// udev makes a link anew each time the device comes. The by-id name may stay or change meanwhile.
[[nodiscard]] inline bool same_life(const board::device& a, const board::device& b) {
    return a.stamp == b.stamp && a.resolved == b.resolved;
}

/// The node of that board that runs `firmware`, if it is there now. Links that lead nowhere do not count.
[[nodiscard]] inline std::optional<board::device> find_node(const board::usb_address& w, board::usb_firmware firmware) {
    const auto seen = board::scan(w.at);
    if (!seen) return std::nullopt;
    for (const auto& d : seen->devices)
        if (board::is_on(w.trail, d) && board::firmware_on(w.trail, d) == firmware) return d;
    return std::nullopt;
}

/// What came back has to be the chip that left: another one is somebody else's board in the same socket.
[[nodiscard]] inline result<void> check_chip(const board::usb_address& w, const board::device& d) {
    const std::string& wanted = w.trail.board.mcu.empty() ? w.trail.start.usb.mcu : w.trail.board.mcu;
    if (d.usb.mcu.empty() || wanted.empty() || board::mcu_matches(d.usb.mcu, wanted)) return {};
    return kf::fail(error{errc::mismatch,
                          fmt::format("{} left the bus, and a {} came in its place", w.name(), d.usb.mcu),
                          fmt::format("the chip of {} is {}, what is at its USB port {} now is another board: {}",
                                      w.name(), wanted, d.facts.port.empty() ? "?" : d.facts.port, d.file_name),
                          {},
                          {"plug the board in again where it was", "kflash list"}});
}

/// Waits until the board is there with `firmware` in a life other than `old`. errc::not_connected at `until`.
template<io::clock Clock>
[[nodiscard]] result<board::device> wait_for_node(const board::usb_address& w, board::usb_firmware firmware,
                                                  const std::optional<board::device>& old, Clock& clock,
                                                  io::duration every, io::time_point until) {
    for (;;) {
        if (auto node = find_node(w, firmware); node && !(old && same_life(*node, *old))) {
            KF_CHECK(check_chip(w, *node));
            return *node;
        }
        if (clock.now() >= until)
            return kf::fail(errc::not_connected,
                            fmt::format("{} did not come back as {}", w.name(),
                                        firmware == board::usb_firmware::klipper ? "Klipper" : "Katapult"));
        clock.sleep_until(std::min(until, clock.now() + every));
    }
}

/// How long a board may take from its application to its bootloader. 1.4 s were measured; slow hubs take longer.
inline constexpr auto bootloader_wait = std::chrono::seconds(8);

/// Brings the board from Klipper into Katapult by the 1200-baud request, or finds it there already.
template<io::clock Clock>
[[nodiscard]] result<board::device> enter_bootloader(const board::usb_address& w, Clock& clock) {
    using board::usb_firmware;
    if (auto node = find_node(w, usb_firmware::katapult)) {
        KF_CHECK(check_chip(w, *node));
        return *node;
    }
    const auto running = find_node(w, usb_firmware::klipper);
    if (!running)
        return kf::fail(error{errc::not_connected,
                              fmt::format("{} is not connected", w.name()),
                              {},
                              {},
                              {"check its cable and power", "kflash list"}});
    KF_TRY(auto port, io::serial_port::open(running->path.string()));
    KF_CHECK(port.request_bootloader());
    // The port stays open until the board has gone: closing it at once would take the request back on some drivers.
    const auto until = clock.now() + bootloader_wait;
    bool gone = false;
    while (!gone && clock.now() < until) {
        const auto still = find_node(w, usb_firmware::klipper);
        gone = !still || !same_life(*still, *running);
        if (!gone) clock.sleep_until(clock.now() + std::chrono::milliseconds(10));
    }
    if (!gone)
        return kf::fail(error{errc::flash_failed,
                              "the board does not leave Klipper when it is asked to",
                              "its firmware may be too old for the request, or hang; nothing was written",
                              {},
                              {"press the board's reset button twice, then run this again", "kflash list"}});
    auto node = wait_for_node(w, usb_firmware::katapult, std::nullopt, clock, std::chrono::milliseconds(20),
                              clock.now() + bootloader_wait);
    if (node) return *node;
    if (node.error().code == errc::mismatch) return node;
    const bool back = find_node(w, usb_firmware::klipper).has_value();
    return kf::fail(
        error{errc::flash_failed,
              back ? "the board came back as Klipper: it has no Katapult bootloader"
                   : "the board left Klipper and did not come back as Katapult",
              back ? "nothing was written"
                   : "a board without Katapult goes to its ROM bootloader (DFU, BOOTSEL); nothing was written",
              {},
              back ? std::vector<std::string>{"flash it with: --method make_flash"}
                   : std::vector<std::string>{
                         "press reset once: it starts its old firmware again",
                         "if it has no Katapult, set its method: kflash edit BOARD --method make_flash"}});
}

} // namespace kf::flash
