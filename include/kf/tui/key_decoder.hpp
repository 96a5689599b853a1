// SPDX-License-Identifier: MIT
#pragma once
/// Bytes of a terminal -> keys, with the time that has to pass before a lone Esc is one. It knows what ncurses' own
/// decoder does not: that a key was let go and that the keyboard went elsewhere; and a part of an arrow key that a slow
/// link cut off is dropped, never taken for Esc and letters. Nothing here reads: a screen feeds it.
/// Spec: ECMA-48, XTerm Control Sequences, https://sw.kovidgoyal.net/kitty/keyboard-protocol.
///
/// - Esc counts when no byte follows it within the escape delay, or at once by the kitty protocol; a run of them is one
///   Esc after the delay of the first, or at the third.
/// - A bracketed paste is one key with all of its text. From a terminal without brackets, many different characters in
///   one read are one too, marked as a guess: hardly anybody types them at once. What follows within a moment belongs
///   to it, as a key of its own that is marked so, too.
/// - An answer of the terminal, a click, an unknown sequence are nothing.

#include <kf/tui/key.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kf::tui {

inline constexpr std::chrono::milliseconds default_escape_delay{150};

class key_decoder {
  public:
    using time_point = std::chrono::steady_clock::time_point;

    explicit key_decoder(std::chrono::milliseconds escape_delay = default_escape_delay)
      : escape_delay_(escape_delay) {}

    /// Bytes that were read at `now`. They may have lain there since `since`, when the keyboard was last looked at:
    /// what has waited for us was not late.
    void feed(std::string_view bytes, time_point since, time_point now, std::vector<key>& out) {
        wait_over(since, out);
        if (state_ == state::ground && !guess_ends_ && looks_pasted(bytes)) {
            guess_ends_ = now + guess_gap;
            guess_has_a_line_ = false;
        }
        for (const char b : bytes) take(static_cast<unsigned char>(b), now, out);
    }
    /// When wait_over() has something to do, if no byte comes before.
    [[nodiscard]] std::optional<time_point> deadline() const noexcept {
        if (state_ == state::ground) return guess_ends_;
        return guess_ends_ ? std::min(deadline_, *guess_ends_) : deadline_;
    }
    /// Time has passed: a lone Esc becomes one, what was cut off is dropped.
    void wait_over(time_point now, std::vector<key>& out) {
        if (guess_ends_ && now >= *guess_ends_) guess_ends_.reset();
        if (state_ == state::ground || now < deadline_) return;
        if (state_ == state::escape) out.push_back({.code = key_code::escape});
        if (state_ == state::paste) end_paste(out);
        reset();
    }
    /// Forgets what has begun.
    void reset() noexcept {
        state_ = state::ground;
        pending_.clear();
        alt_ = false;
    }

  private:
    enum class state { ground, escape, csi, ss3, mouse, control_string, paste, character };

    /// A sequence stops in the middle: long enough for the slowest link, short enough not to swallow what is typed.
    static constexpr std::chrono::milliseconds sequence_gap{500}, paste_gap{1000}, guess_gap{100};
    static constexpr std::string_view paste_end = "\x1b[201~";
    /// Of a paste: what is behind it is read and dropped.
    static constexpr std::size_t longest_paste = std::size_t{1} << 20;

    std::chrono::milliseconds escape_delay_;
    state state_ = state::ground;
    std::string pending_; ///< bytes of what has begun, in `escape` one for each Esc
    bool alt_ = false;    ///< the sequence or character came behind an Esc of its own
    time_point deadline_{};
    std::optional<time_point> guess_ends_; ///< as long as what comes belongs to a paste that nothing marked as one
    bool guess_has_a_line_ = false;        ///< and what comes now is behind its end

    [[nodiscard]] static bool looks_pasted(std::string_view bytes) {
        if (bytes.size() < 8 || bytes.find('\x1b') != std::string_view::npos) return false;
        return std::set<char>(bytes.begin(), bytes.end()).size() >= 4;
    }
    void begin(state s, time_point until) {
        state_ = s;
        pending_.clear();
        deadline_ = until;
    }
    void emit(std::vector<key>& out, key k) {
        if (alt_) k.modifiers |= modifier::alt;
        reset();
        out.push_back(std::move(k));
    }
    void end_paste(std::vector<key>& out) {
        std::string text = std::move(pending_);
        text.resize(std::min(text.size(), longest_paste));
        reset();
        out.push_back({.code = key_code::paste, .pasted = std::move(text)});
    }

