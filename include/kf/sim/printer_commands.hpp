// SPDX-License-Identifier: MIT
#pragma once
/// The commands of the simulated printer that are no motion of planner/gcode_motion, no homing and no file job: motors,
/// endstops, words for people. Their texts are what a live klippy answers.

#include <kf/io/ascii.hpp>
#include <kf/sim/gcode_host.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace kf::sim {

class printer_commands {
  public:
    printer_commands(reactor& r, toolhead& t, gcode_host& g, const printer_config& c);

    /// What QUERY_ENDSTOPS saw last; nothing before the first time.
    [[nodiscard]] const std::optional<std::array<bool, 3>>& endstops() const noexcept { return endstops_; }
    [[nodiscard]] const std::optional<std::string>& message() const noexcept { return message_; }
    [[nodiscard]] double progress() const noexcept { return progress_; }

    using endstop_answer = std::expected<std::array<bool, 3>, std::string>;
    /// query_endstops/status: waits for the lock and for the machine to come to its planned end. A machine that is shut
    /// down does not answer.
    task<endstop_answer> query_endstops();

  private:
    task<gcode_answer> motors(const planner::gcode_line&) {
        co_await toolhead_.motors_off();
        co_return gcode_answer{};
    }
    task<gcode_answer> report_endstops(const planner::gcode_line&);
    task<endstop_answer> look_at_endstops();
    task<gcode_answer> buzz(const planner::gcode_line& line);
    task<gcode_answer> force_move(const planner::gcode_line& line);
    /// The motor that STEPPER= names, or the reason why not.
    [[nodiscard]] static std::expected<motor, gcode_error> stepper_of(const planner::gcode_line& line,
                                                                      const planner::named_words& words);
    gcode_answer where(const planner::gcode_line&);
    gcode_answer positions(const planner::gcode_line&);
    gcode_answer respond(const planner::gcode_line& line);
    gcode_answer set_variable(const planner::gcode_line& line);
    /// What stands behind the command, as it was written.
    [[nodiscard]] static std::string rest_of(const planner::gcode_line& line, std::string_view command);

    reactor& reactor_;
    toolhead& toolhead_;
    gcode_host& gcode_;
    const printer_config& config_;
    std::optional<std::array<bool, 3>> endstops_;
    std::optional<std::string> message_;
    double progress_ = 0;
};

inline printer_commands::printer_commands(reactor& r, toolhead& t, gcode_host& g, const printer_config& c)
  : reactor_(r)
  , toolhead_(t)
  , gcode_(g)
  , config_(c) {
    using line = planner::gcode_line;
    constexpr auto always = gcode_host::available::always;
    const auto nothing = [](const line&) -> gcode_answer { return {}; };
    g.add_simple("M110", nothing, always);
    g.add_simple(
        "M115",
        [this](const line&) -> gcode_answer {
            gcode_.inform("FIRMWARE_NAME:Klipper FIRMWARE_VERSION:simulated");
            return {};
        },
        always);
    g.add_simple(
        "ECHO",
        [this](const line& l) -> gcode_answer {
            gcode_.inform(l.text());
            return {};
        },
        always);
    g.add_simple(
        "STATUS",
        [this](const line&) -> gcode_answer {
            if (!gcode_.ready) {
                std::string text = gcode_.state_message();
                while (!text.empty() && io::is_blank(text.back())) text.pop_back();
                return refuse(text + "\nKlipper state: Not ready");
            }
            gcode_.inform("Klipper state: Ready");
            return {};
        },
        always);
    g.add_simple(
        "HELP",
        [this](const line&) -> gcode_answer {
            std::string text = "Available extended commands:";
            for (const auto& name : gcode_.names())
                if (name.size() > 4) text += "\n" + name;
            gcode_.inform(text);
            return {};
        },
        always);
    for (const char* quiet :
         {"SAVE_CONFIG", "MANUAL_PROBE", "Z_ENDSTOP_CALIBRATE", "Z_OFFSET_APPLY_ENDSTOP", "TUNING_TOWER"})
        g.add_simple(quiet, nothing);
    g.add_simple("M114", [this](const line& l) { return where(l); });
    g.add_simple("GET_POSITION", [this](const line& l) { return positions(l); });
    g.add_simple("M117", [this](const line& l) -> gcode_answer {
        const std::string text = rest_of(l, "M117");
        message_ = text.empty() ? std::nullopt : std::optional(text);
        return {};
    });
    g.add_simple("SET_DISPLAY_TEXT", [this](const line& l) -> gcode_answer {
        const auto words = l.extended();
        if (!words) return refuse(fmt::format("Malformed command '{}'", l.text()));
        const auto text = words->find("MSG");
        message_ = text ? std::optional(std::string(*text)) : std::nullopt;
        return {};
    });
    g.add_simple("M73", [this](const line& l) -> gcode_answer {
        double p = 0;
        if (l.read('P', p) == planner::word::number) progress_ = std::min(1.0, std::max(0.0, p / 100.0));
        return {};
    });
    g.add_simple("M118", [this](const line& l) -> gcode_answer {
        gcode_.say("echo: " + rest_of(l, "M118"));
        return {};
    });
    g.add_simple("RESPOND", [this](const line& l) { return respond(l); });
    g.add_simple("SET_GCODE_VARIABLE", [this](const line& l) { return set_variable(l); });
    g.add("M18", [this](const line& l) { return motors(l); });
    g.add("M84", [this](const line& l) { return motors(l); });
    g.add_simple("SET_STEPPER_ENABLE", [this](const line& l) -> gcode_answer {
        const auto words = l.extended();
        if (!words) return refuse(fmt::format("Malformed command '{}'", l.text()));
        const bool on = words->find("ENABLE").value_or("1") != "0";
        for (std::size_t i = 0; i < 3; ++i)
            if (words->find("STEPPER").value_or("").starts_with(axis_steppers[i])) toolhead_.set_enabled(i, on);
        return {};
    });
    g.add("STEPPER_BUZZ", [this](const line& l) { return buzz(l); });
    g.add("FORCE_MOVE", [this](const line& l) { return force_move(l); });
    g.add("QUERY_ENDSTOPS", [this](const line& l) { return report_endstops(l); });
    g.add("M119", [this](const line& l) { return report_endstops(l); });
}

