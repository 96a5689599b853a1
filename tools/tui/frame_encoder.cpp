// SPDX-License-Identifier: MIT
#include "frame_encoder.hpp"

#include <fmt/format.h>

#define NCURSES_NOMACROS 1
#define NCURSES_WIDECHAR 1
#include <ncursesw/curses.h>
#include <ncursesw/term.h>
// term.h defines short words for capabilities
#undef columns
#undef lines
#undef buttons

#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <clocale>
#include <cstdlib>
#include <cwchar>
#include <langinfo.h>
#include <utility>

namespace kf::tui {

struct frame_encoder::state {
    std::FILE* out = nullptr; ///< memory
    std::FILE* in = nullptr;  ///< nothing: keys are the screen's own
    SCREEN* screen = nullptr;
    std::string kind;
    bool coloured = false, ended = true;
    text_grid shown{{0, 0}};

    ~state() {
        if (screen != nullptr) ::delscreen(screen);
        if (out != nullptr) std::fclose(out);
        if (in != nullptr) std::fclose(in);
    }
    /// What ncurses has written since the last time.
    std::string taken() {
        std::fflush(out);
        const int fd = ::fileno(out);
        std::string bytes;
        std::array<char, 4096> buffer;
        ::lseek(fd, 0, SEEK_SET);
        for (ssize_t n = 0; (n = ::read(fd, buffer.data(), buffer.size())) > 0;)
            bytes.append(buffer.data(), static_cast<std::size_t>(n));
        (void)!::ftruncate(fd, 0);
        ::lseek(fd, 0, SEEK_SET);
        return bytes;
    }
};

namespace {

enum pairs : short { key_pair = 1, good_pair, warning_pair, bad_pair, heading_pair };

attr_t attributes_of(look l) {
    switch (l) {
    case look::normal: return A_NORMAL;
    case look::faint: return A_DIM;
    case look::strong: return A_BOLD;
    case look::heading: return A_REVERSE | A_BOLD;
    case look::key: return A_BOLD;
    case look::good: return A_NORMAL;
    case look::warning: return A_BOLD;
    case look::bad: return A_BOLD | A_REVERSE;
    case look::selected: return A_REVERSE;
    }
    return A_NORMAL;
}

short pair_of(look l) {
    switch (l) {
    case look::key: return key_pair;
    case look::good: return good_pair;
    case look::warning: return warning_pair;
    case look::bad: return bad_pair;
    case look::heading: return heading_pair;
    default: return 0;
    }
}

/// The character with its marks; false when this locale gives it another width than ours has.
bool wide_text(const cell& c, std::array<wchar_t, CCHARW_MAX + 1>& wide, std::size_t columns) {
    std::size_t n = 0;
    for (std::string_view rest = c.text; !rest.empty() && n + 1 < wide.size();) {
        const auto one = first_character(rest);
        wide[n++] = static_cast<wchar_t>(one.code);
        rest.remove_prefix(one.bytes);
    }
    wide[n] = L'\0';
    return ::wcwidth(wide[0]) == static_cast<int>(columns);
}

enum class description { none, without_places, usable };

/// What this system knows of that kind of terminal.
description description_of(const std::string& kind, int fd) {
    int found = 0;
    if (kind.empty() || (::setupterm(kind.c_str(), fd, &found) != OK && found < 0)) return description::none;
    if (found == 0) return description::none;
    const char* const place = ::tigetstr("cup");
    const bool placed = place != nullptr && place != reinterpret_cast<char*>(-1);
    ::del_curterm(::cur_term);
    return placed ? description::usable : description::without_places;
}

} // namespace

frame_encoder::frame_encoder(std::unique_ptr<state> s)
  : state_(std::move(s)) {}
frame_encoder::frame_encoder(frame_encoder&&) noexcept = default;
frame_encoder& frame_encoder::operator=(frame_encoder&&) noexcept = default;
frame_encoder::~frame_encoder() = default;

const std::string& frame_encoder::kind() const noexcept { return state_->kind; }

result<frame_encoder> frame_encoder::open(const std::string& term, grid_size size, bool coloured) {
    auto s = std::make_unique<state>();
    const int memory = ::memfd_create("frame", MFD_CLOEXEC);
    s->out = memory < 0 ? nullptr : ::fdopen(memory, "r+");
    s->in = std::fopen("/dev/null", "re");
    if (s->out == nullptr || s->in == nullptr) return kf::fail(io::system_error("cannot make a frame in memory"));
    for (const std::string& kind : {term, std::string("xterm"), std::string("vt100")}) {
        const auto known = description_of(kind, ::fileno(s->out));
        if (known == description::without_places)
            return kf::fail({errc::needs_person,
                             fmt::format("a terminal of the kind \"{}\" cannot place text", kind),
                             {},
                             "TERM=" + kind,
                             {"--plain shows it line by line"}});
        s->kind = kind;
        if (known == description::usable) s->screen = ::newterm(kind.c_str(), s->out, s->in);
        if (s->screen != nullptr) break;
    }
    if (s->screen == nullptr)
        return kf::fail({errc::needs_person,
                         "this system has no description of any terminal",
                         {},
                         "TERM=" + term,
                         {"apt-get install ncurses-base", "--plain shows it line by line"}});
    ::set_term(s->screen);
    s->coloured = coloured && ::has_colors() && ::start_color() == OK;
    if (s->coloured) {
        const short ground = ::use_default_colors() == OK ? -1 : COLOR_BLACK;
        ::init_pair(key_pair, COLOR_CYAN, ground);
        ::init_pair(good_pair, COLOR_GREEN, ground);
        ::init_pair(warning_pair, COLOR_YELLOW, ground);
        ::init_pair(bad_pair, COLOR_RED, ground);
        ::init_pair(heading_pair, COLOR_BLUE, ground);
    }
    ::resizeterm(static_cast<int>(size.rows), static_cast<int>(size.columns));
    return frame_encoder(std::move(s));
}

std::string frame_encoder::show(const text_grid& frame) {
    state& s = *state_;
    if (!s.ended && frame == s.shown) return {};
    ::set_term(s.screen);
    if (frame.size() != s.shown.size())
        ::resizeterm(static_cast<int>(frame.size().rows), static_cast<int>(frame.size().columns));
    if (s.ended || frame.size() != s.shown.size()) ::clearok(::stdscr, TRUE);
    std::array<wchar_t, CCHARW_MAX + 1> wide{};
    for (std::size_t r = 0; r < frame.size().rows; ++r) {
        const auto row = frame.row(r);
        for (std::size_t c = 0; c < row.size(); ++c) {
            if (row[c].text.empty()) continue;
            const std::size_t columns = c + 1 < row.size() && row[c + 1].text.empty() ? 2 : 1;
            if (!wide_text(row[c], wide, columns)) {
                wide[0] = L'?';
                wide[1] = L'\0';
                if (columns == 2) ::mvaddch(static_cast<int>(r), static_cast<int>(c + 1), ' ');
            }
            cchar_t shown{};
            ::setcchar(&shown, wide.data(), attributes_of(row[c].as), s.coloured ? pair_of(row[c].as) : short{0},
                       nullptr);
            ::mvadd_wch(static_cast<int>(r), static_cast<int>(c), &shown);
        }
    }
    ::wnoutrefresh(::stdscr);
    ::doupdate();
    ::curs_set(0);
    s.shown = frame;
    s.ended = false;
    return s.taken();
}

std::string frame_encoder::end() {
    if (state_->ended) return {};
    ::set_term(state_->screen);
    ::curs_set(1);
    ::endwin();
    state_->ended = true;
    return state_->taken();
}

result<void> check_descriptions() {
    KF_TRY(auto encoder, frame_encoder::open("no-such-terminal", {20, 3}, true));
    text_grid frame({20, 3});
    pane(frame).put(2, 1, "a frame", look::strong);
    if (encoder.show(frame).find("a frame") == std::string::npos)
        return kf::fail(errc::failed, "a frame lost its text");
    (void)encoder.end();
    return {};
}

bool settle_locale(bool unicode) {
    if (!unicode) return false;
    for (const char* name : {"", "C.UTF-8", "en_US.UTF-8"})
        if (std::setlocale(LC_CTYPE, name) != nullptr && std::string_view(::nl_langinfo(CODESET)) == "UTF-8")
            return true;
    std::setlocale(LC_CTYPE, "C");
    return false;
}

} // namespace kf::tui
