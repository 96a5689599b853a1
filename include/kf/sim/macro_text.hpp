// SPDX-License-Identifier: MIT
#pragma once
/// The templates of [gcode_macro], as far as a plotter's macros need them: `{% if %}`, `{% elif %}`, `{% else %}`,
/// `{% endif %}`, `{% set name = ... %}` and `{...}` over numbers, texts, own variables and `printer.object.field`,
/// with or, and, not, in, comparisons, + - * /, and the filters round, int, float, default. Whatever else a template
/// holds is an error that names it. Spec: https://www.klipper3d.org/Command_Templates.html

#include <kf/io/decimal.hpp>
#include <kf/job/gcode_line.hpp>

#include <boost/json.hpp>

#include <fmt/format.h>

#include <cctype>
#include <cmath>
#include <expected>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kf::sim {

class macro_text {
  public:
    using value = boost::json::value;
    /// A name's value: an own variable, or an object of the printer; null when there is none.
    using lookup = std::function<value(const std::string&)>;
    using answer = std::expected<std::string, std::string>;

    /// The text with all of it put in; `variable` knows own variables, `object` those of `printer`.
    [[nodiscard]] static answer expand(std::string_view text, const lookup& variable, const lookup& object) {
        return macro_text(text, variable, object, false).run();
    }
    /// What of a template cannot be understood; every branch is read.
    [[nodiscard]] static std::expected<void, std::string> check(std::string_view text) {
        const lookup nothing = [](const std::string&) { return value(); };
        auto done = macro_text(text, nothing, nothing, true).run();
        if (!done) return std::unexpected(done.error());
        return {};
    }

  private:
    macro_text(std::string_view text, const lookup& variable, const lookup& object, bool all)
      : text_(text)
      , variable_(variable)
      , object_(object)
      , all_(all) {}

    struct branch {
        bool taken, on;
    };

    answer run() {
        std::string out;
        std::vector<branch> ifs;
        const auto on = [&] {
            for (const branch& b : ifs)
                if (!b.on) return false;
            return true;
        };
        for (std::size_t at = 0; at < text_.size() && wrong_.empty();) {
            const auto open = text_.find('{', at);
            if (on()) out += text_.substr(at, open == std::string_view::npos ? open : open - at);
            if (open == std::string_view::npos) break;
            const bool tag = text_.substr(open).starts_with("{%");
            const auto close = text_.find(tag ? "%}" : "}", open + (tag ? 2 : 1));
            if (close == std::string_view::npos) return std::unexpected("a brace that is not closed");
            source_ = text_.substr(open + (tag ? 2 : 1), close - open - (tag ? 2 : 1));
            pos_ = 0;
            at = close + (tag ? 2 : 1);
            if (!tag) {
                if (!on()) continue;
                const value v = expression();
                end();
                out += shown(v);
                continue;
            }
            const std::string word = name();
            if (word == "if") {
                const bool live = on();
                const bool yes = live && (truth(expression()) || all_);
                if (!live) pos_ = source_.size();
                ifs.push_back({yes, yes});
            } else if ((word == "elif" || word == "else") && !ifs.empty()) {
                branch& b = ifs.back();
                b.on = true;
                const bool live = on() && (!b.taken || all_);
                b.on = live && (word == "else" || truth(expression()) || all_);
                if (!live) pos_ = source_.size();
                b.taken = b.taken || b.on;
            } else if (word == "endif" && !ifs.empty()) {
                ifs.pop_back();
            } else if (word == "set") {
                const std::string to = name();
                if (!eat("=")) fail();
                if (on())
                    locals_[to] = expression();
                else
                    pos_ = source_.size();
            } else
                fail();
            end();
        }
        if (wrong_.empty() && !ifs.empty()) wrong_ = "an if without its endif";
        if (!wrong_.empty()) return std::unexpected(wrong_);
        return out;
    }

    void fail() {
        if (wrong_.empty()) wrong_ = std::string(job::detail::trim(source_));
    }
    void blanks() {
        while (pos_ < source_.size() && std::isspace(static_cast<unsigned char>(source_[pos_]))) ++pos_;
    }
    void end() {
        blanks();
        if (pos_ < source_.size()) fail();
    }
    bool eat(std::string_view token) {
        blanks();
        if (!source_.substr(pos_).starts_with(token)) return false;
        const std::size_t after = pos_ + token.size();
        if (std::isalpha(static_cast<unsigned char>(token.back())) && after < source_.size() &&
            (std::isalnum(static_cast<unsigned char>(source_[after])) || source_[after] == '_'))
            return false;
        pos_ = after;
        return true;
    }
    std::string name() {
        blanks();
        std::string out;
        while (pos_ < source_.size() &&
               (std::isalnum(static_cast<unsigned char>(source_[pos_])) || source_[pos_] == '_'))
            out += source_[pos_++];
        return out;
    }

