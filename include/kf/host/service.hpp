// SPDX-License-Identifier: MIT
#pragma once
/// The stop lease: services that were up are stopped, proven stopped, and, whatever happens, started and proven to be
/// as they were. Everything goes through the guardian, so that there is one path; if the guardian is lost, through the
/// service manager itself.

#include <kf/host/guardian.hpp>
#include <kf/io/posix_process.hpp>

#include <fmt/format.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace kf::host {

struct lease_request {
    std::vector<std::string> units; ///< active ones only: what is down stays down
    std::vector<int> pids = {};     ///< klippy processes that must be gone once stopped
    io::command guardian;           ///< the whole command, right included
    fs::path proc = "/proc";
    fs::path journal = {}; ///< names the stopped units while they are, for the run after a power cut
    seconds timeout = 60;  ///< for the stop and for the start: longer than the service manager's own
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
        // It may go on after we are gone: our terminal, and whoever reads our stderr, must not have to wait for it.
        auto child = io::piped_child::start(request.guardian, io::piped_child::errors::with_stdout);
        if (!child) return kf::fail(unarmed(child.error().what, request));
        auto guardian = std::make_unique<io::piped_child>(std::move(*child));
        const auto hello = guardian->read_line(clock.now() + std::chrono::seconds(15));
        if (!hello || *hello != "armed") {
            guardian->close_input();
            return kf::fail(unarmed(hello ? *hello : hello.error().what, request));
        }
        return service_lease(manager, clock, std::move(request), std::move(guardian));
    }

    service_lease(service_lease&& other) noexcept
      : manager_(other.manager_)
      , clock_(other.clock_)
      , request_(std::move(other.request_))
      , guardian_(std::move(other.guardian_))
      , stopped_(std::exchange(other.stopped_, false))
      , start_failed_(other.start_failed_)
      , asked_(other.asked_) {}
    service_lease& operator=(service_lease&&) = delete;
    /// The last net inside of the process: an early return or an exception.
    ~service_lease() {
        if (stopped_ && !start_failed_) (void)start();
        release();
    }

    /// Stops the units and proves it. When it fails, what may have been stopped is started again.
    [[nodiscard]] result<void> stop() {
        if (request_.units.empty()) return {};
        if (!request_.journal.empty()) {
            std::string text;
            for (const auto& u : request_.units) text += u + "\n";
            KF_CHECK(io::write_file(request_.journal, text));
        }
        stopped_ = true; // from here on a start is owed, whatever the answer
        auto asked = ask("stop");
        if (asked) asked = prove_stopped();
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
        auto asked = ask("start");
        // The guardian is gone, or its job failed: by ourselves.
        const auto by_ourselves = [&] {
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
                asked = ask("start");
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
        return guardian_ ? std::vector<int>{guardian_->input_fd()} : std::vector<int>{};
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
    service_lease(Manager& manager, Clock clock, lease_request request, std::unique_ptr<io::piped_child> guardian)
      : manager_(&manager)
      , clock_(clock)
      , request_(std::move(request))
      , guardian_(std::move(guardian)) {}

    [[nodiscard]] static error unarmed(const std::string& why, const lease_request& request) {
        return error{errc::refused,
                     "the guardian that would start the service again cannot be started",
                     why,
                     io::to_string(request.guardian),
                     {"run kflash as root: sudo kflash ...", "nothing was stopped and nothing was written"}};
    }

    [[nodiscard]] result<void> ask(const std::string& what) {
        if (!guardian_) return kf::fail(errc::service_down, "there is no guardian");
        const std::string number = std::to_string(++asked_) + " ";
        KF_CHECK(guardian_->write_line(number + what));
        const auto until = clock_.now() + to_nanoseconds(request_.timeout);
        for (;;) {
            KF_TRY(std::string line, guardian_->read_line(until));
            if (!line.starts_with(number)) continue; // the answer to a question that was given up
            line.erase(0, number.size());
            if (line == "ok") return {};
            return kf::fail(errc::failed, line.starts_with("error ") ? line.substr(6) : line);
        }
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
        guardian_->close_input();
        // One that still owes a start goes on trying after we are gone.
        if (!stopped_) (void)guardian_->wait(clock_.now() + std::chrono::seconds(2));
        guardian_.reset();
    }

    Manager* manager_;
    Clock clock_;
    lease_request request_;
    std::unique_ptr<io::piped_child> guardian_;
    bool stopped_ = false;
    bool start_failed_ = false;
    unsigned asked_ = 0; ///< the number of the last question to the guardian
};

} // namespace kf::host
