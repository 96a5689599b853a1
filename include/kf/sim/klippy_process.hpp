// SPDX-License-Identifier: MIT
#pragma once
/// A simulated klippy, sans I/O: connections are byte buffers, time is told from outside. Its life is klippy's: nobody
/// listens, it listens and starts up, is ready, shuts down or ends in an error, restarts with an end of all
/// connections, loses its micro-controller and notices late, dies. sim/klippy_server.hpp puts it behind a socket; tests
/// replay recordings of the real one against it. Spec: https://www.klipper3d.org/API_Server.html and the recordings.

#include <kf/klippy/rpc.hpp>
#include <kf/sim/api_text.hpp>
#include <kf/sim/printer_objects.hpp>
#include <kf/sim/status_feed.hpp>

#include <boost/json.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kf::sim {

/// The micro-controller as klippy can find it.
enum class mcu_condition : std::uint8_t { alive, absent, shut_down };

class klippy_process {
  public:
    /// What a client should see instead of what is: {"print_stats": {"state": "printing"}}, merged into the objects. An
    /// empty object leaves nothing of it, null changes nothing.
    using overrides = std::function<boost::json::object()>;

    explicit klippy_process(printer_config c)
      : config_(std::move(c)) {
        gantry_.carriage = config_.carriage;
        feed_ = std::make_unique<status_feed>(reactor_, look());
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
    [[nodiscard]] std::string take_output(int connection);
    [[nodiscard]] bool is_open(int connection) const { return connections_.contains(connection); }
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
    void set_overrides(overrides f) { overrides_ = std::move(f); }
    void set_endstop_fault(std::size_t axis, endstop_fault f) { gantry_.faults[axis] = f; }

    [[nodiscard]] const printer_state& state() const noexcept { return state_; }
    [[nodiscard]] const printer_config& config() const noexcept { return config_; }
    [[nodiscard]] printer_config& config() noexcept { return config_; } ///< takes effect with the next start
    [[nodiscard]] gantry& machine() noexcept { return gantry_; }
    /// The parts of this run; nothing while klippy is down.
    [[nodiscard]] printer_objects* printer() noexcept { return printer_.get(); }

  private:
    struct peer {
        std::string in;
        std::string out;
        std::optional<boost::json::object> output_template;
    };
    using object = boost::json::object;
    enum class restart_kind : std::uint8_t { host, firmware };

    static constexpr seconds listens_after_exit = 1.03;
    static constexpr seconds ready_after_listening = 0.63;
    static constexpr seconds loss_noticed_after = 4.57;
    static constexpr seconds gives_up_after = 90;

    [[nodiscard]] status_feed::source look();
    void begin_life();
    void try_to_connect(seconds since);
    void become_ready();
    void stop_with_error(std::string message);
    void request_restart(restart_kind kind);
    void end_run();
    void close_all();
    task<gcode_answer> restart_command(restart_kind kind);

    void output(const std::string& text);
    void handle(int connection, std::string_view frame);
    void dispatch(int connection, const std::string& method, const object& params, const boost::json::value* id);
    void respond(int connection, const std::optional<boost::json::value>& id, boost::json::value result);
    void respond_error(int connection, const std::optional<boost::json::value>& id, std::string_view message);
    task<> run_script(int connection, std::optional<boost::json::value> id, std::string script);
    task<> answer_endstops(int connection, std::optional<boost::json::value> id);
    void dump_plan(int connection, object templ, seconds after);
    [[nodiscard]] object info() const;
    [[nodiscard]] boost::json::array endpoints() const;
    static object filled(const object& templ, object params) {
        object out = templ;
        out["params"] = std::move(params);
        return out;
    }
    void send(int connection, const object& message) {
        const auto it = connections_.find(connection);
        if (it != connections_.end()) it->second.out += api_message(message);
    }

    printer_config config_;
    reactor reactor_;
    gantry gantry_;
    printer_state state_;
    std::unique_ptr<printer_objects> printer_;
    std::unique_ptr<status_feed> feed_;
    std::map<int, peer> connections_;
    std::map<int, peer> closing_; ///< closed by klippy, with last words nobody has read yet
    int last_connection_ = 0;
    bool listening_ = false;
    bool in_shutdown_ = false;
    mcu_condition mcu_ = mcu_condition::alive;
    std::string mcu_name_ = "mcu"; ///< the one whose condition that is
    std::optional<restart_kind> exit_;
    std::optional<seconds> frozen_until_;
    bool fail_next_restart_ = false;
    bool lost_ = false; ///< this run has no connection to its machine any more
    overrides overrides_ = [] { return object{}; };
};

namespace detail {

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

inline void merge(boost::json::object& into, const boost::json::object& from) {
    for (const auto& [key, value] : from) {
        auto* old = into.if_contains(key);
        if (old != nullptr && old->is_object() && value.is_object())
            merge(old->as_object(), value.as_object());
        else
            into[key] = value;
    }
}

} // namespace detail

inline status_feed::source klippy_process::look() {
    return [this](const std::string& name, seconds at) {
        object o = printer_ ? printer_->status(name, at) : object{};
        const object other = overrides_();
        if (const auto* mine = other.if_contains(name); mine != nullptr && mine->is_object())
            mine->as_object().empty() ? o.clear() : detail::merge(o, mine->as_object());
        return o;
    };
}

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
    feed_ = std::make_unique<status_feed>(reactor_, look());
    printer_ = std::make_unique<printer_objects>(reactor_, config_, gantry_, state_);
    printer_->gcode.on_output = [this](const std::string& text) { output(text); };
    printer_->gcode.on_crash = [this](const std::string& reason) { shut_down(reason); };
    auto& g = printer_->gcode;
    using line = job::gcode_line;
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
    if (!config_.config_error.empty()) {
        stop_with_error(config_.config_error + "\n\n" + detail::restart_advice);
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
    switch (mcu_) {
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
        if (mcu_ == mcu_condition::absent) return try_to_connect(since);
        reactor_.call_at(reactor_.now() + 3.3, [this, since] { try_to_connect(since); });
    });
}

