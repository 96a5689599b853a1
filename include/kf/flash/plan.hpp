// SPDX-License-Identifier: MIT
#pragma once
/// What a flash is going to do, for one board or for many: addresses, methods in their order, every check with its
/// reason, the units to stop. plan() is pure: two surveys that show the same give the same plan. lines() is the only
/// text of it, told once: dry run, confirmation, --json and the log print that and nothing else, a terminal as much of
/// it as its person wants to read, and every effect of a run is named there.

#include <kf/firmware/build.hpp>
#include <kf/flash/batch_order.hpp>
#include <kf/flash/guarding.hpp>
#include <kf/flash/plan_line.hpp>
#include <kf/flash/survey.hpp>
#include <kf/sink.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <optional>
#include <string>
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

[[nodiscard]] inline plan_line config_line(const board_plan& b) {
    return {phase::config, b.board.key,
            fmt::format("{} (MCU {}, as registered)", b.firmware.cached.string(), b.job.mcu), weight::step};
}

/// Nothing is built.
inline void add_stored_checks(std::vector<plan_line>& all, const board_plan& b, const stored_image& stored) {
    const auto say = [&](phase in, std::string text) { all.push_back({in, b.board.key, std::move(text)}); };
    all.push_back(config_line(b));
    say(phase::build, fmt::format("{} is {}, as it was flashed and verified on {}; nothing is built",
                                  stored.file.string(), stored.version, stored.time));
    say(phase::build, fmt::format("demand its SHA-256 {}", stored.sha256));
    add_proofs(all, b);
}

inline void add_board_checks(std::vector<plan_line>& all, const board_plan& b) {
    const auto say = [&](phase in, std::string text) { all.push_back({in, b.board.key, std::move(text)}); };
    const auto& f = b.firmware;
    if (f.stored) return add_stored_checks(all, b, *f.stored);
    const auto tree = f.site.tree.string();
    all.push_back(config_line(b));
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

/// Something that is to be done, in a word for people. Two plans with the same terms do the same: a process, an error's
/// words and the number of a tty may change meanwhile, and mean nothing.
struct plan_term {
    std::string what, is;
};

[[nodiscard]] inline std::vector<plan_term> terms(const flash_plan& p) {
    auto units = p.stop.units; // as the processes were numbered
    std::ranges::sort(units);
    return {{"services to stop", fmt::format("{}", fmt::join(units, ", "))}, {"right to stop services", p.right.name}};
}
[[nodiscard]] inline std::vector<plan_term> terms(const board_plan& b) {
    std::vector<plan_term> all;
    const auto say = [&](const char* what, std::string is) {
        all.push_back({fmt::format("{}: {}", b.board.name, what), std::move(is)});
    };
    const auto& device = b.target.device();
    say("device", device.path.string());
    say("name on USB", device.file_name);
    say("serial number", device.usb.serial);
    say("USB port", device.facts.port);
    std::vector<std::string> methods;
    for (const auto m : b.order.methods) methods.emplace_back(name(m));
    say("methods", fmt::format("{}", fmt::join(methods, ", ")));
    say("image", fmt::format("{} for {} at 0x{:x}", b.job.image_file.string(), b.job.mcu, b.job.start));
    return all;
}

namespace detail {

[[nodiscard]] inline std::unexpected<error> disagreement(std::string cause) {
    return kf::fail(error{errc::refused, "what was planned is no longer so", std::move(cause), {}, {"run this again"}});
}
template<class Plan>
[[nodiscard]] result<void> same_terms(const Plan& planned, const Plan& now) {
    const auto was = terms(planned), is = terms(now);
    // By what they say: a board may be called otherwise meanwhile.
    const auto [a, b] = std::ranges::mismatch(was, is, {}, &plan_term::is, &plan_term::is);
    if (a == was.end() && b == is.end()) return {};
    const auto text = [](auto it, const auto& all) {
        return it == all.end() ? std::string("nothing more") : fmt::format("{}: {}", it->what, it->is);
    };
    return disagreement(fmt::format("planned: {}; now: {}", text(a, was), text(b, is)));
}

} // namespace detail

/// The job as a whole: errc::refused when what is there now asks for another stop than the one that was planned, or
/// when something would be assumed that was not.
[[nodiscard]] inline result<void> agree(const flash_plan& planned, const flash_plan& now) {
    auto was = planned;
    // The klippy of a board that is gone needs no stop any more; what is stopped was planned all the same.
    if (now.boards.size() < planned.boards.size())
        std::erase_if(was.stop.units,
                      [&](const auto& u) { return std::ranges::find(now.stop.units, u) == now.stop.units.end(); });
    KF_CHECK(detail::same_terms(was, now));
    for (const auto& a : now.idle.assumptions)
        if (std::ranges::none_of(planned.idle.assumptions,
                                 [&](const auto& p) { return p.whose == a.whose && p.why == a.why; }))
            return detail::disagreement("not planned: " + a.text);
    return {};
}

/// One board of it: errc::refused when it would be flashed otherwise than it was planned; what speaks against it now.
[[nodiscard]] inline result<board_plan> agreed(const board_plan& planned, const flash_plan& now) {
    const auto& key = planned.board.key;
    for (const auto& b : now.without)
        if (b.key == key && b.failure) return kf::fail(*b.failure);
    const auto found = std::ranges::find(now.boards, key, [](const auto& b) { return b.board.key; });
    if (found == now.boards.end()) return about(key, result<board_plan>(detail::disagreement("it was left out")));
    board_plan agreed = *found;
    // The image is there already, also when the board that it was built with is not in this plan.
    agreed.built_with = planned.built_with;
    agreed.firmware.site = planned.firmware.site;
    take_from(agreed.job, agreed.firmware.site);
    KF_CHECK(about(key, detail::same_terms(planned, agreed)));
    return agreed;
}

/// After the stop, and right before its own write: the board is the device that was planned, and the only one that it
/// can be.
[[nodiscard]] inline result<void> is_still_there(const board_plan& planned, const board::registry& registry,
                                                 const result<board::scan_result>& devices) {
    KF_CHECK(devices);
    KF_TRY(const auto now, about(planned.board.key, board::match(registry, planned.board, devices->devices)));
    if (board::same_device(now.device(), planned.target.device()) &&
        now.device().file_name == planned.target.device().file_name && now.kind() == planned.target.kind())
        return {};
    return kf::fail(error{errc::mismatch,
                          fmt::format("{} is not where it was", planned.board.name),
                          fmt::format("planned: {}; now: {}", planned.target.path().string(), now.path().string()),
                          {},
                          {"kflash list", "run this again"},
                          {},
                          planned.board.key});
}

} // namespace kf::flash
