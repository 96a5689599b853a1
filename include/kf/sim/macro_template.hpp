// SPDX-License-Identifier: MIT
#pragma once
/// The part of Jinja that macros of a printer are written in: {expression}, {% if %}, {% elif %}, {% else %},
/// {% endif %} and {% set %}; names, calls of a few filters, arithmetic, comparisons. Rendering gives G-code, or what
/// cannot be evaluated. Not here: loops, macros, assignments to objects.
/// Spec: https://www.klipper3d.org/Command_Templates.html

#include <kf/io/ascii.hpp>
#include <kf/sim/template_value.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <expected>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kf::sim {

/// What a name of the template stands for: "params", "rawparams", a variable of the macro. `printer` is asked for its
/// objects one by one.
struct template_names {
    std::map<std::string, template_value> values = {};
    std::function<template_value(const std::string& object)> printer = [](const std::string&) {
        return template_value{};
    };
};

/// The G-code that `text` comes to, or the piece of it that is not understood.
[[nodiscard]] std::expected<std::string, std::string> render(std::string_view text, template_names names);

namespace detail {

/// One expression, evaluated while it is read.
class template_expression {
  public:
    template_expression(std::string_view text, const template_names& names)
      : text_(text)
      , names_(names) {}

    /// False when it is none.
    bool evaluate(template_value& out) {
        out = choice();
        skip();
        return !bad_ && at_ == text_.size();
    }

  private:
    void skip() {
        while (at_ < text_.size() && io::is_blank(text_[at_])) ++at_;
    }
    static bool in_name(char c) { return io::is_letter(c) || io::is_digit(c) || c == '_'; }
    bool take(std::string_view sign) {
        skip();
        if (!text_.substr(at_).starts_with(sign)) return false;
        const std::size_t end = at_ + sign.size();
        if (in_name(sign.front()) && end < text_.size() && in_name(text_[end])) return false;
        at_ = end;
        return true;
    }
    std::string name() {
        skip();
        const std::size_t begin = at_;
        while (at_ < text_.size() && in_name(text_[at_])) ++at_;
        if (at_ == begin) bad_ = true;
        return std::string(text_.substr(begin, at_ - begin));
    }

