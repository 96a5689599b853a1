// SPDX-License-Identifier: MIT
#pragma once
/// A routine is a function from what is known (cal/routine_journal) to its next step, and a step is a value: a
/// question, a deed of the machine with what a person is told before it, or the conclusion. So a routine is tested
/// without a machine, and goes on in another run where it stopped in this one.

#include <kf/cal/routine_question.hpp>
#include <kf/error.hpp>
#include <kf/job/operation.hpp>
#include <kf/machine/xy.hpp>
#include <kf/run/loaded_skew.hpp>
#include <kf/sink.hpp>
#include <kf/units.hpp>

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace kf::cal {

/// What the printer runs with is looked at: printer.cfg's settings. Nothing moves.
struct look {
    std::optional<run::loaded_skew> as_before = {}; ///< refused when another skew bends moves now
};
/// The tool up, Z with its reference, X and Y homed; from here on the motors stay on until the routine is over.
struct make_ready {};
/// A job, stroke by stroke, each checked before the first moves.
struct draw {
    std::vector<job::operation> operations;
    std::optional<mm_per_s> up_to = {};        ///< machine.yaml's motion.max_velocity_mm_s meanwhile
    std::optional<mm_per_s2> accel = {};       ///< SET_VELOCITY_LIMIT ACCEL while it draws
    std::optional<mm_per_s> travel = {};       ///< the most that it travels at, tool up
    mm reach = 0;                              ///< farther than the work height: a pen in the holder of an airbrush
    std::optional<mm_per_s2> accel_after = {}; ///< none: what it was before this drawing
};
/// One tool down to a height and up again, at one place: a dot, when it reaches the paper.
struct touch_paper {
    std::string tool;
    machine::xy at; ///< of the machine
    mm z = 0;
};
/// Away from the endstops, then an axis homed; what its endstop said is seen as {"position": mm}.
struct home_again {
    char axis = 'x';
    machine::xy away;
};
/// The tool up, above a place: somebody lays the sheet under it.
struct hover {
    machine::xy at;
};
/// The second X motor alone, by FORCE_MOVE.
struct rack {
    mm distance = 0;
};

/// What printer.cfg has of motors: {"manual_stepper_x": true, "own_stepper_x": true, "pulses_stepper_x": true,
/// "dir_stepper_x": "!PF12"}: a [manual_stepper], a [stepper_x] that FORCE_MOVE can turn, the pins of bring-up.
struct look_at_motors {};
/// {"stepper_x": "open"}: what each switch says now.
struct look_at_endstops {};
/// One motor by itself, past homing and references, as a person was told.
struct motor_script {
    std::string gcode;
    seconds lasts = 0;
};

struct ask {
    question what;
};

using act = std::variant<look, make_ready, draw, touch_paper, home_again, hover, rack, look_at_motors, look_at_endstops,
                         motor_script>;

struct deed {
    std::string name; ///< the journal's key
    std::string says; ///< what will move, before it moves
    act what;
    std::vector<std::string> stands_on = {}; ///< done again when the machine lost its place since
};

/// A number for machine.yaml.
struct machine_change {
    std::string path;        ///< "steppers.x_rotation_distance"
    double value = 0;        ///< as it shall stand there
    std::string beside = {}; ///< the key behind which a new line goes when the file has none of `path`
};
/// A line of printer.cfg, which is the person's to change.
struct printer_change {
    std::string section, option;
    std::string was; ///< empty: it is not there
    std::string becomes;
};
/// What a drawing made afterwards has to measure.
struct prediction {
    std::string what; ///< "side of the square"
    double value = 0, allowed = 0;
    std::string unit = "mm";
    std::optional<double> below = {}; ///< allowed below the value, when it is not as much

    [[nodiscard]] double least() const noexcept { return value - below.value_or(allowed); }
    [[nodiscard]] double most() const noexcept { return value + allowed; }
};

struct conclusion {
    std::string text;
    std::vector<field> fields = {};
    std::vector<machine_change> machine = {};
    std::vector<printer_change> printer = {};
    std::vector<std::string> next = {}; ///< what a person does now: commands, or what reading would decide
    std::string draw_to_verify = {};    ///< the command that draws the proof
    std::vector<prediction> predicted = {};
    bool passed = true; ///< false: what was looked at is not as it has to be, and the tool ends with 1
};

using routine_step = std::variant<ask, deed, conclusion>;

} // namespace kf::cal
