// SPDX-License-Identifier: MIT
#pragma once
/// Whether a person can have seen what was drawn. That a frame has left us says little: on a slow link it is still on
/// its way, and the keys that come were struck before it. So the terminal is asked for its status behind the frame, and
/// its answer comes behind those keys. A terminal that has never answered gets a grace instead, and the keys in it are
/// from before as well. Nothing here reads or writes: a screen says what happened, and when.
/// Spec: ECMA-48, DEVICE STATUS REPORT.

#include <kf/tui/key.hpp>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string_view>
#include <utility>

namespace kf::tui {

class sight {
  public:
    using time_point = std::chrono::steady_clock::time_point;
    using milliseconds = std::chrono::milliseconds;

    static constexpr std::string_view status_query = "\x1b[5n";
    /// `grace`: from when the frame has left us, where nothing answers. `learning`: from the first query, before a
    /// terminal counts as one that does not. `patience`: with one that has answered before, whatever the link.
    static constexpr milliseconds grace{500}, learning{3000}, patience{30000};
    /// A key that is held or hammered while nothing can be seen goes on to be that key until it rests so long.
    static constexpr milliseconds rest{500};

    /// A terminal without words for it is never asked.
    explicit sight(bool asks) noexcept
      : asks_(asks) {}

    /// The terminal is ours from now on. Gives what has to be sent, to learn whether it answers at all.
    [[nodiscard]] std::string_view begin(time_point now) noexcept {
        asked_ = answered_ = 0;
        begun_ = now;
        left_.reset();
        if (is_ == stage::on_its_way) is_ = stage::drawn; // and it will be drawn anew
        return query();
    }
    /// What is drawn by now is to be seen.
    void want() noexcept {
        is_ = stage::drawn;
        left_.reset();
        blind_.reset();
    }
    /// The frame is about to leave: what has to be sent behind it.
    [[nodiscard]] std::string_view behind_frame() noexcept {
        if (is_ != stage::drawn) return {};
        is_ = stage::on_its_way;
        const auto bytes = query();
        wanted_ = asked_;
        return bytes;
    }
    /// All that was to be sent has left us.
    void has_left(time_point now) noexcept {
        if (is_ == stage::on_its_way && !left_) left_ = now;
    }
    [[nodiscard]] bool is_leaving() const noexcept { return is_ == stage::on_its_way && !left_; }
    /// When pass() has something to do, if no answer comes before.
    [[nodiscard]] std::optional<time_point> deadline() const noexcept {
        if (is_ != stage::on_its_way || !left_) return std::nullopt;
        if (!asks_ || is_mute_) return *left_ + grace;
        if (answered_ == 0) return std::max(*left_ + grace, begun_ + learning);
        return *left_ + patience;
    }
    /// The terminal has answered. True when that brings the frame in sight.
    bool answer() noexcept {
        is_mute_ = false;
        if (answered_ < asked_) ++answered_;
        if (is_ != stage::on_its_way || answered_ < wanted_) return false;
        is_ = stage::seen;
        return true;
    }
    /// Time has passed. True when that brings the frame in sight.
    bool pass(time_point now) noexcept {
        const auto end = deadline();
        if (!end || now < *end) return false;
        is_ = stage::seen;
        is_mute_ = true;
        if (answered_ > 0) answered_ = asked_; // it was lost
        return true;
    }
    [[nodiscard]] bool is_seen() const noexcept { return is_ == stage::seen; }
    /// How many answers are to come: nobody else is to read them. Until when it is worth to wait for them.
    [[nodiscard]] bool is_owed() const noexcept { return answered_ < asked_; }
    [[nodiscard]] time_point owed_until(time_point now) const noexcept {
        return answered_ > 0 ? now + milliseconds(1000) : begun_ + grace;
    }

    /// Whether a key goes on with what was struck while the frame could not be seen: it is meant for nothing on it.
    /// What stops a machine is never blind.
    [[nodiscard]] bool is_blind(const key& k, time_point now) {
        const bool may_stop =
            k.code == key_code::escape || k.text == U'!' || (k.modifiers & modifier::ctrl) != 0 || k.guessed;
        if (is_ == stage::none || k.action == key_action::release || may_stop) return false;
        const bool goes_on = blind_ && blind_->code == k.code && blind_->text == k.text && now < blind_at_ + rest;
        if (is_ == stage::seen && !goes_on) {
            blind_.reset();
            return false;
        }
        blind_ = k;
        blind_at_ = now;
        return is_ == stage::seen;
    }

  private:
    enum class stage { none, drawn, on_its_way, seen };

    [[nodiscard]] std::string_view query() noexcept {
        if (!asks_) return {};
        ++asked_;
        return status_query;
    }

    bool asks_;
    bool is_mute_ = false; ///< it has not answered in time
    stage is_ = stage::none;
    unsigned asked_ = 0, answered_ = 0, wanted_ = 0;
    time_point begun_{};
    std::optional<time_point> left_ = {};
    std::optional<key> blind_ = {};
    time_point blind_at_{};
};

} // namespace kf::tui
