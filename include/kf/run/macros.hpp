// SPDX-License-Identifier: MIT
#pragma once
/// The macros that a plotter's printer.cfg should have, and whether it has them. A web interface's buttons run the
/// printer's PAUSE, RESUME and CANCEL_PRINT without us, wherever the pen is; the usual ones lift by a relative move and
/// then travel. Ours stop, go up to the one absolute height of the machine, whatever offset is in force, and come back
/// above the spot before they go down. `kplot machine macros` prints them; they are known again by their text, never by
/// their name. Spec: https://www.klipper3d.org/Command_Templates.html

#include <kf/io/ascii.hpp>
#include <kf/io/decimal.hpp>
#include <kf/job/motion_script.hpp>
#include <kf/klippy/settings.hpp>
#include <kf/machine/machine.hpp>
#include <kf/units.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace kf::run {

/// Called by our files after each stroke, tool up; pauses there when it was asked to.
inline constexpr std::string_view boundary_macro = "KPLOT_BOUNDARY";

[[nodiscard]] inline std::string request_boundary_pause(bool wanted) {
    return fmt::format("SET_GCODE_VARIABLE MACRO={} VARIABLE=pause VALUE={}", boundary_macro, wanted ? 1 : 0);
}

/// The lift as G-code: up is one absolute height of the machine and nothing else. `base` is what Klipper adds to Z now.
[[nodiscard]] inline std::string lift_script(const machine::machine& m, mm base = 0) {
    return job::height_script(m.z_states.travel_mm - base, m.tools.front().lift());
}

/// One [gcode_macro] as printer.cfg has it.
struct printed_macro {
    std::string name;
    std::string renames; ///< rename_existing; "" for a new command
    std::string gcode;   ///< its lines
};

/// The lift as a template: without a Z reference it leaves Z alone, and no offset changes where it ends.
[[nodiscard]] inline std::string lift_template(const machine::machine& m) {
    const std::string z =
        fmt::format("{{({} - printer.gcode_move.position.z + printer.gcode_move.gcode_position.z)|round({})}}",
                    io::to_decimal(m.z_states.travel_mm, job::place_decimals), job::place_decimals);
    return fmt::format("{{% if 'z' in printer.toolhead.homed_axes %}}\n"
                       "{}\n"
                       "{{% endif %}}",
                       job::height_script(z, m.tools.front().lift()));
}

[[nodiscard]] inline printed_macro our_pause(const machine::machine& m) {
    return {"PAUSE", "BASE_PAUSE",
            fmt::format("{{% if not printer.pause_resume.is_paused %}}\n"
                        "BASE_PAUSE\n"
                        "{}\n"
                        "SAVE_GCODE_STATE NAME=KPLOT_ABOVE\n"
                        "SET_IDLE_TIMEOUT TIMEOUT=86400\n"
                        "{{% endif %}}",
                        lift_template(m))};
}
[[nodiscard]] inline printed_macro our_resume(const machine::machine& m) {
    const machine::tool& t = m.tools.front();
    return {"RESUME", "BASE_RESUME",
            fmt::format("{{% if printer.pause_resume.is_paused %}}\n"
                        "{}\n"
                        "RESTORE_GCODE_STATE NAME=KPLOT_ABOVE MOVE=1 MOVE_SPEED={}\n"
                        "SET_IDLE_TIMEOUT TIMEOUT={{printer.configfile.settings.idle_timeout.timeout}}\n"
                        "BASE_RESUME VELOCITY={}\n"
                        "{{% endif %}}",
                        lift_template(m), io::to_decimal(t.travel_feed_mm_s, 3),
                        io::to_decimal(t.plunge_feed_mm_s, 3))};
}
[[nodiscard]] inline printed_macro our_cancel(const machine::machine& m) {
    return {"CANCEL_PRINT", "BASE_CANCEL_PRINT",
            fmt::format("{}\n"
                        "SET_IDLE_TIMEOUT TIMEOUT={{printer.configfile.settings.idle_timeout.timeout}}\n"
                        "BASE_CANCEL_PRINT",
                        lift_template(m))};
}
[[nodiscard]] inline printed_macro our_boundary() {
    return {std::string(boundary_macro), "",
            fmt::format("{{% if pause %}}\n{}\nPAUSE\n{{% endif %}}", request_boundary_pause(false))};
}

