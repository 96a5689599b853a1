// SPDX-License-Identifier: MIT
#pragma once
/// What a person may ask of the jog console, as values: pages make them from keys, `kjog --script` from lines, tests
/// from random numbers. The emergency stop itself waits in no queue (jog/stop_button.hpp): here it is only told.

#include <kf/io/clock.hpp>
#include <kf/jog/heading.hpp>
#include <kf/jog/key_watch.hpp>
#include <kf/jog/step_job.hpp>
#include <kf/machine/xy.hpp>
#include <kf/run/z_reference.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <variant>

namespace kf::jog {

/// An arrow key: pressed or repeated, as far as the terminal tells.
struct strike {
    heading to;
    stroke_kind kind = stroke_kind::unknown;
};
struct release {
    heading of;
};
/// Why nothing is held any more. A page gives `other_key` for every key that is no arrow, before what the key does.
enum class let_go : std::uint8_t { other_key, focus_lost, terminal_lost };

enum class step_change : std::uint8_t { longer, shorter };
enum class speed_change : std::uint8_t { faster, slower };

/// H. pen_word::is_up when the person was asked, and has looked.
struct home {
    run::pen_word pen = run::pen_word::nothing;
};
struct select_tool {
    std::string name; ///< as under tools: in machine.yaml
};
enum class tool_move : std::uint8_t { up, down };
/// T. The person was asked, and the pen touches the paper.
struct touch_off {};
/// G, in machine coordinates, with the tool up.
struct go_to {
    machine::xy place;
};
/// O. First the change is shown (panel::origin), then it is written, or not.
enum class origin : std::uint8_t { propose, write, forget };
/// After a stop or a fault: FIRMWARE_RESTART, and the connections anew.
struct restart {};
/// A line of G-code that a person typed.
struct console_line {
    std::string text;
};

/// A stroke of a job, with the tool up before and behind it.
struct draw_stroke {
    std::shared_ptr<const step_job> job;
    std::size_t index = 0;
};

/// The emergency stop was pressed where the keys are read.
struct stop_pressed {
    std::string did_not_get_out = {}; ///< why; empty: it is on its way
};

using person_input = std::variant<strike, release, let_go, step_change, speed_change, home, select_tool, tool_move,
                                  touch_off, go_to, origin, restart, console_line, draw_stroke, stop_pressed>;

/// What begins something: its words when it is not done. nullptr for what takes back, or is only noted.
[[nodiscard]] inline const char* what_it_begins(const person_input& in) noexcept {
    struct {
        const char* operator()(const home&) const { return "home"; }
        const char* operator()(const select_tool&) const { return "another tool"; }
        const char* operator()(tool_move t) const { return t == tool_move::up ? "tool up" : "tool down"; }
        const char* operator()(const touch_off&) const { return "touch-off"; }
        const char* operator()(const go_to&) const { return "go to"; }
        const char* operator()(origin o) const { return o == origin::forget ? nullptr : "origin"; }
        const char* operator()(const restart&) const { return "restart"; }
        const char* operator()(const console_line&) const { return "a line of G-code"; }
        const char* operator()(const draw_stroke&) const { return "a stroke"; }
        const char* operator()(const strike&) const { return "a step"; }
        const char* operator()(const release&) const { return nullptr; }
        const char* operator()(let_go) const { return nullptr; }
        const char* operator()(step_change) const { return nullptr; }
        const char* operator()(speed_change) const { return nullptr; }
        const char* operator()(const stop_pressed&) const { return nullptr; }
    } words;
    return std::visit(words, in);
}

/// With the moment at which its bytes were read.
struct timed_input {
    io::time_point at;
    person_input what;
};

} // namespace kf::jog
