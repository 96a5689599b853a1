// SPDX-License-Identifier: MIT
#pragma once
/// What klippy's API answers to each method, for one run of the simulated printer. Requests that klippy cannot read are
/// dropped without a word, as it does. Spec: https://www.klipper3d.org/API_Server.html and recordings of a live klippy.

#include <kf/klippy/rpc.hpp>
#include <kf/klippy/simulator_proof.hpp>
#include <kf/sim/api_connections.hpp>
#include <kf/sim/onlooker.hpp>
#include <kf/sim/printer_objects.hpp>
#include <kf/sim/status_feed.hpp>
#include <kf/sink/utf8.hpp>

#include <boost/json.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace kf::sim {

class api_endpoints {
  public:
    using object = boost::json::object;
    /// What a client should see instead of what is: {"print_stats": {"state": "printing"}}, merged into the objects. An
    /// empty object leaves nothing of it, null changes nothing; {"hang": true}: no answer to anything.
    using overrides = std::function<object()>;

    api_endpoints(reactor& r, api_connections& c, printer_objects& p, const overrides& o)
      : reactor_(r)
      , connections_(c)
      , printer_(p)
      , overrides_(o)
      , feed_(r, [this](const std::string& name, seconds at) { return look(name, at); }) {}
    api_endpoints(const api_endpoints&) = delete;
    api_endpoints& operator=(const api_endpoints&) = delete;

    std::function<void()> on_emergency_stop = [] {};

    void handle(int connection, std::string_view frame);
    /// The client is gone; what it asked for goes on.
    void drop(int connection) { feed_.drop(connection); }

  private:
    struct request {
        int from = 0;
        std::optional<boost::json::value> id;
        std::string method;
        object params;
        object response_template = {};
    };
    enum class kind : std::uint8_t { text, fields };

    void dispatch(request r);
    /// Null and an error to the client when it is missing or of the wrong kind.
    const boost::json::value* argument(const request& r, const char* name, kind k);
    void answer(const request& r, object result) { connections_.respond(r.from, r.id, std::move(result)); }
    void complain(const request& r, std::string_view text) { connections_.respond_error(r.from, r.id, text); }

    void by_hand(const request& r);
    void objects_list(const request& r);
    void objects_query(const request& r);
    void motion_report(const request& r);
    task<> run_script(request r, std::string script);
    task<> answer_endstops(request r);
    void dump_plan(int connection, object templ, seconds after);
    void dump_steps(int connection, object templ, const motor_config& motor, seconds after);
    [[nodiscard]] object look(const std::string& name, seconds at);
    [[nodiscard]] object info() const;
    [[nodiscard]] object help() const;
    [[nodiscard]] boost::json::array endpoints() const;

    reactor& reactor_;
    api_connections& connections_;
    printer_objects& printer_;
    const overrides& overrides_;
    status_feed feed_;
};

