// SPDX-License-Identifier: MIT
#pragma once
/// The first stage of a batch: which of its boards have a configuration that can be built for them, and how old each
/// is. Pure: it reads what a survey saw.

#include <kf/firmware/config_cache.hpp>
#include <kf/flash/survey.hpp>

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace kf::flash {

struct board_readiness {
    std::string key, name;
    result<void> ready = {}; ///< or why nothing can be built for it
    std::string age = {};    ///< of its configuration; empty when there is none
};

/// Of the boards that are there and wanted.
[[nodiscard]] inline std::vector<board_readiness> readiness_of(const request& wanted, const survey& seen) {
    std::vector<board_readiness> all;
    for (const auto& b : seen.boards) {
        if (!is_in_play(wanted, b)) continue;
        const auto firmware = plan_firmware(seen.at, seen.registry.settings, b.board, wanted.build, b.config,
                                            b.target->device().usb.mcu, {});
        board_readiness r{b.board.key, b.board.name};
        if (!firmware) r.ready = kf::fail(firmware.error());
        if (b.config.age) r.age = firmware::age_text(std::chrono::seconds(static_cast<std::int64_t>(*b.config.age)));
        all.push_back(std::move(r));
    }
    return all;
}

/// All that are not ready, in one error; nothing when all are. errc::needs_person when a person has to configure one.
[[nodiscard]] inline result<void> check_ready(const std::vector<board_readiness>& all) {
    error e{errc::mismatch, {}, {}, {}, {}};
    std::size_t unready = 0;
    for (const auto& r : all) {
        if (r.ready) continue;
        ++unready;
        const auto& why = r.ready.error();
        e.cause += fmt::format("{}{}: {}{}", e.cause.empty() ? "" : "; ", r.name, why.what,
                               r.age.empty() ? "" : fmt::format(" (its configuration was saved {})", r.age));
        if (why.code == errc::needs_person) e.code = why.code;
        e.steps.push_back("kflash config " + r.key);
    }
    if (unready == 0) return {};
    e.what = fmt::format("{} of {} boards cannot be built for, nothing was built", unready, all.size());
    e.steps.emplace_back("or leave them out: --skip-unready");
    return kf::fail(std::move(e));
}

/// Leaves those out that are not ready.
inline void leave_out_unready(request& wanted, const std::vector<board_readiness>& all) {
    for (const auto& r : all)
        if (!r.ready) wanted.left_out.emplace(r.key, "not ready: " + r.ready.error().what);
}

} // namespace kf::flash
