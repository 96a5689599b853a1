// SPDX-License-Identifier: MIT
#pragma once
/// What a flash is going to do, for one board or for many: addresses, methods in their order, every check with its
/// reason, the units to stop. plan() is pure: two surveys that show the same give the same plan. lines() is the only
/// text of it: dry run, confirmation, --json and the log print that and nothing else, and every effect of a run is
/// named there.

#include <kf/firmware/build.hpp>
#include <kf/flash/guarding.hpp>
#include <kf/flash/survey.hpp>
#include <kf/sink.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>
#include <vector>

namespace kf::flash {

struct board_plan {
    board::board board; ///< with what was learned
    board::target target;
    firmware_plan firmware;
    write_job job; ///< all but the image
    method_order order;
};

/// Of a flash; kf::flash::plan() makes it.
struct flash_plan {
    request wanted = {};
    place at = {};
    std::vector<board_plan> boards = {};
    host::idle_printers idle = {}; ///< the printers that have to do with the boards
    to_stop stop = {};
    std::vector<std::string> owed = {}; ///< of the units: those that an earlier run left stopped
    host::right right = {};
    seconds stagger = 0; ///< between two boards
};

[[nodiscard]] inline result<flash_plan> plan(const request& wanted, const survey& seen) {
    const auto& settings = seen.registry.settings;
    KF_TRY(auto safe, check_safety(wanted, seen));
    flash_plan p{wanted,
                 seen.at,
                 {},
                 std::move(safe.idle),
                 std::move(safe.stop),
                 seen.owed,
                 std::move(safe.right),
                 settings.stagger_delay};
    for (const auto& b : seen.boards) {
        for (const auto& other : p.boards)
            if (board::same_device(other.target.device(), b.target->device()))
                return kf::fail(errc::refused, fmt::format("{} and {} are one device", other.board.name, b.board.name));
        KF_TRY(auto firmware, plan_firmware(seen.at, settings, b.board, wanted.build, b.config,
                                            b.target->device().usb.mcu, "kflash flash " + b.board.key));
        auto job = job_of(seen.at, settings, firmware, b.board, *b.target);
        KF_TRY(auto order,
               order_of(firmware.method, fallback_of(wanted, settings), [&](board::flash_method m) -> result<void> {
                   const auto found = b.lacks.find(m);
                   if (found != b.lacks.end()) return found->second;
                   return kf::fail(errc::failed, fmt::format("what {} needs was not looked for", name(m)));
               }));
        p.boards.push_back({b.board, *b.target, std::move(firmware), std::move(job), std::move(order)});
    }
    return p;
}

[[nodiscard]] inline std::string owed_note(const std::string& unit) {
    return fmt::format("{} was stopped by an earlier kflash that did not end well: it is started after this flash",
                       unit);
}

/// What a person is told when a firmware gives the board another name: it is no surprise afterwards then.
[[nodiscard]] inline std::vector<std::string> new_name_notes(const board_plan& b) {
    const auto& face = trail_of(b.job).expected;
    const auto& known = b.board.as_klipper;
    if (board::pattern_matches(b.board.serial_pattern, face.name) ||
        board::without_interface(known.name) == board::without_interface(face.name) ||
        (known.manufacturer == face.manufacturer && known.product == face.product && known.serial == face.serial))
        return {};
    std::vector<std::string> notes{fmt::format("with this configuration the board comes back as {}", face.name)};
    if (!board::is_own_serial(face.serial))
        notes.push_back(
            fmt::format("many boards have the serial number {}: this one is known by its USB port then", face.serial));
    return notes;
}

/// A line of a plan and whose it is: a board's key, or nobody's.
struct plan_line {
    phase in = phase::plan;
    std::string board = {};
    std::string text = {};
    bool operator==(const plan_line&) const = default;
};

namespace detail {

inline void add_board_checks(std::vector<plan_line>& all, const flash_plan& p, const board_plan& b) {
    const auto say = [&](phase in, std::string text) { all.push_back({in, b.board.key, std::move(text)}); };
    const auto& f = b.firmware;
    const auto tree = f.site.tree.string();
    say(phase::config, fmt::format("{} (MCU {}, as registered{})", f.cached.string(), b.job.mcu,
                                   f.source.drift.empty()
                                       ? ""
                                       : fmt::format("; the source tree changes {} options", f.source.drift.size())));
    const auto registry = p.at.registry_file.string();
    say(phase::config, fmt::format("note in {} how the board shows itself on USB, when that is new; before: {}.bak",
                                   registry, registry));
    say(phase::build, fmt::format("{} is {}", tree,
                                  f.target.tree_version.empty() ? "of a version that only the image will tell"
                                                                : f.target.tree_version));
    const firmware::build_site scratch{f.site.tree, scratch_folder::pattern};
    say(phase::config, firmware::plain_command(firmware::complete_command(scratch)));
    for (const auto& c : firmware::build_commands(f.site, f.jobs)) say(phase::build, firmware::plain_command(c));
    say(phase::build, "prove from the image: application, version, MCU (config, board, USB name), start, reset vector, "
                      "size, bootloader kept");
    say(phase::build, fmt::format("pin it as {}; nobody else builds in {} until the end", b.job.image_file.string(),
                                  f.site.dir.string()));
    for (auto& note : new_name_notes(b)) say(phase::config, std::move(note));
}

inline void add_board_write(std::vector<plan_line>& all, const flash_plan& p, const board_plan& b) {
    const auto say = [&](phase in, std::string text) { all.push_back({in, b.board.key, std::move(text)}); };
    const auto& device = b.target.device();
    say(phase::flash, fmt::format("nobody holds {} ({})", b.target.by_id_name(), device.resolved.string()));
    // What it is opened by while it has no name yet, or another one.
    if (!device.place.empty())
        say(phase::flash, fmt::format("its place is {}", (p.at.devices.by_path() / device.place).string()));
    for (const auto method : b.order.methods) {
        if (method != b.order.methods.front())
            say(phase::flash, "only if nothing was written, another method may try, and the board is where it was:");
        for (auto& line : plan_of(method, b.job)) say(phase::flash, std::move(line));
    }
    if (!b.order.no_fallback.empty()) say(phase::flash, b.order.no_fallback);
    say(phase::verify, "wait up to 30 s for the board, ask it over serial for its version, demand the image's");
    say(phase::verify, fmt::format("append how it ended to {}", p.at.ledger().string()));
}

} // namespace detail

[[nodiscard]] inline std::vector<plan_line> lines(const flash_plan& p) {
    std::vector<plan_line> all;
    const auto say = [&](phase in, std::string text) { all.push_back({in, {}, std::move(text)}); };
    const auto job = [&](const char* verb, const std::string& unit) {
        return io::to_string(host::systemctl_job(p.at.systemctl, verb, unit));
    };
    for (const auto& b : p.boards)
        all.push_back({phase::discovery, b.board.key, fmt::format("{} is {}", b.board.name, b.target.path().string())});
    say(phase::safety, p.idle.printers.empty()
                           ? "no klippy has to do with this board"
                           : "klippy is idle: print_stats, idle_timeout, heaters, pause, plot lock");
    for (const auto& a : p.idle.assumptions) say(phase::safety, a);
    for (const auto& unit : p.owed) say(phase::safety, owed_note(unit));
    say(phase::safety, fmt::format("no other flash meanwhile: {}", p.at.lock().string()));
    say(phase::safety, fmt::format("ask again whenever it matters: {} show", fmt::join(p.at.systemctl, " ")));
    for (const auto& b : p.boards) detail::add_board_checks(all, p, b);
    if (!p.stop.units.empty()) {
        say(phase::service, "right to stop and start services: " + p.right.name);
        say(phase::service,
            fmt::format("{}: starts {} again when kflash and its flashers are gone",
                        p.right.guard_unit.empty() ? io::to_string(guardian_child_of(p.at, p.right, p.stop.units))
                                                   : p.right.guard_unit,
                        fmt::join(p.stop.units, ", ")));
        say(phase::service, guardian_note(p.at, p.right));
        say(phase::service, "ask klippy once more whether it is idle, and hold the plot lock");
        for (const auto& k : p.idle.printers)
            if (!k.plot_lock.empty()) say(phase::service, fmt::format("the plot lock: {}", k.plot_lock.string()));
        say(phase::service, fmt::format("the list of what is stopped: {}", p.at.journal().string()));
    }
    for (const auto& u : p.stop.units)
        say(phase::service, job("stop", u) + ", prove that it is down and nobody holds the port");
    for (const auto& b : p.boards) detail::add_board_write(all, p, b);
    for (const auto& u : p.stop.units)
        say(phase::service, job("start", u) + ", prove that klippy is as it was (ready)");
    return all;
}

/// errc::refused when what is there now would be flashed otherwise than it was planned.
[[nodiscard]] inline result<void> agree(const flash_plan& planned, const flash_plan& now) {
    const auto was = lines(planned), is = lines(now);
    const auto [a, b] = std::ranges::mismatch(was, is);
    if (a == was.end() && b == is.end()) return {};
    return kf::fail(error{errc::refused,
                          "what was planned is no longer so, nothing was stopped",
                          fmt::format("planned: {}; now: {}", a == was.end() ? "nothing more" : a->text,
                                      b == is.end() ? "nothing more" : b->text),
                          {},
                          {"run this again"}});
}

} // namespace kf::flash
