// SPDX-License-Identifier: MIT
#pragma once
/// A question of a routine as a value, and what may be an answer to it: a number with its unit and range, yes or no,
/// one of some words. Whoever asks (a terminal, a file of answers, an option of the command line) hands the text in
/// here, so that a wrong answer is refused in the same words wherever it came from.

#include <kf/error.hpp>
#include <kf/io/ascii.hpp>
#include <kf/io/decimal.hpp>
#include <kf/io/near_name.hpp>
#include <kf/io/printable.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace kf::cal {

struct a_number {
    double min = 0, max = 0; ///< inclusive
    std::string unit = {};   ///< "mm"; empty: a bare count
};
struct yes_or_no {};
struct one_of {
    std::vector<std::string> words;
};

struct question {
    std::string name; ///< its key in an answers file and in the journal: "reading_3"
    std::string text; ///< without the question mark's hint of what is expected
    std::variant<a_number, yes_or_no, one_of> expects;
};

using answer = std::variant<double, bool, std::string>;

/// "a number from 90 to 110 mm"
[[nodiscard]] inline std::string expected(const question& q) {
    if (const auto* n = std::get_if<a_number>(&q.expects))
        return fmt::format("a number from {} to {}{}{}", io::to_decimal(n->min), io::to_decimal(n->max),
                           n->unit.empty() ? "" : " ", n->unit);
    if (const auto* words = std::get_if<one_of>(&q.expects)) return fmt::format("{}", fmt::join(words->words, " or "));
    return "yes or no";
}

/// As it is written into an answers file.
[[nodiscard]] inline std::string to_text(const answer& a) {
    if (const auto* number = std::get_if<double>(&a)) return io::to_decimal(*number);
    if (const auto* flag = std::get_if<bool>(&a)) return *flag ? "yes" : "no";
    return std::get<std::string>(a);
}

namespace detail {

inline std::unexpected<error> not_an_answer(const question& q, std::string_view text, std::string cause) {
    return kf::fail({errc::usage,
                     text.empty() ? fmt::format("{} got no answer", q.name)
                                  : fmt::format("\"{}\" is no answer to {}", io::printable(text, 40), q.name),
                     std::move(cause),
                     {},
                     {fmt::format("{}: {}", q.name, expected(q))}});
}

inline result<answer> understand_number(const question& q, const a_number& wanted, std::string_view text) {
    std::string_view digits = text;
    if (const auto end = text.find_last_of("0123456789."); end != std::string_view::npos)
        digits = text.substr(0, end + 1);
    const std::string_view unit = io::trim(text.substr(digits.size()));
    if (digits.find(',') != std::string_view::npos)
        return not_an_answer(q, text, "a decimal point is a point here, and one number is asked for");
    const auto value = io::parse_decimal(digits);
    if (!value) return not_an_answer(q, text, fmt::format("{} is expected", expected(q)));
    if (!unit.empty() && unit != wanted.unit)
        return not_an_answer(q, text,
                             wanted.unit.empty() ? std::string("it has no unit")
                                                 : fmt::format("it is asked for in {}, not in \"{}\"", wanted.unit,
                                                               io::printable(unit, 20)));
    if (*value < wanted.min || *value > wanted.max)
        return not_an_answer(q, text, fmt::format("{} is expected", expected(q)));
    return *value;
}

} // namespace detail

/// errc::usage names the question, what was said and what was expected.
[[nodiscard]] inline result<answer> understand(const question& q, std::string_view said) {
    const std::string_view text = io::trim(said);
    if (const auto* number = std::get_if<a_number>(&q.expects)) return detail::understand_number(q, *number, text);
    const std::string word = io::to_lower(text);
    if (const auto* known = std::get_if<one_of>(&q.expects)) {
        for (const std::string& w : known->words)
            if (word == w) return w;
        const auto near = io::near_names(word, known->words);
        return detail::not_an_answer(q, text,
                                     near.empty() ? fmt::format("{} is expected", expected(q))
                                                  : fmt::format("is it {}?", near.front()));
    }
    if (word == "y" || word == "yes") return true;
    if (word == "n" || word == "no") return false;
    return detail::not_an_answer(q, text, "yes or no is expected");
}

} // namespace kf::cal
