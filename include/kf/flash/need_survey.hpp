// SPDX-License-Identifier: MIT
#pragma once
/// Which firmware each board runs beside what the sources are, and whether it needs a flash: a look that changes
/// nothing, opens no port and never stops a service. What cannot be seen makes the answer "unknown".

#include <kf/board/match.hpp>
#include <kf/board/registry.hpp>
#include <kf/flash/configured.hpp>
#include <kf/flash/need.hpp>
#include <kf/host/service_manager.hpp>
#include <kf/io/interrupt.hpp>

#include <string>
#include <vector>

namespace kf::flash {

inline constexpr auto facts_patience = std::chrono::seconds(2); ///< with each klippy: a person waits

struct board_standing_now {
    std::string key, name;
    std::string version;  ///< as klippy says; empty when nobody says it
    std::string relation; ///< to the host's, relation_text()
    board_need need;
};

struct need_survey {
    result<std::string> host_version = std::string{}; ///< git's of the source tree; empty when the tree says none
    std::vector<board_standing_now> boards;
};

namespace detail {

/// What the klippys of this host say. `busy`: why none of the sources is looked at while one of them works: its
/// printer needs the processor.
struct klippy_words {
    std::vector<host::printer_facts> printers;
    std::string busy;
};
template<io::process_runner Runner>
[[nodiscard]] klippy_words ask_klippys(Runner& runner, const place& at) {
    klippy_words all;
    host::systemd manager(runner, at.systemctl, at.service_timeout);
    const auto units = manager.klippy_units();
    const auto found = host::survey_klippys(at.proc, units.value_or(std::vector<host::unit_state>{}));
    if (!found) return all;
    for (const auto& sight : host::look_at_printers(*found, facts_patience)) {
        if (!sight.activity) continue;
        if (const auto why = host::objection_to_stop(*sight.activity); why && !why->unknown)
            all.busy = "the printer works, the sources were not looked at: " + why->reason;
        if (auto facts = host::ask_facts(sight.instance.socket, facts_patience))
            all.printers.push_back(*std::move(facts));
    }
    // Where no klippy can be reached, as that of another user.
    if (all.printers.empty() && at.moonraker_facts)
        if (auto facts = at.moonraker_facts(facts_patience)) all.printers.push_back(*std::move(facts));
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
        KF_TRY(const auto board, board::find(registry, key));
        board_standing_now b{board.key, board.name};
        std::optional<board::device> device;
        if (auto found = board::locate(registry, board, devices.devices)) device = *std::move(found);
        need_facts facts;
        facts.in_bootloader = device && board::firmware_on(board, *device) == board::usb_firmware::katapult;
        facts.running = facts.in_bootloader ? nullptr : mcu_of(words.printers, board, device);
        facts.flashed = on_board(flashed, {board.key, device ? device->usb.serial : ""});
        if (facts.running != nullptr) b.version = facts.running->version;
        if (!b.version.empty() && seen.host_version)
            b.relation = relation_text(*seen.host_version, b.version,
                                       firmware::distance_to(runner, tree, b.version, at.build_as, patience));
        b.need = judge_need(facts, [&]() -> result<std::string> {
            if (!words.busy.empty()) return kf::fail(errc::refused, words.busy);
            const auto config = look_at_config(runner, at, registry.settings, board.key, wishes);
            KF_CHECK(config.source);
            return config.inputs;
        });
        if (!device) b.need = {need::unknown, "it is not connected"}; // klippy may remember it
        seen.boards.push_back(std::move(b));
        KF_CHECK(io::interrupt::check());
    }
    return seen;
}

} // namespace kf::flash
