// SPDX-License-Identifier: MIT
#pragma once
/// One flash at a time: each of them stops the printer.

#include <kf/flash/place.hpp>
#include <kf/io/clock.hpp>
#include <kf/io/file_lock.hpp>
#include <kf/io/interrupt.hpp>
#include <kf/sink.hpp>

#include <string>

namespace kf::flash {

enum class when_busy { refuse, wait };

/// The lock that says so. errc::busy names who flashes; with when_busy::wait that one is waited for, up to an hour.
template<io::clock Clock, sink Sink>
[[nodiscard]] result<io::file_lock> take_turn(const place& at, const std::string& who, when_busy then, Clock clock,
                                              Sink& out) {
    auto lock = io::file_lock::take(at.lock(), who);
    if (lock || lock.error().code != errc::busy) return lock;
    if (then == when_busy::refuse) {
        error e = std::move(lock).error();
        e.what = "another flash is at work";
        e.command = at.lock().string();
        e.steps = {"wait until it has ended, then run this again", "or let kflash wait for it: --wait"};
        return kf::fail(std::move(e));
    }
    out.step(phase::safety, "waiting for another flash: " + lock.error().cause);
    for (const auto until = clock.now() + std::chrono::hours(1); clock.now() < until;) {
        KF_CHECK(io::interrupt::check());
        lock = io::file_lock::take(at.lock(), who, clock.now() + std::chrono::milliseconds(200));
        if (lock || lock.error().code != errc::busy) return lock;
    }
    return lock;
}

} // namespace kf::flash
