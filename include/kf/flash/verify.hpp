// SPDX-License-Identifier: MIT
#pragma once
/// The proof of a flash: the board comes back on the bus in a new life, and the MCU itself says that it runs exactly
/// the image's version. A node that never left, or a bootloader that has not gone yet, decides nothing.

#include <kf/flash/method.hpp>
#include <kf/mcu/identify.hpp>

#include <string>

namespace kf::flash {

inline constexpr auto return_wait = std::chrono::seconds(30);      ///< an RP2040 was seen to take more than 15
inline constexpr auto return_poll = std::chrono::milliseconds(50); ///< the printer is down meanwhile
inline constexpr auto identify_wait = std::chrono::seconds(10);

struct running_firmware {
    board::device node;
    mcu::dictionary dictionary;
};

/// Asks the board behind `node` which firmware runs there. A port that is busy for a moment (udev, ModemManager) is
/// tried again until `until`.
template<io::clock Clock>
[[nodiscard]] result<mcu::dictionary> identify_node(const board::device& node, Clock& clock, io::time_point until) {
    for (;;) {
        auto port = io::serial_port::open(node.path.string());
        if (port) {
            port->discard_input();
            return mcu::identify(*port, clock, until);
        }
        if (port.error().code != errc::busy || clock.now() >= until) return kf::fail(std::move(port).error());
        clock.sleep_until(clock.now() + std::chrono::milliseconds(100));
    }
}

/// `before`: the board's Klipper node before the write; the same life of it does not count. `ask(node, until)` gives
/// the dictionary of the firmware that runs there: identify_node(), but for tests.
template<io::clock Clock, class Ask>
[[nodiscard]] result<running_firmware> verify(const write_job& job, const std::optional<board::device>& before,
                                              Clock& clock, Ask&& ask) {
    const auto& wanted = *job.image->dictionary;
    const auto failed = [&](std::string what, std::string cause) {
        return kf::fail(
            error{errc::verify_failed,
                  std::move(what),
                  std::move(cause),
                  {},
                  {"kflash list shows under which name the board is there now", "unplug the board and plug it in again",
                   "kflash identify asks the board itself what it runs", "then run kflash flash again"}});
    };
    const auto return_until = clock.now() + return_wait;
    auto node = std::visit(
        [&](const auto& on) {
            return wait_for_node(on, board::usb_firmware::klipper, before, clock, return_poll, return_until);
        },
        job.address);
    if (!node && node.error().code == errc::mismatch) return failed(node.error().what, node.error().cause);
    if (!node) {
        if (find_node(job, board::usb_firmware::katapult))
            return failed("the board stays in Katapult: it does not start the new firmware",
                          "the firmware may have been built for another chip, clock or start address");
        if (before && find_node(job, board::usb_firmware::klipper))
            return failed("the board never left the bus: it still runs what it ran before",
                          "the flasher did not reach it");
        return failed("the board did not come back within 30 seconds", "it hangs, or its firmware has no USB");
    }
    const auto until = clock.now() + identify_wait;
    const result<mcu::dictionary> running = ask(*node, until);
    if (!running) return failed("the board came back but does not say what it runs", running.error().what);
    if (running->version != wanted.version)
        return failed(fmt::format("the board runs {}, not the image's {}", running->version, wanted.version),
                      "what was written is not what runs");
    if (running->mcu != wanted.mcu)
        return failed(fmt::format("the board says that it is {}, the image is for {}", running->mcu, wanted.mcu), {});
    // udev makes the links of a device one after another: the first look may have come before the by-id name.
    if (auto named = find_node(job, board::usb_firmware::klipper); named && named->resolved == node->resolved)
        node = *std::move(named);
    return running_firmware{*node, *running};
}

} // namespace kf::flash
