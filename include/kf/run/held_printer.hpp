// SPDX-License-Identifier: MIT
#pragma once
/// What nobody moves a printer without: its lock, what the runs before have left of it, and by machine.yaml how a
/// connection that is lost is made again.

#include <kf/io/file_lock.hpp>
#include <kf/klippy/session.hpp>
#include <kf/machine/machine.hpp>
#include <kf/run/pen_record.hpp>
#include <kf/run/square_record.hpp>

#include <optional>

namespace kf::run {

struct held_printer {
    std::optional<io::file_lock> lock; ///< none: it is only looked at
    pen_record record;
    square_record square; ///< held against what Klipper says of its references
};

[[nodiscard]] inline klippy::reconnect_policy policy_of(const machine::connection& c) noexcept {
    return {.attempts = c.reconnect_attempts, .interval = c.reconnect_interval_s, .auto_reconnect = c.auto_reconnect};
}

} // namespace kf::run
