// SPDX-License-Identifier: MIT
#pragma once
/// A simulated klippy, sans I/O: connections are byte buffers, time is told from outside. Its life is klippy's: nobody
/// listens, it listens and starts up, is ready, shuts down or ends in an error, restarts with an end of all
/// connections, loses its micro-controller and notices late, dies. sim/klippy_server.hpp puts it behind a socket; tests
/// replay recordings of the real one against it. Spec: https://www.klipper3d.org/API_Server.html and the recordings.

#include <kf/sim/api_connections.hpp>
#include <kf/sim/api_endpoints.hpp>
#include <kf/sim/printer_objects.hpp>

#include <boost/json.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace kf::sim {

/// The micro-controller as klippy can find it.
enum class mcu_condition : std::uint8_t { alive, absent, shut_down };

class klippy_process {
  public:
    explicit klippy_process(printer_config c)
      : config_(std::move(c)) {
        gantry_.carriage = config_.carriage;
    }
    ~klippy_process() { reactor_.clear(); }
    klippy_process(const klippy_process&) = delete;
    klippy_process& operator=(const klippy_process&) = delete;

    // --- time
    [[nodiscard]] seconds now() const noexcept { return reactor_.now(); }
    [[nodiscard]] seconds next() const noexcept { return frozen_until_ ? *frozen_until_ : reactor_.next(); }
    void run_until(seconds t);

    // --- connections
    /// A new connection, or nothing: refused.
    [[nodiscard]] std::optional<int> connect();
    void receive(int connection, std::string_view bytes);
    /// The client closed; what it asked for goes on.
    void hang_up(int connection);
    /// What klippy has written there since the last call.
    [[nodiscard]] std::string take_output(int connection) { return connections_.take_output(connection); }
    [[nodiscard]] bool is_open(int connection) const { return connections_.is_open(connection); }
    [[nodiscard]] bool is_listening() const noexcept { return listening_; }

    // --- the world around it
    /// Starts the process. With `listening_after` 0 it listens at once.
    void start(seconds listening_after = 0.65);
    /// SIGKILL. The carriage runs on with what its machine holds.
    void kill();
    void set_mcu(mcu_condition c, std::string name = "mcu");
    /// The micro-controller shuts down by itself and says so.
    void mcu_reports_shutdown(const std::string& reason);
    /// klippy shuts down for a reason of its own.
    void shut_down(const std::string& reason);
    /// The next firmware restart ends in an error, as one in fifteen does when the device vanishes while it resets.
    void fail_next_restart() noexcept { fail_next_restart_ = true; }
    void set_overrides(api_endpoints::overrides f) { overrides_ = std::move(f); }
    /// Whatever happens to it, a switch is pressed or is not; nothing: it works.
    void set_switch(motor of, std::optional<bool> stuck) { gantry_.wires.set_stuck(of, stuck); }
    /// What the next start finds wrong with its configuration; empty: nothing more than there is.
    void set_config_error(std::string text) { told_error_ = std::move(text); }
    /// What a start reads its configuration by: as a person may have changed it.
    void set_reader(std::function<void(printer_config&, gantry&)> f) { read_config_ = std::move(f); }

    [[nodiscard]] const printer_state& state() const noexcept { return state_; }
    [[nodiscard]] const printer_config& config() const noexcept { return config_; }
    [[nodiscard]] printer_config& config() noexcept { return config_; } ///< takes effect with the next start
    [[nodiscard]] gantry& machine() noexcept { return gantry_; }
    /// The parts of this run; nothing while klippy is down.
    [[nodiscard]] printer_objects* printer() noexcept { return printer_.get(); }

  private:
    enum class restart_kind : std::uint8_t { host, firmware };

    static constexpr seconds listens_after_exit = 1.03;
    static constexpr seconds ready_after_listening = 0.63;
    static constexpr seconds loss_noticed_after = 4.57;
    static constexpr seconds gives_up_after = 90;

    void begin_life();
    void try_to_connect(seconds since);
    void become_ready();
    void stop_with_error(std::string message);
    void request_restart(restart_kind kind);
    void end_run();
    void forget_run();
    task<gcode_answer> restart_command(restart_kind kind);

    printer_config config_;
    std::function<void(printer_config&, gantry&)> read_config_ = [](printer_config&, gantry&) {};
    reactor reactor_;
    gantry gantry_;
    std::string told_error_;
    printer_state state_;
    api_connections connections_;
    std::unique_ptr<printer_objects> printer_; ///< of this run, as are the endpoints
    std::unique_ptr<api_endpoints> endpoints_;
    bool listening_ = false;
    bool in_shutdown_ = false;
    mcu_condition mcu_ = mcu_condition::alive;
    std::string mcu_name_ = "mcu"; ///< the one whose condition that is
    std::optional<restart_kind> exit_;
    std::optional<seconds> frozen_until_;
    bool fail_next_restart_ = false;
    bool lost_ = false; ///< this run has no connection to its machine any more
    api_endpoints::overrides overrides_ = [] { return boost::json::object{}; };
};

