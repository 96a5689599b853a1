// SPDX-License-Identifier: MIT
#pragma once
/// How a batch ends that never came to its plan: the printer works, nothing is plugged in, a signal came. The error is
/// about all of its boards and is told once; each has its row all the same, with its own reason where it has one.

#include <kf/flash/conclusion.hpp>
#include <kf/flash/readiness.hpp>

#include <algorithm>

namespace kf::flash {

/// The boards that a person did not leave out, each with what speaks against it; nothing was built of them.
[[nodiscard]] inline outcome refused(const request& wanted, const survey& seen, const error& why) {
    outcome o;
    o.reached = kf::fail(why);
    std::vector<board_readiness> ready; // configurations are only looked at when nothing else is in the way
    if (check_safety(wanted, seen)) ready = readiness_of(wanted, seen);
    for (const auto& b : seen.boards) {
        if (!wanted.wants(b.board.key)) continue;
        board_outcome board{
            .key = b.board.key, .name = b.board.name.empty() ? b.board.key : b.board.name, .built = false};
        board.written.ended = check_board(wanted, seen, b);
        const auto found = std::ranges::find(ready, b.board.key, &board_readiness::key);
        if (board.written.ended && found != ready.end()) board.written.ended = found->ready;
        o.boards.push_back(std::move(board));
    }
    return o;
}

/// Of a batch; one board alone has no table, and its error says it all.
template<reporter Reporter>
[[nodiscard]] result<void> conclude_refused(const request& wanted, const survey& seen, error why, Reporter& tell) {
    if (!wanted.is_batch()) return kf::fail(std::move(why));
    flash_plan none{.wanted = wanted, .at = seen.at, .registry = seen.registry};
    for (const auto& b : seen.boards)
        if (const auto chosen = wanted.left_out.find(b.board.key); chosen != wanted.left_out.end())
            none.without.push_back({b.board.key, b.board.name, {}, chosen->second});
    return conclude(none, refused(wanted, seen, why), tell);
}

} // namespace kf::flash
