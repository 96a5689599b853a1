// SPDX-License-Identifier: MIT
#pragma once
/// The commands of the simulated printer that are no motion of planner/gcode_motion, no homing and no file job: motors,
/// endstops, words for people. Their texts are what a live klippy answers; Kalico has others for a motor that is not
/// there.

#include <kf/io/ascii.hpp>
#include <kf/sim/gcode_host.hpp>
#include <kf/sim/gcode_words.hpp>

#include <algorithm>
#include <cmath>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kf::sim {

class printer_commands {
  public:
    printer_commands(reactor& r, toolhead& t, gcode_host& g, const printer_config& c);

    /// What QUERY_ENDSTOPS saw, by their names.
    using endstop_states = std::vector<std::pair<std::string, bool>>;
    /// The last ones; none before the first time.
    [[nodiscard]] const endstop_states& endstops() const noexcept { return endstops_; }
    [[nodiscard]] const std::optional<std::string>& message() const noexcept { return message_; }
    [[nodiscard]] double progress() const noexcept { return progress_; }

    using endstop_answer = std::expected<endstop_states, std::string>;
    /// query_endstops/status: waits for the lock and for the machine to come to its planned end. A machine that is shut
    /// down does not answer.
    task<endstop_answer> query_endstops();

  private:
    void add_words(gcode_host& g);
    task<gcode_answer> motors(const planner::gcode_line&) {
        co_await toolhead_.motors_off();
        co_return gcode_answer{};
    }
    task<gcode_answer> report_endstops(const planner::gcode_line&);
    task<endstop_answer> look_at_endstops();
    task<gcode_answer> buzz(const planner::gcode_line& line);
    task<gcode_answer> force_move(const planner::gcode_line& line);
    task<gcode_answer> enable(const planner::gcode_line& line);
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
    endstop_states endstops_;
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
    add_words(g);
    g.add("M18", [this](const line& l) { return motors(l); });
    g.add("M84", [this](const line& l) { return motors(l); });
    g.add_simple("SET_GCODE_VARIABLE", [this](const line& l) { return set_variable(l); });
    g.add("SET_STEPPER_ENABLE", [this](const line& l) { return enable(l); });
    g.add("STEPPER_BUZZ", [this](const line& l) { return buzz(l); });
    if (c.has("force_move")) g.add("FORCE_MOVE", [this](const line& l) { return force_move(l); });
    g.add("QUERY_ENDSTOPS", [this](const line& l) { return report_endstops(l); });
    g.add("M119", [this](const line& l) { return report_endstops(l); });
}

/// [display_status] and [respond].
inline void printer_commands::add_words(gcode_host& g) {
    using line = planner::gcode_line;
    if (config_.has("respond")) {
        g.add_simple("M118", [this](const line& l) -> gcode_answer {
            gcode_.say("echo: " + rest_of(l, "M118"));
            return {};
        });
        g.add_simple("RESPOND", [this](const line& l) { return respond(l); });
    }
    if (!config_.has("display_status")) return;
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
    const seconds end = toolhead_.queue.last_move_time();
    if (toolhead_.queue.is_shut_down()) {
        co_await reactor_.sleep_until(reactor_.now() + 0.57);
        co_return std::unexpected(std::string("Unable to obtain 'endstop_state' response"));
    }
    while (!toolhead_.queue.is_shut_down() && toolhead_.queue.clock() < end)
        co_await reactor_.sleep_until(reactor_.now() + std::max(1e-6, end - toolhead_.queue.clock()));
    endstops_.clear();
    for (const std::size_t i : config_.endstops())
        endstops_.emplace_back(config_.motors[i].endstop_name(), toolhead_.is_triggered(config_.motors[i]));
    co_return endstops_;
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
    for (const auto& [name, triggered] : *seen)
        text += fmt::format("{}{}:{}", text.empty() ? "" : " ", name, triggered ? "TRIGGERED" : "open");
    gcode_.say(text);
    co_return gcode_answer{};
}

