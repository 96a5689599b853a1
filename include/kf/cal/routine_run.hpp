// SPDX-License-Identifier: MIT
#pragma once
/// Runs a routine to its conclusion: each step is asked or told, done, and in the journal before the next. It ends at
/// any step (Ctrl+C, a printer that went away, nobody who answers) with the tool up and the motors on, and the next run
/// goes on there.
///
/// A doer is what the machine is to a routine:
///
/// | expression          | meaning                                                                  |
/// | ------------------- | ------------------------------------------------------------------------ |
/// | d.keeps_place()     | X, Y and Z still have their references                                   |
/// | d(act)              | does it and gives what it saw; on an error the tool is up, or it is said |

#include <kf/cal/routine_answers.hpp>
#include <kf/cal/routine_journal.hpp>
#include <kf/cal/routine_step.hpp>
#include <kf/io/interrupt.hpp>
#include <kf/sink.hpp>

#include <fmt/format.h>

#include <concepts>
#include <string>
#include <utility>
#include <variant>

namespace kf::cal {

template<class D>
concept doer = requires(D& d, const act& a) {
    { d.keeps_place() } -> std::same_as<result<bool>>;
    { d(a) } -> std::same_as<result<json::object>>;
};

/// Whoever asks may have a person let each deed go.
template<class A>
concept lets_go = requires(A& a, const std::string& text) {
    { a.let_go(text) } -> std::same_as<result<void>>;
};

/// Asks until it is understood, or until whoever answers has no other answer.
template<answers Answers, sink Sink>
[[nodiscard]] result<answer> answer_of(const question& q, Answers& from, Sink& out) {
    for (;;) {
        KF_TRY(const std::string said, from.ask(q));
        auto understood = understand(q, said);
        if (understood || !from.again(understood.error())) return understood;
        out.warn(fmt::format("{}{}{}", understood.error().what, understood.error().cause.empty() ? "" : ": ",
                             understood.error().cause));
    }
}

namespace detail {

/// Whether all that it stands on still holds; what does not is forgotten.
template<doer Doer, sink Sink>
result<bool> still_stands(const deed& d, routine_journal& journal, Doer& machine, Sink& out) {
    if (d.stands_on.empty()) return true;
    KF_TRY(const bool keeps, machine.keeps_place());
    if (keeps) return true;
    out.warn("the machine lost its place meanwhile (a restart, or its motors went off): what depends on it is done "
             "again; put in a clean sheet");
    for (const std::string& step : d.stands_on) KF_CHECK(journal.forget(step));
    return false;
}

/// A run that goes on looks again at motors before it turns them: with another printer.cfg what was seen of the old one
/// says nothing, and it begins anew.
template<class Next, doer Doer, sink Sink>
result<void> begin_anew_if_changed(Next& next, routine_journal& journal, Doer& machine, Sink& out) {
    KF_TRY(const routine_step first, next(routine_notes{}));
    const auto* looks = std::get_if<deed>(&first);
    if (looks == nullptr || !std::holds_alternative<look_at_motors>(looks->what)) return {};
    if (!journal.notes().done(looks->name)) return {};
    KF_TRY(const auto saw, machine(looks->what));
    if (saw == journal.notes().saw(looks->name)) return {};
    out.warn("printer.cfg has other motors than when this was begun: it begins anew");
    KF_CHECK(journal.restart());
    KF_CHECK(journal.begin(looks->name));
    return journal.end(looks->name, saw);
}

} // namespace detail

/// `next(notes)` gives result<routine_step>.
template<class Next, doer Doer, answers Answers, sink Sink>
[[nodiscard]] result<conclusion> run_routine(Next&& next, routine_journal& journal, Doer& machine, Answers& from,
                                             Sink& out) {
    KF_CHECK(detail::begin_anew_if_changed(next, journal, machine, out));
    for (;;) {
        KF_CHECK(io::interrupt::check());
        KF_TRY(routine_step step, next(std::as_const(journal).notes()));
        if (auto* end = std::get_if<conclusion>(&step)) return std::move(*end);
        if (const auto* asked = std::get_if<ask>(&step)) {
            KF_TRY(const answer a, answer_of(asked->what, from, out));
            KF_CHECK(journal.hear(asked->what.name, a));
            continue;
        }
        const deed& d = std::get<deed>(step);
        KF_TRY(const bool stands, detail::still_stands(d, journal, machine, out));
        if (!stands) continue;
        if (journal.notes().half_done(d.name) && std::holds_alternative<draw>(d.what))
            out.warn("this was begun before and did not come to its end: put in a clean sheet");
        if (!d.says.empty()) out.step(phase::run, d.says);
        if constexpr (lets_go<Answers>)
            if (!d.says.empty()) KF_CHECK(from.let_go(d.says));
        KF_CHECK(journal.begin(d.name));
        KF_TRY(auto saw, machine(d.what));
        KF_CHECK(journal.end(d.name, std::move(saw)));
    }
}

} // namespace kf::cal
