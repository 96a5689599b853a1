// SPDX-License-Identifier: MIT
#pragma once
/// Klipper as a state machine in memory: both connections of a session, status, scripts with their answers. Of G-code
/// it knows where moves end; what else a script brings, a test says.

#include "../klippy/wire.hpp"
#include "../temporary_folder.hpp"

#include <kf/klippy/session.hpp>
#include <kf/machine/machine_file.hpp>
#include <kf/planner/gcode_line.hpp>
#include <kf/run/pen_record.hpp>
#include <kf/run/preflight.hpp>
#include <kf/sink/recording.hpp>

#include <boost/json.hpp>

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace kf::test {

namespace json = boost::json;

/// What real Klipper answers for the gantry of the template, but for what no test looks at.
inline constexpr const char* status_text = R"({
 "webhooks": {"state": "ready", "state_message": "Printer is ready"},
 "toolhead": {"homed_axes": "xyz", "position": [0.0, 0.0, 10.0, 0.0], "max_velocity": 200.0, "max_accel": 3000.0,
              "square_corner_velocity": 5.0, "minimum_cruise_ratio": 0.5},
 "motion_report": {"live_position": [0.0, 0.0, 10.0, 0.0], "live_velocity": 0.0},
 "gcode_move": {"speed_factor": 1.0, "absolute_coordinates": true, "homing_origin": [0.0, 0.0, 0.0, 0.0],
                "position": [0.0, 0.0, 10.0, 0.0], "gcode_position": [0.0, 0.0, 10.0, 0.0]},
 "virtual_sdcard": {"file_path": null, "progress": 0.0, "is_active": false, "file_position": 0, "file_size": 0},
 "print_stats": {"state": "standby", "filename": "", "message": "", "total_duration": 0.0},
 "pause_resume": {"is_paused": false},
 "idle_timeout": {"state": "Ready", "idle_timeout": 600.0},
 "configfile": {"settings": {
   "printer": {"kinematics": "cartesian", "max_velocity": 200.0, "max_accel": 3000.0, "max_z_velocity": 50.0,
               "max_z_accel": 1000.0, "square_corner_velocity": 5.0, "minimum_cruise_ratio": 0.5},
   "stepper_x": {"endstop_pin": "^PG9", "position_endstop": 0.0, "position_min": 0.0, "position_max": 250.0,
                 "rotation_distance": 32.0, "microsteps": 4, "full_steps_per_rotation": 400, "gear_ratio": []},
   "stepper_x1": {"rotation_distance": 32.0, "microsteps": 4, "full_steps_per_rotation": 400, "gear_ratio": []},
   "stepper_y": {"endstop_pin": "^PG6", "position_endstop": 0.0, "position_min": 0.0, "position_max": 350.0,
                 "rotation_distance": 32.0, "microsteps": 4, "full_steps_per_rotation": 400, "gear_ratio": []},
   "stepper_z": {"position_min": -5.0, "position_max": 40.0,
                 "rotation_distance": 8.0, "microsteps": 16, "full_steps_per_rotation": 200, "gear_ratio": []},
   "force_move": {"enable_force_move": true},
   "idle_timeout": {"timeout": 600.0},
   "virtual_sdcard": {"path": "/home/pi/gcodes", "on_error_gcode": "\nG90\nG1 Z10 F2400\n"},
   "pause_resume": {"recover_velocity": 50.0},
   "gcode_macro cancel_print": {"rename_existing": "BASE_CANCEL_PRINT", "gcode": "\nBASE_CANCEL_PRINT"}}}})";

inline const std::vector<std::string> live_objects{"gcode",
                                                   "webhooks",
                                                   "configfile",
                                                   "toolhead",
                                                   "print_stats",
                                                   "virtual_sdcard",
                                                   "gcode_move",
                                                   "motion_report",
                                                   "pause_resume",
                                                   "idle_timeout",
                                                   "gcode_macro CANCEL_PRINT"};

[[nodiscard]] inline json::object ready_status() { return json::parse(status_text).as_object(); }

struct fake_printer {
    manual_clock clock;
    json::object status = ready_status();
    std::vector<std::string> objects = live_objects;
    std::vector<std::string> scripts = {};
    /// What becomes of a script; by default it succeeds after `script_time`.
    std::function<void(peer&, const json::object& request, const std::string& script)> on_script = nullptr;
    std::function<void(peer&)> on_connect = nullptr;
    io::duration script_time = std::chrono::milliseconds(300);
    std::vector<std::shared_ptr<peer>> peers = {};

    bool drives = true; ///< moves end where scripts say