inline std::string printer_commands::rest_of(const planner::gcode_line& line, std::string_view command) {
    const std::string_view text = line.text();
    for (std::size_t at = 0; at + command.size() <= text.size(); ++at) {
        bool same = true;
        for (std::size_t i = 0; i < command.size(); ++i) same = same && io::to_upper(text[at + i]) == command[i];
        if (same) return std::string(io::trim(text.substr(at + command.size())));
    }
    return {};
}

inline task<printer_commands::endstop_answer> printer_commands::look_at_endstops() {
    const seconds end = toolhead_.last_move_time();
    if (toolhead_.is_shut_down()) {
        co_await reactor_.sleep_until(reactor_.now() + 0.57);
        co_return std::unexpected(std::string("Unable to obtain 'endstop_state' response"));
    }
    while (!toolhead_.is_shut_down() && toolhead_.clock() < end)
        co_await reactor_.sleep_until(reactor_.now() + std::max(1e-6, end - toolhead_.clock()));
    endstops_ = {toolhead_.is_triggered(0), toolhead_.is_triggered(1), toolhead_.is_triggered(2)};
    co_return *endstops_;
}

inline task<printer_commands::endstop_answer> printer_commands::query_endstops() {
    co_await gcode_.mutex().lock();
    const auto seen = co_await look_at_endstops();
    gcode_.mutex().unlock();
    co_return seen;
}

inline task<gcode_answer> printer_commands::report_endstops(const planner::gcode_line&) {
    const auto seen = co_await look_at_endstops();
    if (!seen) co_return refuse(seen.error());
    std::string text;
    for (std::size_t i = 0; i < 3; ++i)
        text += fmt::format("{}{}:{}", i == 0 ? "" : " ", axis_steppers[i], (*seen)[i] ? "TRIGGERED" : "open");
    gcode_.say(text);
    co_return gcode_answer{};
}

inline std::expected<motor, gcode_error> printer_commands::stepper_of(const planner::gcode_line& line,
                                                                      const planner::named_words& words) {
    const auto name = words.find("STEPPER");
    if (!name) return refuse(fmt::format("Error on '{}': missing STEPPER", line.text()));
    for (std::size_t i = 0; i < detail::steppers.size(); ++i)
        if (*name == detail::steppers[i].name) return static_cast<motor>(i);
    return refuse(fmt::format("Unknown stepper {}", *name));
}

inline task<gcode_answer> printer_commands::force_move(const planner::gcode_line& line) {
    const auto words = line.extended();
    if (!words) co_return refuse(fmt::format("Malformed command '{}'", line.text()));
    const auto which = stepper_of(line, *words);
    if (!which) co_return std::unexpected(which.error());
    double distance = 0;
    double speed = 0;
    for (const auto& [name, value] : {std::pair("DISTANCE", &distance), std::pair("VELOCITY", &speed)}) {
        const auto text = words->find(name);
        if (!text) co_return refuse(fmt::format("Error on '{}': missing {}", line.text(), name));
        if (planner::read_number(*text, *value) != planner::word::number)
            co_return refuse(fmt::format("Error on '{}': unable to parse {}", line.text(), *text));
    }
    if (speed <= 0) co_return refuse(fmt::format("Error on '{}': VELOCITY must be above 0.0", line.text()));
    co_await toolhead_.force_move(*which, distance, speed);
    co_return gcode_answer{};
}