    void take(unsigned char b, time_point now, std::vector<key>& out) {
        switch (state_) {
        case state::ground: return ground(b, now, out);
        case state::escape: return escape(b, now, out);
        case state::csi: return csi(b, now, out);
        case state::ss3: return ss3(b, now, out);
        case state::mouse:
            pending_ += static_cast<char>(b);
            if (pending_.size() == 3) reset();
            return;
        case state::control_string:
            // Ends with BEL or ESC \; its end may be lost, so it ends by time as well.
            if (b == 0x07 || (b == '\\' && pending_.ends_with('\x1b'))) return reset();
            pending_ = static_cast<char>(b);
            return;
        case state::paste:
            if (pending_.size() == longest_paste + paste_end.size()) pending_.erase(longest_paste, 1);
            pending_ += static_cast<char>(b);
            deadline_ = now + paste_gap;
            if (pending_.ends_with(paste_end)) {
                pending_.resize(pending_.size() - paste_end.size());
                end_paste(out);
            }
            return;
        case state::character: return character(b, now, out);
        }
    }

    /// Behind the end of a line it begins with one: a field of text takes no more than the first.
    void guess(unsigned char b, time_point now, std::vector<key>& out) {
        guess_ends_ = now + guess_gap;
        if (out.empty() || !out.back().guessed)
            out.push_back({.code = key_code::paste, .pasted = guess_has_a_line_ ? "\n" : "", .guessed = true});
        out.back().pasted += static_cast<char>(b);
        guess_has_a_line_ = guess_has_a_line_ || b == '\n' || b == '\r';
    }
    void ground(unsigned char b, time_point now, std::vector<key>& out) {
        if (guess_ends_ && b != 0x1b && !alt_) return guess(b, now, out);
        if (b == 0x1b) {
            begin(state::escape, now + escape_delay_);
            pending_ = '\x1b';
        } else if (b == '\r' || b == '\n')
            emit(out, {.code = key_code::enter});
        else if (b == '\t')
            emit(out, {.code = key_code::tab});
        else if (b == 0x7f || b == 0x08)
            emit(out, {.code = key_code::backspace});
        else if (b < 0x20)
            emit(out, {.text = b == 0 ? U' ' : static_cast<char32_t>((b | 0x40) | (b < 27 ? 0x20 : 0)),
                       .modifiers = modifier::ctrl});
        else if (b < 0x80)
            emit(out, {.text = b});
        else {
            begin(state::character, now + sequence_gap);
            character(b, now, out);
        }
    }
    void character(unsigned char b, time_point now, std::vector<key>& out) {
        if (!goes_on(static_cast<char>(b)) && !pending_.empty()) { // the one before was cut off
            reset();
            return ground(b, now, out);
        }
        pending_ += static_cast<char>(b);
        if (const auto c = first_character(pending_); c.valid)
            emit(out, {.text = c.code});
        else if (!has_begun(pending_))
            reset();
    }
    void escape(unsigned char b, time_point now, std::vector<key>& out) {
        if (b == 0x1b) {
            pending_ += '\x1b';
            // No sequence begins with three: this is a key that is held down, or struck in haste.
            if (pending_.size() == 3) {
                out.push_back({.code = key_code::escape});
                reset();
            }
            return;
        }
        alt_ = pending_.size() == 2;
        const auto until = now + sequence_gap;
        switch (b) {
        case '[': return begin(state::csi, until);
        case 'O': return begin(state::ss3, until);
        case ']':
        case 'P':
        case '_':
        case '^':
        case 'X':
            // An answer: no key begins so, and an Esc in front of it was struck.
            if (std::exchange(alt_, false)) out.push_back({.code = key_code::escape});
            return begin(state::control_string, until);
        default:
            alt_ = true;
            state_ = state::ground;
            ground(b, now, out);
        }
    }
    void ss3(unsigned char b, time_point now, std::vector<key>& out) {
        if (b >= '0' && b <= '9' && pending_.empty()) { // a modifier, as some terminals put it
            deadline_ = now + sequence_gap;
            return;
        }
        if (const auto code = cursor_key(b)) return emit(out, {.code = *code});
        if (b >= 'P' && b <= 'S') return emit(out, {.code = key_code::function, .text = U'\1' + b - U'P'});
        if (b == 'M') return emit(out, {.code = key_code::enter});
        constexpr std::string_view keypad = "*+,-./0123456789"; // j to y
        if (b >= 'j' && b <= 'y') return emit(out, {.text = static_cast<unsigned char>(keypad[b - 'j'])});
        abandon(b, now, out);
    }
    /// No sequence goes on like this. An Esc and a '!' are the person's own; all else was a part of it.
    void abandon(unsigned char b, time_point now, std::vector<key>& out) {
        reset();
        if (b == 0x1b || b == '!') ground(b, now, out);
    }
    void csi(unsigned char b, time_point now, std::vector<key>& out) {
        if (b == '[' && pending_.empty()) { // the Linux console: F1 to F5
            pending_ = '[';
            deadline_ = now + sequence_gap;
            return;
        }
        if (pending_ == "[") return reset();
        const bool goes_on = b >= 0x20 && b < 0x40 && b != '!' && pending_.size() < 64;
        if (goes_on) {
            pending_ += static_cast<char>(b);
            deadline_ = now + sequence_gap;
            return;
        }
        if (b < 0x40 || b > 0x7e) return abandon(b, now, out);
        dispatch(static_cast<char>(b), now, out);
    }

