// SPDX-License-Identifier: MIT
#pragma once
/// The keys of a terminal: whoever waits reads them, or, while somebody wants the first look (kf/tui/screen.hpp), a
/// thread that does nothing else. That one is there at once also while frames are made: it sleeps until a key comes,
/// and the system runs it before those who work. There is one decoder, and who reads holds `reading_`.

#include <kf/io/bell.hpp>
#include <kf/tui/key_decoder.hpp>
#include <kf/tui/screen.hpp>

#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace kf::tui {

class keyboard {
  public:
    using time_point = std::chrono::steady_clock::time_point;

    explicit keyboard(std::chrono::milliseconds escape_delay)
      : decoder_(escape_delay) {}
    keyboard(const keyboard&) = delete;
    keyboard& operator=(const keyboard&) = delete;
    ~keyboard() { pause(); }

    /// Its descriptor must not block, and outlives it.
    void opens(int tty) noexcept {
        tty_ = tty;
        looked_ = std::chrono::steady_clock::now();
    }
    /// Takes effect with resume().
    void look_first(first_look f) { first_ = std::move(f); }
    /// Nobody reads from here on, or again. With signals blocked that must wake the thread that calls it.
    void pause() noexcept;
    void resume();

    /// What to wait for; readable when look() has something to read, or there are keys to take.
    [[nodiscard]] int descriptor() const noexcept { return thread_.joinable() ? bell_->native_handle() : tty_; }
    /// When look() has something to do although nothing is readable; never, with a thread of its own.
    [[nodiscard]] std::optional<time_point> deadline() const;
    /// Reads what is there, and lets time pass for what has begun. With a thread of its own, does nothing.
    void look();
    /// Reads all that was typed so far, whoever reads otherwise.
    void look_at_all();
    [[nodiscard]] std::vector<key> take();
    /// The keys that take() gave mean what they mean.
    void settled() noexcept { open_ -= std::exchange(in_hand_, 0); }
    /// What has begun is not gone on with.
    void forget_begun();
    /// Its terminal is gone.
    [[nodiscard]] bool is_gone() const noexcept { return gone_; }

  private:
    void run();
    /// Once; what waits in the terminal was not late.
    void read_once(std::vector<key>& out);
    void let_time_pass(std::vector<key>& out);
    void give(std::vector<key> fresh); ///< as of `looked_`

    int tty_ = -1;
    first_look first_;
    mutable std::mutex reading_; ///< of the terminal: the decoder and when it was looked at last
    key_decoder decoder_;
    time_point looked_{};

    std::mutex given_; ///< of the keys that wait to be taken
    std::vector<key> keys_;
    unsigned later_ = 0;            ///< of them
    unsigned in_hand_ = 0;          ///< of those that were taken; only who takes them has it
    std::atomic<unsigned> open_{0}; ///< both
    std::atomic<bool> gone_ = false;

    std::optional<io::bell> bell_, end_; ///< of a thread of its own
    std::thread thread_;
};

} // namespace kf::tui
