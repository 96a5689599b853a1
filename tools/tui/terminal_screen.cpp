// SPDX-License-Identifier: MIT
#include "terminal_screen.hpp"

#include "keyboard.hpp"
#include "output_end.hpp"

#include <kf/io/decimal.hpp>
#include <kf/io/held_signals.hpp>
#include <kf/tui/sight.hpp>
#include <kf/tui/spoken.hpp>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace kf::tui {
namespace {

using io::waking_signals;

using std::chrono::steady_clock;
using namespace std::chrono_literals;

volatile std::sig_atomic_t window_changed = 0, asked_to_stop = 0, went_on = 0;

void note_signal(int number) {
    if (number == SIGWINCH) window_changed = 1;
    if (number == SIGTSTP) asked_to_stop = 1;
    if (number == SIGCONT) went_on = 1;
}

/// What a crash has to put back, kept where a handler of signals may use it.
struct {
    volatile std::sig_atomic_t taken = 0;
    int fd = -1;
    termios before{};
    std::array<char, 256> bytes{};
    std::size_t count = 0;
} to_put_back;

constexpr std::array crashes{SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

void put_back_and_crash(int number) {
    if (to_put_back.taken != 0) {
        (void)!::write(to_put_back.fd, to_put_back.bytes.data(), to_put_back.count);
        ::tcsetattr(to_put_back.fd, TCSANOW, &to_put_back.before);
    }
    ::signal(number, SIG_DFL);
    ::raise(number);
}

/// Those have no protocol beyond ECMA-48's own, and some would show what they do not know.
bool is_bare(const std::string& term) {
    for (const char* kind : {"linux", "vt", "ansi", "dumb", "cons"})
        if (term.starts_with(kind)) return true;
    return term.empty();
}

constexpr std::string_view brackets_on = "\x1b[?2004h\x1b[?1004h\x1b[?u", brackets_off = "\x1b[?1004l\x1b[?2004l",
                           kitty_on = "\x1b[>7u", kitty_off = "\x1b[<u";

} // namespace

terminal_look look_by_environment(bool plain, bool coloured, bool unicode) {
    const auto variable = [](const char* name) {
        const char* value = std::getenv(name);
        return std::string(value == nullptr ? "" : value);
    };
    terminal_look look{variable("TERM"), plain, coloured, unicode};
    if (const auto ms = io::parse_decimal(variable("ESCDELAY")); ms && *ms >= 0 && *ms <= 10000)
        look.escape_delay = std::chrono::milliseconds(static_cast<int>(*ms));
    return look;
}

struct terminal_screen::state {
    terminal_look how;
    io::unique_fd tty;                    ///< our own opening of it: that it does not block is nobody else's affair
    std::optional<output_end> lines = {}; ///< where they go
    int out = -1;                         ///< where frames go: the terminal, of lines standard output
    termios before{}, raw{};
    std::optional<frame_encoder> encoder = {};
    keyboard typed;
    sight seen;
    std::string unsent = {};
    std::optional<text_grid> next = {}; ///< the newest frame, while the one before is on its way
    speech spoken;                      ///< plain
    std::array<struct sigaction, waking_signals.size()> signals_before{};
    int interrupts = 0;
    bool ours = false, kitty = false, gone = false;
    bool in_sight = false; ///< since the last wait
    std::vector<key> keys = {};
    std::vector<key> answers = {}; ///< keys of one read that came behind it

    explicit state(terminal_look look)
      : how(std::move(look))
      , typed(how.escape_delay)
      , seen(has_words()) {}

    ~state() {
        give();
        for (std::size_t i = 0; i < waking_signals.size(); ++i)
            ::sigaction(waking_signals[i], &signals_before[i], nullptr);
        for (const int number : crashes) ::signal(number, SIG_DFL);
    }

