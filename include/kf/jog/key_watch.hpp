// SPDX-License-Identifier: MIT
#pragma once
/// Whether an arrow key is held down, from when its bytes come: a terminal says nothing of a release. Repeats come each
/// 25 to 92 ms, after a first delay of 250 to 660 ms; a finger taps no faster than 9 times a second. So two fast
/// repeats are a hold, and a repeat that is missing is its end. The gap is learned from the keyboard that is there.
/// Where a terminal tells repeats and releases (the kitty protocol) they are taken, and time counts all the same: bytes
/// are lost, and tmux throws releases away.

#include <kf/io/clock.hpp>
#include <kf/jog/heading.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace kf::jog {

/// What the terminal says of a byte sequence; most say nothing.
enum class stroke_kind : std::uint8_t { unknown, press, repeat };

class key_watch {
  public:
    enum class meaning : std::uint8_t {
        tap,     ///< one step
        perhaps, ///< a second tap, or the first of two repeats: the next gap tells
        held     ///< a repeat of a key that is down
    };

    /// A repeat that comes sooner than this after the last one is fast.
    static constexpr io::duration fast = std::chrono::milliseconds(110);
    static constexpr io::duration least_patience = std::chrono::milliseconds(80);

    meaning strike(heading key, stroke_kind kind, io::time_point now) {
        const bool same = key_ == key;
        const io::duration gap = now - last_;
        last_ = now;
        key_ = key;
        const bool repeats = same && kind != stroke_kind::press && (kind == stroke_kind::repeat || gap <= fast);
        if (!repeats) {
            repeats_ = 0;
            return meaning::tap;
        }
        ++repeats_;
        // Several that lie in the buffer of a slow link say nothing about the keyboard; nor does the first delay.
        if (gap >= std::chrono::milliseconds(5) && gap <= 2 * fast) learn(gap);
        return repeats_ >= 2 ? meaning::held : meaning::perhaps;
    }
    void release(heading key) noexcept {
        if (key_ == key) let_go();
    }
    void let_go() noexcept {
        key_.reset();
        repeats_ = 0;
    }
    /// It was struck last, and has not been let go.
    [[nodiscard]] bool is_in_hand(heading key) const noexcept { return key_ == key; }
    /// The key that is down, as far as anyone can know at that moment.
    [[nodiscard]] std::optional<heading> held(io::time_point now) const noexcept {
        if (repeats_ < 2 || now - last_ > patience()) return std::nullopt;
        return key_;
    }
    /// How long ago the key was last known to be down.
    [[nodiscard]] io::duration age(io::time_point now) const noexcept { return now - last_; }
    /// From when on a missing repeat is a release.
    [[nodiscard]] io::time_point let_go_at() const noexcept { return last_ + patience(); }
    [[nodiscard]] io::duration patience() const noexcept { return std::max(least_patience, gap() * 5 / 2); }
    /// The learned time between two repeats; 0 when none was seen yet.
    [[nodiscard]] io::duration gap() const noexcept { return median_; }

  private:
    void learn(io::duration gap) {
        constexpr std::size_t kept = 15;
        gaps_.push_back(gap);
        if (gaps_.size() > kept) gaps_.pop_front();
        std::vector<io::duration> sorted(gaps_.begin(), gaps_.end());
        const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
        std::nth_element(sorted.begin(), middle, sorted.end());
        median_ = *middle;
    }

    std::optional<heading> key_;
    io::time_point last_{};
    int repeats_ = 0;
    std::deque<io::duration> gaps_;
    io::duration median_{};
};

} // namespace kf::jog
