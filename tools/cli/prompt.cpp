// SPDX-License-Identifier: MIT
#include "prompt.hpp"

#include <kf/io/interrupt.hpp>
#include <kf/sink/answer.hpp>
#include <kf/sink/scrub.hpp>

#include <boost/json.hpp>

#include <fmt/format.h>

#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace kf::cli {
namespace {

template<class... Args>
void say(fmt::format_string<Args...> format, Args&&... args) {
    const std::string text = scrubbed(fmt::format(format, std::forward<Args>(args)...));
    (void)!std::fwrite(text.data(), 1, text.size(), stderr);
}

result<std::string> read_line() {
    std::string line;
    for (;;) {
        KF_CHECK(io::interrupt::check());
        pollfd p{STDIN_FILENO, POLLIN, 0};
        if (::poll(&p, 1, 100) <= 0) continue; // a signal right before it is seen a moment later
        char c = 0;
        const ssize_t n = ::read(STDIN_FILENO, &c, 1);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return kf::fail(errc::interrupted, "the input ended before the question was answered");
        if (c == '\n') return line;
        line += c;
    }
}

/// To a program: it shows the question as it likes, and throws away what was typed before.
void put_question(invocation& in, const question& q) {
    boost::json::object o{{"event", "question"}, {"text", q.text}, {"usual", q.answer}};
    if (!q.choices.empty()) o["choices"] = boost::json::value_from(q.choices);
    in.results.put(boost::json::serialize(o) + "\n");
}

void show_question(const question& q) {
    forget_typed_ahead();
    for (std::size_t i = 0; i < q.choices.size(); ++i) say("  {}. {}\n", i + 1, q.choices[i]);
    if (q.answer.empty())
        say("{}: ", q.text);
    else
        say("{} [{}]: ", q.text, q.answer);
    std::fflush(stderr);
}

/// Why an answer was none: above the question that comes again.
void say_again(invocation& in, const std::string& text) {
    if (in.asked_by_program)
        in.out.note(text);
    else
        say("{}\n", text);
}

} // namespace

result<void> somebody_answers(const invocation& in, const question& q) {
    if (in.can_ask()) return {};
    return kf::fail(error{errc::needs_person,
                          "a person has to answer: " + q.text,
                          "there is no terminal to ask on",
                          {},
                          {"give the answer on the command line: " + q.flag}});
}

void forget_typed_ahead() { ::tcflush(STDIN_FILENO, TCIFLUSH); }

result<std::string> ask(invocation& in, const question& q) {
    KF_CHECK(somebody_answers(in, q));
    const io::interrupt::remembered_signals hear; // before a person can see that there is a question
    if (in.asked_by_program)
        put_question(in, q);
    else
        show_question(q);
    auto read = read_line();
    if (!read) {
        if (!in.asked_by_program) say("\n"); // what comes next does not belong to the question
        return kf::fail(std::move(read).error());
    }
    std::string line = *std::move(read);
    while (!line.empty() && (line.back() == ' ' || line.back() == '\t')) line.pop_back();
    line.erase(0, line.find_first_not_of(" \t"));
    return line.empty() ? q.answer : line;
}

result<bool> confirm(invocation& in, const std::string& text, bool default_yes, const std::string& flag) {
    for (int tries = 0; tries < 3; ++tries) {
        KF_TRY(const auto answer, ask(in, {text, yes_or_no(default_yes), flag}));
        if (const auto yes = yes_or_no_from(answer)) return *yes;
        say_again(in, "Please answer y or n.");
    }
    return kf::fail(errc::usage, "no answer was understood");
}

result<std::size_t> choose(invocation& in, const std::string& text, const std::vector<std::string>& choices,
                           const std::string& flag) {
    if (choices.size() == 1) return 0;
    for (int tries = 0; tries < 3; ++tries) {
        KF_TRY(const auto answer, ask(in, {text + " (number, empty to cancel)", {}, flag, choices}));
        if (answer.empty() || answer == "q" || answer == "0") return kf::fail(errc::interrupted, "cancelled");
        if (const auto index = choice_from(answer, choices.size())) return *index;
        say_again(in, fmt::format("Please give a number from 1 to {}.", choices.size()));
    }
    return kf::fail(errc::usage, "no answer was understood");
}

} // namespace kf::cli