    void hear_signals() {
        for (std::size_t i = 0; i < waking_signals.size(); ++i) {
            ::sigaction(waking_signals[i], nullptr, &signals_before[i]);
            const bool ends =
                waking_signals[i] != SIGWINCH && waking_signals[i] != SIGTSTP && waking_signals[i] != SIGCONT;
            if (ends && signals_before[i].sa_handler != SIG_DFL) continue; // the tool has its own word
            struct sigaction action{};
            sigemptyset(&action.sa_mask);
            action.sa_handler = ends ? io::interrupt::remember : note_signal;
            ::sigaction(waking_signals[i], &action, nullptr);
        }
        for (const int number : crashes) ::signal(number, put_back_and_crash);
        interrupts = io::interrupt::count();
    }
    /// It may be spoken to beyond the text of frames: lines for a reader have no other bytes in them.
    [[nodiscard]] bool has_words() const { return !how.plain && !is_bare(how.term); }
    [[nodiscard]] std::string end_bytes() const {
        std::string bytes;
        if (kitty) bytes += kitty_off;
        if (has_words()) bytes += brackets_off;
        return bytes;
    }
    void remember_for_a_crash() {
        // The usual words for it: ncurses' own may not be asked for in a handler.
        const std::string bytes = end_bytes() + (encoder ? "\x1b[?1049l\x1b[?25h\x1b[0m\r\n" : "");
        to_put_back.taken = 0;
        to_put_back.fd = tty.get();
        to_put_back.before = before;
        to_put_back.count = bytes.copy(to_put_back.bytes.data(), to_put_back.bytes.size());
        to_put_back.taken = 1;
    }

    result<void> take() {
        if (::tcgetattr(tty.get(), &before) != 0) return kf::fail(io::system_error("cannot ask the terminal"));
        raw = before;
        raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | IEXTEN);
        raw.c_lflag |= NOFLSH; // Ctrl+C must not throw away an answer of the terminal, nor a stop in front of it
        raw.c_iflag &= ~static_cast<tcflag_t>(IXON | ICRNL | INLCR | IGNCR | ISTRIP);
        raw.c_cc[VMIN] = 1;
        raw.c_cc[VTIME] = 0;
        if (::tcsetattr(tty.get(), TCSADRAIN, &raw) != 0) return kf::fail(io::system_error("cannot set the terminal"));
        ours = true;
        kitty = false;
        read_again();
        if (has_words()) unsent += brackets_on;
        unsent += seen.begin(steady_clock::now());
        remember_for_a_crash();
        return {};
    }
    /// A thread that reads keys takes no signal that has to end a wait.
    void read_again() {
        const io::held_signals held;
        typed.resume();
    }
    void give() {
        if (!ours) return;
        typed.pause();
        spoken.at_once(); // the last lines are said whenever they come
        send_next(steady_clock::now());
        ours = false;
        // What was not taken yet is of no use any more, but a sequence must not end in its middle.
        if (encoder) unsent += encoder->end();
        unsent += end_bytes();
        kitty = false;
        const auto patience = steady_clock::now() + 1s;
        while (!unsent.empty() && !gone && steady_clock::now() < patience) {
            pollfd p{out, POLLOUT, 0};
            if (::poll(&p, 1, 50) > 0) send();
        }
        unsent.clear();
        // An answer of the terminal is not for whoever reads next.
        const auto owed = std::min(patience, seen.owed_until(steady_clock::now()));
        for (pollfd p{tty.get(), POLLIN, 0}; seen.is_owed() && !gone && steady_clock::now() < owed;)
            if (::poll(&p, 1, 10) > 0) take_all_keys();
        to_put_back.taken = 0;
        ::tcsetattr(tty.get(), TCSADRAIN, &before);
    }
    /// As much as the terminal takes now.
    void send() {
        while (!unsent.empty() && !gone) {
            pollfd p{out, POLLOUT, 0};
            if (::poll(&p, 1, 0) <= 0) return;
            const ssize_t n = ::write(out, unsent.data(), std::min<std::size_t>(unsent.size(), 4096));
            if (n > 0)
                unsent.erase(0, static_cast<std::size_t>(n));
            else if (errno == EINTR)
                continue;
            else {
                if (errno != EAGAIN) gone = true;
                return;
            }
        }
    }
    void send_next(steady_clock::time_point now) {
        send_frame(now);
        if (next || gone || !ours) return;
        unsent += seen.behind_frame();
        send();
        if (seen.is_leaving() && has_all_left()) seen.has_left(now);
    }
    [[nodiscard]] bool has_all_left() const {
        int on_its_way = 0; // a serial line tells; a pseudo terminal has it at once
        return unsent.empty() && (::ioctl(out, TIOCOUTQ, &on_its_way) != 0 || on_its_way == 0);
    }
    void send_frame(steady_clock::time_point now) {
        send();
        if (!next || !unsent.empty() || gone || !ours) return;
        if (encoder)
            unsent += encoder->show(*next);
        else {
            if (now < spoken.may_say()) return;
            for (const std::string& line : spoken.say(*next, how.unicode, now)) unsent += line + "\n";
        }
        next.reset();
        send();
    }
    /// Ctrl+Z: the terminal is the shell's until we go on.
    void stop_here() {
        give();
        struct sigaction ours_again{}, usual{};
        usual.sa_handler = SIG_DFL;
        sigemptyset(&usual.sa_mask);
        ::sigaction(SIGTSTP, &usual, &ours_again);
        ::raise(SIGTSTP);
        ::sigaction(SIGTSTP, &ours_again, nullptr);
        went_on = 1;
    }
    /// Somebody else may have had the terminal.
    void take_again() {
        if (!ours) {
            typed.forget_begun();
            gone = gone || !take();
        } else // what has begun is ours as well, an Esc among it
            ::tcsetattr(tty.get(), TCSADRAIN, &raw);
        if (encoder) (void)encoder->end();
        spoken.anew();
    }
    /// What was read of keys that are the page's affair.
    void take_keys() {
        const auto now = steady_clock::now();
        for (key& k : typed.take())
            if (!own(k) && (k.heeded || !seen.is_blind(k, now))) (in_sight ? answers : keys).push_back(std::move(k));
        gone = gone || typed.is_gone();
        if (keys.empty() && answers.empty() && !in_sight) typed.settled(); // none is a page's affair
    }
    void take_all_keys() {
        // What begins in it and is not over (an Esc) goes on where its time is told.
        typed.pause();
        typed.look_at_all();
        if (ours) read_again();
        take_keys();
    }
    /// Nothing answers, or not in time: what lies there now was typed before.
    void end_grace(steady_clock::time_point now) {
        if (const auto end = seen.deadline(); !end || now < *end) return;
        take_all_keys();
        if (seen.pass(now)) in_sight = true;
    }
    /// Keys that are the terminal's affair on every page.
    bool own(const key& k) {
        if (k.code == key_code::protocol) {
            if (!ours) return true; // it comes late: whoever has the terminal has not asked
            if (!kitty) unsent += kitty_on;
            kitty = true;
            remember_for_a_crash();
            return true;
        }
        if (k.code == key_code::status) {
            if (seen.answer()) in_sight = true;
            return true;
        }
        if (k.code != key_code::text || (k.modifiers & modifier::ctrl) == 0) return false;
        // By the kitty protocol these are keys, and the kernel does not see them.
        if (k.text == 'c' && k.action == key_action::press) ::kill(::getpid(), SIGINT);
        if (k.text == 'z' && k.action == key_action::press) asked_to_stop = 1;
        if (k.text == 'l' && k.action == key_action::press) window_changed = 2;
        return k.text == 'c' || k.text == 'z' || k.text == 'l';
    }

