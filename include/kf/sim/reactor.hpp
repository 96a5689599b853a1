// SPDX-License-Identifier: MIT
#pragma once
/// Simulated time: what is due, in order. Whoever owns it says how far time has come (run_until), from a manual clock
/// in a replay, from a scaled real one in `ksim printer`. Nothing happens by itself.

#include <kf/sim/task.hpp>
#include <kf/units.hpp>

#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <list>
#include <map>
#include <utility>

namespace kf::sim {

inline constexpr seconds never = std::numeric_limits<double>::infinity();

class reactor {
  public:
    using timer = std::pair<seconds, std::uint64_t>;

    reactor() = default;
    reactor(const reactor&) = delete;
    reactor& operator=(const reactor&) = delete;

    [[nodiscard]] seconds now() const noexcept { return now_; }
    /// When something is due next.
    [[nodiscard]] seconds next() const noexcept {
        if (due_.empty()) return never;
        return due_.begin()->first.first > stalled_until_ ? due_.begin()->first.first : stalled_until_;
    }

    timer call_at(seconds at, std::function<void()> f) {
        const timer t{at > now_ ? at : now_, ++count_};
        due_.emplace(t, std::move(f));
        return t;
    }
    void cancel(const timer& t) { due_.erase(t); }

    /// Begins with the next run_until.
    void spawn(task<> t) {
        tasks_.push_back(std::move(t));
        const auto it = std::prev(tasks_.end());
        call_at(now_, [it] { it->start(); });
    }

    struct pause {
        reactor& in;
        seconds until;
        [[nodiscard]] bool await_ready() const noexcept { return false; }
        void await_suspend(std::coroutine_handle<> h) const {
            in.call_at(until, [h] { h.resume(); });
        }
        void await_resume() const noexcept {}
    };
    [[nodiscard]] pause sleep_until(seconds at) noexcept { return {*this, at}; }
    /// Lets everything else that is due now go first.
    [[nodiscard]] pause yield() noexcept { return {*this, now_}; }

    void run_until(seconds t) {
        while (next() <= t && step()) {}
        if (!stopped_) pass_to(t);
    }

    /// Time passes and nothing runs.
    void pass_to(seconds t) noexcept {
        if (t > now_) now_ = t;
    }

    /// Nothing happens for so long; what comes due waits.
    void stall(seconds duration) noexcept {
        stalled_until_ = (stalled_until_ > now_ ? stalled_until_ : now_) + duration;
    }

    /// Stops run_until after the event that calls it.
    void stop() noexcept { stopped_ = true; }

    /// Forgets all tasks and all that is due, as the end of a process does. Not from inside of a task.
    void clear() {
        due_.clear();
        tasks_.clear();
        stopped_ = false;
        stalled_until_ = 0;
    }
    [[nodiscard]] bool stopped() const noexcept { return stopped_; }

  private:
    bool step() {
        const seconds at = next();
        auto event = due_.extract(due_.begin());
        if (at > now_) now_ = at;
        event.mapped()();
        std::erase_if(tasks_, [](const task<>& k) { return k.done(); });
        return !stopped_;
    }

    seconds now_ = 0;
    seconds stalled_until_ = 0;
    std::uint64_t count_ = 0;
    std::map<timer, std::function<void()>> due_;
    std::list<task<>> tasks_;
    bool stopped_ = false;
};

/// First come, first served: Klipper's one lock around g-code.
class fifo_mutex {
  public:
    explicit fifo_mutex(reactor& r) noexcept
      : reactor_(r) {}

    struct waiter {
        fifo_mutex& m;
        [[nodiscard]] bool await_ready() const noexcept {
            if (m.held_) return false;
            m.held_ = true;
            return true;
        }
        void await_suspend(std::coroutine_handle<> h) const { m.queue_.push_back(h); }
        void await_resume() const noexcept {}
    };
    [[nodiscard]] waiter lock() noexcept { return {*this}; }
    void unlock() {
        if (queue_.empty()) {
            held_ = false;
            return;
        }
        const auto next = queue_.front(); // the lock passes on, nobody can come between
        queue_.pop_front();
        reactor_.call_at(reactor_.now(), [next] { next.resume(); });
    }
    [[nodiscard]] bool held() const noexcept { return held_; }

  private:
    reactor& reactor_;
    bool held_ = false;
    std::deque<std::coroutine_handle<>> queue_;
};

} // namespace kf::sim
