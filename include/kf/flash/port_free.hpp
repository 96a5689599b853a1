// SPDX-License-Identifier: MIT
#pragma once
/// That nobody else has a board's port. udev and ModemManager look at a new one for a moment: they are outlasted,
/// whoever asks.

#include <kf/board/discover.hpp>
#include <kf/host/proc.hpp>
#include <kf/io/clock.hpp>
#include <kf/io/serial_port.hpp>
#include <kf/sink.hpp>

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

namespace kf::flash {

namespace fs = std::filesystem;

inline constexpr io::duration patience_with_passers_by = std::chrono::seconds(3);

/// `look()` again as long as it says errc::busy, for three seconds. A pending signal is not asked for: a board in its
/// bootloader has to be reached to be started again.
template<io::clock Clock, class Look>
[[nodiscard]] auto outlast_passers_by(Clock& clock, Look&& look) -> decltype(look()) {
    const auto until = clock.now() + patience_with_passers_by;
    for (;;) {
        auto found = look();
        if (found || found.error().code != errc::busy || clock.now() >= until) return found;
        clock.sleep_until(clock.now() + std::chrono::milliseconds(50));
    }
}

[[nodiscard]] inline error port_is_taken(std::string what) {
    return {errc::busy,
            std::move(what),
            "whoever it is talks to the board, and no service that was stopped is it",
            {},
            {"end that program, then run this again"}};
}
[[nodiscard]] inline error port_is_taken_by(const board::device& device, const host::holder& by) {
    return port_is_taken(fmt::format("{} is held by process {}: {}", device.file_name, by.pid, by.command));
}
/// Of a service that was stopped for this flash.
[[nodiscard]] inline error port_is_taken_again(const board::device& device, const host::holder& by) {
    return {errc::busy,
            fmt::format("{} holds {} again", by.unit, device.file_name),
            "somebody started it while it was stopped for the flash",
            {},
            {"find out who does that: journalctl -u " + by.unit, "then run this again"}};
}

/// What `open()` gives once nobody is seen to hold the port, and nobody who cannot be seen does. `stopped`: the
/// services that are down for this flash.
template<io::clock Clock, sink Sink, class Open>
[[nodiscard]] auto with_free_port(const board::device& device, const fs::path& proc, Clock& clock, Sink& out,
                                  Open&& open, const std::vector<std::string>& stopped = {}) -> decltype(open()) {
    bool told = false;
    return outlast_passers_by(clock, [&]() -> decltype(open()) {
        const auto holders = host::holders_of(proc, device.resolved, ::getpid());
        for (const auto& holder : holders.seen)
            if (std::ranges::find(stopped, holder.unit) != stopped.end())
                return kf::fail(port_is_taken_again(device, holder));
        if (!holders.seen.empty()) return kf::fail(port_is_taken_by(device, holders.seen.front()));
        if (holders.hidden > 0 && !std::exchange(told, true))
            out.detail(fmt::format("{} processes of others cannot be looked at: the exclusive open of {} decides",
                                   holders.hidden, device.resolved.string()));
        auto opened = open();
        if (!opened && opened.error().code == errc::busy)
            return kf::fail(
                port_is_taken(fmt::format("{} is held by a process that cannot be seen", device.file_name)));
        return opened;
    });
}

/// Before anything is written, whatever the method.
template<io::clock Clock, sink Sink>
[[nodiscard]] result<void> prove_port_free(const board::device& device, const fs::path& proc, Clock& clock, Sink& out,
                                           const std::vector<std::string>& stopped) {
    return with_free_port(
        device, proc, clock, out, [&] { return io::serial_port::prove_free(device.resolved.string()); }, stopped);
}

} // namespace kf::flash
