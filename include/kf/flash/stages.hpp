// SPDX-License-Identifier: MIT
#pragma once
/// Which of the boards that were asked for are flashed: the stages of a batch before its plan. A person, or flags,
/// answer what is asked; what they leave out is in the request, and no failure.

#include <kf/flash/questions.hpp>
#include <kf/io/atomic_file.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>

namespace kf::flash {

/// Every board; those that are excluded are left out.
inline void take_all(request& wanted, const board::registry& registry) {
    wanted.all = true;
    for (const auto& b : registry.boards) {
        wanted.boards.push_back(b.key);
        if (!b.flashable) wanted.left_out.emplace(b.key, "excluded from flashing");
    }
}

/// What another flash is told that has to wait.
[[nodiscard]] inline std::string name_of(const request& wanted) {
    return fmt::format("kflash flash {}", fmt::join(wanted.boards, " "));
}

enum class current_boards { asked_about, flashed };

/// Stage 1: configurations.
template<questions Questions, sink Sink>
[[nodiscard]] result<void> choose_ready(request& wanted, const survey& seen, Questions& person, Sink& out) {
    const auto ready = readiness_of(wanted, seen);
    for (const auto& b : ready)
        if (!b.age.empty()) out.step(phase::config, fmt::format("{}: configuration saved {}", b.name, b.age));
    auto all = check_ready(ready);
    if (all) return {};
    KF_TRY(const bool go_on, person.may_leave_out(ready));
    if (!go_on) return all;
    leave_out_unready(wanted, ready);
    return {};
}

/// Stage 2: versions.
template<questions Questions, sink Sink>
[[nodiscard]] result<void> choose_outdated(request& wanted, const survey& seen, Questions& person, Sink& out) {
    const auto text = io::read_file(seen.at.ledger(), std::size_t{1} << 26).value_or("");
    const auto standings = standings_of(wanted, seen, parse_ledger(text));
    bool known = false;
    for (const auto& b : standings) {
        known = known || b.is != standing::unknown;
        if (const auto words = standing_words(b); !words.empty()) out.step(phase::plan, words);
    }
    if (!known && !standings.empty())
        out.warn("of no board is it known whether it runs the sources: all that were asked for are flashed");
    const auto question = ask_about(standings, last_batch(text));
    if (!question) return {};
    KF_TRY(const bool leave_out, person.leave_out(*question));
    if (leave_out) wanted.left_out.insert(question->boards.begin(), question->boards.end());
    return {};
}

/// Of a batch, from what a survey saw of all of them. A board that was named alone is what a person wants.
template<questions Questions, sink Sink>
[[nodiscard]] result<void> choose_boards(request& wanted, const survey& seen, current_boards then, Questions& person,
                                         Sink& out) {
    if (!wanted.is_batch() || !check_safety(wanted, seen)) return {};
    KF_CHECK(choose_ready(wanted, seen, person, out));
    if (then == current_boards::flashed) return {};
    return choose_outdated(wanted, seen, person, out);
}

} // namespace kf::flash
