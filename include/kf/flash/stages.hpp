// SPDX-License-Identifier: MIT
#pragma once
/// Which of the boards that were asked for are flashed: the stages of a batch before its plan. A person, or flags,
/// answer what is asked; what they leave out is in the request, and no failure.

#include <kf/flash/event.hpp>
#include <kf/flash/learn.hpp>
#include <kf/flash/ledger.hpp>
#include <kf/flash/questions.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <span>
#include <string>

namespace kf::flash {

/// Every board; those that are excluded are left out, and so are those whose device a person has blocked by a pattern.
/// `devices`: what is plugged in.
inline void take_all(request& wanted, const board::registry& registry, std::span<const board::device> devices) {
    wanted.all = true;
    for (const auto& b : registry.boards) {
        wanted.boards.push_back(b.key);
        if (!b.flashable) {
            wanted.left_out.emplace(b.key, "excluded from flashing");
            continue;
        }
        const auto its = board::claimed(registry, b, devices);
        if (its.size() != 1 || board::claimants(registry, *its.front()).size() != 1) continue;
        if (const auto why = board::chosen_block(registry, *its.front()))
            wanted.left_out.emplace(b.key, "excluded by a pattern: " + *why);
    }
}

/// Which are there, and what is no device of a board, is told. One at least has to be.
template<sink Sink>
[[nodiscard]] result<void> see_boards(const request& wanted, const board::registry& registry, const place& at,
                                      Sink& out) {
    const auto seen = look_at_devices(wanted, registry, at);
    for (const auto& s : seen.skipped) out.detail(fmt::format("{}: {}", s.file_name, s.why));
    for (const auto& one : seen.boards) {
        if (one.target)
            out.step(phase::discovery, fmt::format("{} is {}", one.board.name, one.target->by_id_name()));
        else if (wanted.is_batch() && wanted.wants(one.board.key))
            out.warn(one.target.error().what);
    }
    return check_connected(wanted, seen);
}

/// Before anything may refuse the flash: one that is cut short leaves a board in Katapult, maybe under a name and
/// serial number that nobody has seen. Its port is what it can be found by then.
template<reporter Reporter>
[[nodiscard]] result<void> learn_boards(const request& wanted, const board::registry& registry, const place& at,
                                        Reporter& tell) {
    const auto seen = look_at_devices(wanted, registry, at);
    KF_CHECK(check_connected(wanted, seen)); // the lock may have been waited for
    for (const auto& b : seen.boards) {
        if (!is_in_play(wanted, b)) continue;
        owned_sink out(tell, b.board.key);
        KF_TRY(auto registered, board::with_key(registry, b.board.key));
        learn(at.registry_file, registered, b.target->device(), {}, wanted.day, out);
    }
    return {};
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
    auto read = read_ledger(seen.at.ledger(), out);
    if (!read) out.warn(read.error().what + ": what was flashed before is not known");
    const auto known_flashes = std::move(read).value_or(ledger{});
    const auto standings = standings_of(wanted, seen, known_flashes);
    bool known = false;
    for (const auto& [board, inputs] : standings) {
        known = known || board.need.is != need::unknown;
        out.step(phase::plan, fmt::format("{}: {}", board.name, text_of(board)));
    }
    if (!known && !standings.empty())
        out.warn("of no board is it known whether it needs a flash: all that were asked for are flashed");
    const auto question = ask_about(standings, known_flashes.last_batch);
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