    /// Where the machine stands, and what Klipper adds to coordinates of G-code.
    void stand_at(double x, double y, double z, std::array<double, 3> base = {}) {
        status["toolhead"].as_object()["position"] = json::array{x, y, z, 0.0};
        status["gcode_move"].as_object()["position"] = json::array{x, y, z, 0.0};
        status["gcode_move"].as_object()["gcode_position"] = json::array{x - base[0], y - base[1], z - base[2], 0.0};
    }
    void drive(const std::string& script) {
        const auto read = [this](const char* object, const char* key, std::size_t i) {
            return status[object].as_object()[key].as_array()[i].to_number<double>();
        };
        std::array<double, 3> at{}, base{};
        for (std::size_t i = 0; i < 3; ++i) {
            at[i] = read("toolhead", "position", i);
            base[i] = read("gcode_move", "position", i) - read("gcode_move", "gcode_position", i);
        }
        for (std::size_t from = 0; from < script.size();) {
            const auto end = std::min(script.find('\n', from), script.size());
            const planner::gcode_line line(std::string_view(script).substr(from, end - from));
            from = end + 1;
            if (line.letter() != 'G' || (line.number() != 0 && line.number() != 1)) continue;
            for (std::size_t i = 0; i < 3; ++i)
                if (double v = 0; line.read("XYZ"[i], v) == planner::word::number) at[i] = v + base[i];
        }
        stand_at(at[0], at[1], at[2], base);
    }

    [[nodiscard]] std::string state_text() const { return status.at("webhooks").at("state").as_string().c_str(); }
    [[nodiscard]] json::object wanted(const json::object& request) const {
        json::object out;
        for (const auto& [name, fields] : request.at("params").at("objects").as_object()) {
            const auto* object = status.if_contains(name);
            json::object some;
            if (object != nullptr && fields.is_array())
                for (const auto& f : fields.get_array())
                    if (const auto* v = object->as_object().if_contains(f.as_string())) some[f.as_string()] = *v;
            out[name] = object == nullptr ? json::object{} : fields.is_array() ? some : object->as_object();
        }
        return {{"eventtime", 100 + clock.t()}, {"status", out}};
    }
    void serve(peer& p, const json::object& request) {
        const std::string method(request.at("method").as_string());
        if (method == "info") {
            p.answer(request, json::serialize(
                                  json::object{{"state", state_text()},
                                               {"state_message", status.at("webhooks").at("state_message").as_string()},
                                               {"process_id", 7}}));
        } else if (method == "objects/list") {
            json::array list(objects.begin(), objects.end());
            p.answer(request, json::serialize(json::object{{"objects", list}}));
        } else if (method == "objects/query" || method == "objects/subscribe") {
            p.answer(request, json::serialize(wanted(request)));
        } else if (method == "gcode/script") {
            const std::string script(request.at("params").at("script").as_string());
            scripts.push_back(script);
            if (drives) drive(script);
            if (on_script)
                on_script(p, request, script);
            else
                p.answer(request, "{}", script_time);
        } else if (method == "gcode/subscribe_output") {
            p.answer(request, "{}");
        } else
            p.refuse(request, "webhooks: No registered callback for path '" + method + "'");
    }
    [[nodiscard]] result<wire> connect() {
        auto p = std::make_shared<peer>(peer{clock});
        p->on_request = [this](peer& self, const json::object& request) { serve(self, request); };
        peers.push_back(p);
        if (on_connect) on_connect(*p);
        return wire(p);
    }
    /// A line on Klipper's terminal.
    static void print(peer& p, const std::string& line, io::duration after = 0ns) {
        p.say(json::serialize(json::object{{"kf", "output"}, {"params", json::object{{"response", line}}}}) + '\x03',
              after);
    }
    /// News on the connection with the subscription.
    void push(peer& p, json::object changed, io::duration after = 0ns) {
        const double at = 100 + clock.t() + std::chrono::duration<double>(after).count();
        p.say(json::serialize(json::object{
                  {"kf", "status"}, {"params", json::object{{"eventtime", at}, {"status", std::move(changed)}}}}) +
                  '\x03',
              after);
    }
    /// Klipper stops, and says so on the connection with the subscription.
    void shut_down(peer& p, const std::string& message) {
        status["webhooks"] = json::object{{"state", "shutdown"}, {"state_message", message}};
        p.say(json::serialize(json::object{
                  {"kf", "status"},
                  {"params", json::object{{"eventtime", 100 + clock.t()},
                                          {"status", json::object{{"webhooks", status.at("webhooks")}}}}}}) +
              '\x03');
    }
};

struct fake_connector {
    fake_printer* printer;
    [[nodiscard]] result<wire> operator()(io::time_point) const { return printer->connect(); }
};
using fake_session = klippy::session<fake_connector, manual_clock>;

/// A printer with a ready session on it, and all that a run needs.
struct stage {
    fake_printer printer;
    machine::machine machine = machine::sim_machine();
    temporary_folder folder;
    run::pen_record record{folder.path(), "/tmp/klippy_uds"};
    recording_sink out;
    fake_session k{fake_connector{&printer}, {}, printer.clock};

    void open() {
        k.keep_complaints();
        BOOST_REQUIRE(k.open(klippy::need::ready));
        BOOST_REQUIRE(k.subscribe(klippy::state_objects()));
    }
    [[nodiscard]] run::printer_facts facts() {
        auto f = run::read_facts(machine, printer.objects, printer.status);
        BOOST_REQUIRE_MESSAGE(f, f.error().what << ": " << f.error().cause);
        return *f;
    }
};

} // namespace kf::test
