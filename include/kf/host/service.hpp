// SPDX-License-Identifier: MIT
#pragma once
/// The stop lease: services that were up are stopped, proven stopped, and, whatever happens, started and proven to be
/// as they were. Everything goes through the guardian, so that there is one path; if the guardian is lost, through the
/// service manager itself.

#include <kf/host/guardian.hpp>
#include <kf/host/guardian_link.hpp>
#include <kf/io/descriptor_reserve.hpp>

#include <fmt/format.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace kf::host {

/// How the guardian is reached, and what to do when it does not answer.
struct guardian_access {
    std::string name;                                 ///< as a person would type it
    std::function<result<guardian_link>()> open = {}; ///< starts it, or connects to it
    /// Starts the units without it; empty: the lease's own service manager does.
    std::function<void()> bypass = {};
};

/// A child with the right in front of its command.
[[nodiscard]] inline guardian_access guardian_child(const io::command& command) {
    return {io::to_string(command), [command]() -> result<guardian_link> {
                // It may go on after we are gone: our terminal, and whoever reads our stderr, must not wait for it.
                KF_TRY(auto child, io::piped_child::start(command, io::piped_child::errors::with_stdout));
                return guardian_link(std::move(child));
            }};
}

struct lease_request {
    std::vector<std::string> units; ///< active ones only: what is down stays down
    std::vector<int> pids = {};     ///< klippy processes that must be gone once stopped
    guardian_access guardian;
    fs::path proc = "/proc";
    fs::path journal = {}; ///< names the stopped units while they are, for the run after a power cut
    seconds timeout = 60;  ///< for the stop and for the start: longer than the service manager's own
    /// For a word of the guardian's that is due at once. One that is frozen must not keep the printer down.
    seconds patience = 5;
};

/// What a person types to get the printer back.
[[nodiscard]] inline std::string start_command(const std::vector<std::string>& units) {
    std::string text = "sudo systemctl start";
    for (const auto& u : units) text += " " + u;
    return text;
}

template<service_manager Manager, io::clock Clock>
class service_lease {
  public:
    /// Starts the guardian. Nothing is stopped yet.
    [[nodiscard]] static result<service_lease> arm(Manager& manager, Clock clock, lease_request request) {
        if (request.units.empty()) return service_lease(manager, clock, std::move(request), nullptr);
        // What the restart needs must be there whatever the flash uses up.
        KF_TRY(auto for_restart, io::descriptor_reserve::hold(descriptors_of_a_restart));
        auto link = request.guardian.open();
        if (!link) return kf::fail(unarmed(link.error().what, request));
        service_lease lease(manager, clock, std::move(request), std::make_unique<guardian_link>(std::move(*link)));
        const auto until = clock.now() + std::chrono::seconds(15);
        for (;;) {
            auto line = lease.guardian_->read_line(until);
            if (!line) {
                // sudo's own words say more than the end of the pipe.
                std::string why = lease.remarks_.empty() ? line.error().what : lease.remarks_.back();
                auto refusal = unarmed(why, lease.request_);
                return kf::fail(std::move(refusal));
            }
            if (line->ends_with(guardian_hello)) break;
            if (lease.remarks_.size() == 100) // somebody talks who is no guardian
                return kf::fail(unarmed(*line, lease.request_));
            if (!line->empty()) lease.remarks_.push_back(std::move(*line));
        }
        // And for the flash itself: better no stop than a board that cannot be written.
        KF_TRY(lease.for_work_, io::descriptor_reserve::hold(descriptors_of_a_flash));
        lease.for_restart_ = std::move(for_restart);
        return lease;
    }

    /// What was said besides while the guardian was started: "sudo: unable to resolve host pi".
    [[nodiscard]] const std::vector<std::string>& remarks() const { return remarks_; }

