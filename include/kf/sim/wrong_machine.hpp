// SPDX-License-Identifier: MIT
#pragma once
/// What is wrong with a simulated machine, from a file: "name: number" a line, # begins a comment. One table has the
/// names; ksim(1) lists them. A machine with an empty file is as it should be.

#include <kf/error.hpp>
#include <kf/io/ascii.hpp>
#include <kf/io/decimal.hpp>
#include <kf/io/near_name.hpp>
#include <kf/io/printable.hpp>
#include <kf/sim/gantry.hpp>
#include <kf/sim/mechanics.hpp>
#include <kf/sim/printer_config.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kf::sim {

struct wrong_machine {
    std::optional<mm> turn_x_mm, turn_y_mm;
    double racked_deg = 0;
    mm beam_mm = 350;
    mm backlash_x_mm = 0, backlash_y_mm = 0;
    std::optional<mm> touch_mm, touch_below_mm;
    std::optional<mm> second_touch_mm;
    mm second_x_mm = 0, second_y_mm = 0;
    double bed_x_mm_m = 0, bed_y_mm_m = 0;
    std::optional<mm_per_s> stall_mm_s;
    std::optional<mm_per_s2> stall_mm_s2;
    mm endstop_scatter_mm = 0;
    double seed = 1;
    mm second_switch_mm = 0;
    std::optional<double> driver_pulses;
    wiring_faults wires;
};

/// A line of the file: where it goes, within what, and what it means.
struct wrong_row {
    std::string_view name;
    double min, max;
    std::string_view purpose;
    void (*put)(wrong_machine&, double);
};

namespace detail {

/// 0 or 1 of a motor.
template<auto Fault, motor Of>
void put_fault(wrong_machine& m, double v) {
    (m.wires.*Fault)[index_of(Of)] = v != 0;
}

} // namespace detail

