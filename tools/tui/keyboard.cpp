// SPDX-License-Identifier: MIT
#include "keyboard.hpp"

#include <kf/io/next_core.hpp>

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace kf::tui {
namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

} // namespace

void keyboard::resume() {
    if (!first_ || thread_.joinable()) return;
    bell_.emplace();
    end_.emplace();
    if (!*bell_ || !*end_) return; // then whoever waits goes on to read, and looks first
    looked_ = steady_clock::now();
    thread_ = std::thread([this] { run(); });
}

void keyboard::pause() noexcept {
    if (!thread_.joinable()) return;
    end_->ring();
    thread_.join();
}

void keyboard::run() {
    io::ask_for_the_next_core();
    while (!gone_) {
        std::array<pollfd, 2> fds{{{tty_, POLLIN, 0}, {end_->native_handle(), POLLIN, 0}}};
        const auto until = [&] {
            const std::lock_guard alone(reading_);
            return decoder_.deadline();
        }();
        const auto left =
            until ? std::clamp<std::chrono::nanoseconds>(*until - steady_clock::now(), 0ns, 1h) : std::chrono::hours(1);
        const timespec wait_for{static_cast<time_t>(left / 1s), static_cast<long>((left % 1s).count())};
        if (::ppoll(fds.data(), fds.size(), &wait_for, nullptr) < 0) continue;
        if (fds[1].revents != 0) return;
        const std::lock_guard alone(reading_);
        std::vector<key> fresh;
        if (fds[0].revents != 0)
            read_once(fresh);
        else
            let_time_pass(fresh);
        give(std::move(fresh));
    }
    bell_->ring();
}

std::optional<keyboard::time_point> keyboard::deadline() const {
    if (thread_.joinable()) return std::nullopt;
    const std::lock_guard alone(reading_);
    return decoder_.deadline();
}

void keyboard::look() {
    if (thread_.joinable()) return;
    const std::lock_guard alone(reading_);
    std::vector<key> fresh;
    if (pollfd p{tty_, POLLIN, 0}; !gone_ && ::poll(&p, 1, 0) > 0)
        read_once(fresh);
    else
        let_time_pass(fresh);
    give(std::move(fresh));
}

void keyboard::look_at_all() {
    const std::lock_guard alone(reading_);
    std::vector<key> fresh;
    // Read, not flushed: an arrow of which a slow link has brought the half stays one key.
    for (pollfd p{tty_, POLLIN, 0}; !gone_ && ::poll(&p, 1, 0) > 0;) read_once(fresh);
    give(std::move(fresh));
}

void keyboard::read_once(std::vector<key>& out) {
    std::array<char, 4096> buffer;
    const ssize_t n = ::read(tty_, buffer.data(), buffer.size());
    const auto now = steady_clock::now();
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) gone_ = true;
    if (n > 0) decoder_.feed({buffer.data(), static_cast<std::size_t>(n)}, looked_, now, out);
    looked_ = now;
}

void keyboard::let_time_pass(std::vector<key>& out) {
    looked_ = steady_clock::now();
    decoder_.wait_over(looked_, out);
}

void keyboard::give(std::vector<key> fresh) {
    if (fresh.empty()) return;
    unsigned later = 0;
    const key* before = nullptr;
    for (key& k : fresh) {
        k.read = looked_;
        // A key that is held, and read late: what it does takes a second where nothing answers, and was done.
        k.heeded = before != nullptr && before->heeded;
        if (k.heeded && *before == k) continue;
        k.heeded = false; // nobody has looked at it
        before = &k;
        const bool is_settled = open_ == 0;
        const heed h = first_ ? first_(k, is_settled) : heed::later;
        k.heeded = h == heed::done;
        if (k.heeded || (is_settled && h == heed::aside)) continue;
        ++later;
        ++open_;
    }
    {
        const std::lock_guard alone(given_);
        later_ += later;
        std::ranges::move(fresh, std::back_inserter(keys_));
    }
    if (bell_) bell_->ring();
}

std::vector<key> keyboard::take() {
    if (bell_) bell_->settle();
    const std::lock_guard alone(given_);
    in_hand_ += std::exchange(later_, 0);
    return std::exchange(keys_, {});
}

void keyboard::forget_begun() {
    const std::lock_guard alone(reading_);
    decoder_.reset();
}

} // namespace kf::tui