/// Ten short moves to and fro of one motor; the position is the same afterwards.
inline task<gcode_answer> printer_commands::buzz(const planner::gcode_line& line) {
    const auto words = line.extended();
    if (!words) co_return refuse(fmt::format("Malformed command '{}'", line.text()));
    if (const auto which = stepper_of(line, *words); !which) co_return std::unexpected(which.error());
    for (int i = 0; i < 10; ++i) {
        co_await toolhead_.dwell(0.250 + 0.050);
        co_await toolhead_.dwell(0.250 + 0.450);
    }
    co_return gcode_answer{};
}

inline gcode_answer printer_commands::where(const planner::gcode_line&) {
    const auto& s = toolhead_.motion().state();
    gcode_.say(fmt::format("X:{:.3f} Y:{:.3f} Z:{:.3f} E:{:.3f}", s.last[0] - s.base[0], s.last[1] - s.base[1],
                           s.last[2] - s.base[2], (s.last[3] - s.base[3]) / s.extrude_factor));
    return {};
}

inline gcode_answer printer_commands::positions(const planner::gcode_line&) {
    const auto& s = toolhead_.motion().state();
    const planner::xyz& p = toolhead_.position();
    const planner::xyz way = toolhead_.counted();
    const auto steps = [this](std::size_t axis, mm of) { return config_.axes[axis].steps_of(of); };
    gcode_.inform(fmt::format("mcu: stepper_x:{} stepper_x1:{} stepper_y:{} stepper_z:{}\n"
                              "stepper: stepper_x:{:.6f} stepper_x1:{:.6f} stepper_y:{:.6f} stepper_z:{:.6f}\n"
                              "kinematic: X:{:.6f} Y:{:.6f} Z:{:.6f}\n"
                              "toolhead: X:{:.6f} Y:{:.6f} Z:{:.6f} E:0.000000\n"
                              "gcode: X:{:.6f} Y:{:.6f} Z:{:.6f} E:{:.6f}\n"
                              "gcode base: X:{:.6f} Y:{:.6f} Z:{:.6f} E:{:.6f}\n"
                              "gcode homing: X:{:.6f} Y:{:.6f} Z:{:.6f}",
                              steps(0, way.x), steps(0, way.x), steps(1, way.y), steps(2, way.z), p.x, p.x, p.y, p.z,
                              p.x, p.y, p.z, p.x, p.y, p.z, s.last[0], s.last[1], s.last[2], s.last[3], s.base[0],
                              s.base[1], s.base[2], s.base[3], s.homing[0], s.homing[1], s.homing[2]));
    return {};
}

inline gcode_answer printer_commands::respond(const planner::gcode_line& line) {
    const auto words = line.extended();
    if (!words) return refuse(fmt::format("Malformed command '{}'", line.text()));
    std::string prefix = "echo:";
    if (const auto type = words->find("TYPE")) {
        const std::string kind = io::to_lower(*type);
        if (kind == "error")
            prefix = "!!";
        else if (kind == "command")
            prefix = "//";
        else if (kind != "echo")
            return refuse(
                fmt::format("RESPOND TYPE '{}' is invalid. Must be one of 'echo', 'command', or 'error'", kind));
    }
    if (const auto own = words->find("PREFIX")) prefix = std::string(*own);
    gcode_.say(fmt::format("{} {}", prefix, words->find("MSG").value_or("")));
    return {};
}

inline gcode_answer printer_commands::set_variable(const planner::gcode_line& line) {
    const auto words = line.extended();
    if (!words) return refuse(fmt::format("Malformed command '{}'", line.text()));
    for (const char* needed : {"MACRO", "VARIABLE", "VALUE"})
        if (!words->find(needed)) return refuse(fmt::format("Error on '{}': missing {}", line.text(), needed));
    const std::string macro(*words->find("MACRO"));
    const std::string name(*words->find("VARIABLE"));
    if (gcode_.variables(macro) == nullptr) return refuse(fmt::format("The value '{}' is not valid for MACRO", macro));
    if (!gcode_.set_variable(macro, name, std::string(*words->find("VALUE"))))
        return refuse(fmt::format("Unknown gcode_macro variable '{}'", name));
    return {};
}

} // namespace kf::sim
