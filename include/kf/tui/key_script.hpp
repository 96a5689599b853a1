// SPDX-License-Identifier: MIT
#pragma once
/// Keys as lines of text, for a console without a person (kjog --script) and for tests:
///
/// - `Right`, `PgUp`, `h`, `!`, `Esc`, `Ctrl+u`: a key; `Right x 5`: five times; `Right held 1500`: for so many
///   milliseconds, repeated as a keyboard does it
/// - `type G28 X Y`: each character of it; `paste TEXT`
/// - `wait 500`: so many milliseconds; `frame`: prints the page; `size 60x20`: the window has another size
/// - `until TEXT`, `until TEXT 5000`: waits until the page shows that text, for ten seconds or so many milliseconds
/// - an empty line or one that begins with # is none

#include <kf/error.hpp>
#include <kf/tui/key.hpp>
#include <kf/tui/text_grid.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

namespace kf::tui {

struct struck {
    key what;
    std::size_t times = 1;
    std::chrono::milliseconds held{0}; ///< 0: tapped
};
struct pause_of {
    std::chrono::milliseconds time;
};
struct print_frame {};
struct await_text {
    std::string text;
    std::chrono::milliseconds longest{10000};
};
using script_step = std::variant<struck, pause_of, print_frame, await_text, grid_size>;

/// The key of that name; the inverse of name(key).
[[nodiscard]] inline std::optional<key> key_named(std::string_view word) {
    key k;
    const auto takes = [&](std::string_view prefix, std::uint8_t modifier) {
        if (!word.starts_with(prefix) || word.size() == prefix.size()) return;
        word.remove_prefix(prefix.size());
        k.modifiers |= modifier;
    };
    takes("Ctrl+", modifier::ctrl);
    takes("Alt+", modifier::alt);
    takes("Shift+", modifier::shift);
    for (int code = 1; code <= static_cast<int>(key_code::focus_out); ++code) {
        k.code = static_cast<key_code>(code);
        k.text = k.code == key_code::function ? 1 : 0;
        const std::uint8_t with = std::exchange(k.modifiers, modifier::none);
        const bool is = k.code != key_code::paste && name(k) == word;
        k.modifiers = with;
        if (is) return k;
    }
    k.code = key_code::text;
    if (word == "Space") word = " ";
    if (word.empty()) return std::nullopt;
    const auto c = first_character(word);
    if (!c.valid || c.bytes != word.size()) return std::nullopt;
    k.text = c.code;
    return k;
}

/// errc::malformed names the line.
[[nodiscard]] inline result<std::vector<script_step>> read_key_script(std::string_view text) {
    std::vector<script_step> out;
    for (std::size_t number = 1; !text.empty(); ++number) {
        std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        while (!line.empty() && (line.back() == ' ' || line.back() == '\r')) line.remove_suffix(1);
        if (line.empty() || line[0] == '#') continue;
        const std::string_view word = line.substr(0, line.find(' '));
        const std::string_view rest = line.substr(std::min(word.size() + 1, line.size()));
        const auto wrong = [&] {
            return fail({errc::malformed, fmt::format("line {} of the script of keys: \"{}\"", number, line)});
        };
        const auto number_in = [](std::string_view digits, std::size_t most) -> std::optional<std::size_t> {
            std::size_t n = 0;
            const auto [end, bad] = std::from_chars(digits.data(), digits.data() + digits.size(), n);
            const bool whole = !digits.empty() && bad == std::errc{} && end == digits.data() + digits.size();
            return whole && n <= most ? std::optional(n) : std::nullopt;
        };
        if (word == "frame" && rest.empty()) {
            out.emplace_back(print_frame{});
        } else if (word == "wait") {
            const auto ms = number_in(rest, 600000);
            if (!ms) return wrong();
            out.emplace_back(pause_of{std::chrono::milliseconds(*ms)});
        } else if (word == "until" && !rest.empty()) {
            await_text step{std::string(rest)};
            if (const auto blank = rest.rfind(' '); blank != std::string_view::npos)
                if (const auto ms = number_in(rest.substr(blank + 1), 600000))
                    step = {std::string(rest.substr(0, blank)), std::chrono::milliseconds(*ms)};
            out.emplace_back(std::move(step));
        } else if (word == "size") {
            const auto columns = number_in(rest.substr(0, rest.find('x')), 1000);
            const auto rows = number_in(rest.substr(std::min(rest.find('x'), rest.size() - 1) + 1), 1000);
            if (!columns || !rows) return wrong();
            out.emplace_back(grid_size{*columns, *rows});
        } else if (word == "type") {
            for (std::string_view left = rest; !left.empty();) {
                const auto c = first_character(left);
                out.emplace_back(struck{{.text = c.code}});
                left.remove_prefix(c.bytes);
            }
        } else if (word == "paste") {
            out.emplace_back(struck{{.code = key_code::paste, .pasted = std::string(rest)}});
        } else {
            const auto k = key_named(word);
            if (!k) return wrong();
            struck step{*k};
            if (rest.starts_with("x ")) {
                const auto times = number_in(rest.substr(2), 10000);
                if (!times) return wrong();
                step.times = *times;
            } else if (rest.starts_with("held ")) {
                const auto ms = number_in(rest.substr(5), 600000);
                if (!ms) return wrong();
                step.held = std::chrono::milliseconds(*ms);
            } else if (!rest.empty())
                return wrong();
            out.emplace_back(std::move(step));
        }
    }
    return out;
}

} // namespace kf::tui
