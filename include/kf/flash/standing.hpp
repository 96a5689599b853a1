// SPDX-License-Identifier: MIT
#pragma once
/// The second stage of a batch: which of its boards need a flash, by the one judgement of need.hpp, and what is to be
/// asked of a person because of it. Pure: it reads what a survey saw.

#include <kf/flash/batch_record.hpp>
#include <kf/flash/ledger.hpp>
#include <kf/flash/need.hpp>
#include <kf/flash/survey.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace kf::flash {

/// One of the boards that are there, wanted and ready.
struct batch_standing {
    board_standing board;
    std::string inputs = {}; ///< hash of what it would be made from now; empty when nobody knows
};
[[nodiscard]] inline std::vector<batch_standing> standings_of(const request& wanted, const survey& seen,
                                                              const ledger& known) {
    std::vector<host::mcu_facts> said;
    for (const auto& printer : seen.printers)
        if (const auto* word = printer.word()) said.insert(said.end(), word->mcus.begin(), word->mcus.end());
    std::vector<batch_standing> all;
    for (const auto& b : seen.boards)
        if (is_in_play(wanted, b))
            all.push_back({standing_of(b.board, b.target->device(), said, known, [&] { return b.config.inputs; }),
                           b.config.inputs.value_or("")});
    return all;
}

/// What a person is asked before a batch is built; `usual` is the answer to an empty line.
struct version_question {
    std::string text;
    bool usual = true;
    bool leaves_out = true; ///< the answer by which the boards below are left out
    std::map<std::string, std::string> boards = {};
};

/// Nothing when every board is to be flashed anyhow.
[[nodiscard]] inline std::optional<version_question> ask_about(const std::vector<batch_standing>& all,
                                                               const batch_record& last) {
    version_question q;
    std::vector<std::string> rest;
    bool cut = false;
    for (const auto& [board, inputs] : all) {
        const auto done = last.done.find(board.key);
        // Done, and of what it would be made from today: a batch that is cut is not forgotten for a year.
        const bool done_then = last.was_cut() && done != last.done.end() && !inputs.empty() && done->second == inputs &&
                               board.need.is != need::yes;
        cut = cut || done_then;
        if (board.need.is == need::no)
            q.boards.emplace(board.key, fmt::format("runs {} already", board.version));
        else if (done_then)
            q.boards.emplace(board.key, "done in the batch that was cut short");
        else
            rest.push_back(board.name);
    }
    if (q.boards.empty()) return std::nullopt;
    if (rest.empty()) {
        q.text = all.size() == 1
                     ? fmt::format("{} runs what the sources are. Flash it anyhow?", all.front().board.name)
                     : fmt::format("All {} boards run what the sources are. Flash them anyhow?", all.size());
        q.usual = q.leaves_out = false;
    } else if (cut) {
        q.text = fmt::format("The last batch was cut short. Flash only the rest ({})?", fmt::join(rest, ", "));
    } else {
        q.text = fmt::format("Flash only what does not run the sources ({})?", fmt::join(rest, ", "));
    }
    return q;
}

} // namespace kf::flash
