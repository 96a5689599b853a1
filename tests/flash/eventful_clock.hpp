// SPDX-License-Identifier: MIT
#pragma once
/// Time that goes on only while somebody sleeps; each sleep lets the next thing happen.

#include <kf/io/clock.hpp>

#include <algorithm>
#include <deque>
#include <functional>
#include <memory>

namespace kf::test {

struct eventful_clock {
    struct state {
        io::time_point now{};
        std::deque<std::function<void()>> events;
    };
    std::shared_ptr<state> s = std::make_shared<state>();

    [[nodiscard]] io::time_point now() const { return s->now; }
    void sleep_until(io::time_point until) const {
        s->now = std::max(s->now, until);
        if (s->events.empty()) return;
        auto next = std::move(s->events.front());
        s->events.pop_front();
        next();
    }
};
static_assert(io::clock<eventful_clock>);

} // namespace kf::test
