// SPDX-License-Identifier: MIT
#pragma once
/// A piece of simulated work that can pause: a coroutine which begins when it is awaited or spawned on a reactor.
/// Klippy runs every script, job and timer as such a thread of control, so the simulated one can be written down in
/// order instead of as states. One thread, no locks; a task that is destroyed takes what it waits for along.

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

namespace kf::sim {

template<class T = void>
class task;

namespace detail {

struct promise_base {
    std::coroutine_handle<> waiting = nullptr; ///< who awaits this task

    [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
    struct last_step {
        [[nodiscard]] bool await_ready() const noexcept { return false; }
        template<class P>
        void await_suspend(std::coroutine_handle<P> h) const noexcept {
            // The awaiting task may destroy this frame; nothing of it is touched afterwards.
            if (const auto next = h.promise().waiting) next.resume();
        }
        void await_resume() const noexcept {}
    };
    [[nodiscard]] last_step final_suspend() const noexcept { return {}; }
    void unhandled_exception() const noexcept { std::terminate(); }
};

template<class T>
struct promise : promise_base {
    std::optional<T> value;
    task<T> get_return_object() noexcept;
    void return_value(T v) { value.emplace(std::move(v)); }
};
template<>
struct promise<void> : promise_base {
    task<void> get_return_object() noexcept;
    void return_void() const noexcept {}
};

} // namespace detail

template<class T>
class [[nodiscard]] task {
  public:
    using promise_type = detail::promise<T>;
    using handle = std::coroutine_handle<promise_type>;

    explicit task(handle h) noexcept
      : h_(h) {}
    task(task&& other) noexcept
      : h_(std::exchange(other.h_, nullptr)) {}
    task& operator=(task&& other) noexcept {
        if (this != &other) {
            if (h_) h_.destroy();
            h_ = std::exchange(other.h_, nullptr);
        }
        return *this;
    }
    ~task() {
        if (h_) h_.destroy();
    }

    [[nodiscard]] bool done() const noexcept { return h_.done(); }
    void start() { h_.resume(); }

    [[nodiscard]] bool await_ready() const noexcept { return false; }
    /// Runs at once and suspends the awaiting task only when this one pauses: no stack is built up by a loop over tasks
    /// that don't.
    [[nodiscard]] bool await_suspend(std::coroutine_handle<> who) {
        h_.resume();
        if (h_.done()) return false;
        h_.promise().waiting = who;
        return true;
    }
    T await_resume() {
        if constexpr (!std::is_void_v<T>) return std::move(*h_.promise().value);
    }

  private:
    handle h_;
};

namespace detail {
template<class T>
task<T> promise<T>::get_return_object() noexcept {
    return task<T>(std::coroutine_handle<promise<T>>::from_promise(*this));
}
inline task<void> promise<void>::get_return_object() noexcept {
    return task<void>(std::coroutine_handle<promise<void>>::from_promise(*this));
}
} // namespace detail

} // namespace kf::sim