namespace detail {

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

inline boost::json::object api_endpoints::look(const std::string& name, seconds at) {
    object o = printer_.status(name, at);
    const object other = overrides_();
    if (const auto* mine = other.if_contains(name); mine != nullptr && mine->is_object())
        mine->as_object().empty() ? o.clear() : detail::merge(o, mine->as_object());
    return o;
}

inline void api_endpoints::handle(int c, std::string_view frame) {
    if (!is_utf8(frame)) return;
    boost::system::error_code ec;
    const auto value = boost::json::parse(boost::json::string_view(frame.data(), frame.size()), ec);
    if (ec || !value.is_object()) return;
    const object& o = value.as_object();
    const auto* method = o.if_contains("method");
    if (method == nullptr || !method->is_string()) return;
    const auto* params = o.if_contains("params");
    if (params != nullptr && !params->is_object()) return;
    if (overrides_().contains("hang")) return;
    request r{.from = c,
              .id = {},
              .method = std::string(method->as_string()),
              .params = params == nullptr ? object{} : params->as_object()};
    if (const auto* id = o.if_contains("id"); id != nullptr && !id->is_null()) r.id = *id;
    dispatch(std::move(r));
}

inline const boost::json::value* api_endpoints::argument(const request& r, const char* name, kind k) {
    const auto* v = r.params.if_contains(name);
    if (v == nullptr) {
        complain(r, fmt::format("Missing Argument [{}]", name));
        return nullptr;
    }
    if (k == kind::text ? v->is_string() : v->is_object()) return v;
    complain(r, fmt::format("Invalid Argument Type [{}]", name));
    return nullptr;
}

inline void api_endpoints::dispatch(request r) {
    const std::string& m = r.method;
    if (m.starts_with("ksim/")) return by_hand(r); // words that no klippy has, in no list of endpoints
    const auto known = endpoints();
    if (std::none_of(known.begin(), known.end(), [&](const auto& e) { return e.as_string() == m; }))
        return complain(r, fmt::format("webhooks: No registered callback for path '{}'", m));
    if (const auto* t = r.params.if_contains("response_template")) {
        if (!t->is_object()) return complain(r, "Invalid Argument Type [response_template]");
        r.response_template = t->as_object();
    }
    if (m == "info") return answer(r, info());
    if (m == "list_endpoints") return answer(r, {{"endpoints", known}});
    if (m == "emergency_stop") {
        on_emergency_stop();
        return answer(r, {});
    }
    if (m == "register_remote_method") {
        if (argument(r, "response_template", kind::fields) == nullptr) return;
        if (argument(r, "remote_method", kind::text) == nullptr) return;
        return answer(r, {});
    }
    if (m == "gcode/help") return answer(r, help());
    if (m == "gcode/subscribe_output") {
        connections_.subscribe_output(r.from, r.response_template);
        return answer(r, {});
    }
    if (m == "objects/list") return objects_list(r);
    if (m == "objects/query" || m == "objects/subscribe") return objects_query(r);
    if (m == "query_endstops/status") return reactor_.spawn(answer_endstops(std::move(r)));
    if (m.starts_with("motion_report/")) return motion_report(r);
    if (m == "gcode/script") {
        const auto* text = argument(r, "script", kind::text);
        if (text == nullptr) return;
        std::string script(text->as_string());
        return reactor_.spawn(run_script(std::move(r), std::move(script)));
    }
    const char* command = m == "gcode/restart"            ? "RESTART"
                          : m == "gcode/firmware_restart" ? "FIRMWARE_RESTART"
                          : m == "pause_resume/pause"     ? "PAUSE"
                          : m == "pause_resume/resume"    ? "RESUME"
                                                          : "CANCEL_PRINT";
    reactor_.spawn(run_script(std::move(r), command));
}

/// What a person does at the machine, and sees there.
inline void api_endpoints::by_hand(const request& r) {
    if (r.method == klippy::simulator_endpoint) {
        const auto* challenge = argument(r, "challenge", kind::text);
        if (challenge != nullptr) answer(r, {{"answer", klippy::simulator_answer(challenge->as_string())}});
        return;
    }
    if (r.method == look_endpoint) return answer(r, look_at(printer_));
    if (r.method != press_endpoint && r.method != release_endpoint)
        return complain(r, fmt::format("webhooks: No registered callback for path '{}'", r.method));
    const auto* name = argument(r, "switch", kind::text);
    if (name == nullptr) return;
    const auto which = find_motor(std::string_view(name->as_string()));
    if (!which) return complain(r, fmt::format("there is no switch {}", std::string_view(name->as_string())));
    printer_.head.machine().pressed[index_of(*which)] = r.method == press_endpoint;
    answer(r, {});
}

inline void api_endpoints::objects_list(const request& r) {
    boost::json::array all;
    for (const auto& n : printer_.names()) all.emplace_back(n);
    for (const auto& [name, o] : overrides_())
        if (o.is_object() && std::none_of(all.begin(), all.end(), [&](const auto& e) { return e == name; }))
            all.emplace_back(name);
    answer(r, {{"objects", std::move(all)}});
}

inline void api_endpoints::objects_query(const request& r) {
    const auto* objects = argument(r, "objects", kind::fields);
    if (objects == nullptr) return;
    if (!status_feed::is_valid(objects->as_object())) return complain(r, "Invalid argument");
    auto first = [this, c = r.from, id = r.id](object result) { connections_.respond(c, id, std::move(result)); };
    if (r.method == "objects/query") return feed_.query(objects->as_object(), std::move(first));
    feed_.subscribe(r.from, objects->as_object(), std::move(first),
                    [this, c = r.from, t = r.response_template](object p) { connections_.push(c, t, std::move(p)); });
}

inline void api_endpoints::motion_report(const request& r) {
    const auto* name = r.params.if_contains("name");
    if (name == nullptr) return complain(r, "Missing Argument [name]");
    const bool plan = r.method == "motion_report/dump_trapq";
    bool exists = plan && *name == "toolhead";
    for (const motor_config& m : printer_.config.motors)
        exists = exists || (!plan && *name == boost::json::string_view(m.section));
    if (!exists)
        return complain(r, fmt::format("The value '{}' is not valid for name", name->is_string()
                                                                                   ? std::string(name->as_string())
                                                                                   : boost::json::serialize(*name)));
    if (!plan) {
        answer(r, {{"header", boost::json::array{"interval", "count", "add"}}});
        const motor_config* motor = printer_.config.motor_of(std::string_view(name->as_string()));
        return dump_steps(r.from, r.response_template, *motor, printer_.head.queue.clock());
    }
    answer(r, {{"header", boost::json::array{"time", "duration", "start_velocity", "acceleration", "start_position",
                                             "direction"}}});
    reactor_.call_at(reactor_.now() + 0.5, [this, c = r.from, t = r.response_template] { dump_plan(c, t, -1); });
}

inline void api_endpoints::dump_plan(int c, object templ, seconds after) {
    if (!connections_.is_open(c)) return;
    boost::json::array data = printer_.planned_since(after);
    if (!data.empty()) {
        after = data.back().at(0).as_double();
        connections_.push(c, templ, {{"data", std::move(data)}});
    }
    reactor_.call_at(reactor_.now() + 0.5, [this, c, t = std::move(templ), after] { dump_plan(c, t, after); });
}

inline void api_endpoints::dump_steps(int c, object templ, const motor_config& motor, seconds after) {
    reactor_.call_at(reactor_.now() + 0.5, [this, c, t = std::move(templ), &motor, after]() mutable {
        if (!connections_.is_open(c)) return;
        if (auto steps = printer_.stepped_since(motor, after)) connections_.push(c, t, *std::move(steps));
        dump_steps(c, std::move(t), motor, after);
    });
}

inline task<> api_endpoints::run_script(request r, std::string script) {
    const gcode_answer a = co_await printer_.gcode.run_script(std::move(script));
    if (a)
        answer(r, {});
    else
        complain(r, a.error().text);
}

inline task<> api_endpoints::answer_endstops(request r) {
    const auto seen = co_await printer_.commands.query_endstops();
    if (!seen) {
        complain(r, seen.error());
        co_return;
    }
    object all;
    for (const auto& [name, triggered] : *seen) all[name] = triggered ? "TRIGGERED" : "open";
    answer(r, std::move(all));
}

inline boost::json::object api_endpoints::info() const {
    object o{{"state", printer_.state.name},
             {"state_message", printer_.state.message},
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
    if (printer_.config.program == host_program::kalico) o["app"] = "Kalico";
    return o;
}

inline boost::json::object api_endpoints::help() const {
    object all;
    for (const auto& name : printer_.gcode.names(gcode_host::available::always))
        if (printer_objects::has_help(name)) all[name] = printer_objects::help;
    return all;
}

inline boost::json::array api_endpoints::endpoints() const {
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
                           "objects/subscribe"};
    if (printer_.config.has("pause_resume"))
        for (const char* name : {"pause_resume/cancel", "pause_resume/pause", "pause_resume/resume"})
            all.emplace_back(name);
    for (const char* name : {"query_endstops/status", "motion_report/dump_stepper"}) all.emplace_back(name);
    if (printer_.state.name != "startup") all.emplace_back("motion_report/dump_trapq");
    return all;
}

} // namespace kf::sim
