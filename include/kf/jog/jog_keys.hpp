// SPDX-License-Identifier: MIT
#pragma once
/// The keys of the jog console: what each asks for, and what the footer and the help say of it.

#include <kf/jog/heading.hpp>
#include <kf/jog/panel.hpp>
#include <kf/jog/step_job.hpp>
#include <kf/jog/stop_reach.hpp>
#include <kf/machine/machine.hpp>
#include <kf/tui/binding.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kf::jog {

enum class jog_command : std::uint8_t {
    left,
    right,
    nearer,
    farther,
    raise,
    lower,
    longer,
    shorter,
    faster,
    slower,
    home,
    first_tool,
    second_tool,
    tool_up,
    tool_down,
    touch_off,
    go_to,
    origin,
    console,
    restart,
    next_stroke,
    stroke_before,
    skip_stroke,
    repeat_stroke,
    stop,
    help,
    leave
};

/// Where a key moves to; none: it moves nothing by itself.
[[nodiscard]] constexpr std::optional<heading> heading_of(jog_command c) noexcept {
    return c <= jog_command::lower ? std::optional(headings[static_cast<std::size_t>(c)]) : std::nullopt;
}

struct page_setup {
    std::string machine_name; ///< right in the heading
    std::vector<mm> increments;
    std::string first_tool, second_tool;      ///< under P and A; empty: there is none
    std::shared_ptr<const step_job> job = {}; ///< what Space draws, stroke by stroke
};

/// P is the pen and A the airbrush, by their names; else the first and the second tool.
[[nodiscard]] inline page_setup page_setup_of(const machine::machine& m, std::string name) {
    page_setup s{std::move(name), m.interactive.jog_increments_mm, {}, {}};
    const auto named = [&](const char* tool) { return machine::find_tool(m, tool) != nullptr ? tool : ""; };
    s.first_tool = named("pen");
    s.second_tool = named("airbrush");
    for (const machine::tool& t : m.tools) {
        if (t.name == s.first_tool || t.name == s.second_tool) continue;
        if (s.first_tool.empty())
            s.first_tool = t.name;
        else if (s.second_tool.empty())
            s.second_tool = t.name;
    }
    return s;
}

/// While Klipper is stopped R restarts it, and is not the first to go.
[[nodiscard]] inline tui::binding_table<jog_command> keys_of(const page_setup& setup, contact klipper) {
    using tui::key_code;
    using enum jog_command;
    tui::binding_table<jog_command> rows{
        {{stop_keys.begin(), stop_keys.end()},
         stop,
         "!/Esc",
         "E-STOP",
         "emergency stop; ! at once, Esc a little later; Ctrl+X while a line is typed",
         0},
        {{key_code::left}, left, "←→↑↓", "X Y", "moves X and Y: a tap is one step, held it goes on", 2},
        {{key_code::right}, right},
        {{key_code::up}, farther},
        {{key_code::down}, nearer},
        {{key_code::page_up}, raise, "PgUp/Dn", "Z", "moves Z: away from the paper, towards it", 3},
        {{key_code::page_down}, lower},
        {{U'+', U'='}, longer, "+/-", "step", "makes the step longer, shorter", 4},
        {{U'-', U'_'}, shorter},
        {{U'>', U'.'}, faster, "</>", "speed", "changes the speed of jogging; never the printer's own (M220)", 8},
        {{U'<', U','}, slower},
        {{U'H'}, home, "H", "home", "homes X and Y, the tool up", 3},
        {{U'T'}, touch_off, "T", "touch-off", "the pen touches the paper now: Z gets its reference", 5},
        {{U'U'}, tool_up, "U", "up", "lifts the tool", 3},
        {{U'D'}, tool_down, "D", "down", "lowers the tool to its work height", 4},
        {{U'P'}, first_tool, "P", setup.first_tool, fmt::format("takes the {}", setup.first_tool), 6},
        {{U'A'}, second_tool, "A", setup.second_tool, fmt::format("takes the {}", setup.second_tool), 6},
        {{U'G'}, go_to, "G", "go to", "goes to a place that is typed, the tool up", 7},
        {{U'O'}, origin, "O", "origin", "the canvas begins here: writes machine.yaml after a look at the change", 7},
        {{U':'}, console, ":", "G-code", "a line of G-code for Klipper; Up and Down bring old ones", 8},
        {{U'R'}, restart, "R", "restart", "restarts Klipper after a stop or a fault", 6},
        {{U'?'}, help, "?", "help", "shows all keys", 1},
        {{U'Q'}, leave, "Q", "quit", "leaves the console", 0},
    };
    if (setup.job) {
        rows.insert(rows.begin() + 1, {{{U' '}, next_stroke, "Space", "draw", "draws the stroke in hand", 1},
                                       {{U'B'}, stroke_before, "B", "back", "takes the stroke before in hand", 2},
                                       {{U'S'}, skip_stroke, "S", "skip", "leaves the stroke out, for now", 2}});
        // After a stop it restarts.
        if (klipper != contact::stopped)
            rows.insert(rows.begin() + 4, {{U'R'}, repeat_stroke, "R", "repeat", "draws the last stroke once more", 2});
    }
    std::erase_if(rows, [&](const auto& row) {
        if (row.does == restart && setup.job && klipper != contact::stopped) return true;
        return (row.does == first_tool && setup.first_tool.empty()) ||
               (row.does == second_tool && setup.second_tool.empty());
    });
    for (auto& row : rows)
        if (row.does == restart && klipper == contact::stopped) row.rank = 1;
    return rows;
}

} // namespace kf::jog
