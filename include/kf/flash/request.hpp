// SPDX-License-Identifier: MIT
#pragma once
/// What was asked for, typed and checked before anything happens. The first value of a flash:
/// request -> survey -> plan -> build -> run -> outcome.

#include <kf/board/flash_method.hpp>
#include <kf/error.hpp>
#include <kf/units.hpp>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace kf::flash {

/// How a board's firmware is to be built.
struct build_wishes {
    unsigned jobs = 0; ///< 0: as many as there are cores
    std::optional<seconds> build_timeout = {}, git_timeout = {};
    std::optional<board::flash_method> method = {}; ///< for this run; then there is no fallback
};

/// The image of an earlier, verified flash, which is written in the place of a new build.
struct stored_image {
    std::filesystem::path file = {}, config = {}; ///< and the completed .config that it was built from
    std::string sha256 = {}, version = {};
    std::string inputs = {}; ///< hash of what it was made from; empty when nobody knew
    std::string time = {};   ///< of that flash
};

/// What a person takes upon himself.
enum class unknown_printers { refused, assumed_idle };

struct request {
    std::vector<std::string> boards; ///< their keys; see batch_order.hpp for who waits for whom
    bool all = false;                ///< they are all that there are: a batch, also of one
    /// Those of them that a person chose to leave out, with the reason: no failures.
    std::map<std::string, std::string> left_out = {};
    build_wishes build = {};
    std::map<std::string, stored_image> stored = {}; ///< by board: those that get an earlier image and no new build
    bool fallback = true;                            ///< unless the settings forbid it
    unknown_printers unknown = unknown_printers::refused;
    std::string assumed_because = {}; ///< why a person takes that upon himself: for the ledger
    std::string day = {};             ///< today, YYYY-MM-DD: what is learned of a board is noted with it

    [[nodiscard]] bool is_batch() const noexcept { return all || boards.size() > 1; }
    [[nodiscard]] bool wants(const std::string& board) const { return !left_out.contains(board); }
};

[[nodiscard]] inline result<void> check(const request& r) {
    if (r.boards.empty()) return kf::fail(errc::usage, "no board is named");
    for (auto it = r.boards.begin(); it != r.boards.end(); ++it)
        if (std::find(r.boards.begin(), it, *it) != it) return kf::fail(errc::usage, "named twice: " + *it);
    return {};
}

} // namespace kf::flash
