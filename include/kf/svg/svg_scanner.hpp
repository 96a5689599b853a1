// SPDX-License-Identifier: MIT
#pragma once
/// Reads the small languages inside SVG attributes (path data, point lists, transforms, lengths) from left to right:
/// numbers in their compact forms, separators, flags, words. Grammar: SVG 1.1, 8.3.9 and 4.2.

#include <kf/error.hpp>

#include <fast_float/fast_float.h>
#include <fmt/format.h>

#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace kf::svg {

[[nodiscard]] constexpr bool is_svg_space(char c) noexcept {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}
[[nodiscard]] constexpr bool is_svg_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

[[nodiscard]] constexpr std::string_view trimmed(std::string_view s) noexcept {
    while (!s.empty() && is_svg_space(s.front())) s.remove_prefix(1);
    while (!s.empty() && is_svg_space(s.back())) s.remove_suffix(1);
    return s;
}

/// At most `most` characters of untrusted text, made safe for a terminal.
[[nodiscard]] inline std::string excerpt(std::string_view text, std::size_t most = 24) {
    std::string out;
    for (const char c : text.substr(0, most)) out += c >= ' ' && c <= '~' ? c : '?';
    if (text.size() > most) out += "...";
    return out;
}

class svg_scanner {
  public:
    explicit svg_scanner(std::string_view text) noexcept
      : text_(text) {}

    [[nodiscard]] bool done() noexcept {
        skip_space();
        return at_ == text_.size();
    }
    /// The next character that is no space; 0 at the end.
    [[nodiscard]] char peek() noexcept { return done() ? '\0' : text_[at_]; }
    void advance() noexcept { ++at_; }
    [[nodiscard]] bool take(char c) noexcept {
        if (peek() != c || at_ == text_.size()) return false;
        ++at_;
        return true;
    }
    /// Spaces with at most one comma among them.
    void skip_separator() noexcept {
        skip_space();
        if (at_ < text_.size() && text_[at_] == ',') ++at_;
    }
    [[nodiscard]] bool at_number() noexcept {
        const char c = peek();
        return (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '+';
    }

    [[nodiscard]] result<double> number() {
        skip_space();
        std::size_t from = at_;
        if (from < text_.size() && text_[from] == '+') ++from;
        // fast_float would also take "inf" and "nan".
        std::size_t digit = from;
        if (digit == at_ && digit < text_.size() && text_[digit] == '-') ++digit;
        if (digit < text_.size() && text_[digit] == '.') ++digit;
        if (digit >= text_.size() || text_[digit] < '0' || text_[digit] > '9') return expected("a number");
        double value = 0;
        const auto [end, status] = fast_float::from_chars(text_.data() + from, text_.data() + text_.size(), value);
        if (!std::isfinite(value)) return fail(errc::out_of_bounds, fmt::format("number out of range {}", place()));
        if (status != std::errc{}) return expected("a number");
        at_ = static_cast<std::size_t>(end - text_.data());
        return value;
    }
    /// A flag of an arc is one digit and may touch what follows it.
    [[nodiscard]] result<bool> flag() {
        const char c = peek();
        if (c != '0' && c != '1') return expected("an arc flag (0 or 1)");
        ++at_;
        return c == '1';
    }
    /// Letters (and '%'), possibly none.
    [[nodiscard]] std::string_view word() noexcept {
        const std::size_t from = at_;
        while (at_ < text_.size() && (is_svg_letter(text_[at_]) || text_[at_] == '%')) ++at_;
        return text_.substr(from, at_ - from);
    }

    [[nodiscard]] std::unexpected<error> expected(std::string_view what) {
        skip_space();
        return fail(errc::malformed, fmt::format("expected {} {}", what, place()));
    }

  private:
    void skip_space() noexcept {
        while (at_ < text_.size() && is_svg_space(text_[at_])) ++at_;
    }
    [[nodiscard]] std::string place() const {
        if (at_ >= text_.size()) return "at the end";
        return fmt::format("at character {} (\"{}\")", at_ + 1, excerpt(text_.substr(at_), 12));
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

} // namespace kf::svg
