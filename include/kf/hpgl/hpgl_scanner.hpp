// SPDX-License-Identifier: MIT
#pragma once
/// HP-GL text as instructions: two letters and what belongs to them. Escape sequences (device control, PCL, PJL) that
/// wrap a plot are passed over. HP 7475A Interfacing and Programming Manual, PCL 5 and HP-GL/2 Technical Reference.

#include <fast_float/fast_float.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace kf::hpgl {

[[nodiscard]] constexpr bool is_letter(char c) noexcept { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }
[[nodiscard]] constexpr bool is_blank(char c) noexcept {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f' || c == '\v' || c == '\0';
}

struct hpgl_instruction {
    std::string name = {};            ///< two capital letters
    std::size_t line = 1;             ///< of the file, from 1
    std::vector<double> numbers = {}; ///< its parameters
    std::string_view text = {};       ///< of LB, BL, WD and PE everything up to its end, of SM a character
    bool broken = false;              ///< it has a parameter that is no number, or one beyond any plotter
    bool endless = false;             ///< its text has no end: it took all that is left
};

class hpgl_scanner {
  public:
    explicit hpgl_scanner(std::string_view text) noexcept
      : text_(text) {}

    /// The next instruction; nothing at the end.
    [[nodiscard]] std::optional<hpgl_instruction> next() {
        if (!skip_to_letter()) return std::nullopt;
        hpgl_instruction i;
        i.line = line_;
        for (; i.name.size() < 2 && at_ < text_.size() && is_letter(text_[at_]); ++at_)
            i.name += static_cast<char>(text_[at_] & ~0x20);
        if (i.name == "LB" || i.name == "BL" || i.name == "WD")
            i.text = take_until(label_end_, i.endless);
        else if (i.name == "PE") {
            bool last = false; // a plot may end without the last ;
            i.text = take_until(';', last);
        } else if (i.name == "SM")
            i.text = take_symbol();
        else if (i.name == "DT")
            define_label_end();
        else if (i.name == "CO" || i.name == "BP" || i.name == "MG")
            skip_to_terminator();
        else
            read_numbers(i);
        return i;
    }
    [[nodiscard]] std::size_t line() const noexcept { return line_; }
    /// What stands where a letter should: how much of it, and the first line.
    [[nodiscard]] std::pair<std::size_t, std::size_t> strangers() const noexcept { return {strangers_, strange_line_}; }

  private:
    static constexpr double largest = 1e9;
    static constexpr char escape = '\x1b';