inline task<gcode_answer> printer_commands::enable(const planner::gcode_line& line) {
    const gcode_words words(line);
    std::optional<std::string> name;
    if (auto a = words.take("STEPPER", name); !a) co_return a;
    if (config_.program == host_program::kalico && (!name || config_.motor_of(*name) == nullptr)) {
        gcode_.inform(fmt::format("SET_STEPPER_ENABLE: Invalid stepper \"{}\"", name.value_or("None")));
        co_return gcode_answer{};
    }
    const auto which = stepper_of(words, config_);
    if (!which) co_return std::unexpected(which.error());
    std::optional<int> on;
    if (auto a = words.take("ENABLE", on); !a) co_return a;
    (void)co_await toolhead_.set_enabled(*which, on.value_or(1) != 0);
    co_return gcode_answer{};
}

inline task<gcode_answer> printer_commands::force_move(const planner::gcode_line& line) {
    const gcode_words words(line);
    const auto which = stepper_of(words, config_);
    if (!which) co_return std::unexpected(which.error());
    std::optional<double> distance, speed, accel;
    if (auto a = words.demand("DISTANCE", distance); !a) co_return a;
    if (auto a = words.demand("VELOCITY", speed, gcode_words::above_zero); !a) co_return a;
    if (auto a = words.take("ACCEL", accel, gcode_words::not_below_zero); !a) co_return a;
    co_await toolhead_.force_move(*which, *distance, *speed, accel.value_or(0));
    co_return gcode_answer{};
}

/// Ten short moves to and fro of one motor; the position is the same afterwards, and so is its hold.
inline task<gcode_answer> printer_commands::buzz(const planner::gcode_line& line) {
    const gcode_words words(line);
    const auto which = stepper_of(words, config_);
    if (!which) co_return std::unexpected(which.error());
    const bool was_off = co_await toolhead_.set_enabled(*which, true);
    constexpr mm way = 1;
    for (int i = 0; i < 10; ++i) {
        co_await toolhead_.force_move(*which, way, way / 0.250);
        co_await toolhead_.queue.dwell(0.050);
        co_await toolhead_.force_move(*which, -way, way / 0.250);
        co_await toolhead_.queue.dwell(0.450);
    }
    if (was_off) (void)co_await toolhead_.set_enabled(*which, false);
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
    std::string counts, places;
    for (const motor_config& m : config_.motors) {
        if (m.is_manual()) continue;
        const std::size_t axis = axis_of(*m.drives());
        counts += fmt::format(" {}:{}", m.section, m.steps_of(along(way, axis)));
        places += fmt::format(" {}:{:.6f}", m.section, along(p, axis));
    }
    // Without axes there is no place but the one of G-code.
    const planner::xyz k = config_.is_cartesian ? p : planner::xyz{};
    gcode_.inform(fmt::format("mcu:{}\n"
                              "stepper:{}\n"
                              "kinematic: X:{:.6f} Y:{:.6f} Z:{:.6f}\n"
                              "toolhead: X:{:.6f} Y:{:.6f} Z:{:.6f} E:0.000000\n"
                              "gcode: X:{:.6f} Y:{:.6f} Z:{:.6f} E:{:.6f}\n"
                              "gcode base: X:{:.6f} Y:{:.6f} Z:{:.6f} E:{:.6f}\n"
                              "gcode homing: X:{:.6f} Y:{:.6f} Z:{:.6f}",
                              counts, places, k.x, k.y, k.z, p.x, p.y, p.z, s.last[0], s.last[1], s.last[2], s.last[3],
                              s.base[0], s.base[1], s.base[2], s.base[3], s.homing[0], s.homing[1], s.homing[2]));
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
    if (gcode_.variables(macro) == nullptr) {
        std::vector<std::string> names;
        for (const macro_config& m : config_.macros) names.push_back(m.name);
        return refuse(not_valid_for("MACRO", macro, names, config_.program));
    }
    if (!gcode_.set_variable(macro, name, std::string(*words->find("VALUE"))))
        return refuse(fmt::format("Unknown gcode_macro variable '{}'", name));
    return {};
}

} // namespace kf::sim
