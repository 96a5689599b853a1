// SPDX-License-Identifier: MIT
#pragma once
/// Whether an arrow key is held down, from when its bytes come: a terminal says nothing of a release. Repeats come each
/// 25 to 92 ms, after a first delay of 250 to 660 ms; a finger taps no faster than 9 times a second. So two fast
/// repeats are a hold, and a repeat that is missing is its end. The gap is learned from the keyboard that is there.
/// A keyboard may be slower than a finger: then it is known by its evenness, which a finger does not keep up.
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
    /// Slower than that is nobody's repeat.
    static constexpr io::duration slowest = std::chrono::milliseconds(250);
    /// So many gaps of one key, each this near to their median, are the work of a clock. A practised finger taps to
    /// within 5 % (one standard deviation): with four gaps to within 10 % its taps would be a hold four times in five.
    static constexpr std::size_t even_gaps = 8;
    static constexpr io::duration clock_tick = std::chrono::milliseconds(4);

    meaning strike(heading key, stroke_kind kind, io::time_point now) {
        const bool same = key_ == key;
        const io::duration gap = now - last_;
        last_ = now;
        key_ = key;
        const bool may_repeat = same && kind != stroke_kind::press;
        if (!may_repeat || gap > slowest) recent_.clear();
        if (may_repeat && gap <= slowest && is_even_with(gap) && repeats_ < 2) {
            // Of this keyboard, whatever another one taught.
            gaps_.assign(recent_.begin(), recent_.end());
            repeats_ = 2;
            learn(gap);
            return meaning::held;
        }
        // A tenth is what a clock may lose on its way to us; more is a finger after all.
        const bool goes_on = repeats_ >= 2 && gap * 10 >= this->gap() * 9 && gap * 10 <= this->gap() * 11;
        if (!may_repeat || (kind != stroke_kind::repeat && gap > fast && !goes_on)) {
            repeats_ = 0;
            return meaning::tap;
        }
        ++repeats_;
        // Several that lie in the buffer of a slow link say nothing about the keyboard; nor does the first delay.
        if (gap >= std::chrono::milliseconds(5) && gap <= slowest) learn(gap);
        return repeats_ >= 2 ? meaning::held : meaning::perhaps;
    }
    void release(heading key) noexcept {
        if (key_ == key) let_go();
    }
    void let_go() noexcept {
        key_.reset();
        repeats_ = 0;
        recent_.clear();
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
    [[nodiscard]] static io::duration median_of(const std::deque<io::duration>& gaps) {
        std::vector<io::duration> sorted(gaps.begin(), gaps.end());
        const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
        std::nth_element(sorted.begin(), middle, sorted.end());
        return *middle;
    }
    void learn(io::duration gap) {
        constexpr std::size_t kept = 15;
        gaps_.push_back(gap);
        if (gaps_.size() > kept) gaps_.pop_front();
        median_ = median_of(gaps_);
    }
    /// With the last ones of this key before it.
    [[nodiscard]] bool is_even_with(io::duration gap) {
        recent_.push_back(gap);
        if (recent_.size() > even_gaps) recent_.pop_front();
        if (recent_.size() < even_gaps) return false;
        const io::duration middle = median_of(recent_);
        return std::ranges::all_of(
            recent_, [&](io::duration g) { return g >= middle - clock_tick && g <= middle + clock_tick; });
    }

    std::optional<heading> key_;
    io::time_point last_{};
    int repeats_ = 0;
    std::deque<io::duration> recent_; ///< gaps of the key in hand
    std::deque<io::duration> gaps_;
    io::duration median_{};
};

} // namespace kf::jog
