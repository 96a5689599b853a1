// SPDX-License-Identifier: MIT
#pragma once
/// The emergency stop as the thread that reads keys has it: a connection of its own, made before anything moves, behind
/// nothing that anybody waits for. The console arms it anew after each restart of Klipper, which closes all
/// connections; press() finds its own way when it comes in between.

#include <kf/error.hpp>
#include <kf/io/clock.hpp>
#include <kf/klippy/estop_line.hpp>
#include <kf/klippy/session.hpp>

#include <atomic>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>

namespace kf::jog {

template<klippy::connector Connect>
class stop_button {
  public:
    using transport_type = std::remove_cvref_t<decltype(*std::declval<Connect&>()(io::time_point{}))>;

    explicit stop_button(Connect connect)
      : connect_(std::move(connect)) {}

    /// Whether Klipper holds the other end; made anew when it does not. Only the console's thread calls it.
    [[nodiscard]] bool arm(io::time_point now) {
        {
            const std::lock_guard alone(mutex_);
            if (line_ && line_->alive(now)) return true;
            line_.reset();
        }
        // Not under the lock: who presses does not wait for a Klipper that accepts slowly.
        auto fresh = connect_(now + std::chrono::seconds(1));
        if (!fresh) return false;
        const std::lock_guard alone(mutex_);
        line_.emplace(*std::move(fresh));
        return true;
    }

    /// From any thread. Success means that it is on its way.
    [[nodiscard]] result<void> press(io::time_point now) {
        pressed_at_ = now;
        const auto until = now + std::chrono::seconds(1);
        const std::lock_guard alone(mutex_);
        if (line_)
            if (auto pressed = line_->press(until)) return pressed;
        Connect connect = connect_;
        KF_TRY(auto fresh, connect(until));
        line_.emplace(std::move(fresh));
        return line_->press(until);
    }

    /// From any thread. What was asked at that moment, and would undo a stop, is not wanted any more.
    [[nodiscard]] bool was_pressed_since(io::time_point asked) const noexcept { return pressed_at_.load() > asked; }

  private:
    std::atomic<io::time_point> pressed_at_{io::time_point::min()};
    Connect connect_;
    std::mutex mutex_;
    std::optional<klippy::estop_line<transport_type>> line_;
};

} // namespace kf::jog
