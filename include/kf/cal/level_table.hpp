// SPDX-License-Identifier: MIT
#pragma once
/// The five levels in which a plotter is proven: connection, motion, tools, drawing, control. A check is a row: what is
/// done, what has to come of it, what a person is asked. 1, 2 and 5 need nobody; 3 and 4 ask whoever looks.

#include <kf/cal/routine_question.hpp>
#include <kf/io/decimal.hpp>

#include <fmt/format.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace kf::cal {

enum class level_check {
    socket,
    connect,
    info,
    state,
    position,
    output,
    home_x,
    home_y,
    move_x,
    move_y,
    move_z,
    rapid,
    soft_limits,
    pen_down,
    pen_up,
    airbrush_down,
    tool_switch,
    square,
    circle,
    fine_lines,
    long_job,
    pause_file,
    resume_file,
    cancel_file,
    emergency_stop,
    recovery
};

struct level_row {
    int level;
    level_check check;
    const char* name; ///< for --only, JSON and the manual
    const char* procedure;
    const char* criterion;
    std::vector<question> asks = {};
};

/// In the order in which they run.
[[nodiscard]] inline const std::vector<level_row>& level_rows() {
    using c = level_check;
    const auto yes = [](const char* name, const char* text) { return question{name, text, yes_or_no{}}; };
    const auto length = [](const char* name, const char* text) { return question{name, text, a_number{30, 70, "mm"}}; };
    static const std::vector<level_row> rows{
        {1, c::socket, "socket", "looks for Klipper's socket", "it is there, and a socket"},
        {1, c::connect, "connect", "connects to it", "Klipper takes the connection"},
        {1, c::info, "info", "asks Klipper who it is", "it is ready, or starting"},
        {1, c::state, "state", "asks for webhooks.state", "one of ready, startup, shutdown, error"},
        {1, c::position, "position", "asks for the tool head's place and what is homed",
         "three ordinary numbers, and axes of x, y, z"},
        {1, c::output, "output", "listens to the terminal while M115 is said", "a line comes"},
        {2, c::home_x, "home_x", "X homes, 20 mm away from its endstop before", "homed_axes has x"},
        {2, c::home_y, "home_y", "Y homes, 20 mm away from its endstop before", "homed_axes has y"},
        {2, c::move_x, "move_x", "X goes 50 mm, tool up", "within 0.1 mm of the place"},
        {2, c::move_y, "move_y", "Y goes 50 mm, tool up", "within 0.1 mm of the place"},
        {2, c::move_z, "move_z", "in the middle of the canvas Z goes to each height of machine.yaml",
         "within 0.1 mm of each"},
        {2, c::rapid, "rapid", "from corner to corner at motion.max_velocity_mm_s, tool up",
         "it ends without an error, at the place"},
        {2, c::soft_limits, "soft_limits", "1 mm beyond each end is asked for", "Klipper refuses, nothing moves"},
        {3,
         c::pen_down,
         "pen_down",
         "in the middle of the canvas the first tool goes down and stays",
         "it visibly touches the paper",
         {yes("pen_touches", "Does the pen touch the paper")}},
        {3,
         c::pen_up,
         "pen_up",
         "the tool goes up",
         "it is clear of the paper",
         {yes("pen_clear", "Is the pen clear of the paper")}},
        {3,
         c::airbrush_down,
         "airbrush_down",
         "the second tool goes down and stays; nothing sprays",
         "it is at its working height",
         {yes("second_right", "Is the second tool at its working height")}},
        {3,
         c::tool_switch,
         "tool_switch",
         "the tools go down by turns, twice each",
         "each reaches its place",
         {yes("both_right", "Did each tool come down at its place")}},
        {4,
         c::square,
         "square",
         "draws a square of 50 mm",
         "50 mm, 0.5 mm more or less",
         {length("square_width", "How wide is the square, middle of the line to middle of the line"),
          length("square_height", "How high is it")}},
        {4,
         c::circle,
         "circle",
         "draws a circle of 50 mm",
         "round and closed",
         {yes("circle_round", "Is the circle round"), yes("circle_closed", "Is it closed")}},
        {4,
         c::fine_lines,
         "fine_lines",
         "draws 20 lines, 0.5 mm apart",
         "each by itself, none merged",
         {yes("lines_distinct", "Are all 20 lines distinct")}},
        {4, c::long_job, "long_job", "draws 1000 lines, as a file", "it comes to its end without an error"},
        {5, c::pause_file, "pause_file", "begins a file of 6 strokes and pauses it",
         "it stands at the end of a stroke, tool up"},
        {5, c::resume_file, "resume_file", "lets it go on", "it comes to its end"},
        {5, c::cancel_file, "cancel_file", "begins it again, cancels it, parks",
         "at the parking place, tool up, nothing printing or paused"},
        {5, c::emergency_stop, "emergency_stop", "stops the machine in the middle of a travel, tool up",
         "Klipper is in shutdown within a second, the travel is not driven to its end"},
        {5, c::recovery, "recovery", "restarts the firmware, homes, moves", "it homes and reaches a place again"}};
    return rows;
}

[[nodiscard]] inline std::vector<level_row> rows_of_level(int level) {
    std::vector<level_row> out;
    for (const level_row& r : level_rows())
        if (r.level == level) out.push_back(r);
    return out;
}

/// "X50 Y0.5 Z10", without a zero that has a sign.
[[nodiscard]] inline std::string place_text(const std::array<double, 3>& p) {
    return fmt::format("X{} Y{} Z{}", io::to_decimal(p[0], 2), io::to_decimal(p[1], 2), io::to_decimal(p[2], 2));
}

enum class verdict_is {
    passed,
    failed,
    left_out ///< it could not be tried: what it needs is not there
};

[[nodiscard]] constexpr std::string_view name(verdict_is v) noexcept {
    switch (v) {
    case verdict_is::passed: return "passed";
    case verdict_is::failed: return "failed";
    case verdict_is::left_out: return "left_out";
    }
    return "failed";
}

struct verdict {
    verdict_is is = verdict_is::failed;
    std::string seen; ///< what came of it, for a person
};

[[nodiscard]] inline verdict verdict_of(bool passed, std::string seen) {
    return {passed ? verdict_is::passed : verdict_is::failed, std::move(seen)};
}

} // namespace kf::cal
