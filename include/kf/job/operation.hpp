// SPDX-License-Identifier: MIT
#pragma once
/// The operations of a job, the contract between drawings and G-code: what is meant (tool down), not how it is done
/// (Z 20). Canvas millimetres, origin at the top left, +Y down; speeds in mm/s. Read and written by job/job_file,
/// grouped by job/stroke. Spec: kf-job(5).

#include <kf/drawing/pen.hpp>
#include <kf/drawing/point.hpp>
#include <kf/units.hpp>

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace kf::job {

using drawing::point;

/// The numbers of a job file have this many places: a nanometre, far below a step of any motor.
inline constexpr int job_decimals = 6;

/// Finds X and Y by their endstops. The tool is up.
struct home_xy {
    bool operator==(const home_xy&) const = default;
};
/// The strokes that follow are of this layer of the job's header, counted from 1. The tool is up, and nothing moves.
struct begin_layer {
    std::size_t layer = 1;
    bool operator==(const begin_layer&) const = default;
};
/// Every coordinate that follows is where this tool's tip goes. The tool is up.
struct select_tool {
    std::string tool;
    bool operator==(const select_tool&) const = default;
};
/// The strokes that follow are drawn by this pen, which is in the holder: its heights, speeds and offset. Nothing
/// moves; the tool is up, and its delay is waited for.
struct select_pen {
    drawing::pen pen;
    bool operator==(const select_pen&) const = default;
};
/// To the place where pens are changed, tool up; there it stands until a person lets it go on.
struct await_person {
    std::string text; ///< drawing::is_message(), or empty
    bool operator==(const await_person&) const = default;
};
/// A text on the printer's display, tool up.
struct show_message {
    std::string text; ///< drawing::is_message()
    bool operator==(const show_message&) const = default;
};
/// A G-code macro of the printer, called at the place where pens are changed, tool up.
struct call_macro {
    std::string macro; ///< drawing::is_macro_name()
    bool operator==(const call_macro&) const = default;
};
/// Travel at the tool's travel speed, straight, tool up.
struct rapid_xy {
    point to;
    bool operator==(const rapid_xy&) const = default;
};
/// One straight line at drawing speed; with the tool up it is a slow travel.
struct linear_move {
    point to;
    std::optional<mm_per_s> feed = {};
    bool operator==(const linear_move&) const = default;
};
/// Straight lines from where the tool is to each point in turn. When it stands on the first point, nothing is drawn
/// for that one; a single point there is a dot.
struct draw_polyline {
    std::vector<point> points;
    std::optional<mm_per_s> feed = {};
    bool operator==(const draw_polyline&) const = default;
};
/// The way round, as seen on the canvas with X to the right and Y down.
enum class turn { clockwise, counter_clockwise };
/// A circular arc from where the tool is to `to`; `center` is relative to its beginning. To its beginning: a full
/// circle.
struct draw_arc {
    point to;
    point center;
    turn way = turn::clockwise;
    std::optional<mm_per_s> feed = {};
    bool operator==(const draw_arc&) const = default;
};
struct tool_up {
    bool operator==(const tool_up&) const = default;
};
struct tool_down {
    bool operator==(const tool_down&) const = default;
};
/// Shares of cyan, magenta and yellow, each 0 to 1.
struct set_ink_mix {
    double c = 0, m = 0, y = 0;
    bool operator==(const set_ink_mix&) const = default;
};
struct spray_on {
    bool operator==(const spray_on&) const = default;
};
struct spray_off {
    bool operator==(const spray_off&) const = default;
};
/// Flushes the airbrush with solvent.
struct purge {
    double volume_ml = 0;
    bool operator==(const purge&) const = default;
};
struct refill_pump {
    std::string pump;
    bool operator==(const refill_pump&) const = default;
};
/// Pushes ink up to the nozzle.
struct prime_line {
    std::string pump;
    bool operator==(const prime_line&) const = default;
};

using operation = std::variant<home_xy, select_tool, rapid_xy, linear_move, draw_polyline, draw_arc, tool_up, tool_down,
                               set_ink_mix, spray_on, spray_off, purge, refill_pump, prime_line, begin_layer,
                               select_pen, await_person, show_message, call_macro>;

/// The names in a job file, in the order of the variant.
inline constexpr std::array<std::string_view, std::variant_size_v<operation>> operation_names = {
    "home_xy",     "select_tool", "rapid_xy", "linear_move", "draw_polyline", "draw_arc",    "tool_up",
    "tool_down",   "set_ink_mix", "spray_on", "spray_off",   "purge",         "refill_pump", "prime_line",
    "begin_layer", "select_pen",  "pause",    "message",     "macro"};

[[nodiscard]] inline std::string_view name(const operation& op) noexcept {
    return op.valueless_by_exception() ? "nothing" : operation_names[op.index()];
}

template<class... Cases>
struct overloaded : Cases... {
    using Cases::operator()...;
};

/// Where the tool is behind an operation that began at `at`; nothing when no operation says it.
[[nodiscard]] inline std::optional<point> end_of(const operation& op, std::optional<point> at) {
    return std::visit(
        overloaded{[](const rapid_xy& o) { return std::optional(o.to); },
                   [](const linear_move& o) { return std::optional(o.to); },
                   [](const draw_arc& o) { return std::optional(o.to); },
                   [&](const draw_polyline& o) { return o.points.empty() ? at : std::optional(o.points.back()); },
                   // By homing and by another tool the canvas lies elsewhere below it.
                   [](const home_xy&) { return std::optional<point>(); },
                   [](const select_tool&) { return std::optional<point>(); },
                   [](const select_pen&) { return std::optional<point>(); }, [&](const auto&) { return at; }},
        op);
}

/// An operation of a job with its number, counted from 1; every refusal names it.
struct step {
    std::size_t number = 0;
    operation op;
    bool operator==(const step&) const = default;
};

/// Whether an operation can come only while the tool is up, and by itself.
[[nodiscard]] inline bool needs_tool_up(const operation& op) noexcept {
    return std::holds_alternative<home_xy>(op) || std::holds_alternative<select_tool>(op) ||
           std::holds_alternative<begin_layer>(op) || std::holds_alternative<select_pen>(op) ||
           std::holds_alternative<await_person>(op) || std::holds_alternative<show_message>(op) ||
           std::holds_alternative<call_macro>(op);
}

} // namespace kf::job
