// SPDX-License-Identifier: MIT
#pragma once
/// The selectors of a style sheet: tag, *, .class, #id, [attribute], the usual pseudo-classes, :not() of these, and the
/// combinators descendant, child and next sibling. Only their text here; svg/svg_cascade matches them. Selectors 3.

#include <kf/svg/svg_scanner.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

namespace kf::svg {

struct svg_attribute_test {
    std::string_view name, value;
    char how =
        0; ///< 0: is there; '=', or the character before it: '~' word, '|' begin up to -, '^' begin, '$' end, '*'
};

enum class svg_position { root, first_child, last_child, only_child, nth_child, first_of_type, last_of_type, empty };

struct svg_position_test {
    svg_position which;
    int a = 0, b = 0; ///< of nth_child: an+b
};

/// What one element has to be.
struct svg_compound {
    char combinator = 0; ///< to the compound before it: ' ', '>', '+'; 0 for the first
    std::string_view tag = {}, id = {};
    std::vector<std::string_view> classes = {};
    std::vector<svg_attribute_test> attributes = {};
    std::vector<svg_position_test> positions = {};
    std::vector<svg_compound> nots = {};
    bool never = false; ///< :hover, ::before: nothing of a drawing on paper
};

struct svg_selector {
    std::vector<svg_compound> compounds = {}; ///< as written, the subject last
    unsigned weight = 0;                      ///< specificity: ids, then classes and their like, then tags
};

namespace detail {

[[nodiscard]] constexpr bool is_css_name(char c) noexcept {
    return is_svg_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-' || static_cast<unsigned char>(c) >= 0x80;
}

class selector_parser {
  public:
    explicit selector_parser(std::string_view text) noexcept
      : text_(text) {}

    bool list(std::vector<svg_selector>& out) {
        do {
            svg_selector s;
            if (!one(s)) return false;
            out.push_back(std::move(s));
        } while (take(','));
        return at_ == text_.size();
    }

  private:
    static constexpr std::size_t most_compounds = 32;

    char peek() const noexcept { return at_ < text_.size() ? text_[at_] : '\0'; }
    bool take(char c) noexcept {
        if (at_ >= text_.size() || text_[at_] != c) return false;
        ++at_;
        return true;
    }
    bool skip_space() noexcept {
        const std::size_t from = at_;
        while (at_ < text_.size() && is_svg_space(text_[at_])) ++at_;
        return at_ != from;
    }
    std::string_view name() noexcept {
        const std::size_t from = at_;
        while (at_ < text_.size() && is_css_name(text_[at_])) ++at_;
        return text_.substr(from, at_ - from);
    }

    bool one(svg_selector& s) {
        unsigned ids = 0, classes = 0, tags = 0;
        skip_space();
        for (char combinator = 0;;) {
            svg_compound c;
            c.combinator = combinator;
            if (s.compounds.size() == most_compounds || !compound(c, false)) return false;
            weigh(c, ids, classes, tags);
            s.compounds.push_back(std::move(c));
            const bool space = skip_space();
            const char next = peek();
            if (next == '\0' || next == ',') break;
            if (next == '>' || next == '+') {
                combinator = next;
                ++at_;
                skip_space();
            } else if (space)
                combinator = ' ';
            else
                return false;
        }
        s.weight = std::min(ids, 1023U) << 20U | std::min(classes, 1023U) << 10U | std::min(tags, 1023U);
        return true;
    }

    static void weigh(const svg_compound& c, unsigned& ids, unsigned& classes, unsigned& tags) {
        ids += c.id.empty() ? 0 : 1;
        tags += c.tag.empty() ? 0 : 1;
        classes += static_cast<unsigned>(c.classes.size() + c.attributes.size() + c.positions.size());
        for (const svg_compound& n : c.nots) weigh(n, ids, classes, tags);
    }

    bool compound(svg_compound& c, bool inside_not) {
        const std::size_t from = at_;
        if (!take('*')) c.tag = name();
        for (;;) {
            if (take('.')) {
                c.classes.push_back(name());
                if (c.classes.back().empty()) return false;
            } else if (take('#')) {
                const std::string_view id = name();
                if (id.empty()) return false;
                c.never = c.never || (!c.id.empty() && c.id != id);
                c.id = id;
            } else if (take('[')) {
                if (!attribute(c)) return false;
            } else if (take(':')) {
                if (!pseudo(c, inside_not)) return false;
            } else
                return at_ != from;
        }
    }

