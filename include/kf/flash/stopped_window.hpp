// SPDX-License-Identifier: MIT
#pragma once
/// What happens while services are stopped: one stop, each board in its turn, one start. Each board ends in its own
/// way.

#include <kf/flash/event.hpp>
#include <kf/flash/outcome.hpp>
#include <kf/flash/plan.hpp>
#include <kf/flash/port_free.hpp>
#include <kf/host/ready.hpp>
#include <kf/host/service_manager.hpp>
#include <kf/io/interrupt.hpp>

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>
#include <vector>

namespace kf::flash {

/// One run, from the armed lease to the proven restart. The lease's destructor is the net under each early return.
/// `Lease`: a host::service_lease. `write(board, job, clock, sink) -> write_outcome` writes the board of that number,
/// whose port is free, and verifies it. `is_there(board) -> result<void>`: it is still the one that was planned.
template<host::service_manager Manager, class Lease, class IsThere, class Write, io::clock Clock, reporter Reporter>
class stopped_window {
  public:
    stopped_window(const flash_plan& now, Manager& manager, Lease& lease, IsThere is_there, Write write, Clock clock,
                   Reporter& tell)
      : now_(now)
      , manager_(manager)
      , lease_(lease)
      , is_there_(std::move(is_there))
      , write_(std::move(write))
      , clock_(clock)
      , tell_(tell)
      , job_(tell, {}) {}

    [[nodiscard]] outcome run() {
        outcome o;
        o.boards.resize(now_.boards.size());
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
        std::vector<board::target> boards;
        for (const auto& b : now_.boards) boards.push_back(b.target);
        auto options = guard_options_of(now_.wanted, std::move(boards));
        options.hold_as = "kflash flash";
        options.moonraker = now_.at.moonraker;
        KF_TRY(idle, host::check_idle(instances, options));
        for (const auto& a : idle->assumptions()) // those that were planned were told with the plan
            if (std::ranges::find(now_.idle.assumptions, a.text, &host::assumption::text) ==
                now_.idle.assumptions.end())
                job_.warn(a.text);
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
        return io::interrupt::check();
    }

    /// Whatever becomes of one board, the next one has its turn.
    void write_each(outcome& o) {
        for (std::size_t i = 0; i < now_.boards.size(); ++i) {
            if (i > 0) pause();
            auto& written = o.boards[i].written;
            try {
                written = write_one(i, o.boards[i].bootloader);
            } catch (const std::exception& e) { // a broken invariant of a library
                written.wrote = written::some;
                written.ended = kf::fail(error{errc::failed,
                                               fmt::format("unexpected: {}", e.what()),
                                               "how much of the board was written is not known",
                                               {},
                                               half_written_steps()});
            }
        }
    }

    [[nodiscard]] write_outcome write_one(std::size_t i, std::optional<board::device>& bootloader) {
        const auto& b = now_.boards[i];
        owned_sink<Reporter> out(tell_, b.board.key);
        write_outcome none;
        if (none.ended = io::interrupt::check(); !none.ended) return none;
        if (now_.boards.size() > 1) out.step(phase::flash, divider(i + 1, now_.boards.size(), b.board.name));
        if (none.ended = is_there_(i); !none.ended) return none;
        // Right before its own write: the boards before it may have taken minutes.
        if (none.ended = port_is_free(b, out); !none.ended) return none;
        auto job = b.job;
        job.met_bootloader = [&](const board::device& node) { bootloader = node; };
        job.keep_open = lease_.keep_open();
        return write_(i, std::move(job), clock_, out);
    }

    [[nodiscard]] result<void> port_is_free(const board_plan& b, owned_sink<Reporter>& out) {
        return prove_port_free(b.target.device(), now_.at.proc, clock_, out, now_.stop.units);
    }

    /// Between two boards; a signal ends it.
    void pause() {
        const auto until = clock_.now() + to_nanoseconds(now_.stagger);
        while (clock_.now() < until && io::interrupt::pending() == 0)
            clock_.sleep_until(std::min(until, clock_.now() + std::chrono::milliseconds(100)));
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

    const flash_plan& now_;
    Manager& manager_;
    Lease& lease_;
    IsThere is_there_;
    Write write_;
    Clock clock_;
    Reporter& tell_;
    owned_sink<Reporter> job_;
};

} // namespace kf::flash
