// SPDX-License-Identifier: MIT
#pragma once
/// What we would like to find in printer.cfg: a macro that pauses between two strokes, a cancel that does not move Z
/// relatively (on this machine +Z presses the pen), a lift when a file fails. `kplot machine macros` prints it.
/// Spec: https://www.klipper3d.org/Command_Templates.html

#include <kf/io/decimal.hpp>
#include <kf/machine/machine.hpp>
#include <kf/units.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>

namespace kf::run {

/// Called by our files after each stroke, tool up; pauses there when it was asked to.
inline constexpr std::string_view boundary_macro = "KPLOT_BOUNDARY";

[[nodiscard]] inline std::string request_boundary_pause(bool wanted) {
    return fmt::format("SET_GCODE_VARIABLE MACRO={} VARIABLE=pause VALUE={}", boundary_macro, wanted ? 1 : 0);
}

/// The lift, as G-code: up is one absolute height and nothing else.
[[nodiscard]] inline std::string lift_script(const machine::machine& m) {
    return fmt::format("G90\nG1 Z{} F{}", io::to_decimal(m.z_states.travel_mm, 4),
                       io::to_decimal(f_word(m.tools.front().lift()), 3));
}

[[nodiscard]] inline std::string indented(std::string_view script) {
    std::string out = "    ";
    for (const char c : script) {
        out += c;
        if (c == '\n') out += "    ";
    }
    return out;
}

[[nodiscard]] inline std::string printer_cfg_macros(const machine::machine& m) {
    const std::string lift = indented(lift_script(m));
    return fmt::format(R"cfg(# For printer.cfg, as machine.yaml has the machine. Send RESTART afterwards.

[force_move]
enable_force_move: True      # for kplot touch-off

[pause_resume]

[virtual_sdcard]
path: {}
on_error_gcode:              # a file that fails leaves no pen on the paper
{}

# kplot's files call this after every stroke, so that a pause finds the pen up.
[gcode_macro {}]
variable_pause: 0
gcode:
    {{% if pause %}}
    {}
    PAUSE
    {{% endif %}}

# Up is one absolute height: a relative lift would press the pen.
[gcode_macro CANCEL_PRINT]
rename_existing: BASE_CANCEL_PRINT
gcode:
{}
    BASE_CANCEL_PRINT)cfg",
                       m.gcode_directory, lift, boundary_macro, request_boundary_pause(false), lift);
}

/// Whether G-code moves Z while it is relative. Reads text only: what a template computes is not seen.
[[nodiscard]] inline bool moves_z_relatively(std::string_view gcode) {
    bool relative = false;
    while (!gcode.empty()) {
        const auto end = std::min(gcode.find('\n'), gcode.size());
        std::string line(gcode.substr(0, end));
        gcode.remove_prefix(std::min(end + 1, gcode.size()));
        if (const auto comment = line.find_first_of(";#"); comment != std::string::npos) line.resize(comment);
        std::string word;
        for (const char c : line) {
            const bool lower = c >= 'a' && c <= 'z';
            if (c != ' ' && c != '\t' && c != '\r') word += lower ? static_cast<char>(c - 'a' + 'A') : c;
        }
        const auto command = [&](std::string_view name) {
            return word.starts_with(name) &&
                   (word.size() == name.size() || word[name.size()] < '0' || word[name.size()] > '9');
        };
        if (command("G91")) relative = true;
        if (command("G90")) relative = false;
        const bool moves = command("G0") || command("G1") || command("G00") || command("G01");
        if (relative && moves && word.find('Z') != std::string::npos) return true;
    }
    return false;
}

} // namespace kf::run
