// SPDX-License-Identifier: MIT
#pragma once
/// A G-code script on its way to Klipper: what must never be in one, and what its answer is made to mean.

#include <kf/error.hpp>
#include <kf/io/ascii.hpp>
#include <kf/io/clock.hpp>
#include <kf/units.hpp>

#include <algorithm>
#include <string>
#include <string_view>

namespace kf::klippy {

/// What the answer to a script means.
enum class barrier {
    processed, ///< Klipper has read it all; up to 2 s of motion may be left
    motion_end ///< everything that was sent so far has stopped moving; costs 315 ms
};

/// How long a motion of `planned` seconds is waited for, measured from now: half as much again, and 10 s.
[[nodiscard]] constexpr io::duration motion_allowance(seconds planned) noexcept {
    return to_nanoseconds(planned * 1.5 + 10.0);
}

/// The script as sent: motion_end adds M400 and a normal command after it, since M400 alone answers with success when
/// an emergency stop or a lost micro-controller ended the motion. G90 is that command: all our motion is absolute.
[[nodiscard]] inline std::string with_barrier(std::string_view script, barrier b) {
    std::string out(script);
    if (b == barrier::processed) return out;
    if (!out.empty() && out.back() != '\n') out += '\n';
    return out += "M400\nG90";
}

/// errc::usage for what must never be sent: an empty file name (it shuts the whole printer down), M112 (in a script it
/// waits for the motion that it is to stop), a NUL.
[[nodiscard]] inline result<void> check_script(std::string_view script) {
    if (script.find('\0') != std::string_view::npos) return kf::fail(errc::usage, "the script holds a NUL byte");
    while (!script.empty()) {
        const auto end = std::min(script.find('\n'), script.size());
        std::string line = io::to_upper(script.substr(0, end));
        script.remove_prefix(std::min(end + 1, script.size()));
        line.erase(0, std::min(line.find_first_not_of(" \t"), line.size()));
        if (line.starts_with('N')) // a line number
            if (const auto word = line.find_first_not_of("0123456789 ", 1); word != std::string::npos && word > 1)
                line.erase(0, word);
        if (line.starts_with("M112") && (line.size() == 4 || line[4] < '0' || line[4] > '9'))
            return kf::fail({errc::usage,
                             "M112 in a script is no emergency stop",
                             "Klipper runs it after the motion that it is to stop",
                             line,
                             {"Use the emergency stop of the tool (kplot estop)."}});
        if (!line.starts_with("SDCARD_PRINT_FILE")) continue;
        const auto name_at = line.find("FILENAME=");
        if (name_at == std::string::npos) continue; // Klipper answers that with a plain error
        auto value = std::string_view(line).substr(name_at + 9);
        value = value.substr(0, value.find_last_not_of(" \t\r") + 1);
        if (value.empty() || value[0] == ' ' || value[0] == '\t' || value[0] == ';' || value[0] == '#' ||
            value.starts_with("\"\"") || value.starts_with("''"))
            return kf::fail({errc::usage, "the file name is empty", "Klipper would shut the printer down", line});
    }
    return {};
}

} // namespace kf::klippy