[[nodiscard]] inline std::string indented(std::string_view script) {
    std::string out = "    ";
    for (const char c : script) {
        out += c;
        if (c == '\n') out += "    ";
    }
    return out;
}

/// The sections alone, for a whole printer.cfg.
[[nodiscard]] inline std::string macro_sections(const machine::machine& m) {
    const auto renamed = [](const printed_macro& p) {
        return fmt::format("[gcode_macro {}]\nvariable_kplot: 1\nrename_existing: {}\ngcode:\n{}\n", p.name, p.renames,
                           indented(p.gcode));
    };
    return fmt::format(R"cfg([force_move]
enable_force_move: True      # for kplot touch-off

[pause_resume]

[virtual_sdcard]
path: {}
on_error_gcode:              # a file that fails leaves no pen on the paper
{}

# kplot's files call this after every stroke, so that a pause finds the pen up.
[gcode_macro {}]
variable_kplot: 1
variable_pause: 0
gcode:
{}

# What the buttons of a web interface run. Up is one absolute height; a resume
# goes above the spot first, then down.
{}
{}
{})cfg",
                       m.gcode_directory, indented(lift_template(m)), boundary_macro, indented(our_boundary().gcode),
                       renamed(our_pause(m)), renamed(our_resume(m)), renamed(our_cancel(m)));
}

/// The same to be pasted behind a printer.cfg that is there.
[[nodiscard]] inline std::string printer_cfg_macros(const machine::machine& m) {
    return fmt::format("# For the end of printer.cfg, behind every [include], so that nothing there takes its\n"
                       "# place. As machine.yaml has the machine. Send RESTART afterwards.\n\n{}",
                       macro_sections(m));
}

/// Whose a command is on this printer.
enum class macro_owner {
    klipper,  ///< no macro has its name, or one that moves nothing and calls Klipper's own
    ours,     ///< what we print for this machine
    outdated, ///< ours, of another machine.yaml or another version
    foreign
};

/// By what PAUSE, RESUME and CANCEL_PRINT are reached, and whose they are when a web interface's button runs them.
struct job_commands {
    // Klipper's own command, past any macro that is not ours; "" when a macro hides it for good.
    std::string pause = "PAUSE", resume = "RESUME", cancel = "CANCEL_PRINT";
    bool ours = false;          ///< all three are those that we print
    bool boundary = false;      ///< a pause between two strokes is possible
    bool error_lifts = false;   ///< a file that fails leaves the pen up, also when nobody watches
    bool error_cancels = false; ///< on_error_gcode cancels: a file that fails looks like one that a person ended
    std::vector<std::string> foreign =
        {}; ///< sections that would move with the pen on the paper: "[gcode_macro PAUSE]"
    std::vector<std::string> outdated = {}; ///< sections that are ours, but not as we print them now
};

namespace detail {

inline std::string macro_section(std::string_view name) { return fmt::format("gcode_macro {}", name); }

/// Lines without the blanks around them, without comments and empty ones.
inline std::vector<std::string> macro_lines(std::string_view gcode) {
    std::vector<std::string> out;
    while (!gcode.empty()) {
        const auto end = std::min(gcode.find('\n'), gcode.size());
        std::string_view line = gcode.substr(0, end);
        gcode.remove_prefix(std::min(end + 1, gcode.size()));
        line = line.substr(0, line.find_first_of(";#"));
        while (!line.empty() && (line.front() == ' ' || line.front() == '\t')) line.remove_prefix(1);
        while (!line.empty() && (line.back() == ' ' || line.back() == '\t' || line.back() == '\r'))
            line.remove_suffix(1);
        if (!line.empty()) out.emplace_back(line);
    }
    return out;
}

} // namespace detail

