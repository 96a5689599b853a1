// SPDX-License-Identifier: MIT
#pragma once
/// What a flash is going to do, for one board or for many: addresses, methods in their order, every check with its
/// reason, the units to stop. plan() is pure: two surveys that show the same give the same plan.

#include <kf/flash/batch_order.hpp>
#include <kf/flash/survey.hpp>

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kf::flash {

struct board_plan {
    board::board board; ///< with what was learned
    board::target target;
    firmware_plan firmware;
    write_job job; ///< all but the image
    method_order order;
    std::string built_with = {}; ///< the board whose build it shares; empty: it has its own
};

/// A board that was asked for and is not flashed.
struct left_out {
    std::string key, name;
    std::optional<error> failure = {}; ///< nothing when a person chose to leave it out
    std::string why = {};
    phase in = phase::plan; ///< how far it came
};

/// Of a flash; kf::flash::plan() makes it.
struct flash_plan {
    request wanted = {};
    place at = {};
    board::registry registry = {};       ///< by which the boards are looked up again after the stop
    std::vector<board_plan> boards = {}; ///< in their turn
    std::vector<left_out> without = {};  ///< the others that were asked for
    host::idle_printers idle = {};       ///< the printers that have to do with the boards
    to_stop stop = {};
    std::vector<std::string> owed = {}; ///< of the units: those that an earlier run left stopped
    host::right right = {};
    seconds stagger = 0; ///< between two boards
    std::int64_t keep_images = 0;
};

namespace detail {

[[nodiscard]] inline result<board_plan> plan_board(const request& wanted, const survey& seen, const to_stop& stop,
                                                   const board_survey& b) {
    KF_CHECK(b.target);
    KF_CHECK(check_holders(b, stop));
    for (const auto& other : seen.boards)
        if (&other != &b && is_in_play(wanted, other) && board::same_device(other.target->device(), b.target->device()))
            return kf::fail(errc::refused, fmt::format("{} and {} are one device", b.board.name, other.board.name));
    const auto& settings = seen.registry.settings;
    KF_TRY(auto firmware, plan_firmware(seen.at, settings, b.board, wanted.build, b.config, b.target->device().usb.mcu,
                                        "kflash flash " + b.board.key));
    const auto lack = [&](board::flash_method m) -> result<void> {
        const auto found = b.lacks.find(m);
        if (found != b.lacks.end()) return found->second;
        return kf::fail(errc::failed, fmt::format("what {} needs was not looked for", name(m)));
    };
    KF_TRY(auto order, order_of(firmware.method, fallback_of(wanted, settings), lack));
    return board_plan{b.board, *b.target, std::move(firmware), {}, std::move(order)};
}

/// Boards of one configuration share one build, and its pinned image. Each is proven to take it.
inline void share_builds(flash_plan& p) {
    for (std::size_t i = 0; i < p.boards.size(); ++i) {
        auto& mine = p.boards[i].firmware;
        for (std::size_t j = 0; j < i && p.boards[i].built_with.empty(); ++j) {
            const auto& other = p.boards[j];
            if (!other.built_with.empty() || mine.stored || other.firmware.stored ||
                other.firmware.site.tree != mine.site.tree || other.firmware.source.text != mine.source.text)
                continue;
            p.boards[i].built_with = other.board.key;
            mine.site = other.firmware.site;
        }
    }
}

} // namespace detail

/// An error is about the job as a whole. What speaks against one board is in its place: flash_plan::without.
[[nodiscard]] inline result<flash_plan> plan(const request& wanted, const survey& seen) {
    const auto& settings = seen.registry.settings;
    KF_TRY(auto safe, check_safety(wanted, seen));
    flash_plan p{wanted,
                 seen.at,
                 seen.registry,
                 {},
                 {},
                 std::move(safe.idle),
                 std::move(safe.stop),
                 seen.owed,
                 std::move(safe.right),
                 settings.stagger_delay,
                 settings.keep_images};
    for (const auto& b : seen.boards) {
        const auto& key = b.board.key;
        if (const auto chosen = wanted.left_out.find(key); chosen != wanted.left_out.end()) {
            p.without.push_back({key, b.board.name, {}, chosen->second});
            continue;
        }
        auto planned = about(key, detail::plan_board(wanted, seen, p.stop, b));
        if (planned)
            p.boards.push_back(*std::move(planned));
        else
            p.without.push_back({key, b.board.name, planned.error(), planned.error().what});
    }
    order_batch(p.boards, [](const board_plan& b) -> const auto& { return b.firmware.source.config; });
    detail::share_builds(p);
    for (auto& b : p.boards) b.job = job_of(seen.at, settings, b.firmware, b.board, b.target);
    return p;
}

} // namespace kf::flash
