// SPDX-License-Identifier: MIT
#pragma once
/// Where G-code meets the simulated printer: scripts run one after the other under a first-come lock, line by line,
/// and end at the first error; what is no motion goes to whoever registered the command. The quirks clients meet are
/// here: an unknown command is a remark, not an error; M400 ends at a shutdown as if all had gone well, and only the
/// next command tells.

#include <kf/io/ascii.hpp>
#include <kf/planner/gcode_line.hpp>
#include <kf/sim/macro_template.hpp>
#include <kf/sim/printer_config.hpp>
#include <kf/sim/reactor.hpp>
#include <kf/sim/toolhead.hpp>

#include <boost/json.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <expected>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kf::sim {

struct gcode_error {
    std::string text;       ///< what the request's error says
    std::string crash = {}; ///< not empty: klippy's own code broke, the printer shuts down with this as its reason
};
using gcode_answer = std::expected<void, gcode_error>;

[[nodiscard]] inline std::unexpected<gcode_error> refuse(std::string text) {
    return std::unexpected(gcode_error{std::move(text)});
}

class gcode_host {
  public:
    using command = std::function<task<gcode_answer>(const planner::gcode_line&)>;

    gcode_host(reactor& r, const printer_config& c, toolhead& t)
      : reactor_(r)
      , config_(c)
      , toolhead_(t)
      , mutex_(r) {
        for (const auto& m : c.macros)
            for (const auto& [name, value] : m.variables) variables_[m.name][io::to_lower(name)] = value;
    }

    std::function<void(const std::string&)> on_output = [](const std::string&) {};
    std::function<void(const std::string& reason)> on_crash = [](const std::string&) {};
    std::function<std::string()> state_message = [] { return std::string(); };
    /// A status object, for templates.
    std::function<boost::json::object(const std::string&)> status = [](const std::string&) {
        return boost::json::object();
    };
    bool ready = false;

    enum class available : std::uint8_t { when_ready, always };
    void add(std::string name, command c, available when = available::when_ready) {
        if (const auto m = config_.macro(name); m != nullptr && !m->renames.empty()) name = m->renames;
        commands_.insert_or_assign(std::move(name), std::pair(std::move(c), when));
    }
    /// For a command that is over at once.
    void add_simple(std::string name, std::function<gcode_answer(const planner::gcode_line&)> f,
                    available when = available::when_ready) {
        add(std::move(name), [f = std::move(f)](const planner::gcode_line& l) { return at_once(f(l)); }, when);
    }

    /// A script of its own: waits for its turn.
    task<gcode_answer> run_script(std::string script) {
        co_await mutex_.lock();
        gcode_answer a = co_await run_lines(std::move(script));
        mutex_.unlock();
        co_return a;
    }
    /// A script inside of a command.
    task<gcode_answer> run_lines(std::string script);
    /// A section's G-code inside of a command. `gcode` has to outlive it.
    task<gcode_answer> run_template(std::string_view gcode, template_names names);
    /// A section's G-code of its own.
    task<gcode_answer> run_section(std::string_view gcode) {
        co_await mutex_.lock();
        gcode_answer a = co_await run_template(gcode, template_context());
        mutex_.unlock();
        co_return a;
    }
    [[nodiscard]] template_names template_context() const;

    [[nodiscard]] fifo_mutex& mutex() noexcept { return mutex_; }
    /// The commands that can be given now, or all there are.
    [[nodiscard]] std::vector<std::string> names(available which = available::when_ready) const;
    [[nodiscard]] const std::map<std::string, std::string>* variables(const std::string& macro) const {
        const auto found = variables_.find(macro);
        return found == variables_.end() ? nullptr : &found->second;
    }
    bool set_variable(const std::string& macro, const std::string& name, std::string value);

    /// A macro that renames a command which is not there; Klipper refuses it.
    [[nodiscard]] std::string renames_nothing() const {
        const auto there = names(available::always);
        for (const macro_config& m : config_.macros) {
            if (m.renames.empty()) continue;
            const bool found = std::ranges::find(there, m.renames) != there.end() ||
                               std::ranges::count(there, m.name) > 1; // its own and that of the planner
            if (!found) return fmt::format("Existing command '{}' not found in gcode_macro rename", m.name);
        }
        return {};
    }