    template_value choice() {
        template_value first = either();
        if (!take("if")) return first;
        const bool yes = is_true(either());
        template_value other;
        if (take("else")) other = choice();
        return yes ? first : other;
    }
    template_value either() {
        template_value a = both();
        while (take("or")) {
            template_value b = both();
            if (!is_true(a)) a = std::move(b);
        }
        return a;
    }
    template_value both() {
        template_value a = negation();
        while (take("and")) {
            template_value b = negation();
            if (is_true(a)) a = std::move(b);
        }
        return a;
    }
    template_value negation() {
        if (take("not")) return !is_true(negation());
        return comparison();
    }
    template_value comparison() {
        template_value a = sum();
        for (;;) {
            if (take("is")) {
                const bool wanted = !take("not");
                const std::string what = name();
                const bool is = what == "defined" ? !a.is_null() : a.is_null();
                if (what != "defined" && what != "none" && what != "undefined") bad_ = true;
                a = is == wanted;
            } else if (take("==")) {
                a = equal(a, sum());
            } else if (take("!=")) {
                a = !equal(a, sum());
            } else if (take("<=")) {
                a = compared(a, sum()) <= 0;
            } else if (take(">=")) {
                a = compared(a, sum()) >= 0;
            } else if (take("<")) {
                a = compared(a, sum()) < 0;
            } else if (take(">")) {
                a = compared(a, sum()) > 0;
            } else if (take("in")) {
                a = contains(sum(), a);
            } else if (const std::size_t before = at_; take("not")) {
                if (!take("in")) {
                    at_ = before;
                    return a;
                }
                a = !contains(sum(), a);
            } else {
                return a;
            }
        }
    }
    template_value sum() {
        template_value a = product();
        for (;;) {
            if (take("~"))
                a = template_value(printed(a) + printed(product()));
            else if (take("+"))
                a = calculated('+', a, product());
            else if (take("-"))
                a = calculated('-', a, product());
            else
                return a;
        }
    }
    template_value product() {
        template_value a = sign();
        for (;;) {
            if (take("*"))
                a = calculated('*', a, sign());
            else if (take("/"))
                a = calculated('/', a, sign());
            else if (take("%"))
                a = calculated('%', a, sign());
            else
                return a;
        }
    }
    template_value sign() { return filtered(take("-") ? calculated('-', template_value(0), place()) : place()); }
    static template_value calculated(char how, const template_value& a, const template_value& b) {
        if (how == '+' && a.is_string() && b.is_string()) return template_value(printed(a) + printed(b));
        if (!both_numbers(a, b)) return {};
        const double x = a.to_number<double>(), y = b.to_number<double>();
        const double r = how == '+'   ? x + y
                         : how == '-' ? x - y
                         : how == '*' ? x * y
                         : how == '/' ? x / y
                                      : std::fmod(x, y);
        if (a.is_int64() && b.is_int64() && how != '/') return static_cast<std::int64_t>(r);
        return r;
    }
    template_value filtered(template_value a) {
        while (take("|")) {
            const std::string filter = name();
            std::vector<template_value> words;
            if (take("(")) {
                while (!bad_ && !take(")")) {
                    words.push_back(choice());
                    if (!take(",") && !text_.substr(at_).starts_with(')')) bad_ = true;
                }
            }
            a = apply(filter, std::move(a), words);
        }
        return a;
    }
    template_value apply(const std::string& filter, template_value a, const std::vector<template_value>& words) {
        const auto number = [&](double otherwise) {
            double v = otherwise;
            if (a.is_number()) return a.to_number<double>();
            (void)planner::read_number(printed(a), v);
            return v;
        };
        if (filter == "default")
            return a.is_null() || (words.size() > 1 && is_true(words[1]) && !is_true(a))
                       ? (words.empty() ? template_value("") : words[0])
                       : a;
        if (filter == "float") return number(0);
        if (filter == "int") return static_cast<std::int64_t>(number(0));
        if (filter == "abs") return a.is_int64() ? template_value(std::abs(a.as_int64())) : std::abs(number(0));
        if (filter == "round") {
            const double scale = std::pow(10.0, words.empty() ? 0 : words[0].to_number<double>());
            return std::nearbyint(number(0) * scale) / scale;
        }
        if (filter == "lower" || filter == "upper" || filter == "string") {
            std::string text = printed(a);
            for (char& c : text)
                if (io::is_letter(c) && filter != "string")
                    c = static_cast<char>(filter == "lower" ? c | 0x20 : c & ~0x20);
            return template_value(text);
        }
        if (filter == "length") {
            if (a.is_array()) return static_cast<std::int64_t>(a.as_array().size());
            return static_cast<std::int64_t>(printed(a).size());
        }
        if ((filter == "min" || filter == "max") && a.is_array() && !a.as_array().empty()) {
            const auto less = [](const auto& x, const auto& y) { return compared(x, y) < 0; };
            const auto& all = a.as_array();
            return filter == "min" ? *std::min_element(all.begin(), all.end(), less)
                                   : *std::max_element(all.begin(), all.end(), less);
        }
        if (filter != "min" && filter != "max") bad_ = true;
        return {};
    }
    /// `printer` is no value: what follows names one of its objects.
    template_value place() {
        skip();
        bool of_printer = take("printer");
        template_value a = of_printer ? template_value{} : primary();
        for (;;) {
            std::string key;
            if (take("[")) {
                const template_value k = choice();
                if (!take("]")) bad_ = true;
                if (k.is_number() && a.is_array()) {
                    const auto i = k.to_number<std::int64_t>();
                    const auto size = static_cast<std::int64_t>(a.as_array().size());
                    a = i >= -size && i < size ? a.as_array()[static_cast<std::size_t>(i < 0 ? i + size : i)]
                                               : template_value{};
                    continue;
                }
                key = printed(k);
            } else if (take(".")) {
                key = name();
            } else {
                if (of_printer) bad_ = true;
                return a;
            }
            a = of_printer ? names_.printer(key) : member(a, key);
            of_printer = false;
            if (bad_) return a;
        }
    }
    template_value primary() {
        if (take("(")) {
            template_value a = choice();
            if (!take(")")) bad_ = true;
            return a;
        }
        if (take("[")) {
            boost::json::array all;
            while (!bad_ && !take("]")) {
                all.push_back(choice());
                if (!take(",") && !text_.substr(at_).starts_with(']')) bad_ = true;
            }
            return all;
        }
        if (at_ < text_.size() && (text_[at_] == '\'' || text_[at_] == '"')) {
            const std::size_t end = text_.find(text_[at_], at_ + 1);
            if (end == std::string_view::npos) {
                bad_ = true;
                return {};
            }
            const std::string_view inside = text_.substr(at_ + 1, end - at_ - 1);
            at_ = end + 1;
            return template_value(inside);
        }
        if (at_ < text_.size() && io::is_digit(text_[at_])) {
            const std::size_t begin = at_;
            while (at_ < text_.size() && (io::is_digit(text_[at_]) || text_[at_] == '.')) ++at_;
            return literal(std::string(text_.substr(begin, at_ - begin)));
        }
        const std::string word = name();
        if (word == "True" || word == "true") return true;
        if (word == "False" || word == "false") return false;
        if (word == "None" || word == "none") return {};
        skip();
        if (text_.substr(at_).starts_with('(')) bad_ = true; // a call: range(), action_respond_info() ...
        const auto found = names_.values.find(word);
        return found == names_.values.end() ? template_value{} : found->second;
    }