    [[nodiscard]] static std::optional<key_code> cursor_key(unsigned char final) noexcept {
        switch (final) {
        case 'A': return key_code::up;
        case 'B': return key_code::down;
        case 'C': return key_code::right;
        case 'D': return key_code::left;
        case 'H': return key_code::home;
        case 'F': return key_code::end;
        case 'Z': return key_code::back_tab;
        default: return std::nullopt;
        }
    }
    [[nodiscard]] static std::optional<key> tilde_key(unsigned n) noexcept {
        switch (n) {
        case 1:
        case 7: return key{.code = key_code::home};
        case 2: return key{.code = key_code::insert};
        case 3: return key{.code = key_code::remove};
        case 4:
        case 8: return key{.code = key_code::end};
        case 5: return key{.code = key_code::page_up};
        case 6: return key{.code = key_code::page_down};
        default: break;
        }
        constexpr std::array<unsigned, 20> functions{11, 12, 13, 14, 15, 17, 18, 19, 20, 21,
                                                     23, 24, 25, 26, 28, 29, 31, 32, 33, 34};
        const auto* found = std::ranges::find(functions, n);
        if (found == functions.end()) return std::nullopt;
        return key{.code = key_code::function, .text = static_cast<char32_t>(found - functions.begin() + 1)};
    }
    /// A code point of the kitty protocol, which has places of its own for keys without a character.
    [[nodiscard]] static std::optional<key> kitty_key(unsigned code) noexcept {
        switch (code) {
        case 27: return key{.code = key_code::escape};
        case 13:
        case 57414: return key{.code = key_code::enter};
        case 9: return key{.code = key_code::tab};
        case 8:
        case 127: return key{.code = key_code::backspace};
        case 57409: return key{.text = U'.'};
        case 57410: return key{.text = U'/'};
        case 57411: return key{.text = U'*'};
        case 57412: return key{.text = U'-'};
        case 57413: return key{.text = U'+'};
        case 57417: return key{.code = key_code::left};
        case 57418: return key{.code = key_code::right};
        case 57419: return key{.code = key_code::up};
        case 57420: return key{.code = key_code::down};
        case 57421: return key{.code = key_code::page_up};
        case 57422: return key{.code = key_code::page_down};
        case 57423: return key{.code = key_code::home};
        case 57424: return key{.code = key_code::end};
        case 57425: return key{.code = key_code::insert};
        case 57426: return key{.code = key_code::remove};
        default: break;
        }
        if (code >= 57399 && code <= 57408) return key{.text = U'0' + code - 57399};
        if (code < 0x20 || (code >= 0xe000 && code <= 0xf8ff) || code > 0x10ffff) return std::nullopt;
        return key{.text = code};
    }