    void say(const std::string& text) { on_output(text); }
    /// Each line gets "// " before it.
    void inform(std::string_view text);

  private:
    /// The planner knows it, and the configuration does not.
    [[nodiscard]] bool lacks_module(const planner::gcode_line& line) const {
        return line.letter() == 0 && line.is("SET_KINEMATIC_POSITION") && !config_.has("force_move");
    }
    static task<gcode_answer> at_once(gcode_answer a) { co_return a; }
    task<gcode_answer> run_line(const planner::gcode_line& line);
    task<gcode_answer> after_motion(const planner::gcode_line& line, planner::gcode_effect effect);
    task<gcode_answer> run_macro(const macro_config& m, const planner::gcode_line& line);
    void complain(const gcode_error& e);
    gcode_answer unknown(const planner::gcode_line& line);

    reactor& reactor_;
    const printer_config& config_;
    toolhead& toolhead_;
    fifo_mutex mutex_;
    std::map<std::string, std::pair<command, available>, std::less<>> commands_;
    std::map<std::string, std::map<std::string, std::string>> variables_;
    std::set<std::string> running_; ///< the macros that are being run
};

inline std::vector<std::string> gcode_host::names(available which) const {
    const bool every = ready || which == available::always;
    std::vector<std::string> all;
    for (const char* motion :
         {"G0", "G1", "G4", "G20", "G21", "G90", "G91", "G92", "M82", "M83", "M204", "M220", "M221", "M400",
          "SET_VELOCITY_LIMIT", "SET_GCODE_OFFSET", "SAVE_GCODE_STATE", "RESTORE_GCODE_STATE"})
        if (every) all.emplace_back(motion);
    if (every && config_.has("force_move")) all.emplace_back("SET_KINEMATIC_POSITION");
    if (every && config_.limits.arc_resolution > 0)
        for (const char* arcs : {"G2", "G3", "G17", "G18", "G19"}) all.emplace_back(arcs);
    for (const auto& [name, c] : commands_)
        if (every || c.second == available::always) all.push_back(name);
    for (const auto& m : config_.macros)
        if (every) all.push_back(m.name);
    return all;
}

inline bool gcode_host::set_variable(const std::string& macro, const std::string& name, std::string value) {
    const auto found = variables_.find(macro);
    if (found == variables_.end()) return false;
    const auto variable = found->second.find(io::to_lower(name));
    if (variable == found->second.end()) return false;
    variable->second = std::move(value);
    return true;
}

inline void gcode_host::inform(std::string_view text) {
    std::string out;
    text = io::trim(text);
    for (std::size_t at = 0; at <= text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        if (!out.empty()) out += '\n';
        out += "// ";
        out += io::trim(text.substr(at, end - at));
        at = end + 1;
    }
    on_output(out);
}

/// Clients see the whole of a long text as remarks and its first line as the error.
inline void gcode_host::complain(const gcode_error& e) {
    const std::string_view text = io::trim(e.crash.empty() ? e.text : e.crash);
    const std::size_t end = text.find('\n');
    if (end != std::string_view::npos) inform(text);
    on_output(fmt::format("!! {}", io::trim(text.substr(0, end))));
}

inline task<gcode_answer> gcode_host::run_lines(std::string script) {
    const std::string_view all = script;
    for (std::size_t at = 0; at <= all.size();) {
        const std::size_t end = std::min(all.find('\n', at), all.size());
        const planner::gcode_line line(all.substr(at, end - at));
        at = end + 1;
        gcode_answer a;
        bool done = false;
        if (ready && !line.command().empty() &&
            !lacks_module(line)) { // the way of nearly all lines: no coroutine of their own
            const auto moved = toolhead_.run(line);
            if (!moved)
                a = refuse(moved.error());
            else if (*moved == planner::gcode_effect::move) {
                if (toolhead_.queue.must_wait()) co_await toolhead_.queue.after_move();
            } else if (*moved != planner::gcode_effect::unknown)
                a = co_await after_motion(line, *moved);
            done = !moved || *moved != planner::gcode_effect::unknown;
        }
        if (!done) a = co_await run_line(line);
        if (!a) {
            if (!a.error().crash.empty()) on_crash(a.error().crash);
            complain(a.error());
            co_return a;
        }
    }
    co_return gcode_answer{};
}

