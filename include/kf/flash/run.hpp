// SPDX-License-Identifier: MIT
#pragma once
/// The only place with effects on boards and services: one stop, each board in its turn, one start. It takes a
/// built_plan and nothing else, and goes only as far as a second survey agrees with that.

#include <kf/flash/built_plan.hpp>
#include <kf/flash/event.hpp>
#include <kf/flash/guarding.hpp>
#include <kf/flash/learn.hpp>
#include <kf/flash/ledger.hpp>
#include <kf/flash/outcome.hpp>
#include <kf/host/ready.hpp>
#include <kf/host/service.hpp>
#include <kf/io/serial_port.hpp>

#include <string>
#include <utility>
#include <vector>

namespace kf::flash {

namespace detail {

/// Before anything is written, whatever the method: nobody is seen to hold the port, and nobody who cannot be seen
/// does.
template<io::clock Clock, sink Sink>
[[nodiscard]] result<void> prove_port_free(const board::device& device, const fs::path& proc, Clock& clock, Sink& out) {
    const auto holders = host::holders_of(proc, device.resolved, ::getpid());
    if (!holders.seen.empty())
        return kf::fail(port_is_taken(fmt::format("{} is held by process {}: {}", device.file_name, holders.seen[0].pid,
                                                  holders.seen[0].command)));
    if (holders.hidden > 0)
        out.detail(fmt::format("{} processes of others cannot be looked at: the exclusive open of {} decides",
                               holders.hidden, device.resolved.string()));
    // udev and ModemManager look at a port for a moment.
    const auto patience = clock.now() + std::chrono::seconds(3);
    auto free = io::serial_port::prove_free(device.resolved.string());
    while (!free && free.error().code == errc::busy && clock.now() < patience) {
        clock.sleep_until(clock.now() + std::chrono::milliseconds(50));
        free = io::serial_port::prove_free(device.resolved.string());
    }
    if (!free && free.error().code == errc::busy)
        return kf::fail(port_is_taken(fmt::format("{} is held by a process that cannot be seen", device.file_name)));
    return free;
}

/// One run, from the armed lease to the proven restart. The lease's destructor is the net under each early return.
template<host::service_manager Manager, io::process_runner Runner, io::clock Clock, reporter Reporter>
class stopped_window {
  public:
    using lease_type = host::service_lease<Manager, Clock>;

    stopped_window(const built_plan& built, const flash_plan& now, Manager& manager, lease_type& lease, int turn,
                   Runner& runner, Clock clock, Reporter& tell)
      : built_(built)
      , now_(now)
      , manager_(manager)
      , lease_(lease)
      , turn_(turn)
      , runner_(runner)
      , clock_(clock)
      , tell_(tell)
      , job_(tell, {}) {}

    [[nodiscard]] outcome run() {
        outcome o;
        for (const auto& b : now_.boards) o.boards.push_back({b.board.key});
        std::optional<host::idle_proof> idle; // holds the plot lock until klippy is proven ready
        const auto began = clock_.now();
        o.reached = stop(idle);
        if (o.reached) write_each(o);
        if (lease_.holds()) start(o, began);
        return o;
    }

  private:
    [[nodiscard]] result<std::vector<host::klippy_instance>> look() {
        KF_TRY(const auto units, manager_.klippy_units());
        return host::survey_klippys(now_.at.proc, units);
    }

    [[nodiscard]] result<void> stop(std::optional<host::idle_proof>& idle) {
        KF_CHECK(io::interrupt::check());
        // Minutes may have passed since the first look: a print could have been started.
        KF_TRY(const auto instances, look());
        host::guard_options options = guard_options_of(now_.wanted);
        options.hold_as = "kflash flash";
        options.concerns = [&](const host::printer_activity& a) {
            return std::ranges::any_of(now_.boards,
                                       [&](const auto& b) { return concerns(a, b.target.board(), b.target.device()); });
        };
        KF_TRY(idle, host::check_idle(instances, options));
        for (const auto& a : idle->assumptions()) job_.warn(a);
        for (const auto& p : idle->printers())
            if (p.instance.process.pid != 0 &&
                std::ranges::find(now_.stop.pids, p.instance.process.pid) == now_.stop.pids.end())
                return kf::fail(
                    error{errc::refused,
                          fmt::format("a klippy was started meanwhile (process {})", p.instance.process.pid),
                          "it was not there when the flash was planned",
                          {},
                          {"run this again"}});
        for (const auto& u : lease_.units()) job_.step(phase::service, fmt::format("stopping {}", u));
        for (const auto& u : lease_.units()) job_.detail("through the guardian: systemctl stop " + u);
        KF_CHECK(lease_.stop());
        KF_CHECK(io::interrupt::check());
        for (const auto& b : now_.boards) {
            owned_sink<Reporter> out(tell_, b.board.key);
            KF_CHECK(prove_port_free(b.target.device(), now_.at.proc, clock_, out));
        }
        return {};
    }

