// SPDX-License-Identifier: MIT
#pragma once
/// One line of G-code, cut into words the way Klipper's dispatcher cuts it, surprises included: "G1X20Y20" and
/// "n10 g1 x 31*33" are moves, "G01 X5" and "G 1 X5" are unknown commands, "G1 Xabc" is a G1 without X, "X1E2" is X1
/// and E2, "( )" and "#" spoil the number before them. The first step of estimate.hpp and of the simulated printer.
/// Observed on a live klippy; a gcode_line holds views of the text it was made from.

#include <kf/io/ascii.hpp>

#include <fast_float/fast_float.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace kf::planner {

/// What stands behind a letter of a line.
enum class word : std::uint8_t {
    absent,     ///< the line has no such word
    unreadable, ///< it has, and what follows the letter is no number
    number,
};

/// NAME=VALUE words of an extended command; names in upper case, the last of equal names counts.
class named_words {
  public:
    void set(std::string name, std::string value) {
        for (auto& [known, old] : words_)
            if (known == name) {
                old = std::move(value);
                return;
            }
        words_.emplace_back(std::move(name), std::move(value));
    }
    [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const noexcept {
        for (const auto& [known, value] : words_)
            if (known == name) return std::string_view(value);
        return std::nullopt;
    }
    [[nodiscard]] bool empty() const noexcept { return words_.empty(); }
    [[nodiscard]] const auto& all() const noexcept { return words_; }

  private:
    std::vector<std::pair<std::string, std::string>> words_;
};

/// A finite number in fixed or exponent notation with nothing around it but blanks.
[[nodiscard]] inline word read_number(std::string_view text, double& value) noexcept;

class gcode_line {
  public:
    /// `text` is one line without its newline; it has to outlive the object.
    explicit gcode_line(std::string_view text) noexcept;

    /// The whole line, comment included and blanks around it gone: what error messages quote.
    [[nodiscard]] std::string_view text() const noexcept { return text_; }
    /// The command as it was written ("g1", "set_pin", "G 1"); empty for an empty line or a comment.
    [[nodiscard]] std::string_view command() const noexcept { return command_; }
    [[nodiscard]] std::string upper_command() const;
    /// Is the command this one? `upper` is in upper case.
    [[nodiscard]] bool is(std::string_view upper) const noexcept;
    /// 'G' and 28 for "g28"; number() is -1 for everything that is not one letter and a plain number ("G01",
    /// "SET_PIN").
    [[nodiscard]] char letter() const noexcept { return letter_; }
    [[nodiscard]] int number() const noexcept { return number_; }

    [[nodiscard]] bool has(char upper) const noexcept { return (present_ >> (upper - 'A') & 1U) != 0; }
    /// The text behind a letter, blanks trimmed; empty when the letter is absent.
    [[nodiscard]] std::string_view raw(char upper) const noexcept;
    /// The number behind a letter; `value` is written only when the answer is word::number.
    [[nodiscard]] word read(char upper, double& value) const noexcept {
        return has(upper) ? read_number(raw(upper), value) : word::absent;
    }
    /// The NAME=VALUE words of an extended command, shell quoting undone; nullopt where Klipper says "Malformed
    /// command".
    [[nodiscard]] std::optional<named_words> extended() const;

  private:
    struct slice {
        std::uint32_t first;
        std::uint32_t size;
    };
    void take_command(std::size_t first, std::size_t end) noexcept;

    std::string_view text_;
    std::string_view command_;
    std::uint32_t present_ = 0;
    int number_ = -1;
    char letter_ = '\0';
    bool numbered_ = false;       // an N word comes first
    std::array<slice, 26> words_; // valid where present_ says so: left unset, a line is cut millions of times
};

namespace detail {

/// What a character is to the dispatcher: names are runs of letters and '_', or one '*'; all else is value.
enum class kind : std::uint8_t { value, name, star };
inline constexpr std::array<kind, 256> kinds = [] {
    std::array<kind, 256> all{};
    for (std::size_t c = 0; c < 128; ++c)
        if (io::is_letter(static_cast<char>(c))) all[c] = kind::name;
    all['_'] = kind::name;
    all['*'] = kind::star;
    return all;
}();

/// Shell words of `text`: quotes, backslashes, comments from '#' or ';' on. nullopt when a quote stays open.
[[nodiscard]] inline std::optional<std::vector<std::string>> shell_words(std::string_view text) {
    std::vector<std::string> words;
    std::string now;
    bool inside = false;
    char quote = '\0';
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (quote != '\0') {
            if (c == quote) {
                quote = '\0';
            } else if (c == '\\' && quote == '"') {
                if (++i == text.size()) return std::nullopt;
                if (text[i] != '\\' && text[i] != '"') now += '\\';
                now += text[i];
            } else {
                now += c;
            }
            continue;
        }
        if (c == '#' || c == ';') break;
        if (io::is_blank(c)) {
            if (inside) words.push_back(std::exchange(now, {}));
            inside = false;
            continue;
        }
        inside = true;
        if (c == '"' || c == '\'') {
            quote = c;
        } else if (c == '\\') {
            if (++i == text.size()) return std::nullopt;
            now += text[i];
        } else {
            now += c;
        }
    }
    if (quote != '\0') return std::nullopt;
    if (inside) words.push_back(std::move(now));
    return words;
}

} // namespace detail