    /// True when there is something to tell.
    bool settle(wake& w) {
        if (const int count = io::interrupt::count(); count != interrupts) {
            interrupts = count;
            w.interrupted = true;
        }
        if (std::exchange(asked_to_stop, 0) != 0) {
            w.asked_to_stop = true;
            keys.push_back({.code = key_code::focus_out, .read = steady_clock::now()});
        }
        if (std::exchange(went_on, 0) != 0) {
            take_again();
            w.resized = true;
        }
        if (const auto changed = std::exchange(window_changed, 0); changed != 0) {
            if (changed == 2 && encoder) unsent += encoder->end();
            w.resized = true;
        }
        w.hung_up = gone;
        w.keys = std::exchange(keys, {});
        return w.interrupted || w.resized || w.hung_up || in_sight || !w.keys.empty();
    }
};

terminal_screen::terminal_screen(std::unique_ptr<state> s)
  : state_(std::move(s)) {}
terminal_screen::terminal_screen(terminal_screen&&) noexcept = default;
terminal_screen::~terminal_screen() = default;

result<terminal_screen> terminal_screen::open(const terminal_look& how) {
    auto s = std::make_unique<state>(how);
    s->tty = io::unique_fd(::open("/dev/tty", O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    // Without a controlling terminal, as behind setsid, standard input may be one all the same.
    if (const char* name = s->tty ? nullptr : ::ttyname(STDIN_FILENO); name != nullptr)
        s->tty = io::unique_fd(::open(name, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    s->typed.opens(s->tty.get());
    if (!s->tty) return kf::fail({errc::needs_person, "there is no terminal", "this needs a person at a keyboard"});
    if (how.plain) s->lines.emplace();
    s->out = s->lines ? s->lines->get() : s->tty.get();
    s->how.unicode = settle_locale(how.unicode);
    s->hear_signals();
    terminal_screen screen(std::move(s));
    if (!how.plain) {
        KF_TRY(auto encoder, frame_encoder::open(how.term, screen.size(), how.coloured));
        screen.state_->encoder.emplace(std::move(encoder));
    }
    KF_CHECK(screen.state_->take());
    return screen;
}

grid_size terminal_screen::size() const {
    winsize w{};
    grid_size size;
    if (::ioctl(state_->tty.get(), TIOCGWINSZ, &w) == 0 && w.ws_col > 0 && w.ws_row > 0) size = {w.ws_col, w.ws_row};
    // Lines that are spoken have no window.
    if (state_->how.plain) size = {std::max<std::size_t>(size.columns, 80), 40};
    return size;
}

void terminal_screen::draw(const text_grid& frame) {
    state_->next = state_->how.unicode || state_->how.plain ? frame : in_ascii(frame);
    state_->send_next(steady_clock::now());
}

void terminal_screen::ask_sight() {
    state_->seen.want();
    state_->send_next(steady_clock::now());
}

bool terminal_screen::is_seen() const noexcept { return state_->seen.is_seen(); }

wake terminal_screen::wait(std::span<const int> fds, steady_clock::time_point until) {
    state& s = *state_;
    wake w;
    s.in_sight = false;
    s.keys.insert(s.keys.begin(), s.answers.begin(), s.answers.end());
    s.answers.clear();
    const io::held_signals held;
    for (bool first = true;; first = false) {
        if (s.settle(w)) return w;
        auto now = steady_clock::now();
        s.send_next(now);
        auto end = until;
        if (const auto d = s.typed.deadline()) end = std::min(end, *d);
        if (const auto d = s.seen.deadline()) end = std::min(end, *d);
        if (s.seen.is_leaving()) end = std::min(end, now + 20ms);
        if (s.next && s.unsent.empty() && !s.encoder) end = std::min(end, std::max(s.spoken.may_say(), now));
        if (first) end = now; // what lies there already is not late, however long we were away
        std::vector<pollfd> polled;
        const short writes = s.unsent.empty() ? short{0} : short{POLLOUT};
        polled.push_back({s.gone ? -1 : s.typed.descriptor(), POLLIN, 0});
        polled.push_back({!s.gone && writes != 0 ? s.out : -1, writes, 0});
        for (const int fd : fds) polled.push_back({fd, POLLIN, 0});
        const auto left = std::clamp<std::chrono::nanoseconds>(end - now, 0ns, 24h);
        const timespec wait_for{static_cast<time_t>(left / 1s), static_cast<long>((left % 1s).count())};
        const int n = ::ppoll(polled.data(), polled.size(), &wait_for, &held.before());
        now = steady_clock::now();
        for (std::size_t i = 2; n > 0 && i < polled.size(); ++i)
            if (polled[i].revents != 0) w.ready.push_back(polled[i].fd);
        if (n >= 0 && !s.gone) s.typed.look();
        s.take_keys();
        s.end_grace(now);
        const bool told = s.settle(w);
        if (told || !w.ready.empty() || now >= until) return w;
    }
}

std::vector<key> terminal_screen::forget_typed() {
    state_->take_all_keys();
    return std::exchange(state_->keys, {});
}

void terminal_screen::look_first(first_look f) {
    state_->typed.pause();
    state_->typed.look_first(std::move(f));
    if (state_->ours) state_->read_again();
}

void terminal_screen::settled() {
    if (state_->answers.empty()) state_->typed.settled(); // those have not been given yet
}

void terminal_screen::stop_here() { state_->stop_here(); }

void terminal_screen::leave() {
    state_->give();
    // What was typed up to here was for what is left.
    state_->take_keys();
    state_->keys.clear();
    state_->answers.clear();
    state_->typed.settled();
}

result<void> terminal_screen::back() {
    if (!state_->ours) {
        state_->typed.forget_begun();
        KF_CHECK(state_->take());
    }
    state_->take_again();
    state_->interrupts = io::interrupt::count();
    return {};
}

bool terminal_screen::tells_releases() const noexcept { return state_->kitty; }

} // namespace kf::tui