    void write_each(outcome& o) {
        for (std::size_t i = 0; i < now_.boards.size(); ++i) {
            const auto& b = now_.boards[i];
            if (i > 0) clock_.sleep_until(clock_.now() + to_nanoseconds(now_.stagger));
            owned_sink<Reporter> out(tell_, b.board.key);
            auto job = b.job;
            job.image = &built_.boards()[i].firmware.image;
            job.met_bootloader = [&](const board::device& node) { o.boards[i].bootloader = node; };
            job.keep_open = lease_.keep_open();
            job.keep_open.push_back(turn_); // nobody flashes while a flasher that we left behind is at work
            o.boards[i].written = write_and_verify(job, b.order.methods, runner_, clock_, out);
        }
    }

    void start(outcome& o, io::time_point began) {
        o.stopped = true;
        for (const auto& u : lease_.units()) job_.step(phase::service, fmt::format("starting {}", u));
        for (const auto& u : lease_.units()) job_.detail("through the guardian: systemctl start " + u);
        o.service = lease_.start();
        // After a failed flash klippy may find no board: that it runs is all that can be asked for then.
        const bool well = o.ended().has_value();
        o.ready = well;
        for (const auto& k : now_.stop.klippys) {
            if (!o.service || !well) break;
            o.ready = o.ready && k.was_ready;
            o.service = host::prove_ready([&] { return look(); }, {k.unit}, k.was_ready, clock_, job_);
        }
        o.downtime = to_seconds(clock_.now() - began);
        if (o.service)
            job_.step(phase::service, fmt::format("{} {} again, down for {:.1f} s", fmt::join(lease_.units(), ", "),
                                                  o.ready ? "is ready" : "runs", o.downtime));
        else if (o.service.error().steps.empty())
            o.service = kf::fail(lease_.service_error(o.service.error().what, o.service.error().cause));
    }

    const built_plan& built_;
    const flash_plan& now_;
    Manager& manager_;
    lease_type& lease_;
    int turn_;
    Runner& runner_;
    Clock clock_;
    Reporter& tell_;
    owned_sink<Reporter> job_;
};

[[nodiscard]] inline ledger_entry ledger_entry_of(const board_plan& b, const firmware::image& image, const outcome& o,
                                                  std::size_t i) {
    const auto& r = o.boards[i].written;
    const auto& ended = o.ended(i);
    ledger_entry entry;
    entry.board = b.board.key;
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
    for (std::size_t i = 0; i < now.boards.size(); ++i) {
        owned_sink<Reporter> out(tell, now.boards[i].board.key);
        const auto entry = ledger_entry_of(now.boards[i], built.boards()[i].firmware.image, o, i);
        if (const auto kept = append(now.at.ledger(), entry); !kept) out.warn(kept.error().what);
        auto board = now.boards[i].board;
        const auto& b = o.boards[i];
        if (b.bootloader) learn(now.at.registry_file, board, *b.bootloader, {}, now.wanted.day, out);
        if (o.ended(i))
            learn(now.at.registry_file, board, b.written.node, board::usb_firmware::klipper, now.wanted.day, out);
    }
}

} // namespace detail

/// `now`: a second survey. `turn`: the lock of the one flash at a time. The error is a refusal before anything was
/// stopped; what happened afterwards is in the outcome.
template<io::process_runner Runner, io::clock Clock, reporter Reporter>
[[nodiscard]] result<outcome> run(const built_plan& built, const survey& seen, const io::file_lock& turn,
                                  Runner& runner, Clock clock, Reporter& tell) {
    owned_sink<Reporter> job(tell, {});
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
    const auto o = detail::stopped_window(built, now, manager, lease, turn.native_handle(), runner, clock, tell).run();
    detail::write_down(built, now, o, tell);
    return o;
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
            if (first && o.reached)
                out.fail(ended.error());
            else
                first = ended.error();
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
        if (first) owned_sink<Reporter>(tell, {}).fail(*first);
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
