// SPDX-License-Identifier: MIT
#pragma once
/// A screen without a terminal: keys from a script (kf/tui/key_script.hpp), frames to standard output when the script
/// says so. Its last line is the end of the person: hung_up.

#include <kf/tui/key_script.hpp>
#include <kf/tui/screen.hpp>

#include <fmt/format.h>

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace kf::tui {

class script_screen {
    using time_point = std::chrono::steady_clock::time_point;
    using milliseconds = std::chrono::milliseconds;

    /// As keyboards do it, and fingers.
    static constexpr milliseconds first_repeat{250}, repeat{33}, between_taps{150};

    std::vector<script_step> steps_;
    std::function<void(const std::string&)> print_;
    grid_size size_;
    text_grid shown_;
    std::size_t at_ = 0;
    std::size_t times_ = 0; ///< of the step in hand
    time_point due_{}, began_{};
    std::string failure_;

    [[nodiscard]] bool shows(const std::string& text) const {
        return std::ranges::any_of(lines(shown_), [&](const auto& l) { return l.find(text) != std::string::npos; });
    }
    void next_step(time_point now, milliseconds after) {
        ++at_;
        times_ = 0;
        due_ = now + after;
    }
    /// Does what is due; false when the step waits for something else.
    void act(const struck& s, time_point now, wake& w) {
        if (times_ == 0) began_ = now;
        w.keys.push_back(s.what);
        w.keys.back().read = now;
        ++times_;
        if (s.held.count() > 0) {
            const auto gap = times_ == 1 ? first_repeat : repeat;
            if (now + gap - began_ > s.held) return next_step(now, between_taps);
            due_ = now + gap;
        } else if (times_ < s.times)
            due_ = now + between_taps;
        else
            next_step(now, between_taps);
    }
    void act(const pause_of& p, time_point now, wake&) { next_step(now, p.time); }
    void act(const print_frame&, time_point now, wake&) {
        std::string text;
        for (const std::string& l : lines(shown_)) text += l + "\n";
        print_(text + "\n");
        next_step(now, milliseconds(0));
    }
    void act(const grid_size& s, time_point now, wake& w) {
        size_ = s;
        w.resized = true;
        next_step(now, milliseconds(0));
    }
    void act(const await_text& a, time_point now, wake& w) {
        if (times_++ == 0) began_ = now;
        if (shows(a.text)) return next_step(now, milliseconds(0));
        due_ = now + milliseconds(20);
        if (now - began_ < a.longest) return;
        failure_ = fmt::format("the page did not come to show \"{}\"", a.text);
        w.hung_up = true;
    }

  public:
    script_screen(std::vector<script_step> steps, grid_size size, std::function<void(const std::string&)> print)
      : steps_(std::move(steps))
      , print_(std::move(print))
      , size_(size)
      , shown_(size) {}

    /// Why the script ended before its end; empty when it did not.
    [[nodiscard]] const std::string& failure() const noexcept { return failure_; }
    [[nodiscard]] std::string last_frame() const {
        std::string text;
        for (const std::string& l : lines(shown_)) text += l + "\n";
        return text;
    }

    [[nodiscard]] grid_size size() const noexcept { return size_; }
    void draw(const text_grid& frame) { shown_ = frame; }
    void ask_sight() noexcept {}
    [[nodiscard]] bool is_seen() const noexcept { return true; }
    [[nodiscard]] wake wait(std::span<const int> fds, time_point until) {
        wake w;
        for (;;) {
            const auto now = std::chrono::steady_clock::now();
            if (at_ == steps_.size()) {
                w.hung_up = now >= due_;
            } else if (now >= due_)
                std::visit([&](const auto& step) { act(step, now, w); }, steps_[at_]);
            if (w.hung_up || w.resized || !w.keys.empty() || now >= until) return w;
            std::vector<pollfd> polled;
            for (const int fd : fds) polled.push_back({fd, POLLIN, 0});
            const auto left = std::chrono::ceil<milliseconds>(std::min(until, due_) - std::chrono::steady_clock::now());
            const auto most = std::clamp<std::int64_t>(left.count(), 0, 60000);
            if (::poll(polled.data(), polled.size(), static_cast<int>(most)) <= 0) continue;
            for (const pollfd& p : polled)
                if (p.revents != 0) w.ready.push_back(p.fd);
            if (!w.ready.empty()) return w;
        }
    }
    [[nodiscard]] std::vector<key> forget_typed() const noexcept { return {}; }
    void look_first(first_look) noexcept {}
    void settled() noexcept {}
    void stop_here() noexcept {}
    void leave() noexcept {}
    [[nodiscard]] result<void> back() noexcept { return {}; }
};
static_assert(screen<script_screen>);

} // namespace kf::tui