[[nodiscard]] inline const std::vector<wrong_row>& wrong_rows() {
    using w = wrong_machine;
    using f = wiring_faults;
    using detail::put_fault;
    static const std::vector<wrong_row> rows{
        {"turn_x_mm", 0.1, 1000, "how far one turn of a motor really moves X", [](w& m, double v) { m.turn_x_mm = v; }},
        {"turn_y_mm", 0.1, 1000, "the same of Y", [](w& m, double v) { m.turn_y_mm = v; }},
        {"racked_deg", -10, 10, "by how much Y leans towards +X", [](w& m, double v) { m.racked_deg = v; }},
        {"beam_mm", 10, 5000, "from the first X motor to the second (350)", [](w& m, double v) { m.beam_mm = v; }},
        {"backlash_x_mm", 0, 10, "what X loses at each reversal", [](w& m, double v) { m.backlash_x_mm = v; }},
        {"backlash_y_mm", 0, 10, "what Y loses", [](w& m, double v) { m.backlash_y_mm = v; }},
        {"touch_mm", -1000, 1000, "the Z from which on the pen touches", [](w& m, double v) { m.touch_mm = v; }},
        {"touch_below_mm", -1000, 1000, "instead, where a low Z is down", [](w& m, double v) { m.touch_below_mm = v; }},
        {"second_touch_mm", -1000, 1000, "a second tool marks from this Z on, on the other side of its travel",
         [](w& m, double v) { m.second_touch_mm = v; }},
        {"second_x_mm", -200, 200, "where its mark lies from that of the pen, along X",
         [](w& m, double v) { m.second_x_mm = v; }},
        {"second_y_mm", -200, 200, "along Y", [](w& m, double v) { m.second_y_mm = v; }},
        {"bed_x_mm_m", -100, 100, "by how much the touch's Z grows along X, mm a metre",
         [](w& m, double v) { m.bed_x_mm_m = v; }},
        {"bed_y_mm_m", -100, 100, "by how much along Y", [](w& m, double v) { m.bed_y_mm_m = v; }},
        {"stall_mm_s", 0.1, 10000, "X and Y lose the steps of what is to go faster",
         [](w& m, double v) { m.stall_mm_s = v; }},
        {"stall_mm_s2", 1, 1000000, "X and Y lose the steps of what is to speed up or slow down harder",
         [](w& m, double v) { m.stall_mm_s2 = v; }},
        {"endstop_scatter_mm", 0, 10, "standard deviation of where an endstop triggers",
         [](w& m, double v) { m.endstop_scatter_mm = v; }},
        {"second_switch_mm", -20, 20, "how far ahead the second X motor is when its own switch stops it",
         [](w& m, double v) { m.second_switch_mm = v; }},
        {"driver_pulses", 1, 1000000, "pulses that the drivers take for a turn, as their switches stand",
         [](w& m, double v) { m.driver_pulses = v; }},
        {"pulse_us", 0, 1000, "the shortest step pulse that the drivers see; shorter ones make a motor hum",
         [](w& m, double v) { m.wires.needs_pulse = v / 1e6; }},
        {"enable_inverted", 0, 1, "1: the drivers are off when Klipper has them on",
         [](w& m, double v) { m.wires.enable_inverted = v != 0; }},
        {"switches_swapped_x", 0, 1, "1: the wires of the two switches of X are exchanged",
         [](w& m, double v) { m.wires.swapped_x = v != 0; }},
        {"switches_swapped_xy", 0, 1, "1: those of X and Y are", [](w& m, double v) { m.wires.swapped_xy = v != 0; }},
        {"backwards_x", 0, 1, "1: the motor x turns the other way", put_fault<&f::backwards, motor::x>},
        {"backwards_x1", 0, 1, "1: the motor x1 turns the other way", put_fault<&f::backwards, motor::x1>},
        {"backwards_y", 0, 1, "1: the motor y turns the other way", put_fault<&f::backwards, motor::y>},
        {"backwards_z", 0, 1, "1: the motor z turns the other way", put_fault<&f::backwards, motor::z>},
        {"dead_x", 0, 1, "1: the motor x is never switched on", put_fault<&f::dead, motor::x>},
        {"dead_x1", 0, 1, "1: the motor x1 is never switched on", put_fault<&f::dead, motor::x1>},
        {"dead_y", 0, 1, "1: the motor y is never switched on", put_fault<&f::dead, motor::y>},
        {"dead_z", 0, 1, "1: the motor z is never switched on", put_fault<&f::dead, motor::z>},
        {"switch_stuck_x", 0, 1, "that switch is never pressed (0), or always (1)", put_fault<&f::stuck, motor::x>},
        {"switch_stuck_x1", 0, 1, "that switch is never pressed (0), or always (1)", put_fault<&f::stuck, motor::x1>},
        {"switch_stuck_y", 0, 1, "that switch is never pressed (0), or always (1)", put_fault<&f::stuck, motor::y>},
        {"switch_stuck_z", 0, 1, "that switch is never pressed (0), or always (1)", put_fault<&f::stuck, motor::z>},
        {"switch_inverted_x", 0, 1, "1: that switch opens where it should close", put_fault<&f::inverted, motor::x>},
        {"switch_inverted_x1", 0, 1, "1: that switch opens where it should close", put_fault<&f::inverted, motor::x1>},
        {"switch_inverted_y", 0, 1, "1: that switch opens where it should close", put_fault<&f::inverted, motor::y>},
        {"switch_inverted_z", 0, 1, "1: that switch opens where it should close", put_fault<&f::inverted, motor::z>},
        {"seed", 0, 1e9, "of the scatter (1)", [](w& m, double v) { m.seed = v; }},
    };
    return rows;
}