inline word read_number(std::string_view text, double& value) noexcept {
    text = io::trim(text);
    if (!text.empty() && text.front() == '+') {
        text.remove_prefix(1);
        if (!text.empty() && text.front() == '-') return word::unreadable;
    }
    double parsed = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, ec] = fast_float::from_chars(text.data(), end, parsed);
    if (ec != std::errc{} || stop != end || !std::isfinite(parsed)) return word::unreadable;
    value = parsed;
    return word::number;
}

inline gcode_line::gcode_line(std::string_view text) noexcept
  : text_(io::trim(text)) {
    const char* const s = text_.data();
    const std::size_t semicolon = text_.find(';');
    const std::size_t end = semicolon == std::string_view::npos ? text_.size() : semicolon;
    const auto kind = [s](std::size_t at) { return detail::kinds[static_cast<unsigned char>(s[at])]; };

    std::size_t at = 0;
    while (at < end && kind(at) == detail::kind::value) ++at;
    const bool prefixed = at > 0; // "%", "/G1": it belongs to the command
    if (at == end) take_command(0, end);
    for (std::size_t index = 0; at < end; ++index) {
        const std::size_t name = at++;
        if (kind(name) == detail::kind::name)
            while (at < end && kind(at) == detail::kind::name) ++at;
        const bool one_letter = at == name + 1 && io::is_letter(s[name]);
        std::size_t value = at;
        while (at < end && kind(at) == detail::kind::value) ++at;

        if (index == 0) {
            numbered_ = one_letter && !prefixed && io::to_upper(s[name]) == 'N';
            if (!numbered_) take_command(0, at);
        } else if (index == 1 && numbered_) {
            take_command(name, at);
        }
        if (one_letter) {
            std::size_t stop = at;
            while (value < stop && io::is_blank(s[value])) ++value;
            while (stop > value && io::is_blank(s[stop - 1])) --stop;
            const auto letter = static_cast<unsigned>(io::to_upper(s[name]) - 'A');
            present_ |= 1U << letter;
            words_[letter] = {static_cast<std::uint32_t>(value), static_cast<std::uint32_t>(stop - value)};
        }
    }
}

inline void gcode_line::take_command(std::size_t first, std::size_t end) noexcept {
    command_ = io::trim(text_.substr(first, end - first));
    if (command_.size() < 2 || command_.size() > 6 || !io::is_letter(command_[0])) return;
    if (command_[1] == '0' && command_.size() > 2) return;
    int number = 0;
    for (const char c : command_.substr(1)) {
        if (!io::is_digit(c)) return;
        number = number * 10 + (c - '0');
    }
    letter_ = io::to_upper(command_[0]);
    number_ = number;
}

inline std::string_view gcode_line::raw(char upper) const noexcept {
    if (!has(upper)) return {};
    const slice w = words_[static_cast<std::size_t>(upper - 'A')];
    return {text_.data() + w.first, w.size};
}

inline std::string gcode_line::upper_command() const {
    std::string upper(command_);
    for (char& c : upper) c = io::to_upper(c);
    return upper;
}

inline bool gcode_line::is(std::string_view upper) const noexcept {
    if (upper.size() != command_.size()) return false;
    for (std::size_t i = 0; i < upper.size(); ++i)
        if (io::to_upper(command_[i]) != upper[i]) return false;
    return true;
}

inline std::optional<named_words> gcode_line::extended() const {
    std::string_view rest = text_.substr(static_cast<std::size_t>(command_.data() + command_.size() - text_.data()));
    if (numbered_) { // only a numbered line can carry a checksum
        const std::size_t star = rest.rfind('*');
        if (star != std::string_view::npos && star + 1 < rest.size() &&
            rest.find_first_not_of("0123456789", star + 1) == std::string_view::npos)
            rest = rest.substr(0, star);
    }
    const auto shell = detail::shell_words(rest);
    if (!shell) return std::nullopt;
    named_words words;
    for (const std::string& one : *shell) {
        const std::size_t equals = one.find('=');
        if (equals == std::string::npos) return std::nullopt;
        std::string name = one.substr(0, equals);
        for (char& c : name) c = io::to_upper(c);
        words.set(std::move(name), one.substr(equals + 1));
    }
    return words;
}

} // namespace kf::planner
