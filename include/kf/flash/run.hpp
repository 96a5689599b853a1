// SPDX-License-Identifier: MIT
#pragma once
/// The only place with effects on boards and services. It takes a built_plan and a second survey, and refuses when that
/// does not agree with the plan.

#include <kf/flash/agreement.hpp>
#include <kf/flash/batch_record.hpp>
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
    entry.mcu = b.board.mcu;
    entry.serial = b.target.device().usb.serial;
    entry.inputs = b.firmware.inputs;
    entry.protocol = image.protocol;
    entry.build_versions = image.dictionary ? image.dictionary->build_versions : "";
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
void write_down(const built_plan& built, const outcome& o, Reporter& tell) {
    const auto& p = built.plan();
    const kept_images images(p.at.images());
    for (std::size_t i = 0; i < p.boards.size(); ++i) {
        auto board = p.boards[i].board;
        owned_sink<Reporter> out(tell, board.key);
        const auto& image = built.boards()[i].firmware.image;
        auto entry = ledger_entry_of(p.boards[i], image, o, i);
        if (!p.idle.assumptions.empty()) entry.assumed = p.wanted.assumed_because;
        if (entry.verified() && p.keep_images > 0) {
            if (auto name = images.keep(image, p.boards[i].firmware.source.text))
                entry.image = *std::move(name);
            else
                out.warn("its image is not kept, no rollback will lead to it: " + name.error().what);
        }
        if (const auto kept = append(p.at.ledger(), entry); !kept) out.warn(kept.error().what);
        const auto& b = o.boards[i];
        if (b.bootloader) learn(p.at.registry_file, board, *b.bootloader, {}, p.wanted.day, out);
        if (o.ended(i))
            learn(p.at.registry_file, board, b.written.node, board::usb_firmware::klipper, p.wanted.day, out);
    }
    const auto all = read_ledger(p.at.ledger());
    const auto pruned = all ? images.prune(*all, static_cast<std::size_t>(p.keep_images)) : result<void>{};
    if (!pruned) owned_sink<Reporter>(tell, {}).warn(pruned.error().what);
}

/// A line that says what this batch is about: if it is cut short, the next one offers the rest.
[[nodiscard]] inline result<void> begin_batch(const flash_plan& p) {
    std::vector<std::string> keys;
    for (const auto& b : p.boards) keys.push_back(b.board.key);
    return append_batch(p.at.ledger(), keys);
}

/// So that a flash that is killed is not forgotten: the board may hold something else afterwards.
[[nodiscard]] inline result<void> begin_flash(const place& at, const board_plan& b) {
    ledger_entry entry;
    entry.action = b.firmware.stored ? "rollback" : "flash";
    entry.board = b.board.key;
    entry.mcu = b.board.mcu;
    entry.serial = b.target.device().usb.serial;
    entry.result = begun;
    return append(at.ledger(), entry);
}

/// The boards that are agreed on, in one stop. The error is a refusal before anything was stopped.
template<io::process_runner Runner, io::clock Clock, reporter Reporter>
[[nodiscard]] result<outcome> run_agreed(const built_plan& built, const agreed_plan& agreement,
                                         const io::file_lock& turn, Runner& runner, Clock clock, Reporter& tell) {
    owned_sink<Reporter> job(tell, {});
    const auto& now = agreement.now;
    const auto& at = now.at;
    using manager_type = host::systemd<Runner>;
    using lease_type = host::service_lease<manager_type, Clock>;
    manager_type manager(runner, at.systemctl, at.service_timeout);
    manager_type privileged(runner, privileged_systemctl(at, now.right), at.service_timeout);
    auto child = guardian_child_of(at, now.right, now.stop.units);
    child.keep_open.push_back(turn.native_handle());
    io::interrupt::hold_back_all();
    const seconds patience = 2 * at.service_timeout * static_cast<double>(now.stop.units.size() + 1);
    const auto access = guardian_access_of(child, at.user, now.right, now.stop.units, privileged, runner);
    if (now.wanted.is_batch())
        if (const auto noted = begin_batch(built.plan()); !noted) job.warn(noted.error().what);
    KF_TRY(auto lease, lease_type::arm(privileged, clock,
                                       {now.stop.units, now.stop.pids, access, at.proc, at.journal(), patience}));
    for (const auto& line : lease.remarks()) job.warn(line);
    for (const auto& b : now.boards)
        if (const auto noted = begin_flash(at, b); !noted) job.warn(noted.error().what);
    const auto is_there = [&](std::size_t i) {
        return is_still_there(now.boards[i], now.registry, board::scan(at.devices));
    };
    const auto write = [&](std::size_t i, write_job board, Clock& time, owned_sink<Reporter>& out) {
        board.image = &built.boards()[agreement.numbers[i]].firmware.image;
        board.keep_open.push_back(turn.native_handle()); // nobody flashes while a flasher that we left is at work
        return write_and_verify(board, now.boards[i].order.methods, runner, time, out);
    };
    return stopped_window(now, manager, lease, is_there, write, clock, tell).run();
}

/// Of each board of the built plan. `ran`: of those that were agreed on, none when nothing was begun.
[[nodiscard]] inline std::vector<board_outcome> all_outcomes(const built_plan& built, const result<survey>& seen,
                                                             const result<agreed_plan>& agreement,
                                                             std::vector<board_outcome> ran) {
    std::vector<board_outcome> boards(built.boards().size());
    for (std::size_t i = 0; agreement && i < ran.size(); ++i) boards[agreement->numbers[i]] = std::move(ran[i]);
    for (std::size_t i = 0; i < boards.size(); ++i) {
        auto& b = boards[i];
        if (agreement && !agreement->objections[i]) b.written.ended = agreement->objections[i];
        if (seen && !agreement)
            for (const auto& now : seen->boards)
                if (now.board.key == built.plan().boards[i].board.key)
                    b.written.ended = check_board(built.plan().wanted, *seen, now);
        const auto& image = built.boards()[i].firmware.image;
        b.key = built.plan().boards[i].board.key;
        b.name = built.plan().boards[i].board.name;
        b.sha256 = image.sha256;
        b.bytes = image.bytes.size();
    }
    return boards;
}

} // namespace detail

/// `seen`: the second survey. `turn`: the lock of the one flash at a time. A refusal before anything was stopped is in
/// the outcome too, so that every board has its row at the end.
template<io::process_runner Runner, io::clock Clock, reporter Reporter>
[[nodiscard]] outcome run(const built_plan& built, const result<survey>& seen, const io::file_lock& turn,
                          Runner& runner, Clock clock, Reporter& tell) {
    const auto agree = [&]() -> result<agreed_plan> {
        KF_CHECK(seen);
        KF_CHECK(io::interrupt::check()); // a look that a signal cut short agrees with nothing
        return agree_on(built.plan(), *seen);
    };
    const auto agreement = agree();
    outcome o;
    bool was_run = false;
    if (!agreement) {
        o.reached = kf::fail(agreement.error());
    } else if (!agreement->numbers.empty()) {
        auto ran = detail::run_agreed(built, *agreement, turn, runner, clock, tell);
        was_run = ran.has_value();
        if (ran)
            o = *std::move(ran);
        else
            o.reached = kf::fail(std::move(ran).error());
    }
    o.boards = detail::all_outcomes(built, seen, agreement, std::move(o.boards));
    if (was_run)
        detail::write_down(built, o, tell);
    else
        owned_sink<Reporter>(tell, {}).note("nothing was stopped");
    return o;
}

} // namespace kf::flash
