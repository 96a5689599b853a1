// SPDX-License-Identifier: MIT
#pragma once
/// Who stands before the simulated machine: sees which motors are held and what they did since the last look, sees the
/// switches, and presses them. Klippy knows nothing of it; a test and a rehearsal ask it what a person would see.

#include <kf/io/decimal.hpp>
#include <kf/io/json_fields.hpp>
#include <kf/sim/printer_objects.hpp>

#include <boost/json.hpp>

#include <fmt/format.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kf::sim {

inline constexpr std::string_view look_endpoint = "ksim/look", press_endpoint = "ksim/press",
                                  release_endpoint = "ksim/release";

/// {"motors": {"x": {"held": true, "hummed": false, "up": 1, "down": 1, "first": "up"}}, "switches": {"x": "free"}}. Of
/// the motors that printer.cfg has; `up` and `down` in turns of the motor, since the last look. Then they are
/// forgotten.
[[nodiscard]] inline boost::json::object look_at(printer_objects& printer) {
    namespace json = boost::json;
    json::object motors, switches;
    gantry& machine = printer.head.machine();
    printer.head.draw();
    for (std::size_t i = 0; i < printer.config.motors.size(); ++i) {
        const motor_config& c = printer.config.motors[i];
        const auto which = c.drives();
        if (!which) continue;
        const motor_motion did = std::exchange(machine.seen[index_of(*which)], {});
        const double turn = c.rotation_distance / machine.built.turns_a_turn;
        json::object o{{"held", machine.wires.is_on(c, printer.head.is_enabled(i))},
                       {"hummed", did.hummed},
                       {"up", did.up / turn},
                       {"down", did.down / turn}};
        if (did.up + did.down > 0) o["first"] = did.first_up ? "up" : "down";
        motors[motor_names[index_of(*which)]] = std::move(o);
        switches[motor_names[index_of(*which)]] = machine.is_pressed(*which, printer.config) ? "pressed" : "free";
    }
    return {{"motors", std::move(motors)}, {"switches", std::move(switches)}};
}

/// For a person: a line a motor and a line a switch.
[[nodiscard]] inline std::vector<std::string> look_lines(const boost::json::object& seen) {
    namespace json = boost::json;
    std::vector<std::string> out;
    for (const auto& [name, value] : io::object_at(seen, "motors")) {
        const json::object& m = io::as_object(value);
        const auto turns = [&](const char* way) { return io::value_at<double>(m, way).value_or(0); };
        std::string did;
        if (io::value_at<bool>(m, "hummed").value_or(false)) did = ", hummed";
        for (const char* way : {"up", "down"})
            if (turns(way) > 0) did += fmt::format(", turned {} {} times", way, io::to_decimal(turns(way), 3));
        if (turns("up") > 0 && turns("down") > 0) did += fmt::format(", {} first", io::text_at(m, "first"));
        out.push_back(fmt::format("motor {}: {}{}", std::string_view(name),
                                  io::value_at<bool>(m, "held").value_or(false) ? "locked" : "free to turn", did));
    }
    for (const auto& row : io::object_at(seen, "switches"))
        out.push_back(
            fmt::format("switch {}: {}", std::string_view(row.key()), std::string_view(row.value().as_string())));
    return out;
}

} // namespace kf::sim
