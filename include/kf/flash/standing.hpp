// SPDX-License-Identifier: MIT
#pragma once
/// The second stage of a batch: which firmware each board runs, as its klippy says, beside what the sources are; and
/// what is to be asked of a person because of it. Pure: it reads what a survey saw.

#include <kf/flash/batch_record.hpp>
#include <kf/flash/survey.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <optional>
#include <string>
#include <vector>

namespace kf::flash {

enum class standing { current, outdated, unknown };

struct board_standing {
    std::string key, name;
    standing is = standing::unknown;
    std::string runs = {};   ///< as klippy says; empty when it does not
    std::string inputs = {}; ///< hash of what it would be made from now; empty when nobody knows
    bool has_sources = true; ///< the sources have a version to compare with
};

/// What a person is told of it; empty when there is nothing to tell.
[[nodiscard]] inline std::string standing_words(const board_standing& b) {
    if (b.runs.empty())
        return b.is == standing::unknown ? fmt::format("klippy does not say which firmware {} runs", b.name) : "";
    const std::string runs = fmt::format("{} runs {}", b.name, b.runs);
    if (b.is == standing::current) return runs + ", as the sources are";
    if (b.is == standing::outdated) return runs;
    return runs + (b.has_sources ? ", and nobody can say whether that is what the sources are"
                                 : ", and git does not say which version the sources are");
}

/// What a klippy says of the board on this port, by its name or port and never by its chip: two boards may have one.
[[nodiscard]] inline std::string running_version(const survey& seen, const board::target& target) {
    const auto& device = target.device();
    for (const auto& printer : seen.printers) {
        if (!printer.activity) continue;
        const auto& versions = printer.activity->versions;
        if (const auto port = versions.find(device.resolved.string()); port != versions.end()) return port->second;
        if (device.facts.twins > 0) continue; // their names are no names
        for (const auto& [serial, version] : versions)
            if (names_board(serial, target.board(), device)) return version;
    }
    return {};
}

/// What a board with this firmware is to the sources. The ledger knows what the image was made from that the board says
/// it runs: then that decides, and a commit that changes nothing of it, or a configuration that was changed, counts as
/// what it is. Otherwise the version does.
[[nodiscard]] inline standing compare_with_sources(const std::string& runs, const configured& sources,
                                                   const ledger_entry* flashed) {
    if (runs.empty()) return standing::unknown;
    if (flashed != nullptr && flashed->version == runs && !flashed->inputs.empty() && sources.inputs)
        return flashed->inputs == *sources.inputs ? standing::current : standing::outdated;
    if (!sources.tree_version || sources.tree_version->empty()) return standing::unknown;
    using enum firmware::version_relation;
    const auto relation = firmware::compare_versions(*sources.tree_version, runs);
    // Of one commit with changes on both sides nobody can say that they are the same.
    return relation == same ? standing::current : relation == unknown ? standing::unknown : standing::outdated;
}

/// Of the boards that are there, wanted and ready.
[[nodiscard]] inline std::vector<board_standing> standings_of(const request& wanted, const survey& seen,
                                                              const ledger& known) {
    std::vector<board_standing> all;
    for (const auto& b : seen.boards) {
        if (!is_in_play(wanted, b)) continue;
        board_standing s{b.board.key, b.board.name};
        s.inputs = b.config.inputs.value_or("");
        if (b.target->kind() == board::usb_firmware::katapult) {
            s.is = standing::outdated; // it runs no firmware, whatever klippy remembers
        } else {
            s.runs = running_version(seen, *b.target);
            s.is =
                compare_with_sources(s.runs, b.config, on_board(known, {b.board.key, b.target->device().usb.serial}));
            s.has_sources = b.config.tree_version && !b.config.tree_version->empty();
        }
        all.push_back(std::move(s));
    }
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
[[nodiscard]] inline std::optional<version_question> ask_about(const std::vector<board_standing>& all,
                                                               const batch_record& last) {
    version_question q;
    std::vector<std::string> rest;
    bool cut = false;
    for (const auto& s : all) {
        const auto done = last.done.find(s.key);
        // Done, and of what it would be made from today: a batch that is cut is not forgotten for a year.
        const bool done_then = last.was_cut() && done != last.done.end() && !s.inputs.empty() &&
                               done->second == s.inputs && s.is != standing::outdated;
        cut = cut || done_then;
        if (s.is == standing::current)
            q.boards.emplace(s.key, fmt::format("runs {} already", s.runs));
        else if (done_then)
            q.boards.emplace(s.key, "done in the batch that was cut short");
        else
            rest.push_back(s.name);
    }
    if (q.boards.empty()) return std::nullopt;
    if (rest.empty()) {
        q.text = all.size() == 1
                     ? fmt::format("{} runs what the sources are. Flash it anyhow?", all.front().name)
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
