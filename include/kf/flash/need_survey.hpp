// SPDX-License-Identifier: MIT
#pragma once
/// Which firmware each board runs beside what the sources are, and whether it needs a flash: a look that changes
/// nothing, opens no port and never stops a service. What cannot be seen makes the answer "unknown".

#include <kf/board/match.hpp>
#include <kf/board/registry.hpp>
#include <kf/flash/configured.hpp>
#include <kf/flash/klippys.hpp>
#include <kf/flash/need.hpp>
#include <kf/host/print_guard.hpp>
#include <kf/host/service_manager.hpp>
#include <kf/io/interrupt.hpp>

#include <string>
#include <vector>

namespace kf::flash {

inline constexpr auto facts_patience = std::chrono::seconds(2); ///< with each klippy: a person waits

struct need_survey {
    result<std::string> host_version = std::string{}; ///< git's of the source tree; empty when the tree says none
    std::vector<board_standing> boards;
};

namespace detail {

/// What the klippys of this host say. `busy`: why none of the sources is looked at while one of them works: its
/// printer needs the processor.
struct klippy_words {
    std::vector<host::mcu_facts> mcus;
    std::string busy;

    void take(const host::printer_activity& word) {
        mcus.insert(mcus.end(), word.mcus.begin(), word.mcus.end());
        if (const auto why = host::objection_to_stop(word); why && !why->unknown)
            busy = "the printer works, the sources were not looked at: " + why->reason;
    }
};
template<io::process_runner Runner>
[[nodiscard]] klippy_words ask_klippys(Runner& runner, const place& at) {
    klippy_words all;
    host::systemd manager(runner, at.systemctl, at.service_timeout);
    const auto seen = look_at_klippys(manager, at, facts_patience, {});
    bool answered = false;
    for (const auto& sight : seen.printers) {
        if (!sight.activity) continue;
        answered = true;
        all.take(*sight.activity);
    }
    // Where no klippy can be reached, as that of another user.
    if (!answered && at.moonraker)
        if (const auto word = at.moonraker(facts_patience)) all.take(*word);
    return all;
}

} // namespace detail

/// Of the boards with these keys.
template<io::process_runner Runner>
[[nodiscard]] result<need_survey> look_at_needs(Runner& runner, const place& at, const board::registry& registry,
                                                const ledger& flashed, const std::vector<std::string>& keys,
                                                const build_wishes& wishes) {
    need_survey seen;
    KF_TRY(const auto devices, board::scan(at.devices));
    const auto tree = at.klipper_dir(registry.settings);
    const auto patience = wishes.git_timeout.value_or(registry.settings.git_timeout);
    seen.host_version = firmware::describe_tree(runner, tree, at.build_as, patience);
    const auto words = detail::ask_klippys(runner, at);
    for (const auto& key : keys) {
        KF_TRY(const auto board, board::with_key(registry, key));
        std::optional<board::device> device;
        if (auto found = board::locate(registry, board, devices.devices)) device = *std::move(found);
        auto b = standing_of(board, device, words.mcus, flashed, [&]() -> result<std::string> {
            if (!words.busy.empty()) return kf::fail(errc::refused, words.busy);
            const auto config = look_at_config(runner, at, registry.settings, board.key, wishes);
            KF_CHECK(config.source);
            return config.inputs;
        });
        if (!b.version.empty() && seen.host_version)
            b.relation = relation_text(*seen.host_version, b.version,
                                       firmware::distance_to(runner, tree, b.version, at.build_as, patience));
        seen.boards.push_back(std::move(b));
        KF_CHECK(io::interrupt::check());
    }
    return seen;
}

} // namespace kf::flash