    void step() noexcept {
        if (text_[at_++] == '\n') ++line_;
    }
    std::string_view take_until(char end, bool& endless) noexcept {
        const std::size_t from = at_;
        while (at_ < text_.size() && text_[at_] != end) step();
        const std::string_view taken = text_.substr(from, at_ - from);
        endless = at_ == text_.size();
        if (!endless) step();
        return taken;
    }
    /// Any character but ; is one that is drawn at each place, letters too.
    std::string_view take_symbol() noexcept {
        if (at_ == text_.size() || text_[at_] == ';') return {};
        step();
        return text_.substr(at_ - 1, 1);
    }
    /// A quoted text may hold a ';'.
    void skip_to_terminator() noexcept {
        bool quoted = false;
        while (at_ < text_.size() && (quoted || text_[at_] != ';')) {
            quoted = quoted != (text_[at_] == '"');
            step();
        }
    }
    void define_label_end() noexcept {
        label_end_ = '\x03';
        if (at_ < text_.size() && text_[at_] != ';') {
            label_end_ = text_[at_];
            step();
        }
        skip_to_terminator();
    }
    bool skip_to_letter() noexcept {
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (is_letter(c) && at_ + 1 < text_.size() && is_letter(text_[at_ + 1])) return true;
            if (c == escape) {
                skip_escape();
                continue;
            }
            if (!is_blank(c) && c != ';' && c != ',' && c != '\x03') {
                if (strangers_++ == 0) strange_line_ = line_;
            }
            step();
        }
        return false;
    }
    void skip_escape() noexcept {
        ++at_;
        if (at_ >= text_.size()) return;
        const char kind = text_[at_];
        if (kind == '.') { // device control: a letter, and parameters that end with ':'
            at_ = std::min(at_ + 2, text_.size());
            const auto parameter = [](char c) { return (c >= '0' && c <= '9') || c == ';' || c == ' '; };
            std::size_t end = at_;
            while (end < text_.size() && parameter(text_[end])) ++end;
            if (end < text_.size() && text_[end] == ':') at_ = end + 1;
            return;
        }
        if (kind < '!' || kind > '/') { // two characters: ESC E
            step();
            if (kind == 'E') leave_plot();
            return;
        }
        const std::size_t from = at_++;
        while (at_ < text_.size() && !(text_[at_] >= '@' && text_[at_] <= 'Z')) step();
        if (at_ < text_.size()) step();
        const std::string_view sequence = text_.substr(from, at_ - from);
        if (sequence.starts_with('%') && sequence.ends_with('B')) entered_ = true;
        if (sequence == "%-12345X" || (sequence.starts_with('%') && sequence.ends_with('A'))) leave_plot();
    }
    /// What follows is for the printer's other languages, up to where HP-GL/2 begins again.
    void leave_plot() noexcept {
        for (std::size_t i = text_.find("\x1b%", at_); i != text_.npos; i = text_.find("\x1b%", i + 1)) {
            std::size_t end = i + 2;
            while (end < text_.size() && ((text_[end] >= '0' && text_[end] <= '9') || text_[end] == '-')) ++end;
            if (end >= text_.size() || text_[end] != 'B') continue;
            while (at_ <= end) step();
            entered_ = true;
            return;
        }
        if (entered_) at_ = text_.size();
        while (text_.substr(at_).starts_with("@PJL"))
            while (at_ < text_.size() && (step(), text_[at_ - 1] != '\n')) {}
    }
    void read_numbers(hpgl_instruction& i) {
        for (;;) {
            while (at_ < text_.size() && (is_blank(text_[at_]) || text_[at_] == ',')) step();
            if (at_ >= text_.size() || text_[at_] == ';' || is_letter(text_[at_]) || text_[at_] == escape) return;
            std::size_t from = at_;
            if (text_[from] == '+') ++from;
            double value = 0;
            const auto [end, status] = fast_float::from_chars(text_.data() + from, text_.data() + text_.size(), value,
                                                              fast_float::chars_format::fixed);
            if (status != std::errc{} || !(std::abs(value) <= largest)) {
                i.broken = true;
                while (at_ < text_.size() && text_[at_] != ';' && text_[at_] != escape) step();
                return;
            }
            i.numbers.push_back(value);
            at_ = static_cast<std::size_t>(end - text_.data());
        }
    }

    std::string_view text_;
    std::size_t at_ = 0, line_ = 1;
    char label_end_ = '\x03';
    std::size_t strangers_ = 0, strange_line_ = 0;
    bool entered_ = false; ///< an escape sequence said that HP-GL begins: another one ends it
};

/// Whether a file begins as plots do: with an instruction that sets something up or moves a pen, and another one or a
/// number behind it; or with an escape sequence of such a printer.
[[nodiscard]] inline bool looks_like_hpgl(std::string_view begin) {
    if (begin.starts_with("\x1b.") || begin.starts_with("\x1b%") ||
        begin.starts_with("\x1b"
                          "E"))
        return true;
    const auto first = std::find_if_not(begin.begin(), begin.end(), [](char c) { return is_blank(c) || c == ';'; });
    begin.remove_prefix(static_cast<std::size_t>(first - begin.begin()));
    const auto known = [](std::string_view two) {
        static constexpr std::string_view names[] = {"IN", "DF", "SP", "PU", "PD", "PA", "PR", "IP", "IW", "SC", "RO",
                                                     "VS", "LT", "PS", "PW", "BP", "PG", "WU", "NP", "PC", "CO", "FS",
                                                     "AS", "DT", "SI", "DI", "CI", "AA", "EA", "PE", "PM", "TR", "MC"};
        return std::any_of(std::begin(names), std::end(names), [&](std::string_view n) {
            return two.size() >= 2 && (two[0] & ~0x20) == n[0] && (two[1] & ~0x20) == n[1];
        });
    };
    // "IN;", "INSP1", "PA 5": no word of letters alone is one.
    if (!known(begin)) return false;
    do begin.remove_prefix(2);
    while (known(begin));
    return begin.empty() || is_blank(begin.front()) ||
           std::string_view(";-+\"0123456789").find(begin.front()) != std::string_view::npos;
}

} // namespace kf::hpgl