inline task<gcode_answer> gcode_host::after_motion(const planner::gcode_line& line, planner::gcode_effect effect) {
    if (effect == planner::gcode_effect::stop && line.letter() == 'G') {
        double ms = 0;
        (void)line.read('P', ms);
        co_await toolhead_.queue.dwell(ms / 1000.0);
    } else if (effect == planner::gcode_effect::stop && line.letter() == 'M') {
        co_await toolhead_.queue.wait_moves();
    } else if (effect == planner::gcode_effect::stop) { // SET_KINEMATIC_POSITION
        co_await toolhead_.queue.flush_steps();
        toolhead_.declare_position(toolhead_.position());
        if (const auto words = line.extended()) {
            toolhead_.set_homed(io::to_lower(words->find("SET_HOMED").value_or("xyz")), true);
            const auto cleared = words->find("CLEAR_HOMED") ? words->find("CLEAR_HOMED") : words->find("CLEAR");
            toolhead_.set_homed(io::to_lower(cleared.value_or("")), false);
        }
    } else if (line.is("SET_VELOCITY_LIMIT")) {
        if (const auto words = line.extended(); words && words->empty()) {
            const auto& l = toolhead_.motion().planner().limits();
            inform(fmt::format("max_velocity: {:.6f}\nmax_accel: {:.6f}\nminimum_cruise_ratio: {:.6f}\n"
                               "square_corner_velocity: {:.6f}",
                               l.max_velocity, l.max_accel, l.minimum_cruise_ratio, l.square_corner_velocity));
        }
    } else if (line.is("M204") && !line.has('S') && !(line.has('P') && line.has('T'))) {
        inform(fmt::format("Invalid M204 command \"{}\"", line.text()));
    } else if (toolhead_.queue.must_wait()) {
        co_await toolhead_.queue.after_move();
    }
    co_return gcode_answer{};
}

inline task<gcode_answer> gcode_host::run_line(const planner::gcode_line& line) {
    const std::string name = line.upper_command();
    if (ready)
        if (const auto m = config_.macro(name)) co_return co_await run_macro(*m, line);
    auto found = commands_.find(name);
    if (found == commands_.end())
        if (const std::size_t blank = name.find(' '); blank != std::string::npos) { // "M117 5" is M117 after all
            const std::string first = name.substr(0, blank);
            if (first == "M117" || first == "M118" || first == "M23") found = commands_.find(first);
        }
    if (found != commands_.end() && (ready || found->second.second == available::always))
        co_return co_await found->second.first(line);
    co_return unknown(line);
}

inline task<gcode_answer> gcode_host::run_macro(const macro_config& m, const planner::gcode_line& line) {
    if (!running_.insert(m.name).second) co_return refuse(fmt::format("Macro {} called recursively", m.name));
    auto names = template_context();
    names.values["params"] = boost::json::object{};
    if (const auto words = line.extended())
        for (const auto& [name, value] : words->all()) names.values["params"].as_object()[name] = value;
    const std::string_view rest = line.text().substr(std::min(line.text().size(), m.name.size()));
    names.values["rawparams"] = io::trim(rest);
    if (const auto* own = variables(m.name))
        for (const auto& [name, value] : *own) names.values[name] = literal(value);
    gcode_answer a = co_await run_template(m.gcode, std::move(names));
    running_.erase(m.name);
    co_return a;
}

inline template_names gcode_host::template_context() const {
    template_names names;
    names.printer = [this](const std::string& object) { return template_value(status(object)); };
    return names;
}

inline task<gcode_answer> gcode_host::run_template(std::string_view gcode, template_names names) {
    auto text = render(gcode, std::move(names));
    if (!text) co_return refuse(fmt::format("the simulated printer cannot evaluate: {}", text.error()));
    co_return co_await run_lines(*std::move(text));
}

inline gcode_answer gcode_host::unknown(const planner::gcode_line& line) {
    const std::string name = line.upper_command();
    if (name == "M105" || name == "M21") return {};
    if (!ready) return refuse(state_message());
    if (name.empty()) return {};
    double s = 0;
    const bool zero = line.read('S', s) != planner::word::number || s == 0;
    if (name == "M107" || ((name == "M140" || name == "M104") && zero) || (name == "M106" && line.has('S') && zero))
        return {};
    inform(fmt::format("Unknown command:\"{}\"", name));
    return {};
}

} // namespace kf::sim
