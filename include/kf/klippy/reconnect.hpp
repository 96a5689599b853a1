// SPDX-License-Identifier: MIT
#pragma once
/// The way back to a ready printer, as a state machine without I/O: session.hpp does what next() says and reports back.
/// Each step has a budget of its own: connecting attempts x interval of machine.yaml, Klipper's own start 95 s (it
/// waits 90 s for the micro-controller before it gives up). FIRMWARE_RESTART goes out only in shutdown or error, only
/// when allowed, and once more when it ended in an error (a USB device that vanishes during the reset does that).

#include <kf/error.hpp>
#include <kf/io/clock.hpp>
#include <kf/klippy/objects.hpp>
#include <kf/sink/counted.hpp>
#include <kf/units.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace kf::klippy {

struct reconnect_policy {
    int attempts = 5;           ///< machine.yaml: reconnect_attempts
    seconds interval = 2.0;     ///< machine.yaml: reconnect_interval_s
    bool auto_reconnect = true; ///< machine.yaml: may FIRMWARE_RESTART be sent?
    seconds startup = 95.0;
    int restarts = 2;
};

class recovery {
  public:
    enum class act {
        connect,   ///< then connected() or connect_failed()
        ask_state, ///< info, then state_is() or lost()
        restart,   ///< FIRMWARE_RESTART and wait for the end of the connection, then restarted() or lost()
        wait,      ///< until step::until, while reading
        done,      ///< Klipper is ready
        give_up    ///< problem() says why
    };
    struct step {
        act what;
        io::time_point until{};
    };

    recovery(const reconnect_policy& policy, bool connected_now, io::time_point now)
      : policy_(policy)
      , connect_until_(now + to_nanoseconds(policy.attempts * policy.interval))
      , startup_until_((connected_now ? now : connect_until_) + to_nanoseconds(policy.startup))
      , where_(connected_now ? where::connected : where::apart) {}

    [[nodiscard]] step next(io::time_point now);

    void connected(io::time_point now) {
        where_ = where::connected;
        // Klipper's start is counted once for each outage: a Klipper that keeps dying while it starts comes to an end.
        startup_until_ = std::min(startup_until_, now + to_nanoseconds(policy_.startup));
    }
    void connect_failed(error why, io::time_point now);
    void lost(io::time_point now);
    void state_is(printer_state state, std::string_view state_message, io::time_point now);
    void restarted(io::time_point now);

    [[nodiscard]] const error& problem() const noexcept { return problem_; }
    [[nodiscard]] int restarts_sent() const noexcept { return restarts_; }

  private:
    enum class where { apart, connected, restarting, ready, failed };

    void give_up(error why) {
        where_ = where::failed;
        problem_ = std::move(why);
    }

    reconnect_policy policy_;
    io::time_point connect_until_;
    io::time_point startup_until_;
    io::time_point wait_until_{};
    where where_;
    int restarts_ = 0;
    error problem_;
};

inline recovery::step recovery::next(io::time_point now) {
    if (where_ == where::ready) return {act::done};
    if (where_ == where::failed) return {act::give_up};
    if (now < wait_until_) return {act::wait, wait_until_};
    switch (where_) {
    case where::apart: return {act::connect, connect_until_};
    case where::connected: return {act::ask_state};
    case where::restarting: return {act::restart};
    case where::ready:
    case where::failed: break;
    }
    return {act::give_up};
}

inline void recovery::connect_failed(error why, io::time_point now) {
    using namespace std::chrono_literals;
    if (now >= connect_until_) {
        give_up({errc::connection_lost,
                 fmt::format("Klipper did not come back within {:.0f} s", policy_.attempts * policy_.interval),
                 why.what,
                 why.command,
                 {"Look at the Klipper service: systemctl status klipper", "Look at the end of klippy.log.",
                  "Home again before any motion."}});
        return;
    }
    // More often than the interval: Klipper is back 1 s after a restart, and a refused connect costs nothing.
    wait_until_ = std::min(now + std::min<io::duration>(100ms, to_nanoseconds(policy_.interval)), connect_until_);
}

inline void recovery::lost(io::time_point now) {
    using namespace std::chrono_literals;
    where_ = where::apart;
    connect_until_ = std::min(now + to_nanoseconds(policy_.attempts * policy_.interval), startup_until_);
    wait_until_ = std::min(now + 100ms, connect_until_);
}

inline void recovery::restarted(io::time_point now) {
    lost(now);
    // A new outage, of our own making.
    connect_until_ = now + to_nanoseconds(policy_.attempts * policy_.interval);
    startup_until_ = connect_until_ + to_nanoseconds(policy_.startup);
}

inline void recovery::state_is(printer_state state, std::string_view state_message, io::time_point now) {
    using namespace std::chrono_literals;
    const std::string why = first_line(state_message);
    switch (state) {
    case printer_state::ready: where_ = where::ready; return;
    case printer_state::startup:
    case printer_state::unknown:
        if (now >= startup_until_) {
            give_up({errc::not_connected,
                     fmt::format("Klipper is not ready after {:.0f} s of starting", policy_.startup),
                     "it does not reach the micro-controller",
                     "",
                     {"Is the board powered, and its USB cable in?", "ls /dev/serial/by-id"}});
            return;
        }
        wait_until_ = std::min(now + 250ms, startup_until_);
        return;
    case printer_state::shutdown:
    case printer_state::error:
        if (!policy_.auto_reconnect || restarts_ >= policy_.restarts) {
            const bool tried = restarts_ > 0;
            give_up({tried ? errc::failed : errc::refused,
                     fmt::format("Klipper is in {}: {}", name(state), why),
                     tried ? fmt::format("it was restarted {}", counted(static_cast<std::uint64_t>(restarts_), "time"))
                     : policy_.auto_reconnect ? std::string()
                                              : std::string("it is not restarted by itself: auto_reconnect is off"),
                     "",
                     {"Remove the cause named above.", "Send FIRMWARE_RESTART.", "Home again before any motion."}});
            return;
        }
        ++restarts_;
        where_ = where::restarting;
        return;
    }
}

} // namespace kf::klippy
