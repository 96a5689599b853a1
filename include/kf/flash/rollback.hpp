// SPDX-License-Identifier: MIT
#pragma once
/// Back to the firmware before this one: which image that is, and what a person has to know of it. Pure; it is written
/// by the flow of every flash, as a request with an image in the place of a build.

#include <kf/firmware/git_version.hpp>
#include <kf/flash/kept_images.hpp>

#include <fmt/format.h>

#include <optional>
#include <string>

namespace kf::flash {

/// errc::not_found when the ledger has no earlier verified flash of that board.
[[nodiscard]] inline result<ledger_entry> rollback_of(const ledger& all, const ledger_board& board) {
    if (const auto* e = before_this_one(all, board)) return *e;
    return kf::fail(error{errc::not_found,
                          "there is no earlier verified flash of " + board.key,
                          "a rollback leads to an image that this very board has run before",
                          {},
                          {"see what was flashed: kflash history " + board.key}});
}

/// Why Klipper may not get on with this image; nothing when its protocol is the host's. What the host speaks is what it
/// has built for this board: the pins of a chip are a part of the protocol.
[[nodiscard]] inline std::optional<std::string> protocol_warning(const ledger& all, const ledger_entry& image,
                                                                 const std::string& host_version) {
    using firmware::version_relation;
    const auto may_refuse = [&](std::string_view why) {
        return fmt::format("{}: Klipper here is {}, this image is {}; klippy may refuse the board until Klipper is set "
                           "back too",
                           why, host_version.empty() ? "of no known version" : host_version, image.version);
    };
    if (firmware::compare_versions(host_version, image.version) == version_relation::same) return std::nullopt;
    for (auto e = all.entries.rbegin(); e != all.entries.rend(); ++e) {
        if (e->board != image.board || e->protocol.empty() || image.protocol.empty()) continue;
        if (firmware::compare_versions(host_version, e->version) != version_relation::same) continue;
        if (e->protocol == image.protocol) return std::nullopt;
        return may_refuse("its protocol is not the host's");
    }
    return may_refuse("whether its protocol is the host's is not known");
}

} // namespace kf::flash