/// `name` is what a person calls the text. errc::malformed names the line: a word that is none of these, one that is
/// there twice, no number, one out of its range.
[[nodiscard]] inline result<wrong_machine> read_wrong_machine(std::string_view text, std::string_view name) {
    wrong_machine out;
    std::vector<std::string> seen;
    for (int number = 1; !text.empty(); ++number) {
        const auto end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        line = io::trim(line.substr(0, line.find('#')));
        if (line.empty()) continue;
        const auto wrong = [&](std::string what, std::vector<std::string> steps = {}) {
            return kf::fail({.code = errc::malformed,
                             .what = fmt::format("{}:{}: {}", name, number, what),
                             .steps = std::move(steps)});
        };
        const auto colon = line.find(':');
        const std::string key(io::trim(line.substr(0, colon)));
        if (colon == std::string_view::npos)
            return wrong(fmt::format("\"{}\" is not NAME: NUMBER", io::printable(line, 40)));
        const auto row = std::ranges::find(wrong_rows(), key, &wrong_row::name);
        if (row == wrong_rows().end()) {
            std::vector<std::string> names;
            for (const wrong_row& r : wrong_rows()) names.emplace_back(r.name);
            std::vector<std::string> steps;
            for (const std::string& near : io::near_names(key, names)) steps.push_back(fmt::format("is it {}?", near));
            return wrong(fmt::format("nothing of a machine is called {}", io::printable(key, 40)), std::move(steps));
        }
        if (std::ranges::find(seen, key) != seen.end()) return wrong(fmt::format("{} is here twice", key));
        seen.push_back(key);
        const std::string_view value = io::trim(line.substr(colon + 1));
        const auto v = io::parse_decimal(value);
        if (!v || *v < row->min || *v > row->max)
            return wrong(fmt::format("{} is \"{}\", allowed: a number from {} to {}", key, io::printable(value, 40),
                                     io::to_decimal(row->min), io::to_decimal(row->max)));
        row->put(out, *v);
    }
    if (out.touch_mm && out.touch_below_mm)
        return kf::fail(errc::malformed,
                        fmt::format("{}: touch_mm and touch_below_mm are two ways to say one thing", name));
    return out;
}

/// The machine that it makes of a printer with `config`, whose pen would touch at `otherwise`. What klippy is told to
/// be a turn of the motor is its own belief: the scale is what a turn really is.
[[nodiscard]] inline mechanics mechanics_of(const wrong_machine& w, const printer_config& config, touch otherwise) {
    mechanics m;
    const motor_config &x = config.first_motor(0), &y = config.first_motor(1);
    if (w.driver_pulses) m.turns_a_turn = x.steps_per_turn() / *w.driver_pulses;
    m.scale = {w.turn_x_mm.value_or(x.rotation_distance) / x.rotation_distance * m.turns_a_turn,
               w.turn_y_mm.value_or(y.rotation_distance) / y.rotation_distance * m.turns_a_turn};
    m.second_switch = w.second_switch_mm;
    m.beam = w.beam_mm;
    m.second_leads = w.beam_mm * std::tan(w.racked_deg * std::numbers::pi / 180);
    m.backlash = {w.backlash_x_mm, w.backlash_y_mm};
    m.bed_slope = {w.bed_x_mm_m / 1000, w.bed_y_mm_m / 1000};
    if (w.touch_mm) otherwise = {*w.touch_mm, 1};
    if (w.touch_below_mm) otherwise = {*w.touch_below_mm, -1};
    m.holders = {{otherwise}};
    if (w.second_touch_mm)
        m.holders.push_back({{*w.second_touch_mm, -otherwise.towards}, w.second_x_mm, w.second_y_mm});
    // Who lost steps, or drives the wrong way, runs against the frame some day; it stands a little beyond the ends.
    constexpr mm beyond = 2;
    const bool strays = w.stall_mm_s || w.stall_mm_s2 || w.wires != wiring_faults{};
    for (std::size_t i = 0; i < 2 && strays; ++i) {
        m.frame_min[i] = config.axes[i].min - beyond;
        m.frame_max[i] = config.axes[i].max + beyond;
    }
    if (w.stall_mm_s) m.stall_speed = {*w.stall_mm_s, *w.stall_mm_s};
    if (w.stall_mm_s2) m.stall_accel = {*w.stall_mm_s2, *w.stall_mm_s2};
    m.endstop_scatter = w.endstop_scatter_mm;
    return m;
}

/// Makes the gantry that machine, with clean paper.
inline void put_together(gantry& machine, const wrong_machine& w, const printer_config& config, touch otherwise,
                         ink what) {
    machine.build(mechanics_of(w, config, otherwise), what, static_cast<std::uint64_t>(w.seed));
    machine.wires.set_faults(w.wires);
}

} // namespace kf::sim