    bool attribute(svg_compound& c) {
        svg_attribute_test test;
        skip_space();
        test.name = name();
        if (test.name.empty()) return false;
        skip_space();
        if (take(']')) {
            c.attributes.push_back(test);
            return true;
        }
        test.how = peek();
        if (std::string_view("=~|^$*").find(test.how) == std::string_view::npos) return false;
        ++at_;
        if (test.how != '=' && !take('=')) return false;
        skip_space();
        if (const char quote = peek(); quote == '"' || quote == '\'') {
            const std::size_t close = text_.find(quote, at_ + 1);
            if (close == text_.npos) return false;
            test.value = text_.substr(at_ + 1, close - at_ - 1);
            at_ = close + 1;
        } else if (test.value = name(); test.value.empty())
            return false;
        skip_space();
        c.attributes.push_back(test);
        return test.value.find('\\') == test.value.npos && take(']');
    }

    bool pseudo(svg_compound& c, bool inside_not) {
        if (take(':')) { // ::before and its like are no elements
            c.never = true;
            return !name().empty() && peek() != '(';
        }
        const std::string_view word = name();
        using enum svg_position;
        for (const auto& [known, which] :
             {std::pair(std::string_view("root"), root), std::pair(std::string_view("first-child"), first_child),
              std::pair(std::string_view("last-child"), last_child),
              std::pair(std::string_view("only-child"), only_child),
              std::pair(std::string_view("first-of-type"), first_of_type),
              std::pair(std::string_view("last-of-type"), last_of_type), std::pair(std::string_view("empty"), empty)})
            if (word == known) {
                c.positions.push_back({which});
                return true;
            }
        for (const std::string_view live :
             {"hover", "active", "focus", "visited", "target", "focus-within", "focus-visible", "before", "after"})
            if (word == live) {
                c.never = true;
                return true;
            }
        if (!take('(')) return false;
        if (word == "nth-child") return nth(c);
        if (word != "not" || inside_not) return false;
        svg_compound n;
        skip_space();
        if (!compound(n, true)) return false;
        skip_space();
        c.nots.push_back(std::move(n));
        return take(')');
    }

    /// "odd", "even", "3", "2n", "-n+3", "2n + 1" and the closing bracket.
    bool nth(svg_compound& c) {
        const std::size_t close = text_.find(')', at_);
        if (close == text_.npos) return false;
        const std::string_view text = trimmed(text_.substr(at_, close - at_));
        at_ = close + 1;
        svg_position_test test{svg_position::nth_child};
        const std::size_t n = text.find('n');
        const auto integer = [](std::string_view digits, int& out) {
            digits = trimmed(digits);
            int sign = 1;
            if (digits.starts_with('+') || digits.starts_with('-')) {
                sign = digits.front() == '-' ? -1 : 1;
                digits = trimmed(digits.substr(1));
            }
            if (digits.empty() || digits.front() == '-') return false;
            const auto [end, status] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
            out *= sign;
            return status == std::errc{} && end == digits.data() + digits.size() && out > -1'000'000 && out < 1'000'000;
        };
        if (text == "odd")
            test.a = 2, test.b = 1;
        else if (text == "even")
            test.a = 2;
        else if (n == text.npos) {
            if (!integer(text, test.b)) return false;
        } else {
            const std::string_view before = text.substr(0, n), after = trimmed(text.substr(n + 1));
            if (before.empty() || before == "+")
                test.a = 1;
            else if (before == "-")
                test.a = -1;
            else if (!integer(before, test.a))
                return false;
            if (!after.empty() && !integer(after, test.b)) return false;
        }
        c.positions.push_back(test);
        return true;
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

} // namespace detail

/// False when one of the list is not known: a rule applies as a whole or not at all.
[[nodiscard]] inline bool read_svg_selectors(std::string_view text, std::vector<svg_selector>& out) {
    return detail::selector_parser(trimmed(text)).list(out);
}

} // namespace kf::svg