    std::string_view text_;
    const template_names& names_;
    std::size_t at_ = 0;
    bool bad_ = false;
};

/// One {% if %} ... {% endif %}.
struct template_condition {
    bool outside = true; ///< what stands around it is kept
    bool kept = false;   ///< this branch is
    bool done = false;   ///< one of its branches was
};

} // namespace detail

inline std::expected<std::string, std::string> render(std::string_view text, template_names names) {
    std::string out;
    std::vector<detail::template_condition> open;
    const auto kept = [&] { return open.empty() || (open.back().outside && open.back().kept); };
    const auto value = [&](std::string_view expression, template_value& v) {
        return detail::template_expression(expression, names).evaluate(v);
    };
    while (!text.empty()) {
        const std::size_t brace = std::min(text.find('{'), text.size());
        if (kept()) out += text.substr(0, brace);
        text.remove_prefix(brace);
        if (text.empty()) break;
        const bool is_tag = text.starts_with("{%");
        const std::string_view closing = is_tag ? "%}" : text.starts_with("{#") ? "#}" : "}";
        const std::size_t end = text.find(closing, 1);
        const std::string_view piece = text.substr(0, end == std::string_view::npos ? end : end + closing.size());
        const auto not_understood = [&] { return std::unexpected(std::string(piece.substr(0, 200))); };
        if (end == std::string_view::npos) return not_understood();
        text.remove_prefix(piece.size());
        if (closing == "#}") continue;
        std::string_view inside = piece.substr(is_tag ? 2 : 1, piece.size() - (is_tag ? 4 : 2));
        if (inside.starts_with('-')) { // no blanks before it
            while (!out.empty() && io::is_blank(out.back())) out.pop_back();
            inside.remove_prefix(1);
        }
        if (inside.ends_with('-')) { // nor behind it
            while (!text.empty() && io::is_blank(text.front())) text.remove_prefix(1);
            inside.remove_suffix(1);
        }
        template_value v;
        if (!is_tag) {
            if (!value(inside, v)) return not_understood();
            if (kept()) out += printed(v);
            continue;
        }
        inside = io::trim(inside);
        const std::string_view word = inside.substr(0, inside.find(' '));
        const std::string_view rest = inside.substr(word.size());
        if (word == "if") {
            if (!value(rest, v)) return not_understood();
            open.push_back({kept(), is_true(v), is_true(v)});
        } else if (word == "elif" && !open.empty()) {
            if (!value(rest, v)) return not_understood();
            open.back().kept = !open.back().done && is_true(v);
            open.back().done = open.back().done || open.back().kept;
        } else if (inside == "else" && !open.empty()) {
            open.back().kept = !std::exchange(open.back().done, true);
        } else if (inside == "endif" && !open.empty()) {
            open.pop_back();
        } else if (word == "set") {
            const std::size_t equals = rest.find('=');
            if (equals == std::string_view::npos || !value(rest.substr(equals + 1), v)) return not_understood();
            if (kept()) names.values[std::string(io::trim(rest.substr(0, equals)))] = std::move(v);
        } else {
            return not_understood();
        }
    }
    if (!open.empty()) return std::unexpected(std::string("an if without its endif"));
    return out;
}

} // namespace kf::sim
