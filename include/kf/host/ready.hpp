// SPDX-License-Identifier: MIT
#pragma once
/// The proof that klippy is back: not that its unit is active, but that it answers on its socket and says "ready".

#include <kf/host/print_guard.hpp>
#include <kf/sink.hpp>

#include <fmt/format.h>

#include <string>
#include <vector>

namespace kf::host {

/// klippy's own patience with a board that does not answer is 90 s; then it says "error".
inline constexpr auto ready_wait = std::chrono::seconds(120);

/// Waits until the klippy of each unit is ready. When it was not ready before (`was_ready` false: it may wait for a
/// second board that is still to be flashed) it only has to answer, and its state is told. Without an API socket nobody
/// can ask: that is said, and a running process has to do.
/// `look() -> result<std::vector<klippy_instance>>`.
template<class Look, io::clock Clock, sink Sink>
[[nodiscard]] result<void> prove_ready(Look&& look, const std::vector<std::string>& units, bool was_ready, Clock clock,
                                       Sink& out) {
    for (const auto& unit : units) {
        const auto until = clock.now() + ready_wait;
        std::string last = "no klippy process";
        for (bool done = false; !done;) {
            KF_TRY(const auto instances, look());
            for (const auto& k : instances) {
                if (k.process.unit != unit) continue;
                if (k.socket.empty()) {
                    out.warn(
                        fmt::format("{} runs; it has no API socket, so it cannot be asked whether it is ready", unit));
                    done = true;
                    break;
                }
                const auto now = ask_printer(k.socket, std::chrono::seconds(5));
                if (!now) {
                    last = now.error().what;
                    continue;
                }
                if (now->state.empty()) {
                    last = "klippy does not say in which state it is";
                    continue;
                }
                last = now->state + ": " + now->state_message.substr(0, now->state_message.find('\n', 1));
                if (now->state == "ready")
                    done = true;
                else if (now->state != "startup" && !was_ready) {
                    out.warn(fmt::format("klippy answers, but is not ready, as before the flash: {}", last));
                    done = true;
                } else if (now->state != "startup") {
                    return kf::fail(
                        error{errc::service_down, fmt::format("{} was started but klippy is in {}", unit, last)});
                }
            }
            if (done) break;
            if (clock.now() >= until)
                return kf::fail(
                    error{errc::service_down, fmt::format("{} was started but klippy is not ready", unit), last});
            clock.sleep_until(clock.now() + std::chrono::milliseconds(100));
        }
    }
    return {};
}

} // namespace kf::host
