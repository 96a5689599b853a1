// SPDX-License-Identifier: MIT
#include "line_screen.hpp"

#include "output_end.hpp"

#include <kf/io/held_signals.hpp>
#include <kf/io/interrupt.hpp>
#include <kf/tui/sight.hpp>
#include <kf/tui/spoken.hpp>

#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace kf::tui {

namespace {

/// A terminal that is gone is readable for ever, and gives what Ctrl+D does. What was typed before is still read.
bool is_hung_up(const pollfd& tty) noexcept {
    if ((tty.revents & (POLLHUP | POLLERR | POLLNVAL)) == 0) return false;
    int waiting = 0;
    return ::ioctl(tty.fd, FIONREAD, &waiting) != 0 || waiting == 0;
}

} // namespace

using std::chrono::steady_clock;
using namespace std::chrono_literals;

struct line_screen::state {
    bool unicode;
    output_end out = {};
    sight seen{false};
    std::string unsent = "A letter or a number, then Enter. Esc, then Enter, leads back. ? and Enter: all letters.\n";
    std::optional<text_grid> next = {};
    speech spoken = {};
    int interrupts = io::interrupt::count();
    bool writes = false;   ///< the page has a line for text
    bool prompts = false;  ///< the last that was printed is the sign that an answer may come
    bool in_sight = false; ///< since the last wait
    bool gone = false;

    void print(const std::string& text) {
        if (std::exchange(prompts, false)) unsent += "\n";
        unsent += text;
    }
    /// As much as the other side takes now.
    void send() {
        while (!unsent.empty() && !gone) {
            pollfd p{out.get(), POLLOUT, 0};
            if (::poll(&p, 1, 0) <= 0) return;
            // No more than a pipe takes without waiting.
            const ssize_t n = ::write(out.get(), unsent.data(), std::min<std::size_t>(unsent.size(), 512));
            if (n > 0)
                unsent.erase(0, static_cast<std::size_t>(n));
            else if (errno != EINTR) {
                gone = errno != EAGAIN;
                return;
            }
        }
    }
    void send_next(steady_clock::time_point now) {
        send();
        if (next && unsent.empty() && now >= spoken.may_say()) {
            for (const std::string& line : spoken.say(*next, unicode, now)) print(line + "\n");
            next.reset();
            send();
        }
        if (next) return;
        (void)seen.behind_frame();
        if (unsent.empty()) seen.has_left(now);
    }
    /// A question was to be heard: what was typed meanwhile is no answer to it.
    void end_grace(steady_clock::time_point now) {
        if (const auto end = seen.deadline(); !end || now < *end) return;
        ::tcflush(STDIN_FILENO, TCIFLUSH);
        in_sight = seen.pass(now);
        unsent += "> ";
        prompts = true;
        send();
    }
    /// One line is there: its keys, when it is one that a person typed by itself.
    void read_line(std::vector<key>& keys) {
        std::array<char, 4096> buffer;
        const ssize_t n = ::read(STDIN_FILENO, buffer.data(), buffer.size());
        if (n < 0) {
            gone = errno != EAGAIN && errno != EINTR;
            return;
        }
        prompts = false;                                    // the terminal has written the end of the line itself
        spoken.at_once();                                   // its answer is told at once
        if (n == 0) return io::interrupt::remember(SIGINT); // Ctrl+D
        if (pollfd more{STDIN_FILENO, POLLIN, 0}; ::poll(&more, 1, 30) > 0 && !is_hung_up(more)) {
            ::tcflush(STDIN_FILENO, TCIFLUSH);
            return print("several lines at once start nothing\n");
        }
        std::string_view line(buffer.data(), static_cast<std::size_t>(n));
        if (line.ends_with('\n')) line.remove_suffix(1);
        if (auto typed = keys_of_line(line, writes))
            keys = *std::move(typed);
        else
            print("one letter or one number, then Enter; ? and Enter list the letters\n");
    }
};

line_screen::line_screen(std::unique_ptr<state> s)
  : state_(std::move(s)) {}
line_screen::line_screen(line_screen&&) noexcept = default;
line_screen::~line_screen() {
    if (state_) leave();
}

result<line_screen> line_screen::open(bool unicode) {
    if (::isatty(STDIN_FILENO) == 0)
        return kf::fail({errc::needs_person, "there is no terminal", "this needs a person at a keyboard"});
    return line_screen(std::make_unique<state>(state{.unicode = unicode}));
}

/// High enough for all that a page has: there is no window. A wider one would have columns that only help the eye.
grid_size line_screen::size() const noexcept { return {109, 120}; }

void line_screen::draw(const text_grid& frame) {
    state_->writes = frame.has_text_line();
    state_->next = frame;
    state_->send_next(steady_clock::now());
}

void line_screen::ask_sight() {
    state_->spoken.at_once();
    state_->seen.want();
    state_->send_next(steady_clock::now());
}

bool line_screen::is_seen() const noexcept { return state_->seen.is_seen(); }

wake line_screen::wait(std::span<const int> fds, steady_clock::time_point until) {
    state& s = *state_;
    wake w;
    s.in_sight = false;
    const io::held_signals held;
    for (;;) {
        auto now = steady_clock::now();
        s.send_next(now);
        s.end_grace(now);
        if (const int count = io::interrupt::count(); count != s.interrupts) {
            s.interrupts = count;
            w.interrupted = true;
        }
        w.hung_up = s.gone;
        if (w.interrupted || w.hung_up || s.in_sight || !w.keys.empty() || !w.ready.empty() || now >= until) return w;
        auto end = until;
        if (const auto d = s.seen.deadline()) end = std::min(end, *d);
        if (s.next && s.unsent.empty()) end = std::min(end, std::max(s.spoken.may_say(), now));
        std::vector<pollfd> polled{{STDIN_FILENO, POLLIN, 0}, {s.unsent.empty() ? -1 : s.out.get(), POLLOUT, 0}};
        for (const int fd : fds) polled.push_back({fd, POLLIN, 0});
        const auto left = std::clamp<std::chrono::nanoseconds>(end - now, 0ns, 24h);
        const timespec wait_for{static_cast<time_t>(left / 1s), static_cast<long>((left % 1s).count())};
        if (::ppoll(polled.data(), polled.size(), &wait_for, &held.before()) <= 0) continue;
        if (is_hung_up(polled[0]))
            s.gone = true;
        else if (polled[0].revents != 0)
            s.read_line(w.keys);
        for (std::size_t i = 2; i < polled.size(); ++i)
            if (polled[i].revents != 0) w.ready.push_back(polled[i].fd);
    }
}

std::vector<key> line_screen::forget_typed() {
    ::tcflush(STDIN_FILENO, TCIFLUSH);
    return {};
}

void line_screen::leave() {
    state& s = *state_;
    s.spoken.at_once();
    const auto patience = steady_clock::now() + 1s;
    do {
        s.send_next(steady_clock::now());
        pollfd p{s.out.get(), POLLOUT, 0};
        (void)::poll(&p, 1, 50);
    } while ((s.next || !s.unsent.empty()) && !s.gone && steady_clock::now() < patience);
}

result<void> line_screen::back() {
    state_->spoken.anew(); // somebody else has spoken meanwhile
    state_->interrupts = io::interrupt::count();
    return {};
}

} // namespace kf::tui