inline void klippy_process::become_ready() {
    state_ = {"ready", detail::message_ready};
    printer_->gcode.ready = true;
    printer_->gcode.inform("Klipper state: Ready");
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
    if (printer_) printer_->head.stop_carriage(printer_->head.held_by_machine());
    if (mcu_ == mcu_condition::shut_down) mcu_ = mcu_condition::alive; // klippy resets it when it comes up again
    frozen_until_.reset();
    exit_.reset();
    close_all();
    reactor_.clear();
    printer_.reset();
    feed_ = std::make_unique<status_feed>(reactor_, look());
    state_ = {};
}

inline void klippy_process::close_all() {
    listening_ = false;
    connections_.clear();
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
        (void)head.last_move_time();
        co_await head.motors_off();
        co_await head.dwell(0.500);
        co_await head.wait_moves();
    }
    request_restart(kind);
    co_return gcode_answer{};
}

inline void klippy_process::end_run() {
    output("// Klipper state: Disconnect");
    const restart_kind kind = *std::exchange(exit_, std::nullopt);
    if (printer_) printer_->head.stop_carriage(0);
    if (kind == restart_kind::firmware && mcu_ == mcu_condition::shut_down) mcu_ = mcu_condition::alive;
    closing_ = std::exchange(connections_, {});
    listening_ = false;
    printer_.reset();
    reactor_.clear();
    feed_ = std::make_unique<status_feed>(reactor_, look());
    state_ = {};
    reactor_.call_at(reactor_.now() + listens_after_exit, [this] { begin_life(); });
}

// --- connections

inline std::optional<int> klippy_process::connect() {
    if (!listening_) return std::nullopt;
    connections_.emplace(++last_connection_, peer{});
    return last_connection_;
}

inline void klippy_process::hang_up(int c) {
    feed_->drop(c);
    connections_.erase(c);
}

inline std::string klippy_process::take_output(int c) {
    if (const auto it = connections_.find(c); it != connections_.end()) return std::exchange(it->second.out, {});
    if (const auto it = closing_.find(c); it != closing_.end()) {
        std::string last = std::move(it->second.out);
        closing_.erase(it);
        return last;
    }
    return {};
}

inline void klippy_process::receive(int c, std::string_view bytes) {
    if (frozen_until_) return; // nobody reads any more
    const auto it = connections_.find(c);
    if (it == connections_.end()) return;
    std::string& in = it->second.in;
    std::size_t seen = in.size(); // what was there before holds no end of a frame
    in += bytes;
    for (std::size_t end; (end = in.find('\x03', seen)) != std::string::npos; seen = 0) {
        const std::string frame = in.substr(0, end);
        in.erase(0, end + 1);
        if (const seconds busy = detail::reading_time(frame.size()); busy > 0.001) reactor_.stall(busy);
        reactor_.call_at(reactor_.now(), [this, c, frame] { handle(c, frame); });
    }
}

