// SPDX-License-Identifier: MIT
#pragma once
/// The part of the simulated printer that keeps its place when klippy restarts: carriage, switches, wires and the ink
/// under the pen. It is told where the motors are sent; what comes of it is its own. Klippy knows nothing of it.

#include <kf/planner/planned_move.hpp>
#include <kf/sim/mechanics.hpp>
#include <kf/sim/noise.hpp>
#include <kf/sim/pen_trace.hpp>
#include <kf/sim/printer_config.hpp>
#include <kf/sim/stall.hpp>
#include <kf/sim/wiring.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

namespace kf::sim {

[[nodiscard]] inline double& along(planner::xyz& p, std::size_t axis) noexcept {
    return axis == 0 ? p.x : axis == 1 ? p.y : p.z;
}
[[nodiscard]] inline double along(const planner::xyz& p, std::size_t axis) noexcept {
    return axis == 0 ? p.x : axis == 1 ? p.y : p.z;
}

/// One move of the carriage, as it is handed to the machine: where it really goes, and what made it.
struct carriage_move {
    enum class cause : std::uint8_t { driven, homing, forced };
    planner::planned_move move;
    cause by = cause::driven;
    std::array<bool, 3> homed{}; ///< what klippy knew of each axis then
};

/// What somebody who stands there sees a motor do, since the last look.
struct motor_motion {
    mm up = 0, down = 0;
    bool first_up = false; ///< the first of these moves
    bool hummed = false;
};

struct gantry {
    planner::xyz carriage; ///< where the motors are; what is between them and the pen is the trace's
    pen_trace trace{};
    std::function<void(const carriage_move&)> on_move = [](const carriage_move&) {};
    mechanics built{};   ///< as it was put together; a move of one X motor alone goes away with the motors' hold
    mm second_leads = 0; ///< of built, and of moves since
    std::array<mm, 4> trigger{};   ///< how far from its place each switch triggered last
    std::array<bool, 4> pressed{}; ///< by a hand
    std::array<motor_motion, 4> seen{};
    wiring wires{};
    noise chance{1};

    /// Another machine from now on, with clean paper.
    void build(mechanics m, ink what, std::uint64_t seed) {
        second_leads = m.second_leads;
        trace = pen_trace(m, what);
        built = std::move(m);
        chance = noise(seed);
    }
    /// Klippy takes a turn of the motors for another way now; the machine is the same.
    void count_anew(const std::array<double, 2>& scale) {
        trace.count_anew(scale);
        carriage.x *= built.scale[0] / scale[0];
        carriage.y *= built.scale[1] / scale[1];
        built.scale = scale;
    }

    /// Hands a move of the carriage to the machine. How far X and Y did not get.
    std::array<mm, 2> drive(const carriage_move& m) {
        on_move(m);
        std::array<mm, 2> off{};
        for (planner::planned_move& piece : followed(m.move, built)) {
            stop_at_frame(piece, off, built);
            trace.add(piece);
            carriage = piece.end;
        }
        return {carriage.x - m.move.end.x, carriage.y - m.move.end.y};
    }
    /// The second X motor is so far ahead of the first, from `at` on.
    void rack(mm leads, seconds at) {
        if (leads == second_leads) return;
        second_leads = leads;
        trace.rack(leads, carriage, at);
    }
    /// For who looks.
    void saw(motor m, mm way) noexcept {
        motor_motion& s = seen[index_of(m)];
        if (way != 0 && s.up == 0 && s.down == 0) s.first_up = way > 0;
        (way > 0 ? s.up : s.down) += std::fabs(way);
    }

    /// How far the motor's side of its axis is beyond the place where its switch triggers; not negative: pressed.
    [[nodiscard]] mm beyond_switch(motor m, const axis_config& a) const noexcept {
        const mm ahead = m == motor::x1 ? second_leads - built.second_switch : 0;
        return (along(carriage, axis_of(m)) + ahead - a.endstop - trigger[index_of(m)]) * a.direction();
    }
    /// The switch as it is, whatever it is wired to.
    [[nodiscard]] bool is_pressed(motor m, const printer_config& c) const noexcept {
        if (const auto& stuck = wires.faults().stuck[index_of(m)]) return *stuck;
        return pressed[index_of(m)] || beyond_switch(m, c.axes[axis_of(m)]) >= -1e-6;
    }
    /// What klippy reads.
    [[nodiscard]] bool reads_triggered(const motor_config& m, const printer_config& c) const {
        const pin p = pin::of(m.endstop_pin.value_or(""));
        const auto which = wires.switch_at(p);
        return wires.reads(p, which && is_pressed(*which, c));
    }
    /// How far the motor has to be sent towards `direction` (+1 or -1) until its endstop reads `wanted`; nothing when
    /// it never does.
    [[nodiscard]] std::optional<mm> way_until(const motor_config& m, double direction, bool wanted,
                                              const printer_config& c) const {
        if (reads_triggered(m, c) == wanted) return 0;
        const auto reads = wires.switch_at(pin::of(m.endstop_pin.value_or("")));
        const double really = direction * wires.sign(m);
        const auto drives = m.drives();
        if (!reads || !drives || axis_of(*reads) != axis_of(*drives) || really == 0) return std::nullopt;
        if (wires.faults().stuck[index_of(*reads)] || pressed[index_of(*reads)]) return std::nullopt;
        const axis_config& a = c.axes[axis_of(*drives)];
        const mm way = -beyond_switch(*reads, a) * a.direction() / really;
        if (way < -1e-6) return std::nullopt; // away from it
        constexpr mm off_it = 1e-5;
        return std::max(way, 0.0) + (is_pressed(*reads, c) ? off_it : 0);
    }
};

} // namespace kf::sim