/// Whether nothing in a template can move the machine or switch its motors: each line is a condition, or begins with a
/// command that is known for moving nothing, or with one of `also`. What a template computes a command from is not
/// known. A macro of this printer in the place of a harmless command is looked into.
[[nodiscard]] inline bool moves_nothing(const klippy::settings& s, std::string_view gcode,
                                        const std::vector<std::string>& also = {}, int depth = 0) {
    static constexpr std::array harmless{"M117",
                                         "M118",
                                         "M73",
                                         "M104",
                                         "M140",
                                         "M106",
                                         "M107",
                                         "M220",
                                         "M300",
                                         "ECHO",
                                         "RESPOND",
                                         "STATUS",
                                         "TURN_OFF_HEATERS",
                                         "SET_DISPLAY_TEXT",
                                         "SET_PRINT_STATS_INFO",
                                         "SET_GCODE_VARIABLE",
                                         "SET_LED",
                                         "SET_IDLE_TIMEOUT"};
    for (const std::string& line : detail::macro_lines(gcode)) {
        if (line.starts_with("{%")) {
            if (line.find("%}") + 2 != line.size()) return false; // something stands behind the condition
            continue;
        }
        const std::string word = io::to_upper(line.substr(0, line.find_first_of(" \t{")));
        if (word.size() < line.size() && line[word.size()] == '{') return false;
        if (std::find(also.begin(), also.end(), word) != also.end()) continue;
        if (std::none_of(harmless.begin(), harmless.end(), [&](const char* h) { return word == h; })) return false;
        if (const std::string macro = detail::macro_section(word); s.has_section(macro)) {
            constexpr int deepest = 4;
            const std::string renames = io::to_upper(s.text(macro, "rename_existing").value_or(""));
            if (depth == deepest || !moves_nothing(s, s.text(macro, "gcode").value_or("?"), {renames}, depth + 1))
                return false;
        }
    }
    return true;
}

/// Whose a macro of that name is; `ours` as we print it for this machine.
[[nodiscard]] inline macro_owner owner_of(const klippy::settings& s, const printed_macro& ours) {
    const std::string section = detail::macro_section(ours.name);
    if (!s.has_section(section)) return macro_owner::klipper;
    const std::string gcode = s.text(section, "gcode").value_or("?");
    const std::string renames = io::to_upper(s.text(section, "rename_existing").value_or(""));
    // A macro under the name that hides Klipper's own command would be run in its place.
    const bool reaches = renames.empty() || !s.has_section(detail::macro_section(renames));
    if (reaches && renames == ours.renames && detail::macro_lines(gcode) == detail::macro_lines(ours.gcode))
        return macro_owner::ours;
    if (reaches && !renames.empty() && moves_nothing(s, gcode, {renames})) return macro_owner::klipper;
    return s.has_option(section, "variable_kplot") ? macro_owner::outdated : macro_owner::foreign;
}

namespace detail {

inline constexpr std::array words_of_files{"G0", "G1", "G2", "G3", "G4", "G90", "M400"};
inline constexpr std::array commands_of_runs{"M84",
                                             "G17",
                                             "SAVE_GCODE_STATE",
                                             "RESTORE_GCODE_STATE",
                                             "SDCARD_PRINT_FILE",
                                             "SDCARD_RESET_FILE",
                                             "CLEAR_PAUSE",
                                             "SET_IDLE_TIMEOUT",
                                             "SET_KINEMATIC_POSITION",
                                             "SET_GCODE_VARIABLE"};

/// The name under which Klipper's own command answers.
inline std::string own_name(const klippy::settings& s, std::string_view command) {
    const std::string section = macro_section(command);
    if (!s.has_section(section)) return std::string(command);
    const std::string renames = io::to_upper(s.text(section, "rename_existing").value_or(""));
    return renames.empty() || s.has_section(macro_section(renames)) ? std::string() : renames;
}

} // namespace detail

/// Whether read_job_commands() says whose this command is.
[[nodiscard]] inline bool judges(std::string_view command) {
    const auto in = [&](const auto& list) {
        return std::any_of(list.begin(), list.end(), [&](const char* word) { return command == word; });
    };
    return in(detail::words_of_files) || in(detail::commands_of_runs) || command == boundary_macro ||
           command == "PAUSE" || command == "RESUME" || command == "CANCEL_PRINT";
}