namespace detail {

/// What kcal printer-cfg writes where it knows no serial number: no board has that name.
inline constexpr std::string_view no_board = "CHANGE_ME";
inline constexpr const char* message_startup = "\nPrinter is not ready\nThe klippy host software is attempting to "
                                               "connect.  Please\nretry in a few moments.\n";
inline constexpr const char* message_ready = "Printer is ready";
inline constexpr const char* firmware_restart_advice =
    "Once the underlying issue is corrected, use the\n"
    "\"FIRMWARE_RESTART\" command to reset the firmware, reload the\n"
    "config, and restart the host software.\n";
inline constexpr const char* restart_advice = "Once the underlying issue is corrected, use the \"RESTART\"\n"
                                              "command to reload the config and restart the host software.\n"
                                              "Printer is halted\n";

/// Klippy reads 4096 bytes at a time and copies what it has each time: 1 MB took 12 ms, 8 MB 5.1 s, and nothing else
/// was done meanwhile.
[[nodiscard]] inline seconds reading_time(std::size_t bytes) {
    return 0.012 * std::pow(static_cast<double>(bytes) / 1e6, 2.9);
}

} // namespace detail

// --- time and life

inline void klippy_process::run_until(seconds t) {
    for (;;) {
        if (frozen_until_) {
            if (t < *frozen_until_) return reactor_.pass_to(t);
            const seconds at = *frozen_until_;
            frozen_until_.reset();
            reactor_.clear();
            reactor_.run_until(at);
            end_run();
            continue;
        }
        reactor_.run_until(t);
        if (!reactor_.stopped()) break;
        // The main loop is over; what was answered has been written, nothing more is read.
        frozen_until_ = reactor_.now() + (*exit_ == restart_kind::firmware && !lost_ ? 0.031 : 0.0);
    }
    if (printer_) printer_->head.draw();
}

inline void klippy_process::start(seconds listening_after) {
    if (listening_ || printer_) return;
    if (listening_after <= 0) return begin_life();
    reactor_.call_at(reactor_.now() + listening_after, [this] { begin_life(); });
}

inline void klippy_process::begin_life() {
    listening_ = true;
    in_shutdown_ = false;
    lost_ = false;
    state_ = {"startup", detail::message_startup};
    read_config_(config_, gantry_);
    printer_ = std::make_unique<printer_objects>(reactor_, config_, gantry_, state_);
    endpoints_ = std::make_unique<api_endpoints>(reactor_, connections_, *printer_, overrides_);
    endpoints_->on_emergency_stop = [this] { shut_down("Shutdown due to webhooks request"); };
    printer_->gcode.on_output = [this](const std::string& text) { connections_.output(text); };
    printer_->gcode.on_crash = [this](const std::string& reason) { shut_down(reason); };
    auto& g = printer_->gcode;
    using line = planner::gcode_line;
    g.add(
        "RESTART", [this](const line&) { return restart_command(restart_kind::host); }, gcode_host::available::always);
    g.add(
        "FIRMWARE_RESTART", [this](const line&) { return restart_command(restart_kind::firmware); },
        gcode_host::available::always);
    g.add_simple(
        "M112",
        [this](const line&) -> gcode_answer {
            shut_down("Shutdown due to M112 command");
            return {};
        },
        gcode_host::available::always);
    const std::string wrong = !told_error_.empty()           ? told_error_
                              : config_.config_error.empty() ? g.renames_nothing()
                                                             : config_.config_error;
    if (!wrong.empty()) {
        stop_with_error(wrong + "\n\n" + detail::restart_advice);
        return;
    }
    const seconds since = reactor_.now();
    if (std::exchange(fail_next_restart_, false)) {
        reactor_.call_at(since + 0.17, [this] {
            stop_with_error(std::string("Internal error during connect: device reports readiness to read but returned "
                                        "no data (device disconnected or multiple access on port?)\n\n") +
                            detail::restart_advice);
        });
        return;
    }
    reactor_.call_at(since + ready_after_listening, [this, since] { try_to_connect(since); });
}

inline void klippy_process::try_to_connect(seconds since) {
    if (state_.name != "startup") return;
    switch (config_.serial == detail::no_board ? mcu_condition::absent : mcu_) {
    case mcu_condition::alive: return become_ready();
    case mcu_condition::shut_down:
        return stop_with_error(
            fmt::format("Can not update MCU '{}' config as it is shutdown\n{}Error configuring printer\n", mcu_name_,
                        detail::firmware_restart_advice));
    case mcu_condition::absent: break;
    }
    if (reactor_.now() - since >= gives_up_after - 1e-6)
        return stop_with_error(fmt::format("mcu '{}': Unable to connect\n{}Error configuring printer\n", mcu_name_,
                                           detail::firmware_restart_advice));
    const seconds again = std::min(reactor_.now() + 0.5, since + gives_up_after);
    reactor_.call_at(again, [this, since] {
        // A device that has just come is tried at the next attempt, one each five seconds.
        if (mcu_ == mcu_condition::absent || config_.serial == detail::no_board) return try_to_connect(since);
        reactor_.call_at(reactor_.now() + 3.3, [this, since] { try_to_connect(since); });
    });
}

