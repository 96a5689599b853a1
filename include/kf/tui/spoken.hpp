// SPDX-License-Identifier: MIT
#pragma once
/// A frame for a person who hears it: its rows as lines without bars and rules, signs as words; of the next frame, what
/// says something else. A line that was typed is keys again. No byte of it steers a terminal.

#include <kf/sink/utf8.hpp>
#include <kf/tui/key.hpp>
#include <kf/tui/text_grid.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kf::tui {

namespace detail {
inline constexpr std::string_view in_hand = "in hand: ";
/// What is seen at a glance, as words; what only divides is nothing.
inline constexpr std::array<std::pair<std::string_view, std::string_view>, 8> said_as{{
    {"▸", in_hand},
    {"✓", "done:"},
    {"✗", "failed:"},
    {"●", "at work:"},
    {"○", "waiting:"},
    {"█", " "},
    {"░", " "},
    {"─", " "},
}};

/// Without blanks at its ends; two and more of them stand between columns.
[[nodiscard]] inline std::string told(std::string_view row) {
    std::string out;
    std::size_t blanks = 0;
    for (const char c : row) {
        if (c == ' ') {
            ++blanks;
            continue;
        }
        if (!out.empty() && blanks > 0)
            out += out.ends_with(':') || out.ends_with(',') ? " " : blanks == 1 ? " " : ", ";
        blanks = 0;
        out += c;
    }
    return out;
}
} // namespace detail

/// A line for each row that says something.
[[nodiscard]] inline std::vector<std::string> spoken_lines(const text_grid& frame, bool unicode) {
    const text_grid ascii = in_ascii(frame);
    std::vector<std::string> out;
    for (std::size_t r = 0; r < frame.size().rows; ++r) {
        std::string row;
        for (std::size_t c = 0; c < frame.size().columns; ++c) {
            const std::string& is = frame.at(c, r).text;
            const auto* said =
                std::ranges::find(detail::said_as, std::string_view(is), [](const auto& s) { return s.first; });
            row += said != detail::said_as.end() ? said->second : unicode ? std::string_view(is) : ascii.at(c, r).text;
        }
        if (auto line = detail::told(row); !line.empty()) out.push_back(std::move(line));
    }
    return out;
}

/// The lines that say something other than before. That a row is no longer in hand is told by the one that is.
[[nodiscard]] inline std::vector<std::string> news(const std::vector<std::string>& before,
                                                   const std::vector<std::string>& now) {
    std::vector<std::string> out;
    for (const std::string& line : now)
        if (std::ranges::find(before, line) == before.end() &&
            std::ranges::find(before, std::string(detail::in_hand) + line) == before.end())
            out.push_back(line);
    return out;
}

/// What a person has heard of the frames so far. Something new is said once a second at most, so that it can be heard.
class speech {
  public:
    using time_point = std::chrono::steady_clock::time_point;

    /// From when the next frame is said.
    [[nodiscard]] time_point may_say() const noexcept { return may_say_; }
    /// The next frame is said whenever it comes.
    void at_once() noexcept { may_say_ = {}; }
    /// Somebody else has spoken meanwhile: all of the next frame is news.
    void anew() noexcept { said_.clear(); }
    /// The lines of `frame` that are news.
    [[nodiscard]] std::vector<std::string> say(const text_grid& frame, bool unicode, time_point now) {
        auto lines = spoken_lines(frame, unicode);
        auto fresh = news(said_, lines);
        said_ = std::move(lines);
        may_say_ = now + std::chrono::seconds(1);
        return fresh;
    }

  private:
    std::vector<std::string> said_ = {};
    time_point may_say_{};
};

/// A line that was typed, without its end, as keys of a page; `writes`: it has a line for text, which this one fills.
/// Esc in it leads back, an empty one is Enter, a number is one key. Nothing: no key is so long.
[[nodiscard]] inline std::optional<std::vector<key>> keys_of_line(std::string_view line, bool writes) {
    if (line.find('\x1b') != std::string_view::npos) return {{key{.code = key_code::escape}}};
    std::vector<key> keys;
    const auto add_text = [&] {
        for (std::string_view rest = line; !rest.empty();) {
            const auto c = first_character(rest);
            if (c.valid) keys.push_back({.text = c.code});
            rest.remove_prefix(c.bytes);
        }
    };
    if (writes) {
        keys = {{.code = key_code::end}, {.text = U'u', .modifiers = modifier::ctrl}};
        add_text();
        keys.push_back({.code = key_code::enter});
        return keys;
    }
    if (line == " ") return {{key{.text = U' '}}};
    const auto first = std::min(line.find_first_not_of(" \t"), line.size());
    line = line.substr(first, line.find_last_not_of(" \t") + 1 - first);
    if (line.empty()) return {{key{.code = key_code::enter}}};
    unsigned number = 0;
    const auto end = std::from_chars(line.data(), line.data() + line.size(), number);
    if (end.ec == std::errc{} && end.ptr == line.data() + line.size())
        return {{key{.code = key_code::number, .text = number}}};
    add_text();
    if (keys.size() != 1) return std::nullopt;
    return keys;
}

} // namespace kf::tui
