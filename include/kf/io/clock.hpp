// SPDX-License-Identifier: MIT
#pragma once
/// Time comes in as a parameter, so that a test can say what it is. A clock model has a monotonic now() and can wait.
///
/// | expression          | meaning                              | guarantees                    |
/// | ------------------- | ------------------------------------ | ----------------------------- |
/// | c.now()             | the present, as a time_point         | never goes back               |
/// | c.sleep_until(t)    | come back when now() >= t, or sooner | a signal may end it early     |

#include <chrono>
#include <concepts>
#include <time.h>

namespace kf::io {

using time_point = std::chrono::steady_clock::time_point;
using duration = std::chrono::nanoseconds;

template<class C>
concept clock = requires(C& c, time_point t) {
    { c.now() } -> std::same_as<time_point>;
    c.sleep_until(t);
};

struct steady_clock {
    [[nodiscard]] time_point now() const noexcept { return std::chrono::steady_clock::now(); }
    void sleep_until(time_point t) const noexcept {
        const auto present = now();
        if (t <= present) return; // before any subtraction: time_point::min() would overflow
        const auto left = t - present;
        const auto whole = std::chrono::duration_cast<std::chrono::seconds>(left);
        timespec ts{};
        ts.tv_sec = static_cast<time_t>(whole.count());
        ts.tv_nsec = static_cast<long>((left - whole).count());
        ::nanosleep(&ts, nullptr); // a signal ends the nap early, so that its flag is looked at
    }
};
static_assert(clock<steady_clock>);

} // namespace kf::io