    /// A key of CSI u with what goes with it: the key of the layout, with Shift the character that it makes, and the
    /// key in its place on a PC's keyboard. A shortcut of ASCII goes by the place where the layout has no such letter.
    [[nodiscard]] static std::optional<key> alternate_key(const std::vector<unsigned>& codes, std::uint8_t modifiers) {
        const auto nth = [&](std::size_t i) { return i < codes.size() ? codes[i] : 0; };
        const bool is_shortcut = (modifiers & (modifier::ctrl | modifier::alt)) != 0;
        auto of_layout = kitty_key(codes[0]);
        if (!of_layout || of_layout->code != key_code::text) return of_layout;
        if (is_shortcut && codes[0] > 0x7f && nth(2) != 0) return kitty_key(nth(2));
        if ((modifiers & modifier::shift) != 0 && nth(1) != 0) return kitty_key(nth(1));
        return of_layout;
    }

    /// The parameters: groups separated by ';', numbers of one by ':'. What is missing is 0.
    [[nodiscard]] static std::vector<std::vector<unsigned>> parameters(std::string_view text) {
        std::vector<std::vector<unsigned>> groups{{}};
        while (true) {
            unsigned n = 0;
            const auto end = std::from_chars(text.data(), text.data() + text.size(), n).ptr;
            text.remove_prefix(static_cast<std::size_t>(end - text.data()));
            groups.back().push_back(n);
            if (text.empty() || (text[0] != ';' && text[0] != ':')) return groups;
            if (text[0] == ';') groups.emplace_back();
            text.remove_prefix(1);
        }
    }
    void dispatch(char final, time_point now, std::vector<key>& out) {
        const std::string text = std::exchange(pending_, {});
        const char mark = text.empty() || text[0] < '<' ? '\0' : text[0];
        // Nothing that a terminal tells by itself has an Esc in front of it: that one was struck.
        const bool pastes = final == '~' && (text == "200" || text == "201");
        const bool tells =
            mark != '\0' || final == 'n' || pastes || (text.empty() && (final == 'I' || final == 'O' || final == 'M'));
        if (tells && std::exchange(alt_, false)) out.push_back({.code = key_code::escape});
        if (mark == '?' && final == 'u') {
            const unsigned flags = parameters(std::string_view(text).substr(1))[0][0];
            return emit(out, {.code = key_code::protocol, .text = flags});
        }
        if (mark != '\0') return reset(); // an answer, or a click
        if (final == 'n') return emit(out, {.code = key_code::status});
        if (final == 'M' && text.empty()) return begin(state::mouse, now + sequence_gap);
        if ((final == 'I' || final == 'O') && text.empty())
            return emit(out, {.code = final == 'I' ? key_code::focus_in : key_code::focus_out});
        auto groups = parameters(text);
        const unsigned m = groups.size() < 2 || groups[1][0] == 0 ? 0 : groups[1][0] - 1;
        const auto modifiers =
            static_cast<std::uint8_t>((m & 7U) | ((m & 0x38U) != 0 ? modifier::other : modifier::none));
        std::optional<key> k;
        if (final == '~' && groups[0][0] == 27 && groups.size() == 3) { // xterm's modifyOtherKeys
            k = kitty_key(groups[2][0]);
        } else if (final == '~') {
            if (groups[0][0] == 200) {
                guess_ends_.reset(); // nothing is left to guess
                return begin(state::paste, now + paste_gap);
            }
            k = tilde_key(groups[0][0]);
        } else if (final == 'u')
            k = alternate_key(groups[0], modifiers);
        else if (final == 'P' || final == 'Q' || final == 'S')
            k = key{.code = key_code::function, .text = static_cast<char32_t>(final - 'P' + 1)};
        else if (const auto code = cursor_key(static_cast<unsigned char>(final)))
            k = key{.code = *code};
        if (!k) return reset();
        if (groups.size() > 1) {
            k->modifiers |= modifiers;
            if (groups[1].size() > 1 && groups[1][1] == 2) k->action = key_action::repeat;
            if (groups[1].size() > 1 && groups[1][1] == 3) k->action = key_action::release;
        }
        emit(out, std::move(*k));
    }
};

} // namespace kf::tui
