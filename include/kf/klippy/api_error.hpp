// SPDX-License-Identifier: MIT
#pragma once
/// Klipper's error texts as kf errors. The text is all there is: no error has a number. The first line says why.
///
/// | Klipper says                                 | errc            | so                                          |
/// | -------------------------------------------- | --------------- | ------------------------------------------- |
/// | printer is shutdown, halted, not configured  | connection_lost | motion is gone, position unknown: reconnect |
/// | printer is not ready (startup)               | not_connected   | nothing was done: wait                      |
/// | SD busy                                      | busy            | a file is running                           |
/// | unable to open file, no such endpoint        | not_found       |                                             |
/// | anything else (out of range, must home, ...) | failed          | a G-code error: the printer stays ready     |

#include <kf/error.hpp>
#include <kf/klippy/objects.hpp>

#include <algorithm>
#include <string>
#include <string_view>

namespace kf::klippy {

/// What a person sees of a script: its first line, cut to the width of an error.
[[nodiscard]] inline std::string shown_command(std::string_view script) {
    std::string line = first_line(script);
    if (line.size() > 60) line = line.substr(0, 57) + "...";
    return line;
}

[[nodiscard]] inline error api_error(std::string_view text, std::string_view command) {
    const auto says = [text](std::string_view part) { return text.find(part) != std::string_view::npos; };
    const std::string why = first_line(text);
    error e{errc::failed, "Klipper refused: " + (why.empty() ? std::string("no reason given") : why), "",
            shown_command(command)};
    if (says("Printer is shutdown") || says("Printer is halted") || says("Error configuring printer") ||
        says("Once the underlying issue is corrected")) {
        e.code = errc::connection_lost;
        e.what = "Klipper has stopped the printer: " + why;
        e.cause = "where the pen is, and whether it is down, is not known any more";
        e.steps = {"Look at the machine: is the pen up?", "Remove the cause named above.",
                   says("\"RESTART\"") ? "Send RESTART." : "Send FIRMWARE_RESTART.", "Home again before any motion."};
    } else if (says("Printer is not ready")) {
        e.code = errc::not_connected;
        e.what = "Klipper is still starting";
        e.cause = "it waits for the micro-controller, for up to 90 s";
    } else if (says("SD busy")) {
        e.code = errc::busy;
        e.what = "Klipper is busy with another file";
    } else if (says("Unable to open file")) {
        e.code = errc::not_found;
        e.what = "Klipper cannot open that file";
        e.cause = "it is not in Klipper's G-code directory, or its ending is not .gcode";
    } else if (says("No registered callback for path")) {
        e.code = errc::not_found;
        e.cause = "this printer's configuration has no section that offers it";
    } else if (says("Must home axis first")) {
        e.steps = {"Home the machine first."};
    }
    return e;
}

} // namespace kf::klippy