inline void klippy_process::output(const std::string& text) {
    for (auto& [c, connection] : connections_)
        if (connection.output_template) send(c, filled(*connection.output_template, {{"response", text}}));
}

/// Klippy drops what it cannot read, without a word.
inline void klippy_process::handle(int c, std::string_view frame) {
    if (!klippy::is_utf8(frame)) return;
    boost::system::error_code ec;
    const auto value = boost::json::parse(boost::json::string_view(frame.data(), frame.size()), ec);
    if (ec || !value.is_object()) return;
    const object& o = value.as_object();
    const auto* method = o.if_contains("method");
    if (method == nullptr || !method->is_string()) return;
    const auto* params = o.if_contains("params");
    if (params != nullptr && !params->is_object()) return;
    if (overrides_().contains("hang")) return;
    dispatch(c, std::string(method->as_string()), params == nullptr ? object{} : params->as_object(),
             o.if_contains("id"));
}

inline void klippy_process::respond(int c, const std::optional<boost::json::value>& id, boost::json::value result) {
    if (id) send(c, {{"id", *id}, {"result", std::move(result)}});
}

inline void klippy_process::respond_error(int c, const std::optional<boost::json::value>& id,
                                          std::string_view message) {
    if (id) send(c, {{"id", *id}, {"error", object{{"error", "WebRequestError"}, {"message", message}}}});
}

inline task<> klippy_process::run_script(int c, std::optional<boost::json::value> id, std::string script) {
    const gcode_answer a = co_await printer_->gcode.run_script(std::move(script));
    if (a)
        respond(c, id, object{});
    else
        respond_error(c, id, a.error().text);
}

inline task<> klippy_process::answer_endstops(int c, std::optional<boost::json::value> id) {
    const auto seen = co_await printer_->commands.query_endstops();
    if (!seen) {
        respond_error(c, id, seen.error());
        co_return;
    }
    object all;
    for (std::size_t i = 0; i < 3; ++i) all[axis_steppers[i]] = (*seen)[i] ? "TRIGGERED" : "open";
    respond(c, id, std::move(all));
}

inline boost::json::object klippy_process::info() const {
    return {{"state", state_.name},
            {"state_message", state_.message},
            {"hostname", "ksim"},
            {"klipper_path", "/home/pi/klipper"},
            {"python_path", "/usr/bin/python3"},
            {"process_id", 4242},
            {"user_id", 0},
            {"group_id", 0},
            {"log_file", "/home/pi/klippy.log"},
            {"config_file", "/home/pi/printer.cfg"},
            {"software_version", "simulated"},
            {"cpu_info", "simulated"}};
}

inline boost::json::array klippy_process::endpoints() const {
    boost::json::array all{"list_endpoints",
                           "info",
                           "emergency_stop",
                           "register_remote_method",
                           "gcode/help",
                           "gcode/script",
                           "gcode/restart",
                           "gcode/firmware_restart",
                           "gcode/subscribe_output",
                           "objects/list",
                           "objects/query",
                           "objects/subscribe",
                           "pause_resume/cancel",
                           "pause_resume/pause",
                           "pause_resume/resume",
                           "query_endstops/status",
                           "motion_report/dump_stepper"};
    if (state_.name != "startup") all.emplace_back("motion_report/dump_trapq");
    return all;
}

inline void klippy_process::dump_plan(int c, object templ, seconds after) {
    if (!is_open(c)) return;
    boost::json::array data = printer_->planned_since(after);
    if (!data.empty()) {
        after = data.back().at(0).as_double();
        send(c, filled(templ, {{"data", std::move(data)}}));
    }
    reactor_.call_at(reactor_.now() + 0.5, [this, c, templ = std::move(templ), after] { dump_plan(c, templ, after); });
}