    static double number(const value& v) {
        if (v.is_bool()) return v.get_bool() ? 1 : 0;
        return v.is_number() ? v.to_number<double>() : 0;
    }
    static bool truth(const value& v) {
        if (v.is_string()) return !v.get_string().empty();
        return v.is_bool() ? v.get_bool() : v.is_number() ? number(v) != 0 : !v.is_null();
    }
    static std::string shown(const value& v) {
        if (v.is_string()) return std::string(v.get_string());
        if (v.is_bool()) return v.get_bool() ? "True" : "False";
        if (v.is_number()) return io::to_decimal(number(v), 6);
        return {};
    }

    value expression() {
        value left = conjunction();
        while (eat("or")) {
            const value right = conjunction();
            left = truth(left) || truth(right);
        }
        return left;
    }
    value conjunction() {
        value left = negation();
        while (eat("and")) {
            const value right = negation();
            left = truth(left) && truth(right);
        }
        return left;
    }
    value negation() { return eat("not") ? value(!truth(negation())) : comparison(); }
    value comparison() {
        const value left = sum();
        for (const std::string_view op : {"==", "!=", "<=", ">=", "<", ">"})
            if (eat(op)) {
                const value right = sum();
                const bool same = left.is_string() ? left == right : number(left) == number(right);
                const double d = number(left) - number(right);
                return op == "=="   ? same
                       : op == "!=" ? !same
                       : op == "<=" ? d <= 0
                       : op == ">=" ? d >= 0
                       : op == "<"  ? d < 0
                                    : d > 0;
            }
        const bool without = eat("not");
        if (eat("in")) {
            const value right = sum();
            bool there = false;
            if (right.is_string() && left.is_string())
                there = right.get_string().find(left.get_string()) != std::string::npos;
            if (right.is_object() && left.is_string()) there = right.get_object().contains(left.get_string());
            return there != without;
        }
        if (without) fail();
        return left;
    }
    value sum() {
        value left = product();
        for (;;) {
            if (eat("+"))
                left = number(left) + number(product());
            else if (eat("-"))
                left = number(left) - number(product());
            else
                return left;
        }
    }
    value product() {
        value left = filtered();
        for (;;) {
            if (eat("*"))
                left = number(left) * number(filtered());
            else if (eat("/"))
                left = number(left) / number(filtered());
            else
                return left;
        }
    }
    value filtered() {
        value v = member();
        while (eat("|")) {
            const std::string filter = name();
            value with;
            if (eat("(")) {
                with = expression();
                if (!eat(")")) fail();
            }
            if (filter == "round") {
                const double grid = std::pow(10, number(with));
                v = std::round(number(v) * grid) / grid;
            } else if (filter == "int")
                v = std::trunc(text_number(v));
            else if (filter == "float")
                v = text_number(v);
            else if (filter == "default") {
                if (v.is_null()) v = with;
            } else
                fail();
        }
        return v;
    }
    static double text_number(const value& v) {
        double out = number(v);
        if (v.is_string()) (void)job::read_number(v.get_string(), out);
        return out;
    }
    value member() {
        value v = atom();
        for (;;) {
            std::string key;
            if (eat("."))
                key = name();
            else if (eat("[")) {
                key = shown(expression());
                if (!eat("]")) fail();
            } else
                return v;
            v = part(v, key);
        }
    }
    value part(const value& of, const std::string& key) {
        if (const auto* o = of.if_object()) {
            if (o->contains("printer itself")) return object_(key);
            const auto* found = o->if_contains(key);
            return found != nullptr ? *found : value();
        }
        if (const auto* a = of.if_array(); a != nullptr && key.size() == 1) {
            const auto axis = std::string_view("xyze").find(key);
            if (axis != std::string_view::npos && axis < a->size()) return (*a)[axis];
        }
        return {};
    }
    value atom() {
        blanks();
        if (eat("(")) {
            value v = expression();
            if (!eat(")")) fail();
            return v;
        }
        if (eat("-")) return -number(atom());
        if (pos_ < source_.size() && (source_[pos_] == '\'' || source_[pos_] == '"')) {
            const auto close = source_.find(source_[pos_], pos_ + 1);
            if (close == std::string_view::npos) return fail(), value();
            value v(boost::json::string(source_.substr(pos_ + 1, close - pos_ - 1)));
            pos_ = close + 1;
            return v;
        }
        if (pos_ < source_.size() && std::isdigit(static_cast<unsigned char>(source_[pos_]))) {
            const std::size_t begin = pos_;
            while (pos_ < source_.size() &&
                   (std::isdigit(static_cast<unsigned char>(source_[pos_])) || source_[pos_] == '.'))
                ++pos_;
            return io::parse_decimal(source_.substr(begin, pos_ - begin)).value_or(0);
        }
        const std::string word = name();
        if (word.empty() || word == "params" || word == "rawparams") return fail(), value();
        if (eat("(")) return fail(), value(); // a function
        if (word == "True" || word == "true") return true;
        if (word == "False" || word == "false") return false;
        if (word == "printer") return boost::json::object{{"printer itself", true}};
        if (const auto own = locals_.find(word); own != locals_.end()) return own->second;
        return variable_(word);
    }

    std::string_view text_, source_;
    std::size_t pos_ = 0;
    const lookup& variable_;
    const lookup& object_;
    bool all_;
    std::map<std::string, value> locals_;
    std::string wrong_;
};

} // namespace kf::sim
