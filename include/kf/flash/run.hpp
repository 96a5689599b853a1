// SPDX-License-Identifier: MIT
#pragma once
/// The only place with effects on boards and services. It takes a built_plan and a second survey, and refuses when that
/// does not agree with the plan.

#include <kf/flash/built_plan.hpp>
#include <kf/flash/event.hpp>
#include <kf/flash/guarding.hpp>
#include <kf/flash/kept_images.hpp>
#include <kf/flash/learn.hpp>
#include <kf/flash/ledger.hpp>
#include <kf/flash/outcome.hpp>
#include <kf/flash/stopped_window.hpp>
#include <kf/host/service.hpp>

#include <string>
#include <utility>
#include <vector>

namespace kf::flash {

namespace detail {

[[nodiscard]] inline ledger_entry ledger_entry_of(const board_plan& b, const firmware::image& image, const outcome& o,
                                                  std::size_t i) {
    const auto& r = o.boards[i].written;
    const auto& ended = o.ended(i);
    ledger_entry entry;
    entry.action = b.firmware.stored ? "rollback" : "flash";
    entry.board = b.board.key;
    entry.serial = b.target.device().usb.serial;
    entry.inputs = b.firmware.inputs;
    entry.protocol = image.protocol;
    entry.build_versions = image.dictionary ? image.dictionary->build_versions : "";
    entry.mcu = b.board.mcu;
    entry.sha256 = image.sha256;
    entry.version = image.dictionary ? image.dictionary->version : "";
    entry.method = o.reached && r.method ? board::name(*r.method) : "";
    entry.result = ended ? "done" : name(ended.error().code);
    entry.what = ended ? "" : ended.error().what;
    entry.wrote = name(r.wrote);
    entry.service = !o.stopped ? "not stopped" : o.service ? "restored" : "down";
    entry.write_time = r.write_time;
    entry.verify_time = r.verify_time;
    entry.downtime = o.downtime;
    return entry;
}

/// The ledger, and what was learned of each board.
template<reporter Reporter>
void write_down(const built_plan& built, const flash_plan& now, const outcome& o, Reporter& tell) {
    const kept_images images(now.at.images());
    for (std::size_t i = 0; i < now.boards.size(); ++i) {
        owned_sink<Reporter> out(tell, now.boards[i].board.key);
        const auto& image = built.boards()[i].firmware.image;
        auto entry = ledger_entry_of(now.boards[i], image, o, i);
        if (entry.verified() && now.keep_images > 0) {
            if (auto name = images.keep(image, now.boards[i].firmware.source.text))
                entry.image = *std::move(name);
            else
                out.warn("its image is not kept, no rollback will lead to it: " + name.error().what);
        }
        if (const auto kept = append(now.at.ledger(), entry); !kept) out.warn(kept.error().what);
        auto board = now.boards[i].board;
        const auto& b = o.boards[i];
        if (b.bootloader) learn(now.at.registry_file, board, *b.bootloader, {}, now.wanted.day, out);
        if (o.ended(i))
            learn(now.at.registry_file, board, b.written.node, board::usb_firmware::klipper, now.wanted.day, out);
    }
    const auto all = read_ledger(now.at.ledger());
    const auto pruned = all ? images.prune(*all, static_cast<std::size_t>(now.keep_images)) : result<void>{};
    if (!pruned) owned_sink<Reporter>(tell, {}).warn(pruned.error().what);
}

} // namespace detail

/// `seen`: the second survey. `turn`: the lock of the one flash at a time. The error is a refusal before anything was
/// stopped; what happened afterwards is in the outcome.
template<io::process_runner Runner, io::clock Clock, reporter Reporter>
[[nodiscard]] result<outcome> run(const built_plan& built, const survey& seen, const io::file_lock& turn,
                                  Runner& runner, Clock clock, Reporter& tell) {
    owned_sink<Reporter> job(tell, {});
    KF_CHECK(io::interrupt::check()); // a look that a signal cut short agrees with nothing
    KF_TRY(const auto now, plan(built.plan().wanted, seen));
    KF_CHECK(agree(built.plan(), now));
    const auto& at = now.at;
    for (const auto& b : now.boards) {
        owned_sink<Reporter> out(tell, b.board.key);
        const auto notes = new_name_notes(b);
        for (std::size_t i = 0; i < notes.size(); ++i) i == 0 ? out.step(phase::config, notes[i]) : out.note(notes[i]);
        if (!b.order.no_fallback.empty()) out.detail(b.order.no_fallback);
    }
    for (const auto& unit : now.owed) job.warn(owed_note(unit));
    job.detail("right to manage services: " + now.right.name);
    if (!now.stop.units.empty()) job.detail(guardian_note(at, now.right));

    using manager_type = host::systemd<Runner>;
    using lease_type = host::service_lease<manager_type, Clock>;
    manager_type manager(runner, at.systemctl, at.service_timeout);
    manager_type privileged(runner, privileged_systemctl(at, now.right), at.service_timeout);
    auto child = guardian_child_of(at, now.right, now.stop.units);
    child.keep_open.push_back(turn.native_handle());
    io::interrupt::hold_back_all();
    const seconds patience = 2 * at.service_timeout * static_cast<double>(now.stop.units.size() + 1);
    const auto access = guardian_access_of(child, at.user, now.right, now.stop.units, privileged, runner);
    KF_TRY(auto lease, lease_type::arm(privileged, clock,
                                       {now.stop.units, now.stop.pids, access, at.proc, at.journal(), patience}));
    for (const auto& line : lease.remarks()) job.warn(line);
    const auto write = [&](std::size_t i, write_job board, Clock& time, owned_sink<Reporter>& out) {
        board.image = &built.boards()[i].firmware.image;
        board.keep_open.push_back(turn.native_handle()); // nobody flashes while a flasher that we left is at work
        return write_and_verify(board, now.boards[i].order.methods, runner, time, out);
    };
    const auto o = stopped_window(now, manager, lease, write, clock, tell).run();
    detail::write_down(built, now, o, tell);
    return o;
}

/// Of one board, so that it can be told from the others'.
[[nodiscard]] inline error error_of(const flash_plan& p, std::size_t board, error e) {
    e.board = p.boards[board].board.key;
    if (p.boards.size() > 1) e.what = p.boards[board].board.name + ": " + e.what;
    return e;
}

/// What became of it: each flashed board is a result, and the error is what the run as a whole ends with.
template<reporter Reporter>
[[nodiscard]] result<void> conclude(const built_plan& built, const outcome& o, Reporter& tell) {
    std::optional<error> first;
    for (std::size_t i = 0; i < o.boards.size(); ++i) {
        const auto& b = built.plan().boards[i].board;
        const auto& image = built.boards()[i].firmware.image;
        const auto& r = o.boards[i].written;
        owned_sink<Reporter> out(tell, b.key);
        if (const auto& ended = o.ended(i); !ended) {
            if (!first)
                first = o.reached ? error_of(built.plan(), i, ended.error()) : ended.error();
            else if (o.reached)
                out.fail(error_of(built.plan(), i, ended.error()));
            continue;
        }
        const std::string method = r.method ? board::name(*r.method) : "";
        out.result(
            {"flashed",
             fmt::format("{} runs {} ({}, written in {:.1f} s, {})", b.name, r.version, method, r.write_time,
                         o.stopped ? fmt::format("printer down for {:.1f} s", o.downtime) : "nothing was stopped"),
             {{"key", b.key},
              {"version", r.version},
              {"method", method},
              {"sha256", image.sha256},
              {"bytes", static_cast<std::int64_t>(image.bytes.size())},
              {"write_s", r.write_time},
              {"verify_s", r.verify_time},
              {"downtime_s", o.downtime},
              {"device", r.node.file_name}}});
    }
    if (!o.service) {
        if (first) owned_sink<Reporter>(tell, first->board).fail(*first);
        return kf::fail(o.service.error());
    }
    if (first) return kf::fail(std::move(*first));
    if (const int number = io::interrupt::pending())
        return kf::fail(errc::interrupted,
                        fmt::format("{} came while the board was written; it was finished and verified first",
                                    io::interrupt::signal_name(number)));
    return {};
}

} // namespace kf::flash