inline void klippy_process::dispatch(int c, const std::string& method, const object& params,
                                     const boost::json::value* given) {
    std::optional<boost::json::value> id;
    if (given != nullptr && !given->is_null()) id = *given;
    const auto complain = [&](std::string_view text) { respond_error(c, id, text); };
    const auto known = endpoints();
    if (std::none_of(known.begin(), known.end(), [&](const auto& e) { return e.as_string() == method; }))
        return complain(fmt::format("webhooks: No registered callback for path '{}'", method));

    // An argument that is missing or of the wrong kind ends the request.
    enum class kind : std::uint8_t { text, fields };
    const auto argument = [&](const char* name, kind k) -> const boost::json::value* {
        const auto* v = params.if_contains(name);
        if (v == nullptr) {
            complain(fmt::format("Missing Argument [{}]", name));
            return nullptr;
        }
        if (k == kind::text ? v->is_string() : v->is_object()) return v;
        complain(fmt::format("Invalid Argument Type [{}]", name));
        return nullptr;
    };
    object templ;
    if (const auto* t = params.if_contains("response_template")) {
        if (!t->is_object()) return complain("Invalid Argument Type [response_template]");
        templ = t->as_object();
    }

    if (method == "info") return respond(c, id, info());
    if (method == "list_endpoints") return respond(c, id, object{{"endpoints", known}});
    if (method == "emergency_stop") {
        shut_down("Shutdown due to webhooks request");
        return respond(c, id, object{});
    }
    if (method == "register_remote_method") {
        if (argument("response_template", kind::fields) == nullptr || argument("remote_method", kind::text) == nullptr)
            return;
        return respond(c, id, object{});
    }
    if (method == "gcode/help") {
        object all;
        for (const auto& name : printer_->gcode.names(gcode_host::available::always))
            if (printer_objects::has_help(name)) all[name] = printer_objects::help;
        return respond(c, id, std::move(all));
    }
    if (method == "gcode/subscribe_output") {
        if (const auto it = connections_.find(c); it != connections_.end())
            it->second.output_template = std::move(templ);
        return respond(c, id, object{});
    }
    if (method == "objects/list") {
        boost::json::array all;
        for (const auto& n : printer_->names()) all.emplace_back(n);
        for (const auto& [name, unused] : overrides_())
            if (unused.is_object() && std::none_of(all.begin(), all.end(), [&](const auto& e) { return e == name; }))
                all.emplace_back(name);
        return respond(c, id, object{{"objects", std::move(all)}});
    }
    if (method == "objects/query" || method == "objects/subscribe") {
        const auto* objects = argument("objects", kind::fields);
        if (objects == nullptr) return;
        if (!status_feed::is_valid(objects->as_object())) return complain("Invalid argument");
        auto answer = [this, c, id](object result) { respond(c, id, std::move(result)); };
        if (method == "objects/query") return feed_->query(objects->as_object(), std::move(answer));
        return feed_->subscribe(c, objects->as_object(), std::move(answer),
                                [this, c, templ](object p) { send(c, filled(templ, std::move(p))); });
    }
    if (method == "query_endstops/status") return reactor_.spawn(answer_endstops(c, std::move(id)));
    if (method.starts_with("motion_report/")) {
        const auto* name = params.if_contains("name");
        if (name == nullptr) return complain("Missing Argument [name]");
        const bool plan = method == "motion_report/dump_trapq";
        bool exists = plan && *name == "toolhead";
        for (const auto& s : detail::steppers) exists = exists || (!plan && *name == s.name);
        if (!exists)
            return complain(fmt::format("The value '{}' is not valid for name", name->is_string()
                                                                                    ? std::string(name->as_string())
                                                                                    : boost::json::serialize(*name)));
        if (!plan) return respond(c, id, object{{"header", boost::json::array{"interval", "count", "add"}}});
        respond(c, id,
                object{{"header", boost::json::array{"time", "duration", "start_velocity", "acceleration",
                                                     "start_position", "direction"}}});
        reactor_.call_at(reactor_.now() + 0.5, [this, c, templ] { dump_plan(c, templ, -1); });
        return;
    }
    std::string script;
    if (method == "gcode/script") {
        const auto* text = argument("script", kind::text);
        if (text == nullptr) return;
        script = std::string(text->as_string());
    } else if (method == "gcode/restart") {
        script = "RESTART";
    } else if (method == "gcode/firmware_restart") {
        script = "FIRMWARE_RESTART";
    } else if (method == "pause_resume/pause") {
        script = "PAUSE";
    } else if (method == "pause_resume/resume") {
        script = "RESUME";
    } else {
        script = "CANCEL_PRINT";
    }
    reactor_.spawn(run_script(c, std::move(id), std::move(script)));
}

} // namespace kf::sim
