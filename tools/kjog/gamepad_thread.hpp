// SPDX-License-Identifier: MIT
#pragma once
/// A gamepad beside the keyboard, read by a thread that does nothing else: its emergency stop waits for no frame. When
/// the pad is gone nothing is held any more, and it is looked for.

#include <kf/error.hpp>
#include <kf/io/bell.hpp>
#include <kf/io/held_signals.hpp>
#include <kf/io/input_device.hpp>
#include <kf/io/next_core.hpp>
#include <kf/jog/gamepad.hpp>
#include <kf/jog/stop_reach.hpp>

#include <fmt/format.h>

#include <poll.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace kf::kjog {

struct pad_news {
    std::vector<tui::key> keys;
    std::string note; ///< what became of the pad, when it came or went
};

/// A pad that is there, and where it is looked for when it is gone.
struct pad_device {
    std::string path;
    io::input_device::kind allowed;
    io::input_device device;

    /// errc::refused: it is no gamepad, or one that others may write to.
    [[nodiscard]] static result<pad_device> open(std::string path, io::input_device::kind allowed) {
        KF_TRY(auto found, io::input_device::open(path, allowed));
        KF_CHECK(jog::demand_gamepad(found));
        return pad_device{std::move(path), allowed, std::move(found)};
    }
};

class gamepad_thread {
  public:
    using steady = std::chrono::steady_clock;

    /// `stop` is called on its thread; here, when the pad shows that it is meant already.
    [[nodiscard]] static result<std::unique_ptr<gamepad_thread>> start(pad_device pad, std::function<void()> stop) {
        std::unique_ptr<gamepad_thread> out(new gamepad_thread(std::move(pad.path), pad.allowed, std::move(stop)));
        out->use(std::move(pad.device));
        if (!out->changed_ || !out->end_) return kf::fail(io::system_error("cannot make an eventfd"));
        const io::held_signals theirs; // they are for whoever reads the keyboard
        out->thread_ = std::thread([p = out.get()] { p->run(); });
        return out;
    }
    ~gamepad_thread() {
        end_.ring();
        if (thread_.joinable()) thread_.join();
    }
    gamepad_thread(const gamepad_thread&) = delete;
    gamepad_thread& operator=(const gamepad_thread&) = delete;

    /// Readable when there are news.
    [[nodiscard]] int changes() const noexcept { return changed_.native_handle(); }
    [[nodiscard]] pad_news take() {
        changed_.settle();
        const std::lock_guard alone(mutex_);
        return std::exchange(news_, {});
    }

  private:
    gamepad_thread(std::string path, io::input_device::kind allowed, std::function<void()> stop)
      : path_(std::move(path))
      , allowed_(allowed)
      , stop_(std::move(stop)) {}

    void use(io::input_device found) {
        heard_ = steady::now();
        std::vector<tui::key> keys;
        jog::stop_before_it_is_heard(found, keys);
        pad_ = jog::gamepad(jog::sticks_of(found));
        device_.emplace(std::move(found));
        tell(std::move(keys), device_->name().empty() ? "the gamepad is there" : "gamepad: " + device_->name());
    }
    /// A stop can take its time where nothing answers: what was let go before it is told before it, and one is enough.
    void tell(std::vector<tui::key> keys, std::string note = {}) {
        const auto is_stop = [](const tui::key& k) { return jog::is_stop(k, jog::stop_reach::while_typing); };
        const auto first = std::ranges::find_if(keys, is_stop);
        publish({std::make_move_iterator(keys.begin()), std::make_move_iterator(first)}, std::move(note));
        keys.erase(keys.begin(), first);
        if (keys.empty()) return;
        stop_();
        for (tui::key& k : keys) k.heeded = is_stop(k);
        publish(std::move(keys), {});
    }
    void publish(std::vector<tui::key> keys, std::string note) {
        if (keys.empty() && note.empty()) return;
        for (tui::key& k : keys) k.read = heard_;
        {
            const std::lock_guard alone(mutex_);
            std::ranges::move(keys, std::back_inserter(news_.keys));
            if (!note.empty()) news_.note = std::move(note);
        }
        changed_.ring();
    }
    void run() {
        io::ask_for_the_next_core();
        constexpr auto look_again = std::chrono::seconds(1);
        for (;;) {
            std::array<pollfd, 2> fds{
                {{device_ ? device_->native_handle() : -1, POLLIN, 0}, {end_.native_handle(), POLLIN, 0}}};
            auto left = device_ ? std::chrono::nanoseconds(std::chrono::hours(1)) : look_again;
            if (const auto until = pad_.deadline(); device_ && until)
                left = std::max<std::chrono::nanoseconds>(*until - steady::now(), std::chrono::nanoseconds(0));
            const timespec wait_for{static_cast<time_t>(left / std::chrono::seconds(1)),
                                    static_cast<long>((left % std::chrono::seconds(1)).count())};
            if (::ppoll(fds.data(), fds.size(), &wait_for, nullptr) < 0) continue;
            if (fds[1].revents != 0) return;
            if (!device_) {
                if (auto found = pad_device::open(path_, allowed_)) use(std::move(found->device));
                continue; // until it is there again
            }
            std::vector<tui::key> keys;
            heard_ = steady::now();
            if (fds[0].revents != 0)
                hear(keys);
            else
                pad_.wait_over(heard_, keys);
            tell(std::move(keys), device_ ? "" : "the gamepad is gone: nothing is held; it is looked for");
        }
    }
    void hear(std::vector<tui::key>& keys) {
        if (jog::hear(*device_, pad_, heard_, keys)) return;
        pad_.let_go(keys);
        keys.push_back({.code = tui::key_code::focus_out});
        device_.reset();
    }

    std::string path_;
    io::input_device::kind allowed_;
    std::function<void()> stop_;
    io::bell changed_, end_;
    std::optional<io::input_device> device_;
    jog::gamepad pad_;
    steady::time_point heard_ = steady::now(); ///< when it was looked at last
    std::mutex mutex_;                         ///< of the news
    pad_news news_;
    std::thread thread_;
};

} // namespace kf::kjog
