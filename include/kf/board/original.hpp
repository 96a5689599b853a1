// SPDX-License-Identifier: MIT
#pragma once
/// Taking over a registry that kalico-flash, the Python program, has kept: what is missing here is taken, what is here
/// stays as it is, and each part of it is told with the reason. Pure.

#include <kf/board/match.hpp>
#include <kf/board/registry.hpp>

#include <fmt/format.h>

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace kf::board {

struct takeover {
    std::string part;   ///< "board", "pattern", "setting"; "config" of whoever takes those
    std::string name;   ///< the board's key, the pattern, the setting's name
    bool taken = false; ///< it was not here, and now is
    std::string reason = {};
};

namespace detail {

/// Why a board stays where it is; nothing when it can be taken.
[[nodiscard]] inline std::optional<std::string> objection_to_take(const registry& ours, const board& theirs,
                                                                  std::span<const device> devices) {
    const auto here = std::ranges::find(ours.boards, theirs.key, &board::key);
    if (here != ours.boards.end() && here->mcu == theirs.mcu && here->serial_pattern == theirs.serial_pattern)
        return "it is registered here already";
    for (const auto& word : {theirs.key, theirs.name})
        if (const auto* other = name_taken(ours, word)) return "another board here has its key or name: " + other->name;
    return pattern_conflict(ours, theirs, devices);
}

} // namespace detail

/// `devices`: what is plugged in, for patterns that take more than one board.
[[nodiscard]] inline std::vector<takeover> take_over(registry& ours, const registry& theirs,
                                                     std::span<const device> devices) {
    std::vector<takeover> all;
    for (const auto& b : theirs.boards) {
        auto why = detail::objection_to_take(ours, b, devices);
        if (!why)
            if (const auto added = add(ours, b); !added) why = added.error().what;
        all.push_back({"board", b.key, !why, why.value_or("")});
    }
    for (const auto& entry : theirs.blocked) {
        const auto is_it = [&](const blocked_device& b) {
            return io::to_lower(b.pattern) == io::to_lower(entry.pattern);
        };
        const bool here = is_it(default_blocked) || std::ranges::any_of(ours.blocked, is_it);
        if (!here) ours.blocked.push_back(entry);
        all.push_back({"pattern", entry.pattern, !here, here ? "it is blocked here already" : ""});
    }
    const auto take = [&](const char* name, auto member) {
        auto& mine = ours.settings.*member;
        const flash_settings usually;
        const auto &given = theirs.settings.*member, &usual = usually.*member;
        if (given == usual || given == mine) return;
        const bool untouched = mine == usual;
        if (untouched) mine = given;
        all.push_back({"setting", name, untouched, untouched ? "" : "it was chosen otherwise here"});
    };
    take("klipper_dir", &flash_settings::klipper_dir);
    take("katapult_dir", &flash_settings::katapult_dir);
    take("default_flash_method", &flash_settings::default_flash_method);
    take("allow_flash_fallback", &flash_settings::allow_flash_fallback);
    take("skip_menuconfig", &flash_settings::skip_menuconfig);
    take("stagger_delay", &flash_settings::stagger_delay);
    take("return_delay", &flash_settings::return_delay);
    return all;
}

} // namespace kf::board