    service_lease(service_lease&& other) noexcept
      : manager_(other.manager_)
      , clock_(other.clock_)
      , request_(std::move(other.request_))
      , guardian_(std::move(other.guardian_))
      , stopped_(std::exchange(other.stopped_, false))
      , start_failed_(other.start_failed_)
      , asked_(other.asked_)
      , remarks_(std::move(other.remarks_))
      , for_restart_(std::move(other.for_restart_))
      , for_work_(std::move(other.for_work_)) {}
    service_lease& operator=(service_lease&&) = delete;
    /// The last net inside of the process: an early return or an exception.
    ~service_lease() {
        if (stopped_ && !start_failed_) (void)start();
        release();
    }

    /// Stops the units and proves it. When it fails, what may have been stopped is started again.
    [[nodiscard]] result<void> stop() {
        if (request_.units.empty()) return {};
        if (!request_.journal.empty()) KF_CHECK(write_owed(request_.journal, request_.units));
        stopped_ = true; // from here on a start is owed, whatever the answer
        auto asked = ask("stop", request_.timeout);
        if (asked) asked = prove_stopped();
        for_work_.release();
        if (asked) return {};
        error e = std::move(asked).error();
        if (auto back = start(); !back)
            return kf::fail(service_error("the service could not be stopped, nor proven to run", back.error().what));
        e.cause = e.cause.empty() ? "the board was not touched and the service runs again" : e.cause;
        return kf::fail(std::move(e));
    }

    /// Starts what was stopped and proves that each unit is up. Whether klippy is ready is for the caller to ask.
    [[nodiscard]] result<void> start() {
        if (!stopped_) return {};
        for_restart_.release();
        const seconds patience = std::min(request_.patience, request_.timeout);
        auto asked = ask("start", patience);
        // The guardian is gone, frozen, slow, or its job failed: without it. A start that is under way is joined.
        const auto by_ourselves = [&] {
            if (request_.guardian.bypass) return request_.guardian.bypass();
            for (const auto& unit : request_.units) (void)manager_->start(unit);
        };
        if (!asked) by_ourselves();
        auto pause = std::chrono::milliseconds(500);
        auto again = clock_.now() + pause;
        const auto until = clock_.now() + to_nanoseconds(request_.timeout);
        for (;;) {
            std::string down;
            for (const auto& unit : request_.units) {
                const auto state = manager_->show(unit);
                if (!state || !state->runs())
                    down =
                        unit + (state ? " is " + state->active + " (" + state->sub + ")" : " is in an unknown state");
            }
            if (down.empty()) break;
            if (clock_.now() >= until) {
                start_failed_ = true; // the guardian goes on trying for a while after we are gone
                return kf::fail(service_error(down + " after the start command", asked ? "" : asked.error().what));
            }
            if (!asked && clock_.now() >= again) { // what failed may work later: the manager may have been busy
                asked = ask("start", patience);
                if (!asked) by_ourselves();
                pause *= 2;
                again = clock_.now() + pause;
            }
            clock_.sleep_until(clock_.now() + std::chrono::milliseconds(100));
        }
        stopped_ = false;
        if (!request_.journal.empty()) (void)io::remove_file(request_.journal);
        return {};
    }

    /// The descriptor that a flasher child keeps open: as long as it lives the guardian waits.
    [[nodiscard]] std::vector<int> keep_open() const {
        return guardian_ ? std::vector<int>{guardian_->descriptor()} : std::vector<int>{};
    }
    [[nodiscard]] const std::vector<std::string>& units() const { return request_.units; }
    [[nodiscard]] bool holds() const { return stopped_; }

    [[nodiscard]] error service_error(const std::string& what, const std::string& cause) const {
        return error{errc::service_down,
                     what,
                     cause,
                     start_command(request_.units),
                     {start_command(request_.units),
                      "systemctl status " + (request_.units.empty() ? std::string{} : request_.units.front()),
                      "look into klippy.log when it still does not run"}};
    }

  private:
    /// A run of a program takes five (two ends of its output, /dev/null, two ends of its report), and may be one in
    /// another; a look at what is plugged in takes a folder at each level.
    static constexpr std::size_t descriptors_of_a_restart = 12, descriptors_of_a_flash = 12;

