// SPDX-License-Identifier: MIT
#pragma once
/// Does a board need a flash? What it was made from, as the ledger has it, is held against what it would be made from
/// now; but only when the board itself is known to run what the ledger says. Everything else is unknown, and unknown is
/// neither yes nor no. Pure.

#include <kf/firmware/git_version.hpp>
#include <kf/flash/ledger.hpp>
#include <kf/flash/stopping.hpp>
#include <kf/host/mcu_facts.hpp>

#include <fmt/format.h>

#include <optional>
#include <string>
#include <vector>

namespace kf::flash {

enum class need { no, yes, unknown };

[[nodiscard]] constexpr const char* name(need n) noexcept {
    switch (n) {
    case need::no: return "no";
    case need::yes: return "yes";
    case need::unknown: return "unknown";
    }
    return "?";
}

/// The micro-controller of `said` that is this board: by its port or by a name of the board, never by its chip. Null
/// when none is.
[[nodiscard]] inline const host::mcu_facts* mcu_of(const std::vector<host::mcu_facts>& said, const board::board& board,
                                                   const std::optional<board::device>& device) {
    for (const auto& m : said) {
        if (m.serial.empty()) continue;
        if (device && m.port == device->resolved) return &m;
        // A port that leads elsewhere is another board's, whatever it is called; and the names of a twin are no names.
        if (device && (!m.port.empty() || device->facts.twins > 0)) continue;
        if (names_board(m.serial, board, device.value_or(board::device{}))) return &m;
    }
    return nullptr;
}

/// What is known of one board.
struct need_facts {
    bool in_bootloader = false;
    const host::mcu_facts* running = nullptr; ///< as klippy says
    const ledger_entry* flashed = nullptr;    ///< on_board()
};

struct board_need {
    need is = need::unknown;
    std::string reason;
};

/// `inputs()`: the hash of what it would be made from now, a result<std::string>; asked only when the answer hangs on
/// it, for that costs a look at all sources.
template<class Inputs>
[[nodiscard]] board_need judge_need(const need_facts& f, Inputs&& inputs) {
    const auto unknown = [](std::string why) { return board_need{need::unknown, std::move(why)}; };
    if (f.in_bootloader) return {need::yes, "it is in its bootloader, no firmware runs on it"};
    if (f.running != nullptr && !f.running->too_old.empty())
        return {need::yes, "klippy says that its firmware is too old: " + f.running->too_old};
    if (f.running == nullptr) return unknown("no klippy says what runs on it");
    if (f.running->absent) return unknown("klippy does without it, and it is not there");
    if (f.running->version.empty()) return unknown("klippy has no answer of it");
    if (f.flashed == nullptr) return unknown("the ledger has no verified flash of it");
    if (f.running->version != f.flashed->version)
        return unknown(fmt::format("it runs {}, and not what kflash has flashed", f.running->version));
    // The version alone tells two builds apart only where git made it.
    if (!f.running->build_versions.empty() && !f.flashed->build_versions.empty() &&
        f.running->build_versions != f.flashed->build_versions)
        return unknown("it runs the build of another compiler than kflash has flashed");
    if (f.flashed->inputs.empty()) return unknown("the ledger does not say what it was made from");
    const result<std::string> now = inputs();
    if (!now) return unknown(now.error().what);
    if (*now == f.flashed->inputs)
        return {need::no, "sources, configuration and compiler are those that it was made from"};
    return {need::yes, "sources, configuration or compiler are others than when it was flashed"};
}

/// A board and its firmware as they stand: what `kflash list` tells, a batch asks about, and --if-needed goes by.
struct board_standing {
    std::string key, name;
    board_need need = {};
    std::string version = {};  ///< as klippy says; empty when nobody says it
    std::string relation = {}; ///< to the host's, relation_text(); empty when it was not looked for
};

/// `device`: nothing when the board is not there. `said`: by all klippys. `inputs()`: as for judge_need().
template<class Inputs>
[[nodiscard]] board_standing standing_of(const board::board& board, const std::optional<board::device>& device,
                                         const std::vector<host::mcu_facts>& said, const ledger& known,
                                         Inputs&& inputs) {
    board_standing s{board.key, board.name};
    need_facts facts;
    facts.in_bootloader = device && board::firmware_on(board, *device) == board::usb_firmware::katapult;
    facts.running = facts.in_bootloader ? nullptr : mcu_of(said, board, device); // whatever klippy remembers
    facts.flashed = on_board(known, {board.key, device ? device->usb.serial : ""});
    if (facts.running != nullptr) s.version = facts.running->version;
    s.need = device ? judge_need(facts, inputs) : board_need{need::unknown, "it is not connected"};
    return s;
}

/// What a person is told of it: "runs v0.13.0-100-g0123456, behind by 47 commits; flash needed: yes, ..."
[[nodiscard]] inline std::string text_of(const board_standing& s) {
    std::string text;
    if (!s.version.empty()) text = fmt::format("runs {}{}{}; ", s.version, s.relation.empty() ? "" : ", ", s.relation);
    return fmt::format("{}flash needed: {}, {}", text, name(s.need.is), s.need.reason);
}

/// The board's version beside the host's, in words: "current", "behind by 47 commits", "ahead by 2 commits", "another
/// fork"; empty when one of them is not known. `distance`: what git says of the two, where it can.
[[nodiscard]] inline std::string relation_text(const std::string& host, const std::string& board,
                                               const std::optional<firmware::commit_distance>& distance) {
    using firmware::flavour, firmware::version_relation;
    if (host.empty() || board.empty()) return {};
    const auto commits = [](std::uint64_t n) { return fmt::format("{} commit{}", n, n == 1 ? "" : "s"); };
    const auto dirty = firmware::parse_git_version(board).value_or(firmware::git_version{}).dirty;
    std::string text;
    switch (firmware::compare_versions(host, board)) {
    case version_relation::same: return "current";
    case version_relation::same_dirty: return "one commit, both with changes";
    case version_relation::unknown:
        return firmware::without_build_tail(host) == firmware::without_build_tail(board) ? "current"
                                                                                         : "another version";
    case version_relation::different: break;
    }
    const auto one = firmware::guess_flavour(host), other = firmware::guess_flavour(board);
    if (distance && distance->ahead == 0 && distance->behind == 0)
        text = "one commit";
    else if (distance && distance->ahead == 0)
        text = "behind by " + commits(distance->behind);
    else if (distance && distance->behind == 0)
        text = "ahead by " + commits(distance->ahead);
    else if (distance || (one != other && one != flavour::unknown && other != flavour::unknown))
        text = "another fork";
    else
        text = "another version";
    if (dirty) text += ", with changes";
    return text;
}

} // namespace kf::flash