/// From printer.cfg as Klipper runs it.
[[nodiscard]] inline job_commands read_job_commands(const machine::machine& m, const klippy::settings& s) {
    job_commands c;
    const auto name = [](std::string_view section) { return fmt::format("[gcode_macro {}]", section); };
    const auto look = [&](const printed_macro& ours) {
        const macro_owner owner = owner_of(s, ours);
        if (owner == macro_owner::foreign) c.foreign.push_back(name(ours.name));
        if (owner == macro_owner::outdated) c.outdated.push_back(name(ours.name));
        return owner;
    };
    const std::array owners{look(our_pause(m)), look(our_resume(m)), look(our_cancel(m))};
    c.ours = std::all_of(owners.begin(), owners.end(), [](macro_owner o) { return o == macro_owner::ours; });
    if (!c.ours) {
        c.pause = detail::own_name(s, "PAUSE");
        c.resume = detail::own_name(s, "RESUME");
        c.cancel = detail::own_name(s, "CANCEL_PRINT");
    }
    const bool safe = c.foreign.empty() && c.outdated.empty();
    if (s.has_section(detail::macro_section(boundary_macro))) {
        const bool as_printed = owner_of(s, our_boundary()) == macro_owner::ours;
        c.boundary = as_printed && safe; // it calls PAUSE, whoever's that is
        if (!as_printed) c.outdated.push_back(name(boundary_macro));
    }
    // What our files are made of has to be Klipper's own; a macro around one of the others may call it and move
    // nothing.
    for (const char* word : detail::words_of_files)
        if (s.has_section(detail::macro_section(word))) c.foreign.push_back(name(word));
    for (const char* word : detail::commands_of_runs) {
        const std::string section = detail::macro_section(word);
        if (!s.has_section(section)) continue;
        const std::string renames = io::to_upper(s.text(section, "rename_existing").value_or(""));
        if (!moves_nothing(s, s.text(section, "gcode").value_or("?"), {renames})) c.foreign.push_back(name(word));
    }
    if (const auto on_error = s.text("virtual_sdcard", "on_error_gcode")) {
        const auto lines = detail::macro_lines(*on_error);
        c.error_cancels = std::find(lines.begin(), lines.end(), "CANCEL_PRINT") != lines.end();
        const bool cancel_is_safe = owners[2] == macro_owner::ours || owners[2] == macro_owner::klipper;
        const std::vector<std::string> also{cancel_is_safe ? "CANCEL_PRINT" : "ECHO"};
        c.error_lifts = lines == detail::macro_lines(lift_template(m)) ||
                        lines == detail::macro_lines(lift_script(m)) ||
                        (c.error_cancels && owners[2] == macro_owner::ours);
        if (!c.error_lifts && !moves_nothing(s, *on_error, also))
            c.foreign.emplace_back("on_error_gcode of [virtual_sdcard]");
    }
    return c;
}

/// The sections that move the machine inside of G28, "[safe_z_home]"; a pen would be dragged or pressed by them.
[[nodiscard]] inline std::vector<std::string> moves_inside_g28(const klippy::settings& s) {
    std::vector<std::string> out;
    for (const char* section : {"safe_z_home", "homing_override"})
        if (s.has_section(section)) out.push_back(fmt::format("[{}]", section));
    if (s.has_section("gcode_macro g28") &&
        !moves_nothing(s, s.text("gcode_macro g28", "gcode").value_or("?"),
                       {io::to_upper(s.text("gcode_macro g28", "rename_existing").value_or(""))}))
        out.emplace_back("[gcode_macro G28]");
    if (s.text("stepper_z", "endstop_pin").value_or("").starts_with("probe:"))
        for (const std::string& section : s.sections())
            for (const char* option : {"activate_gcode", "deactivate_gcode"})
                if (const auto gcode = s.text(section, option); gcode && !moves_nothing(s, *gcode))
                    out.push_back(fmt::format("{} of [{}]", option, section));
    return out;
}

} // namespace kf::run