inline void klippy_process::become_ready() {
    state_ = {"ready", detail::message_ready};
    printer_->gcode.ready = true;
    printer_->gcode.inform("Klipper state: Ready");
    printer_->delayed.start();
}

inline void klippy_process::stop_with_error(std::string message) {
    state_ = {"error", std::move(message)};
    if (printer_) printer_->gcode.ready = false;
}

inline void klippy_process::shut_down(const std::string& reason) {
    if (in_shutdown_ || !printer_) return;
    in_shutdown_ = true;
    const bool was_ready = state_.name == "ready";
    // An error that was there before stays the message.
    if (state_.name != "error")
        state_.message = reason + "\n" + detail::firmware_restart_advice + "Printer is shutdown\n";
    state_.name = "shutdown";
    // A shut down machine stays so until it is reset; one that klippy never reached knows nothing of it.
    if (was_ready && mcu_ == mcu_condition::alive) mcu_ = mcu_condition::shut_down;
    printer_->head.shut_down();
    printer_->sdcard.shut_down();
    if (std::exchange(printer_->gcode.ready, false)) printer_->gcode.inform("Klipper state: Shutdown");
}

inline void klippy_process::mcu_reports_shutdown(const std::string& reason) {
    mcu_ = mcu_condition::shut_down;
    shut_down(fmt::format("MCU '{}' shutdown: {}", mcu_name_, reason));
}

inline void klippy_process::set_mcu(mcu_condition c, std::string name) {
    const auto before = std::exchange(mcu_, c);
    mcu_name_ = std::move(name);
    if (c != mcu_condition::absent || before == c || !printer_) return;
    printer_->head.stop_carriage(0);
    lost_ = true;
    if (state_.name != "ready") return;
    reactor_.call_at(reactor_.now() + loss_noticed_after,
                     [this] { shut_down(fmt::format("Lost communication with MCU '{}'", mcu_name_)); });
}

inline void klippy_process::kill() {
    if (printer_) printer_->head.stop_carriage(printer_->head.queue.held_by_machine());
    if (mcu_ == mcu_condition::shut_down) mcu_ = mcu_condition::alive; // klippy resets it when it comes up again
    frozen_until_.reset();
    exit_.reset();
    forget_run();
}

inline void klippy_process::forget_run() {
    connections_.close_all();
    listening_ = false;
    reactor_.clear();
    endpoints_.reset();
    printer_.reset();
    state_ = {};
}

inline void klippy_process::request_restart(restart_kind kind) {
    if (exit_) return;
    exit_ = kind;
    // What else is due at this moment still runs: the answer to the request gets out.
    reactor_.call_at(reactor_.now(), [this] { reactor_.call_at(reactor_.now(), [this] { reactor_.stop(); }); });
}

inline task<gcode_answer> klippy_process::restart_command(restart_kind kind) {
    if (printer_->gcode.ready) {
        toolhead& head = printer_->head;
        (void)head.queue.last_move_time();
        co_await head.motors_off();
        co_await head.queue.dwell(0.500);
        co_await head.queue.wait_moves();
    }
    request_restart(kind);
    co_return gcode_answer{};
}

inline void klippy_process::end_run() {
    connections_.output("// Klipper state: Disconnect");
    const restart_kind kind = *std::exchange(exit_, std::nullopt);
    if (printer_) printer_->head.stop_carriage(0);
    if (kind == restart_kind::firmware && mcu_ == mcu_condition::shut_down) mcu_ = mcu_condition::alive;
    forget_run();
    reactor_.call_at(reactor_.now() + listens_after_exit, [this] { begin_life(); });
}

// --- connections

inline std::optional<int> klippy_process::connect() {
    if (!listening_) return std::nullopt;
    return connections_.open();
}

inline void klippy_process::hang_up(int c) {
    if (endpoints_) endpoints_->drop(c);
    connections_.close(c);
}

inline void klippy_process::receive(int c, std::string_view bytes) {
    if (frozen_until_) return; // nobody reads any more
    for (auto& frame : connections_.receive(c, bytes)) {
        if (const seconds busy = detail::reading_time(frame.size()); busy > 0.001) reactor_.stall(busy);
        reactor_.call_at(reactor_.now(), [this, c, f = std::move(frame)] { endpoints_->handle(c, f); });
    }
}

} // namespace kf::sim
