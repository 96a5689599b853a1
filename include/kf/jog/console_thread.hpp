// SPDX-License-Identifier: MIT
#pragma once
/// The console on a thread of its own, so that nothing it waits for blocks a screen or the emergency stop. A page gives
/// what the person asks, looks at shown(), and sleeps on changes() beside its keys.

#include <kf/io/bell.hpp>
#include <kf/io/held_signals.hpp>
#include <kf/io/interrupt.hpp>
#include <kf/jog/console.hpp>
#include <kf/klippy/socket_connector.hpp>
#include <kf/run/held_printer.hpp>

#include <poll.h>

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

namespace kf::jog {

struct console_request {
    machine::machine machine;
    std::string socket;
    run::held_printer held; ///< with its lock
    console_setup setup = {};
};

class console_thread {
  public:
    /// That there is no Klipper is no error: it is looked for.
    [[nodiscard]] static result<std::unique_ptr<console_thread>> start(console_request r) {
        std::unique_ptr<console_thread> out(new console_thread(std::move(r)));
        if (!out->wake_ || !out->changed_) return kf::fail(io::system_error("cannot make an eventfd"));
        const io::held_signals theirs; // they are for whoever reads the keys
        out->thread_ = std::thread([p = out.get()] { p->run(); });
        return out;
    }
    ~console_thread() {
        ending_ = true;
        wake_.ring();
        if (thread_.joinable()) thread_.join();
    }
    console_thread(const console_thread&) = delete;
    console_thread& operator=(const console_thread&) = delete;

    void give(person_input what) { give({std::chrono::steady_clock::now(), std::move(what)}); }
    void give(timed_input in) {
        {
            const std::lock_guard alone(mutex_);
            inbox_.push_back(std::move(in));
        }
        wake_.ring();
    }
    /// The emergency stop, from the thread that read the key: written before anything else happens.
    [[nodiscard]] result<void> stop() {
        auto pressed = stop_.press(std::chrono::steady_clock::now());
        timed_input told{std::chrono::steady_clock::now(), stop_pressed{pressed ? "" : pressed.error().what}};
        {
            // Before all that was asked and has not begun: that is not wanted any more.
            const std::lock_guard alone(mutex_);
            inbox_.push_front(std::move(told));
        }
        wake_.ring();
        return pressed;
    }
    [[nodiscard]] panel shown() const {
        const std::lock_guard alone(mutex_);
        return shown_;
    }
    /// It does what was asked, or that waits to be done.
    [[nodiscard]] bool is_at_work() const {
        const std::lock_guard alone(mutex_);
        return at_work_ || !inbox_.empty();
    }
    /// Readable when the panel has changed since the last settle_changes().
    [[nodiscard]] int changes() const noexcept { return changed_.native_handle(); }
    void settle_changes() noexcept { changed_.settle(); }

  private:
    using connect_to = klippy::socket_connector;

    /// Whoever is at the console has the stop at hand: it looks for a Klipper that is gone, whatever machine.yaml says.
    [[nodiscard]] static klippy::reconnect_policy looks_for(const machine::connection& c) {
        auto policy = run::policy_of(c);
        policy.auto_reconnect = true;
        return policy;
    }
    explicit console_thread(console_request r)
      : request_(std::move(r))
      , session_(connect_to{request_.socket}, looks_for(request_.machine.connection))
      , stop_(connect_to{request_.socket})
      , console_(session_, stop_, request_.machine, request_.held.record, request_.held.square, request_.setup) {
        console_.on_change = [this](const panel& p) {
            {
                const std::lock_guard alone(mutex_);
                shown_ = p;
            }
            changed_.ring();
        };
    }

    void run() {
        while (!ending_) {
            console_.turn();
            for (;;) {
                std::optional<timed_input> in;
                {
                    const std::lock_guard alone(mutex_);
                    at_work_ = !inbox_.empty();
                    if (at_work_) {
                        in = std::move(inbox_.front());
                        inbox_.pop_front();
                    }
                }
                if (!in || ending_) break;
                console_.give(*in);
            }
            rest(console_.wake());
        }
    }
    /// Until a key comes, Klipper says something, or `until`.
    void rest(io::time_point until) noexcept {
        const auto left = until - std::chrono::steady_clock::now();
        std::array<pollfd, 2> fds{{{wake_.native_handle(), POLLIN, 0}, {-1, POLLIN, 0}}};
        if (session_.connected()) fds[1].fd = session_.link().transport().native_handle();
        const timespec t{.tv_sec = std::max<std::int64_t>(0, left / std::chrono::seconds(1)),
                         .tv_nsec = std::max<std::int64_t>(0, (left % std::chrono::seconds(1)).count())};
        ::ppoll(fds.data(), fds.size(), &t, nullptr);
        wake_.settle();
    }

    console_request request_;
    klippy::session<connect_to> session_;
    stop_button<connect_to> stop_;
    console<connect_to> console_;
    io::bell wake_, changed_;
    mutable std::mutex mutex_; ///< of what is below
    std::deque<timed_input> inbox_;
    bool at_work_ = false;
    panel shown_;
    std::atomic<bool> ending_ = false;
    std::thread thread_;
};

} // namespace kf::jog
