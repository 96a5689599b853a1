// SPDX-License-Identifier: MIT
#pragma once
/// Where answers come from. A routine asks by a policy and sees no difference:
///
/// | expression      | meaning                                                                        |
/// | --------------- | ------------------------------------------------------------------------------ |
/// | a.ask(question) | the answer as text; errc::needs_person when nobody is there who could give it  |
/// | a.again(error)  | what was said is no answer: true when the same question may be asked once more |
///
/// written_answers is the model of a file: "NAME: VALUE" a line, # begins a comment. An answer that stands in it twice,
/// or that nothing asked for, is a slip of whoever wrote it, and is told.

#include <kf/cal/routine_question.hpp>
#include <kf/io/atomic_file.hpp>

#include <fmt/format.h>

#include <concepts>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kf::cal {

template<class A>
concept answers = requires(A& a, const question& q, const error& e) {
    { a.ask(q) } -> std::same_as<result<std::string>>;
    { a.again(e) } -> std::same_as<bool>;
};

class written_answers {
    std::map<std::string, std::string, std::less<>> by_name_;
    std::set<std::string, std::less<>> used_;
    std::string where_;

  public:
    written_answers() = default;

    /// `where` is what a person calls the text: a file's name. errc::malformed names the line.
    [[nodiscard]] static result<written_answers> read(std::string_view text, std::string where) {
        written_answers out;
        out.where_ = std::move(where);
        std::size_t number = 0;
        while (!text.empty()) {
            const auto end = std::min(text.find('\n'), text.size());
            std::string_view line = text.substr(0, end);
            text.remove_prefix(std::min(end + 1, text.size()));
            ++number;
            line = io::trim(line.substr(0, line.find('#')));
            if (line.empty()) continue;
            KF_CHECK(out.add(line, fmt::format("{}:{}", out.where_, number)));
        }
        return out;
    }
    [[nodiscard]] static result<written_answers> read_file(const std::string& path) {
        KF_TRY(const std::string text, io::read_file(path, std::size_t{1} << 20));
        return read(text, path);
    }

    /// "NAME: VALUE" or, as an option has it, "NAME=VALUE". `where` names the place of it.
    [[nodiscard]] result<void> add(std::string_view line, std::string_view where) {
        const auto middle = line.find_first_of(":=");
        const std::string_view name = io::trim(line.substr(0, middle));
        if (middle == std::string_view::npos || name.empty() || name.find(' ') != std::string_view::npos)
            return kf::fail({errc::malformed,
                             fmt::format("{}: \"{}\" is not NAME: VALUE", where, io::printable(line, 40)),
                             {},
                             std::string(where),
                             {"write one answer a line, as:  measured: 99.5"}});
        const std::string value(io::trim(line.substr(middle + 1)));
        if (!by_name_.emplace(std::string(name), value).second)
            return kf::fail({errc::malformed,
                             fmt::format("{}: {} is answered twice", where, io::printable(name, 40)),
                             {},
                             std::string(where),
                             {"keep one of the two"}});
        return {};
    }

    [[nodiscard]] bool knows(std::string_view name) const { return by_name_.contains(name); }
    [[nodiscard]] result<std::string> ask(const question& q) {
        const auto found = by_name_.find(q.name);
        if (found == by_name_.end())
            return kf::fail(
                {errc::needs_person,
                 fmt::format("a person has to answer: {}", q.text),
                 "there is no terminal to ask on",
                 {},
                 {fmt::format("expected is {}", expected(q)),
                  fmt::format("--answer {}=VALUE, or a line \"{}: VALUE\" in a file for --answers", q.name, q.name),
                  "run the same command again: it goes on from here"}});
        used_.insert(q.name);
        return found->second;
    }
    /// A file says the same however often it is asked.
    [[nodiscard]] bool again(const error&) const noexcept { return false; }

    /// Names that nothing asked for.
    [[nodiscard]] std::vector<std::string> unused() const {
        std::vector<std::string> out;
        for (const auto& [name, value] : by_name_)
            if (!used_.contains(name)) out.push_back(name);
        return out;
    }
};
static_assert(answers<written_answers>);

} // namespace kf::cal