    service_lease(Manager& manager, Clock clock, lease_request request, std::unique_ptr<guardian_link> guardian)
      : manager_(&manager)
      , clock_(clock)
      , request_(std::move(request))
      , guardian_(std::move(guardian)) {}

    [[nodiscard]] static error unarmed(const std::string& why, const lease_request& request) {
        return error{errc::refused,
                     "the guardian that would start the service again cannot be started",
                     why,
                     request.guardian.name,
                     {"run kflash as root: sudo kflash ...", "nothing was stopped and nothing was written"}};
    }

    [[nodiscard]] result<void> ask(const std::string& what, seconds timeout) {
        if (!guardian_) return kf::fail(errc::service_down, "there is no guardian");
        const std::string number = std::to_string(++asked_) + " ";
        if (auto said = guardian_->write_line(number + what); !said) return lost(std::move(said).error());
        const auto began = clock_.now();
        const auto patience = to_nanoseconds(std::min(request_.patience, timeout));
        const auto give_up = began + to_nanoseconds(timeout);
        bool taken = false;
        auto until = began + patience;
        for (;;) {
            auto line = guardian_->read_line(std::min(until, give_up));
            if (!line) {
                const bool late = line.error().code == errc::timeout;
                if (!taken || !late) return lost(std::move(line).error());
                // One that was frozen in the middle of the stop: the units are down, and no word of it.
                if (clock_.now() >= give_up) return kf::fail(std::move(line).error());
                if (all_down()) return lost(std::move(line).error());
                until = clock_.now() + patience;
                continue;
            }
            if (!line->starts_with(number)) continue; // the answer to a question that was given up, or not its word
            line->erase(0, number.size());
            if (*line == "taken") {
                taken = true;
                until = clock_.now() + patience;
            } else if (*line == "ok")
                return {};
            else
                return kf::fail(errc::failed, line->starts_with("error ") ? line->substr(6) : *line);
        }
    }

    [[nodiscard]] bool all_down() const {
        return std::ranges::all_of(request_.units, [&](const auto& unit) {
            const auto state = manager_->show(unit);
            return state && state->is_down();
        });
    }

    /// It does not even take an order: no word of ours must wait for it when it wakes up.
    [[nodiscard]] std::unexpected<error> lost(error e) {
        guardian_->close(guardian_link::leave::end_it);
        guardian_.reset();
        e.cause = e.what;
        e.what = "the guardian does not answer";
        return kf::fail(std::move(e));
    }

    [[nodiscard]] result<void> prove_stopped() {
        const auto until = clock_.now() + to_nanoseconds(request_.timeout);
        for (;;) {
            std::string up;
            for (const auto& unit : request_.units) {
                KF_TRY(const auto state, manager_->show(unit));
                if (!state.is_down()) up = unit + " is " + state.active;
            }
            std::error_code ec;
            for (const int pid : request_.pids)
                if (fs::exists(request_.proc / std::to_string(pid), ec))
                    up = fmt::format("klippy (process {}) still runs", pid);
            if (up.empty()) return {};
            if (clock_.now() >= until) return kf::fail(errc::timeout, up + " after the stop command");
            clock_.sleep_until(clock_.now() + std::chrono::milliseconds(50));
        }
    }

    void release() {
        if (!guardian_) return;
        if (!stopped_) (void)guardian_->write_line("done");
        // One that still owes a start goes on trying after we are gone.
        guardian_->close(stopped_ ? guardian_link::leave::let_it_go_on : guardian_link::leave::wait);
        guardian_.reset();
    }

    Manager* manager_;
    Clock clock_;
    lease_request request_;
    std::unique_ptr<guardian_link> guardian_;
    bool stopped_ = false;
    bool start_failed_ = false;
    unsigned asked_ = 0; ///< the number of the last question to the guardian
    std::vector<std::string> remarks_;
    io::descriptor_reserve for_restart_, for_work_;
};

} // namespace kf::host
