// SPDX-License-Identifier: MIT
#include "answering.hpp"

#include "../cli/prompt.hpp"

#include <kf/sink.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>
#include <variant>

namespace kf::kcal {

result<std::string> answering::ask(const cal::question& q) {
    if (std::exchange(asked_, q.name) != q.name) tries_ = 0;
    from_terminal_ = !written_.knows(q.name) && in_.interactive && !in_.json;
    if (!from_terminal_) return written_.ask(q);
    // A single word is in the text: "say done".
    const auto* words = std::get_if<cal::one_of>(&q.expects);
    const bool told = words != nullptr && words->words.size() == 1;
    const auto lines = wrap(told ? q.text : fmt::format("{}? ({})", q.text, cal::expected(q)), in_.columns, "");
    return cli::ask(in_, {fmt::format("{}", fmt::join(lines, "\n")), {}, fmt::format("--answer {}=VALUE", q.name)});
}

bool answering::again(const error&) {
    constexpr int most = 10;
    return from_terminal_ && ++tries_ < most;
}

result<void> answering::let_go(const std::string&) {
    if (!in_.interactive || in_.json || in_.has("yes")) return {};
    KF_TRY(const std::string word, cli::ask(in_, {"Enter lets it go, q stops here", "", "--yes"}));
    if (word != "q" && word != "Q") return {};
    return kf::fail(errc::interrupted, "stopped; this step was not begun");
}

result<void> answering::can_answer(const cal::question& q) {
    if (!written_.knows(q.name) && in_.interactive && !in_.json) return {};
    auto asked = written_.ask(q);
    if (asked) {
        KF_CHECK(cal::understand(q, *asked));
        return {};
    }
    error e = std::move(asked).error();
    e.steps.pop_back(); // nothing was begun that could go on
    return kf::fail(std::move(e));
}

result<cal::written_answers> answers_given(const cli::invocation& in) {
    cal::written_answers answers;
    if (const auto file = in.get("answers")) {
        KF_TRY(answers, cal::written_answers::read_file(*file));
    }
    if (const auto given = in.options.find("answer"); given != in.options.end())
        for (const std::string& one : given->second) KF_CHECK(answers.add(one, "--answer"));
    return answers;
}

} // namespace kf::kcal
