// SPDX-License-Identifier: MIT
#pragma once
/// What is there at one instant: devices, klippys, units, the right to manage them, tools, versions. Nothing that lasts
/// is changed: programs only tell, a configuration is completed in a folder that is gone afterwards, and no port is
/// opened. What could not be seen is an error in its place, and plan() says what that means; a survey as a whole fails
/// only by a signal. It is a value, so a test can make any.

#include <kf/board/match.hpp>
#include <kf/board/registry.hpp>
#include <kf/flash/configured.hpp>
#include <kf/flash/firmware_plan.hpp>
#include <kf/flash/klippys.hpp>
#include <kf/flash/method_order.hpp>
#include <kf/flash/port_free.hpp>
#include <kf/flash/right_to.hpp>
#include <kf/flash/stopping.hpp>
#include <kf/host/print_guard.hpp>
#include <kf/host/service_manager.hpp>
#include <kf/io/interrupt.hpp>

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace kf::flash {

/// What there is for one of the boards that are asked for.
struct board_survey {
    board::board board; ///< as it is registered, with what this look taught
    result<board::target> target = kf::fail(errc::not_connected, "was not looked for");
    host::port_holders holders = {}; ///< of its port
    configured config = {};
    std::map<board::flash_method, result<void>> lacks = {}; ///< of the methods that may be used: what each lacks
};

struct survey {
    place at = {};
    board::registry registry = {};
    std::vector<board_survey> boards = {}; ///< as the request names them
    std::vector<board::skipped_entry> skipped = {};
    std::vector<host::printer_sight> printers = {};
    units_seen units = {};
    std::vector<std::string> owed = {}; ///< an earlier run stopped them, and they do not run
    /// Asked only when there is something to stop.
    result<host::right> right = kf::fail(errc::refused, "the right to manage services was not looked for");
};

/// How the board will show itself with a firmware of this configuration (Kalico's "USB ids"; Klipper's are a subset).
[[nodiscard]] inline board::usb_face expected_face(const firmware::kconfig& config, const board::target& target) {
    board::usb_face face;
    face.manufacturer = config.text("USB_MANUFACTURER").value_or("Klipper");
    face.product = config.text("USB_PRODUCT").value_or(config.mcu().value_or(""));
    // The chip's own number is the same in both firmwares, where both print it; one of the configuration is known now.
    const auto& met = target.board().as_katapult.serial;
    face.serial = board::is_chip_number(met) ? met : target.device().usb.serial;
    if (const auto set = config.text("USB_SERIAL_NUMBER"); set && !config.enabled("USB_SERIAL_NUMBER_CHIPID"))
        face.serial = *set;
    face.name = board::by_id_name(face.manufacturer, face.product, face.serial);
    return face;
}

/// The image of a job is what was built there.
inline void take_from(write_job& job, const firmware::build_site& site) {
    job.image_file = site.dir / "pinned" / (std::string("klipper") + extension(job.kind));
    job.out_dir = site.out();
    job.config = site.config();
}

/// How a board is to be written, all but the image itself.
[[nodiscard]] inline write_job job_of(const place& at, const board::flash_settings& settings,
                                      const firmware_plan& firmware, const board::board& board,
                                      const board::target& target) {
    write_job job;
    job.kind = firmware.kind();
    job.mcu = firmware.source.config.mcu().value_or("");
    job.start = firmware.source.config.application_start().value_or(0);
    job.seen_katapult = board.seen_as_katapult.has_value();
    job.address = board::usb_address{at.devices,
                                     {target.board(), target.device(), expected_face(firmware.source.config, target)}};
    job.proc = at.proc;
    job.klipper_dir = at.klipper_dir(settings);
    job.katapult_dir = at.katapult_dir(settings);
    take_from(job, firmware.site);
    job.run_as = firmware.site.run_as;
    job.as_root = at.is_root && !job.run_as;
    return job;
}

[[nodiscard]] inline fallback fallback_of(const request& wanted, const board::flash_settings& settings) {
    const bool wish = settings.allow_flash_fallback && wanted.fallback && !wanted.build.method;
    return wish ? fallback::if_wanted : fallback::no;
}

/// The printers that have to do with any of the boards are asked, and no others.
[[nodiscard]] inline host::guard_options guard_options_of(const request& wanted, std::vector<board::target> boards) {
    host::guard_options options;
    options.assume_idle = wanted.unknown == unknown_printers::assumed_idle;
    if (!wanted.assumed_because.empty() && wanted.assumed_because != options.said)
        options.said = "--override-print-guard";
    options.concerns = [boards = std::move(boards)](const host::printer_activity& a) {
        return std::ranges::any_of(boards, [&](const auto& b) { return concerns(a, b.board(), b.device()); });
    };
    return options;
}

/// Is there, and is to be flashed.
[[nodiscard]] inline bool is_in_play(const request& wanted, const board_survey& b) {
    return wanted.wants(b.board.key) && b.target.has_value();
}

[[nodiscard]] inline result<host::idle_printers> idle_printers_of(const request& wanted, const survey& seen) {
    std::vector<board::target> boards;
    for (const auto& b : seen.boards)
        if (is_in_play(wanted, b)) boards.push_back(*b.target);
    return host::demand_idle(seen.printers, guard_options_of(wanted, std::move(boards)));
}

/// What a flash of these boards would stop: the services of their klippys, and what is owed a start anyhow.
[[nodiscard]] inline result<to_stop> stop_of(const host::idle_printers& idle, const survey& seen) {
    KF_TRY(auto stop, services_of(idle.printers, seen.units));
    for (const auto& unit : seen.owed) stop.add(unit);
    return stop;
}

/// Somebody who would hold the port of a board although the services are stopped.
[[nodiscard]] inline result<void> check_holders(const board_survey& b, const to_stop& stop) {
    for (const auto& h : b.holders.seen) {
        const bool goes = std::ranges::find(stop.pids, h.pid) != stop.pids.end() ||
                          (!h.unit.empty() && std::ranges::find(stop.units, h.unit) != stop.units.end());
        if (!goes) return kf::fail(port_is_taken_by(b.target->device(), h));
    }
    return {};
}

/// What speaks against this board, whatever becomes of the others.
[[nodiscard]] inline result<void> check_board(const request& wanted, const survey& seen, const board_survey& b) {
    KF_CHECK(b.target);
    const auto idle = idle_printers_of(wanted, seen);
    if (!idle) return {};
    const auto stop = stop_of(*idle, seen);
    return stop ? check_holders(b, *stop) : result<void>{};
}

/// The error of a board says whose it is.
template<class T>
[[nodiscard]] result<T> about(const std::string& board, result<T> r) {
    if (!r) r.error().board = board;
    return r;
}

/// Holds for one of the boards at least that a person wants: what is wrong with one never keeps another from its turn.
/// The error is that of the only board, or tells of each. `check(board) -> result<..>`.
template<class Check>
[[nodiscard]] result<void> check_any(const request& wanted, const std::vector<board_survey>& boards, Check&& check) {
    std::vector<std::pair<std::string, error>> wrong;
    for (const auto& b : boards) {
        if (!wanted.wants(b.board.key)) continue;
        auto holds = about(b.board.key, check(b));
        if (holds) return {};
        wrong.emplace_back(b.board.name.empty() ? b.board.key : b.board.name, std::move(holds).error());
    }
    if (wrong.empty()) return {};
    error all = std::move(wrong.front().second);
    if (wrong.size() == 1) return kf::fail(std::move(all));
    all.board.clear();
    all.cause = all.what;
    all.what = fmt::format("none of {} boards can be flashed", wrong.size());
    for (std::size_t i = 1; i < wrong.size(); ++i) all.cause += "; " + wrong[i].second.what;
    return kf::fail(std::move(all));
}

/// One is there at least, and is to be flashed.
[[nodiscard]] inline result<void> check_connected(const request& wanted, const survey& seen) {
    return check_any(wanted, seen.boards, [](const board_survey& b) { return b.target; });
}

/// The first half of a plan, which needs no configuration: there is a board, nothing is disturbed, and what is stopped
/// can be started again.
struct safe_stop {
    host::idle_printers idle;
    to_stop stop;
    host::right right;
};
[[nodiscard]] inline result<safe_stop> check_safety(const request& wanted, const survey& seen) {
    KF_CHECK(check(wanted));
    KF_CHECK(check_connected(wanted, seen));
    KF_CHECK(seen.units.klippys);
    safe_stop safe;
    KF_TRY(safe.idle, idle_printers_of(wanted, seen));
    KF_TRY(safe.stop, stop_of(safe.idle, seen));
    KF_TRY(safe.right, result<host::right>(seen.right));
    const auto is_free = [&](const board_survey& b) -> result<void> {
        KF_CHECK(b.target);
        return check_holders(b, safe.stop);
    };
    KF_CHECK(check_any(wanted, seen.boards, is_free));
    return safe;
}

namespace detail {

inline void look_for_device(board_survey& b, const board::registry& registry, const std::string& key,
                            const result<board::scan_result>& devices, const std::string& day) {
    const auto registered = board::with_key(registry, key);
    if (!registered) {
        b.board.key = key;
        b.target = kf::fail(registered.error());
        return;
    }
    b.board = *registered;
    if (!devices) {
        b.target = kf::fail(devices.error());
        return;
    }
    b.target = board::match(registry, b.board, devices->devices);
    if (!b.target) return;
    const auto device = b.target->device();
    b.board = board::remember(b.board, device, board::firmware_on(b.board, device), day);
    b.target = board::match(registry, b.board, devices->devices);
}

template<io::process_runner Runner>
void look_for_services(survey& seen, const request& wanted, const place& at, Runner& runner) {
    host::systemd manager(runner, at.systemctl, at.service_timeout);
    auto klippys = look_at_klippys(manager, at, host::guard_options{}.patience, at.moonraker);
    seen.units.klippys = std::move(klippys.units);
    if (!seen.units.klippys) return;
    seen.printers = std::move(klippys.printers);
    const auto ask = [&](const std::string& unit) {
        if (host::is_unit_name(unit) && !seen.units.state_of(unit) && !seen.units.others.contains(unit))
            seen.units.others.emplace(unit, manager.show(unit));
        return seen.units.state_of(unit);
    };
    for (const auto& k : seen.printers)
        if (const auto state = ask(k.instance.process.unit))
            for (const auto& dependent : state->dependents) (void)ask(dependent);
    for (const auto& unit : host::read_owed(at.journal()))
        if (const auto state = ask(unit); !state || !state->runs()) seen.owed.push_back(unit);

    const auto idle = idle_printers_of(wanted, seen);
    if (!idle) return;
    const auto stop = stop_of(*idle, seen);
    if (!stop) return;
    if (stop->units.empty()) {
        seen.right = host::right{"none is needed", {}};
        return;
    }
    std::vector<std::string> running; // only these may be touched by a probe
    for (const auto& k : stop->klippys) running.push_back(k.unit);
    seen.right = right_to({stop->units, running, seen.owed}, at, runner);
}

template<io::process_runner Runner>
void look_for_tools(board_survey& b, const request& wanted, const survey& seen, const place& at, Runner& runner) {
    if (!b.target) return;
    const auto& settings = seen.registry.settings;
    const auto firmware = plan_firmware(at, settings, b.board, wanted.build, b.config, b.target->device().usb.mcu, "");
    if (!firmware) return;
    const auto job = job_of(at, settings, *firmware, b.board, *b.target);
    for (const auto method : candidates(firmware->method, fallback_of(wanted, settings)))
        b.lacks.emplace(method, make_method(method, runner, io::steady_clock{}).needs(job));
}

} // namespace detail

/// The cheapest look: which of the boards are there.
[[nodiscard]] inline survey look_at_devices(const request& wanted, const board::registry& registry, const place& at) {
    survey seen{.at = at, .registry = registry};
    const auto devices = board::scan(at.devices);
    if (devices) seen.skipped = devices->skipped;
    for (const auto& key : wanted.boards)
        detail::look_for_device(seen.boards.emplace_back(), registry, key, devices, wanted.day);
    return seen;
}

/// After the services: whoever goes with them may hold a port, and somebody who passes by is outlasted.
template<io::clock Clock>
void look_for_holders(survey& seen, const request& wanted, Clock& clock) {
    const auto idle = idle_printers_of(wanted, seen);
    if (!idle) return;
    const auto stop = stop_of(*idle, seen);
    if (!stop) return;
    (void)outlast_passers_by(clock, [&]() -> result<void> {
        for (auto& b : seen.boards)
            if (is_in_play(wanted, b))
                b.holders = host::holders_of(seen.at.proc, b.target->device().resolved, ::getpid());
        for (const auto& b : seen.boards)
            if (is_in_play(wanted, b)) KF_CHECK(check_holders(b, *stop));
        return {};
    });
}

/// All but the configurations: enough for check_safety().
template<io::process_runner Runner, io::clock Clock>
[[nodiscard]] result<survey> survey_host(const request& wanted, const board::registry& registry, const place& at,
                                         Runner& runner, Clock clock) {
    auto seen = look_at_devices(wanted, registry, at);
    detail::look_for_services(seen, wanted, at, runner);
    look_for_holders(seen, wanted, clock);
    KF_CHECK(io::interrupt::check());
    return seen;
}

/// Everything. While the host speaks against a flash the source tree is left alone: a printer that prints needs its
/// processor.
template<io::process_runner Runner, io::clock Clock>
[[nodiscard]] result<survey> survey_of(const request& wanted, const board::registry& registry, const place& at,
                                       Runner& runner, Clock clock) {
    KF_TRY(auto seen, survey_host(wanted, registry, at, runner, clock));
    if (!check_safety(wanted, seen)) return seen;
    for (auto& b : seen.boards) {
        if (!is_in_play(wanted, b)) continue; // a board that is not there is not built
        const auto stored = wanted.stored.find(b.board.key);
        b.config = stored != wanted.stored.end()
                       ? look_at_stored(stored->second)
                       : look_at_config(runner, at, registry.settings, b.board.key, wanted.build);
        detail::look_for_tools(b, wanted, seen, at, runner);
    }
    KF_CHECK(io::interrupt::check());
    return seen;
}

/// Devices, services and tools once more, and the boards as they are registered now: one may have been excluded,
/// removed or given another device while it was built. The settings and the configurations are those of `before`: the
/// images were made by them.
template<io::process_runner Runner, io::clock Clock>
[[nodiscard]] result<survey> survey_again(const request& wanted, const survey& before, Runner& runner, Clock clock) {
    KF_TRY(auto registry, board::read_registry(before.at.registry_file));
    registry.settings = before.registry.settings;
    KF_TRY(auto seen, survey_host(wanted, registry, before.at, runner, clock));
    for (std::size_t i = 0; i < seen.boards.size() && i < before.boards.size(); ++i) {
        seen.boards[i].config = before.boards[i].config;
        detail::look_for_tools(seen.boards[i], wanted, seen, before.at, runner);
    }
    KF_CHECK(io::interrupt::check());
    return seen;
}

} // namespace kf::flash
