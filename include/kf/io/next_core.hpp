// SPDX-License-Identifier: MIT
#pragma once
/// A thread that only waits for a person's keys, and should have a core before those who work.

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <pthread.h>
#include <sched.h>

namespace kf::io {

/// Who asks for short turns gets the next one sooner (Linux 6.12, anybody may), and who has SCHED_RR before all others,
/// where this person may (RLIMIT_RTPRIO). Where neither is to be had it stays as it is. Of the calling thread.
inline void ask_for_the_next_core() noexcept {
    struct {
        std::uint32_t size = 48, policy = SCHED_OTHER;
        std::uint64_t flags = 0;
        std::int32_t nice = ::getpriority(PRIO_PROCESS, 0);
        std::uint32_t priority = 0;
        std::uint64_t turn_ns = 100'000, deadline = 0, period = 0;
    } const short_turns;
    static_assert(sizeof short_turns == 48); // struct sched_attr, which not every libc has
    (void)::syscall(SYS_sched_setattr, 0, &short_turns, 0);
    const sched_param least{.sched_priority = ::sched_get_priority_min(SCHED_RR)};
    (void)::pthread_setschedparam(::pthread_self(), SCHED_RR, &least);
}

} // namespace kf::io
