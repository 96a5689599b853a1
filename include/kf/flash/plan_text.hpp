// SPDX-License-Identifier: MIT
#pragma once
/// A plan in words, told once: dry run, confirmation, --json and the log print lines() and nothing else, a terminal as
/// much of it as its person wants to read, and every effect of a run is named there.

#include <kf/firmware/build.hpp>
#include <kf/flash/guarding.hpp>
#include <kf/flash/plan.hpp>
#include <kf/flash/plan_line.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>
#include <utility>
#include <vector>

namespace kf::flash {

[[nodiscard]] inline std::string owed_note(const std::string& unit) {
    return fmt::format("{} was stopped by an earlier kflash that did not end well: it is started after this flash",
                       unit);
}

/// What a person is told when a firmware gives the board another name: it is no surprise afterwards then.
[[nodiscard]] inline std::vector<std::string> new_name_notes(const board_plan& b) {
    const auto* trail = trail_on_usb(b.job);
    if (trail == nullptr) return {};
    const auto& face = trail->expected;
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

namespace detail {

inline void add_proofs(std::vector<plan_line>& all, const board_plan& b) {
    const auto say = [&](phase in, std::string text) { all.push_back({in, b.board.key, std::move(text)}); };
    say(phase::build, "prove from the image: application, version, MCU (config, board, USB name), start, reset vector, "
                      "size, bootloader kept");
    say(phase::build, fmt::format("pin it as {}; nobody else builds in {} until the end", b.job.image_file.string(),
                                  b.firmware.site.dir.string()));
    auto is = weight::step;
    for (auto& note : new_name_notes(b)) {
        all.push_back({phase::config, b.board.key, std::move(note), is});
        is = weight::note;
    }
    for (auto& doubt : doubts_of(b.firmware, b.board.key)) {
        all.push_back({phase::config, b.board.key, std::move(doubt.text), weight::warning});
        for (auto& note : doubt.notes) all.push_back({phase::config, b.board.key, std::move(note), weight::note});
    }
}

/// Nothing is built.
inline void add_stored_checks(std::vector<plan_line>& all, const board_plan& b, const stored_image& stored) {
    const auto say = [&](phase in, std::string text) { all.push_back({in, b.board.key, std::move(text)}); };
    say(phase::build, fmt::format("{} is {}, as it was flashed and verified on {}; nothing is built",
                                  stored.file.string(), stored.version, stored.time));
    say(phase::build, fmt::format("demand its SHA-256 {}", stored.sha256));
    add_proofs(all, b);
}

inline void add_board_checks(std::vector<plan_line>& all, const board_plan& b) {
    const auto say = [&](phase in, std::string text) { all.push_back({in, b.board.key, std::move(text)}); };
    const auto& f = b.firmware;
    all.push_back({phase::config, b.board.key, fmt::format("{} (MCU {}, as registered)", f.cached.string(), b.job.mcu),
                   weight::step});
    if (f.stored) return add_stored_checks(all, b, *f.stored);
    const auto tree = f.site.tree.string();
    say(phase::build, fmt::format("{} is {}", tree,
                                  f.target.tree_version.empty() ? "of a version that only the image will tell"
                                                                : f.target.tree_version));
    const firmware::build_site scratch{f.site.tree, scratch_folder::pattern};
    say(phase::config, firmware::plain_command(firmware::complete_command(scratch)));
    if (!b.built_with.empty()) {
        say(phase::build, fmt::format("the configuration is that of {}: it is built once", b.built_with));
    } else {
        for (const auto& c : firmware::inputs_commands(f.site.tree, f.compiler_prefix, f.site.run_as))
            say(phase::build, firmware::plain_command(c));
        if (!f.inputs.empty() && !f.target.tree_version.empty())
            say(phase::build, "only when that is not what was built here last:");
        for (const auto& c : firmware::build_commands(f.site, f.jobs)) say(phase::build, firmware::plain_command(c));
    }
    add_proofs(all, b);
}

/// "Octopus Pro by katapult, or else by make_flash: v0.13.0-7-gabcdef0".
[[nodiscard]] inline std::string write_line(const board_plan& b) {
    std::string text = b.board.name;
    for (const auto method : b.order.methods)
        text += fmt::format("{} by {}", method == b.order.methods.front() ? "" : ", or else", name(method));
    const auto& version = b.firmware.stored ? b.firmware.stored->version : b.firmware.target.tree_version;
    return text + ": " + (version.empty() ? "a version that only the image will tell" : version);
}

inline void add_board_write(std::vector<plan_line>& all, const flash_plan& p, const board_plan& b) {
    const auto say = [&](phase in, std::string text) { all.push_back({in, b.board.key, std::move(text)}); };
    const auto& device = b.target.device();
    all.push_back({phase::flash, b.board.key, write_line(b), weight::gist});
    say(phase::flash, "look it up once more: it is where it was, and nothing else looks like it");
    say(phase::flash, fmt::format("nobody holds {} ({})", b.target.by_id_name(), device.resolved.string()));
    // What it is opened by while it has no name yet, or another one.
    if (!device.place.empty())
        say(phase::flash, fmt::format("its place is {}", (p.at.devices.by_path() / device.place).string()));
    for (const auto method : b.order.methods) {
        if (method != b.order.methods.front())
            say(phase::flash, "only if nothing was written, another method may try, and the board is where it was:");
        for (auto& line : plan_of(method, b.job)) say(phase::flash, std::move(line));
    }
    if (!b.order.no_fallback.empty()) all.push_back({phase::flash, b.board.key, b.order.no_fallback, weight::gist});
    say(phase::verify, "wait up to 30 s for the board, ask it over serial for its version, demand the image's");
}

} // namespace detail

[[nodiscard]] inline std::vector<plan_line> lines(const flash_plan& p) {
    std::vector<plan_line> all;
    const auto say = [&](phase in, std::string text, weight is = weight::minor) {
        all.push_back({in, {}, std::move(text), is});
    };
    for (const auto& b : p.without)
        all.push_back({phase::plan, b.key, fmt::format("{} is left out: {}", b.name, b.why), weight::gist});
    if (p.boards.empty()) return all;
    const auto job = [&](const char* verb, const std::string& unit) {
        return io::to_string(host::systemctl_job(p.at.systemctl, verb, unit));
    };
    for (const auto& b : p.boards) {
        all.push_back({phase::discovery, b.board.key, fmt::format("{} is {}", b.board.name, b.target.path().string())});
        // It is what a board is found by after a flash that was cut short, and right also when nothing is flashed.
        const auto registry = p.at.registry_file.string();
        all.push_back({phase::discovery, b.board.key,
                       fmt::format("note in {} how the board shows itself on USB, when that is new; before: {}.bak",
                                   registry, registry)});
    }
    say(phase::safety,
        p.idle.printers.empty() ? "no klippy has to do with what is flashed"
                                : "klippy is idle: print_stats, idle_timeout, heaters, pause, plot lock",
        weight::step);
    for (const auto& a : p.idle.assumptions) say(phase::safety, a.text, weight::warning);
    for (const auto& unit : p.owed) say(phase::safety, owed_note(unit), weight::warning);
    say(phase::safety, fmt::format("no other flash meanwhile: {}", p.at.lock().string()));
    say(phase::safety, fmt::format("ask again whenever it matters: {} show", fmt::join(p.at.systemctl, " ")));
    for (const auto& b : p.boards) detail::add_board_checks(all, b);
    if (!p.stop.units.empty()) {
        say(phase::service, "right to stop and start services: " + p.right.name);
        say(phase::service,
            fmt::format("{}: starts {} again when kflash and its flashers are gone",
                        p.right.guardian_unit.empty() ? io::to_string(guardian_child_of(p.at, p.right, p.stop.units))
                                                      : p.right.guardian_unit,
                        fmt::join(p.stop.units, ", ")));
        say(phase::service, guardian_note(p.at, p.right));
        say(phase::service, fmt::format("the list of what is stopped: {}", p.at.journal().string()));
    }
    // Also where a klippy is assumed to be idle and no service is stopped.
    if (!p.idle.printers.empty())
        say(phase::service, "ask klippy once more whether it is idle, and hold its plot lock");
    for (const auto& k : p.idle.printers)
        if (!k.plot_lock.empty()) say(phase::service, fmt::format("the plot lock: {}", k.plot_lock.string()));
    for (const auto& u : p.stop.units)
        say(phase::service, job("stop", u) + ", prove that it is down and nobody holds the port", weight::gist);
    if (p.wanted.is_batch())
        say(phase::service, fmt::format("note in {} which boards this batch is about", p.at.ledger().string()));
    for (const auto& b : p.boards) {
        if (&b != p.boards.data() && p.stagger > 0) say(phase::flash, fmt::format("wait {:g} s", p.stagger));
        detail::add_board_write(all, p, b);
    }
    for (const auto& u : p.stop.units)
        say(phase::service, job("start", u) + ", prove that klippy is as it was (ready)");
    for (const auto& b : p.boards) {
        all.push_back({phase::verify, b.board.key, fmt::format("append how it ended to {}", p.at.ledger().string())});
        all.push_back({phase::verify, b.board.key,
                       fmt::format("keep its image in {} once it is verified, and the last {} of this board",
                                   p.at.images().string(), p.keep_images)});
    }
    return all;
}

} // namespace kf::flash
